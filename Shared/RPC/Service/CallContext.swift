import Synchronization

/// What a handler knows of the call it handles, and may say besides its messages.
public struct CallContext: Sendable {
  /// The method called.
  public let method: MethodDescriptor

  /// Sent by the client with its request, gRPC's own fields left out. An interceptor may change it.
  public var metadata: Metadata

  /// When the client stops waiting, if it said so. The handler's task is cancelled then.
  public let deadline: ContinuousClock.Instant?

  /// The client's address: `127.0.0.1:41234`.
  public let peer: String

  private let response: ResponseMetadata
  private let encoding: MessageEncoding
  private(set) var inspectors = MessageInspectors()

  /// A context of its own, to call a handler without a connection.
  public init(
    method: MethodDescriptor = MethodDescriptor(service: "none", method: "None"),
    metadata: Metadata = [:], deadline: ContinuousClock.Instant? = nil, peer: String = "in-process"
  ) {
    self.init(
      method: method, metadata: metadata, deadline: deadline, peer: peer,
      response: ResponseMetadata(),
      encoding: MessageEncoding(.identity, accepted: Set(Compression.allCases)))
  }

  package init(
    method: MethodDescriptor, metadata: Metadata, deadline: ContinuousClock.Instant?, peer: String,
    response: ResponseMetadata, encoding: MessageEncoding
  ) {
    self.method = method
    self.metadata = metadata
    self.deadline = deadline
    self.peer = peer
    self.response = response
    self.encoding = encoding
  }

  /// Has `inspect` see every request message before the handler does, as often as there are
  /// messages; the first to be given sees it first. What it throws, the handler's read throws:
  ///
  /// ```swift
  /// let validate: ServerInterceptor = { context, next in
  ///   var context = context
  ///   context.onRequest { message in
  ///     if let request = message as? GetRecordRequest, request.id.isEmpty {
  ///       throw RPCError(code: .invalidArgument, message: "a request names no record")
  ///     }
  ///   }
  ///   try await next(context)
  /// }
  /// ```
  public mutating func onRequest(_ inspect: @escaping @Sendable (any Message) throws -> Void) {
    inspectors.requests.append(inspect)
  }

  /// Sent before the first message; changes after that have no effect.
  public var initialMetadata: Metadata {
    get { response.values.withLock { $0.initial } }
    nonmutating set { response.values.withLock { $0.initial = newValue } }
  }

  /// How the answers are compressed; at first what the server's configuration says.
  ///
  /// To be chosen before the first message; an encoding the client does not accept becomes
  /// identity.
  public var compression: Compression {
    get { encoding.current }
    nonmutating set { encoding.choose(newValue) }
  }

  /// Sent with the status.
  public var trailingMetadata: Metadata {
    get { response.values.withLock { $0.trailing } }
    nonmutating set { response.values.withLock { $0.trailing = newValue } }
  }
}

/// The metadata a handler answers with, shared by the copies of its context.
package final class ResponseMetadata: Sendable {
  struct Values {
    var initial: Metadata = [:]
    var trailing: Metadata = [:]
  }

  let values = Mutex(Values())

  package init() {}
}
