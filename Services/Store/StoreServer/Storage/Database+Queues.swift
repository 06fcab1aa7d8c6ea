import GRDB
package import Schema

/// Records that a model's training found worth a second look.
package struct NewQueue: Sendable, Hashable {
  package var name: Name
  package var entries: [Entry]

  package struct Entry: Sendable, Hashable {
    package var recordID: Int64
    /// In [0, 1]; the higher, the more it is worth a look.
    package var score: Double
    /// What the classifier says.
    package var label: String

    package init(recordID: Int64, score: Double, label: String) {
      self.recordID = recordID
      self.score = score
      self.label = label
    }
  }

  package init(name: Name, entries: [Entry]) {
    self.name = name
    self.entries = entries
  }
}

/// A part of a queue, first what is most worth a look.
package struct QueuePage: Sendable, Hashable {
  package var records: [StoredRecord]
  /// One for each of `records`.
  package var entries: [NewQueue.Entry]
  package var more: Bool
  /// Whose training filled the queue.
  package var model: String
  package var version: UInt64
}

extension Database {
  /// A queue has one row here and its records in `queue_entry`.
  static let tablesOfQueues = """
    CREATE TABLE queue (
      dataset_id INTEGER NOT NULL REFERENCES dataset (id),
      name TEXT NOT NULL,
      model TEXT NOT NULL,
      version INTEGER NOT NULL,
      PRIMARY KEY (dataset_id, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE queue_entry (
      dataset_id INTEGER NOT NULL,
      record_id INTEGER NOT NULL,
      queue TEXT NOT NULL,
      score REAL NOT NULL,
      label TEXT NOT NULL,
      PRIMARY KEY (dataset_id, record_id, queue),
      FOREIGN KEY (dataset_id, record_id) REFERENCES record (dataset_id, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX queue_entry_by_score ON queue_entry (dataset_id, queue, score DESC, record_id);
    """

  /// Puts a model's queues in the place of those of the same names.
  static func replace(
    _ queues: [NewQueue], of dataset: StoredDataset, model: Name, version: Int64,
    _ connection: Connection
  ) throws {
    for queue in queues {
      let name = queue.name.description
      try connection.execute(
        sql: """
          INSERT INTO queue (dataset_id, name, model, version) VALUES (?, ?, ?, ?)
          ON CONFLICT (dataset_id, name) DO UPDATE SET
            model = excluded.model, version = excluded.version
          """, arguments: [dataset.id, name, model.description, version])
      try connection.execute(
        sql: "DELETE FROM queue_entry WHERE dataset_id = ? AND queue = ?",
        arguments: [dataset.id, name])
      let insert = try connection.cachedStatement(
        sql: """
          INSERT INTO queue_entry (dataset_id, record_id, queue, score, label)
          VALUES (?, ?, ?, ?, ?)
          """)
      for entry in queue.entries {
        try requireRecord(entry.recordID, dataset, connection)
        try insert.execute(
          arguments: [dataset.id, entry.recordID, name, entry.score, entry.label])
      }
    }
  }

  /// Somebody has looked at a record, so that no queue asks for it any more.
  static func leaveQueues(
    _ recordID: Int64, _ dataset: StoredDataset, _ connection: Connection
  ) throws {
    try connection.cachedStatement(
      sql: "DELETE FROM queue_entry WHERE dataset_id = ? AND record_id = ?"
    ).execute(arguments: [dataset.id, recordID])
  }

  /// How many records each queue of a data set holds, by name.
  static func queueCounts(
    _ dataset: StoredDataset, _ connection: Connection
  ) throws -> [(queue: String, records: Int)] {
    try Row.fetchAll(
      connection,
      sql: """
        SELECT name, (SELECT count(*) FROM queue_entry e
          WHERE e.dataset_id = q.dataset_id AND e.queue = q.name) AS n
        FROM queue q WHERE dataset_id = ? ORDER BY name
        """, arguments: [dataset.id]
    ).map { (queue: $0["name"], records: $0["n"]) }
  }

  /// A queue's records after an entry.
  ///
  /// - Parameter after: an entry's score and record, the last of the page before.
  /// - Throws: `StorageError.Kind.notFound`, naming the queues there are.
  package func queue(
    _ name: String, of dataset: StoredDataset, after: (score: Double, recordID: Int64)? = nil,
    limit: Int, maxBytes: Int = .max
  ) async throws -> QueuePage {
    try await read { connection in
      let head = try Row.fetchOne(
        connection, sql: "SELECT model, version FROM queue WHERE dataset_id = ? AND name = ?",
        arguments: [dataset.id, name])
      guard let head else {
        let names = try Self.queueCounts(dataset, connection).map(\.queue)
        throw StorageError(
          .notFound,
          names.isEmpty
            ? "no queue '\(shown(name))' in data set '\(dataset.dataset.name)', nor any other yet: "
              + "run lauter train"
            : "no queue '\(shown(name))' in data set '\(dataset.dataset.name)'; there are "
              + listing(names, none: ""))
      }
      var page = QueuePage(
        records: [], entries: [], more: false, model: head["model"], version: head["version"])
      let rows = try Row.fetchAll(
        connection, sql: Self.queueSQL,
        arguments: [
          "dataset": dataset.id, "queue": name, "score": after?.score ?? 2,
          "record": after?.recordID ?? 0, "limit": limit + 1,
        ])
      var bytes = 0
      for row in rows {
        let entry = NewQueue.Entry(
          recordID: row["record_id"], score: row["score"], label: row["label"])
        let found = try Self.page(
          dataset, RecordFilter(), after: entry.recordID - 1, upTo: entry.recordID, limit: 1,
          maxBytes: .max, connection
        ).records
        bytes += found.reduce(0) { $0 + $1.approximateBytes }
        if page.records.count == limit || (bytes > maxBytes && !page.records.isEmpty) {
          page.more = true
          break
        }
        page.records += found
        page.entries += found.map { _ in entry }
      }
      return page
    }
  }

  static let queueSQL = """
    SELECT record_id, score, label FROM queue_entry
    WHERE dataset_id = :dataset AND queue = :queue AND score <= :score
      AND (score < :score OR record_id > :record)
    ORDER BY score DESC, record_id LIMIT :limit
    """
}
