import NIOCore

/// A service as a server offers it: its name and a handler for each of its methods.
public struct ServiceDefinition: Sendable {
  /// The full name, package included: `lauter.store.v1.RecordService`.
  public let name: String

  /// The file that declares it, for reflection; nil for a service written by hand.
  public let file: ProtoFile?

  /// In the order declared.
  public let methods: [MethodDefinition]

  public init(_ name: String, file: ProtoFile? = nil, methods: [MethodDefinition]) {
    self.name = name
    self.file = file
    self.methods = methods
  }
}

/// One method of a service with the function that handles it.
///
/// Handlers run on the event loop of the connection they serve: they may await, they must not block
/// or compute for long; such work belongs on a thread of its own.
public struct MethodDefinition: Sendable {
  /// The name as in the proto: `GetRecord`.
  public let name: String

  let handler: MethodHandler

  /// One request, one answer.
  public static func unary<Request: Message, Response: Message>(
    _ name: String,
    _ handle: @escaping @Sendable (Request, CallContext) async throws -> Response
  ) -> MethodDefinition {
    MethodDefinition(
      name: name,
      handler: .afterRequest { request, outbox, context in
        let response = try await handle(Request(request: request, context), context)
        try await ResponseWriter(outbox).write(response)
      })
  }

  /// One request, one answer, at once: `handle` runs on the connection's event loop without a task,
  /// at a fraction of an async handler's cost. For methods that only look something up.
  ///
  /// It holds up every call of every connection on that loop, so it must not block nor compute for
  /// long. Where the server has interceptors, which may wait, it runs inside them in a task.
  public static func synchronousUnary<Request: Message, Response: Message>(
    _ name: String,
    _ handle: @escaping @Sendable (Request, CallContext) throws -> Response
  ) -> MethodDefinition {
    MethodDefinition(
      name: name,
      handler: .synchronous { request, outbox, context in
        let response = try handle(Request(request: request, context), context)
        try outbox.enqueue(response.framed(outbox.state.encoding.fix()))
      })
  }

  /// For generated code: `viewing`, which is given the request's bytes, if there is one, else
  /// `synchronous` if there is one.
  package static func unary<Request: Message, Response: Message>(
    _ name: String,
    synchronous: (@Sendable (Request, CallContext) throws -> Response)?,
    viewing: (@Sendable (UnsafeRawBufferPointer, CallContext) throws -> Response)? = nil,
    _ handle: @escaping @Sendable (Request, CallContext) async throws -> Response
  ) -> MethodDefinition {
    guard let viewing else {
      return synchronous.map { synchronousUnary(name, $0) } ?? unary(name, handle)
    }
    return MethodDefinition(
      name: name,
      handler: .synchronous { request, outbox, context in
        if !context.inspectors.isEmpty { _ = try Request(request: request, context) }
        let response = try request.withUnsafeReadableBytes { try viewing($0, context) }
        try outbox.enqueue(response.framed(outbox.state.encoding.fix()))
      })
  }

  /// Many requests, one answer.
  public static func clientStreaming<Request: Message, Response: Message>(
    _ name: String,
    _ handle: @escaping @Sendable (RequestStream<Request>, CallContext) async throws -> Response
  ) -> MethodDefinition {
    MethodDefinition(
      name: name,
      handler: .streaming { inbox, outbox, context in
        let response = try await handle(RequestStream(inbox, context.inspectors), context)
        try await ResponseWriter(outbox).write(response)
      })
  }

  /// One request, many answers.
  public static func serverStreaming<Request: Message, Response: Message>(
    _ name: String,
    _ handle:
      @escaping @Sendable (Request, ResponseWriter<Response>, CallContext) async throws -> Void
  ) -> MethodDefinition {
    MethodDefinition(
      name: name,
      handler: .afterRequest { request, outbox, context in
        try await handle(Request(request: request, context), ResponseWriter(outbox), context)
      })
  }

  /// Requests and answers in any order.
  public static func bidirectional<Request: Message, Response: Message>(
    _ name: String,
    _ handle:
      @escaping @Sendable (RequestStream<Request>, ResponseWriter<Response>, CallContext)
      async throws -> Void
  ) -> MethodDefinition {
    MethodDefinition(
      name: name,
      handler: .streaming { inbox, outbox, context in
        try await handle(RequestStream(inbox, context.inspectors), ResponseWriter(outbox), context)
      })
  }
}

/// A handler without its message types.
enum MethodHandler: Sendable {
  /// Called once the whole of the single request is there; answers before it returns.
  case synchronous(@Sendable (ByteBuffer, MessageOutbox, CallContext) throws -> Void)
  /// Called once the whole of the single request is there.
  case afterRequest(@Sendable (ByteBuffer, MessageOutbox, CallContext) async throws -> Void)
  /// Called as soon as the request's header is there.
  case streaming(@Sendable (MessageInbox, MessageOutbox, CallContext) async throws -> Void)
}

extension Message {
  /// Reads a request and shows it to whoever asked to see it.
  init(request bytes: ByteBuffer, _ context: CallContext) throws {
    try self.init(request: bytes)
    try context.inspectors.inspect(self)
  }

  /// Reads a request; bytes that are no such message are the client's mistake.
  init(request bytes: ByteBuffer) throws {
    do {
      self = try Self(received: bytes)
    } catch let error as RPCError {
      throw error
    } catch {
      throw RPCError(code: .invalidArgument, message: "the request is not a \(Self.self): \(error)")
    }
  }
}
