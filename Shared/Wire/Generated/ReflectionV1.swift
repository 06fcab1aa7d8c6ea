// Made by scripts/generate-protos.sh from grpc/reflection/v1/reflection.proto.
// swift-format-ignore-file

package import CProtos
public import RPC

/// The contract `grpc.reflection.v1`.
public enum ReflectionV1 {}

extension ReflectionV1 {
  /// `grpc/reflection/v1/reflection.proto`, for reflection.
  public static let reflectionProto = ProtoFile(
    "grpc/reflection/v1/reflection.proto", imports: [],
    descriptor: """
      CiNncnBjL3JlZmxlY3Rpb24vdjEvcmVmbGVjdGlvbi5wcm90bxISZ3JwYy5yZWZsZWN0aW9uLnYx\
      IvMCChdTZXJ2ZXJSZWZsZWN0aW9uUmVxdWVzdBISCgRob3N0GAEgASgJUgRob3N0EioKEGZpbGVf\
      YnlfZmlsZW5hbWUYAyABKAlIAFIOZmlsZUJ5RmlsZW5hbWUSNgoWZmlsZV9jb250YWluaW5nX3N5\
      bWJvbBgEIAEoCUgAUhRmaWxlQ29udGFpbmluZ1N5bWJvbBJiChlmaWxlX2NvbnRhaW5pbmdfZXh0\
      ZW5zaW9uGAUgASgLMiQuZ3JwYy5yZWZsZWN0aW9uLnYxLkV4dGVuc2lvblJlcXVlc3RIAFIXZmls\
      ZUNvbnRhaW5pbmdFeHRlbnNpb24SQgodYWxsX2V4dGVuc2lvbl9udW1iZXJzX29mX3R5cGUYBiAB\
      KAlIAFIZYWxsRXh0ZW5zaW9uTnVtYmVyc09mVHlwZRIlCg1saXN0X3NlcnZpY2VzGAcgASgJSABS\
      DGxpc3RTZXJ2aWNlc0IRCg9tZXNzYWdlX3JlcXVlc3QiZgoQRXh0ZW5zaW9uUmVxdWVzdBInCg9j\
      b250YWluaW5nX3R5cGUYASABKAlSDmNvbnRhaW5pbmdUeXBlEikKEGV4dGVuc2lvbl9udW1iZXIY\
      AiABKAVSD2V4dGVuc2lvbk51bWJlciKuBAoYU2VydmVyUmVmbGVjdGlvblJlc3BvbnNlEh0KCnZh\
      bGlkX2hvc3QYASABKAlSCXZhbGlkSG9zdBJWChBvcmlnaW5hbF9yZXF1ZXN0GAIgASgLMisuZ3Jw\
      Yy5yZWZsZWN0aW9uLnYxLlNlcnZlclJlZmxlY3Rpb25SZXF1ZXN0Ug9vcmlnaW5hbFJlcXVlc3QS\
      ZgoYZmlsZV9kZXNjcmlwdG9yX3Jlc3BvbnNlGAQgASgLMiouZ3JwYy5yZWZsZWN0aW9uLnYxLkZp\
      bGVEZXNjcmlwdG9yUmVzcG9uc2VIAFIWZmlsZURlc2NyaXB0b3JSZXNwb25zZRJyCh5hbGxfZXh0\
      ZW5zaW9uX251bWJlcnNfcmVzcG9uc2UYBSABKAsyKy5ncnBjLnJlZmxlY3Rpb24udjEuRXh0ZW5z\
      aW9uTnVtYmVyUmVzcG9uc2VIAFIbYWxsRXh0ZW5zaW9uTnVtYmVyc1Jlc3BvbnNlEl8KFmxpc3Rf\
      c2VydmljZXNfcmVzcG9uc2UYBiABKAsyJy5ncnBjLnJlZmxlY3Rpb24udjEuTGlzdFNlcnZpY2VS\
      ZXNwb25zZUgAUhRsaXN0U2VydmljZXNSZXNwb25zZRJKCg5lcnJvcl9yZXNwb25zZRgHIAEoCzIh\
      LmdycGMucmVmbGVjdGlvbi52MS5FcnJvclJlc3BvbnNlSABSDWVycm9yUmVzcG9uc2VCEgoQbWVz\
      c2FnZV9yZXNwb25zZSJMChZGaWxlRGVzY3JpcHRvclJlc3BvbnNlEjIKFWZpbGVfZGVzY3JpcHRv\
      cl9wcm90bxgBIAMoDFITZmlsZURlc2NyaXB0b3JQcm90byJqChdFeHRlbnNpb25OdW1iZXJSZXNw\
      b25zZRIkCg5iYXNlX3R5cGVfbmFtZRgBIAEoCVIMYmFzZVR5cGVOYW1lEikKEGV4dGVuc2lvbl9u\
      dW1iZXIYAiADKAVSD2V4dGVuc2lvbk51bWJlciJUChNMaXN0U2VydmljZVJlc3BvbnNlEj0KB3Nl\
      cnZpY2UYASADKAsyIy5ncnBjLnJlZmxlY3Rpb24udjEuU2VydmljZVJlc3BvbnNlUgdzZXJ2aWNl\
      IiUKD1NlcnZpY2VSZXNwb25zZRISCgRuYW1lGAEgASgJUgRuYW1lIlMKDUVycm9yUmVzcG9uc2US\
      HQoKZXJyb3JfY29kZRgBIAEoBVIJZXJyb3JDb2RlEiMKDWVycm9yX21lc3NhZ2UYAiABKAlSDGVy\
      cm9yTWVzc2FnZTKJAQoQU2VydmVyUmVmbGVjdGlvbhJ1ChRTZXJ2ZXJSZWZsZWN0aW9uSW5mbxIr\
      LmdycGMucmVmbGVjdGlvbi52MS5TZXJ2ZXJSZWZsZWN0aW9uUmVxdWVzdBosLmdycGMucmVmbGVj\
      dGlvbi52MS5TZXJ2ZXJSZWZsZWN0aW9uUmVzcG9uc2UoATABQmYKFWlvLmdycGMucmVmbGVjdGlv\
      bi52MUIVU2VydmVyUmVmbGVjdGlvblByb3RvUAFaNGdvb2dsZS5nb2xhbmcub3JnL2dycGMvcmVm\
      bGVjdGlvbi9ncnBjX3JlZmxlY3Rpb25fdjFiBnByb3RvMw==
      """)
}

extension ReflectionV1 {
  /// The message sent by the client when calling ServerReflectionInfo method.
  public struct ServerReflectionRequest: Message, Hashable, Sendable {
    public var host: String
    /// To use reflection service, the client should set one of the following
    /// fields in message_request. The server distinguishes requests by their
    /// defined field and then handles them using corresponding methods.
    public var messageRequest: ReflectionV1.ServerReflectionRequest.MessageRequest?

    public init(
      host: String = "",
      messageRequest: ReflectionV1.ServerReflectionRequest.MessageRequest? = nil
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
      case fileContainingExtension(ReflectionV1.ExtensionRequest)
      /// Finds the tag numbers used by all known extensions of the given message
      /// type, and appends them to ExtensionNumberResponse in an undefined order.
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

extension ReflectionV1.ServerReflectionRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__server_reflection_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__ServerReflectionRequest>) throws {
    self.host = String(cString: c.pointee.host)
    switch c.pointee.message_request_case.rawValue {
    case 3: self.messageRequest = .fileByFilename(String(cString: c.pointee.file_by_filename))
    case 4: self.messageRequest = .fileContainingSymbol(String(cString: c.pointee.file_containing_symbol))
    case 5: self.messageRequest = try .fileContainingExtension(ReflectionV1.ExtensionRequest(c: c.pointee.file_containing_extension))
    case 6: self.messageRequest = .allExtensionNumbersOfType(String(cString: c.pointee.all_extension_numbers_of_type))
    case 7: self.messageRequest = .listServices(String(cString: c.pointee.list_services))
    default: self.messageRequest = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__ServerReflectionRequest>, _ arena: Arena) throws {
    grpc__reflection__v1__server_reflection_request__init(c)
    c.pointee.host = try arena.string(host, "grpc.reflection.v1.ServerReflectionRequest.host")
    switch messageRequest {
    case .fileByFilename(let value):
      c.pointee.message_request_case = .init(3)
      c.pointee.file_by_filename = try arena.string(value, "grpc.reflection.v1.ServerReflectionRequest.file_by_filename")
    case .fileContainingSymbol(let value):
      c.pointee.message_request_case = .init(4)
      c.pointee.file_containing_symbol = try arena.string(value, "grpc.reflection.v1.ServerReflectionRequest.file_containing_symbol")
    case .fileContainingExtension(let value):
      c.pointee.message_request_case = .init(5)
      c.pointee.file_containing_extension = try arena.message(value)
    case .allExtensionNumbersOfType(let value):
      c.pointee.message_request_case = .init(6)
      c.pointee.all_extension_numbers_of_type = try arena.string(value, "grpc.reflection.v1.ServerReflectionRequest.all_extension_numbers_of_type")
    case .listServices(let value):
      c.pointee.message_request_case = .init(7)
      c.pointee.list_services = try arena.string(value, "grpc.reflection.v1.ServerReflectionRequest.list_services")
    case nil: break
    }
  }
}

extension ReflectionV1 {
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

extension ReflectionV1.ExtensionRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__extension_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__ExtensionRequest>) throws {
    self.containingType = String(cString: c.pointee.containing_type)
    self.extensionNumber = c.pointee.extension_number
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__ExtensionRequest>, _ arena: Arena) throws {
    grpc__reflection__v1__extension_request__init(c)
    c.pointee.containing_type = try arena.string(containingType, "grpc.reflection.v1.ExtensionRequest.containing_type")
    c.pointee.extension_number = extensionNumber
  }
}

extension ReflectionV1 {
  /// The message sent by the server to answer ServerReflectionInfo method.
  public struct ServerReflectionResponse: Message, Hashable, Sendable {
    public var validHost: String
    public var originalRequest: ReflectionV1.ServerReflectionRequest?
    /// The server sets one of the following fields according to the message_request
    /// in the request.
    public var messageResponse: ReflectionV1.ServerReflectionResponse.MessageResponse?

    public init(
      validHost: String = "",
      originalRequest: ReflectionV1.ServerReflectionRequest? = nil,
      messageResponse: ReflectionV1.ServerReflectionResponse.MessageResponse? = nil
    ) {
      self.validHost = validHost
      self.originalRequest = originalRequest
      self.messageResponse = messageResponse
    }

    public enum MessageResponse: Hashable, Sendable {
      /// This message is used to answer file_by_filename, file_containing_symbol,
      /// file_containing_extension requests with transitive dependencies.
      /// As the repeated label is not allowed in oneof fields, we use a
      /// FileDescriptorResponse message to encapsulate the repeated fields.
      /// The reflection service is allowed to avoid sending FileDescriptorProtos
      /// that were previously sent in response to earlier requests in the stream.
      case fileDescriptorResponse(ReflectionV1.FileDescriptorResponse)
      /// This message is used to answer all_extension_numbers_of_type requests.
      case allExtensionNumbersResponse(ReflectionV1.ExtensionNumberResponse)
      /// This message is used to answer list_services requests.
      case listServicesResponse(ReflectionV1.ListServiceResponse)
      /// This message is used when an error occurs.
      case errorResponse(ReflectionV1.ErrorResponse)
    }
  }
}

extension ReflectionV1.ServerReflectionResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__server_reflection_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__ServerReflectionResponse>) throws {
    self.validHost = String(cString: c.pointee.valid_host)
    self.originalRequest = try c.pointee.original_request.map { try .init(c: $0) }
    switch c.pointee.message_response_case.rawValue {
    case 4: self.messageResponse = try .fileDescriptorResponse(ReflectionV1.FileDescriptorResponse(c: c.pointee.file_descriptor_response))
    case 5: self.messageResponse = try .allExtensionNumbersResponse(ReflectionV1.ExtensionNumberResponse(c: c.pointee.all_extension_numbers_response))
    case 6: self.messageResponse = try .listServicesResponse(ReflectionV1.ListServiceResponse(c: c.pointee.list_services_response))
    case 7: self.messageResponse = try .errorResponse(ReflectionV1.ErrorResponse(c: c.pointee.error_response))
    default: self.messageResponse = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__ServerReflectionResponse>, _ arena: Arena) throws {
    grpc__reflection__v1__server_reflection_response__init(c)
    c.pointee.valid_host = try arena.string(validHost, "grpc.reflection.v1.ServerReflectionResponse.valid_host")
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

extension ReflectionV1 {
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

extension ReflectionV1.FileDescriptorResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__file_descriptor_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__FileDescriptorResponse>) throws {
    self.fileDescriptorProto = Decoded.byteStrings(c.pointee.file_descriptor_proto, c.pointee.n_file_descriptor_proto)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__FileDescriptorResponse>, _ arena: Arena) throws {
    grpc__reflection__v1__file_descriptor_response__init(c)
    c.pointee.n_file_descriptor_proto = fileDescriptorProto.count
    c.pointee.file_descriptor_proto = try arena.byteStrings(fileDescriptorProto)
  }
}

extension ReflectionV1 {
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

extension ReflectionV1.ExtensionNumberResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__extension_number_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__ExtensionNumberResponse>) throws {
    self.baseTypeName = String(cString: c.pointee.base_type_name)
    self.extensionNumber = Decoded.scalars(c.pointee.extension_number, c.pointee.n_extension_number)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__ExtensionNumberResponse>, _ arena: Arena) throws {
    grpc__reflection__v1__extension_number_response__init(c)
    c.pointee.base_type_name = try arena.string(baseTypeName, "grpc.reflection.v1.ExtensionNumberResponse.base_type_name")
    c.pointee.n_extension_number = extensionNumber.count
    c.pointee.extension_number = try arena.scalars(extensionNumber)
  }
}

extension ReflectionV1 {
  /// A list of ServiceResponse sent by the server answering list_services request.
  public struct ListServiceResponse: Message, Hashable, Sendable {
    /// The information of each service may be expanded in the future, so we use
    /// ServiceResponse message to encapsulate it.
    public var service: [ReflectionV1.ServiceResponse]

    public init(service: [ReflectionV1.ServiceResponse] = []) {
      self.service = service
    }
  }
}

extension ReflectionV1.ListServiceResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__list_service_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__ListServiceResponse>) throws {
    self.service = try Decoded.messages(c.pointee.service, c.pointee.n_service)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__ListServiceResponse>, _ arena: Arena) throws {
    grpc__reflection__v1__list_service_response__init(c)
    c.pointee.n_service = service.count
    c.pointee.service = try arena.messages(service)
  }
}

extension ReflectionV1 {
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

extension ReflectionV1.ServiceResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__service_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__ServiceResponse>) throws {
    self.name = String(cString: c.pointee.name)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__ServiceResponse>, _ arena: Arena) throws {
    grpc__reflection__v1__service_response__init(c)
    c.pointee.name = try arena.string(name, "grpc.reflection.v1.ServiceResponse.name")
  }
}

extension ReflectionV1 {
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

extension ReflectionV1.ErrorResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(grpc__reflection__v1__error_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Grpc__Reflection__V1__ErrorResponse>) throws {
    self.errorCode = c.pointee.error_code
    self.errorMessage = String(cString: c.pointee.error_message)
  }

  package func fill(_ c: UnsafeMutablePointer<Grpc__Reflection__V1__ErrorResponse>, _ arena: Arena) throws {
    grpc__reflection__v1__error_response__init(c)
    c.pointee.error_code = errorCode
    c.pointee.error_message = try arena.string(errorMessage, "grpc.reflection.v1.ErrorResponse.error_message")
  }
}

extension ReflectionV1 {
  /// Serves `grpc.reflection.v1.ServerReflection`.
  public protocol ServerReflection: Sendable {
    /// The reflection service is structured as a bidirectional stream, ensuring
    /// all related requests go to a single server.
    func serverReflectionInfo(
      _ requests: RequestStream<ReflectionV1.ServerReflectionRequest>,
      responses: ResponseWriter<ReflectionV1.ServerReflectionResponse>,
      context: CallContext
    ) async throws
  }
}

extension ReflectionV1.ServerReflection {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.serverReflection(_:)`.
  public var definition: ServiceDefinition { .serverReflection(self) }
}

extension ServiceDefinition {
  /// `grpc.reflection.v1.ServerReflection`, handled by `handlers`.
  public static func serverReflection(_ handlers: some ReflectionV1.ServerReflection) -> ServiceDefinition {
    ServiceDefinition(
      "grpc.reflection.v1.ServerReflection", file: ReflectionV1.reflectionProto,
      methods: [
        .bidirectional("ServerReflectionInfo") {
          try await handlers.serverReflectionInfo($0, responses: $1, context: $2)
        },
      ])
  }
}

extension ReflectionV1 {
  /// Calls `grpc.reflection.v1.ServerReflection`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct ServerReflectionClient: Sendable {
    private enum Method {
      static let serverReflectionInfo = MethodDescriptor(
        service: "grpc.reflection.v1.ServerReflection", method: "ServerReflectionInfo")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// The reflection service is structured as a bidirectional stream, ensuring
    /// all related requests go to a single server.
    public nonisolated(nonsending) func serverReflectionInfo<Result>(
      options: CallOptions = CallOptions(),
      _ produce: @escaping @Sendable (RequestWriter<ReflectionV1.ServerReflectionRequest>) async throws -> Void,
      _ handle: nonisolated(nonsending) (ResponseStream<ReflectionV1.ServerReflectionResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.bidirectional(Method.serverReflectionInfo, options: options, produce, handle)
    }
  }
}
