// Made by scripts/generate-protos.sh from lauter/inference/v1/inference.proto.
// swift-format-ignore-file

package import CProtos
public import RPC

/// The contract `lauter.inference.v1`.
public enum InferenceV1 {}

extension InferenceV1 {
  /// `lauter/inference/v1/inference.proto`, for reflection.
  public static let inferenceProto = ProtoFile(
    "lauter/inference/v1/inference.proto", imports: [],
    descriptor: """
      CiNsYXV0ZXIvaW5mZXJlbmNlL3YxL2luZmVyZW5jZS5wcm90bxITbGF1dGVyLmluZmVyZW5jZS52\
      MSJWCg5QcmVkaWN0UmVxdWVzdBIUCgVtb2RlbBgBIAEoCVIFbW9kZWwSGAoHdmVyc2lvbhgCIAEo\
      BFIHdmVyc2lvbhIUCgV0ZXh0cxgDIAMoCVIFdGV4dHMi2wEKD1ByZWRpY3RSZXNwb25zZRIUCgVt\
      b2RlbBgBIAEoCVIFbW9kZWwSGAoHdmVyc2lvbhgCIAEoBFIHdmVyc2lvbhIWCgZsYWJlbHMYAyAD\
      KAlSBmxhYmVscxJBCgtwcmVkaWN0aW9ucxgEIAMoCzIfLmxhdXRlci5pbmZlcmVuY2UudjEuUHJl\
      ZGljdGlvblILcHJlZGljdGlvbnMSHAoJcHJlY2lzaW9uGAUgASgJUglwcmVjaXNpb24SHwoLbXVs\
      dGlfbGFiZWwYBiABKAhSCm11bHRpTGFiZWwidgoKUHJlZGljdGlvbhIUCgVsYWJlbBgBIAEoCVIF\
      bGFiZWwSFAoFc2NvcmUYAiABKAJSBXNjb3JlEiQKDXByb2JhYmlsaXRpZXMYAyADKAJSDXByb2Jh\
      YmlsaXRpZXMSFgoGbGFiZWxzGAQgAygJUgZsYWJlbHMiYgoMRW1iZWRSZXF1ZXN0EhYKBW1vZGVs\
      GAEgASgJSABSBW1vZGVsEhoKB2VuY29kZXIYAiABKAlIAFIHZW5jb2RlchIUCgV0ZXh0cxgDIAMo\
      CVIFdGV4dHNCCAoGc291cmNlIn0KDUVtYmVkUmVzcG9uc2USHgoKZGltZW5zaW9ucxgBIAEoDVIK\
      ZGltZW5zaW9ucxIWCgZ2YWx1ZXMYAiADKAJSBnZhbHVlcxIWCgZkaWdlc3QYAyABKAlSBmRpZ2Vz\
      dBIcCglwcmVjaXNpb24YBCABKAlSCXByZWNpc2lvbiITChFMaXN0TG9hZGVkUmVxdWVzdCJJChJM\
      aXN0TG9hZGVkUmVzcG9uc2USMwoGbG9hZGVkGAEgAygLMhsubGF1dGVyLmluZmVyZW5jZS52MS5M\
      b2FkZWRSBmxvYWRlZCKAAQoGTG9hZGVkEhIKBGtpbmQYASABKAlSBGtpbmQSEgoEbmFtZRgCIAEo\
      CVIEbmFtZRIYCgd2ZXJzaW9uGAMgASgEUgd2ZXJzaW9uEhYKBmRpZ2VzdBgEIAEoCVIGZGlnZXN0\
      EhwKCXByZWNpc2lvbhgFIAEoCVIJcHJlY2lzaW9uMpcCChBJbmZlcmVuY2VTZXJ2aWNlElQKB1By\
      ZWRpY3QSIy5sYXV0ZXIuaW5mZXJlbmNlLnYxLlByZWRpY3RSZXF1ZXN0GiQubGF1dGVyLmluZmVy\
      ZW5jZS52MS5QcmVkaWN0UmVzcG9uc2USTgoFRW1iZWQSIS5sYXV0ZXIuaW5mZXJlbmNlLnYxLkVt\
      YmVkUmVxdWVzdBoiLmxhdXRlci5pbmZlcmVuY2UudjEuRW1iZWRSZXNwb25zZRJdCgpMaXN0TG9h\
      ZGVkEiYubGF1dGVyLmluZmVyZW5jZS52MS5MaXN0TG9hZGVkUmVxdWVzdBonLmxhdXRlci5pbmZl\
      cmVuY2UudjEuTGlzdExvYWRlZFJlc3BvbnNlYgZwcm90bzM=
      """)
}

extension InferenceV1 {
  public struct PredictRequest: Message, Hashable, Sendable {
    public var model: String
    /// 0: the latest, which may change between calls; the answer says which it was.
    public var version: UInt64
    /// At most 1024.
    public var texts: [String]

    public init(model: String = "", version: UInt64 = 0, texts: [String] = []) {
      self.model = model
      self.version = version
      self.texts = texts
    }
  }
}

extension InferenceV1.PredictRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__predict_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__PredictRequest>) throws {
    self.model = String(cString: c.pointee.model)
    self.version = c.pointee.version
    self.texts = Decoded.strings(c.pointee.texts, c.pointee.n_texts)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__PredictRequest>, _ arena: Arena) throws {
    lauter__inference__v1__predict_request__init(c)
    c.pointee.model = try arena.string(model, "lauter.inference.v1.PredictRequest.model")
    c.pointee.version = version
    c.pointee.n_texts = texts.count
    c.pointee.texts = try arena.strings(texts, "lauter.inference.v1.PredictRequest.texts")
  }
}

extension InferenceV1 {
  public struct PredictResponse: Message, Hashable, Sendable {
    public var model: String
    public var version: UInt64
    /// In the order of each prediction's probabilities.
    public var labels: [String]
    /// One per text, in order.
    public var predictions: [InferenceV1.Prediction]
    /// What it was computed in: "fp32", "bf16" or "int8".
    public var precision: String
    /// Whether a text may have several labels, or none: then each prediction's `labels` say which, and its
    /// probabilities do not add up to 1.
    public var multiLabel: Bool

    public init(
      model: String = "",
      version: UInt64 = 0,
      labels: [String] = [],
      predictions: [InferenceV1.Prediction] = [],
      precision: String = "",
      multiLabel: Bool = false
    ) {
      self.model = model
      self.version = version
      self.labels = labels
      self.predictions = predictions
      self.precision = precision
      self.multiLabel = multiLabel
    }
  }
}

extension InferenceV1.PredictResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__predict_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__PredictResponse>) throws {
    self.model = String(cString: c.pointee.model)
    self.version = c.pointee.version
    self.labels = Decoded.strings(c.pointee.labels, c.pointee.n_labels)
    self.predictions = try Decoded.messages(c.pointee.predictions, c.pointee.n_predictions)
    self.precision = String(cString: c.pointee.precision)
    self.multiLabel = c.pointee.multi_label != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__PredictResponse>, _ arena: Arena) throws {
    lauter__inference__v1__predict_response__init(c)
    c.pointee.model = try arena.string(model, "lauter.inference.v1.PredictResponse.model")
    c.pointee.version = version
    c.pointee.n_labels = labels.count
    c.pointee.labels = try arena.strings(labels, "lauter.inference.v1.PredictResponse.labels")
    c.pointee.n_predictions = predictions.count
    c.pointee.predictions = try arena.messages(predictions)
    c.pointee.precision = try arena.string(precision, "lauter.inference.v1.PredictResponse.precision")
    c.pointee.multi_label = multiLabel ? 1 : 0
  }
}

extension InferenceV1 {
  public struct Prediction: Message, Hashable, Sendable {
    /// The most probable label.
    public var label: String
    /// The label's probability.
    public var score: Float
    public var probabilities: [Float]
    /// Of a multi-label model: every label whose probability reaches the model's threshold for it.
    public var labels: [String]

    public init(
      label: String = "",
      score: Float = 0,
      probabilities: [Float] = [],
      labels: [String] = []
    ) {
      self.label = label
      self.score = score
      self.probabilities = probabilities
      self.labels = labels
    }
  }
}

extension InferenceV1.Prediction: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__prediction__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__Prediction>) throws {
    self.label = String(cString: c.pointee.label)
    self.score = c.pointee.score
    self.probabilities = Decoded.scalars(c.pointee.probabilities, c.pointee.n_probabilities)
    self.labels = Decoded.strings(c.pointee.labels, c.pointee.n_labels)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__Prediction>, _ arena: Arena) throws {
    lauter__inference__v1__prediction__init(c)
    c.pointee.label = try arena.string(label, "lauter.inference.v1.Prediction.label")
    c.pointee.score = score
    try arena.keepNegativeZero(score, 2, &c.pointee.base)
    c.pointee.n_probabilities = probabilities.count
    c.pointee.probabilities = try arena.scalars(probabilities)
    c.pointee.n_labels = labels.count
    c.pointee.labels = try arena.strings(labels, "lauter.inference.v1.Prediction.labels")
  }
}

extension InferenceV1 {
  public struct EmbedRequest: Message, Hashable, Sendable {
    public var source: InferenceV1.EmbedRequest.Source?
    /// At most 1024.
    public var texts: [String]

    public init(source: InferenceV1.EmbedRequest.Source? = nil, texts: [String] = []) {
      self.source = source
      self.texts = texts
    }

    public enum Source: Hashable, Sendable {
      /// The body of a model's latest version.
      case model(String)
      /// An encoder; empty: the store's default.
      case encoder(String)
    }
  }
}

extension InferenceV1.EmbedRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__embed_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__EmbedRequest>) throws {
    switch c.pointee.source_case.rawValue {
    case 1: self.source = .model(String(cString: c.pointee.model))
    case 2: self.source = .encoder(String(cString: c.pointee.encoder))
    default: self.source = nil
    }
    self.texts = Decoded.strings(c.pointee.texts, c.pointee.n_texts)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__EmbedRequest>, _ arena: Arena) throws {
    lauter__inference__v1__embed_request__init(c)
    switch source {
    case .model(let value):
      c.pointee.source_case = .init(1)
      c.pointee.model = try arena.string(value, "lauter.inference.v1.EmbedRequest.model")
    case .encoder(let value):
      c.pointee.source_case = .init(2)
      c.pointee.encoder = try arena.string(value, "lauter.inference.v1.EmbedRequest.encoder")
    case nil: break
    }
    c.pointee.n_texts = texts.count
    c.pointee.texts = try arena.strings(texts, "lauter.inference.v1.EmbedRequest.texts")
  }
}

extension InferenceV1 {
  public struct EmbedResponse: Message, Hashable, Sendable {
    public var dimensions: UInt32
    /// One after another: text i is [i * dimensions, (i + 1) * dimensions).
    public var values: [Float]
    /// What embedded them.
    public var digest: String
    /// What they were computed in: "fp32", "bf16" or "int8".
    public var precision: String

    public init(
      dimensions: UInt32 = 0,
      values: [Float] = [],
      digest: String = "",
      precision: String = ""
    ) {
      self.dimensions = dimensions
      self.values = values
      self.digest = digest
      self.precision = precision
    }
  }
}

extension InferenceV1.EmbedResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__embed_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__EmbedResponse>) throws {
    self.dimensions = c.pointee.dimensions
    self.values = Decoded.scalars(c.pointee.values, c.pointee.n_values)
    self.digest = String(cString: c.pointee.digest)
    self.precision = String(cString: c.pointee.precision)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__EmbedResponse>, _ arena: Arena) throws {
    lauter__inference__v1__embed_response__init(c)
    c.pointee.dimensions = dimensions
    c.pointee.n_values = values.count
    c.pointee.values = try arena.scalars(values)
    c.pointee.digest = try arena.string(digest, "lauter.inference.v1.EmbedResponse.digest")
    c.pointee.precision = try arena.string(precision, "lauter.inference.v1.EmbedResponse.precision")
  }
}

extension InferenceV1 {
  public struct ListLoadedRequest: Message, Hashable, Sendable {
    public init() {}
  }
}

extension InferenceV1.ListLoadedRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__list_loaded_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__ListLoadedRequest>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__ListLoadedRequest>, _ arena: Arena) throws {
    lauter__inference__v1__list_loaded_request__init(c)
  }
}

extension InferenceV1 {
  public struct ListLoadedResponse: Message, Hashable, Sendable {
    public var loaded: [InferenceV1.Loaded]

    public init(loaded: [InferenceV1.Loaded] = []) {
      self.loaded = loaded
    }
  }
}

extension InferenceV1.ListLoadedResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__list_loaded_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__ListLoadedResponse>) throws {
    self.loaded = try Decoded.messages(c.pointee.loaded, c.pointee.n_loaded)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__ListLoadedResponse>, _ arena: Arena) throws {
    lauter__inference__v1__list_loaded_response__init(c)
    c.pointee.n_loaded = loaded.count
    c.pointee.loaded = try arena.messages(loaded)
  }
}

extension InferenceV1 {
  public struct Loaded: Message, Hashable, Sendable {
    /// "model" or "encoder".
    public var kind: String
    public var name: String
    public var version: UInt64
    public var digest: String
    /// What it computes in: "fp32", "bf16" or "int8".
    public var precision: String

    public init(
      kind: String = "",
      name: String = "",
      version: UInt64 = 0,
      digest: String = "",
      precision: String = ""
    ) {
      self.kind = kind
      self.name = name
      self.version = version
      self.digest = digest
      self.precision = precision
    }
  }
}

extension InferenceV1.Loaded: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__inference__v1__loaded__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Inference__V1__Loaded>) throws {
    self.kind = String(cString: c.pointee.kind)
    self.name = String(cString: c.pointee.name)
    self.version = c.pointee.version
    self.digest = String(cString: c.pointee.digest)
    self.precision = String(cString: c.pointee.precision)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Inference__V1__Loaded>, _ arena: Arena) throws {
    lauter__inference__v1__loaded__init(c)
    c.pointee.kind = try arena.string(kind, "lauter.inference.v1.Loaded.kind")
    c.pointee.name = try arena.string(name, "lauter.inference.v1.Loaded.name")
    c.pointee.version = version
    c.pointee.digest = try arena.string(digest, "lauter.inference.v1.Loaded.digest")
    c.pointee.precision = try arena.string(precision, "lauter.inference.v1.Loaded.precision")
  }
}

extension InferenceV1 {
  /// Serves `lauter.inference.v1.InferenceService`.
  public protocol InferenceService: Sendable {
    /// Labels with probabilities for a batch of texts.
    func predict(
      _ request: InferenceV1.PredictRequest, context: CallContext
    ) async throws -> InferenceV1.PredictResponse

    /// Sentence embeddings, by a model's body or a bare encoder.
    func embed(
      _ request: InferenceV1.EmbedRequest, context: CallContext
    ) async throws -> InferenceV1.EmbedResponse

    /// The models and encoders this replica holds in memory.
    func listLoaded(
      _ request: InferenceV1.ListLoadedRequest, context: CallContext
    ) async throws -> InferenceV1.ListLoadedResponse
  }
}

extension InferenceV1 {
  /// Methods of `InferenceService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum InferenceServiceSynchronous {
    public protocol Predict: Sendable {
      func predict(
        _ request: InferenceV1.PredictRequest, context: CallContext
      ) throws -> InferenceV1.PredictResponse
    }
    public protocol Embed: Sendable {
      func embed(
        _ request: InferenceV1.EmbedRequest, context: CallContext
      ) throws -> InferenceV1.EmbedResponse
    }
    public protocol ListLoaded: Sendable {
      func listLoaded(
        _ request: InferenceV1.ListLoadedRequest, context: CallContext
      ) throws -> InferenceV1.ListLoadedResponse
    }
  }
}

extension InferenceV1.InferenceService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.inferenceService(_:)`.
  public var definition: ServiceDefinition { .inferenceService(self) }
}

extension ServiceDefinition {
  /// `lauter.inference.v1.InferenceService`, handled by `handlers`.
  public static func inferenceService(_ handlers: some InferenceV1.InferenceService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.inference.v1.InferenceService", file: InferenceV1.inferenceProto,
      methods: [
        .unary(
          "Predict", synchronous: (handlers as? any InferenceV1.InferenceServiceSynchronous.Predict)?.predict
        ) { try await handlers.predict($0, context: $1) },
        .unary(
          "Embed", synchronous: (handlers as? any InferenceV1.InferenceServiceSynchronous.Embed)?.embed
        ) { try await handlers.embed($0, context: $1) },
        .unary(
          "ListLoaded", synchronous: (handlers as? any InferenceV1.InferenceServiceSynchronous.ListLoaded)?.listLoaded
        ) { try await handlers.listLoaded($0, context: $1) },
      ])
  }
}

extension InferenceV1 {
  /// Calls `lauter.inference.v1.InferenceService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct InferenceServiceClient: Sendable {
    private enum Method {
      static let predict = MethodDescriptor(
        service: "lauter.inference.v1.InferenceService", method: "Predict")
      static let embed = MethodDescriptor(
        service: "lauter.inference.v1.InferenceService", method: "Embed")
      static let listLoaded = MethodDescriptor(
        service: "lauter.inference.v1.InferenceService", method: "ListLoaded")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Labels with probabilities for a batch of texts.
    public nonisolated(nonsending) func predict(
      _ request: InferenceV1.PredictRequest, options: CallOptions = CallOptions()
    ) async throws -> InferenceV1.PredictResponse {
      try await channel.unary(Method.predict, request, options: options)
    }

    /// Sentence embeddings, by a model's body or a bare encoder.
    public nonisolated(nonsending) func embed(
      _ request: InferenceV1.EmbedRequest, options: CallOptions = CallOptions()
    ) async throws -> InferenceV1.EmbedResponse {
      try await channel.unary(Method.embed, request, options: options)
    }

    /// The models and encoders this replica holds in memory.
    public nonisolated(nonsending) func listLoaded(
      _ request: InferenceV1.ListLoadedRequest, options: CallOptions = CallOptions()
    ) async throws -> InferenceV1.ListLoadedResponse {
      try await channel.unary(Method.listLoaded, request, options: options)
    }
  }
}
