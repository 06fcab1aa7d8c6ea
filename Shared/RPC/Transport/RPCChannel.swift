public import Logging

/// A client's way to one service, however many connections and replicas that means.
///
/// Connects when first called and again after a loss, to every address the target resolves to, and
/// spreads calls over them. Many tasks may call at once. Close it when done.
public final class RPCChannel: Sendable {
  public struct Configuration: Sendable {
    /// The longest response message accepted, in bytes.
    public var maxReceiveMessageSize = 4 * 1024 * 1024

    /// How long one attempt to connect may take.
    public var connectTimeout: Duration = .seconds(20)

    /// The pause after the first failed attempt; it grows by 1.6 each time, with 20 % jitter
    /// (grpc/grpc `doc/connection-backoff.md`).
    public var initialBackoff: Duration = .seconds(1)

    /// The longest pause between attempts.
    public var maxBackoff: Duration = .seconds(120)

    public init() {}
  }

  /// - Parameter target: `host:port`; the host may be a name, an IPv4 address or an IPv6 address
  ///   in brackets. A name is resolved again whenever a connection is lost.
  public init(
    target: String, interceptors: [ClientInterceptor] = [],
    configuration: Configuration = Configuration(), logger: Logger = Logger(label: "rpc.channel")
  ) {
  }

  /// Ends calls in progress (CANCELLED) and closes every connection. Later calls fail.
  public func close() async {
  }

  /// One request, one answer.
  nonisolated(nonsending)
    public func unary<Request: Message, Response: Message>(
      _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws -> Response
  {
    throw RPCError(code: .unimplemented, message: "not yet")
  }

  /// Many requests, one answer: `produce` writes them, then the answer is awaited.
  ///
  /// The call is cancelled when `produce` throws, and its error rethrown.
  nonisolated(nonsending)
    public func clientStreaming<Request: Message, Response: Message>(
      _ method: MethodDescriptor, options: CallOptions = CallOptions(),
      _ produce: nonisolated(nonsending) (RequestWriter<Request>) async throws -> Void
    ) async throws -> Response
  {
    throw RPCError(code: .unimplemented, message: "not yet")
  }

  /// One request, many answers: `handle` reads them. The call is cancelled if it returns early.
  nonisolated(nonsending)
    public func serverStreaming<Request: Message, Response: Message, Result>(
      _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<Response>) async throws -> Result
    ) async throws -> Result
  {
    throw RPCError(code: .unimplemented, message: "not yet")
  }

  /// Requests and answers in any order: `produce` writes in a task of its own while `handle` reads.
  ///
  /// When `handle` returns, the call ends: `produce`, if still writing, is cancelled. When either
  /// throws, the call is cancelled and that error rethrown.
  nonisolated(nonsending)
    public func bidirectional<Request: Message, Response: Message, Result>(
      _ method: MethodDescriptor, options: CallOptions = CallOptions(),
      _ produce: @escaping @Sendable (RequestWriter<Request>) async throws -> Void,
      _ handle: nonisolated(nonsending) (ResponseStream<Response>) async throws -> Result
    ) async throws -> Result
  {
    throw RPCError(code: .unimplemented, message: "not yet")
  }
}
