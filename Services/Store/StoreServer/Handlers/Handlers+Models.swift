import Artefacts
import RPC
import Schema
import Wire

// MARK: Artefacts

extension Handlers: StoreV1.ArtefactService {
  private static let chunkBytes = 256 * 1024

  func uploadArtefact(
    _ requests: RequestStream<StoreV1.UploadArtefactRequest>, context: CallContext
  ) async throws -> StoreV1.UploadArtefactResponse {
    try await answering {
      var expected: Digest?
      var isFirst = true
      let upload = try await artefacts.upload()
      for try await request in requests {
        if !request.digest.isEmpty {
          let digest = try Self.digest(request.digest)
          guard isFirst || digest == expected else {
            throw Self.invalid("digest: it belongs in the first request")
          }
          expected = digest
        }
        isFirst = false
        try await artefacts.write(request.chunk, to: upload)
      }
      let (digest, size) = try await artefacts.finish(upload, expecting: expected)
      try await database.addArtefact(digest: digest.description, sizeBytes: size)
      return StoreV1.UploadArtefactResponse(
        digest: digest.description, sizeBytes: UInt64(size))
    }
  }

  func downloadArtefact(
    _ request: StoreV1.DownloadArtefactRequest,
    responses: ResponseWriter<StoreV1.DownloadArtefactResponse>,
    context: CallContext
  ) async throws {
    try await answering {
      let digest = try Self.digest(request.digest)
      guard let size = try await database.artefactSizes([digest.description])[digest.description]
      else {
        throw RPCError(
          code: .notFound, message: "no artefact \(digest): upload it, or check the digest")
      }
      guard request.offset <= UInt64(size) else {
        throw RPCError(
          code: .outOfRange,
          message: "offset: \(request.offset) is past the artefact's end at \(size)")
      }
      let file = try await artefacts.open(digest)
      var offset = Int64(request.offset)
      var isFirst = true
      repeat {
        let count = Int(min(Int64(Self.chunkBytes), size - offset))
        let chunk = count == 0 ? [] : try await artefacts.read(file, at: offset, count: count)
        guard count == 0 || !chunk.isEmpty else {
          throw StorageError(
            .corrupted,
            "the artefact \(digest) is cut short in the store's data folder: "
              + "upload it again")
        }
        offset += Int64(chunk.count)
        try await responses.write(.init(chunk: chunk, sizeBytes: isFirst ? UInt64(size) : 0))
        isFirst = false
      } while offset < size
    }
  }

  func findArtefacts(
    _ request: StoreV1.FindArtefactsRequest, context: CallContext
  ) async throws -> StoreV1.FindArtefactsResponse {
    try await answering {
      let digests = try request.digests.map { try Self.digest($0).description }
      let sizes = try await database.artefactSizes(digests)
      return StoreV1.FindArtefactsResponse(found: digests.filter { sizes[$0] != nil })
    }
  }

  static func digest(_ text: String) throws -> Digest {
    guard let digest = Digest(text) else {
      throw invalid("digest: a digest is \"sha256:\" and 64 hexadecimal digits in lower case")
    }
    return digest
  }

  /// The files of an encoder or model in the order of their paths, and the digest that names them all.
  private static func manifest(
    _ files: [StoreV1.File]
  ) throws -> (files: [StoredFile], digest: String) {
    let manifest = try FileManifest(files)
    return (
      manifest.files.map {
        StoredFile(
          path: $0.path, digest: $0.digest.description, sizeBytes: Int64(clamping: $0.sizeBytes))
      }, manifest.digest.description
    )
  }
}

// MARK: Encoders

extension Handlers: StoreV1.EncoderService {
  func registerEncoder(
    _ request: StoreV1.RegisterEncoderRequest, context: CallContext
  ) async throws -> StoreV1.RegisterEncoderResponse {
    try await answering {
      let name = try Name(request.name)
      let (files, digest) = try Self.manifest(request.files)
      let encoder = try await database.registerEncoder(
        name, digest: digest, files: files, source: request.source,
        makeDefault: request.makeDefault)
      return StoreV1.RegisterEncoderResponse(encoder: .init(encoder))
    }
  }

  func getEncoder(
    _ request: StoreV1.GetEncoderRequest, context: CallContext
  ) async throws -> StoreV1.GetEncoderResponse {
    try await answering {
      StoreV1.GetEncoderResponse(encoder: .init(try await database.encoder(request.name)))
    }
  }

  func listEncoders(
    _ request: StoreV1.ListEncodersRequest, context: CallContext
  ) async throws -> StoreV1.ListEncodersResponse {
    try await answering {
      StoreV1.ListEncodersResponse(encoders: try await database.encoders().map { .init($0) })
    }
  }
}

// MARK: Models

extension Handlers: StoreV1.ModelService {
  func publishModel(
    _ request: StoreV1.PublishModelRequest, context: CallContext
  ) async throws -> StoreV1.PublishModelResponse {
    try await answering {
      guard let message = request.model else { throw Self.invalid("model: none is given") }
      let dataset = try await dataset(message.dataset)
      guard message.labels.count >= 2 else {
        throw Self.invalid("model.labels: a model has at least two labels, in the head's order")
      }
      let (files, digest) = try Self.manifest(message.files)
      let model = NewModel(
        name: try Name(message.name, field: "model.name"), dataset: message.dataset,
        labels: message.labels, digest: digest, files: files, encoder: message.encoder,
        encoderDigest: message.encoderDigest, training: try message.training?.bytes,
        evaluation: try message.evaluation?.bytes,
        crossValidation: try message.crossValidation?.bytes, trainRecords: message.trainRecords)
      let lease = try request.lease.map { try JobLease($0) }
      let (published, isNew) = try await database.publish(
        model, from: dataset,
        queues: try request.queues.map { try NewQueue($0, of: dataset.dataset) },
        lease: lease)
      if isNew { changes.announce(.models) }
      return StoreV1.PublishModelResponse(model: try .init(published))
    }
  }

  func getModel(
    _ request: StoreV1.GetModelRequest, context: CallContext
  ) async throws -> StoreV1.GetModelResponse {
    try await answering {
      guard !request.name.isEmpty else { throw Self.invalid("name: name the model") }
      let model = try await database.model(request.name, version: request.version)
      return StoreV1.GetModelResponse(model: try .init(model))
    }
  }

  func listModels(
    _ request: StoreV1.ListModelsRequest, context: CallContext
  ) async throws -> StoreV1.ListModelsResponse {
    try await answering {
      StoreV1.ListModelsResponse(
        models: try await database.models(request.name).map { try .init($0) })
    }
  }

  func watchModels(
    _ request: StoreV1.WatchModelsRequest, responses: ResponseWriter<StoreV1.WatchModelsResponse>,
    context: CallContext
  ) async throws {
    try await answering {
      if !request.name.isEmpty { _ = try Name(request.name) }
      var changed = changes.of(.models).makeAsyncIterator()
      var sent: [Name: UInt64] = [:]
      for model in try await database.models(request.name) where sent[model.model.name] == nil {
        try await responses.write(.init(model: .init(model)))
        sent[model.model.name] = model.version
      }
      while await changed.next() != nil {
        // Oldest first, and each version, however many came together.
        for model in try await database.models(request.name).reversed()
        where model.version > sent[model.model.name, default: 0] {
          try await responses.write(.init(model: .init(model)))
          sent[model.model.name] = model.version
        }
      }
      try Task.checkCancellation()
      throw Self.stopping
    }
  }
}

// MARK: Conversions

extension StoreV1.File {
  fileprivate init(_ file: StoredFile) {
    self.init(path: file.path, digest: file.digest, sizeBytes: UInt64(file.sizeBytes))
  }
}

extension StoreV1.Encoder {
  fileprivate init(_ encoder: StoredEncoder) {
    self.init(
      name: encoder.name, digest: encoder.digest, files: encoder.files.map { .init($0) },
      source: encoder.source, isDefault: encoder.isDefault, createTimeMs: encoder.createTimeMs)
  }
}

extension StoreV1.Model {
  fileprivate init(_ stored: StoredModel) throws {
    let model = stored.model
    self.init(
      name: model.name.description, version: stored.version, dataset: model.dataset,
      labels: model.labels, digest: model.digest, files: model.files.map { .init($0) },
      encoder: model.encoder, encoderDigest: model.encoderDigest,
      training: try model.training.map { try .init(stored: $0) },
      evaluation: try model.evaluation.map { try .init(stored: $0) },
      trainRecords: model.trainRecords, createTimeMs: stored.createTimeMs,
      crossValidation: try model.crossValidation.map { try .init(stored: $0) })
  }
}

extension NewQueue {
  fileprivate init(_ message: StoreV1.Queue, of dataset: Dataset) throws {
    self.init(
      name: try Name(message.name, field: "queues.name"),
      entries: try message.entries.map { entry in
        guard (0...1).contains(entry.score) else {
          throw SchemaError(field: "queues.entries.score", "in [0, 1], not \(entry.score)")
        }
        _ = try dataset.question.index(of: entry.label)
        return Entry(recordID: entry.recordId, score: entry.score, label: entry.label)
      })
  }
}
