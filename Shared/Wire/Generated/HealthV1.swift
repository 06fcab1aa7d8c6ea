// Made by scripts/generate-protos.sh from grpc/health/v1/health.proto.
// swift-format-ignore-file

package import CProtos
public import RPC

/// The contract `grpc.health.v1`.
public enum HealthV1 {}

extension HealthV1 {
  /// `grpc/health/v1/health.proto`, for reflection.
  public static let healthProto = ProtoFile(
    "grpc/health/v1/health.proto", imports: [],
    descriptor: """
      ChtncnBjL2hlYWx0aC92MS9oZWFsdGgucHJvdG8SDmdycGMuaGVhbHRoLnYxIi4KEkhlYWx0aENo\
      ZWNrUmVxdWVzdBIYCgdzZXJ2aWNlGAEgASgJUgdzZXJ2aWNlIrEBChNIZWFsdGhDaGVja1Jlc3Bv\
      bnNlEkkKBnN0YXR1cxgBIAEoDjIxLmdycGMuaGVhbHRoLnYxLkhlYWx0aENoZWNrUmVzcG9uc2Uu\
      U2VydmluZ1N0YXR1c1IGc3RhdHVzIk8KDVNlcnZpbmdTdGF0dXMSCwoHVU5LTk9XThAAEgsKB1NF\
      UlZJTkcQARIPCgtOT1RfU0VSVklORxACEhMKD1NFUlZJQ0VfVU5LTk9XThADMq4BCgZIZWFsdGgS\
      UAoFQ2hlY2sSIi5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1JlcXVlc3QaIy5ncnBjLmhlYWx0\
      aC52MS5IZWFsdGhDaGVja1Jlc3BvbnNlElIKBVdhdGNoEiIuZ3JwYy5oZWFsdGgudjEuSGVhbHRo\
      Q2hlY2tSZXF1ZXN0GiMuZ3JwYy5oZWFsdGgudjEuSGVhbHRoQ2hlY2tSZXNwb25zZTABQmEKEWlv\
      LmdycGMuaGVhbHRoLnYxQgtIZWFsdGhQcm90b1ABWixnb29nbGUuZ29sYW5nLm9yZy9ncnBjL2hl\
      YWx0aC9ncnBjX2hlYWx0aF92MaoCDkdycGMuSGVhbHRoLlYxYgZwcm90bzM=
      """)
}

extension HealthV1 {
  public struct HealthCheckRequest: Message, Hashable, Sendable {
    public var service: String

    public init(service: String = "") {
      self.service = service
    }
  }
}

extension HealthV1.HealthCheckRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__health__v1__health_check_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Health__V1__HealthCheckRequest>) throws {
    self.service = String(cString: c.pointee.service)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Health__V1__HealthCheckRequest>, _ arena: Arena) throws {
    grpc__health__v1__health_check_request__init(c)
    c.pointee.service = try arena.string(service, "grpc.health.v1.HealthCheckRequest.service")
  }
}

extension HealthV1 {
  public struct HealthCheckResponse: Message, Hashable, Sendable {
    public var status: HealthV1.HealthCheckResponse.ServingStatus

    public init(status: HealthV1.HealthCheckResponse.ServingStatus = .unknown) {
      self.status = status
    }

    public enum ServingStatus: CodedEnum, Hashable, Sendable {
      case unknown
      case serving
      case notServing
      case serviceUnknown
      /// A value this program does not know yet.
      case unrecognized(Int32)

      public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unknown
        case 1: self = .serving
        case 2: self = .notServing
        case 3: self = .serviceUnknown
        default: self = .unrecognized(rawValue)
        }
      }

      public var rawValue: Int32 {
        switch self {
        case .unknown: 0
        case .serving: 1
        case .notServing: 2
        case .serviceUnknown: 3
        case .unrecognized(let rawValue): rawValue
        }
      }
    }
  }
}

extension HealthV1.HealthCheckResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__health__v1__health_check_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Health__V1__HealthCheckResponse>) throws {
    self.status = .init(rawValue: .init(truncatingIfNeeded: c.pointee.status.rawValue))
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Health__V1__HealthCheckResponse>, _ arena: Arena) throws {
    grpc__health__v1__health_check_response__init(c)
    c.pointee.status = .init(rawValue: .init(truncatingIfNeeded: status.rawValue))
  }
}

extension HealthV1 {
  /// Serves `grpc.health.v1.Health`.
  public protocol Health: Sendable {
    /// If the requested service is unknown, the call will fail with status
    /// NOT_FOUND.
    func check(
      _ request: HealthV1.HealthCheckRequest, context: CallContext
    ) async throws -> HealthV1.HealthCheckResponse

    /// Performs a watch for the serving status of the requested service.
    /// The server will immediately send back a message indicating the current
    /// serving status.  It will then subsequently send a new message whenever
    /// the service's serving status changes.
    ///
    /// If the requested service is unknown when the call is received, the
    /// server will send a message setting the serving status to
    /// SERVICE_UNKNOWN but will *not* terminate the call.  If at some
    /// future point, the serving status of the service becomes known, the
    /// server will send a new message with the service's serving status.
    ///
    /// If the call terminates with status UNIMPLEMENTED, then clients
    /// should assume this method is not supported and should not retry the
    /// call.  If the call terminates with any other status (including OK),
    /// clients should retry the call with appropriate exponential backoff.
    func watch(
      _ request: HealthV1.HealthCheckRequest,
      responses: ResponseWriter<HealthV1.HealthCheckResponse>,
      context: CallContext
    ) async throws
  }
}

extension HealthV1 {
  /// Methods of `Health` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum HealthSynchronous {
    public protocol Check: Sendable {
      func check(
        _ request: HealthV1.HealthCheckRequest, context: CallContext
      ) throws -> HealthV1.HealthCheckResponse
    }
  }
}

extension HealthV1.Health {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.health(_:)`.
  public var definition: ServiceDefinition { .health(self) }
}

extension ServiceDefinition {
  /// `grpc.health.v1.Health`, handled by `handlers`.
  public static func health(_ handlers: some HealthV1.Health) -> ServiceDefinition {
    ServiceDefinition(
      "grpc.health.v1.Health", file: HealthV1.healthProto,
      methods: [
        .unary(
          "Check", synchronous: (handlers as? any HealthV1.HealthSynchronous.Check)?.check
        ) { try await handlers.check($0, context: $1) },
        .serverStreaming("Watch") {
          try await handlers.watch($0, responses: $1, context: $2)
        },
      ])
  }
}

extension HealthV1 {
  /// Calls `grpc.health.v1.Health`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct HealthClient: Sendable {
    private enum Method {
      static let check = MethodDescriptor(
        service: "grpc.health.v1.Health", method: "Check")
      static let watch = MethodDescriptor(
        service: "grpc.health.v1.Health", method: "Watch")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// If the requested service is unknown, the call will fail with status
    /// NOT_FOUND.
    public nonisolated(nonsending) func check(
      _ request: HealthV1.HealthCheckRequest, options: CallOptions = CallOptions()
    ) async throws -> HealthV1.HealthCheckResponse {
      try await channel.unary(Method.check, request, options: options)
    }

    /// Performs a watch for the serving status of the requested service.
    /// The server will immediately send back a message indicating the current
    /// serving status.  It will then subsequently send a new message whenever
    /// the service's serving status changes.
    ///
    /// If the requested service is unknown when the call is received, the
    /// server will send a message setting the serving status to
    /// SERVICE_UNKNOWN but will *not* terminate the call.  If at some
    /// future point, the serving status of the service becomes known, the
    /// server will send a new message with the service's serving status.
    ///
    /// If the call terminates with status UNIMPLEMENTED, then clients
    /// should assume this method is not supported and should not retry the
    /// call.  If the call terminates with any other status (including OK),
    /// clients should retry the call with appropriate exponential backoff.
    public nonisolated(nonsending) func watch<Result>(
      _ request: HealthV1.HealthCheckRequest,
      options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<HealthV1.HealthCheckResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.serverStreaming(Method.watch, request, options: options, handle)
    }
  }
}
