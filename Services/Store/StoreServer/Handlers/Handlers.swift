import Logging
import RPC
import Schema
import Wire

/// The promises of `lauter.store.v1`, kept on top of the tables and the artefact files. Handlers check
/// what comes in, call the storage, and tell waiting calls what changed.
struct Handlers: Sendable {
  let database: Database
  let artefacts: ArtefactFiles
  let changes: Changes
  let leaseDuration: Duration
  let logger: Logger

  var services: [ServiceDefinition] {
    [
      .datasetService(self), .recordService(self), .jobService(self), .artefactService(self),
      .encoderService(self), .modelService(self),
    ]
  }

  /// Runs a handler's body, turning the errors of storage and values into those of calls. The one
  /// place where that is decided.
  func answering<T>(
    _ body: nonisolated(nonsending) () async throws -> T
  ) async throws -> T {
    do { return try await body() } catch let error as StorageError {
      let code: RPCError.Code =
        switch error.kind {
        case .notFound: .notFound
        case .alreadyExists: .alreadyExists
        case .invalid: .invalidArgument
        case .precondition: .failedPrecondition
        case .leaseLost: .aborted
        case .corrupted: .dataLoss
        case .full: .resourceExhausted
        case .busy: .unavailable
        case .failed: .internalError
        }
      if error.kind == .failed || error.kind == .full { logger.error("\(error.message)") }
      throw RPCError(code: code, message: error.message)
    } catch let error as SchemaError {
      throw RPCError(error)
    } catch let error where !(error is RPCError || error is CancellationError) {
      // Its description may quote what was stored; its type does not.
      logger.error("a call failed unexpectedly with \(type(of: error))")
      throw RPCError(
        code: .internalError, message: "the store failed unexpectedly (\(type(of: error)))")
    }
  }

  /// What a call that waits ends with when the store stops.
  static let stopping = RPCError(
    code: .unavailable, message: "the store is stopping; call again when it is back")

  static func invalid(_ message: String) -> RPCError {
    RPCError(code: .invalidArgument, message: message)
  }

  /// A data set named in a request.
  func dataset(_ name: String) async throws -> StoredDataset {
    guard !name.isEmpty else { throw Self.invalid("dataset: name the data set") }
    return try await database.dataset(name)
  }
}

/// Runs what computes for long, away from the connections' event loops.
func computing<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
  try await computeThreads.run(work)
}

private let computeThreads = Threads("store-compute", count: 2)

extension Message {
  /// The message's bytes, as the storage keeps them.
  var bytes: [UInt8] {
    get throws {
      var buffer = MessageBuffer()
      try serialize(into: &buffer)
      return buffer.withUnsafeBytes { Array($0) }
    }
  }

  init(stored bytes: [UInt8]) throws {
    self = try bytes.withUnsafeBytes { try Self(parsing: $0) }
  }
}

// MARK: Data sets

extension Handlers: StoreV1.DatasetService {
  func createDataset(
    _ request: StoreV1.CreateDatasetRequest, context: CallContext
  ) async throws -> StoreV1.CreateDatasetResponse {
    try await answering {
      guard let message = request.dataset else { throw Self.invalid("dataset: none is given") }
      let stored = try await database.create(Dataset(message))
      return StoreV1.CreateDatasetResponse(dataset: try await answer(stored))
    }
  }

  func getDataset(
    _ request: StoreV1.GetDatasetRequest, context: CallContext
  ) async throws -> StoreV1.GetDatasetResponse {
    try await answering {
      guard !request.name.isEmpty else { throw Self.invalid("name: name the data set") }
      return StoreV1.GetDatasetResponse(
        dataset: try await answer(database.dataset(request.name)))
    }
  }

  func listDatasets(
    _ request: StoreV1.ListDatasetsRequest, context: CallContext
  ) async throws -> StoreV1.ListDatasetsResponse {
    try await answering {
      var datasets: [StoreV1.Dataset] = []
      for stored in try await database.datasets() { datasets.append(try await answer(stored)) }
      return StoreV1.ListDatasetsResponse(datasets: datasets)
    }
  }

  private func answer(_ stored: StoredDataset) async throws -> StoreV1.Dataset {
    let counts = try await database.counts(stored)
    func number(_ split: Split? = nil, _ status: RecordStatus? = nil) -> UInt64 {
      UInt64(counts.records(split: split, status: status))
    }
    return StoreV1.Dataset(
      stored.dataset, createTimeMs: stored.createTimeMs,
      counts: StoreV1.DatasetCounts(
        records: number(), pending: number(nil, .pending), completed: number(nil, .completed),
        discarded: number(nil, .discarded),
        splits: Split.allCases.filter { number($0) > 0 }.map {
          .init(split: .init($0), records: number($0), completed: number($0, .completed))
        },
        agents: counts.agents.map {
          .init(
            agent: $0.agent, suggestions: UInt64($0.suggestions), failures: UInt64($0.failures))
        },
        labels: counts.labels.map { .init(label: $0.label, responses: UInt64($0.responses)) },
        queues: counts.queues.map { .init(queue: $0.queue, records: UInt64($0.records)) }))
  }
}
