// Made by scripts/generate-protos.sh from lauter/labeller/v1/labeller.proto.
// swift-format-ignore-file

package import CProtos
public import RPC

/// The contract `lauter.labeller.v1`.
public enum LabellerV1 {}

extension LabellerV1 {
  /// `lauter/labeller/v1/labeller.proto`, for reflection.
  public static let labellerProto = ProtoFile(
    "lauter/labeller/v1/labeller.proto", imports: [StoreV1.storeProto],
    descriptor: """
      CiFsYXV0ZXIvbGFiZWxsZXIvdjEvbGFiZWxsZXIucHJvdG8SEmxhdXRlci5sYWJlbGxlci52MRob\
      bGF1dGVyL3N0b3JlL3YxL3N0b3JlLnByb3RvIhYKFERlc2NyaWJlQWdlbnRSZXF1ZXN0IoIBChVE\
      ZXNjcmliZUFnZW50UmVzcG9uc2USFAoFYWdlbnQYASABKAlSBWFnZW50EjEKBGtpbmQYAiABKA4y\
      HS5sYXV0ZXIubGFiZWxsZXIudjEuQWdlbnRLaW5kUgRraW5kEiAKC2Rlc2NyaXB0aW9uGAMgASgJ\
      UgtkZXNjcmlwdGlvbiJiChNSZW5kZXJQcm9tcHRSZXF1ZXN0EhgKB2RhdGFzZXQYASABKAlSB2Rh\
      dGFzZXQSGwoJcmVjb3JkX2lkGAIgASgDUghyZWNvcmRJZBIUCgVzaG90cxgDIAEoDVIFc2hvdHMi\
      UQoUUmVuZGVyUHJvbXB0UmVzcG9uc2USFgoGcHJvbXB0GAEgASgJUgZwcm9tcHQSIQoMcmVwbHlf\
      c2NoZW1hGAIgASgJUgtyZXBseVNjaGVtYSJfCg5TdWdnZXN0UmVxdWVzdBIYCgdkYXRhc2V0GAEg\
      ASgJUgdkYXRhc2V0Eh0KCnJlY29yZF9pZHMYAiADKANSCXJlY29yZElkcxIUCgVzaG90cxgDIAEo\
      DVIFc2hvdHMiUAoPU3VnZ2VzdFJlc3BvbnNlEj0KC3N1Z2dlc3Rpb25zGAEgAygLMhsubGF1dGVy\
      LnN0b3JlLnYxLlN1Z2dlc3Rpb25SC3N1Z2dlc3Rpb25zKlUKCUFnZW50S2luZBIaChZBR0VOVF9L\
      SU5EX1VOU1BFQ0lGSUVEEAASEgoOQUdFTlRfS0lORF9MTE0QARIYChRBR0VOVF9LSU5EX1pFUk9f\
      U0hPVBACMq4CCg9MYWJlbGxlclNlcnZpY2USZAoNRGVzY3JpYmVBZ2VudBIoLmxhdXRlci5sYWJl\
      bGxlci52MS5EZXNjcmliZUFnZW50UmVxdWVzdBopLmxhdXRlci5sYWJlbGxlci52MS5EZXNjcmli\
      ZUFnZW50UmVzcG9uc2USYQoMUmVuZGVyUHJvbXB0EicubGF1dGVyLmxhYmVsbGVyLnYxLlJlbmRl\
      clByb21wdFJlcXVlc3QaKC5sYXV0ZXIubGFiZWxsZXIudjEuUmVuZGVyUHJvbXB0UmVzcG9uc2US\
      UgoHU3VnZ2VzdBIiLmxhdXRlci5sYWJlbGxlci52MS5TdWdnZXN0UmVxdWVzdBojLmxhdXRlci5s\
      YWJlbGxlci52MS5TdWdnZXN0UmVzcG9uc2ViBnByb3RvMw==
      """)
}

extension LabellerV1 {
  public enum AgentKind: CodedEnum, Hashable, Sendable {
    case unspecified
    case llm
    case zeroShot
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .llm
      case 2: self = .zeroShot
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .llm: 1
      case .zeroShot: 2
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension LabellerV1 {
  public struct DescribeAgentRequest: Message, Hashable, Sendable {
    public init() {}
  }
}

extension LabellerV1.DescribeAgentRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__labeller__v1__describe_agent_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Labeller__V1__DescribeAgentRequest>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Labeller__V1__DescribeAgentRequest>, _ arena: Arena) throws {
    lauter__labeller__v1__describe_agent_request__init(c)
  }
}

extension LabellerV1 {
  public struct DescribeAgentResponse: Message, Hashable, Sendable {
    /// As it stands on suggestions.
    public var agent: String
    public var kind: LabellerV1.AgentKind
    /// One honest sentence for people: what this agent is and is not.
    public var description: String

    public init(
      agent: String = "",
      kind: LabellerV1.AgentKind = .unspecified,
      description: String = ""
    ) {
      self.agent = agent
      self.kind = kind
      self.description = description
    }
  }
}

extension LabellerV1.DescribeAgentResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__labeller__v1__describe_agent_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Labeller__V1__DescribeAgentResponse>) throws {
    self.agent = String(cString: c.pointee.agent)
    self.kind = .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
    self.description = String(cString: c.pointee.description)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Labeller__V1__DescribeAgentResponse>, _ arena: Arena) throws {
    lauter__labeller__v1__describe_agent_response__init(c)
    c.pointee.agent = try arena.string(agent, "lauter.labeller.v1.DescribeAgentResponse.agent")
    c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.rawValue))
    c.pointee.description = try arena.string(description, "lauter.labeller.v1.DescribeAgentResponse.description")
  }
}

extension LabellerV1 {
  public struct RenderPromptRequest: Message, Hashable, Sendable {
    public var dataset: String
    public var recordId: Int64
    public var shots: UInt32

    public init(dataset: String = "", recordId: Int64 = 0, shots: UInt32 = 0) {
      self.dataset = dataset
      self.recordId = recordId
      self.shots = shots
    }
  }
}

extension LabellerV1.RenderPromptRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__labeller__v1__render_prompt_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Labeller__V1__RenderPromptRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.recordId = c.pointee.record_id
    self.shots = c.pointee.shots
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Labeller__V1__RenderPromptRequest>, _ arena: Arena) throws {
    lauter__labeller__v1__render_prompt_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.labeller.v1.RenderPromptRequest.dataset")
    c.pointee.record_id = recordId
    c.pointee.shots = shots
  }
}

extension LabellerV1 {
  public struct RenderPromptResponse: Message, Hashable, Sendable {
    public var prompt: String
    /// The JSON schema the reply is held to.
    public var replySchema: String

    public init(prompt: String = "", replySchema: String = "") {
      self.prompt = prompt
      self.replySchema = replySchema
    }
  }
}

extension LabellerV1.RenderPromptResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__labeller__v1__render_prompt_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Labeller__V1__RenderPromptResponse>) throws {
    self.prompt = String(cString: c.pointee.prompt)
    self.replySchema = String(cString: c.pointee.reply_schema)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Labeller__V1__RenderPromptResponse>, _ arena: Arena) throws {
    lauter__labeller__v1__render_prompt_response__init(c)
    c.pointee.prompt = try arena.string(prompt, "lauter.labeller.v1.RenderPromptResponse.prompt")
    c.pointee.reply_schema = try arena.string(replySchema, "lauter.labeller.v1.RenderPromptResponse.reply_schema")
  }
}

extension LabellerV1 {
  public struct SuggestRequest: Message, Hashable, Sendable {
    public var dataset: String
    /// At most 100.
    public var recordIds: [Int64]
    public var shots: UInt32

    public init(dataset: String = "", recordIds: [Int64] = [], shots: UInt32 = 0) {
      self.dataset = dataset
      self.recordIds = recordIds
      self.shots = shots
    }
  }
}

extension LabellerV1.SuggestRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__labeller__v1__suggest_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Labeller__V1__SuggestRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.recordIds = Decoded.scalars(c.pointee.record_ids, c.pointee.n_record_ids)
    self.shots = c.pointee.shots
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Labeller__V1__SuggestRequest>, _ arena: Arena) throws {
    lauter__labeller__v1__suggest_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.labeller.v1.SuggestRequest.dataset")
    c.pointee.n_record_ids = recordIds.count
    c.pointee.record_ids = try arena.scalars(recordIds)
    c.pointee.shots = shots
  }
}

extension LabellerV1 {
  public struct SuggestResponse: Message, Hashable, Sendable {
    /// One per record, in order; failures included.
    public var suggestions: [StoreV1.Suggestion]

    public init(suggestions: [StoreV1.Suggestion] = []) {
      self.suggestions = suggestions
    }
  }
}

extension LabellerV1.SuggestResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__labeller__v1__suggest_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Labeller__V1__SuggestResponse>) throws {
    self.suggestions = try Decoded.messages(c.pointee.suggestions, c.pointee.n_suggestions)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Labeller__V1__SuggestResponse>, _ arena: Arena) throws {
    lauter__labeller__v1__suggest_response__init(c)
    c.pointee.n_suggestions = suggestions.count
    c.pointee.suggestions = try arena.messages(suggestions)
  }
}

extension LabellerV1 {
  /// Serves `lauter.labeller.v1.LabellerService`.
  public protocol LabellerService: Sendable {
    /// Who suggests: an LLM behind an HTTP API, or the encoder's zero-shot labeller.
    func describeAgent(
      _ request: LabellerV1.DescribeAgentRequest, context: CallContext
    ) async throws -> LabellerV1.DescribeAgentResponse

    /// Renders the prompt for a record as a labelling job would, without asking the LLM.
    func renderPrompt(
      _ request: LabellerV1.RenderPromptRequest, context: CallContext
    ) async throws -> LabellerV1.RenderPromptResponse

    /// Suggests labels for records without writing them to the store.
    func suggest(
      _ request: LabellerV1.SuggestRequest, context: CallContext
    ) async throws -> LabellerV1.SuggestResponse
  }
}

extension LabellerV1 {
  /// Methods of `LabellerService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum LabellerServiceSynchronous {
    public protocol DescribeAgent: Sendable {
      func describeAgent(
        _ request: LabellerV1.DescribeAgentRequest, context: CallContext
      ) throws -> LabellerV1.DescribeAgentResponse
    }
    public protocol RenderPrompt: Sendable {
      func renderPrompt(
        _ request: LabellerV1.RenderPromptRequest, context: CallContext
      ) throws -> LabellerV1.RenderPromptResponse
    }
    public protocol Suggest: Sendable {
      func suggest(
        _ request: LabellerV1.SuggestRequest, context: CallContext
      ) throws -> LabellerV1.SuggestResponse
    }
  }
}

extension LabellerV1.LabellerService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.labellerService(_:)`.
  public var definition: ServiceDefinition { .labellerService(self) }
}

extension ServiceDefinition {
  /// `lauter.labeller.v1.LabellerService`, handled by `handlers`.
  public static func labellerService(_ handlers: some LabellerV1.LabellerService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.labeller.v1.LabellerService", file: LabellerV1.labellerProto,
      methods: [
        .unary(
          "DescribeAgent", synchronous: (handlers as? any LabellerV1.LabellerServiceSynchronous.DescribeAgent)?.describeAgent
        ) { try await handlers.describeAgent($0, context: $1) },
        .unary(
          "RenderPrompt", synchronous: (handlers as? any LabellerV1.LabellerServiceSynchronous.RenderPrompt)?.renderPrompt
        ) { try await handlers.renderPrompt($0, context: $1) },
        .unary(
          "Suggest", synchronous: (handlers as? any LabellerV1.LabellerServiceSynchronous.Suggest)?.suggest
        ) { try await handlers.suggest($0, context: $1) },
      ])
  }
}

extension LabellerV1 {
  /// Calls `lauter.labeller.v1.LabellerService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct LabellerServiceClient: Sendable {
    private enum Method {
      static let describeAgent = MethodDescriptor(
        service: "lauter.labeller.v1.LabellerService", method: "DescribeAgent")
      static let renderPrompt = MethodDescriptor(
        service: "lauter.labeller.v1.LabellerService", method: "RenderPrompt")
      static let suggest = MethodDescriptor(
        service: "lauter.labeller.v1.LabellerService", method: "Suggest")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Who suggests: an LLM behind an HTTP API, or the encoder's zero-shot labeller.
    public nonisolated(nonsending) func describeAgent(
      _ request: LabellerV1.DescribeAgentRequest, options: CallOptions = CallOptions()
    ) async throws -> LabellerV1.DescribeAgentResponse {
      try await channel.unary(Method.describeAgent, request, options: options)
    }

    /// Renders the prompt for a record as a labelling job would, without asking the LLM.
    public nonisolated(nonsending) func renderPrompt(
      _ request: LabellerV1.RenderPromptRequest, options: CallOptions = CallOptions()
    ) async throws -> LabellerV1.RenderPromptResponse {
      try await channel.unary(Method.renderPrompt, request, options: options)
    }

    /// Suggests labels for records without writing them to the store.
    public nonisolated(nonsending) func suggest(
      _ request: LabellerV1.SuggestRequest, options: CallOptions = CallOptions()
    ) async throws -> LabellerV1.SuggestResponse {
      try await channel.unary(Method.suggest, request, options: options)
    }
  }
}
