/// Runs around every call a server handles: authentication, logging, limits, metrics.
///
/// Call `next` once to go on, with the context as given or changed, or throw to refuse the call.
/// What `next` throws is what the handler threw; rethrow it, or another error in its place.
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

/// What a channel is about to call.
public struct OutgoingCall: Sendable {
  public let method: MethodDescriptor
  public var options: CallOptions
}

/// Runs before every call a channel makes, and may change its options: credentials, tracing.
///
/// Throw to fail the call without making it.
public typealias ClientInterceptor = @Sendable (_ call: inout OutgoingCall) async throws -> Void
