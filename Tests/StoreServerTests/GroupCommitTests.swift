import Schema
import StoreServer
import Testing

import struct GRDB.Configuration
import class GRDB.DatabaseQueue

@Suite struct GroupCommitTests {
  let folder: ScratchFolder
  let database: StoreServer.Database
  let dataset: StoredDataset

  init() async throws {
    folder = try ScratchFolder()
    database = try Database(path: folder.database)
    dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...40), to: dataset, database)
  }

  /// Asks for all of the writes while another connection keeps the database from being written.
  ///
  /// - Returns: what became of each, and how many commits they took.
  func together(
    _ writes: [@Sendable () async throws -> Void]
  ) async throws -> (results: [Result<Void, any Error>], commits: Int) {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: folder.database, configuration: configuration)
    let before = database.writes.commits
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let tasks = writes.map { write in Task { try await write() } }
    while database.writes.pending < writes.count { try await Task.sleep(for: .milliseconds(1)) }
    try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    var results: [Result<Void, any Error>] = []
    for task in tasks { results.append(await task.result) }
    return (results, database.writes.commits - before)
  }

  func response(_ ids: Int64...) -> @Sendable () async throws -> Void {
    { [database, dataset] in
      try await database.write(
        ids.map { ($0, Response(user: "ann", label: "positive", status: .submitted)) },
        to: dataset)
    }
  }

  func completed() async throws -> [Int64] {
    try await database.records(in: dataset, matching: .init(status: .completed), limit: 100)
      .records.map(\.record.id)
  }

  @Test(.timeLimit(.minutes(1))) func writesThatComeTogetherShareACommit() async throws {
    let (results, commits) = try await together((1...40).map { response($0) })
    for result in results { try result.get() }
    // The first was on its way alone, or with some others, when the rest came.
    #expect(commits <= 2)
    #expect(try await completed() == Array(1...40))
  }

  @Test(.timeLimit(.minutes(1))) func aWriteThatFailsHarmsNoOther() async throws {
    // Every fourth changes a record before it finds that another is missing.
    let (results, commits) = try await together(
      (1...40).map { $0 % 4 == 0 ? response($0, 1000 + $0) : response($0) })
    for (index, result) in results.enumerated() {
      if (index + 1) % 4 == 0 {
        await expect(storage: .notFound, naming: "\(1001 + index)") { try result.get() }
      } else {
        try result.get()
      }
    }
    #expect(commits <= 2)
    #expect(try await completed() == (1...40).filter { $0 % 4 != 0 })
  }

  @Test(.timeLimit(.minutes(1))) func anImportAndSmallWritesShareACommit() async throws {
    let (results, commits) = try await together(
      (1...8).map { response($0) } + [
        { [database, dataset] in
          let outcomes = try await add(drafts(31...60), to: dataset, database)
          #expect(outcomes.filter { $0 == .imported }.count == 20)
        }
      ])
    for result in results { try result.get() }
    #expect(commits <= 2)
    #expect(try await completed() == Array(1...8))
    #expect(try await database.counts(dataset).records() == 60)
  }
}
