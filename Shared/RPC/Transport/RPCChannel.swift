public import CoreMetrics
public import Logging
import NIOCore

/// A client's way to one service, however many connections and replicas that means.
///
/// Connects when first called and again after a loss, to every address the target resolves to, and
/// spreads calls over them. Many tasks may call at once. Close it when done.
public final class RPCChannel: Sendable {
  public struct Configuration: Sendable {
    /// The longest response message accepted, in bytes.
    public var maxReceiveMessageSize = 4 * 1024 * 1024

    /// How the servers prove who they are; nil talks cleartext.
    public var tls: ChannelTLS?

    /// How long one attempt to connect may take.
    public var connectTimeout: Duration = .seconds(20)

    /// The pause after the first failed attempt; it grows by 1.6 each time, with 20 % jitter
    /// (grpc/grpc `doc/connection-backoff.md`).
    public var initialBackoff: Duration = .milliseconds(200)

    /// The longest pause between attempts.
    public var maxBackoff: Duration = .seconds(15)

    /// The target is not resolved more often than this, however often connections are lost.
    public var minResolutionInterval: Duration = .seconds(1)

    /// How long a channel without calls keeps its connections; nil keeps them. The next call
    /// resolves the target and connects again.
    public var idleTimeout: Duration? = .seconds(30 * 60)

    /// Pings that find out whether a silent server is still there; nil relies on TCP alone.
    public var keepalive: Keepalive?

    /// The service, by its full name, that a server must report as SERVING (`grpc.health.v1`, Watch)
    /// to be given calls; the empty name stands for the server as a whole, nil does not ask. Servers
    /// without the health service count as healthy.
    public var healthService: String?

    /// Finds the addresses behind the target, in place of the system's names; they must be numeric.
    /// Asked again whenever a connection is lost or a server goes away.
    public var resolver: (@Sendable (_ target: String) async throws -> [RPCServer.Address])?

    /// How calls whose options say nothing are retried, by method; none are unless this says so.
    public var retryPolicy: @Sendable (MethodDescriptor) -> RetryPolicy = { _ in .never }

    /// What bounds retries while most calls fail; nil does not.
    public var retryThrottling: RetryThrottling? = RetryThrottling()

    /// The bytes of a call kept to be sent again; a call that has sent more is not retried.
    public var callRetryBufferSize = 256 * 1024

    /// The bytes of all calls together kept to be sent again (gRFC A6, "Memory Management (Buffering)"). A
    /// call for which there is no room is sent like any other and not retried.
    public var retryBufferSize = 16 * 1024 * 1024

    /// Who collects the channel's counters; nil asks the program's `MetricsSystem` when the channel
    /// is made. They are named as in gRFC A66: `grpc.client.call.duration`,
    /// `grpc.client.attempt.started` and so on.
    public var metricsFactory: (any MetricsFactory)?

    public init() {}
  }

  /// Pings on a connection that has received nothing for a while. One that is not answered in time
  /// closes the connection: calls on it fail with UNAVAILABLE, later ones go elsewhere.
  ///
  /// Servers that find pings too frequent say so (GOAWAY "too_many_pings"); the interval is doubled
  /// then (gRFC A8).
  public struct Keepalive: Hashable, Sendable {
    /// The silence after which a ping is sent.
    public var interval: Duration

    /// How long the answer may take.
    public var timeout: Duration

    /// Whether connections without calls are pinged too.
    public var permitWithoutCalls: Bool

    public init(
      interval: Duration, timeout: Duration = .seconds(20), permitWithoutCalls: Bool = false
    ) {
      self.interval = interval
      self.timeout = timeout
      self.permitWithoutCalls = permitWithoutCalls
    }
  }

  private let core: ChannelCore
  private let interceptors: [ClientInterceptor]

  /// - Parameter target: `host:port`; the host may be a name, an IPv4 address or an IPv6 address
  ///   in brackets. A name is resolved again whenever a connection is lost.
  ///   Calls to any other text fail with INVALID_ARGUMENT.
  /// - Parameter interceptors: run around every call; the first is outermost.
  public init(
    target: String, interceptors: [ClientInterceptor] = [],
    configuration: Configuration = Configuration(), logger: Logger = Logger(label: "rpc.channel")
  ) {
    core = ChannelCore(
      target: ChannelTarget(target, resolver: configuration.resolver),
      configuration: configuration, logger: logger)
    self.interceptors = interceptors
  }

  /// A channel to a server of this process, without a socket: everything else is as over the
  /// network. The server need not have been started; where it runs, its shutdown ends the channel's
  /// connection too.
  public init(
    inProcess server: RPCServer, interceptors: [ClientInterceptor] = [],
    configuration: Configuration = Configuration(), logger: Logger = Logger(label: "rpc.channel")
  ) {
    core = ChannelCore(
      target: ChannelTarget(inProcess: server), configuration: configuration, logger: logger)
    self.interceptors = interceptors
  }

  deinit {
    let core = self.core
    core.loop.now { core.close() }
  }

  /// Ends calls in progress (CANCELLED) and closes every connection. Later calls fail.
  public func close() async {
    let core = self.core
    await withUnsafeContinuation { continuation in
      core.loop.now {
        core.close()
        continuation.resume()
      }
    }
  }

  /// One request, one answer.
  nonisolated(nonsending)
    public func unary<Request: Message, Response: Message>(
      _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws -> Response
  {
    try await OutgoingCall.run(interceptors, method, options) { outgoing in
      try outgoing.inspectors.requests.inspect(request)
      let call = ClientCall(outgoing, core: core, expectsOne: true)
      let request = try request.framed(call.outbox.state.encoding.fix())
      let response = try await Response(response: call.unary(request))
      try outgoing.inspectors.responses.inspect(response)
      return response
    }
  }

  /// Many requests, one answer: `produce` writes them, then the answer is awaited.
  ///
  /// The call is cancelled when `produce` throws, and its error rethrown. When the server answers
  /// before `produce` is done, writing throws; the server's answer is what counts.
  nonisolated(nonsending)
    public func clientStreaming<Request: Message, Response: Message>(
      _ method: MethodDescriptor, options: CallOptions = CallOptions(),
      _ produce: nonisolated(nonsending) (RequestWriter<Request>) async throws -> Void
    ) async throws -> Response
  {
    try await OutgoingCall.run(interceptors, method, options) { outgoing in
      let call = ClientCall(outgoing, core: core, expectsOne: true)
      return try await withTaskCancellationHandler {
        call.start()
        do {
          try await produce(RequestWriter(call.outbox, outgoing.inspectors))
          call.finishWriting()
        } catch {
          let isConsequence = error is RPCError ? await call.hasEnded() : false
          if !isConsequence {
            call.cancel(with: error)
            throw error
          }
        }
        let response = try await Response(response: call.onlyResponse())
        try outgoing.inspectors.responses.inspect(response)
        return response
      } onCancel: {
        call.cancel(with: CancellationError())
      }
    }
  }

  /// One request, many answers: `handle` reads them. The call is cancelled if it returns early.
  nonisolated(nonsending)
    public func serverStreaming<Request: Message, Response: Message, Result>(
      _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<Response>) async throws -> Result
    ) async throws -> Result
  {
    try await OutgoingCall.run(interceptors, method, options) { outgoing in
      try outgoing.inspectors.requests.inspect(request)
      let call = ClientCall(outgoing, core: core, expectsOne: false)
      let request = try request.framed(call.outbox.state.encoding.fix())
      return try await withTaskCancellationHandler {
        call.start(request)
        // Whichever way it ends: a call that is over does not notice.
        defer { call.cancel(with: CancellationError()) }
        return try await handle(ResponseStream(call.inbox, outgoing.inspectors, call: call))
      } onCancel: {
        call.cancel(with: CancellationError())
      }
    }
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
    try await OutgoingCall.run(interceptors, method, options) { outgoing in
      let call = ClientCall(outgoing, core: core, expectsOne: false)
      return try await withTaskCancellationHandler {
        call.start()
        // Leaving this scope cancels the producing task and waits for it.
        async let _: Void = RPCChannel.run(
          produce, RequestWriter(call.outbox, outgoing.inspectors), for: call)
        defer { call.cancel(with: CancellationError()) }
        let result = try await handle(
          ResponseStream(call.inbox, outgoing.inspectors, call: call))
        if let error = await call.failureOfCaller() { throw error }
        return result
      } onCancel: {
        call.cancel(with: CancellationError())
      }
    }
  }

  private static func run<Request>(
    _ produce: (RequestWriter<Request>) async throws -> Void, _ writer: RequestWriter<Request>,
    for call: ClientCall
  ) async {
    do {
      try await produce(writer)
      call.finishWriting()
    } catch {
      // For a call that has ended, writing fails as a consequence, and this changes nothing.
      call.cancel(with: error)
    }
  }
}

extension Message {
  /// Reads an answer; bytes that are no such message are the server's mistake.
  init(response bytes: ByteBuffer) throws {
    do {
      self = try Self(received: bytes)
    } catch {
      throw RPCError(
        code: .internalError, message: "the answer is not a \(Self.self): \(error)")
    }
  }
}
