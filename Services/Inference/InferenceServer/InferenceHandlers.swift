import RPC
import Wire

/// The inference contract, kept: checks requests, asks the shelf for the body and the queue for its
/// embeddings.
struct InferenceHandlers: InferenceV1.InferenceService {
  let shelf: ModelShelf
  let queue: ComputeQueue

  static let maxTexts = 1024
  /// In bytes of UTF-8. An encoder reads some hundred tokens of it.
  static let maxTextBytes = 256 * 1024

  func predict(
    _ request: InferenceV1.PredictRequest, context: CallContext
  ) async throws -> InferenceV1.PredictResponse {
    try check(request.texts)
    let body = try await shelf.model(request.model, version: request.version)
    guard let classifier = body.classifier else {
      throw RPCError(code: .internalError, message: "the model '\(body.name)' has no head")
    }
    let embeddings = try await queue.embed(request.texts, with: body)
    let predictions = request.texts.indices.map { index in
      let start = index * body.dimensions
      let probabilities = classifier.head.probabilities(embeddings[start..<start + body.dimensions])
      let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
      return InferenceV1.Prediction(
        label: classifier.labels[best], score: probabilities[best], probabilities: probabilities,
        labels: classifier.head.isMultiLabel
          ? classifier.head.chosen(probabilities).map { classifier.labels[$0] } : [])
    }
    return InferenceV1.PredictResponse(
      model: body.name, version: body.version, labels: classifier.labels,
      predictions: predictions, precision: body.precision.rawValue,
      multiLabel: classifier.head.isMultiLabel)
  }

  func embed(
    _ request: InferenceV1.EmbedRequest, context: CallContext
  ) async throws -> InferenceV1.EmbedResponse {
    try check(request.texts)
    let body: LoadedBody
    switch request.source {
    case .model(let name): body = try await shelf.model(name, version: 0)
    case .encoder(let name): body = try await shelf.encoder(name)
    case nil: body = try await shelf.encoder("")
    }
    let values = try await queue.embed(request.texts, with: body)
    return InferenceV1.EmbedResponse(
      dimensions: UInt32(body.dimensions), values: values, digest: body.digest,
      precision: body.precision.rawValue)
  }

  func listLoaded(
    _ request: InferenceV1.ListLoadedRequest, context: CallContext
  ) async throws -> InferenceV1.ListLoadedResponse {
    InferenceV1.ListLoadedResponse(loaded: await shelf.loaded.map(\.message))
  }

  private func check(_ texts: [String]) throws {
    guard texts.count <= Self.maxTexts else {
      throw RPCError(
        code: .invalidArgument,
        message: "texts: \(texts.count) are too many for one call, \(Self.maxTexts) the most; send "
          + "several calls")
    }
    for (index, text) in texts.enumerated() where text.utf8.count > Self.maxTextBytes {
      throw RPCError(
        code: .invalidArgument,
        message: "texts[\(index)]: \(text.utf8.count) bytes are too many, \(Self.maxTextBytes) the "
          + "most; an encoder reads the beginning only, so cut the text")
    }
  }
}
