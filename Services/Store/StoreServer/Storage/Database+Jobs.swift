import Foundation
import GRDB

package enum JobKind: String, Sendable, Hashable {
  case labelling, training
}

package enum JobState: String, Sendable, Hashable {
  case queued, running, succeeded, failed, cancelled

  package var isFinal: Bool { self != .queued && self != .running }
}

/// Work for a labeller or trainer. Specification, progress and result are messages of the contract as
/// protobuf, which the storage keeps and does not read.
package struct StoredJob: Sendable, Hashable {
  package var id: Int64
  package var dataset: String
  package var kind: JobKind
  package var spec: [UInt8]
  package var state: JobState
  package var progress: [UInt8]?
  package var result: [UInt8]?
  package var error: String
  /// How often it has been claimed.
  package var attempt: UInt32
  /// How many of the attempts ended because the worker handed the job back.
  package var handedBack: UInt32
  package var worker: String
  package var cancelRequested: Bool
  package var createTimeMs: Int64
  /// When it was first claimed.
  package var startTimeMs: Int64?
  package var finishTimeMs: Int64?
}

/// A worker's right to a job: that of its latest claim, until it runs out.
package struct JobLease: Sendable, Hashable {
  package var job: Int64
  package var attempt: UInt32

  package init(job: Int64, attempt: UInt32) {
    self.job = job
    self.attempt = attempt
  }
}

extension Database {
  /// A job that lost its worker so often is failed instead of queued once more.
  package static let maxAttempts: UInt32 = 5

  package func createJob(
    _ kind: JobKind, spec: [UInt8], on dataset: StoredDataset
  ) async throws -> StoredJob {
    let time = now()
    return try await write { connection in
      try connection.execute(
        sql: """
          INSERT INTO job (dataset_id, kind, spec, state, create_time_ms)
          VALUES (?, ?, ?, 'queued', ?)
          """, arguments: [dataset.id, kind.rawValue, Self.blob(spec), time])
      return try Self.job(connection.lastInsertedRowID, connection)
    }
  }

  /// - Throws: `StorageError.Kind.notFound`.
  package func job(_ id: Int64) async throws -> StoredJob {
    try await read { try Self.job(id, $0) }
  }

  /// Newest first, of every data set if none is named.
  package func jobs(of dataset: StoredDataset? = nil) async throws -> [StoredJob] {
    try await read { connection in
      try Row.fetchAll(
        connection,
        sql: """
          \(Self.jobSQL) WHERE ?1 IS NULL OR job.dataset_id = ?1 ORDER BY job.id DESC
          """, arguments: [dataset?.id]
      ).map(Self.job)
    }
  }

  /// Gives the oldest queued job of the kind to a worker.
  ///
  /// - Parameter lease: in milliseconds.
  package func claimJob(
    _ kind: JobKind, worker: String, lease: Int64
  ) async throws -> StoredJob? {
    let time = now()
    // Most polls find nothing, and a look costs no commit.
    let any = try await read {
      try Bool.fetchOne(
        $0, sql: "SELECT EXISTS (SELECT 1 FROM job WHERE kind = ? AND state = 'queued')",
        arguments: [kind.rawValue]) ?? false
    }
    guard any else { return nil }
    return try await write { connection in
      let id = try Int64.fetchOne(
        connection, sql: Self.claimSQL,
        arguments: [
          "kind": kind.rawValue, "worker": worker, "expiry": time + lease, "now": time,
        ])
      return try id.map { try Self.job($0, connection) }
    }
  }

  static let claimSQL = """
    UPDATE job SET state = 'running', attempt = attempt + 1, worker = :worker,
      lease_expiry_ms = :expiry, start_time_ms = coalesce(start_time_ms, :now)
    WHERE id = (SELECT id FROM job WHERE kind = :kind AND state = 'queued' ORDER BY id LIMIT 1)
    RETURNING id
    """

  /// Extends a lease and keeps the progress.
  ///
  /// - Returns: the job, whose `cancelRequested` the worker must heed.
  /// - Throws: `StorageError.Kind.leaseLost`.
  package func heartbeat(
    _ lease: JobLease, progress: [UInt8]?, extendingBy duration: Int64
  ) async throws -> StoredJob {
    let time = now()
    return try await write { connection in
      try Self.check(lease, dataset: nil, time, connection)
      try connection.execute(
        sql: """
          UPDATE job SET lease_expiry_ms = ?, progress = coalesce(?, progress) WHERE id = ?
          """, arguments: [time + duration, progress.map(Self.blob), lease.job])
      return try Self.job(lease.job, connection)
    }
  }

  /// Ends a job, or hands it back: as queued, without counting as an attempt and without progress, since whoever
  /// takes it up begins anew. One that is to be cancelled is not queued again but ends there. The same once more by the
  /// same worker is no error: its first answer may have been lost.
  ///
  /// - Throws: `StorageError.Kind.leaseLost`.
  package func finishJob(
    _ lease: JobLease, as state: JobState, error: String, result: [UInt8]?
  ) async throws -> StoredJob {
    precondition(state != .running, "a job ends as succeeded, failed or cancelled, or is queued")
    let time = now()
    return try await write { connection in
      let job = try Self.job(lease.job, connection)
      let state = state == .queued && job.cancelRequested ? .cancelled : state
      if job.state == state && job.attempt == lease.attempt { return job }
      try Self.check(lease, dataset: nil, time, connection)
      try connection.execute(
        sql: """
          UPDATE job SET state = ?1, error = ?2, result = ?3, finish_time_ms = ?4,
            lease_expiry_ms = NULL, handed_back = handed_back + (?1 = 'queued'),
            progress = iif(?1 = 'queued', NULL, progress) WHERE id = ?5
          """,
        arguments: [
          state.rawValue, error, result.map(Self.blob), state.isFinal ? time : nil, lease.job,
        ])
      return try Self.job(lease.job, connection)
    }
  }

  /// Ends a queued job at once and tells a running one's worker; a finished one stays as it is.
  package func cancelJob(_ id: Int64) async throws -> StoredJob {
    let time = now()
    return try await write { connection in
      try connection.execute(
        sql: """
          UPDATE job SET cancel_requested = 1, finish_time_ms = iif(state = 'queued', ?1, NULL),
            state = iif(state = 'queued', 'cancelled', state)
          WHERE id = ?2 AND state IN ('queued', 'running')
          """, arguments: [time, id])
      return try Self.job(id, connection)
    }
  }

  /// Takes jobs back from workers whose leases ran out: to the queue, or to an end if they were to be
  /// cancelled or have been tried too often.
  ///
  /// - Returns: the jobs that changed.
  package func sweepJobs() async throws -> [StoredJob] {
    let time = now()
    let expired = try await read {
      try Int64.fetchAll($0, sql: Self.expiredSQL, arguments: ["now": time])
    }
    if expired.isEmpty { return [] }
    return try await write { connection in
      // Asked again: a heartbeat may have come in between.
      try Int64.fetchAll(connection, sql: Self.expiredSQL, arguments: ["now": time]).map { id in
        let job = try Self.job(id, connection)
        let lost = job.attempt - job.handedBack
        let (state, error): (JobState, String) =
          if job.cancelRequested {
            (.cancelled, "")
          } else if lost >= Self.maxAttempts {
            (
              .failed,
              "its worker stopped answering \(lost) times, the last time '\(job.worker)'; "
                + "see the worker's log, then create the job again"
            )
          } else {
            (.queued, "")
          }
        try connection.execute(
          sql: """
            UPDATE job SET state = ?1, error = ?2, lease_expiry_ms = NULL, finish_time_ms = ?3,
              progress = iif(?1 = 'queued', NULL, progress) WHERE id = ?4
            """, arguments: [state.rawValue, error, state.isFinal ? time : nil, id])
        return try Self.job(id, connection)
      }
    }
  }

  static let expiredSQL = "SELECT id FROM job WHERE state = 'running' AND lease_expiry_ms <= :now"

  /// - Parameter dataset: what the job must be about, if it matters.
  static func check(
    _ lease: JobLease, dataset: StoredDataset?, _ time: Int64, _ connection: Connection
  ) throws {
    let row = try Row.fetchOne(
      connection,
      sql: """
        SELECT state, attempt, dataset_id,
          coalesce(lease_expiry_ms > ?, 0) AS valid FROM job WHERE id = ?
        """, arguments: [time, lease.job])
    guard let row else { throw noJob("\(lease.job)") }
    guard row["state"] == JobState.running.rawValue, row["attempt"] == lease.attempt, row["valid"]
    else {
      throw StorageError(
        .leaseLost,
        "the lease of job \(lease.job), attempt \(lease.attempt), is lost: the job is "
          + "\(row["state"] as String), attempt \(row["attempt"] as Int); stop working on it")
    }
    if let dataset, row["dataset_id"] != dataset.id {
      throw StorageError(
        .invalid, "job \(lease.job) is not about the data set '\(dataset.dataset.name)'")
    }
  }

  private static let jobSQL = """
    SELECT job.*, dataset.name AS dataset_name FROM job JOIN dataset ON dataset.id = job.dataset_id
    """

  static func noJob(_ id: String) -> StorageError {
    StorageError(.notFound, "no job '\(shown(id))': see lauter jobs")
  }

  static func job(_ id: Int64, _ connection: Connection) throws -> StoredJob {
    guard
      let row = try Row.fetchOne(connection, sql: "\(jobSQL) WHERE job.id = ?", arguments: [id])
    else { throw noJob("\(id)") }
    return try job(row)
  }

  private static func job(_ row: Row) throws -> StoredJob {
    guard let kind = JobKind(rawValue: row["kind"]), let state = JobState(rawValue: row["state"])
    else { throw StorageError(.failed, "job \(row["id"] as Int64) is damaged") }
    return StoredJob(
      id: row["id"], dataset: row["dataset_name"], kind: kind, spec: bytes(row["spec"]),
      state: state, progress: (row["progress"] as Data?).map { Array($0) },
      result: (row["result"] as Data?).map { Array($0) }, error: row["error"],
      attempt: row["attempt"], handedBack: row["handed_back"], worker: row["worker"],
      cancelRequested: row["cancel_requested"],
      createTimeMs: row["create_time_ms"], startTimeMs: row["start_time_ms"],
      finishTimeMs: row["finish_time_ms"])
  }

  static func blob(_ bytes: [UInt8]) -> Data { Data(bytes) }
  static func bytes(_ data: Data) -> [UInt8] { Array(data) }
}
