import Logging
import NIOCore
import NIOTLS

/// The server's end of one connection: turns streams into calls. Confined to `loop`.
final class ServerConnection: ChannelInboundHandler, HTTP2SessionDelegate, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let loop: any EventLoop
  let executor: LoopExecutor
  let usesTLS: Bool
  private let isSocket: Bool
  let peer: String
  let pump: HTTP2Pump
  let router: Router
  let configuration: RPCServer.Configuration
  let logger: Logger

  private var calls = StreamTable<ServerCall>()
  /// What the latest header list meant: a client's calls to one method tend to have the same.
  private var latest: (headers: [HTTP2Header], route: Route)?
  private let metrics: ServerMetrics?
  private let handlers: HandlerCount
  private var handshakeTimer: Scheduled<Void>?
  private var ageTimer: Scheduled<Void>?
  private var idleTimer: Scheduled<Void>?
  /// When the last call ended; of no meaning while there are calls.
  private var idleSince = NIODeadline.now()
  private var shutdownTimer: Scheduled<Void>?
  private var keepAlive: KeepAlive?
  private var isShuttingDown = false
  /// Pings of the client that came too soon, since this side last sent anything.
  private var pingStrikes = 0
  private var lastPing: NIODeadline?
  private var sentFramesAtPing = 0

  /// Pings that may come too soon before the connection is closed.
  private static let pingStrikeLimit = 2

  /// What the ping carries that draws the line of a graceful shutdown.
  private static let shutdownPing: UInt64 = 0x676f_6f64_2062_7965

  init(
    channel: any Channel, router: Router, configuration: RPCServer.Configuration,
    handlers: HandlerCount, metrics: ServerMetrics?, logger: Logger
  ) {
    self.metrics = metrics
    self.handlers = handlers
    loop = channel.eventLoop
    executor = .on(channel.eventLoop)
    isSocket = !(channel is InProcessChannel)
    // Nobody listens in within the process.
    usesTLS = configuration.tls != nil && isSocket
    peer = channel.remoteAddress.map(RPCServer.Address.init(_:))?.description ?? "in-process"
    self.router = router
    self.configuration = configuration
    self.logger = logger
    var settings = HTTP2Session.Settings()
    settings.maxConcurrentStreams = configuration.maxConcurrentStreams
    settings.maxHeaderListSize = configuration.maxHeaderListSize
    pump = HTTP2Pump(session: HTTP2Session(role: .server, settings: settings))
    pump.session.delegate = self
  }

  // What is left to run in the pump may outlive this.
  deinit { pump.session.abandon() }

  // MARK: Channel

  func channelActive(context: ChannelHandlerContext) {
    pump.open(context)
    metrics?.connectionsAccepted.increment()
    // Twice: after a stall of this machine the timer may be due before bytes that came in time are
    // read.
    handshakeTimer = loop.scheduleTask(in: TimeAmount(configuration.handshakeTimeout)) {
      self.handshakeTimer = self.loop.scheduleTask(in: .seconds(1)) {
        self.logger.debug(
          "closing a connection that did not speak HTTP/2", metadata: ["peer": "\(self.peer)"])
        self.pump.close()
      }
    }
    if !usesTLS { pump.flush() }
    watch()
  }

  /// Starts the timers that end a connection which is old, idle or dead.
  private func watch() {
    if let age = configuration.maxConnectionAge {
      // Jitter, so that the clients of a server that has restarted do not come back all at once.
      ageTimer = loop.scheduleTask(in: TimeAmount(age * Double.random(in: 0.9...1.1))) {
        self.drain(
          grace: self.configuration.maxConnectionAgeGrace, "the connection reached its maximum age")
      }
    }
    if let interval = configuration.keepaliveInterval {
      keepAlive = KeepAlive(
        loop: loop, interval: interval, timeout: configuration.keepaliveTimeout,
        ping: { [unowned self] in
          metrics?.keepalivePings.increment()
          pump.session.ping(KeepAlive.data)
          pump.scheduleFlush()
        },
        lost: { [unowned self] in
          logger.info(
            "closing a connection: the client does not answer pings",
            metadata: ["peer": "\(peer)"])
          pump.close()
        })
      keepAlive?.start()
    }
    watchIdleness()
  }

  /// One timer for the connection's life: it looks when it is due how long there has been no call.
  private func watchIdleness(from start: NIODeadline = .now()) {
    guard let timeout = configuration.idleTimeout.map({ TimeAmount($0) }) else { return }
    idleTimer = loop.scheduleTask(deadline: start + timeout) {
      guard self.calls.isEmpty else { return self.watchIdleness() }
      guard self.idleSince + timeout <= .now() else {
        return self.watchIdleness(from: self.idleSince)
      }
      self.drain(
        grace: self.configuration.maxConnectionAgeGrace, "the connection was idle too long")
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated) = event as? TLSUserEvent {
      if negotiated == "h2" {
        pump.flush()
      } else {
        logger.info(
          "closing a connection: the client did not offer HTTP/2 (ALPN h2) in its TLS handshake",
          metadata: ["peer": "\(peer)"])
        pump.finish()
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isSocket { executor.polled() }
    keepAlive?.heard()
    do {
      try pump.receive(unwrapInboundIn(data))
    } catch {
      logger.debug(
        "closing a connection", metadata: ["peer": "\(peer)", "reason": "\(error)"])
      pump.flush()
      pump.finish(reading: false)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) { pump.receiveCompleted() }

  func channelWritabilityChanged(context: ChannelHandlerContext) { pump.flush() }

  func channelInactive(context: ChannelHandlerContext) {
    for timer in [handshakeTimer, ageTimer, idleTimer, shutdownTimer] { timer?.cancel() }
    keepAlive?.stop()
    pump.close()
    metrics?.connectionsClosed.increment()
    pump.session.abandon()
    let calls = self.calls
    self.calls.removeAll()
    for call in calls.all { call.abandoned(because: "the connection to the client was lost") }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let reason = tlsReason(of: error) {
      logger.info("closing a connection", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
    }
    pump.close()
  }

  // MARK: Shutdown

  /// Lets calls in progress finish within `grace` and takes no others.
  func shutDown(grace: Duration) { drain(grace: grace, "the server is shutting down") }

  /// Ends every call now.
  func cancelCalls() { end("the server is shutting down") }

  private func drain(grace: Duration, _ reason: String) {
    guard pump.isOpen, !isShuttingDown else { return }
    isShuttingDown = true
    // The peer learns first that it should stop, and one round trip later where the line is, so
    // that no call it has sent in between is lost (RFC 9113 section 6.8).
    pump.session.announceShutdown()
    pump.session.ping(ServerConnection.shutdownPing)
    pump.scheduleFlush()
    shutdownTimer = loop.scheduleTask(in: TimeAmount(grace)) { self.end(reason) }
  }

  private func end(_ reason: String) {
    isShuttingDown = true
    shutdownTimer?.cancel()
    for call in calls.all { call.abort(RPCError(code: .unavailable, message: reason)) }
    pump.session.goAway()
    pump.flush()
    // What a client does not read does not hold the server up.
    shutdownTimer = loop.scheduleTask(in: .seconds(1)) { self.pump.close() }
  }

  // MARK: Session

  func received(
    _ headers: [HTTP2Header], isOversized: Bool, endsStream: Bool, on id: HTTP2Session.StreamID
  ) {
    if let call = calls[id] {
      // Trailers of a request mean nothing to gRPC but its end.
      if endsStream { call.receivedEnd() }
      return
    }
    do throws(RequestHead.Refusal) {
      guard !isOversized else {
        throw .status(
          RPCError(
            code: .resourceExhausted,
            message: "the metadata exceeds the limit of \(configuration.maxHeaderListSize) bytes"))
      }
      let call = ServerCall(id: id, try route(headers), connection: self)
      calls[id] = call
      call.begin()
      if endsStream { call.receivedEnd() }
    } catch {
      refuse(id, error)
    }
  }

  private func route(_ headers: [HTTP2Header]) throws(RequestHead.Refusal) -> Route {
    if let latest, latest.headers == headers { return latest.route }
    let head = try RequestHead(headers)
    guard let handler = router.handlers[head.method.path] else {
      throw .status(router.unimplemented(head.method))
    }
    let route = Route(head: head, method: handler)
    latest = (headers, route)
    return route
  }

  func received(_ bytes: UnsafeRawBufferPointer, on id: HTTP2Session.StreamID) {
    calls[id]?.received(bytes)
  }

  func receivedEnd(on id: HTTP2Session.StreamID) { calls[id]?.receivedEnd() }

  func closed(_ id: HTTP2Session.StreamID, _ code: HTTP2ErrorCode, unseenByPeer: Bool) {
    if code != .noError { metrics?.streamsReset.increment() }
    calls.remove(id)?.abandoned(because: "the client cancelled the call (\(code))")
    if calls.isEmpty { idleSince = .now() }
  }

  func receivedGoAway(_ code: HTTP2ErrorCode, debugData: String) {}

  func receivedSettings() {
    handshakeTimer?.cancel()
    handshakeTimer = nil
  }

  /// A client that pings more often than it may, while nothing is sent to it, is an attack or a
  /// misconfiguration (grpc/grpc `doc/keepalive.md`, "Server enforcement").
  func receivedPing() {
    let now = NIODeadline.now()
    if sentFramesAtPing != pump.session.sentFrames {
      sentFramesAtPing = pump.session.sentFrames
      pingStrikes = 0
    } else if let lastPing, now - lastPing < TimeAmount(configuration.minPingInterval) {
      pingStrikes += 1
      if pingStrikes > ServerConnection.pingStrikeLimit {
        logger.info(
          "closing a connection: the client pings too often", metadata: ["peer": "\(peer)"])
        pump.session.cutOff(reason: "too_many_pings")
      }
    }
    lastPing = now
  }

  func receivedPong(_ data: UInt64) {
    if data == ServerConnection.shutdownPing, isShuttingDown { pump.session.goAway() }
  }

  func handlerStarted() { handlers.started() }

  func handlerReturned() { handlers.returned() }

  private func refuse(_ id: HTTP2Session.StreamID, _ refusal: RequestHead.Refusal) {
    switch refusal {
    case .status(let error):
      router.others?.started.increment()
      router.others?.ended(error.code, after: .zero, sent: (0, 0), received: (0, 0))
      try? pump.session.respond(to: id, ResponseHead.fields + error.fields, body: nil)
    case .http(let status, let text):
      try? pump.session.respond(
        to: id,
        [
          HTTP2Header(":status", status), HTTP2Header("content-type", "text/plain"),
          HTTP2Header("content-length", "\(text.utf8.count)"),
        ],
        body: FixedBody(text))
    }
    pump.scheduleFlush()
  }
}

/// The body of an answer that is not gRPC.
private final class FixedBody: HTTP2Body {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  func read(into space: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(space.count, rest.count)
    for (index, byte) in rest.prefix(count).enumerated() { space[index] = byte }
    rest = rest.dropFirst(count)
    return rest.isEmpty ? .last(count, trailers: nil) : .bytes(count)
  }
}

/// Which function handles which path.
struct Router: Sendable {
  let handlers: [String: RoutedMethod]
  let observers: [any ServerObserver]
  /// What is counted for calls of methods that are not here.
  let others: ServerMetrics.Calls?
  private let services: Set<String>

  init(
    _ services: [ServiceDefinition], observers: [any ServerObserver],
    interceptors: [ServerInterceptor], metrics: ServerMetrics?
  ) {
    self.observers = observers
    others = metrics?.calls(of: "other")
    var handlers: [String: RoutedMethod] = [:]
    var names: Set<String> = []
    for service in services {
      precondition(
        names.insert(service.name).inserted, "service '\(service.name)' is given twice")
      for method in service.methods {
        let descriptor = MethodDescriptor(service: service.name, method: method.name)
        let previous = handlers.updateValue(
          RoutedMethod(
            descriptor: descriptor, handler: method.handler, interceptors: interceptors,
            metrics: metrics?.calls(of: "\(descriptor)")),
          forKey: descriptor.path)
        precondition(previous == nil, "method '\(descriptor)' is declared twice")
      }
    }
    self.handlers = handlers
    self.services = names
  }

  func unimplemented(_ method: MethodDescriptor) -> RPCError {
    RPCError(
      code: .unimplemented,
      message: services.contains(method.service)
        ? "service '\(method.service)' has no method '\(method.method)'"
        : "this server has no service '\(method.service)': it has "
          + (services.isEmpty
            ? "none" : services.sorted().map { "'\($0)'" }.joined(separator: ", ")))
  }
}

/// What a request's header list means.
final class Route: Sendable {
  let head: RequestHead
  let method: RoutedMethod

  init(head: RequestHead, method: RoutedMethod) {
    self.head = head
    self.method = method
  }
}

final class RoutedMethod: Sendable {
  let descriptor: MethodDescriptor
  let handler: MethodHandler
  let interceptors: [ServerInterceptor]
  let metrics: ServerMetrics.Calls?
  let needsWholeRequest: Bool

  init(
    descriptor: MethodDescriptor, handler: MethodHandler, interceptors: [ServerInterceptor],
    metrics: ServerMetrics.Calls?
  ) {
    self.descriptor = descriptor
    self.handler = handler
    self.interceptors = interceptors
    self.metrics = metrics
    needsWholeRequest = if case .streaming = handler { false } else { true }
  }

  /// Runs the handler inside its interceptors.
  func run(_ inbox: MessageInbox, _ outbox: MessageOutbox, _ context: CallContext) async throws {
    try await run(interceptors[...], inbox, outbox, context)
  }

  private func run(
    _ interceptors: ArraySlice<ServerInterceptor>, _ inbox: MessageInbox, _ outbox: MessageOutbox,
    _ context: CallContext
  ) async throws {
    if let first = interceptors.first {
      try await first(context) { context in
        try await run(interceptors.dropFirst(), inbox, outbox, context)
      }
      return
    }
    switch handler {
    case .synchronous(let handle):
      guard let request = try await inbox.next() else { return }
      try handle(request, outbox, context)
    case .afterRequest(let handle):
      guard let request = try await inbox.next() else { return }
      try await handle(request, outbox, context)
    case .streaming(let handle): try await handle(inbox, outbox, context)
    }
  }
}
