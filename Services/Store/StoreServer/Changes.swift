import Synchronization

/// Tells waiting calls of this process that something they watch has changed. It carries no values: who
/// is woken reads the tables again, so that changes that come together are seen together and none is
/// missed.
///
/// Safe to use from any task.
final class Changes: Sendable {
  enum Topic: Hashable, Sendable {
    case queue(JobKind)
    case job(Int64)
    case models
  }

  private struct State {
    var waiting: [Topic: [UInt64: AsyncStream<Void>.Continuation]] = [:]
    var next: UInt64 = 0
    var ended = false
  }

  private let state = Mutex(State())

  /// Yields after each change from now on, once for changes that come together. Ends when the store
  /// stops. Subscribe first, read second.
  func of(_ topic: Topic) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state -> UInt64? in
      if state.ended { return nil }
      state.next += 1
      state.waiting[topic, default: [:]][state.next] = continuation
      return state.next
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { state in
        state.waiting[topic]?[id] = nil
        if state.waiting[topic]?.isEmpty == true { state.waiting[topic] = nil }
      }
    }
    return stream
  }

  func announce(_ topic: Topic) {
    let waiting = state.withLock { Array($0.waiting[topic, default: [:]].values) }
    for continuation in waiting { continuation.yield() }
  }

  /// Everything about a job that others may be waiting for.
  func announce(_ job: StoredJob) {
    announce(.job(job.id))
    if job.state == .queued { announce(.queue(job.kind)) }
  }

  /// Wakes everyone for the last time: the store is stopping.
  func end() {
    let waiting = state.withLock { state in
      state.ended = true
      return state.waiting.values.flatMap(\.values)
    }
    for continuation in waiting { continuation.finish() }
  }

  var hasEnded: Bool { state.withLock(\.ended) }
}
