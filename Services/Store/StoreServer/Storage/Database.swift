// Storage: the only part of the store that knows SQLite. `Database` takes and returns values of Schema
// and of this folder; no GRDB type appears in a signature outside of it, so that another engine can
// stand behind the same methods.

import Foundation
import GRDB
import Schema
import Synchronization

/// Ours, where GRDB has a class of the same name.
typealias Record = Schema.Record
typealias Connection = GRDB.Database

/// The store's tables. One writer, many readers; a write that returned is on disk.
///
/// Safe to use from any task: queries run on threads of the database's own, never on the caller's.
package final class Database: Sendable {
  private static let readerCount = 4

  let pool: DatabasePool
  private let readers = Threads("store-reader", count: readerCount)
  private let writer: Writer
  /// By name. A data set never changes and is never removed.
  let knownDatasets = Mutex<[String: StoredDataset]>([:])
  /// Milliseconds since the Unix epoch. Leases are compared with it, so that they survive a restart.
  let now: @Sendable () -> Int64

  /// Opens or creates the database, bringing older tables up to date.
  ///
  /// - Throws: `StorageError` if the file is damaged or was written by a newer version.
  package init(
    path: String,
    now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
  ) throws {
    self.now = now
    var configuration = Configuration()
    configuration.label = "lauter-store"
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(10)
    configuration.maximumReaderCount = Self.readerCount
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      writer = Writer(pool)
      // GRDB sets NORMAL when it opens a pool, which may lose the last commits with the power.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      let migrator = Self.migrator
      if try pool.read(migrator.hasBeenSuperseded) {
        throw StorageError(
          .precondition,
          "the data folder was written by a newer lauter-store; start that version")
      }
      try migrator.migrate(pool)
    } catch let error as DatabaseError {
      throw StorageError(error)
    }
  }

  /// Closes every connection. Later calls fail.
  package func close() throws { try pool.close() }

  // MARK: Transactions

  func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    try await reading { [pool] in try pool.read(body) }
  }

  /// Runs `body`, which reads, on one of the readers' threads.
  func reading<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await Self.translating { try await readers.run(body) }
  }

  /// Runs `body` in a transaction. What it changed is on disk when this returns, or not there at all.
  func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    try await Self.translating { try await writer.write(body) }
  }

  private static func translating<T>(_ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as DatabaseError { throw StorageError(error) }
  }

  // MARK: For tests

  /// `PRAGMA integrity_check`'s answer: "ok" if all is well.
  package func integrityCheck() async throws -> String {
    try await read { try String.fetchOne($0, sql: "PRAGMA integrity_check") ?? "" }
  }

  /// The value of a pragma on the writing connection.
  package func writerPragma(_ name: String) async throws -> String {
    try await write { try String.fetchOne($0, sql: "PRAGMA \(name)") ?? "" }
  }

  /// Transactions committed since the database was opened, and writes asked for and not yet answered.
  package var writes: (commits: Int, pending: Int) { (writer.commits, writer.pending) }

  /// The steps of `EXPLAIN QUERY PLAN` for each query of the hot paths, by name.
  package func queryPlans() async throws -> [String: [String]] {
    try await read { connection in
      var queries = Self.hotRecordQueries
      queries["claim"] = Self.claimSQL
      queries["expired"] = Self.expiredSQL
      queries["queue"] = Self.queueSQL
      return try queries.mapValues { sql in
        let statement = try connection.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
        // Unbound parameters are NULL, which is all the planner needs.
        statement.setUncheckedArguments([])
        return try Row.fetchAll(statement).map { $0["detail"] as String }
      }
    }
  }

  // MARK: Tables

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { try $0.execute(sql: tablesOfVersion1) }
    // How many of a job's attempts ended because the worker handed it back.
    migrator.registerMigration("2") {
      try $0.execute(sql: "ALTER TABLE job ADD COLUMN handed_back INTEGER NOT NULL DEFAULT 0")
    }
    // What training found out: about the model, and about records.
    migrator.registerMigration("3") {
      try $0.execute(sql: "ALTER TABLE model ADD COLUMN cross_validation BLOB")
      try $0.execute(sql: tablesOfQueues)
    }
    return migrator
  }

  /// Record ids are dense within a data set, so a record is (dataset_id, id). Indexes carry both the
  /// status and the split, in either order, so that counting and filtering read no record.
  private static let tablesOfVersion1 = """
    CREATE TABLE dataset (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      guidelines TEXT NOT NULL,
      fields TEXT NOT NULL,
      question_name TEXT NOT NULL,
      question_title TEXT NOT NULL,
      prompt_template TEXT,
      create_time_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE label (
      dataset_id INTEGER NOT NULL REFERENCES dataset (id),
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      PRIMARY KEY (dataset_id, position),
      UNIQUE (dataset_id, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE record (
      dataset_id INTEGER NOT NULL REFERENCES dataset (id),
      id INTEGER NOT NULL,
      external_id TEXT NOT NULL,
      fields TEXT NOT NULL,
      metadata TEXT NOT NULL,
      split TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test')),
      status TEXT NOT NULL CHECK (status IN ('pending', 'completed', 'discarded')),
      create_time_ms INTEGER NOT NULL,
      UNIQUE (dataset_id, id),
      UNIQUE (dataset_id, external_id)
    ) STRICT;
    CREATE INDEX record_by_status ON record (dataset_id, status, id, split);
    CREATE INDEX record_by_split ON record (dataset_id, split, id, status);

    CREATE TABLE suggestion (
      dataset_id INTEGER NOT NULL,
      record_id INTEGER NOT NULL,
      agent TEXT NOT NULL,
      label TEXT,
      failure_kind TEXT,
      failure_detail TEXT,
      score REAL,
      create_time_ms INTEGER NOT NULL,
      PRIMARY KEY (dataset_id, record_id, agent),
      FOREIGN KEY (dataset_id, record_id) REFERENCES record (dataset_id, id),
      CHECK ((label IS NULL) <> (failure_kind IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX suggestion_by_agent ON suggestion (dataset_id, agent, record_id, failure_kind);

    CREATE TABLE response (
      -- Grows with each write, so that it orders responses by when they were last written.
      sequence INTEGER PRIMARY KEY,
      dataset_id INTEGER NOT NULL,
      record_id INTEGER NOT NULL,
      user TEXT NOT NULL,
      label TEXT,
      status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'discarded')),
      create_time_ms INTEGER NOT NULL,
      UNIQUE (dataset_id, record_id, user),
      FOREIGN KEY (dataset_id, record_id) REFERENCES record (dataset_id, id)
    ) STRICT;
    CREATE INDEX response_by_label ON response (dataset_id, status, label);

    CREATE TABLE job (
      -- Also the order of the queue; never used twice.
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      dataset_id INTEGER NOT NULL REFERENCES dataset (id),
      kind TEXT NOT NULL CHECK (kind IN ('labelling', 'training')),
      -- Messages of lauter.store.v1, as protobuf: LabellingSpec or TrainingSpec, JobProgress,
      -- LabellingResult or TrainingResult.
      spec BLOB NOT NULL,
      progress BLOB,
      result BLOB,
      state TEXT NOT NULL
        CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
      error TEXT NOT NULL DEFAULT '',
      attempt INTEGER NOT NULL DEFAULT 0,
      worker TEXT NOT NULL DEFAULT '',
      lease_expiry_ms INTEGER,
      cancel_requested INTEGER NOT NULL DEFAULT 0,
      create_time_ms INTEGER NOT NULL,
      start_time_ms INTEGER,
      finish_time_ms INTEGER
    ) STRICT;
    CREATE INDEX job_queued ON job (kind, id) WHERE state = 'queued';
    CREATE INDEX job_running ON job (lease_expiry_ms) WHERE state = 'running';
    CREATE INDEX job_by_dataset ON job (dataset_id, id);

    CREATE TABLE artefact (
      digest TEXT PRIMARY KEY,
      size_bytes INTEGER NOT NULL,
      create_time_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE encoder (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      digest TEXT NOT NULL,
      source TEXT NOT NULL,
      is_default INTEGER NOT NULL,
      create_time_ms INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX encoder_default ON encoder (is_default) WHERE is_default;
    CREATE TABLE encoder_file (
      encoder_id INTEGER NOT NULL REFERENCES encoder (id),
      path TEXT NOT NULL,
      digest TEXT NOT NULL REFERENCES artefact (digest),
      size_bytes INTEGER NOT NULL,
      PRIMARY KEY (encoder_id, path)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE model (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      version INTEGER NOT NULL,
      dataset TEXT NOT NULL,
      labels TEXT NOT NULL,
      digest TEXT NOT NULL,
      encoder TEXT NOT NULL,
      encoder_digest TEXT NOT NULL,
      -- Messages of lauter.store.v1, as protobuf: TrainingSpec and Evaluation.
      training BLOB,
      evaluation BLOB,
      train_records INTEGER NOT NULL,
      job_id INTEGER UNIQUE REFERENCES job (id),
      create_time_ms INTEGER NOT NULL,
      UNIQUE (name, version)
    ) STRICT;
    CREATE TABLE model_file (
      model_id INTEGER NOT NULL REFERENCES model (id),
      path TEXT NOT NULL,
      digest TEXT NOT NULL REFERENCES artefact (digest),
      size_bytes INTEGER NOT NULL,
      PRIMARY KEY (model_id, path)
    ) STRICT, WITHOUT ROWID;
    """
}
