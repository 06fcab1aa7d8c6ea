/// Runs around every call a server handles: authentication, logging, limits, metrics.
///
/// Call `next` once to go on, with the context as given or changed, or throw to refuse the call.
/// What `next` throws is what the handler threw; rethrow it, or another error in its place.
public typealias ServerInterceptor =
  @Sendable (_ context: CallContext, _ next: @Sendable (CallContext) async throws -> Void)
  async throws -> Void

/// What a channel is about to call.
public struct OutgoingCall: Sendable {
  public let method: MethodDescriptor
  public var options: CallOptions
}

/// Runs before every call a channel makes, and may change its options: credentials, tracing.
///
/// Throw to fail the call without making it.
public typealias ClientInterceptor = @Sendable (_ call: inout OutgoingCall) async throws -> Void
