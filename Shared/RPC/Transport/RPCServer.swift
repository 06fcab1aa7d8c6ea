public import CoreMetrics
public import Logging
import NIOCore
import NIOPosix
import NIOSSL
public import ServiceLifecycle
import Synchronization

/// Serves gRPC on one address.
public final class RPCServer: Service {
  /// Limits that keep one client from taking the server down, and times.
  public struct Configuration: Sendable {
    /// Calls one connection may have open at once; more are refused and retried by the client.
    public var maxConcurrentStreams = 256

    /// The longest request message accepted, in bytes.
    public var maxReceiveMessageSize = 4 * 1024 * 1024

    /// The most header bytes of one request, counted as in RFC 9113 section 6.5.2.
    public var maxHeaderListSize = 16 * 1024

    /// How answers are compressed for clients that accept it; a handler may choose otherwise.
    public var compression = Compression.identity

    /// Certificates; nil serves cleartext.
    public var tls: ServerTLS?

    /// How long a client may take to say that it speaks HTTP/2, TLS included.
    public var handshakeTimeout: Duration = .seconds(20)

    /// The silence of a client after which it is asked whether it is still there; nil never asks.
    public var keepaliveInterval: Duration? = .seconds(300)

    /// How long a client that was asked may stay silent before its connection is closed.
    public var keepaliveTimeout: Duration = .seconds(20)

    /// The least time between pings of a client while nothing is sent to it. One that pings more
    /// often loses its connection (ENHANCE_YOUR_CALM, `too_many_pings`).
    public var minPingInterval: Duration = .seconds(10)

    /// How old a connection may get, give or take 10 %; the client is then told to make a new one,
    /// so that calls spread over replicas that have come since. Nil sets no limit.
    public var maxConnectionAge: Duration?

    /// How long calls in progress may go on after that before they are cancelled.
    public var maxConnectionAgeGrace: Duration = .seconds(60)

    /// How long a connection may be without calls before the client is told to go; nil sets no
    /// limit.
    public var idleTimeout: Duration?

    /// Where calls and connections are counted; nil is the program's metrics system.
    public var metricsFactory: (any MetricsFactory)?

    /// How long calls in progress may go on after graceful shutdown began, before they are
    /// cancelled.
    public var shutdownGracePeriod: Duration = .seconds(10)

    public init() {}
  }

  /// Where a server listens.
  public struct Address: Hashable, Sendable, CustomStringConvertible {
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
      self.host = host
      self.port = port
    }

    /// `127.0.0.1:7511`, `[::1]:7511`: as ``RPCChannel`` takes it.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  private let host: String
  private let port: Int
  private let router: Router
  private let configuration: Configuration
  private let logger: Logger
  private let credentials: TLSCredentials?
  private let handlers = HandlerCount()
  private let metrics: ServerMetrics?
  private let state = Mutex(State())

  private struct State {
    var listener: Task<(any Channel, Address), any Error>?
    var connections: [ObjectIdentifier: (connection: ServerConnection, channel: any Channel)] = [:]
    var isShuttingDown = false
  }

  /// - Parameters:
  ///   - host: a name or an address of this machine; `0.0.0.0` and `::` listen on all.
  ///   - port: 0 lets the system choose; ``start()`` tells.
  ///   - services: names must be distinct.
  ///   - observers: see every call's beginning, in this order, and its end.
  ///   - interceptors: run around every call, inside the observers; the first is outermost.
  public init(
    host: String = "127.0.0.1", port: Int = 0, services: [ServiceDefinition],
    observers: [any ServerObserver] = [], interceptors: [ServerInterceptor] = [],
    configuration: Configuration = Configuration(),
    logger: Logger = Logger(label: "rpc.server")
  ) {
    self.host = host
    self.port = port
    metrics = ServerMetrics(factory: configuration.metricsFactory ?? MetricsSystem.factory)
    router = Router(
      services, observers: observers, interceptors: interceptors, metrics: metrics)
    self.configuration = configuration
    self.logger = logger
    credentials = configuration.tls.map { TLSCredentials($0, logger: logger) }
  }

  /// Binds the address and accepts connections; returns where. Calling it again changes nothing.
  ///
  /// Throws an ``RPCError``: UNAVAILABLE, naming the address, when it cannot be bound, and
  /// FAILED_PRECONDITION, naming the file, when a TLS certificate or key cannot be used.
  @discardableResult
  public func start() async throws -> Address {
    let task = state.withLock { state in
      if let listener = state.listener { return listener }
      let listener = Task { try await self.bind() }
      state.listener = listener
      return listener
    }
    return try await task.value.1
  }

  private func bind() async throws -> (any Channel, Address) {
    _ = try credentials?.context()
    do {
      let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.backlog, value: 256)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(
          .writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024)
        )
        .childChannelInitializer { self.accept($0) }
        .bind(host: host, port: port).get()
      return (
        channel, channel.localAddress.map(Address.init(_:)) ?? Address(host: host, port: port)
      )
    } catch {
      throw RPCError(
        code: .unavailable,
        message: "cannot listen on \(Address(host: host, port: port)): \(reason(of: error))")
    }
  }

  func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
    let connection = ServerConnection(
      channel: channel, router: router, configuration: configuration, handlers: handlers,
      metrics: metrics, logger: logger)
    let id = ObjectIdentifier(connection)
    let isShuttingDown = state.withLock { state in
      state.connections[id] = (connection, channel)
      return state.isShuttingDown
    }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.connections.removeValue(forKey: id) }
    }
    guard !isShuttingDown else { return channel.close() }
    return channel.eventLoop.makeCompletedFuture {
      if connection.usesTLS, let credentials {
        try channel.pipeline.syncOperations.addHandler(
          NIOSSLServerHandler(context: credentials.context()))
      }
      try channel.pipeline.syncOperations.addHandler(connection)
    }
  }

  /// Serves until graceful shutdown is triggered or the task is cancelled; starts if not started.
  ///
  /// On graceful shutdown no call is accepted any more, those in progress have
  /// ``Configuration/shutdownGracePeriod`` to finish, then their tasks are cancelled. On
  /// cancellation they are cancelled at once. Returns when every connection is closed and every
  /// handler has returned.
  public func run() async throws {
    try await start()
    guard let (listener, _) = try await state.withLock({ $0.listener })?.value else { return }
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        try? await listener.closeFuture.get()
        while let channel = state.withLock({ $0.connections.values.first?.channel }) {
          try? await channel.closeFuture.get()
        }
        await handlers.none()
      } onGracefulShutdown: {
        self.stop(listener, grace: self.configuration.shutdownGracePeriod)
      }
    } onCancel: {
      self.stop(listener, grace: nil)
    }
  }

  /// Without `grace`, calls in progress are cancelled at once.
  private func stop(_ listener: any Channel, grace: Duration?) {
    let connections = state.withLock { state in
      state.isShuttingDown = true
      return state.connections.values.map(\.connection)
    }
    listener.close(promise: nil)
    for connection in connections {
      connection.loop.execute {
        if let grace { connection.shutDown(grace: grace) } else { connection.cancelCalls() }
      }
    }
  }
}

/// How many handlers are running.
final class HandlerCount: Sendable {
  private let state = Mutex(State())

  private struct State {
    var count = 0
    var waiting: [UnsafeContinuation<Void, Never>] = []
  }

  func started() { state.withLock { $0.count += 1 } }

  func returned() {
    let waiting = state.withLock { state in
      state.count -= 1
      guard state.count == 0 else { return [UnsafeContinuation<Void, Never>]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Waits until none runs.
  func none() async {
    await withUnsafeContinuation { continuation in
      let isNone = state.withLock { state in
        if state.count > 0 { state.waiting.append(continuation) }
        return state.count == 0
      }
      if isNone { continuation.resume() }
    }
  }
}

extension RPCServer.Address {
  init(_ address: SocketAddress) {
    self.init(host: address.ipAddress ?? "unknown", port: address.port ?? 0)
  }
}

/// The system's words for why a socket operation failed: `connection refused`.
func reason(of error: any Error) -> String {
  switch error {
  case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
  case let error as NIOConnectionError:
    error.connectionErrors.first.map { reason(of: $0.error) } ?? "the name does not resolve"
  case let error as ChannelError:
    if case .connectTimeout = error { "no answer in time" } else { "\(error)" }
  default: tlsReason(of: error) ?? "\(error)"
  }
}
