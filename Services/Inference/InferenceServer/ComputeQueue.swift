import Dispatch
import RPC
import Synchronization
import Transformer

/// Where texts wait to be embedded. One thread takes them, so that concurrent requests never compute on
/// more threads than the pool has, and takes those that wait for the same body together: small requests
/// ride in one batch without anyone waiting for a batch to fill. What a text yields does not depend on
/// the texts it rides with.
///
/// Safe to use from any thread; no handler blocks.
final class ComputeQueue: Sendable {
  /// So many texts at once: long enough to keep every core busy, short enough that a request does not
  /// wait long behind another's.
  static let batch = 64
  /// More waiting texts than this are refused.
  static let limit = 16 * 1024

  private struct Job {
    let id: UInt64
    let body: LoadedBody
    let texts: [String]
    let continuation: CheckedContinuation<Embeddings, any Error>
  }

  private struct State {
    var jobs: [Job] = []
    var waitingTexts = 0
    var nextID: UInt64 = 0
    var isRunning = false
  }

  private let state = Mutex(State())
  private let thread = DispatchQueue(label: "lauter.inference", qos: .userInitiated)

  /// The texts' embeddings, in their order. Texts go in slices, so that a large request shares the
  /// thread with others and stops soon after it is cancelled.
  ///
  /// - Throws: `RPCError` (RESOURCE_EXHAUSTED) when too many texts wait already; `CancellationError`.
  func embed(_ texts: [String], with body: LoadedBody) async throws -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(texts.count * body.dimensions)
    for start in stride(from: 0, to: texts.count, by: Self.batch) {
      try Task.checkCancellation()
      let slice = Array(texts[start..<min(start + Self.batch, texts.count)])
      values += try await embed(slice: slice, with: body).values
    }
    return values
  }

  private func embed(slice: [String], with body: LoadedBody) async throws -> Embeddings {
    let id = try state.withLock { state in
      guard state.waitingTexts + slice.count <= Self.limit else {
        throw RPCError(
          code: .resourceExhausted,
          message:
            "\(state.waitingTexts) texts are waiting already; try again later, or add a replica")
      }
      state.waitingTexts += slice.count
      state.nextID += 1
      return state.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let job = Job(id: id, body: body, texts: slice, continuation: continuation)
        let start = state.withLock { state in
          state.jobs.append(job)
          defer { state.isRunning = true }
          return !state.isRunning
        }
        if start { thread.async { self.work() } }
        // Cancelled before the job was in the queue, where `onCancel` could not find it.
        if Task.isCancelled { cancel(id) }
      }
    } onCancel: {
      cancel(id)
    }
  }

  /// Takes a job out of the queue. One that is being computed ends by itself.
  private func cancel(_ id: UInt64) {
    let job: Job? = state.withLock { state in
      guard let index = state.jobs.firstIndex(where: { $0.id == id }) else { return nil }
      let job = state.jobs.remove(at: index)
      state.waitingTexts -= job.texts.count
      return job
    }
    job?.continuation.resume(throwing: CancellationError())
  }

  /// On `thread`, until nothing waits.
  private func work() {
    while let jobs = next() {
      let embeddings = jobs[0].body.embed(jobs.flatMap(\.texts))
      var start = 0
      for job in jobs {
        let end = start + job.texts.count * embeddings.dimensions
        job.continuation.resume(
          returning: Embeddings(
            dimensions: embeddings.dimensions, values: Array(embeddings.values[start..<end])))
        start = end
      }
    }
  }

  /// The job that has waited longest and others for the same body, as many as fit one batch.
  private func next() -> [Job]? {
    state.withLock { state in
      guard let first = state.jobs.first else {
        state.isRunning = false
        return nil
      }
      var taken: [Job] = []
      var texts = 0
      state.jobs.removeAll { job in
        guard job.body === first.body, taken.isEmpty || texts + job.texts.count <= Self.batch else {
          return false
        }
        taken.append(job)
        texts += job.texts.count
        return true
      }
      state.waitingTexts -= texts
      return taken
    }
  }
}
