// Made by scripts/generate-protos.sh from lauter/trainer/v1/trainer.proto.
// swift-format-ignore-file

package import CProtos
public import RPC

/// The contract `lauter.trainer.v1`.
public enum TrainerV1 {}

extension TrainerV1 {
  /// `lauter/trainer/v1/trainer.proto`, for reflection.
  public static let trainerProto = ProtoFile(
    "lauter/trainer/v1/trainer.proto", imports: [StoreV1.storeProto],
    descriptor: """
      Ch9sYXV0ZXIvdHJhaW5lci92MS90cmFpbmVyLnByb3RvEhFsYXV0ZXIudHJhaW5lci52MRobbGF1\
      dGVyL3N0b3JlL3YxL3N0b3JlLnByb3RvIhgKFkRlc2NyaWJlVHJhaW5lclJlcXVlc3QiXAoXRGVz\
      Y3JpYmVUcmFpbmVyUmVzcG9uc2USJwoPaW5zdHJ1Y3Rpb25fc2V0GAEgASgJUg5pbnN0cnVjdGlv\
      blNldBIYCgd0aHJlYWRzGAIgASgNUgd0aHJlYWRzIrMCCg9FdmFsdWF0ZVJlcXVlc3QSGAoHZGF0\
      YXNldBgBIAEoCVIHZGF0YXNldBIsCgVzcGxpdBgCIAEoDjIWLmxhdXRlci5zdG9yZS52MS5TcGxp\
      dFIFc3BsaXQSOQoFbW9kZWwYAyABKAsyIS5sYXV0ZXIudHJhaW5lci52MS5Nb2RlbFJlZmVyZW5j\
      ZUgAUgVtb2RlbBIWCgVhZ2VudBgEIAEoCUgAUgVhZ2VudBJICg1hZ2FpbnN0X21vZGVsGAUgASgL\
      MiEubGF1dGVyLnRyYWluZXIudjEuTW9kZWxSZWZlcmVuY2VIAVIMYWdhaW5zdE1vZGVsEiUKDWFn\
      YWluc3RfYWdlbnQYBiABKAlIAVIMYWdhaW5zdEFnZW50QgkKB3N1YmplY3RCCQoHYWdhaW5zdCI+\
      Cg5Nb2RlbFJlZmVyZW5jZRISCgRuYW1lGAEgASgJUgRuYW1lEhgKB3ZlcnNpb24YAiABKARSB3Zl\
      cnNpb24iqAEKEEV2YWx1YXRlUmVzcG9uc2USOwoKZXZhbHVhdGlvbhgBIAEoCzIbLmxhdXRlci5z\
      dG9yZS52MS5FdmFsdWF0aW9uUgpldmFsdWF0aW9uEhgKB3ZlcnNpb24YAiABKARSB3ZlcnNpb24S\
      PQoKY29tcGFyaXNvbhgDIAEoCzIdLmxhdXRlci50cmFpbmVyLnYxLkNvbXBhcmlzb25SCmNvbXBh\
      cmlzb24ivQEKCkNvbXBhcmlzb24SHQoKYm90aF9yaWdodBgBIAEoBFIJYm90aFJpZ2h0Eh0KCm9u\
      bHlfZmlyc3QYAiABKARSCW9ubHlGaXJzdBIfCgtvbmx5X3NlY29uZBgDIAEoBFIKb25seVNlY29u\
      ZBIdCgpib3RoX3dyb25nGAQgASgEUglib3RoV3JvbmcSFwoHcF92YWx1ZRgFIAEoAVIGcFZhbHVl\
      EhgKB3ZlcnNpb24YBiABKARSB3ZlcnNpb24yzwEKDlRyYWluZXJTZXJ2aWNlEmgKD0Rlc2NyaWJl\
      VHJhaW5lchIpLmxhdXRlci50cmFpbmVyLnYxLkRlc2NyaWJlVHJhaW5lclJlcXVlc3QaKi5sYXV0\
      ZXIudHJhaW5lci52MS5EZXNjcmliZVRyYWluZXJSZXNwb25zZRJTCghFdmFsdWF0ZRIiLmxhdXRl\
      ci50cmFpbmVyLnYxLkV2YWx1YXRlUmVxdWVzdBojLmxhdXRlci50cmFpbmVyLnYxLkV2YWx1YXRl\
      UmVzcG9uc2ViBnByb3RvMw==
      """)
}

extension TrainerV1 {
  public struct DescribeTrainerRequest: Message, Hashable, Sendable {
    public init() {}
  }
}

extension TrainerV1.DescribeTrainerRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__trainer__v1__describe_trainer_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Trainer__V1__DescribeTrainerRequest>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Trainer__V1__DescribeTrainerRequest>, _ arena: Arena) throws {
    lauter__trainer__v1__describe_trainer_request__init(c)
  }
}

extension TrainerV1 {
  public struct DescribeTrainerResponse: Message, Hashable, Sendable {
    /// "avx512", "avx2", "baseline", "neon": the kernels in use.
    public var instructionSet: String
    public var threads: UInt32

    public init(instructionSet: String = "", threads: UInt32 = 0) {
      self.instructionSet = instructionSet
      self.threads = threads
    }
  }
}

extension TrainerV1.DescribeTrainerResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__trainer__v1__describe_trainer_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Trainer__V1__DescribeTrainerResponse>) throws {
    self.instructionSet = String(cString: c.pointee.instruction_set)
    self.threads = c.pointee.threads
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Trainer__V1__DescribeTrainerResponse>, _ arena: Arena) throws {
    lauter__trainer__v1__describe_trainer_response__init(c)
    c.pointee.instruction_set = try arena.string(instructionSet, "lauter.trainer.v1.DescribeTrainerResponse.instruction_set")
    c.pointee.threads = threads
  }
}

extension TrainerV1 {
  public struct EvaluateRequest: Message, Hashable, Sendable {
    public var dataset: String
    /// Unspecified: test.
    public var split: StoreV1.Split
    public var subject: TrainerV1.EvaluateRequest.Subject?
    /// What to compare it with, on the same records.
    public var against: TrainerV1.EvaluateRequest.Against?

    public init(
      dataset: String = "",
      split: StoreV1.Split = .unspecified,
      subject: TrainerV1.EvaluateRequest.Subject? = nil,
      against: TrainerV1.EvaluateRequest.Against? = nil
    ) {
      self.dataset = dataset
      self.split = split
      self.subject = subject
      self.against = against
    }

    public enum Subject: Hashable, Sendable {
      case model(TrainerV1.ModelReference)
      /// The suggestions of this agent.
      case agent(String)
    }

    public enum Against: Hashable, Sendable {
      case againstModel(TrainerV1.ModelReference)
      case againstAgent(String)
    }
  }
}

extension TrainerV1.EvaluateRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__trainer__v1__evaluate_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Trainer__V1__EvaluateRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.split = .init(rawValue: .init(truncatingIfNeeded: c.pointee.split.rawValue))
    switch c.pointee.subject_case.rawValue {
    case 3: self.subject = try .model(TrainerV1.ModelReference(c: c.pointee.model))
    case 4: self.subject = .agent(String(cString: c.pointee.agent))
    default: self.subject = nil
    }
    switch c.pointee.against_case.rawValue {
    case 5: self.against = try .againstModel(TrainerV1.ModelReference(c: c.pointee.against_model))
    case 6: self.against = .againstAgent(String(cString: c.pointee.against_agent))
    default: self.against = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Trainer__V1__EvaluateRequest>, _ arena: Arena) throws {
    lauter__trainer__v1__evaluate_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.trainer.v1.EvaluateRequest.dataset")
    c.pointee.split = .init(rawValue: .init(truncatingIfNeeded: split.rawValue))
    switch subject {
    case .model(let value):
      c.pointee.subject_case = .init(3)
      c.pointee.model = try arena.message(value)
    case .agent(let value):
      c.pointee.subject_case = .init(4)
      c.pointee.agent = try arena.string(value, "lauter.trainer.v1.EvaluateRequest.agent")
    case nil: break
    }
    switch against {
    case .againstModel(let value):
      c.pointee.against_case = .init(5)
      c.pointee.against_model = try arena.message(value)
    case .againstAgent(let value):
      c.pointee.against_case = .init(6)
      c.pointee.against_agent = try arena.string(value, "lauter.trainer.v1.EvaluateRequest.against_agent")
    case nil: break
    }
  }
}

extension TrainerV1 {
  public struct ModelReference: Message, Hashable, Sendable {
    public var name: String
    /// 0: the latest.
    public var version: UInt64

    public init(name: String = "", version: UInt64 = 0) {
      self.name = name
      self.version = version
    }
  }
}

extension TrainerV1.ModelReference: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__trainer__v1__model_reference__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Trainer__V1__ModelReference>) throws {
    self.name = String(cString: c.pointee.name)
    self.version = c.pointee.version
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Trainer__V1__ModelReference>, _ arena: Arena) throws {
    lauter__trainer__v1__model_reference__init(c)
    c.pointee.name = try arena.string(name, "lauter.trainer.v1.ModelReference.name")
    c.pointee.version = version
  }
}

extension TrainerV1 {
  public struct EvaluateResponse: Message, Hashable, Sendable {
    public var evaluation: StoreV1.Evaluation?
    /// The version that was evaluated, where it was a model.
    public var version: UInt64
    /// Where there was something to compare with.
    public var comparison: TrainerV1.Comparison?

    public init(
      evaluation: StoreV1.Evaluation? = nil,
      version: UInt64 = 0,
      comparison: TrainerV1.Comparison? = nil
    ) {
      self.evaluation = evaluation
      self.version = version
      self.comparison = comparison
    }
  }
}

extension TrainerV1.EvaluateResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__trainer__v1__evaluate_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Trainer__V1__EvaluateResponse>) throws {
    self.evaluation = try c.pointee.evaluation.map { try .init(c: $0) }
    self.version = c.pointee.version
    self.comparison = try c.pointee.comparison.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Trainer__V1__EvaluateResponse>, _ arena: Arena) throws {
    lauter__trainer__v1__evaluate_response__init(c)
    if let evaluation { c.pointee.evaluation = try arena.message(evaluation) }
    c.pointee.version = version
    if let comparison { c.pointee.comparison = try arena.message(comparison) }
  }
}

extension TrainerV1 {
  /// Two classifiers on the records that both have predicted.
  public struct Comparison: Message, Hashable, Sendable {
    public var bothRight: UInt64
    /// Only the one that was evaluated, and only the one it was compared with.
    public var onlyFirst: UInt64
    public var onlySecond: UInt64
    public var bothWrong: UInt64
    /// McNemar's exact test, two-sided: how probable a difference as large as this is between equals.
    public var pValue: Double
    /// The version compared with, where it was a model.
    public var version: UInt64

    public init(
      bothRight: UInt64 = 0,
      onlyFirst: UInt64 = 0,
      onlySecond: UInt64 = 0,
      bothWrong: UInt64 = 0,
      pValue: Double = 0,
      version: UInt64 = 0
    ) {
      self.bothRight = bothRight
      self.onlyFirst = onlyFirst
      self.onlySecond = onlySecond
      self.bothWrong = bothWrong
      self.pValue = pValue
      self.version = version
    }
  }
}

extension TrainerV1.Comparison: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__trainer__v1__comparison__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Trainer__V1__Comparison>) throws {
    self.bothRight = c.pointee.both_right
    self.onlyFirst = c.pointee.only_first
    self.onlySecond = c.pointee.only_second
    self.bothWrong = c.pointee.both_wrong
    self.pValue = c.pointee.p_value
    self.version = c.pointee.version
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Trainer__V1__Comparison>, _ arena: Arena) throws {
    lauter__trainer__v1__comparison__init(c)
    c.pointee.both_right = bothRight
    c.pointee.only_first = onlyFirst
    c.pointee.only_second = onlySecond
    c.pointee.both_wrong = bothWrong
    c.pointee.p_value = pValue
    try arena.keepNegativeZero(pValue, 5, &c.pointee.base)
    c.pointee.version = version
  }
}

extension TrainerV1 {
  /// Serves `lauter.trainer.v1.TrainerService`.
  public protocol TrainerService: Sendable {
    /// What this trainer computes with.
    func describeTrainer(
      _ request: TrainerV1.DescribeTrainerRequest, context: CallContext
    ) async throws -> TrainerV1.DescribeTrainerResponse

    /// Holds a model, or an agent's suggestions, against the submitted responses of a split.
    func evaluate(
      _ request: TrainerV1.EvaluateRequest, context: CallContext
    ) async throws -> TrainerV1.EvaluateResponse
  }
}

extension TrainerV1 {
  /// Methods of `TrainerService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum TrainerServiceSynchronous {
    public protocol DescribeTrainer: Sendable {
      func describeTrainer(
        _ request: TrainerV1.DescribeTrainerRequest, context: CallContext
      ) throws -> TrainerV1.DescribeTrainerResponse
    }
    public protocol Evaluate: Sendable {
      func evaluate(
        _ request: TrainerV1.EvaluateRequest, context: CallContext
      ) throws -> TrainerV1.EvaluateResponse
    }
  }
}

extension TrainerV1.TrainerService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.trainerService(_:)`.
  public var definition: ServiceDefinition { .trainerService(self) }
}

extension ServiceDefinition {
  /// `lauter.trainer.v1.TrainerService`, handled by `handlers`.
  public static func trainerService(_ handlers: some TrainerV1.TrainerService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.trainer.v1.TrainerService", file: TrainerV1.trainerProto,
      methods: [
        .unary(
          "DescribeTrainer", synchronous: (handlers as? any TrainerV1.TrainerServiceSynchronous.DescribeTrainer)?.describeTrainer
        ) { try await handlers.describeTrainer($0, context: $1) },
        .unary(
          "Evaluate", synchronous: (handlers as? any TrainerV1.TrainerServiceSynchronous.Evaluate)?.evaluate
        ) { try await handlers.evaluate($0, context: $1) },
      ])
  }
}

extension TrainerV1 {
  /// Calls `lauter.trainer.v1.TrainerService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct TrainerServiceClient: Sendable {
    private enum Method {
      static let describeTrainer = MethodDescriptor(
        service: "lauter.trainer.v1.TrainerService", method: "DescribeTrainer")
      static let evaluate = MethodDescriptor(
        service: "lauter.trainer.v1.TrainerService", method: "Evaluate")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// What this trainer computes with.
    public nonisolated(nonsending) func describeTrainer(
      _ request: TrainerV1.DescribeTrainerRequest, options: CallOptions = CallOptions()
    ) async throws -> TrainerV1.DescribeTrainerResponse {
      try await channel.unary(Method.describeTrainer, request, options: options)
    }

    /// Holds a model, or an agent's suggestions, against the submitted responses of a split.
    public nonisolated(nonsending) func evaluate(
      _ request: TrainerV1.EvaluateRequest, options: CallOptions = CallOptions()
    ) async throws -> TrainerV1.EvaluateResponse {
      try await channel.unary(Method.evaluate, request, options: options)
    }
  }
}
