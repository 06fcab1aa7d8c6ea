import Synchronization

/// Runs around every call a server handles: authentication, logging, limits, validation, metrics.
///
/// Call `next` once to go on, with the context as given or changed, or throw to refuse the call.
/// When `next` returns the handler has succeeded; what it throws is what the handler threw: rethrow
/// it, or another error in its place. ``CallContext/onRequest(_:)`` sees the request messages.
public typealias ServerInterceptor =
  @Sendable (_ context: CallContext, _ next: @Sendable (CallContext) async throws -> Void)
  async throws -> Void

/// Sees every call a server handles where it begins and where it ends: metrics, logging, and
/// authentication, which may refuse it. For what needs no waiting; unlike a ``ServerInterceptor`` it
/// leaves synchronous methods synchronous, and it also sees calls that end before their handler
/// does.
///
/// Both functions run on the event loop of the call's connection, so they must not block.
public protocol ServerObserver: Sendable {
  /// Before the handler and the interceptors. Throw to refuse the call, change `context` to tell
  /// them something. Observers begin in the order given; after one refuses, the others see nothing.
  func callBegan(_ context: inout CallContext) throws

  /// After the outcome is decided: once for every call whose beginning this observer saw, the ones
  /// it refused included, in the opposite order.
  ///
  /// - Parameters:
  ///   - status: nil for OK.
  ///   - duration: since the request's header was read.
  func callEnded(_ context: CallContext, status: RPCError?, after duration: Duration)
}

extension ServerObserver {
  public func callBegan(_ context: inout CallContext) throws {}
  public func callEnded(_ context: CallContext, status: RPCError?, after duration: Duration) {}
}

/// Runs around every call a channel makes: credentials, tracing, logging, validation, metrics.
///
/// Call `next` once to go on, with the call as given or changed, or throw to fail the call without
/// making it. When `next` returns the call has succeeded and ``OutgoingCall/initialMetadata`` and
/// ``OutgoingCall/trailingMetadata`` are there; what it throws, an ``RPCError`` for a call that did
/// not end with status OK, is what the caller gets, unless another error is thrown in its place. It
/// runs in the caller's task, and with a stream `next` lasts as long as the caller reads and
/// writes. An interceptor repeats no call: that is what retry policies are for.
public typealias ClientInterceptor =
  nonisolated(nonsending) @Sendable (
    _ call: OutgoingCall,
    _ next: nonisolated(nonsending) (OutgoingCall) async throws -> Void
  ) async throws -> Void

/// A call a channel makes, as its interceptors see it.
public struct OutgoingCall: Sendable {
  public let method: MethodDescriptor
  public var options: CallOptions

  /// What the server has answered so far; shared by copies, and with the call itself.
  let response: Response
  private(set) var inspectors = MessageInspectors()

  /// A call of its own, to run an interceptor without a channel.
  public init(method: MethodDescriptor, options: CallOptions = CallOptions()) {
    self.method = method
    self.options = options
    response = Response()
  }

  final class Response: Sendable {
    let values = Mutex(ResponseMetadata())
  }

  /// What the server sent before its first message; empty until it has.
  public var initialMetadata: Metadata { response.values.withLock { $0.initial } }

  /// What the server sent with its status; empty until it has.
  public var trailingMetadata: Metadata { response.values.withLock { $0.trailing } }

  /// Has `inspect` see every request message before it is sent; the first to be given sees it
  /// first. What it throws fails the write, and with it the call.
  public mutating func onRequest(_ inspect: @escaping @Sendable (any Message) throws -> Void) {
    inspectors.requests.append(inspect)
  }

  /// Has `inspect` see every answer before the caller does. What it throws, the caller gets.
  public mutating func onResponse(_ inspect: @escaping @Sendable (any Message) throws -> Void) {
    inspectors.responses.append(inspect)
  }
}

/// Who looks at the messages of one call. They run where the message is read or written.
struct MessageInspectors: Sendable {
  typealias Inspector = @Sendable (any Message) throws -> Void

  var requests: [Inspector] = []
  var responses: [Inspector] = []
}

extension [MessageInspectors.Inspector] {
  func inspect(_ message: some Message) throws {
    for inspect in self { try inspect(message) }
  }
}

extension OutgoingCall {
  /// Runs `body` inside the interceptors.
  nonisolated(nonsending)
    static func run<Result>(
      _ interceptors: [ClientInterceptor], _ method: MethodDescriptor, _ options: CallOptions,
      _ body: nonisolated(nonsending) (OutgoingCall) async throws -> Result
    ) async throws -> Result
  {
    let call = OutgoingCall(method: method, options: options)
    guard !interceptors.isEmpty else { return try await body(call) }
    var outcome: Swift.Result<Result, any Error>?
    try await descend(interceptors[...], call) { call in
      guard outcome == nil else {
        throw RPCError(
          code: .internalError, message: "an interceptor of \(method) went on more than once")
      }
      do {
        outcome = .success(try await body(call))
      } catch {
        outcome = .failure(error)
        throw error
      }
    }
    guard let outcome else {
      throw RPCError(
        code: .internalError,
        message: "an interceptor of \(method) neither went on nor threw an error")
    }
    return try outcome.get()
  }

  nonisolated(nonsending)
    private static func descend(
      _ interceptors: ArraySlice<ClientInterceptor>, _ call: OutgoingCall,
      _ body: nonisolated(nonsending) (OutgoingCall) async throws -> Void
    ) async throws
  {
    guard let first = interceptors.first else { return try await body(call) }
    try await first(call) { call in
      try await descend(interceptors.dropFirst(), call, body)
    }
  }
}
