import RPC
import Schema
import Wire

/// The store behind its gRPC contract.
struct RemoteStore: LabellingStore {
  private let datasets: StoreV1.DatasetServiceClient
  private let records: StoreV1.RecordServiceClient

  init(_ channel: RPCChannel) {
    datasets = StoreV1.DatasetServiceClient(channel)
    records = StoreV1.RecordServiceClient(channel)
  }

  func dataset(_ name: String) async throws -> Dataset {
    let response = try await patiently {
      try await datasets.getDataset(.init(name: name), options: .brief)
    }
    guard let dataset = response.dataset else { throw RPCError.incomplete("GetDataset") }
    return try Dataset(dataset)
  }

  func record(_ id: Int64, in dataset: String) async throws -> Record {
    let response = try await patiently {
      try await records.getRecord(.init(dataset: dataset, key: .id(id)), options: .brief)
    }
    guard let record = response.record else { throw RPCError.incomplete("GetRecord") }
    return try Record(record)
  }

  func records(
    _ filter: StoreV1.RecordFilter, token: String
  ) async throws -> (page: [StoreV1.Record], next: String) {
    let response = try await patiently {
      try await records.listRecords(
        .init(filter: filter, pageSize: 200, pageToken: token), options: .brief)
    }
    return (response.records, response.nextPageToken)
  }

  func write(
    _ suggestions: [StoreV1.Suggestion], to dataset: String, lease: StoreV1.Lease?
  ) async throws {
    _ = try await patiently {
      // Again is harmless: a suggestion replaces the agent's earlier one.
      try await records.writeSuggestions(
        .init(dataset: dataset, suggestions: suggestions, lease: lease), options: .brief)
    }
  }
}

extension ZeroShotAgent {
  /// Embeds with the store's default encoder.
  init(inference: InferenceV1.InferenceServiceClient) {
    self.init { texts in
      do {
        var vectors: [[Float]] = []
        for start in stride(from: 0, to: texts.count, by: 64) {
          let slice = Array(texts[start..<min(start + 64, texts.count)])
          let response = try await patiently {
            try await inference.embed(
              .init(source: .encoder(""), texts: slice),
              options: CallOptions(timeout: .seconds(120)))
          }
          let width = Int(response.dimensions)
          guard width > 0, response.values.count == slice.count * width else {
            throw RPCError.incomplete("Embed")
          }
          for i in slice.indices {
            vectors.append(Array(response.values[i * width..<(i + 1) * width]))
          }
        }
        return vectors
      } catch let error as RPCError where error.code == .unavailable {
        throw AgentError(
          "the inference service, which the zero-shot labeller embeds with, cannot be reached; "
            + "start it, check --inference, or configure an LLM with --llm-url (\(error.message))")
      }
    }
  }
}

extension CallOptions {
  fileprivate static let brief = CallOptions(timeout: .seconds(30))
}

extension RPCError {
  fileprivate static func incomplete(_ method: String) -> RPCError {
    RPCError(code: .internalError, message: "the answer to \(method) is not complete")
  }
}

/// Outlives a restart of the other service: an `UNAVAILABLE` call is made again for half a minute.
private func patiently<Result>(_ call: () async throws -> Result) async throws -> Result {
  let giveUp = ContinuousClock.now + .seconds(30)
  var pause = Duration.milliseconds(100)
  while true {
    do {
      return try await call()
    } catch let error as RPCError where error.code == .unavailable {
      guard .now + pause < giveUp else { throw error }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(2))
    }
  }
}
