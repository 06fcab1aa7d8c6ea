import CNghttp2

/// One HTTP/2 connection without I/O, on nghttp2: bytes in, bytes out, events to a delegate.
///
/// nghttp2 does frames, HPACK, stream states and flow control. This class adds what gRPC needs:
/// header lists with a limit, bodies that end in trailers, windows opened by the reader, resets
/// after early trailers. It is used by one thread at a time (an event loop).
package final class HTTP2Session {
  package typealias StreamID = Int32

  package enum Role { case client, server }

  package struct Settings {
    package var maxConcurrentStreams = 256
    package var maxHeaderListSize = 16 * 1024
    /// How much a peer may send on a stream whose reader does not read.
    package var streamWindow = 256 * 1024
    /// The same for the connection. Its bytes are given back on receipt, so that a stream nobody
    /// reads does not stop the others.
    package var connectionWindow = 1024 * 1024
    /// Streams the peer may reset at once before the connection is closed (CVE-2023-44487), and
    /// how many more each second.
    package var resetBurst = 1000
    package var resetsPerSecond = 33
    /// SETTINGS and PRIORITY frames the peer may send at once, and how many more each second.
    package var controlBurst = 200
    package var controlsPerSecond = 20

    package init() {}
  }

  package let role: Role
  /// Who learns what is received. It owns the session and is told during ``receive(_:)`` and
  /// ``send(_:)`` only, so it is not retained, not even while it is told: that would cost a call
  /// dozens of atomic operations. ``abandon()`` lets go of it.
  package unowned(unsafe) var delegate: (any HTTP2SessionDelegate)?

  private let settings: Settings
  private var session: OpaquePointer!
  private var streams = StreamTable<Stream>()
  private var emptyDataFrames = 0
  /// The opening header list and the trailers received last.
  private var openings = HTTP2HeaderReader()
  private var trailers = HTTP2HeaderReader()
  /// The header lists sent last, as nghttp2 takes them.
  private let sentHead = HTTP2HeaderBlock()
  private let sentTrailers = HTTP2HeaderBlock()
  private var resets: RateLimit
  private var controls: RateLimit
  /// HEADERS and DATA frames sent so far.
  package private(set) var sentFrames = 0
  private var isAbandoned = false
  /// Whether an answer may wait to be sent that was given since the last pause.
  private var hasAnswered = false
  /// Whether ``receive(_:pause:)`` is interrupted.
  private var isPaused = false
  /// Between ``announceShutdown()`` and ``goAway(_:)``: streams may still be on their way, though
  /// nghttp2 is done as soon as it has none.
  private var isDrawingLine = false
  /// Whether the peer went over a limit and nothing it says is read any more.
  package private(set) var isCutOff = false

  package init(role: Role, settings: Settings = Settings()) {
    self.role = role
    self.settings = settings
    resets = RateLimit(burst: settings.resetBurst, perSecond: settings.resetsPerSecond)
    controls = RateLimit(burst: settings.controlBurst, perSecond: settings.controlsPerSecond)

    var option: OpaquePointer?
    nghttp2_option_new(&option)
    defer { nghttp2_option_del(option) }
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_stream_reset_rate_limit(
      option, UInt64(settings.resetBurst), UInt64(settings.resetsPerSecond))
    nghttp2_option_set_max_settings(option, 32)

    let context = Unmanaged.passUnretained(self).toOpaque()
    let result =
      role == .server
      ? nghttp2_session_server_new2(&session, Callbacks.shared.pointer, context, option)
      : nghttp2_session_client_new2(&session, Callbacks.shared.pointer, context, option)
    precondition(result == 0, "nghttp2 cannot make a session: out of memory")

    var entries = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: UInt32(settings.streamWindow)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(settings.maxHeaderListSize)),
      role == .server
        ? nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
          value: UInt32(settings.maxConcurrentStreams))
        : nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
    ]
    nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &entries, entries.count)
    nghttp2_session_set_local_window_size(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(settings.connectionWindow))
  }

  deinit { nghttp2_session_del(session) }

  // MARK: Bytes

  /// Takes bytes from the peer and reports what they mean to the delegate before it returns.
  ///
  /// A call that is answered at once is sent off before the next is read: of a hundred calls in one
  /// read each then finds the memory of the one before it in the processor's caches. `pause` is
  /// called in between, and may call ``send(_:)``.
  ///
  /// After a protocol error of the peer the session only wants to write (its GOAWAY) and then
  /// nothing more; it throws when not even that makes sense. What follows the frame that went over a
  /// limit is not read. The delegate must not call `receive`.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, pause: () -> Void = {}
  ) throws(HTTP2Error) {
    guard var next = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    var left = bytes.count
    while left > 0 || isPaused, !isAbandoned, !isCutOff {
      isPaused = false
      let count = nghttp2_session_mem_recv(session, next, left)
      if isCutOff { return }
      guard count >= 0 else { throw HTTP2Error(nghttp2: Int32(count)) }
      next += count
      left -= count
      // What the last bytes mean nghttp2 says when it is called again, be it with none.
      if isPaused { pause() }
    }
  }

  /// The next bytes for the peer (about one frame), or nil when there is nothing to send now.
  ///
  /// They are valid during `body` only.
  package func send<Result>(
    _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(HTTP2Error) -> Result? {
    guard !isAbandoned else { return nil }
    var start: UnsafePointer<UInt8>?
    let count = nghttp2_session_mem_send(session, &start)
    guard count >= 0 else { throw HTTP2Error(nghttp2: Int32(count)) }
    if count == 0 { hasAnswered = false }
    return count == 0 ? nil : body(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Whether the session has nothing more to do in either direction: close the connection.
  package var isDone: Bool {
    !isDrawingLine && nghttp2_session_want_read(session) == 0
      && nghttp2_session_want_write(session) == 0
  }

  /// The connection is gone: lets go of bodies; `receive` and `send` do nothing any more.
  package func abandon() {
    isAbandoned = true
    delegate = nil
    streams.removeAll()
  }

  // MARK: Streams

  package var openStreams: Int { streams.count }

  /// Opens a stream with a request. Waits inside, unsent, while the peer's stream limit is reached.
  package func request(
    _ headers: [HTTP2Header], body: any HTTP2Body
  ) throws(HTTP2Error) -> StreamID {
    let id = sentHead.with(headers) { nv, count in
      withProvider { nghttp2_submit_request(session, nil, nv, count, $0, nil) }
    }
    guard id > 0 else { throw HTTP2Error(nghttp2: id) }
    streams[id] = Stream(body: body)
    return id
  }

  /// Answers a stream: headers, then what `body` gives. Without a body the headers end the stream.
  package func respond(
    to id: StreamID, _ headers: [HTTP2Header], body: (any HTTP2Body)?
  ) throws(HTTP2Error) {
    guard streams.update(id, { $0.body = body }) != nil else { return }
    hasAnswered = true
    let result = sentHead.with(headers) { nv, count in
      guard body != nil else { return nghttp2_submit_response(session, id, nv, count, nil) }
      return withProvider { nghttp2_submit_response(session, id, nv, count, $0) }
    }
    guard result == 0 else { throw HTTP2Error(nghttp2: result) }
  }

  /// Asks the stream's body again, after it had nothing to give.
  package func resume(_ id: StreamID) {
    nghttp2_session_resume_data(session, id)
  }

  /// Whether the stream's request has been handed out by ``send(_:)``.
  package func hasSentHeaders(_ id: StreamID) -> Bool { streams[id]?.headersSent ?? false }

  package func reset(_ id: StreamID, _ code: HTTP2ErrorCode) {
    // Nothing of it is sent any more: the call may be on another stream already.
    guard streams.update(id, { $0.body = nil }) != nil else { return }
    nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, code.rawValue)
  }

  /// Lets the peer send `count` bytes more on a stream.
  package func consume(_ id: StreamID, _ count: Int) {
    guard streams.contains(id) else { return }
    nghttp2_session_consume_stream(session, id, count)
  }

  // MARK: The connection

  /// Tells the peer to open no more streams; those it has opened meanwhile are still served.
  ///
  /// To be followed by ``goAway(_:)`` when they must have arrived; the session is not done before.
  package func announceShutdown() {
    isDrawingLine = true
    nghttp2_submit_shutdown_notice(session)
  }

  /// Serves no stream beyond those received so far. The session is done when they are.
  package func goAway(_ code: HTTP2ErrorCode = .noError) {
    isDrawingLine = false
    nghttp2_submit_goaway(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(session),
      code.rawValue, nil, 0)
  }

  /// Ends the session as soon as a GOAWAY is sent; streams are reset.
  ///
  /// - Parameter reason: text for whoever debugs the peer.
  package func terminate(_ code: HTTP2ErrorCode, reason: String = "") {
    isDrawingLine = false
    if !reason.isEmpty {
      var reason = reason
      reason.withUTF8 {
        _ = nghttp2_submit_goaway(
          session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
          nghttp2_session_get_last_proc_stream_id(session), code.rawValue, $0.baseAddress, $0.count)
      }
    }
    nghttp2_session_terminate_session(session, code.rawValue)
  }

  /// Asks the peer to answer; its answer carries `data` back. Any number may be on their way.
  package func ping(_ data: UInt64) {
    _ = withUnsafeBytes(of: data.bigEndian) {
      nghttp2_submit_ping(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
        $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// The peer went over a limit: says so in a GOAWAY, and reads no more of what it sends.
  ///
  /// - Parameter reason: text for whoever debugs the peer.
  package func cutOff(reason: String = "") {
    isCutOff = true
    terminate(.enhanceYourCalm, reason: reason)
  }

  private func withProvider<Result>(
    _ body: (UnsafePointer<nghttp2_data_provider>) -> Result
  ) -> Result {
    var provider = nghttp2_data_provider()
    provider.read_callback = { _, id, space, length, flags, _, context in
      HTTP2Session.with(context) {
        $0.readBody(
          of: id, into: UnsafeMutableRawBufferPointer(start: space, count: length), flags!)
      }
    }
    return body(&provider)
  }

  // MARK: Callbacks

  private func readBody(
    of id: StreamID, into space: UnsafeMutableRawBufferPointer,
    _ flags: UnsafeMutablePointer<UInt32>
  ) -> Int {
    guard let body = streams[id]?.body else {
      flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
      return 0
    }
    switch body.read(into: space) {
    case .bytes(0): return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    case .bytes(let count): return count
    case .last(let count, let trailers):
      flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if let trailers {
        flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        let result = sentTrailers.with(trailers) { nghttp2_submit_trailer(session, id, $0, $1) }
        if result != 0 { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
      }
      return count
    }
  }

  /// What a callback returns: nghttp2 would read on after a GOAWAY of this side; only an error stops it.
  private var goOn: Int32 { isCutOff ? Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) : 0 }

  fileprivate func beganHeaders(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    guard !isCutOff else { return goOn }
    let id = frame.pointee.hd.stream_id
    if role == .server, frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
      streams[id] = Stream(body: nil)
    }
    // The frames of two lists never mix.
    if frame.pointee.headers.cat == NGHTTP2_HCAT_HEADERS {
      trailers.begin()
    } else {
      openings.begin()
    }
    return 0
  }

  fileprivate func header(
    _ frame: UnsafePointer<nghttp2_frame>, _ name: UnsafeBufferPointer<UInt8>,
    _ value: UnsafeBufferPointer<UInt8>
  ) -> Int32 {
    let limit = settings.maxHeaderListSize
    let bytes =
      frame.pointee.headers.cat == NGHTTP2_HCAT_HEADERS
      ? trailers.add(name, value, limit: limit) : openings.add(name, value, limit: limit)
    // A list this long is an attack on the decoder (an HPACK bomb), not a mistake.
    return bytes > 16 * limit ? Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) : 0
  }

  fileprivate func received(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    if !isCutOff { report(frame) }
    return goOn
  }

  private func report(_ frame: UnsafePointer<nghttp2_frame>) {
    let id = frame.pointee.hd.stream_id
    let endsStream = frame.pointee.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    switch nghttp2_frame_type(UInt32(frame.pointee.hd.type)) {
    case NGHTTP2_HEADERS:
      guard streams.contains(id) else { return }
      let (headers, bytes) =
        frame.pointee.headers.cat == NGHTTP2_HCAT_HEADERS ? trailers.end() : openings.end()
      delegate?.received(
        headers, isOversized: bytes > settings.maxHeaderListSize, endsStream: endsStream, on: id)
    case NGHTTP2_DATA:
      if endsStream {
        delegate?.receivedEnd(on: id)
      } else if frame.pointee.hd.length == 0 {
        emptyDataFrames += 1
        if emptyDataFrames > 1000 { cutOff() }
      } else {
        emptyDataFrames = 0
      }
    case NGHTTP2_GOAWAY:
      delegate?.receivedGoAway(
        HTTP2ErrorCode(rawValue: frame.pointee.goaway.error_code),
        debugData: String(
          decoding: UnsafeBufferPointer(
            start: frame.pointee.goaway.opaque_data,
            count: frame.pointee.goaway.opaque_data_len), as: UTF8.self))
    case NGHTTP2_PING:
      // The answer is nghttp2's business.
      guard frame.pointee.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 else {
        delegate?.receivedPing()
        break
      }
      delegate?.receivedPong(
        withUnsafeBytes(of: frame.pointee.ping.opaque_data) {
          UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))
        })
    case NGHTTP2_PRIORITY:
      if !controls.allows() { cutOff() }
    case NGHTTP2_SETTINGS:
      if !controls.allows() { cutOff() }
      if frame.pointee.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 {
        delegate?.receivedSettings()
      }
    default: break
    }
  }

  fileprivate func received(_ bytes: UnsafeRawBufferPointer, on id: StreamID) -> Int32 {
    guard !isCutOff else { return goOn }
    nghttp2_session_consume_connection(session, bytes.count)
    if streams.contains(id) { delegate?.received(bytes, on: id) }
    guard hasAnswered else { return 0 }
    hasAnswered = false
    isPaused = true
    return Int32(NGHTTP2_ERR_PAUSE.rawValue)
  }

  fileprivate func sent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    switch nghttp2_frame_type(UInt32(frame.pointee.hd.type)) {
    case NGHTTP2_HEADERS: break
    case NGHTTP2_DATA:
      sentFrames += 1
      return 0
    default: return 0
    }
    sentFrames += 1
    let id = frame.pointee.hd.stream_id
    streams.update(id) { $0.headersSent = true }
    let endsStream = frame.pointee.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    if role == .server, endsStream, nghttp2_session_get_stream_remote_close(session, id) == 0 {
      // The answer is complete, the request is not: stop the client. Only here, after the trailers
      // are on their way: submitted earlier, the reset would discard them.
      nghttp2_submit_rst_stream(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, HTTP2ErrorCode.noError.rawValue)
    }
    return 0
  }

  fileprivate func closed(_ id: StreamID, _ code: UInt32) -> Int32 {
    guard let stream = streams.remove(id) else { return 0 }
    // Of a request that was never sent the peer has said nothing, whatever nghttp2 calls it.
    let code = role == .client && !stream.headersSent ? .noError : HTTP2ErrorCode(rawValue: code)
    // nghttp2 counts the resets it receives; a peer can also provoke those of this side.
    if role == .server, code != .noError, !resets.allows() { cutOff() }
    delegate?.closed(
      id, code, unseenByPeer: role == .client && (!stream.headersSent || code == .refusedStream))
    return 0
  }

  private struct Stream {
    var body: (any HTTP2Body)?
    var headersSent = false
  }
}

/// So many at once, and so many more each second.
private struct RateLimit {
  private let burst: Double
  private let perSecond: Double
  private var left: Double
  private var last: ContinuousClock.Instant?

  init(burst: Int, perSecond: Int) {
    self.burst = Double(burst)
    self.perSecond = Double(perSecond)
    left = Double(burst)
  }

  mutating func allows() -> Bool {
    let now = ContinuousClock.now
    if let last { left = min(burst, left + perSecond * (last.duration(to: now) / .seconds(1))) }
    last = now
    guard left >= 1 else { return false }
    left -= 1
    return true
  }
}

/// Learns what a session received. Called during ``HTTP2Session/receive(_:)``, and
/// ``closed(_:_:unseenByPeer:)`` during ``HTTP2Session/send(_:)`` too.
package protocol HTTP2SessionDelegate: AnyObject {
  /// A header list: a request, a response, or trailers. Empty when oversized.
  func received(
    _ headers: [HTTP2Header], isOversized: Bool, endsStream: Bool, on id: HTTP2Session.StreamID)
  func received(_ bytes: UnsafeRawBufferPointer, on id: HTTP2Session.StreamID)
  /// The peer's DATA on the stream is complete.
  func receivedEnd(on id: HTTP2Session.StreamID)
  /// The stream is gone. `unseenByPeer` promises that the peer has not acted on the request: it
  /// refused it, or, with no error, the request was never sent.
  func closed(_ id: HTTP2Session.StreamID, _ code: HTTP2ErrorCode, unseenByPeer: Bool)
  func receivedGoAway(_ code: HTTP2ErrorCode, debugData: String)
  func receivedSettings()
  /// The peer asks whether this side is alive; it has been answered.
  func receivedPing()
  /// The peer has answered ``HTTP2Session/ping(_:)``.
  func receivedPong(_ data: UInt64)
}

/// Where a stream's DATA comes from.
package protocol HTTP2Body: AnyObject {
  /// Fills as much of `space` as there are bytes; called when the peer's windows allow it.
  func read(into space: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart
}

package enum HTTP2BodyPart {
  /// So many bytes, more to come; with 0, ``HTTP2Session/resume(_:)`` tells when.
  case bytes(Int)
  /// The last bytes, if any, and what follows them.
  case last(Int, trailers: [HTTP2Header]?)
}

/// The C callbacks, which find their session through nghttp2's user data.
private final class Callbacks: @unchecked Sendable {
  static let shared = Callbacks()

  let pointer: OpaquePointer

  private init() {
    var callbacks: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    pointer = callbacks!

    nghttp2_session_callbacks_set_on_begin_headers_callback(pointer) { _, frame, context in
      HTTP2Session.with(context) { $0.beganHeaders(frame!) }
    }
    nghttp2_session_callbacks_set_on_header_callback(pointer) {
      _, frame, name, nameCount, value, valueCount, _, context in
      HTTP2Session.with(context) {
        $0.header(
          frame!, UnsafeBufferPointer(start: name, count: nameCount),
          UnsafeBufferPointer(start: value, count: valueCount))
      }
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(pointer) { _, frame, context in
      HTTP2Session.with(context) { $0.received(frame!) }
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(pointer) {
      _, _, id, bytes, count, context in
      HTTP2Session.with(context) {
        $0.received(UnsafeRawBufferPointer(start: bytes, count: count), on: id)
      }
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(pointer) { _, frame, context in
      HTTP2Session.with(context) { $0.sent(frame!) }
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(pointer) { _, id, code, context in
      HTTP2Session.with(context) { $0.closed(id, code) }
    }
  }
}

extension HTTP2Session {
  /// Gives `body` the session in nghttp2's user data, which lives as long as nghttp2's: it is not retained,
  /// as that would cost a call two dozen atomic operations.
  fileprivate static func with<Result>(
    _ context: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Result
  ) -> Result {
    Unmanaged<HTTP2Session>.fromOpaque(context!)._withUnsafeGuaranteedRef { body($0) }
  }
}
