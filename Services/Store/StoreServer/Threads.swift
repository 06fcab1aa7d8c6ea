import Foundation

/// Threads of the store's own, for work that blocks or computes: queries, files, checks.
///
/// A piece of work costs one wake-up and its answer another. Dispatch, and GRDB on top of it, hand work
/// on several times, each time at the end of the scheduler's line when the CPUs are busy.
///
/// Work is begun in the order in which it came. Safe to use from any task. The threads end with the
/// value, once what was asked for is done.
final class Threads: Sendable {
  private let queue = WaitingLine<@Sendable () -> Void>()

  init(_ name: String, count: Int) {
    for _ in 1...count {
      startThread(name) { [queue] in
        while let work = queue.take(atMost: 1).first { work() }
      }
    }
  }

  deinit { queue.end() }

  func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    // What a caller that is gone has asked for is not begun.
    try Task.checkCancellation()
    return try await withCheckedThrowingContinuation { continuation in
      queue.add { continuation.resume(with: Result(catching: work)) }
    }
  }
}

func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
  let thread = Thread(block: body)
  thread.name = name
  thread.start()
}

/// What callers have asked for and threads have not begun. Safe to use from any thread.
final class WaitingLine<Element: Sendable>: @unchecked Sendable {
  /// Guards what follows.
  private let changed = NSCondition()
  private var waiting: [Element] = []
  private var hasEnded = false

  func add(_ element: Element) {
    changed.withLock { waiting.append(element) }
    changed.signal()
  }

  /// Waits until there is something to take. Nothing comes once the line has ended and is empty.
  func take(atMost limit: Int) -> [Element] {
    changed.withLock {
      while waiting.isEmpty && !hasEnded { changed.wait() }
      let taken = Array(waiting.prefix(limit))
      waiting.removeFirst(taken.count)
      return taken
    }
  }

  func end() {
    changed.withLock { hasEnded = true }
    changed.broadcast()
  }
}
