import Logging
import RPC
import Schema
import ServiceLifecycle
import Serving
import Synchronization
import Testing
import Wire

/// The worker against a store of one job that this test holds in its hands, over a real socket.
@Suite(.timeLimit(.minutes(1))) struct JobWorkerTests {
  @Test func aResultReachesTheStore() async throws {
    let store = Jobs()
    try await withWorker(store) { run in
      run.report(StoreV1.JobProgress(phase: "labelling", done: 3, total: 3))
      return .labellingResult(StoreV1.LabellingResult(agent: "a", suggested: 3))
    } body: {
      for await _ in store.finished {}
    }
    let finish = try #require(store.finishes.first)
    // Work this short ends before the first beat.
    #expect(store.progress?.done == 3)
    #expect(finish.state == .succeeded)
    #expect(finish.lease == StoreV1.Lease(jobId: "job-1", attempt: 1))
    #expect(finish.result == .labellingResult(StoreV1.LabellingResult(agent: "a", suggested: 3)))
  }

  @Test func anOutageIsWaitedForAsLongAsALeaseLasts() async throws {
    func run(_ term: Duration) -> JobRun { JobRun(job: .init(), lease: .init(), term: term) }
    let away = RPCError(code: .unavailable, message: "nobody is there")
    var calls = 0
    let answer = try await run(.seconds(60)).throughOutages {
      calls += 1
      if calls < 3 { throw away }
      return "there again"
    }
    #expect(answer == "there again" && calls == 3)
    // One that lasts is told in its own words, anything else at once.
    calls = 0
    await #expect(throws: away) {
      try await run(.milliseconds(1)).throughOutages {
        calls += 1
        throw away
      }
    }
    #expect(calls == 2)
    let other = RPCError(code: .resourceExhausted, message: "full")
    await #expect(throws: other) { try await run(.seconds(60)).throughOutages { throw other } }
    let waiting = Task { try await run(.seconds(60)).throughOutages { throw away } }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  @Test func aFailureForTheUserIsToldInItsOwnWords() async throws {
    let finish = try await outcome { _ in
      throw RPCError(code: .failedPrecondition, message: "no reviewed records yet")
    }
    #expect(finish.state == .failed)
    #expect(finish.error == "no reviewed records yet")
  }

  @Test func anyOtherErrorIsToldById() async throws {
    struct Surprise: Error { let text = "a record's text" }
    let finish = try await outcome { _ in throw Surprise() }
    #expect(finish.state == .failed)
    #expect(finish.error.contains("error-id"))
    #expect(!finish.error.contains("text"))
  }

  @Test func theUsersCancellationReachesTheWork() async throws {
    let finish = try await outcome(cancelRequested: true) { _ in try await forever() }
    #expect(finish.state == .cancelled)
  }

  @Test func theUsersCancellationReachesWorkThatReportsNothingUnderALongLease() async throws {
    let store = Jobs(lease: .cancelRequested, leaseMs: 3_600_000)
    try await withWorker(store) { _ in
      try await forever()
    } body: {
      for await _ in store.finished {}
    }
    #expect(store.finishes.map(\.state) == [.cancelled])
  }

  @Test func aLostLeaseStopsTheWorkAndNothingIsFinished() async throws {
    let store = Jobs(lease: .lost)
    let stopped = AsyncStream.makeStream(of: Void.self)
    try await withWorker(store) { _ in
      defer { stopped.continuation.finish() }
      return try await forever()
    } body: {
      for await _ in stopped.stream {}
    }
    #expect(store.finishes.isEmpty)
  }

  @Test func shutDownHandsTheJobBack() async throws {
    let store = Jobs()
    let started = AsyncStream.makeStream(of: Void.self)
    try await withWorker(store) { _ in
      started.continuation.finish()
      return try await forever()
    } body: {
      for await _ in started.stream {}
    }
    #expect(store.finishes.map(\.state) == [.queued])
  }

  private func outcome(
    cancelRequested: Bool = false, _ work: @escaping JobWorker.Work
  ) async throws -> StoreV1.FinishJobRequest {
    let store = Jobs(lease: cancelRequested ? .cancelRequested : .held)
    try await withWorker(store, work: work) { for await _ in store.finished {} }
    return try #require(store.finishes.first)
  }

  /// Runs a worker beside `body`, then shuts it down gracefully and waits for its end.
  private func withWorker(
    _ store: Jobs, work: @escaping JobWorker.Work, body: @escaping @Sendable () async -> Void
  ) async throws {
    let server = RPCServer(services: [store.definition])
    let address = try await server.start()
    let channel = RPCChannel(target: "\(address)")
    let worker = JobWorker(
      .labelling, store: channel, worker: "test", logger: Logger(label: "test"), work: work)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: server), .init(service: worker)], logger: Logger(label: "test")))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      await body()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
    await channel.close()
  }
}

private func forever() async throws -> StoreV1.FinishJobRequest.Result {
  try await Task.sleep(for: .seconds(3600))
  return .labellingResult(StoreV1.LabellingResult())
}

/// A job service with one job, which it gives out once.
private final class Jobs: StoreV1.JobService {
  enum LeaseState { case held, lost, cancelRequested }

  private let lease: LeaseState
  private let leaseMs: UInt32
  private let given = Mutex(false)
  private let received = Mutex<[StoreV1.FinishJobRequest]>([])
  private let latest = Mutex<StoreV1.JobProgress?>(nil)
  private let (finishedStream, finishedContinuation) = AsyncStream.makeStream(of: Void.self)

  var finished: AsyncStream<Void> { finishedStream }
  var finishes: [StoreV1.FinishJobRequest] { received.withLock { $0 } }
  var progress: StoreV1.JobProgress? { latest.withLock { $0 } }

  init(lease: LeaseState = .held, leaseMs: UInt32 = 3000) {
    self.lease = lease
    self.leaseMs = leaseMs
  }

  func claimJob(
    _ request: StoreV1.ClaimJobRequest, context: CallContext
  ) async throws -> StoreV1.ClaimJobResponse {
    let first = given.withLock { given in
      defer { given = true }
      return !given
    }
    guard first else {
      try await Task.sleep(for: .milliseconds(request.waitMs))
      return StoreV1.ClaimJobResponse()
    }
    return StoreV1.ClaimJobResponse(
      job: StoreV1.Job(id: "job-1"), lease: StoreV1.Lease(jobId: "job-1", attempt: 1),
      leaseMs: leaseMs)
  }

  func heartbeatJob(
    _ request: StoreV1.HeartbeatJobRequest, context: CallContext
  ) async throws -> StoreV1.HeartbeatJobResponse {
    latest.withLock { $0 = request.progress }
    if lease == .lost { throw RPCError(code: .aborted, message: "the lease is lost") }
    return StoreV1.HeartbeatJobResponse(cancelRequested: lease == .cancelRequested)
  }

  func finishJob(
    _ request: StoreV1.FinishJobRequest, context: CallContext
  ) async throws -> StoreV1.FinishJobResponse {
    received.withLock { $0.append(request) }
    finishedContinuation.finish()
    return StoreV1.FinishJobResponse()
  }

  func createJob(
    _ request: StoreV1.CreateJobRequest, context: CallContext
  ) async throws -> StoreV1.CreateJobResponse { throw unused }
  func getJob(
    _ request: StoreV1.GetJobRequest, context: CallContext
  ) async throws -> StoreV1.GetJobResponse { throw unused }
  func listJobs(
    _ request: StoreV1.ListJobsRequest, context: CallContext
  ) async throws -> StoreV1.ListJobsResponse { throw unused }
  func watchJob(
    _ request: StoreV1.WatchJobRequest, responses: ResponseWriter<StoreV1.WatchJobResponse>,
    context: CallContext
  ) async throws { throw unused }
  func cancelJob(
    _ request: StoreV1.CancelJobRequest, context: CallContext
  ) async throws -> StoreV1.CancelJobResponse { throw unused }

  private var unused: RPCError { RPCError(code: .unimplemented, message: "not called by a worker") }
}
