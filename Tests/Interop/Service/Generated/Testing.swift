// Made by scripts/generate-protos.sh from grpc/testing/test.proto.
// swift-format-ignore-file

package import InteropProtos
public import RPC
public import Wire

/// The contract `grpc.testing`.
public enum Testing {}

extension Testing {
  /// `grpc/testing/test.proto`, for reflection.
  public static let testProto = ProtoFile(
    "grpc/testing/test.proto", imports: [],
    descriptor: """
      ChdncnBjL3Rlc3RpbmcvdGVzdC5wcm90bxIMZ3JwYy50ZXN0aW5nIgcKBUVtcHR5IiEKCUJvb2xW\
      YWx1ZRIUCgV2YWx1ZRgBIAEoCFIFdmFsdWUiTAoHUGF5bG9hZBItCgR0eXBlGAEgASgOMhkuZ3Jw\
      Yy50ZXN0aW5nLlBheWxvYWRUeXBlUgR0eXBlEhIKBGJvZHkYAiABKAxSBGJvZHkiOgoKRWNob1N0\
      YXR1cxISCgRjb2RlGAEgASgFUgRjb2RlEhgKB21lc3NhZ2UYAiABKAlSB21lc3NhZ2Ui+AIKDVNp\
      bXBsZVJlcXVlc3QSPgoNcmVzcG9uc2VfdHlwZRgBIAEoDjIZLmdycGMudGVzdGluZy5QYXlsb2Fk\
      VHlwZVIMcmVzcG9uc2VUeXBlEiMKDXJlc3BvbnNlX3NpemUYAiABKAVSDHJlc3BvbnNlU2l6ZRIv\
      CgdwYXlsb2FkGAMgASgLMhUuZ3JwYy50ZXN0aW5nLlBheWxvYWRSB3BheWxvYWQSSAoTcmVzcG9u\
      c2VfY29tcHJlc3NlZBgGIAEoCzIXLmdycGMudGVzdGluZy5Cb29sVmFsdWVSEnJlc3BvbnNlQ29t\
      cHJlc3NlZBJBCg9yZXNwb25zZV9zdGF0dXMYByABKAsyGC5ncnBjLnRlc3RpbmcuRWNob1N0YXR1\
      c1IOcmVzcG9uc2VTdGF0dXMSRAoRZXhwZWN0X2NvbXByZXNzZWQYCCABKAsyFy5ncnBjLnRlc3Rp\
      bmcuQm9vbFZhbHVlUhBleHBlY3RDb21wcmVzc2VkIkEKDlNpbXBsZVJlc3BvbnNlEi8KB3BheWxv\
      YWQYASABKAsyFS5ncnBjLnRlc3RpbmcuUGF5bG9hZFIHcGF5bG9hZCKSAQoZU3RyZWFtaW5nSW5w\
      dXRDYWxsUmVxdWVzdBIvCgdwYXlsb2FkGAEgASgLMhUuZ3JwYy50ZXN0aW5nLlBheWxvYWRSB3Bh\
      eWxvYWQSRAoRZXhwZWN0X2NvbXByZXNzZWQYAiABKAsyFy5ncnBjLnRlc3RpbmcuQm9vbFZhbHVl\
      UhBleHBlY3RDb21wcmVzc2VkIlQKGlN0cmVhbWluZ0lucHV0Q2FsbFJlc3BvbnNlEjYKF2FnZ3Jl\
      Z2F0ZWRfcGF5bG9hZF9zaXplGAEgASgFUhVhZ2dyZWdhdGVkUGF5bG9hZFNpemUiggEKElJlc3Bv\
      bnNlUGFyYW1ldGVycxISCgRzaXplGAEgASgFUgRzaXplEh8KC2ludGVydmFsX3VzGAIgASgFUgpp\
      bnRlcnZhbFVzEjcKCmNvbXByZXNzZWQYAyABKAsyFy5ncnBjLnRlc3RpbmcuQm9vbFZhbHVlUgpj\
      b21wcmVzc2VkIqMCChpTdHJlYW1pbmdPdXRwdXRDYWxsUmVxdWVzdBI+Cg1yZXNwb25zZV90eXBl\
      GAEgASgOMhkuZ3JwYy50ZXN0aW5nLlBheWxvYWRUeXBlUgxyZXNwb25zZVR5cGUSUQoTcmVzcG9u\
      c2VfcGFyYW1ldGVycxgCIAMoCzIgLmdycGMudGVzdGluZy5SZXNwb25zZVBhcmFtZXRlcnNSEnJl\
      c3BvbnNlUGFyYW1ldGVycxIvCgdwYXlsb2FkGAMgASgLMhUuZ3JwYy50ZXN0aW5nLlBheWxvYWRS\
      B3BheWxvYWQSQQoPcmVzcG9uc2Vfc3RhdHVzGAcgASgLMhguZ3JwYy50ZXN0aW5nLkVjaG9TdGF0\
      dXNSDnJlc3BvbnNlU3RhdHVzIk4KG1N0cmVhbWluZ091dHB1dENhbGxSZXNwb25zZRIvCgdwYXls\
      b2FkGAEgASgLMhUuZ3JwYy50ZXN0aW5nLlBheWxvYWRSB3BheWxvYWQqHwoLUGF5bG9hZFR5cGUS\
      EAoMQ09NUFJFU1NBQkxFEAAyjwQKC1Rlc3RTZXJ2aWNlEjUKCUVtcHR5Q2FsbBITLmdycGMudGVz\
      dGluZy5FbXB0eRoTLmdycGMudGVzdGluZy5FbXB0eRJGCglVbmFyeUNhbGwSGy5ncnBjLnRlc3Rp\
      bmcuU2ltcGxlUmVxdWVzdBocLmdycGMudGVzdGluZy5TaW1wbGVSZXNwb25zZRJsChNTdHJlYW1p\
      bmdPdXRwdXRDYWxsEiguZ3JwYy50ZXN0aW5nLlN0cmVhbWluZ091dHB1dENhbGxSZXF1ZXN0Giku\
      Z3JwYy50ZXN0aW5nLlN0cmVhbWluZ091dHB1dENhbGxSZXNwb25zZTABEmkKElN0cmVhbWluZ0lu\
      cHV0Q2FsbBInLmdycGMudGVzdGluZy5TdHJlYW1pbmdJbnB1dENhbGxSZXF1ZXN0GiguZ3JwYy50\
      ZXN0aW5nLlN0cmVhbWluZ0lucHV0Q2FsbFJlc3BvbnNlKAESaQoORnVsbER1cGxleENhbGwSKC5n\
      cnBjLnRlc3RpbmcuU3RyZWFtaW5nT3V0cHV0Q2FsbFJlcXVlc3QaKS5ncnBjLnRlc3RpbmcuU3Ry\
      ZWFtaW5nT3V0cHV0Q2FsbFJlc3BvbnNlKAEwARI9ChFVbmltcGxlbWVudGVkQ2FsbBITLmdycGMu\
      dGVzdGluZy5FbXB0eRoTLmdycGMudGVzdGluZy5FbXB0eTJVChRVbmltcGxlbWVudGVkU2Vydmlj\
      ZRI9ChFVbmltcGxlbWVudGVkQ2FsbBITLmdycGMudGVzdGluZy5FbXB0eRoTLmdycGMudGVzdGlu\
      Zy5FbXB0eWIGcHJvdG8z
      """)
}

extension Testing {
  public enum PayloadType: CodedEnum, Hashable, Sendable {
    case compressable
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .compressable
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .compressable: 0
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension Testing {
  public struct Empty: Message, Hashable, Sendable {
    public init() {}
  }
}

extension Testing.Empty: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__empty__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__Empty>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__Empty>, _ arena: Arena) throws {
    grpc__testing__empty__init(c)
  }
}

extension Testing {
  public struct BoolValue: Message, Hashable, Sendable {
    public var value: Bool

    public init(value: Bool = false) {
      self.value = value
    }
  }
}

extension Testing.BoolValue: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__bool_value__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__BoolValue>) throws {
    self.value = c.pointee.value != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__BoolValue>, _ arena: Arena) throws {
    grpc__testing__bool_value__init(c)
    c.pointee.value = value ? 1 : 0
  }
}

extension Testing {
  public struct Payload: Message, Hashable, Sendable {
    public var type: Testing.PayloadType
    public var body: [UInt8]

    public init(type: Testing.PayloadType = .compressable, body: [UInt8] = []) {
      self.type = type
      self.body = body
    }
  }
}

extension Testing.Payload: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__payload__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__Payload>) throws {
    self.type = .init(rawValue: .init(truncatingIfNeeded: c.pointee.type.rawValue))
    self.body = Decoded.bytes(c.pointee.body)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__Payload>, _ arena: Arena) throws {
    grpc__testing__payload__init(c)
    c.pointee.type = .init(rawValue: .init(truncatingIfNeeded: type.rawValue))
    c.pointee.body = try arena.bytes(body)
  }
}

extension Testing {
  public struct EchoStatus: Message, Hashable, Sendable {
    public var code: Int32
    public var message: String

    public init(code: Int32 = 0, message: String = "") {
      self.code = code
      self.message = message
    }
  }
}

extension Testing.EchoStatus: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__echo_status__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__EchoStatus>) throws {
    self.code = c.pointee.code
    self.message = String(cString: c.pointee.message)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__EchoStatus>, _ arena: Arena) throws {
    grpc__testing__echo_status__init(c)
    c.pointee.code = code
    c.pointee.message = try arena.string(message, "grpc.testing.EchoStatus.message")
  }
}

extension Testing {
  public struct SimpleRequest: Message, Hashable, Sendable {
    public var responseType: Testing.PayloadType
    public var responseSize: Int32
    public var payload: Testing.Payload?
    public var responseCompressed: Testing.BoolValue?
    public var responseStatus: Testing.EchoStatus?
    public var expectCompressed: Testing.BoolValue?

    public init(
      responseType: Testing.PayloadType = .compressable,
      responseSize: Int32 = 0,
      payload: Testing.Payload? = nil,
      responseCompressed: Testing.BoolValue? = nil,
      responseStatus: Testing.EchoStatus? = nil,
      expectCompressed: Testing.BoolValue? = nil
    ) {
      self.responseType = responseType
      self.responseSize = responseSize
      self.payload = payload
      self.responseCompressed = responseCompressed
      self.responseStatus = responseStatus
      self.expectCompressed = expectCompressed
    }
  }
}

extension Testing.SimpleRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__simple_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__SimpleRequest>) throws {
    self.responseType = .init(rawValue: .init(truncatingIfNeeded: c.pointee.response_type.rawValue))
    self.responseSize = c.pointee.response_size
    self.payload = try c.pointee.payload.map { try .init(c: $0) }
    self.responseCompressed = try c.pointee.response_compressed.map { try .init(c: $0) }
    self.responseStatus = try c.pointee.response_status.map { try .init(c: $0) }
    self.expectCompressed = try c.pointee.expect_compressed.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__SimpleRequest>, _ arena: Arena) throws {
    grpc__testing__simple_request__init(c)
    c.pointee.response_type = .init(rawValue: .init(truncatingIfNeeded: responseType.rawValue))
    c.pointee.response_size = responseSize
    if let payload { c.pointee.payload = try arena.message(payload) }
    if let responseCompressed { c.pointee.response_compressed = try arena.message(responseCompressed) }
    if let responseStatus { c.pointee.response_status = try arena.message(responseStatus) }
    if let expectCompressed { c.pointee.expect_compressed = try arena.message(expectCompressed) }
  }
}

extension Testing {
  public struct SimpleResponse: Message, Hashable, Sendable {
    public var payload: Testing.Payload?

    public init(payload: Testing.Payload? = nil) {
      self.payload = payload
    }
  }
}

extension Testing.SimpleResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__simple_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__SimpleResponse>) throws {
    self.payload = try c.pointee.payload.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__SimpleResponse>, _ arena: Arena) throws {
    grpc__testing__simple_response__init(c)
    if let payload { c.pointee.payload = try arena.message(payload) }
  }
}

extension Testing {
  public struct StreamingInputCallRequest: Message, Hashable, Sendable {
    public var payload: Testing.Payload?
    public var expectCompressed: Testing.BoolValue?

    public init(payload: Testing.Payload? = nil, expectCompressed: Testing.BoolValue? = nil) {
      self.payload = payload
      self.expectCompressed = expectCompressed
    }
  }
}

extension Testing.StreamingInputCallRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__streaming_input_call_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__StreamingInputCallRequest>) throws {
    self.payload = try c.pointee.payload.map { try .init(c: $0) }
    self.expectCompressed = try c.pointee.expect_compressed.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__StreamingInputCallRequest>, _ arena: Arena) throws {
    grpc__testing__streaming_input_call_request__init(c)
    if let payload { c.pointee.payload = try arena.message(payload) }
    if let expectCompressed { c.pointee.expect_compressed = try arena.message(expectCompressed) }
  }
}

extension Testing {
  public struct StreamingInputCallResponse: Message, Hashable, Sendable {
    public var aggregatedPayloadSize: Int32

    public init(aggregatedPayloadSize: Int32 = 0) {
      self.aggregatedPayloadSize = aggregatedPayloadSize
    }
  }
}

extension Testing.StreamingInputCallResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__streaming_input_call_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__StreamingInputCallResponse>) throws {
    self.aggregatedPayloadSize = c.pointee.aggregated_payload_size
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__StreamingInputCallResponse>, _ arena: Arena) throws {
    grpc__testing__streaming_input_call_response__init(c)
    c.pointee.aggregated_payload_size = aggregatedPayloadSize
  }
}

extension Testing {
  public struct ResponseParameters: Message, Hashable, Sendable {
    public var size: Int32
    public var intervalUs: Int32
    public var compressed: Testing.BoolValue?

    public init(size: Int32 = 0, intervalUs: Int32 = 0, compressed: Testing.BoolValue? = nil) {
      self.size = size
      self.intervalUs = intervalUs
      self.compressed = compressed
    }
  }
}

extension Testing.ResponseParameters: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__response_parameters__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__ResponseParameters>) throws {
    self.size = c.pointee.size
    self.intervalUs = c.pointee.interval_us
    self.compressed = try c.pointee.compressed.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__ResponseParameters>, _ arena: Arena) throws {
    grpc__testing__response_parameters__init(c)
    c.pointee.size = size
    c.pointee.interval_us = intervalUs
    if let compressed { c.pointee.compressed = try arena.message(compressed) }
  }
}

extension Testing {
  public struct StreamingOutputCallRequest: Message, Hashable, Sendable {
    public var responseType: Testing.PayloadType
    public var responseParameters: [Testing.ResponseParameters]
    public var payload: Testing.Payload?
    public var responseStatus: Testing.EchoStatus?

    public init(
      responseType: Testing.PayloadType = .compressable,
      responseParameters: [Testing.ResponseParameters] = [],
      payload: Testing.Payload? = nil,
      responseStatus: Testing.EchoStatus? = nil
    ) {
      self.responseType = responseType
      self.responseParameters = responseParameters
      self.payload = payload
      self.responseStatus = responseStatus
    }
  }
}

extension Testing.StreamingOutputCallRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__streaming_output_call_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallRequest>) throws {
    self.responseType = .init(rawValue: .init(truncatingIfNeeded: c.pointee.response_type.rawValue))
    self.responseParameters = try Decoded.messages(c.pointee.response_parameters, c.pointee.n_response_parameters)
    self.payload = try c.pointee.payload.map { try .init(c: $0) }
    self.responseStatus = try c.pointee.response_status.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallRequest>, _ arena: Arena) throws {
    grpc__testing__streaming_output_call_request__init(c)
    c.pointee.response_type = .init(rawValue: .init(truncatingIfNeeded: responseType.rawValue))
    c.pointee.n_response_parameters = responseParameters.count
    c.pointee.response_parameters = try arena.messages(responseParameters)
    if let payload { c.pointee.payload = try arena.message(payload) }
    if let responseStatus { c.pointee.response_status = try arena.message(responseStatus) }
  }
}

extension Testing {
  public struct StreamingOutputCallResponse: Message, Hashable, Sendable {
    public var payload: Testing.Payload?

    public init(payload: Testing.Payload? = nil) {
      self.payload = payload
    }
  }
}

extension Testing.StreamingOutputCallResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__testing__streaming_output_call_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallResponse>) throws {
    self.payload = try c.pointee.payload.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Testing__StreamingOutputCallResponse>, _ arena: Arena) throws {
    grpc__testing__streaming_output_call_response__init(c)
    if let payload { c.pointee.payload = try arena.message(payload) }
  }
}

extension Testing {
  /// Serves `grpc.testing.TestService`.
  public protocol TestService: Sendable {
    func emptyCall(_ request: Testing.Empty, context: CallContext) async throws -> Testing.Empty

    func unaryCall(
      _ request: Testing.SimpleRequest, context: CallContext
    ) async throws -> Testing.SimpleResponse

    func streamingOutputCall(
      _ request: Testing.StreamingOutputCallRequest,
      responses: ResponseWriter<Testing.StreamingOutputCallResponse>,
      context: CallContext
    ) async throws

    func streamingInputCall(
      _ requests: RequestStream<Testing.StreamingInputCallRequest>, context: CallContext
    ) async throws -> Testing.StreamingInputCallResponse

    func fullDuplexCall(
      _ requests: RequestStream<Testing.StreamingOutputCallRequest>,
      responses: ResponseWriter<Testing.StreamingOutputCallResponse>,
      context: CallContext
    ) async throws

    /// A server answers UNIMPLEMENTED.
    func unimplementedCall(
      _ request: Testing.Empty, context: CallContext
    ) async throws -> Testing.Empty
  }
}

extension Testing {
  /// Methods of `TestService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum TestServiceSynchronous {
    public protocol EmptyCall: Sendable {
      func emptyCall(_ request: Testing.Empty, context: CallContext) throws -> Testing.Empty
    }
    public protocol UnaryCall: Sendable {
      func unaryCall(
        _ request: Testing.SimpleRequest, context: CallContext
      ) throws -> Testing.SimpleResponse
    }
    public protocol UnimplementedCall: Sendable {
      func unimplementedCall(_ request: Testing.Empty, context: CallContext) throws -> Testing.Empty
    }
  }
}

extension Testing.TestService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.testService(_:)`.
  public var definition: ServiceDefinition { .testService(self) }
}

extension ServiceDefinition {
  /// `grpc.testing.TestService`, handled by `handlers`.
  public static func testService(_ handlers: some Testing.TestService) -> ServiceDefinition {
    ServiceDefinition(
      "grpc.testing.TestService", file: Testing.testProto,
      methods: [
        .unary(
          "EmptyCall", synchronous: (handlers as? any Testing.TestServiceSynchronous.EmptyCall)?.emptyCall
        ) { try await handlers.emptyCall($0, context: $1) },
        .unary(
          "UnaryCall", synchronous: (handlers as? any Testing.TestServiceSynchronous.UnaryCall)?.unaryCall
        ) { try await handlers.unaryCall($0, context: $1) },
        .serverStreaming("StreamingOutputCall") {
          try await handlers.streamingOutputCall($0, responses: $1, context: $2)
        },
        .clientStreaming("StreamingInputCall") {
          try await handlers.streamingInputCall($0, context: $1)
        },
        .bidirectional("FullDuplexCall") {
          try await handlers.fullDuplexCall($0, responses: $1, context: $2)
        },
        .unary(
          "UnimplementedCall", synchronous: (handlers as? any Testing.TestServiceSynchronous.UnimplementedCall)?.unimplementedCall
        ) { try await handlers.unimplementedCall($0, context: $1) },
      ])
  }
}

extension Testing {
  /// Calls `grpc.testing.TestService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct TestServiceClient: Sendable {
    private enum Method {
      static let emptyCall = MethodDescriptor(
        service: "grpc.testing.TestService", method: "EmptyCall")
      static let unaryCall = MethodDescriptor(
        service: "grpc.testing.TestService", method: "UnaryCall")
      static let streamingOutputCall = MethodDescriptor(
        service: "grpc.testing.TestService", method: "StreamingOutputCall")
      static let streamingInputCall = MethodDescriptor(
        service: "grpc.testing.TestService", method: "StreamingInputCall")
      static let fullDuplexCall = MethodDescriptor(
        service: "grpc.testing.TestService", method: "FullDuplexCall")
      static let unimplementedCall = MethodDescriptor(
        service: "grpc.testing.TestService", method: "UnimplementedCall")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    public nonisolated(nonsending) func emptyCall(
      _ request: Testing.Empty, options: CallOptions = CallOptions()
    ) async throws -> Testing.Empty {
      try await channel.unary(Method.emptyCall, request, options: options)
    }

    public nonisolated(nonsending) func unaryCall(
      _ request: Testing.SimpleRequest, options: CallOptions = CallOptions()
    ) async throws -> Testing.SimpleResponse {
      try await channel.unary(Method.unaryCall, request, options: options)
    }

    public nonisolated(nonsending) func streamingOutputCall<Result>(
      _ request: Testing.StreamingOutputCallRequest,
      options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<Testing.StreamingOutputCallResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.serverStreaming(Method.streamingOutputCall, request, options: options, handle)
    }

    public nonisolated(nonsending) func streamingInputCall(
      options: CallOptions = CallOptions(),
      _ produce: nonisolated(nonsending) (RequestWriter<Testing.StreamingInputCallRequest>) async throws -> Void
    ) async throws -> Testing.StreamingInputCallResponse {
      try await channel.clientStreaming(Method.streamingInputCall, options: options, produce)
    }

    public nonisolated(nonsending) func fullDuplexCall<Result>(
      options: CallOptions = CallOptions(),
      _ produce: @escaping @Sendable (RequestWriter<Testing.StreamingOutputCallRequest>) async throws -> Void,
      _ handle: nonisolated(nonsending) (ResponseStream<Testing.StreamingOutputCallResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.bidirectional(Method.fullDuplexCall, options: options, produce, handle)
    }

    /// A server answers UNIMPLEMENTED.
    public nonisolated(nonsending) func unimplementedCall(
      _ request: Testing.Empty, options: CallOptions = CallOptions()
    ) async throws -> Testing.Empty {
      try await channel.unary(Method.unimplementedCall, request, options: options)
    }
  }
}

extension Testing {
  /// No server has it.
  public protocol UnimplementedService: Sendable {
    func unimplementedCall(
      _ request: Testing.Empty, context: CallContext
    ) async throws -> Testing.Empty
  }
}

extension Testing {
  /// Methods of `UnimplementedService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum UnimplementedServiceSynchronous {
    public protocol UnimplementedCall: Sendable {
      func unimplementedCall(_ request: Testing.Empty, context: CallContext) throws -> Testing.Empty
    }
  }
}

extension Testing.UnimplementedService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.unimplementedService(_:)`.
  public var definition: ServiceDefinition { .unimplementedService(self) }
}

extension ServiceDefinition {
  /// `grpc.testing.UnimplementedService`, handled by `handlers`.
  public static func unimplementedService(_ handlers: some Testing.UnimplementedService) -> ServiceDefinition {
    ServiceDefinition(
      "grpc.testing.UnimplementedService", file: Testing.testProto,
      methods: [
        .unary(
          "UnimplementedCall", synchronous: (handlers as? any Testing.UnimplementedServiceSynchronous.UnimplementedCall)?.unimplementedCall
        ) { try await handlers.unimplementedCall($0, context: $1) },
      ])
  }
}

extension Testing {
  /// Calls `grpc.testing.UnimplementedService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct UnimplementedServiceClient: Sendable {
    private enum Method {
      static let unimplementedCall = MethodDescriptor(
        service: "grpc.testing.UnimplementedService", method: "UnimplementedCall")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    public nonisolated(nonsending) func unimplementedCall(
      _ request: Testing.Empty, options: CallOptions = CallOptions()
    ) async throws -> Testing.Empty {
      try await channel.unary(Method.unimplementedCall, request, options: options)
    }
  }
}
