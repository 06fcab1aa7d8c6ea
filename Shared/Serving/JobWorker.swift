public import Logging
public import RPC
import Schema
public import ServiceLifecycle
import Synchronization
public import Wire

/// Takes jobs of one kind from the store, one at a time, and does them.
///
/// Claims by long poll, keeps the lease by heartbeats that carry the progress, and finishes. The work's
/// task is cancelled when the user cancels the job, when the lease is lost (another worker may have the
/// job by then, and nothing more is written) and on shutdown (the job goes back to the queue). While the
/// store is away the worker keeps trying; a running job goes on until its lease has run out.
public struct JobWorker: Service {
  /// Does one job and returns its result. What it throws fails the job: `RPCError`, `SchemaError` and
  /// ``JobFailure`` with their own words, anything else with an id whose detail is in the log alone.
  public typealias Work = @Sendable (JobRun) async throws -> StoreV1.FinishJobRequest.Result

  private let kind: StoreV1.JobKind
  private let jobs: StoreV1.JobServiceClient
  private let worker: String
  private let logger: Logger
  private let work: Work

  /// - Parameter worker: names this worker in listings; the host's name and process id do.
  public init(
    _ kind: StoreV1.JobKind, store: RPCChannel, worker: String, logger: Logger,
    work: @escaping Work
  ) {
    self.kind = kind
    self.jobs = StoreV1.JobServiceClient(store)
    self.worker = worker
    self.logger = logger
    self.work = work
  }

  public func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var pause = Self.firstPause
      while !Task.isCancelled {
        do {
          let claimed = try await claim()
          pause = Self.firstPause
          if let (run, term) = claimed { await perform(run, term: term) }
        } catch {
          if Task.isCancelled { break }
          logger.warning(
            "cannot claim a job", metadata: ["error": "\(error)", "pause": "\(pause)"])
          try await Task.sleep(for: pause)
          pause = min(pause * 2, Self.longestPause)
        }
      }
    }
  }

  private static let firstPause = Duration.milliseconds(250)
  private static let longestPause = Duration.seconds(10)
  private static let poll = Duration.seconds(20)

  private func claim() async throws -> (JobRun, term: Duration)? {
    let answer = try await jobs.claimJob(
      StoreV1.ClaimJobRequest(kind: kind, worker: worker, waitMs: 20_000),
      options: CallOptions(timeout: Self.poll + .seconds(10), waitForReady: true))
    guard let job = answer.job, let lease = answer.lease else { return nil }
    let term = Duration.milliseconds(answer.leaseMs)
    return (JobRun(job: job, lease: lease, term: term), term)
  }

  // MARK: One job

  private enum Event {
    case worked(Result<StoreV1.FinishJobRequest.Result, any Error>)
    case stopped(Stop)
  }

  private enum Stop {
    case cancelled, leaseLost, shutDown
  }

  private func perform(_ run: JobRun, term: Duration) async {
    var logger = logger
    logger[metadataKey: "job"] = "\(run.job.id)"
    logger.info("job claimed", metadata: ["attempt": "\(run.lease.attempt)"])

    let finish = await withTaskGroup(of: Event.self) { group -> StoreV1.FinishJobRequest? in
      group.addTask {
        do { return .worked(.success(try await work(run))) } catch {
          return .worked(.failure(error))
        }
      }
      group.addTask { .stopped(await keepAlive(run, term: term)) }
      var stop: Stop?
      for await event in group {
        switch event {
        case .stopped(let reason):
          stop = stop ?? reason
          group.cancelAll()
        case .worked(let result):
          group.cancelAll()
          return self.finish(run, result, stop, logger)
        }
      }
      return nil
    }
    guard let finish else { return }
    // The end of the work comes between two beats, and so does its last progress.
    if finish.state == .succeeded, let progress = run.progress {
      _ = try? await jobs.heartbeatJob(
        StoreV1.HeartbeatJobRequest(lease: run.lease, progress: progress),
        options: CallOptions(timeout: term / 3))
    }
    // The claim loop may have been cancelled by now, and the store still has to be told.
    await Task { await deliver(finish, within: term, logger) }.value
  }

  /// What to tell the store; `nil` where the job is no longer ours.
  private func finish(
    _ run: JobRun, _ result: Result<StoreV1.FinishJobRequest.Result, any Error>, _ stop: Stop?,
    _ logger: Logger
  ) -> StoreV1.FinishJobRequest? {
    var finish = StoreV1.FinishJobRequest(lease: run.lease)
    switch (result, stop) {
    case (_, .leaseLost):
      logger.warning("lease lost: another worker may have the job")
      return nil
    case (.success(let result), _):
      finish.state = .succeeded
      finish.result = result
    case (.failure, .cancelled):
      finish.state = .cancelled
    case (.failure, .shutDown):
      finish.state = .queued
    case (.failure(let error), nil):
      if Task.isCancelled {
        finish.state = .queued
      } else {
        finish.state = .failed
        finish.error = reason(error, logger)
      }
    }
    return finish
  }

  private func reason(_ error: any Error, _ logger: Logger) -> String {
    switch error {
    case let error as RPCError: return error.message
    case let error as SchemaError: return error.description
    case let error as any JobFailure: return error.description
    default:
      let id = String(UInt32.random(in: .min ... .max), radix: 16)
      logger.error("job failed", metadata: ["error-id": "\(id)", "error": "\(error)"])
      return "an unexpected error; the worker's log has it under error-id \(id)"
    }
  }

  /// Beats until there is a reason to stop. Often also where nothing moves, since only a beat's answer says that the
  /// job is to be cancelled.
  private func keepAlive(_ run: JobRun, term: Duration) async -> Stop {
    let clock = ContinuousClock()
    var lastBeat = clock.now
    while true {
      do { try await Task.sleep(for: min(term / 3, .milliseconds(500))) } catch { return .shutDown }
      do {
        let answer = try await jobs.heartbeatJob(
          StoreV1.HeartbeatJobRequest(lease: run.lease, progress: run.progress),
          options: CallOptions(timeout: term / 3))
        lastBeat = clock.now
        if answer.cancelRequested { return .cancelled }
      } catch let error as RPCError where [.aborted, .notFound].contains(error.code) {
        return .leaseLost
      } catch {
        if Task.isCancelled { return .shutDown }
        if clock.now - lastBeat > term { return .leaseLost }
      }
    }
  }

  private func deliver(
    _ finish: StoreV1.FinishJobRequest, within term: Duration, _ logger: Logger
  ) async {
    let clock = ContinuousClock()
    let deadline = clock.now + term
    while true {
      do {
        _ = try await jobs.finishJob(finish, options: CallOptions(timeout: term / 3))
        logger.info(
          "job finished", metadata: ["state": "\(finish.state)", "error": "\(finish.error)"])
        return
      } catch let error as RPCError where [.aborted, .notFound].contains(error.code) {
        // Lost, or an earlier try was carried out and its answer lost on the way.
        logger.notice("job already finished or lost", metadata: ["error": "\(error)"])
        return
      } catch {
        guard clock.now < deadline else {
          logger.error("cannot finish the job", metadata: ["error": "\(error)"])
          return
        }
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
  }
}

/// One claimed job. Used by its worker and the work's tasks, from any thread.
public final class JobRun: Sendable {
  public let job: StoreV1.Job
  /// Goes with everything the job writes, so that a worker that lost the job is refused.
  public let lease: StoreV1.Lease
  private let term: Duration
  private let latest: Mutex<StoreV1.JobProgress?>

  /// - Parameter term: how long the lease lasts after a heartbeat.
  public init(job: StoreV1.Job, lease: StoreV1.Lease, term: Duration) {
    self.job = job
    self.lease = lease
    self.term = term
    self.latest = Mutex(nil)
  }

  /// Does work that asks the store, again while the store cannot be reached: a restart of it is to cost a job nothing.
  /// For one term of the lease at most, after which there would be no lease left.
  ///
  /// - Parameter work: safe to repeat.
  /// - Throws: what the work throws, UNAVAILABLE after that time alone; `CancellationError`.
  public func throughOutages<R: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> R
  ) async throws -> R {
    var giveUp: ContinuousClock.Instant?
    while true {
      do { return try await work() } catch let error as RPCError where error.code == .unavailable {
        giveUp = giveUp ?? .now + term
        guard .now < giveUp! else { throw error }
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  /// Cheap: the worker sends the latest with its next heartbeat.
  public func report(_ progress: StoreV1.JobProgress) {
    latest.withLock { $0 = progress }
  }

  package var progress: StoreV1.JobProgress? { latest.withLock { $0 } }
}

/// An error whose description is meant for the user: what was wrong and what to do, no record's text.
public protocol JobFailure: Error, CustomStringConvertible {}
