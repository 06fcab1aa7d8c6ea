import Foundation
import GRDB
package import Schema

/// A file of an encoder or model: where it stands below the folder, and which artefact it is.
package struct StoredFile: Sendable, Hashable {
  package var path: String
  /// "sha256:" and 64 hexadecimal digits.
  package var digest: String
  package var sizeBytes: Int64

  package init(path: String, digest: String, sizeBytes: Int64) {
    self.path = path
    self.digest = digest
    self.sizeBytes = sizeBytes
  }
}

/// A body before fine-tuning.
package struct StoredEncoder: Sendable, Hashable {
  package var name: String
  package var digest: String
  /// By path.
  package var files: [StoredFile]
  package var source: String
  package var isDefault: Bool
  package var createTimeMs: Int64
}

/// A model to publish: everything but its version and time.
package struct NewModel: Sendable, Hashable {
  package var name: Name
  package var dataset: String
  /// In the order of the head's rows.
  package var labels: [String]
  package var digest: String
  /// By path.
  package var files: [StoredFile]
  package var encoder: String
  package var encoderDigest: String
  /// `TrainingSpec`, `Evaluation` and `CrossValidation` as protobuf, which the storage does not read.
  package var training: [UInt8]?
  package var evaluation: [UInt8]?
  package var crossValidation: [UInt8]?
  package var trainRecords: UInt64

  package init(
    name: Name, dataset: String, labels: [String], digest: String, files: [StoredFile],
    encoder: String, encoderDigest: String, training: [UInt8]? = nil, evaluation: [UInt8]? = nil,
    crossValidation: [UInt8]? = nil, trainRecords: UInt64
  ) {
    self.name = name
    self.dataset = dataset
    self.labels = labels
    self.digest = digest
    self.files = files
    self.encoder = encoder
    self.encoderDigest = encoderDigest
    self.training = training
    self.evaluation = evaluation
    self.crossValidation = crossValidation
    self.trainRecords = trainRecords
  }
}

/// A published model. It never changes.
package struct StoredModel: Sendable, Hashable {
  package var model: NewModel
  package var version: UInt64
  package var createTimeMs: Int64
}

// MARK: Artefacts

extension Database {
  /// Notes that an artefact is on disk. Noting it again is harmless.
  package func addArtefact(digest: String, sizeBytes: Int64) async throws {
    let time = now()
    try await write {
      try $0.execute(
        sql: """
          INSERT INTO artefact (digest, size_bytes, create_time_ms) VALUES (?, ?, ?)
          ON CONFLICT (digest) DO NOTHING
          """, arguments: [digest, sizeBytes, time])
    }
  }

  /// The sizes of those of the artefacts that are there, by digest.
  package func artefactSizes(_ digests: [String]) async throws -> [String: Int64] {
    try await read { try Self.artefactSizes(digests, $0) }
  }

  private static func artefactSizes(
    _ digests: [String], _ connection: Connection
  ) throws -> [String: Int64] {
    let statement = try connection.cachedStatement(
      sql: "SELECT size_bytes FROM artefact WHERE digest = ?")
    var sizes: [String: Int64] = [:]
    for digest in digests {
      sizes[digest] = try Int64.fetchOne(statement, arguments: [digest])
    }
    return sizes
  }

  private static func requireArtefacts(
    of files: [StoredFile], _ connection: Connection
  ) throws {
    let sizes = try artefactSizes(files.map(\.digest), connection)
    let missing = files.filter { sizes[$0.digest] == nil }.map(\.path)
    guard missing.isEmpty else {
      throw StorageError(
        .precondition, "not uploaded yet: \(listing(missing, none: "")); upload the files first")
    }
    for file in files where sizes[file.digest] != file.sizeBytes {
      throw StorageError(
        .invalid,
        "the file '\(file.path)' has \(sizes[file.digest] ?? 0) bytes, not \(file.sizeBytes)")
    }
  }
}

// MARK: Encoders

extension Database {
  /// Registers or replaces an encoder. The first becomes the default; a replaced default stays it.
  ///
  /// - Throws: `StorageError.Kind.precondition` naming the files that were not uploaded.
  package func registerEncoder(
    _ name: Name, digest: String, files: [StoredFile], source: String, makeDefault: Bool
  ) async throws -> StoredEncoder {
    let time = now()
    return try await write { connection in
      try Self.requireArtefacts(of: files, connection)
      try connection.execute(
        sql: """
          INSERT INTO encoder (name, digest, source, is_default, create_time_ms)
          VALUES (?, ?, ?, 0, ?) ON CONFLICT (name) DO UPDATE SET
            create_time_ms = iif(digest = excluded.digest, create_time_ms, excluded.create_time_ms),
            digest = excluded.digest, source = excluded.source
          """, arguments: [name.description, digest, source, time])
      let id = try Int64.fetchOne(
        connection, sql: "SELECT id FROM encoder WHERE name = ?", arguments: [name.description])
      try connection.execute(sql: "DELETE FROM encoder_file WHERE encoder_id = ?", arguments: [id])
      for file in files {
        try connection.execute(
          sql: """
            INSERT INTO encoder_file (encoder_id, path, digest, size_bytes) VALUES (?, ?, ?, ?)
            """, arguments: [id, file.path, file.digest, file.sizeBytes])
      }
      let anyDefault =
        try Bool.fetchOne(connection, sql: "SELECT EXISTS (SELECT 1 FROM encoder WHERE is_default)")
        ?? false
      if makeDefault || !anyDefault {
        try connection.execute(sql: "UPDATE encoder SET is_default = 0 WHERE is_default")
        try connection.execute(
          sql: "UPDATE encoder SET is_default = 1 WHERE id = ?", arguments: [id])
      }
      return try Self.encoder(name.description, connection)
    }
  }

  /// - Parameter name: empty for the default encoder.
  /// - Throws: `StorageError.Kind.notFound`, naming the encoders there are; `.precondition` if the
  ///   default is asked for and there is none.
  package func encoder(_ name: String) async throws -> StoredEncoder {
    try await read { try Self.encoder(name, $0) }
  }

  /// By name.
  package func encoders() async throws -> [StoredEncoder] {
    try await read { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM encoder ORDER BY name")
        .map { try Self.encoder($0, connection) }
    }
  }

  private static func encoder(_ name: String, _ connection: Connection) throws -> StoredEncoder {
    let row = try Row.fetchOne(
      connection,
      sql: "SELECT * FROM encoder WHERE \(name.isEmpty ? "is_default AND ?1 = ''" : "name = ?1")",
      arguments: [name])
    if let row { return try encoder(row, connection) }
    if name.isEmpty {
      throw StorageError(.precondition, "no encoder yet: run lauter encoder pull")
    }
    let names = try String.fetchAll(connection, sql: "SELECT name FROM encoder ORDER BY name")
    throw StorageError(
      .notFound,
      names.isEmpty
        ? "no encoder '\(shown(name))', nor any other yet: run lauter encoder pull"
        : "no encoder '\(shown(name))'; there are \(listing(names, none: ""))")
  }

  private static func encoder(_ row: Row, _ connection: Connection) throws -> StoredEncoder {
    StoredEncoder(
      name: row["name"], digest: row["digest"],
      files: try files("encoder_file WHERE encoder_id", row["id"], connection),
      source: row["source"], isDefault: row["is_default"], createTimeMs: row["create_time_ms"])
  }

  private static func files(
    _ whose: String, _ id: Int64, _ connection: Connection
  ) throws -> [StoredFile] {
    try Row.fetchAll(
      connection, sql: "SELECT path, digest, size_bytes FROM \(whose) = ? ORDER BY path",
      arguments: [id]
    ).map { StoredFile(path: $0["path"], digest: $0["digest"], sizeBytes: $0["size_bytes"]) }
  }
}

// MARK: Models

extension Database {
  /// Publishes the next version of a model.
  ///
  /// - Parameter queues: each replaces the data set's queue of that name.
  /// - Returns: the version, and whether it is new: a job that has published already gets the version
  ///   it has published.
  /// - Throws: `StorageError.Kind.leaseLost`; `.precondition` naming the files that were not uploaded.
  package func publish(
    _ model: NewModel, from dataset: StoredDataset, queues: [NewQueue] = [],
    lease: JobLease? = nil
  ) async throws -> (model: StoredModel, isNew: Bool) {
    let time = now()
    return try await write { connection in
      if let lease {
        try Self.check(lease, dataset: dataset, time, connection)
        let published = try Row.fetchOne(
          connection, sql: "SELECT * FROM model WHERE job_id = ?", arguments: [lease.job])
        if let published { return (try Self.model(published, connection), false) }
      }
      try Self.requireArtefacts(of: model.files, connection)
      let labels = String(decoding: try JSONEncoder().encode(model.labels), as: UTF8.self)
      try connection.execute(
        sql: """
          INSERT INTO model (name, version, dataset, labels, digest, encoder, encoder_digest,
            training, evaluation, cross_validation, train_records, job_id, create_time_ms)
          VALUES (?1, (SELECT coalesce(max(version), 0) + 1 FROM model WHERE name = ?1),
            ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
          """,
        arguments: [
          model.name.description, model.dataset, labels, model.digest, model.encoder,
          model.encoderDigest, model.training.map(Self.blob), model.evaluation.map(Self.blob),
          model.crossValidation.map(Self.blob), Int64(clamping: model.trainRecords), lease?.job,
          time,
        ])
      let id = connection.lastInsertedRowID
      for file in model.files {
        try connection.execute(
          sql: "INSERT INTO model_file (model_id, path, digest, size_bytes) VALUES (?, ?, ?, ?)",
          arguments: [id, file.path, file.digest, file.sizeBytes])
      }
      let row = try Row.fetchOne(
        connection, sql: "SELECT * FROM model WHERE id = ?", arguments: [id])
      guard let row else { throw StorageError(.failed, "the model could not be written") }
      try Self.replace(
        queues, of: dataset, model: model.name, version: row["version"], connection)
      return (try Self.model(row, connection), true)
    }
  }

  /// - Parameter version: 0 for the latest.
  /// - Throws: `StorageError.Kind.notFound`, naming the models or versions there are.
  package func model(_ name: String, version: UInt64) async throws -> StoredModel {
    try await read { connection in
      let row = try Row.fetchOne(
        connection,
        sql: """
          SELECT * FROM model WHERE name = ?1 AND (?2 = 0 OR version = ?2)
          ORDER BY version DESC LIMIT 1
          """, arguments: [name, Int64(clamping: version)])
      if let row { return try Self.model(row, connection) }
      let latest = try Int64.fetchOne(
        connection, sql: "SELECT max(version) FROM model WHERE name = ?", arguments: [name])
      if let latest {
        throw StorageError(
          .notFound,
          "no version \(version) of the model '\(shown(name))'; its versions are 1 to \(latest)")
      }
      let names = try String.fetchAll(
        connection, sql: "SELECT DISTINCT name FROM model ORDER BY name")
      throw StorageError(
        .notFound,
        names.isEmpty
          ? "no model '\(shown(name))', nor any other yet: run lauter train"
          : "no model '\(shown(name))'; there are \(listing(names, none: ""))")
    }
  }

  /// Newest first, of every name if `name` is empty.
  package func models(_ name: String = "") async throws -> [StoredModel] {
    try await read { connection in
      try Row.fetchAll(
        connection,
        sql: "SELECT * FROM model WHERE ?1 = '' OR name = ?1 ORDER BY id DESC", arguments: [name]
      ).map { try Self.model($0, connection) }
    }
  }

  private static func model(_ row: Row, _ connection: Connection) throws -> StoredModel {
    StoredModel(
      model: NewModel(
        name: try Name(row["name"]), dataset: row["dataset"],
        labels: try JSONDecoder().decode([String].self, from: Data((row["labels"] as String).utf8)),
        digest: row["digest"],
        files: try files("model_file WHERE model_id", row["id"], connection),
        encoder: row["encoder"], encoderDigest: row["encoder_digest"],
        training: (row["training"] as Data?).map { Array($0) },
        evaluation: (row["evaluation"] as Data?).map { Array($0) },
        crossValidation: (row["cross_validation"] as Data?).map { Array($0) },
        trainRecords: row["train_records"]),
      version: row["version"], createTimeMs: row["create_time_ms"])
  }
}
