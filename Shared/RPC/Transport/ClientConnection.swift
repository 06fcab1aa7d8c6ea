import NIOCore
import NIOTLS

/// The client's end of one connection. Confined to the channel's event loop.
final class ClientConnection: ChannelInboundHandler, HTTP2SessionDelegate, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let pump: HTTP2Pump
  let usesTLS: Bool
  let address: String

  /// What becomes of the connection. `closed` comes last, once, with the reason.
  enum Event {
    /// The server speaks HTTP/2: calls can be made.
    case ready
    /// The server takes no further calls; those it has are still answered.
    case draining(tooManyPings: Bool)
    case closed(RPCError)
  }

  var report: ((Event) -> Void)?
  private var calls = StreamTable<ClientCall>()
  /// What the latest header lists say: a server's answers tend to have the same, as have the calls
  /// of one method.
  private var latestRequest: (path: String, fields: [HTTP2Header])?
  var latestHead: (fields: [HTTP2Header], meaning: ResponseHead)?
  var latestTrailers: (fields: [HTTP2Header], metadata: Metadata)?
  private(set) var isReady = false
  /// Whether the server has said that it ends the connection.
  private(set) var isGoingAway = false
  private var isClosing = false
  private var failure: String?

  private let metrics: ChannelMetrics?
  private let keepalive: RPCChannel.Keepalive?
  private var keepAlive: KeepAlive?

  init(
    address: String, usesTLS: Bool, keepalive: RPCChannel.Keepalive?, metrics: ChannelMetrics?
  ) {
    self.metrics = metrics
    self.address = address
    self.usesTLS = usesTLS
    self.keepalive = keepalive
    pump = HTTP2Pump(session: HTTP2Session(role: .client))
    pump.session.delegate = self
  }

  // What is left to run in the pump may outlive this.
  deinit { pump.session.abandon() }

  func add(_ call: ClientCall, _ id: HTTP2Session.StreamID) { calls[id] = call }

  /// The fields that every call of `method` begins with.
  func fields(of method: MethodDescriptor, authority: @autoclosure () -> String) -> [HTTP2Header] {
    let path = method.path
    if let latestRequest, latestRequest.path == path { return latestRequest.fields }
    let fields = [
      HTTP2Header(":method", "POST"), HTTP2Header(":scheme", usesTLS ? "https" : "http"),
      HTTP2Header(":path", path), HTTP2Header(":authority", authority()),
      HTTP2Header("te", "trailers"), HTTP2Header("content-type", "application/grpc"),
      HTTP2Header("user-agent", "grpc-swift-lauter/1.0"),
      HTTP2Header("grpc-accept-encoding", Compression.accepted),
    ]
    latestRequest = (path, fields)
    return fields
  }

  /// Lets go of a stream that its call has left, and resets it with `code`, if there is one.
  func remove(_ id: HTTP2Session.StreamID, resetting code: HTTP2ErrorCode?) {
    calls[id] = nil
    guard let code else { return }
    pump.session.reset(id, code)
    pump.scheduleFlush()
  }

  /// Says goodbye and closes; calls still open fail.
  func close() {
    isClosing = true
    pump.session.terminate(.noError)
    pump.flush()
    pump.close()
  }

  /// Closes at once; calls still open learn why.
  func close(because reason: String) {
    isClosing = true
    if failure == nil { failure = reason }
    pump.close()
  }

  /// Takes no further calls and closes after those it has.
  func drain() {
    report?(.draining(tooManyPings: false))
    pump.session.goAway()
    pump.scheduleFlush()
  }

  // MARK: Channel

  func channelActive(context: ChannelHandlerContext) {
    guard !isClosing else { return context.close(promise: nil) }
    pump.open(context)
    if !usesTLS { pump.flush() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated) = event as? TLSUserEvent {
      if negotiated == "h2" {
        pump.flush()
      } else {
        failure = "the server did not choose HTTP/2 (ALPN h2) in the TLS handshake"
        pump.close()
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    keepAlive?.heard()
    do {
      try pump.receive(unwrapInboundIn(data))
    } catch {
      failure = "\(error)"
      pump.flush()
      pump.close()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) { pump.receiveCompleted() }

  func channelWritabilityChanged(context: ChannelHandlerContext) { pump.flush() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failure = reason(of: error)
    pump.close()
  }

  func channelInactive(context: ChannelHandlerContext) {
    keepAlive?.stop()
    pump.close()
    let error = RPCError(
      code: .unavailable,
      message: isReady
        ? "the connection to \(address) was lost" + (failure.map { ": \($0)" } ?? "")
        : "cannot connect to \(address): "
          + (failure ?? "the peer closed the connection before it spoke HTTP/2"))
    let calls = self.calls.all.map { call in
      (call, unseen: call.streamID.map { !pump.session.hasSentHeaders($0) } ?? true)
    }
    self.calls.removeAll()
    pump.session.abandon()
    report?(.closed(error))
    report = nil
    for (call, unseen) in calls { call.connectionLost(error, unseenByPeer: unseen) }
  }

  // MARK: Session

  func received(
    _ headers: [HTTP2Header], isOversized: Bool, endsStream: Bool, on id: HTTP2Session.StreamID
  ) {
    calls[id]?.received(headers, isOversized: isOversized, endsStream: endsStream)
  }

  func received(_ bytes: UnsafeRawBufferPointer, on id: HTTP2Session.StreamID) {
    calls[id]?.received(bytes)
  }

  func receivedEnd(on id: HTTP2Session.StreamID) { calls[id]?.receivedEnd() }

  func closed(_ id: HTTP2Session.StreamID, _ code: HTTP2ErrorCode, unseenByPeer: Bool) {
    calls.remove(id)?.closed(code, unseenByPeer: unseenByPeer)
  }

  func receivedGoAway(_ code: HTTP2ErrorCode, debugData: String) {
    isGoingAway = true
    if code != .noError { failure = "the server closes it (\(code))" }
    report?(.draining(tooManyPings: code == .enhanceYourCalm && debugData == "too_many_pings"))
  }

  func receivedSettings() {
    guard !isReady else { return }
    isReady = true
    startKeepAlive()
    report?(.ready)
  }

  func receivedPing() {}

  func receivedPong(_ data: UInt64) {}

  private func startKeepAlive() {
    guard let keepalive, let loop = pump.loop else { return }
    let keepAlive = KeepAlive(
      loop: loop, interval: keepalive.interval, timeout: keepalive.timeout,
      isWanted: { [unowned self] in keepalive.permitWithoutCalls || !calls.isEmpty },
      ping: { [unowned self] in
        metrics?.keepalivePings.increment()
        pump.session.ping(KeepAlive.data)
        pump.scheduleFlush()
      },
      lost: { [unowned self] in
        close(because: "it did not answer a keepalive ping within \(keepalive.timeout)")
      })
    self.keepAlive = keepAlive
    keepAlive.start()
  }
}
