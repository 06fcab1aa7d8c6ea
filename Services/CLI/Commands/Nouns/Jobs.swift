import ArgumentParser
import Foundation
import RPC
import StrictJSON
import Wire

struct Jobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List labelling and training jobs, newest first.")

  @Argument(help: "Only this data set's.")
  var dataset: String?

  @Option(help: "Cancel this job instead.")
  var cancel: String?

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let console = Console.current
    try await connection.withServices { services in
      if let cancel {
        let job = try await services.jobs {
          try await $0.cancelJob(.init(id: cancel), options: .quick)
        }.job
        if connection.json, let job {
          console.out(JobOutput.json(job).text)
        } else {
          console.out("job \(cancel) is being cancelled")
        }
        return
      }
      let jobs = try await services.jobs {
        try await $0.listJobs(.init(dataset: dataset ?? ""), options: .quick)
      }.jobs
      if connection.json {
        for job in jobs { console.out(JobOutput.json(job).text) }
        return
      }
      if jobs.isEmpty {
        console.note("no jobs yet; 'lauter label' and 'lauter train' make them")
        return
      }
      var table = Table([
        .init("id"), .init("dataset"), .init("kind"), .init("state"), .init("progress"),
        .init("created"), .init("outcome", shrinks: true),
      ])
      for job in jobs {
        let progress = job.progress ?? .init()
        table.add([
          job.id, job.dataset, JobOutput.kind(job), Show.state(job.state),
          progress.total > 0 ? "\(progress.phase) \(progress.done)/\(progress.total)" : "",
          Show.time(job.createTimeMs), JobOutput.outcome(job),
        ])
      }
      table.print()
    }
  }
}

enum JobOutput {
  static func kind(_ job: StoreV1.Job) -> String {
    switch job.spec {
    case .labelling?: "labelling"
    case .training?: "training"
    case nil: ""
    }
  }

  static func outcome(_ job: StoreV1.Job) -> String {
    switch job.result {
    case .labellingResult(let result)?:
      "\(result.suggested) suggested, \(result.failed) failed by \(result.agent)"
    case .trainingResult(let result)?:
      "\(result.model)@\(result.version)"
        + (result.evaluation.map { ", accuracy \(Show.decimal($0.accuracy))" } ?? "")
    case nil: job.error
    }
  }

  static func json(_ job: StoreV1.Job) -> JSON {
    var members: [JSON.Member] = [
      .init("id", .string(job.id)), .init("dataset", .string(job.dataset)),
      .init("kind", .string(kind(job))), .init("state", .string(Show.state(job.state))),
    ]
    if let progress = job.progress {
      members.append(
        .init(
          "progress",
          [
            "phase": .string(progress.phase), "done": .of(progress.done),
            "total": .of(progress.total), "loss": progress.loss.map { .of($0) } ?? .null,
            "texts_per_second": progress.textsPerSecond.map { .of($0) } ?? .null,
            "seconds_left": progress.secondsLeft.map { .of($0) } ?? .null,
          ]))
    }
    if !job.error.isEmpty { members.append(.init("error", .string(job.error))) }
    switch job.result {
    case .labellingResult(let result)?:
      members += [
        .init("agent", .string(result.agent)), .init("suggested", .of(result.suggested)),
        .init("failed", .of(result.failed)),
      ]
    case .trainingResult(let result)?:
      members += [
        .init("model", .string(result.model)), .init("version", .of(result.version)),
        .init("evaluation", result.evaluation.map { Show.evaluation($0) } ?? .null),
        .init("cross_validation", result.crossValidation.map { Show.crossValidation($0) } ?? .null),
      ]
    case nil: break
    }
    members += [
      .init("attempt", .of(job.attempt)), .init("worker", .string(job.worker)),
      .init("create_time_ms", .of(job.createTimeMs)),
      .init("start_time_ms", .of(job.startTimeMs)),
      .init("finish_time_ms", .of(job.finishTimeMs)),
    ]
    return .object(members)
  }
}

/// Watches a job to its end, shows how far it is, and cancels it when the user presses Ctrl-C.
struct JobFollower {
  let services: Services
  let console = Console.current

  /// - Returns: the job as it succeeded.
  /// - Throws: `Failure`: the job's own error, or "interrupted" once a cancelled job has stopped.
  func follow(_ job: StoreV1.Job) async throws -> StoreV1.Job {
    let progress = Progress(JobOutput.kind(job))
    let finished = try await withThrowingTaskGroup(of: StoreV1.Job?.self) { group in
      group.addTask { try await watch(job, progress) }
      group.addTask {
        var presses = 0
        for await _ in Interrupts.stream() {
          presses += 1
          if presses > 1 { throw Failure(.interrupted, "stopped watching; job \(job.id) goes on") }
          progress.note("cancelling job \(job.id); press Ctrl-C again to stop watching")
          _ = try await services.jobs {
            try await $0.cancelJob(.init(id: job.id), options: .quick)
          }
        }
        return nil
      }
      defer { group.cancelAll() }
      while let result = try await group.next() { if let result { return result } }
      throw CancellationError()
    }
    switch finished.state {
    case .succeeded: return finished
    case .cancelled: throw Failure(.interrupted, "job \(job.id) was cancelled")
    default:
      throw Failure(
        .failed, "job \(job.id) failed: \(finished.error)",
        hint: "'lauter jobs \(job.dataset)' shows every attempt")
    }
  }

  private func watch(_ job: StoreV1.Job, _ progress: Progress) async throws -> StoreV1.Job {
    defer { progress.finish() }
    var latest = job
    var losses = 0
    while true {
      do {
        let seen = try await services.jobs { client in
          try await client.watchJob(.init(id: job.id)) { responses in
            var seen: StoreV1.Job?
            for try await response in responses {
              guard let job = response.job else { continue }
              seen = job
              show(job, progress)
            }
            return seen
          }
        }
        if let seen { latest = seen }
        losses = 0
      } catch let failure as Failure where failure.code == .unavailable && losses < 20 {
        // The store may be restarting; the job is on its disk.
        losses += 1
        progress.note("the store cannot be reached; looking again in a moment")
        try await Task.sleep(for: .seconds(1))
        continue
      }
      switch latest.state {
      case .succeeded, .failed, .cancelled: return latest
      default: try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  private func show(_ job: StoreV1.Job, _ progress: Progress) {
    switch job.state {
    case .queued:
      progress.update(0, of: 0, phase: "waiting for a worker")
    case .running:
      let state = job.progress ?? .init()
      progress.update(
        state.done, of: state.total, phase: state.phase.isEmpty ? JobOutput.kind(job) : state.phase,
        detail: [
          state.textsPerSecond.map { "\(Show.decimal($0, 0)) texts/s" },
          state.loss.map { "loss \(Show.decimal($0, 4))" },
        ].compactMap { $0 }.joined(separator: ", "))
    default: break
    }
  }
}
