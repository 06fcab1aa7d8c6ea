import Synchronization

/// What a handler knows of the call it handles, and may say besides its messages.
public struct CallContext: Sendable {
  /// The method called.
  public var method: MethodDescriptor { state.method }

  /// Sent by the client with its request, gRPC's own fields left out. An interceptor may change it.
  public var metadata: Metadata

  /// When the client stops waiting, if it said so. The handler's task is cancelled then.
  public var deadline: ContinuousClock.Instant? { state.deadline }

  /// The client's address: `127.0.0.1:41234`.
  public var peer: String { state.peer }

  private let state: CallState
  /// Who looks at request messages.
  private(set) var inspectors: [MessageInspectors.Inspector] = []

  /// A context of its own, to call a handler without a connection.
  public init(
    method: MethodDescriptor = MethodDescriptor(service: "none", method: "None"),
    metadata: Metadata = [:], deadline: ContinuousClock.Instant? = nil, peer: String = "in-process"
  ) {
    self.init(
      CallState(
        method: method, deadline: deadline, peer: peer, compression: .identity,
        accepted: Compression.all), metadata)
  }

  init(_ state: CallState, _ metadata: Metadata) {
    self.state = state
    self.metadata = metadata
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
    inspectors.append(inspect)
  }

  /// Sent before the first message; changes after that have no effect.
  public var initialMetadata: Metadata {
    get { state.values.withLock { $0.initial } }
    nonmutating set { state.values.withLock { $0.initial = newValue } }
  }

  /// How the answers are compressed; at first what the server's configuration says.
  ///
  /// To be chosen before the first message; an encoding the client does not accept becomes
  /// identity.
  public var compression: Compression {
    get { state.encoding.current }
    nonmutating set { state.encoding.choose(newValue) }
  }

  /// Sent with the status.
  public var trailingMetadata: Metadata {
    get { state.values.withLock { $0.trailing } }
    nonmutating set { state.values.withLock { $0.trailing = newValue } }
  }
}

/// The metadata of an answer.
struct ResponseMetadata: Sendable {
  var initial: Metadata = [:]
  var trailing: Metadata = [:]
}

/// What the parts of a call and the copies of its context share, in one object, since every call
/// makes one.
final class CallState: Sendable {
  let method: MethodDescriptor
  let deadline: ContinuousClock.Instant?
  /// The other side's address, on the server.
  let peer: String
  /// How this side's messages are compressed.
  let encoding: MessageEncoding
  /// What the handler answers with.
  let values = Mutex(ResponseMetadata())

  init(
    method: MethodDescriptor, deadline: ContinuousClock.Instant?, peer: String = "",
    compression: Compression, accepted: Set<Compression>
  ) {
    self.method = method
    self.deadline = deadline
    self.peer = peer
    encoding = MessageEncoding(compression, accepted: accepted)
  }
}
