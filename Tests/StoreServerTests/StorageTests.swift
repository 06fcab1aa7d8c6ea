import Foundation
import Schema
import StoreServer
import Synchronization
import Testing

/// A folder of its own for each test, gone with the value.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("lauter-store-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var database: String { path + "/store.sqlite" }
}

/// A clock that moves when told to.
final class Clock: Sendable {
  private let time = Atomic<Int64>(1_000_000)
  func advance(_ ms: Int64) { time.add(ms, ordering: .relaxed) }
  var now: @Sendable () -> Int64 { { self.time.load(ordering: .relaxed) } }
}

func reviews(_ name: String = "reviews") throws -> Dataset {
  try Dataset(
    name: Name(name), guidelines: "Is the customer content?",
    fields: [TextField(name: "text"), TextField(name: "title", optional: true)],
    question: Question(labels: [
      Label(name: "positive", description: "content"), Label(name: "negative"),
      Label(name: "neutral"),
    ]))
}

/// A record as it comes in.
func draft(
  _ id: String, _ fields: [String: String], metadata: [String: MetadataValue] = [:],
  split: Split = .train, responses: [Response] = [], suggestions: [Suggestion] = []
) -> Record {
  Record(
    id: 0, externalID: id, fields: fields, metadata: metadata, split: split,
    suggestions: suggestions, responses: responses)
}

/// Drafts with ids r1, r2, ...
func drafts(_ numbers: ClosedRange<Int>) -> [Record] {
  numbers.map {
    draft(
      "r\($0)", ["text": "review number \($0)"],
      metadata: [
        "stars": .number(Double($0 % 5) + 0.5), "new": .flag($0 % 2 == 0), "at": .text("x"),
      ],
      split: $0 % 4 == 0 ? .test : .train)
  }
}

func add(
  _ drafts: [Record], to dataset: StoredDataset, _ database: Database
) async throws -> [ImportOutcome] {
  let check = ImportCheck(dataset.dataset)
  return try await database.add(drafts.map { try check.check($0) }, to: dataset)
}

extension Database {
  /// Holds nothing back.
  func add(
    _ records: [NewRecord], to dataset: StoredDataset, validateOnly: Bool = false
  ) async throws -> [ImportOutcome] {
    var holdBack = HoldBack(share: 0)
    return try await add(records, to: dataset, holdBack: &holdBack, validateOnly: validateOnly)
  }
}

func expect(
  storage kind: StorageError.Kind, naming words: String...,
  location: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Void
) async {
  do {
    try await body()
    Issue.record("no error", sourceLocation: location)
  } catch let error as StorageError {
    #expect(error.kind == kind, "\(error)", sourceLocation: location)
    for word in words {
      #expect(error.message.contains(word), "\(error)", sourceLocation: location)
    }
  } catch {
    Issue.record(error, sourceLocation: location)
  }
}

@Suite struct StorageTests {
  let folder: ScratchFolder
  let clock = Clock()
  let database: Database

  init() throws {
    folder = try ScratchFolder()
    database = try Database(path: folder.database, now: clock.now)
  }

  @Test func acknowledgedMeansOnDisk() async throws {
    #expect(try await database.writerPragma("synchronous") == "2", "2 is FULL")
    #expect(try await database.writerPragma("journal_mode") == "wal")
    #expect(try await database.writerPragma("foreign_keys") == "1")
  }

  @Test func dataSetsAreKeptAsTheyWere() async throws {
    let dataset = try reviews()
    let created = try await database.create(dataset)
    #expect(created.dataset == dataset)
    try database.close()
    let again = try Database(path: folder.database)
    #expect(try await again.dataset("reviews") == created)
    #expect(try await again.datasets() == [created])
    await expect(storage: .alreadyExists, naming: "reviews") { _ = try await again.create(dataset) }
    await expect(storage: .notFound, naming: "'revews'", "'reviews'") {
      _ = try await again.dataset("revews")
    }
  }

  @Test func noDataSetYetSaysWhatToRun() async throws {
    await expect(storage: .notFound, naming: "lauter dataset create") {
      _ = try await database.dataset("x")
    }
  }

  @Test func recordsComeBackAsTheyWent() async throws {
    let dataset = try await database.create(try reviews())
    let text = "\"quotes\" \\ \u{1} \t\n e\u{301} \u{1F600} </script>"
    let draft = draft(
      "a", ["text": text, "title": " "],
      metadata: [
        "n": .number(-1.5e-300), "whole": .number(3), "flag": .flag(true), "one": .text("1"),
        "true": .text("true"),
      ], split: .validation,
      responses: [Response(user: "ann", label: "positive", status: .submitted)],
      suggestions: [
        Suggestion(agent: "llm", outcome: .label("negative"), score: 0.25),
        Suggestion(agent: "b", outcome: .failure(.init(kind: .timeout, detail: "60 s"))),
      ])
    #expect(try await add([draft], to: dataset, database) == [.imported])
    let stored = try await database.record(1, in: dataset)
    #expect(stored.record.externalID == "a")
    #expect(Array((stored.record.fields["text"] ?? "").utf8) == Array(text.utf8))
    #expect(stored.record.fields == draft.fields)
    #expect(stored.record.metadata == draft.metadata)
    #expect(stored.record.split == .validation)
    #expect(stored.record.status == .completed)
    #expect(stored.record.responses == draft.responses)
    #expect(stored.record.suggestions == draft.suggestions.sorted { $0.agent < $1.agent })
    #expect(try await database.record(externalID: "a", in: dataset) == stored)
    await expect(storage: .notFound, naming: "no record 2", "1 to 1") {
      _ = try await database.record(2, in: dataset)
    }
  }

  @Test func idsAreDenseInEachDataSet() async throws {
    let first = try await database.create(try reviews("first"))
    let second = try await database.create(try reviews("second"))
    _ = try await add(drafts(1...3), to: first, database)
    _ = try await add(drafts(1...2), to: second, database)
    // Two are there already, so ids go on at 4.
    let outcomes = try await add(drafts(2...5), to: first, database)
    #expect(outcomes == [.unchanged, .unchanged, .imported, .imported])
    let ids = try await database.records(in: first, matching: .init(), limit: 100).records
      .map(\.record.id)
    #expect(ids == [1, 2, 3, 4, 5])
    #expect(try await database.counts(second).records() == 2)
  }

  @Test func otherContentUnderTheSameIDIsAConflict() async throws {
    let dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...2), to: dataset, database)
    for change in [
      { (draft: inout Record) in draft.fields["text"] = "other" },
      { $0.metadata["stars"] = .number(9) },
      { $0.split = .validation },
    ] {
      var changed = drafts(1...3)
      change(&changed[1])
      let check = ImportCheck(dataset.dataset)
      let records = try changed.map { try check.check($0) }
      let expected: [ImportOutcome] = [.unchanged, .conflict(id: 2), .imported]
      #expect(try await database.add(records, to: dataset, validateOnly: true) == expected)
      #expect(try await database.counts(dataset).records() == 2, "validating writes nothing")
    }
  }

  @Test func unchangedRecordsStillTakeResponses() async throws {
    let dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...1), to: dataset, database)
    var again = drafts(1...1)
    again[0].responses = [Response(user: "ann", label: "neutral", status: .submitted)]
    #expect(try await add(again, to: dataset, database) == [.unchanged])
    let first = try await database.record(1, in: dataset)
    #expect(first.record.status == .completed)
    clock.advance(10)
    #expect(try await add(again, to: dataset, database) == [.unchanged])
    #expect(try await database.record(1, in: dataset) == first, "the same again changes nothing")
  }

  @Test func aBatchThatFailsLeavesNothing() async throws {
    let dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...2), to: dataset, database)
    await expect(storage: .notFound, naming: "no record 9") {
      try await database.write(
        [
          (1, Suggestion(agent: "a", outcome: .label("positive"))),
          (9, Suggestion(agent: "a", outcome: .label("positive"))),
        ], to: dataset)
    }
    #expect(try await database.counts(dataset).agents.isEmpty)
  }

  @Test func statusFollowsResponses() async throws {
    let dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...1), to: dataset, database)
    func write(_ user: String, _ label: String?, _ status: ResponseStatus) async throws {
      clock.advance(1)
      try await database.write(
        [(1, Response(user: user, label: label, status: status))], to: dataset)
    }
    func status() async throws -> RecordStatus {
      try await database.record(1, in: dataset).record.status
    }
    #expect(try await status() == .pending)
    try await write("ann", "positive", .draft)
    #expect(try await status() == .pending)
    try await write("ann", nil, .discarded)
    #expect(try await status() == .discarded)
    try await write("bob", "negative", .submitted)
    #expect(try await status() == .completed)
    try await write("ann", "positive", .submitted)
    let responses = try await database.record(1, in: dataset).record.responses
    #expect(responses.map(\.user) == ["bob", "ann"], "in the order last written")
    try await database.deleteResponse(recordID: 1, user: "bob", in: dataset)
    try await database.deleteResponse(recordID: 1, user: "bob", in: dataset)
    #expect(try await status() == .completed)
    try await database.deleteResponse(recordID: 1, user: "ann", in: dataset)
    #expect(try await status() == .pending)
  }

  @Test func filtersAndPages() async throws {
    let dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...40), to: dataset, database)
    try await database.write(
      (1...20).map { (Int64($0), Suggestion(agent: "llm", outcome: .label("positive"))) },
      to: dataset)
    try await database.write(
      [(21, Suggestion(agent: "llm", outcome: .failure(.init(kind: .empty, detail: ""))))],
      to: dataset)
    try await database.write(
      (10...30).map { (Int64($0), Response(user: "ann", label: "neutral", status: .submitted)) },
      to: dataset)
    func ids(_ filter: RecordFilter) async throws -> [Int64] {
      var ids: [Int64] = []
      while true {
        let page = try await database.records(
          in: dataset, matching: filter, after: ids.last ?? 0, limit: 7)
        ids += page.records.map(\.record.id)
        if !page.more { break }
      }
      let export = try await exported(dataset, filter, database)
      #expect(export.map(\.record.id) == ids, "an export gives what pages give")
      return ids
    }
    #expect(try await ids(.init()) == Array(1...40))
    #expect(try await ids(.init(status: .pending)) == Array(1...9) + Array(31...40))
    #expect(try await ids(.init(split: .test)) == stride(from: 4, through: 40, by: 4).map { $0 })
    #expect(try await ids(.init(status: .completed, split: .test)) == [12, 16, 20, 24, 28])
    #expect(try await ids(.init(withSuggestionBy: "llm")) == Array(1...21))
    #expect(try await ids(.init(withoutSuggestionBy: "llm")) == Array(22...40))
    #expect(try await ids(.init(status: .pending, withoutSuggestionBy: "llm")) == Array(31...40))
    #expect(try await ids(.init(withoutResponseBy: "ann")) == Array(1...9) + Array(31...40))
    #expect(try await ids(.init(withoutResponseBy: "bob")) == Array(1...40))
    #expect(try await ids(.init(withSuggestionBy: "nobody")).isEmpty)

    let counts = try await database.counts(dataset)
    #expect(counts.records() == 40)
    #expect(counts.records(status: .completed) == 21)
    #expect(counts.records(split: .test) == 10)
    #expect(counts.records(split: .test, status: .completed) == 5)
    #expect(counts.agents.map { "\($0.agent) \($0.suggestions) \($0.failures)" } == ["llm 20 1"])
    #expect(
      counts.labels.map { "\($0.label) \($0.responses)" }
        == ["positive 0", "negative 0", "neutral 21"])
  }

  func exported(
    _ dataset: StoredDataset, _ filter: RecordFilter, _ database: Database
  ) async throws -> [StoredRecord] {
    var export = try await database.export(from: dataset, matching: filter)
    var records: [StoredRecord] = []
    while true {
      let batch = try await export.next(limit: 9, maxBytes: 100_000)
      if batch.isEmpty { return records }
      records += batch
    }
  }

  @Test func pagesEndBeforeTheyGrowTooLarge() async throws {
    let dataset = try await database.create(try reviews())
    let large = (1...5).map {
      draft(
        "\($0)", ["text": String(repeating: "x", count: $0 == 3 ? 5000 : 1000)])
    }
    _ = try await add(large, to: dataset, database)
    let sizes = try await pageSizes(dataset, maxBytes: 2500)
    #expect(sizes == [2, 1, 2], "a record larger than a page has one of its own")
  }

  @Test func verdictsCountTowardsAPagesSize() async throws {
    let dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...6), to: dataset, database)
    let detail = String(repeating: "d", count: 2000)
    try await database.write(
      (1...6).map {
        (Int64($0), Suggestion(agent: "a", outcome: .failure(.init(kind: .empty, detail: detail))))
      }, to: dataset)
    #expect(try await pageSizes(dataset, maxBytes: 2500) == [2, 2, 2])
    #expect(try await pageSizes(dataset, maxBytes: 500) == [1, 1, 1, 1, 1, 1])
  }

  func pageSizes(_ dataset: StoredDataset, maxBytes: Int) async throws -> [Int] {
    var export = try await database.export(from: dataset, matching: .init())
    var sizes: [Int] = []
    while true {
      let batch = try await export.next(limit: 100, maxBytes: maxBytes)
      if batch.isEmpty { return sizes }
      sizes.append(batch.count)
    }
  }

  @Test func anExportSeesOneInstant() async throws {
    let dataset = try await database.create(try reviews())
    _ = try await add(drafts(1...20), to: dataset, database)
    var export = try await database.export(from: dataset, matching: .init(status: .pending))
    var records = try await export.next(limit: 5, maxBytes: .max)
    _ = try await add(drafts(21...30), to: dataset, database)
    try await database.write(
      (6...10).map { (Int64($0), Response(user: "ann", label: nil, status: .discarded)) },
      to: dataset)
    while true {
      let batch = try await export.next(limit: 5, maxBytes: .max)
      if batch.isEmpty { break }
      records += batch
    }
    #expect(records.map(\.record.id) == Array(1...20))
    #expect(records.allSatisfy { $0.record.responses.isEmpty })
  }

  @Test func hotQueriesUseTheirIndexes() async throws {
    let plans = try await database.queryPlans()
    let expected = [
      "all": "INDEX sqlite_autoindex_record_1 (dataset_id=? AND id>?)",
      "status": "INDEX record_by_status (dataset_id=? AND status=? AND id>?)",
      "split": "INDEX record_by_split (dataset_id=? AND split=? AND id>?)",
      "status and split": "(dataset_id=? AND s",
      "without suggestion": "SEARCH s USING PRIMARY KEY (dataset_id=? AND record_id=? AND agent=?)",
      "with suggestion": "agent=?",
      "without response":
        "INDEX sqlite_autoindex_response_1 (dataset_id=? AND record_id=? AND user=?)",
      "suggestions": "SEARCH s USING PRIMARY KEY (dataset_id=? AND record_id=?)",
      "responses": "INDEX sqlite_autoindex_response_1 (dataset_id=? AND record_id=?)",
      "claim": "INDEX job_queued (kind=?)",
      "expired": "INDEX job_running (lease_expiry_ms<?)",
      "queue": "INDEX queue_entry_by_score (dataset_id=? AND queue=? AND score<?)",
    ]
    #expect(Set(plans.keys) == Set(expected.keys))
    for (name, steps) in plans {
      let plan = steps.joined(separator: "\n")
      #expect(plan.contains(expected[name] ?? "?"), "\(name): \(plan)")
      #expect(!plan.contains("SCAN r") && !plan.contains("SCAN s"), "\(name): \(plan)")
      if name != "responses" { #expect(!plan.contains("TEMP B-TREE"), "\(name): \(plan)") }
    }
  }

  /// SQLite answers the same whether the disk or this limit is reached.
  @Test func aFullDiskRefusesWritesAndNothingElse() async throws {
    let dataset = try await database.create(try reviews())
    let pages = try #require(Int(try await database.writerPragma("page_count")))
    _ = try await database.writerPragma("max_page_count = \(pages + 20)")
    var stored = 0
    let error = await #expect(throws: StorageError.self) {
      while true {
        let batch = drafts((stored + 1)...(stored + 50))
        stored += try await add(batch, to: dataset, database).count
      }
    }
    #expect(error?.kind == .full)
    #expect(error?.message.contains("free some space") == true)
    #expect(stored > 0)
    #expect(try await database.counts(dataset).records() == stored, "acknowledged is stored")
    #expect(try await database.integrityCheck() == "ok")
    _ = try await database.writerPragma("max_page_count = 1000000")
    _ = try await add(drafts((stored + 1)...(stored + 50)), to: dataset, database)
    let last = Int64(stored + 50)
    #expect(try await database.record(last, in: dataset).record.externalID == "r\(last)")
  }

  @Test func aDamagedFileIsToldFromAStore() throws {
    let folder = try ScratchFolder()
    try Data(repeating: 65, count: 8192).write(to: URL(fileURLWithPath: folder.database))
    let error = #expect(throws: StorageError.self) { _ = try Database(path: folder.database) }
    #expect(error?.message.contains("damaged") == true)
  }

  @Test func importRate() async throws {
    let dataset = try await database.create(try reviews())
    let words = "the quick brown fox jumps over a lazy dog and then some more of these words follow"
    let start = ContinuousClock.now
    let check = ImportCheck(dataset.dataset)
    for batch in 0..<20 {
      let records = try (1...1000).map { number in
        try check.check(
          draft(
            "\(batch)-\(number)", ["text": "\(number) \(words) \(words)"]))
      }
      let outcomes = try await database.add(records, to: dataset)
      #expect(outcomes.allSatisfy { $0 == .imported })
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print("import: \(Int(20_000 / seconds)) records/s in batches of 1000, synchronous=FULL")
    #expect(try await database.integrityCheck() == "ok")
  }
}
