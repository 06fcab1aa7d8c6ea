import GRDB
import Synchronization

/// The one thread that writes, committing in groups: what comes while a commit is on its way to the disk
/// waits for it and shares the next. A commit costs a sync of the disk, milliseconds, and a small write
/// next to nothing, so that many callers get many times the writes of one.
///
/// Safe to use from any task. The thread ends with the value, once what was asked for is done.
final class Writer: Sendable {
  /// Bounds a transaction, and with it how long its first write waits for its last.
  private static let groupLimit = 256

  private let line = WaitingLine<Write>()
  private let counts = Counts()

  private struct Write: Sendable {
    /// Makes the changes. What it returns tells the caller, once they are on disk.
    var perform: @Sendable (Connection) throws -> @Sendable () -> Void
    /// Tells the caller that there are none.
    var fail: @Sendable (any Error) -> Void
  }

  private final class Counts: Sendable {
    let commits = Atomic(0)
    let pending = Atomic(0)
  }

  init(_ pool: DatabasePool) {
    startThread("store-writer") { [line, counts] in
      while true {
        let group = line.take(atMost: Self.groupLimit)
        if group.isEmpty { return }
        Self.commit(group, pool, counts)
        counts.pending.subtract(group.count, ordering: .relaxed)
      }
    }
  }

  deinit { line.end() }

  /// Transactions committed so far.
  var commits: Int { counts.commits.load(ordering: .relaxed) }

  /// Writes asked for and not yet answered.
  var pending: Int { counts.pending.load(ordering: .relaxed) }

  /// Runs `body` in a transaction, which others may share, and returns when it is on disk. If `body`
  /// throws, what it changed is undone, and nothing else is. It may be run again if the transaction
  /// it was in could not be committed.
  func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    // What a caller that is gone has asked for is not begun.
    try Task.checkCancellation()
    return try await withCheckedThrowingContinuation { continuation in
      counts.pending.add(1, ordering: .relaxed)
      line.add(
        Write { connection in
          let value = try body(connection)
          return { continuation.resume(returning: value) }
        } fail: {
          continuation.resume(throwing: $0)
        })
    }
  }

  private static func commit(_ group: [Write], _ pool: DatabasePool, _ counts: Counts) {
    var answers: [() -> Void] = []
    do {
      try pool.writeWithoutTransaction { connection in
        try connection.inTransaction(.immediate) {
          for write in group {
            do {
              var answer: (@Sendable () -> Void)?
              try connection.inSavepoint {
                answer = try write.perform(connection)
                return .commit
              }
              if let answer { answers.append(answer) }
            } catch {
              // Some errors, as that the disk is full, take the whole transaction with them.
              guard connection.isInsideTransaction else { throw error }
              answers.append { write.fail(error) }
            }
          }
          return .commit
        }
      }
    } catch {
      if group.count == 1 { return group[0].fail(error) }
      // Whoever is not at fault gets through alone.
      for write in group { commit([write], pool, counts) }
      return
    }
    counts.commits.add(1, ordering: .relaxed)
    for answer in answers { answer() }
  }
}
