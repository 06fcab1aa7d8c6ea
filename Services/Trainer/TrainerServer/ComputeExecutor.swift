import Dispatch

/// Where training and evaluation run: one thread of their own, so that minutes of computing block
/// neither an event loop nor the tasks that send heartbeats.
final class ComputeExecutor: TaskExecutor {
  private let queue: DispatchQueue

  init(_ name: String) {
    queue = DispatchQueue(label: name, qos: .utility)
  }

  /// Runs `body` after whatever was given before it. The caller's cancellation reaches `body`, which
  /// sees it by `Task.checkCancellation`.
  func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result
  {
    let task = Task(executorPreference: self) { try body() }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
