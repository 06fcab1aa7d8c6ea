import Foundation
import GRDB
package import Schema

/// A data set as stored. It never changes, so it may be kept between transactions.
package struct StoredDataset: Sendable, Hashable {
  let id: Int64
  package let dataset: Dataset
  package let createTimeMs: Int64
}

/// How many records, suggestions and responses a data set has.
package struct DatasetCounts: Sendable, Hashable {
  package struct Cell: Sendable, Hashable {
    package var split: Split
    package var status: RecordStatus
    package var records: Int
  }
  package struct Agent: Sendable, Hashable {
    package var agent: String
    package var suggestions: Int
    package var failures: Int
  }
  package struct Label: Sendable, Hashable {
    package var label: String
    package var responses: Int
  }
  package struct Queue: Sendable, Hashable {
    package var queue: String
    package var records: Int
  }

  /// Records by split and status; what is not listed is zero.
  package var cells: [Cell] = []
  /// By name.
  package var agents: [Agent] = []
  /// Submitted responses by label, in the question's order.
  package var labels: [Label] = []
  /// By name.
  package var queues: [Queue] = []

  package func records(split: Split? = nil, status: RecordStatus? = nil) -> Int {
    cells.reduce(0) { sum, cell in
      (split == nil || split == cell.split) && (status == nil || status == cell.status)
        ? sum + cell.records : sum
    }
  }
}

extension Database {
  /// - Throws: `StorageError.Kind.alreadyExists`.
  package func create(_ dataset: Dataset) async throws -> StoredDataset {
    let time = now()
    return try await write { connection in
      let fields = String(decoding: try JSONEncoder().encode(dataset.fields), as: UTF8.self)
      try connection.execute(
        sql: """
          INSERT INTO dataset
            (name, guidelines, fields, question_name, question_title, prompt_template, create_time_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING
          """,
        arguments: [
          dataset.name.description, dataset.guidelines, fields, dataset.question.name,
          dataset.question.title, dataset.promptTemplate, time,
        ])
      guard connection.changesCount == 1 else {
        throw StorageError(
          .alreadyExists, "there is a data set '\(dataset.name)' already; choose another name")
      }
      let id = connection.lastInsertedRowID
      for (position, label) in dataset.question.labels.enumerated() {
        try connection.execute(
          sql: "INSERT INTO label (dataset_id, position, name, description) VALUES (?, ?, ?, ?)",
          arguments: [id, position, label.name, label.description])
      }
      return StoredDataset(id: id, dataset: dataset, createTimeMs: time)
    }
  }

  /// - Throws: `StorageError.Kind.notFound`, naming the data sets there are.
  package func dataset(_ name: String) async throws -> StoredDataset {
    if let known = knownDatasets.withLock({ $0[name] }) { return known }
    let dataset = try await read { connection in
      guard
        let row = try Row.fetchOne(
          connection, sql: "SELECT * FROM dataset WHERE name = ?", arguments: [name])
      else { throw try Self.noDataset(name, connection) }
      return try Self.dataset(row, connection)
    }
    knownDatasets.withLock { $0[name] = dataset }
    return dataset
  }

  /// By name.
  package func datasets() async throws -> [StoredDataset] {
    try await read { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM dataset ORDER BY name")
        .map { try Self.dataset($0, connection) }
    }
  }

  package func counts(_ stored: StoredDataset) async throws -> DatasetCounts {
    try await read { connection in
      var counts = DatasetCounts()
      // One walk over the index in its order; grouping by both columns would sort every record.
      let statuses = try Row.fetchAll(
        connection,
        sql: """
          SELECT status, \(Split.allCases.map {
            "count(*) FILTER (WHERE split = '\($0.rawValue)') AS \($0.rawValue)"
          }.joined(separator: ", "))
          FROM record INDEXED BY record_by_status WHERE dataset_id = ? GROUP BY status
          """, arguments: [stored.id])
      for split in Split.allCases {
        for row in statuses {
          let records: Int = row[split.rawValue]
          guard records > 0, let status = RecordStatus(rawValue: row["status"]) else { continue }
          counts.cells.append(.init(split: split, status: status, records: records))
        }
      }
      let agents = try Row.fetchCursor(
        connection,
        sql: """
          SELECT agent, count(*) - count(failure_kind) AS n, count(failure_kind) AS failures
          FROM suggestion WHERE dataset_id = ? GROUP BY agent ORDER BY agent
          """, arguments: [stored.id])
      while let row = try agents.next() {
        counts.agents.append(
          .init(agent: row["agent"], suggestions: row["n"], failures: row["failures"]))
      }
      // The question's order, and a zero where no one has chosen a label.
      counts.labels = try Row.fetchAll(
        connection,
        sql: """
          SELECT name, (SELECT count(*) FROM response
            WHERE dataset_id = l.dataset_id AND status = 'submitted' AND label = l.name) AS n
          FROM label l WHERE dataset_id = ? ORDER BY position
          """, arguments: [stored.id]
      ).map { .init(label: $0["name"], responses: $0["n"]) }
      counts.queues = try Self.queueCounts(stored, connection).map {
        .init(queue: $0.queue, records: $0.records)
      }
      return counts
    }
  }

  static func noDataset(_ name: String, _ connection: Connection) throws -> StorageError {
    let names = try String.fetchAll(connection, sql: "SELECT name FROM dataset ORDER BY name")
    return StorageError(
      .notFound,
      names.isEmpty
        ? "no data set '\(shown(name))', nor any other yet: run lauter dataset create"
        : "no data set '\(shown(name))'; there are \(listing(names, none: ""))")
  }

  private static func dataset(_ row: Row, _ connection: Connection) throws -> StoredDataset {
    let id: Int64 = row["id"]
    let labels = try Row.fetchAll(
      connection, sql: "SELECT name, description FROM label WHERE dataset_id = ? ORDER BY position",
      arguments: [id]
    ).map { Label(name: $0["name"], description: $0["description"]) }
    let fields = try JSONDecoder().decode(
      [TextField].self, from: Data((row["fields"] as String).utf8))
    return StoredDataset(
      id: id,
      dataset: try Dataset(
        name: Name(row["name"]), guidelines: row["guidelines"], fields: fields,
        question: Question(
          name: row["question_name"], title: row["question_title"], labels: labels),
        promptTemplate: row["prompt_template"]),
      createTimeMs: row["create_time_ms"])
  }
}

/// A name from outside, cut to a length fit for a message.
func shown(_ name: String) -> String {
  name.unicodeScalars.count > 80 ? String(name.unicodeScalars.prefix(80)) + "…" : name
}
