package import RPC
package import Schema
package import Wire

/// What the trainer reads of the store, as Schema's values.
package struct StoreReader: Sendable {
  private let datasets: StoreV1.DatasetServiceClient
  private let records: StoreV1.RecordServiceClient
  private let encoders: StoreV1.EncoderServiceClient
  private let models: StoreV1.ModelServiceClient
  /// For calls that answer at once; exports take as long as they take.
  private let options = CallOptions(timeout: .seconds(30))

  package init(_ channel: RPCChannel) {
    datasets = StoreV1.DatasetServiceClient(channel)
    records = StoreV1.RecordServiceClient(channel)
    encoders = StoreV1.EncoderServiceClient(channel)
    models = StoreV1.ModelServiceClient(channel)
  }

  package func dataset(_ name: String) async throws -> Dataset {
    let answer = try await datasets.getDataset(.init(name: name), options: options)
    guard let dataset = answer.dataset else { throw absent("data set '\(name)'") }
    return try Dataset(dataset)
  }

  /// Every record of a split, or those with a submitted response alone.
  package func records(
    of dataset: String, split: Split, completedOnly: Bool
  ) async throws -> [Record] {
    let filter = StoreV1.RecordFilter(
      dataset: dataset, status: completedOnly ? .completed : .unspecified, split: .init(split))
    return try await records.exportRecords(.init(filter: filter)) { batches in
      var records: [Record] = []
      for try await batch in batches {
        for record in batch.records { records.append(try Record(record)) }
      }
      return records
    }
  }

  /// An empty name means the default encoder.
  package func encoder(_ name: String) async throws -> StoreV1.Encoder {
    let answer = try await encoders.getEncoder(.init(name: name), options: options)
    guard let encoder = answer.encoder else { throw absent("encoder '\(name)'") }
    return encoder
  }

  /// Version 0 means the latest.
  package func model(_ name: String, version: UInt64) async throws -> StoreV1.Model {
    let answer = try await models.getModel(.init(name: name, version: version), options: options)
    guard let model = answer.model else { throw absent("model '\(name)'") }
    return model
  }

  package func publish(
    _ model: StoreV1.Model, queues: [StoreV1.Queue], lease: StoreV1.Lease
  ) async throws -> StoreV1.Model {
    let answer = try await models.publishModel(
      .init(model: model, lease: lease, queues: queues), options: options)
    guard let model = answer.model else { throw absent("published model") }
    return model
  }

  private func absent(_ what: String) -> RPCError {
    RPCError(code: .internalError, message: "the store answered without the \(what)")
  }
}
