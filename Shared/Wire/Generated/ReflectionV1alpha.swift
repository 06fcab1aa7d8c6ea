// Made by scripts/generate-protos.sh from grpc/reflection/v1alpha/reflection.proto.
// swift-format-ignore-file

package import CProtos
public import RPC

/// The contract `grpc.reflection.v1alpha`.
public enum ReflectionV1alpha {}

extension ReflectionV1alpha {
  /// `grpc/reflection/v1alpha/reflection.proto`, for reflection.
  public static let reflectionProto = ProtoFile(
    "grpc/reflection/v1alpha/reflection.proto", imports: [],
    descriptor: """
      CihncnBjL3JlZmxlY3Rpb24vdjFhbHBoYS9yZWZsZWN0aW9uLnByb3RvEhdncnBjLnJlZmxlY3Rp\
      b24udjFhbHBoYSL4AgoXU2VydmVyUmVmbGVjdGlvblJlcXVlc3QSEgoEaG9zdBgBIAEoCVIEaG9z\
      dBIqChBmaWxlX2J5X2ZpbGVuYW1lGAMgASgJSABSDmZpbGVCeUZpbGVuYW1lEjYKFmZpbGVfY29u\
      dGFpbmluZ19zeW1ib2wYBCABKAlIAFIUZmlsZUNvbnRhaW5pbmdTeW1ib2wSZwoZZmlsZV9jb250\
      YWluaW5nX2V4dGVuc2lvbhgFIAEoCzIpLmdycGMucmVmbGVjdGlvbi52MWFscGhhLkV4dGVuc2lv\
      blJlcXVlc3RIAFIXZmlsZUNvbnRhaW5pbmdFeHRlbnNpb24SQgodYWxsX2V4dGVuc2lvbl9udW1i\
      ZXJzX29mX3R5cGUYBiABKAlIAFIZYWxsRXh0ZW5zaW9uTnVtYmVyc09mVHlwZRIlCg1saXN0X3Nl\
      cnZpY2VzGAcgASgJSABSDGxpc3RTZXJ2aWNlc0IRCg9tZXNzYWdlX3JlcXVlc3QiZgoQRXh0ZW5z\
      aW9uUmVxdWVzdBInCg9jb250YWluaW5nX3R5cGUYASABKAlSDmNvbnRhaW5pbmdUeXBlEikKEGV4\
      dGVuc2lvbl9udW1iZXIYAiABKAVSD2V4dGVuc2lvbk51bWJlciLHBAoYU2VydmVyUmVmbGVjdGlv\
      blJlc3BvbnNlEh0KCnZhbGlkX2hvc3QYASABKAlSCXZhbGlkSG9zdBJbChBvcmlnaW5hbF9yZXF1\
      ZXN0GAIgASgLMjAuZ3JwYy5yZWZsZWN0aW9uLnYxYWxwaGEuU2VydmVyUmVmbGVjdGlvblJlcXVl\
      c3RSD29yaWdpbmFsUmVxdWVzdBJrChhmaWxlX2Rlc2NyaXB0b3JfcmVzcG9uc2UYBCABKAsyLy5n\
      cnBjLnJlZmxlY3Rpb24udjFhbHBoYS5GaWxlRGVzY3JpcHRvclJlc3BvbnNlSABSFmZpbGVEZXNj\
      cmlwdG9yUmVzcG9uc2USdwoeYWxsX2V4dGVuc2lvbl9udW1iZXJzX3Jlc3BvbnNlGAUgASgLMjAu\
      Z3JwYy5yZWZsZWN0aW9uLnYxYWxwaGEuRXh0ZW5zaW9uTnVtYmVyUmVzcG9uc2VIAFIbYWxsRXh0\
      ZW5zaW9uTnVtYmVyc1Jlc3BvbnNlEmQKFmxpc3Rfc2VydmljZXNfcmVzcG9uc2UYBiABKAsyLC5n\
      cnBjLnJlZmxlY3Rpb24udjFhbHBoYS5MaXN0U2VydmljZVJlc3BvbnNlSABSFGxpc3RTZXJ2aWNl\
      c1Jlc3BvbnNlEk8KDmVycm9yX3Jlc3BvbnNlGAcgASgLMiYuZ3JwYy5yZWZsZWN0aW9uLnYxYWxw\
      aGEuRXJyb3JSZXNwb25zZUgAUg1lcnJvclJlc3BvbnNlQhIKEG1lc3NhZ2VfcmVzcG9uc2UiTAoW\
      RmlsZURlc2NyaXB0b3JSZXNwb25zZRIyChVmaWxlX2Rlc2NyaXB0b3JfcHJvdG8YASADKAxSE2Zp\
      bGVEZXNjcmlwdG9yUHJvdG8iagoXRXh0ZW5zaW9uTnVtYmVyUmVzcG9uc2USJAoOYmFzZV90eXBl\
      X25hbWUYASABKAlSDGJhc2VUeXBlTmFtZRIpChBleHRlbnNpb25fbnVtYmVyGAIgAygFUg9leHRl\
      bnNpb25OdW1iZXIiWQoTTGlzdFNlcnZpY2VSZXNwb25zZRJCCgdzZXJ2aWNlGAEgAygLMiguZ3Jw\
      Yy5yZWZsZWN0aW9uLnYxYWxwaGEuU2VydmljZVJlc3BvbnNlUgdzZXJ2aWNlIiUKD1NlcnZpY2VS\
      ZXNwb25zZRISCgRuYW1lGAEgASgJUgRuYW1lIlMKDUVycm9yUmVzcG9uc2USHQoKZXJyb3JfY29k\
      ZRgBIAEoBVIJZXJyb3JDb2RlEiMKDWVycm9yX21lc3NhZ2UYAiABKAlSDGVycm9yTWVzc2FnZTKT\
      AQoQU2VydmVyUmVmbGVjdGlvbhJ/ChRTZXJ2ZXJSZWZsZWN0aW9uSW5mbxIwLmdycGMucmVmbGVj\
      dGlvbi52MWFscGhhLlNlcnZlclJlZmxlY3Rpb25SZXF1ZXN0GjEuZ3JwYy5yZWZsZWN0aW9uLnYx\
      YWxwaGEuU2VydmVyUmVmbGVjdGlvblJlc3BvbnNlKAEwAUJzChppby5ncnBjLnJlZmxlY3Rpb24u\
      djFhbHBoYUIVU2VydmVyUmVmbGVjdGlvblByb3RvUAFaOWdvb2dsZS5nb2xhbmcub3JnL2dycGMv\
      cmVmbGVjdGlvbi9ncnBjX3JlZmxlY3Rpb25fdjFhbHBoYbgBAWIGcHJvdG8z
      """)
}

extension ReflectionV1alpha {
  /// The message sent by the client when calling ServerReflectionInfo method.
  public struct ServerReflectionRequest: Message, Hashable, Sendable {
    public var host: String
    /// To use reflection service, the client should set one of the following
    /// fields in message_request. The server distinguishes requests by their
    /// defined field and then handles them using corresponding methods.
    public var messageRequest: ReflectionV1alpha.ServerReflectionRequest.MessageRequest?

    public init(
      host: String = "",
      messageRequest: ReflectionV1alpha.ServerReflectionRequest.MessageRequest? = nil
    ) {
      self.host = host
      self.messageRequest = messageRequest
    }

    public enum MessageRequest: Hashable, Sendable {
      /// Find a proto file by the file name.
      case fileByFilename(String)
      /// Find the proto file that declares the given fully-qualified symbol name.
      /// This field should be a fully-qualified symbol name
      /// (e.g. <package>.<service>[.<method>] or <package>.<type>).
      case fileContainingSymbol(String)
      /// Find the proto file which defines an extension extending the given
      /// message type with the given field number.
      case fileContainingExtension(ReflectionV1alpha.ExtensionRequest)
      /// Finds the tag numbers used by all known extensions of extendee_type, and
      /// appends them to ExtensionNumberResponse in an undefined order.
      /// Its corresponding method is best-effort: it's not guaranteed that the
      /// reflection service will implement this method, and it's not guaranteed
      /// that this method will provide all extensions. Returns
      /// StatusCode::UNIMPLEMENTED if it's not implemented.
      /// This field should be a fully-qualified type name. The format is
      /// <package>.<type>
      case allExtensionNumbersOfType(String)
      /// List the full names of registered services. The content will not be
      /// checked.
      case listServices(String)
    }
  }
}

extension ReflectionV1alpha.ServerReflectionRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__server_reflection_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionRequest>) throws {
    self.host = String(cString: c.pointee.host)
    switch c.pointee.message_request_case.rawValue {
    case 3: self.messageRequest = .fileByFilename(String(cString: c.pointee.file_by_filename))
    case 4: self.messageRequest = .fileContainingSymbol(String(cString: c.pointee.file_containing_symbol))
    case 5: self.messageRequest = try .fileContainingExtension(ReflectionV1alpha.ExtensionRequest(c: c.pointee.file_containing_extension))
    case 6: self.messageRequest = .allExtensionNumbersOfType(String(cString: c.pointee.all_extension_numbers_of_type))
    case 7: self.messageRequest = .listServices(String(cString: c.pointee.list_services))
    default: self.messageRequest = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionRequest>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__server_reflection_request__init(c)
    c.pointee.host = try arena.string(host, "grpc.reflection.v1alpha.ServerReflectionRequest.host")
    switch messageRequest {
    case .fileByFilename(let value):
      c.pointee.message_request_case = .init(3)
      c.pointee.file_by_filename = try arena.string(value, "grpc.reflection.v1alpha.ServerReflectionRequest.file_by_filename")
    case .fileContainingSymbol(let value):
      c.pointee.message_request_case = .init(4)
      c.pointee.file_containing_symbol = try arena.string(value, "grpc.reflection.v1alpha.ServerReflectionRequest.file_containing_symbol")
    case .fileContainingExtension(let value):
      c.pointee.message_request_case = .init(5)
      c.pointee.file_containing_extension = try arena.message(value)
    case .allExtensionNumbersOfType(let value):
      c.pointee.message_request_case = .init(6)
      c.pointee.all_extension_numbers_of_type = try arena.string(value, "grpc.reflection.v1alpha.ServerReflectionRequest.all_extension_numbers_of_type")
    case .listServices(let value):
      c.pointee.message_request_case = .init(7)
      c.pointee.list_services = try arena.string(value, "grpc.reflection.v1alpha.ServerReflectionRequest.list_services")
    case nil: break
    }
  }
}

extension ReflectionV1alpha {
  /// The type name and extension number sent by the client when requesting
  /// file_containing_extension.
  public struct ExtensionRequest: Message, Hashable, Sendable {
    /// Fully-qualified type name. The format should be <package>.<type>
    public var containingType: String
    public var extensionNumber: Int32

    public init(containingType: String = "", extensionNumber: Int32 = 0) {
      self.containingType = containingType
      self.extensionNumber = extensionNumber
    }
  }
}

extension ReflectionV1alpha.ExtensionRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__extension_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionRequest>) throws {
    self.containingType = String(cString: c.pointee.containing_type)
    self.extensionNumber = c.pointee.extension_number
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionRequest>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__extension_request__init(c)
    c.pointee.containing_type = try arena.string(containingType, "grpc.reflection.v1alpha.ExtensionRequest.containing_type")
    c.pointee.extension_number = extensionNumber
  }
}

extension ReflectionV1alpha {
  /// The message sent by the server to answer ServerReflectionInfo method.
  public struct ServerReflectionResponse: Message, Hashable, Sendable {
    public var validHost: String
    public var originalRequest: ReflectionV1alpha.ServerReflectionRequest?
    /// The server set one of the following fields according to the message_request
    /// in the request.
    public var messageResponse: ReflectionV1alpha.ServerReflectionResponse.MessageResponse?

    public init(
      validHost: String = "",
      originalRequest: ReflectionV1alpha.ServerReflectionRequest? = nil,
      messageResponse: ReflectionV1alpha.ServerReflectionResponse.MessageResponse? = nil
    ) {
      self.validHost = validHost
      self.originalRequest = originalRequest
      self.messageResponse = messageResponse
    }

    public enum MessageResponse: Hashable, Sendable {
      /// This message is used to answer file_by_filename, file_containing_symbol,
      /// file_containing_extension requests with transitive dependencies. As
      /// the repeated label is not allowed in oneof fields, we use a
      /// FileDescriptorResponse message to encapsulate the repeated fields.
      /// The reflection service is allowed to avoid sending FileDescriptorProtos
      /// that were previously sent in response to earlier requests in the stream.
      case fileDescriptorResponse(ReflectionV1alpha.FileDescriptorResponse)
      /// This message is used to answer all_extension_numbers_of_type request.
      case allExtensionNumbersResponse(ReflectionV1alpha.ExtensionNumberResponse)
      /// This message is used to answer list_services request.
      case listServicesResponse(ReflectionV1alpha.ListServiceResponse)
      /// This message is used when an error occurs.
      case errorResponse(ReflectionV1alpha.ErrorResponse)
    }
  }
}

extension ReflectionV1alpha.ServerReflectionResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__server_reflection_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionResponse>) throws {
    self.validHost = String(cString: c.pointee.valid_host)
    self.originalRequest = try c.pointee.original_request.map { try .init(c: $0) }
    switch c.pointee.message_response_case.rawValue {
    case 4: self.messageResponse = try .fileDescriptorResponse(ReflectionV1alpha.FileDescriptorResponse(c: c.pointee.file_descriptor_response))
    case 5: self.messageResponse = try .allExtensionNumbersResponse(ReflectionV1alpha.ExtensionNumberResponse(c: c.pointee.all_extension_numbers_response))
    case 6: self.messageResponse = try .listServicesResponse(ReflectionV1alpha.ListServiceResponse(c: c.pointee.list_services_response))
    case 7: self.messageResponse = try .errorResponse(ReflectionV1alpha.ErrorResponse(c: c.pointee.error_response))
    default: self.messageResponse = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServerReflectionResponse>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__server_reflection_response__init(c)
    c.pointee.valid_host = try arena.string(validHost, "grpc.reflection.v1alpha.ServerReflectionResponse.valid_host")
    if let originalRequest { c.pointee.original_request = try arena.message(originalRequest) }
    switch messageResponse {
    case .fileDescriptorResponse(let value):
      c.pointee.message_response_case = .init(4)
      c.pointee.file_descriptor_response = try arena.message(value)
    case .allExtensionNumbersResponse(let value):
      c.pointee.message_response_case = .init(5)
      c.pointee.all_extension_numbers_response = try arena.message(value)
    case .listServicesResponse(let value):
      c.pointee.message_response_case = .init(6)
      c.pointee.list_services_response = try arena.message(value)
    case .errorResponse(let value):
      c.pointee.message_response_case = .init(7)
      c.pointee.error_response = try arena.message(value)
    case nil: break
    }
  }
}

extension ReflectionV1alpha {
  /// Serialized FileDescriptorProto messages sent by the server answering
  /// a file_by_filename, file_containing_symbol, or file_containing_extension
  /// request.
  public struct FileDescriptorResponse: Message, Hashable, Sendable {
    /// Serialized FileDescriptorProto messages. We avoid taking a dependency on
    /// descriptor.proto, which uses proto2 only features, by making them opaque
    /// bytes instead.
    public var fileDescriptorProto: [[UInt8]]

    public init(fileDescriptorProto: [[UInt8]] = []) {
      self.fileDescriptorProto = fileDescriptorProto
    }
  }
}

extension ReflectionV1alpha.FileDescriptorResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__file_descriptor_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__FileDescriptorResponse>) throws {
    self.fileDescriptorProto = Decoded.byteStrings(c.pointee.file_descriptor_proto, c.pointee.n_file_descriptor_proto)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__FileDescriptorResponse>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__file_descriptor_response__init(c)
    c.pointee.n_file_descriptor_proto = fileDescriptorProto.count
    c.pointee.file_descriptor_proto = try arena.byteStrings(fileDescriptorProto)
  }
}

extension ReflectionV1alpha {
  /// A list of extension numbers sent by the server answering
  /// all_extension_numbers_of_type request.
  public struct ExtensionNumberResponse: Message, Hashable, Sendable {
    /// Full name of the base type, including the package name. The format
    /// is <package>.<type>
    public var baseTypeName: String
    public var extensionNumber: [Int32]

    public init(baseTypeName: String = "", extensionNumber: [Int32] = []) {
      self.baseTypeName = baseTypeName
      self.extensionNumber = extensionNumber
    }
  }
}

extension ReflectionV1alpha.ExtensionNumberResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__extension_number_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionNumberResponse>) throws {
    self.baseTypeName = String(cString: c.pointee.base_type_name)
    self.extensionNumber = Decoded.scalars(c.pointee.extension_number, c.pointee.n_extension_number)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ExtensionNumberResponse>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__extension_number_response__init(c)
    c.pointee.base_type_name = try arena.string(baseTypeName, "grpc.reflection.v1alpha.ExtensionNumberResponse.base_type_name")
    c.pointee.n_extension_number = extensionNumber.count
    c.pointee.extension_number = try arena.scalars(extensionNumber)
  }
}

extension ReflectionV1alpha {
  /// A list of ServiceResponse sent by the server answering list_services request.
  public struct ListServiceResponse: Message, Hashable, Sendable {
    /// The information of each service may be expanded in the future, so we use
    /// ServiceResponse message to encapsulate it.
    public var service: [ReflectionV1alpha.ServiceResponse]

    public init(service: [ReflectionV1alpha.ServiceResponse] = []) {
      self.service = service
    }
  }
}

extension ReflectionV1alpha.ListServiceResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__list_service_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ListServiceResponse>) throws {
    self.service = try Decoded.messages(c.pointee.service, c.pointee.n_service)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ListServiceResponse>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__list_service_response__init(c)
    c.pointee.n_service = service.count
    c.pointee.service = try arena.messages(service)
  }
}

extension ReflectionV1alpha {
  /// The information of a single service used by ListServiceResponse to answer
  /// list_services request.
  public struct ServiceResponse: Message, Hashable, Sendable {
    /// Full name of a registered service, including its package name. The format
    /// is <package>.<service>
    public var name: String

    public init(name: String = "") {
      self.name = name
    }
  }
}

extension ReflectionV1alpha.ServiceResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__service_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServiceResponse>) throws {
    self.name = String(cString: c.pointee.name)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ServiceResponse>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__service_response__init(c)
    c.pointee.name = try arena.string(name, "grpc.reflection.v1alpha.ServiceResponse.name")
  }
}

extension ReflectionV1alpha {
  /// The error code and error message sent by the server when an error occurs.
  public struct ErrorResponse: Message, Hashable, Sendable {
    /// This field uses the error codes defined in grpc::StatusCode.
    public var errorCode: Int32
    public var errorMessage: String

    public init(errorCode: Int32 = 0, errorMessage: String = "") {
      self.errorCode = errorCode
      self.errorMessage = errorMessage
    }
  }
}

extension ReflectionV1alpha.ErrorResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1alpha__error_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ErrorResponse>) throws {
    self.errorCode = c.pointee.error_code
    self.errorMessage = String(cString: c.pointee.error_message)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1alpha__ErrorResponse>, _ arena: Arena) throws {
    grpc__reflection__v1alpha__error_response__init(c)
    c.pointee.error_code = errorCode
    c.pointee.error_message = try arena.string(errorMessage, "grpc.reflection.v1alpha.ErrorResponse.error_message")
  }
}

extension ReflectionV1alpha {
  /// Serves `grpc.reflection.v1alpha.ServerReflection`.
  public protocol ServerReflection: Sendable {
    /// The reflection service is structured as a bidirectional stream, ensuring
    /// all related requests go to a single server.
    func serverReflectionInfo(
      _ requests: RequestStream<ReflectionV1alpha.ServerReflectionRequest>,
      responses: ResponseWriter<ReflectionV1alpha.ServerReflectionResponse>,
      context: CallContext
    ) async throws
  }
}

extension ReflectionV1alpha.ServerReflection {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.serverReflection(_:)`.
  public var definition: ServiceDefinition { .serverReflection(self) }
}

extension ServiceDefinition {
  /// `grpc.reflection.v1alpha.ServerReflection`, handled by `handlers`.
  public static func serverReflection(_ handlers: some ReflectionV1alpha.ServerReflection) -> ServiceDefinition {
    ServiceDefinition(
      "grpc.reflection.v1alpha.ServerReflection", file: ReflectionV1alpha.reflectionProto,
      methods: [
        .bidirectional("ServerReflectionInfo") {
          try await handlers.serverReflectionInfo($0, responses: $1, context: $2)
        },
      ])
  }
}

extension ReflectionV1alpha {
  /// Calls `grpc.reflection.v1alpha.ServerReflection`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct ServerReflectionClient: Sendable {
    private enum Method {
      static let serverReflectionInfo = MethodDescriptor(
        service: "grpc.reflection.v1alpha.ServerReflection", method: "ServerReflectionInfo")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// The reflection service is structured as a bidirectional stream, ensuring
    /// all related requests go to a single server.
    public nonisolated(nonsending) func serverReflectionInfo<Result>(
      options: CallOptions = CallOptions(),
      _ produce: @escaping @Sendable (RequestWriter<ReflectionV1alpha.ServerReflectionRequest>) async throws -> Void,
      _ handle: nonisolated(nonsending) (ResponseStream<ReflectionV1alpha.ServerReflectionResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.bidirectional(Method.serverReflectionInfo, options: options, produce, handle)
    }
  }
}
