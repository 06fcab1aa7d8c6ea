import Foundation
import GRDB
package import Schema

/// A record as stored, with the times that `Schema` does not carry.
package struct StoredRecord: Sendable, Hashable {
  /// Suggestions by agent's name; responses in the order they were last written.
  package var record: Schema.Record
  package var createTimeMs: Int64
  /// One for each of `record.suggestions`.
  package var suggestionTimesMs: [Int64] = []
  /// One for each of `record.responses`.
  package var responseTimesMs: [Int64] = []

  /// As a message, give or take what a length and a time take.
  var approximateBytes: Int {
    var bytes = 32
    for (name, text) in record.fields { bytes += name.utf8.count + text.utf8.count + 8 }
    for (name, value) in record.metadata {
      bytes += name.utf8.count + 16
      if case .text(let text) = value { bytes += text.utf8.count }
    }
    for suggestion in record.suggestions {
      bytes += suggestion.agent.utf8.count + 40
      switch suggestion.outcome {
      case .label(let label): bytes += label.utf8.count
      case .failure(let failure): bytes += failure.detail.utf8.count
      }
    }
    for response in record.responses {
      bytes += response.user.utf8.count + (response.label?.utf8.count ?? 0) + 32
    }
    return bytes
  }
}

/// Which records of a data set; `nil` means any.
package struct RecordFilter: Sendable, Hashable {
  package var status: RecordStatus?
  package var split: Split?
  /// Only records this agent has made no suggestion for, failures included.
  package var withoutSuggestionBy: String?
  /// Only records this agent has made a suggestion for.
  package var withSuggestionBy: String?
  /// Only records this user has no response to.
  package var withoutResponseBy: String?

  package init(
    status: RecordStatus? = nil, split: Split? = nil, withoutSuggestionBy: String? = nil,
    withSuggestionBy: String? = nil, withoutResponseBy: String? = nil
  ) {
    self.status = status
    self.split = split
    self.withoutSuggestionBy = withoutSuggestionBy
    self.withSuggestionBy = withSuggestionBy
    self.withoutResponseBy = withoutResponseBy
  }
}

/// Records in id order, and whether more match after the last of them.
package struct RecordPage: Sendable, Hashable {
  package var records: [StoredRecord]
  package var more: Bool
}

/// A record to write, already checked.
package struct NewRecord: Sendable {
  package var externalID: String
  /// By `CanonicalJSON`.
  package var fields: String
  package var metadata: String
  /// `nil`: where the record is, or else where `HoldBack` puts it.
  package var split: Split?
  package var responses: [Response]
  package var suggestions: [Suggestion]
}

/// What became of a record to write.
package enum ImportOutcome: Sendable, Hashable {
  case imported
  /// The id is there with the same fields, metadata and, if one is named, split.
  case unchanged
  /// The id is there with other content.
  case conflict(id: Int64)
}

// MARK: Writing

extension Database {
  /// Writes a batch as one transaction, giving new records the next ids. With `validateOnly` it says
  /// what would become of each record and writes nothing.
  ///
  /// - Parameter holdBack: has counted the import's earlier batches, and then this one too.
  /// - Returns: an outcome for each record, in order. A conflict stops no other record.
  package func add(
    _ records: [NewRecord], to dataset: StoredDataset, holdBack: inout HoldBack,
    validateOnly: Bool = false
  ) async throws -> [ImportOutcome] {
    let time = now()
    if validateOnly {
      return try await read { connection in
        try records.map { try Self.compare($0, dataset, connection)?.outcome ?? .imported }
      }
    }
    let before = holdBack
    let (outcomes, after) = try await write { connection in
      var holdBack = before
      let insert = try connection.cachedStatement(
        sql: """
          INSERT INTO record
            (dataset_id, id, external_id, fields, metadata, split, status, create_time_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dataset_id, external_id) DO NOTHING
          """)
      var last =
        try Int64.fetchOne(
          connection, sql: "SELECT max(id) FROM record WHERE dataset_id = ?",
          arguments: [dataset.id]) ?? 0
      let outcomes: [ImportOutcome] = try records.map { record in
        let split = record.split ?? holdBack.split(of: record)
        let status = RecordStatus(responses: record.responses.map(\.status))
        try insert.execute(arguments: [
          dataset.id, last + 1, record.externalID, record.fields, record.metadata,
          split.rawValue, status.rawValue, time,
        ])
        let id: Int64
        let outcome: ImportOutcome
        if connection.changesCount == 1 {
          last += 1
          (id, outcome) = (last, .imported)
          holdBack.count(record, in: split)
        } else if let stored = try Self.compare(record, dataset, connection) {
          (id, outcome) = stored
        } else {
          throw StorageError(
            .failed, "the record '\(shown(record.externalID))' could not be written")
        }
        if case .conflict = outcome { return outcome }
        for suggestion in record.suggestions {
          try Self.put(suggestion, id, dataset, time, connection)
        }
        for response in record.responses { try Self.put(response, id, dataset, time, connection) }
        // A record with two responses by one user was given its status by both.
        if !record.responses.isEmpty { try Self.refreshStatus(id, dataset, connection) }
        return outcome
      }
      return (outcomes, holdBack)
    }
    holdBack = after
    return outcomes
  }

  /// - Returns: `nil` if there is no record of that external id.
  private static func compare(
    _ record: NewRecord, _ dataset: StoredDataset, _ connection: Connection
  ) throws -> (id: Int64, outcome: ImportOutcome)? {
    let statement = try connection.cachedStatement(
      sql: """
        SELECT id, fields = ? AND metadata = ? AND split = coalesce(?, split) AS same FROM record
        WHERE dataset_id = ? AND external_id = ?
        """)
    guard
      let row = try Row.fetchOne(
        statement,
        arguments: [
          record.fields, record.metadata, record.split?.rawValue, dataset.id, record.externalID,
        ])
    else { return nil }
    let id: Int64 = row["id"]
    return (id, row["same"] ? .unchanged : .conflict(id: id))
  }

  /// Writes suggestions as one transaction: all of them, or none if a record is missing or the lease
  /// is lost. Writing the same again changes nothing.
  package func write(
    _ suggestions: [(recordID: Int64, suggestion: Suggestion)], to dataset: StoredDataset,
    lease: JobLease? = nil
  ) async throws {
    let time = now()
    try await write { connection in
      if let lease { try Self.check(lease, dataset: dataset, time, connection) }
      for (recordID, suggestion) in suggestions {
        try Self.requireRecord(recordID, dataset, connection)
        try Self.put(suggestion, recordID, dataset, time, connection)
      }
    }
  }

  /// Writes responses as one transaction, and the records' statuses with them: all, or none if a record
  /// is missing. The records leave their queues. Writing the same again changes nothing.
  package func write(
    _ responses: [(recordID: Int64, response: Response)], to dataset: StoredDataset
  ) async throws {
    let time = now()
    try await write { connection in
      for (recordID, response) in responses {
        try Self.requireRecord(recordID, dataset, connection)
        try Self.put(response, recordID, dataset, time, connection)
        try Self.refreshStatus(recordID, dataset, connection)
        try Self.leaveQueues(recordID, dataset, connection)
      }
    }
  }

  /// Takes a response back. That there is none is no error, so that a repeated call is harmless.
  package func deleteResponse(
    recordID: Int64, user: String, in dataset: StoredDataset
  ) async throws {
    try await write { connection in
      try Self.requireRecord(recordID, dataset, connection)
      try connection.execute(
        sql: "DELETE FROM response WHERE dataset_id = ? AND record_id = ? AND user = ?",
        arguments: [dataset.id, recordID, user])
      try Self.refreshStatus(recordID, dataset, connection)
    }
  }

  private static func put(
    _ suggestion: Suggestion, _ recordID: Int64, _ dataset: StoredDataset, _ time: Int64,
    _ connection: Connection
  ) throws {
    var label: String?
    var failure: Suggestion.Failure?
    switch suggestion.outcome {
    case .label(let name): label = name
    case .failure(let value): failure = value
    }
    try connection.cachedStatement(
      sql: """
        INSERT INTO suggestion
          (dataset_id, record_id, agent, label, failure_kind, failure_detail, score, create_time_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (dataset_id, record_id, agent) DO UPDATE SET
          label = excluded.label, failure_kind = excluded.failure_kind,
          failure_detail = excluded.failure_detail, score = excluded.score,
          create_time_ms = excluded.create_time_ms
        WHERE label IS NOT excluded.label OR failure_kind IS NOT excluded.failure_kind
          OR failure_detail IS NOT excluded.failure_detail OR score IS NOT excluded.score
        """
    ).execute(arguments: [
      dataset.id, recordID, suggestion.agent, label, failure?.kind.rawValue, failure?.detail,
      suggestion.score, time,
    ])
  }

  private static func put(
    _ response: Response, _ recordID: Int64, _ dataset: StoredDataset, _ time: Int64,
    _ connection: Connection
  ) throws {
    try connection.cachedStatement(
      sql: """
        INSERT INTO response (dataset_id, record_id, user, label, status, create_time_ms)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (dataset_id, record_id, user) DO UPDATE SET
          sequence = (SELECT max(sequence) + 1 FROM response),
          label = excluded.label, status = excluded.status,
          create_time_ms = excluded.create_time_ms
        WHERE label IS NOT excluded.label OR status IS NOT excluded.status
        """
    ).execute(arguments: [
      dataset.id, recordID, response.user, response.label, response.status.rawValue, time,
    ])
  }

  static func requireRecord(
    _ id: Int64, _ dataset: StoredDataset, _ connection: Connection
  ) throws {
    let there = try connection.cachedStatement(
      sql: "SELECT 1 FROM record WHERE dataset_id = ? AND id = ?")
    if try Int.fetchOne(there, arguments: [dataset.id, id]) == nil {
      throw try noRecord("\(id)", dataset, connection)
    }
  }

  private static func refreshStatus(
    _ id: Int64, _ dataset: StoredDataset, _ connection: Connection
  ) throws {
    let statuses = try String.fetchAll(
      connection.cachedStatement(
        sql: "SELECT status FROM response WHERE dataset_id = ? AND record_id = ?"),
      arguments: [dataset.id, id])
    let status = RecordStatus(responses: statuses.compactMap(ResponseStatus.init(rawValue:)))
    try connection.cachedStatement(
      sql: "UPDATE record SET status = ?1 WHERE dataset_id = ?2 AND id = ?3 AND status <> ?1"
    ).execute(arguments: [status.rawValue, dataset.id, id])
  }

  private static func noRecord(
    _ key: String, _ dataset: StoredDataset, _ connection: Connection
  ) throws -> StorageError {
    let last =
      try Int64.fetchOne(
        connection, sql: "SELECT max(id) FROM record WHERE dataset_id = ?",
        arguments: [dataset.id]) ?? 0
    let name = dataset.dataset.name
    return StorageError(
      .notFound,
      last == 0
        ? "no record \(key) in data set '\(name)', which is empty: run lauter import"
        : "no record \(key) in data set '\(name)'; its ids are 1 to \(last)")
  }
}

// MARK: Reading

extension Database {
  package func record(_ id: Int64, in dataset: StoredDataset) async throws -> StoredRecord {
    try await read { connection in
      guard
        let record = try Self.page(
          dataset, RecordFilter(), after: id - 1, upTo: id, limit: 1, maxBytes: .max, connection
        ).records.first
      else { throw try Self.noRecord("\(id)", dataset, connection) }
      return record
    }
  }

  package func record(externalID: String, in dataset: StoredDataset) async throws -> StoredRecord {
    try await read { connection in
      let id = try Int64.fetchOne(
        connection, sql: "SELECT id FROM record WHERE dataset_id = ? AND external_id = ?",
        arguments: [dataset.id, externalID])
      guard
        let id,
        let record = try Self.page(
          dataset, RecordFilter(), after: id - 1, upTo: id, limit: 1, maxBytes: .max, connection
        ).records.first
      else { throw try Self.noRecord("'\(shown(externalID))'", dataset, connection) }
      return record
    }
  }

  /// The records after the one with id `after`, in id order.
  ///
  /// - Parameters:
  ///   - limit: at most so many records.
  ///   - maxBytes: the page ends before the record with which fields and metadata would pass this
  ///     size, or everything twice this size, but always holds one record if any matches.
  package func records(
    in dataset: StoredDataset, matching filter: RecordFilter, after: Int64 = 0, limit: Int,
    maxBytes: Int = .max
  ) async throws -> RecordPage {
    try await read {
      try Self.page(dataset, filter, after: after, limit: limit, maxBytes: maxBytes, $0)
    }
  }

  /// Every matching record as of now, in id order, page by page. The writer is not held up; what it
  /// writes meanwhile is not seen.
  package func export(
    from dataset: StoredDataset, matching filter: RecordFilter
  ) async throws -> RecordExport {
    RecordExport(
      database: self, snapshot: try await reading { [pool] in try pool.makeSnapshot() },
      dataset: dataset, filter: filter)
  }

  /// Reads one instant of a data set. Owned by one task at a time; the instant is kept, and the
  /// write-ahead log with it, until this value is gone.
  package struct RecordExport {
    fileprivate let database: Database
    fileprivate let snapshot: DatabaseSnapshot
    fileprivate let dataset: StoredDataset
    fileprivate let filter: RecordFilter
    fileprivate var last: Int64 = 0
    fileprivate var more = true

    /// - Returns: the next records, at most `limit`; empty at the end.
    package mutating func next(limit: Int, maxBytes: Int) async throws -> [StoredRecord] {
      guard more else { return [] }
      let page = try await database.reading { [snapshot, dataset, filter, last] in
        try snapshot.read {
          try Database.page(dataset, filter, after: last, limit: limit, maxBytes: maxBytes, $0)
        }
      }
      last = page.records.last?.record.id ?? last
      more = page.more
      return page.records
    }
  }

  static func page(
    _ dataset: StoredDataset, _ filter: RecordFilter, after: Int64, upTo: Int64? = nil, limit: Int,
    maxBytes: Int, _ connection: Connection
  ) throws -> RecordPage {
    var arguments: StatementArguments = ["dataset": dataset.id, "after": after, "limit": limit + 1]
    if let upTo { arguments += ["last": upTo] }
    if let status = filter.status { arguments += ["status": status.rawValue] }
    if let split = filter.split { arguments += ["split": split.rawValue] }
    if let agent = filter.withSuggestionBy { arguments += ["with": agent] }
    if let agent = filter.withoutSuggestionBy { arguments += ["without": agent] }
    if let user = filter.withoutResponseBy { arguments += ["user": user] }
    let rows = try Row.fetchCursor(
      connection.cachedStatement(sql: recordSQL(filter, upTo: upTo != nil)), arguments: arguments)
    var page = RecordPage(records: [], more: false)
    var bytes = 0
    while let row = try rows.next() {
      let (fields, metadata): (String, String) = (row["fields"], row["metadata"])
      bytes += fields.utf8.count + metadata.utf8.count
      if page.records.count == limit || (bytes > maxBytes && !page.records.isEmpty) {
        page.more = true
        break
      }
      page.records.append(
        StoredRecord(
          record: Record(
            id: row["id"], externalID: row["external_id"],
            fields: try CanonicalJSON.fields(fields),
            metadata: try CanonicalJSON.metadata(metadata),
            split: Split(rawValue: row["split"]) ?? .train,
            status: RecordStatus(rawValue: row["status"]) ?? .pending),
          createTimeMs: row["create_time_ms"]))
    }
    try addVerdicts(to: &page.records, dataset, connection)
    var withVerdicts = 0
    let cut = page.records.firstIndex {
      withVerdicts += $0.approximateBytes
      return withVerdicts / 2 > maxBytes
    }
    if let cut, max(cut, 1) < page.records.count {
      page.records.removeSubrange(max(cut, 1)...)
      page.more = true
    }
    return page
  }

  private static func addVerdicts(
    to records: inout [StoredRecord], _ dataset: StoredDataset, _ connection: Connection
  ) throws {
    if records.isEmpty { return }
    let ids = "[\(records.map { String($0.record.id) }.joined(separator: ","))]"
    let positions = Dictionary(
      uniqueKeysWithValues: records.enumerated().map { ($1.record.id, $0) })
    let suggestions = try Row.fetchCursor(
      connection.cachedStatement(sql: suggestionSQL), arguments: [ids, dataset.id])
    while let row = try suggestions.next() {
      guard let at = positions[row["record_id"]] else { continue }
      let outcome: Suggestion.Outcome
      if let label = row["label"] as String? {
        outcome = .label(label)
      } else {
        outcome = .failure(
          .init(
            kind: .init(rawValue: row["failure_kind"]) ?? .provider,
            detail: row["failure_detail"] ?? ""))
      }
      records[at].record.suggestions.append(
        Suggestion(agent: row["agent"], outcome: outcome, score: row["score"]))
      records[at].suggestionTimesMs.append(row["create_time_ms"])
    }
    let responses = try Row.fetchCursor(
      connection.cachedStatement(sql: responseSQL), arguments: [ids, dataset.id])
    while let row = try responses.next() {
      guard let at = positions[row["record_id"]],
        let status = ResponseStatus(rawValue: row["status"])
      else { continue }
      records[at].record.responses.append(
        Response(user: row["user"], label: row["label"], status: status))
      records[at].responseTimesMs.append(row["create_time_ms"])
    }
  }

  private static let suggestionSQL = """
    SELECT s.* FROM json_each(?) e CROSS JOIN suggestion s
    ON s.dataset_id = ? AND s.record_id = e.value
    """
  private static let responseSQL = """
    SELECT r.* FROM json_each(?) e CROSS JOIN response r
    ON r.dataset_id = ? AND r.record_id = e.value ORDER BY r.sequence
    """

  private static func recordSQL(_ filter: RecordFilter, upTo: Bool = false) -> String {
    var conditions = ["r.dataset_id = :dataset", "r.id > :after"]
    if upTo { conditions.append("r.id <= :last") }
    if filter.status != nil { conditions.append("r.status = :status") }
    if filter.split != nil { conditions.append("r.split = :split") }
    let suggestion = "SELECT 1 FROM suggestion s WHERE s.dataset_id = r.dataset_id"
    if filter.withSuggestionBy != nil {
      conditions.append("EXISTS (\(suggestion) AND s.record_id = r.id AND s.agent = :with)")
    }
    if filter.withoutSuggestionBy != nil {
      conditions.append("NOT EXISTS (\(suggestion) AND s.record_id = r.id AND s.agent = :without)")
    }
    if filter.withoutResponseBy != nil {
      conditions.append(
        """
        NOT EXISTS (SELECT 1 FROM response a WHERE a.dataset_id = r.dataset_id
          AND a.record_id = r.id AND a.user = :user)
        """)
    }
    return """
      SELECT r.* FROM record r WHERE \(conditions.joined(separator: " AND "))
      ORDER BY r.id LIMIT :limit
      """
  }

  static var hotRecordQueries: [String: String] {
    [
      "all": recordSQL(RecordFilter()),
      "status": recordSQL(RecordFilter(status: .pending)),
      "split": recordSQL(RecordFilter(split: .test)),
      "status and split": recordSQL(RecordFilter(status: .completed, split: .train)),
      "without suggestion": recordSQL(RecordFilter(status: .pending, withoutSuggestionBy: "a")),
      "with suggestion": recordSQL(RecordFilter(withSuggestionBy: "a")),
      "without response": recordSQL(RecordFilter(status: .pending, withoutResponseBy: "a")),
      "suggestions": suggestionSQL,
      "responses": responseSQL,
    ]
  }
}
