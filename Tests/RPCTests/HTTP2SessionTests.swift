import RPC
import Testing

/// A client core joined to a server core by byte arrays.
@Suite struct HTTP2SessionTests {
  @Test func requestAndResponse() throws {
    let pair = SessionPair()
    let id = try pair.client.session.request(SessionPair.request, body: Body("ping"))
    try pair.exchange()
    #expect(
      pair.server.events == [
        .settings, .headers(id, SessionPair.request, ends: false), .data(id, "ping"), .end(id),
      ])
    let head = [HTTP2Header(":status", "200")]
    let trailers = [HTTP2Header("grpc-status", "0")]
    try pair.server.session.respond(to: id, head, body: Body("pong", trailers: trailers))
    try pair.exchange()
    #expect(
      pair.client.events == [
        .settings, .headers(id, head, ends: false), .data(id, "pong"),
        .headers(id, trailers, ends: true), .closed(id, .noError, unseen: false),
      ])
    #expect(pair.server.events.last == .closed(id, .noError, unseen: false))
    #expect(pair.server.session.openStreams == 0)
  }

  @Test func headersAlone() throws {
    let pair = SessionPair()
    let id = try pair.client.session.request(SessionPair.request, body: Body(""))
    try pair.exchange()
    let head = [HTTP2Header(":status", "200"), HTTP2Header("grpc-status", "12")]
    try pair.server.session.respond(to: id, head, body: nil)
    try pair.exchange()
    #expect(pair.client.events.contains(.headers(id, head, ends: true)))
  }

  /// The status reaches a client that is still sending, and then the reset that stops it.
  @Test func earlyTrailersComeBeforeTheReset() throws {
    let pair = SessionPair()
    let body = Body("first", staysOpen: true)
    let id = try pair.client.session.request(SessionPair.request, body: body)
    try pair.exchange()
    let head = [HTTP2Header(":status", "200"), HTTP2Header("grpc-status", "7")]
    try pair.server.session.respond(to: id, head, body: nil)
    try pair.exchange()
    #expect(
      pair.client.events.suffix(2) == [
        .headers(id, head, ends: true), .closed(id, .noError, unseen: false),
      ])
    #expect(pair.server.session.openStreams == 0)
  }

  @Test func aBodyWaitsForItsReader() throws {
    var settings = HTTP2Session.Settings()
    settings.streamWindow = 1000
    let pair = SessionPair(settings)
    try pair.exchange()
    let text = String(repeating: "x", count: 2500)
    let id = try pair.client.session.request(SessionPair.request, body: Body(text))
    try pair.exchange()
    func received() -> Int {
      pair.server.events.reduce(0) { sum, event in
        if case .data(_, let text) = event { sum + text.utf8.count } else { sum }
      }
    }
    #expect(received() == 1000)
    pair.server.session.consume(id, 1000)
    try pair.exchange()
    #expect(received() == 2000)
    pair.server.session.consume(id, 1000)
    try pair.exchange()
    #expect(received() == 2500)
    #expect(pair.server.events.last == .end(id))
  }

  /// An unread stream does not hold the others up, whatever the connection's window.
  @Test func streamsDoNotBlockEachOther() throws {
    let pair = SessionPair()
    for _ in 0..<20 {
      _ = try pair.client.session.request(
        SessionPair.request, body: Body(String(repeating: "x", count: 256 * 1024)))
    }
    let last = try pair.client.session.request(SessionPair.request, body: Body("last"))
    try pair.exchange()
    #expect(pair.server.events.contains(.data(last, "last")))
  }

  @Test func resetsReachTheOtherSide() throws {
    let pair = SessionPair()
    let id = try pair.client.session.request(SessionPair.request, body: Body("", staysOpen: true))
    try pair.exchange()
    pair.client.session.reset(id, .cancel)
    try pair.exchange()
    #expect(pair.server.events.last == .closed(id, .cancel, unseen: false))
  }

  @Test func pingsComeBackWithWhatTheyCarry() throws {
    let pair = SessionPair()
    pair.client.session.ping(1)
    pair.client.session.ping(0x0102_0304_0506_0708)
    try pair.exchange()
    #expect(pair.server.events.filter { $0 == .ping }.count == 2)
    #expect(pair.client.events.suffix(2) == [.pong(1), .pong(0x0102_0304_0506_0708)])
  }

  @Test func requestsAfterGoAwayAreUnseen() throws {
    let pair = SessionPair()
    let seen = try pair.client.session.request(SessionPair.request, body: Body("a"))
    try pair.exchange()
    pair.server.session.goAway()
    // Sent before the GOAWAY arrives.
    let unseen = try pair.client.session.request(SessionPair.request, body: Body("b"))
    try pair.move(from: pair.client, to: pair.server)
    try pair.exchange()
    #expect(pair.client.events.contains(.goAway(.noError)))
    #expect(pair.client.events.contains(.closed(unseen, .refusedStream, unseen: true)))
    // What the server had taken is answered, then both are done.
    try pair.server.session.respond(to: seen, [HTTP2Header(":status", "200")], body: nil)
    try pair.exchange()
    #expect(pair.client.events.last == .closed(seen, .noError, unseen: false))
    #expect(pair.server.session.isDone)
    #expect(pair.client.session.isDone)
  }

  /// Between the two GOAWAYs of a graceful shutdown nothing ends, though no stream is open.
  @Test func streamsOnTheirWayToAnAnnouncedShutdownAreServed() throws {
    let pair = SessionPair()
    try pair.exchange()
    // Sent before the announcement arrives.
    let id = try pair.client.session.request(SessionPair.request, body: Body("a"))
    let request = try pair.client.output()
    pair.server.session.announceShutdown()
    pair.server.session.ping(1)
    try pair.move(from: pair.server, to: pair.client)
    #expect(!pair.server.session.isDone)
    try request.withUnsafeBytes { try pair.server.session.receive($0) }
    try pair.move(from: pair.client, to: pair.server)
    #expect(pair.server.events.suffix(2) == [.end(id), .pong(1)])
    pair.server.session.goAway()
    try pair.server.session.respond(to: id, [HTTP2Header(":status", "200")], body: nil)
    try pair.exchange()
    #expect(pair.client.events.last == .closed(id, .noError, unseen: false))
    #expect(pair.server.session.isDone)
  }

  @Test func requestsBeyondTheLimitStayUnsent() throws {
    var settings = HTTP2Session.Settings()
    settings.maxConcurrentStreams = 1
    let pair = SessionPair(settings)
    try pair.exchange()
    let first = try pair.client.session.request(SessionPair.request, body: Body("a"))
    let second = try pair.client.session.request(SessionPair.request, body: Body("b"))
    try pair.exchange()
    #expect(pair.client.session.hasSentHeaders(first))
    #expect(!pair.client.session.hasSentHeaders(second))
    try pair.server.session.respond(to: first, [HTTP2Header(":status", "200")], body: nil)
    try pair.exchange()
    #expect(pair.client.session.hasSentHeaders(second))
  }

  @Test func oversizedHeaderLists() throws {
    let pair = SessionPair()
    try pair.exchange()
    let id = try pair.client.session.request(
      SessionPair.request + [HTTP2Header("big", String(repeating: "x", count: 20_000))],
      body: Body(""))
    try pair.exchange()
    #expect(pair.server.events.contains(.oversized(id)))
  }

  @Test func anHPACKBombEndsTheConnection() throws {
    let pair = SessionPair()
    try pair.exchange()
    // RFC 7541: POST, http and /, then one long value, indexed, and referred to a byte at a time.
    let length = 3000 - 127
    var block: [UInt8] = [0x83, 0x86, 0x84, 0x40, 1, UInt8(ascii: "x"), 0x7f]
    block += [UInt8(length & 127 | 128), UInt8(length >> 7)]
    block += [UInt8](repeating: UInt8(ascii: "x"), count: 3000)
    block += [UInt8](repeating: 0xbe, count: 1000)
    let frame = [0, UInt8(block.count >> 8), UInt8(block.count & 255), 1, 5, 0, 0, 0, 1] + block
    #expect(throws: HTTP2Error.self) {
      try frame.withUnsafeBytes { try pair.server.session.receive($0) }
    }
  }

  @Test func resetFloodsEndTheConnection() throws {
    var settings = HTTP2Session.Settings()
    settings.resetBurst = 100
    let pair = SessionPair(settings)
    try pair.exchange()
    for _ in 0..<300 where !pair.server.session.isDone {
      let id = try pair.client.session.request(SessionPair.request, body: Body("", staysOpen: true))
      try pair.move(from: pair.client, to: pair.server)
      pair.client.session.reset(id, .cancel)
      try pair.move(from: pair.client, to: pair.server)
    }
    try pair.move(from: pair.server, to: pair.client)
    #expect(
      pair.client.events.contains {
        if case .goAway(let code) = $0 { code != .noError } else { false }
      })
  }

  @Test func emptyDataFloodsEndTheConnection() throws {
    let pair = SessionPair()
    let id = try pair.client.session.request(SessionPair.request, body: Body("", staysOpen: true))
    try pair.exchange()
    let empty: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, UInt8(id)]
    let flood = [UInt8]((0..<2000).map { _ in empty }.joined())
    try flood.withUnsafeBytes { try pair.server.session.receive($0) }
    try pair.move(from: pair.server, to: pair.client)
    #expect(pair.client.events.contains(.goAway(.enhanceYourCalm)))
  }

  /// Frames after the one that went over the limit cost nothing, though they came in the same read.
  @Test func aFloodIsReadUpToItsLimitOnly() throws {
    var settings = HTTP2Session.Settings()
    settings.controlBurst = 10
    settings.controlsPerSecond = 0
    let pair = SessionPair(settings)
    try pair.exchange()
    let before = pair.server.events.count
    let empty: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
    let flood = [UInt8]((0..<2000).map { _ in empty }.joined())
    for _ in 0..<2 { try flood.withUnsafeBytes { try pair.server.session.receive($0) } }
    // The client's own SETTINGS and its acknowledgement of the server's have taken two; one is over.
    #expect(pair.server.events[before...].filter { $0 == .settings }.count == 9)
    // Not an acknowledgement for each of them either, before the GOAWAY.
    #expect(try pair.server.output().count < 20 * 9)
    #expect(pair.server.session.isCutOff)
    #expect(pair.server.session.isDone)
  }

  @Test func otherProtocolsAreRefused() {
    for text in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}"] {
      let pair = SessionPair()
      #expect(throws: HTTP2Error.self) {
        try Array(text.utf8).withUnsafeBytes { try pair.server.session.receive($0) }
      }
    }
  }
}

/// Both ends of a connection without a connection.
final class SessionPair {
  static let request = [
    HTTP2Header(":method", "POST"), HTTP2Header(":scheme", "http"), HTTP2Header(":path", "/a/b"),
    HTTP2Header(":authority", "test"), HTTP2Header("te", "trailers"),
    HTTP2Header("content-type", "application/grpc"),
  ]

  let client: Peer
  let server: Peer

  init(_ serverSettings: HTTP2Session.Settings = .init()) {
    client = Peer(.client)
    server = Peer(.server, serverSettings)
  }

  /// Carries bytes both ways until both sides are silent.
  func exchange() throws {
    while try move(from: client, to: server) + move(from: server, to: client) > 0 {}
  }

  /// Carries what `sender` has to say; returns how many bytes.
  @discardableResult
  func move(from sender: Peer, to receiver: Peer) throws -> Int {
    let bytes = try sender.output()
    try bytes.withUnsafeBytes { try receiver.session.receive($0) }
    return bytes.count
  }

  final class Peer: HTTP2SessionDelegate {
    enum Event: Equatable {
      case settings, ping
      case pong(UInt64)
      case headers(Int32, [HTTP2Header], ends: Bool)
      case oversized(Int32)
      case data(Int32, String)
      case end(Int32)
      case closed(Int32, HTTP2ErrorCode, unseen: Bool)
      case goAway(HTTP2ErrorCode)
    }

    let session: HTTP2Session
    var events: [Event] = []

    init(_ role: HTTP2Session.Role, _ settings: HTTP2Session.Settings = .init()) {
      session = HTTP2Session(role: role, settings: settings)
      session.delegate = self
    }

    func output() throws -> [UInt8] {
      var bytes: [UInt8] = []
      while try session.send({ bytes.append(contentsOf: $0) }) != nil {}
      return bytes
    }

    func received(_ headers: [HTTP2Header], isOversized: Bool, endsStream: Bool, on id: Int32) {
      events.append(isOversized ? .oversized(id) : .headers(id, headers, ends: endsStream))
    }
    func received(_ bytes: UnsafeRawBufferPointer, on id: Int32) {
      events.append(.data(id, String(decoding: bytes, as: UTF8.self)))
    }
    func receivedEnd(on id: Int32) { events.append(.end(id)) }
    func closed(_ id: Int32, _ code: HTTP2ErrorCode, unseenByPeer: Bool) {
      events.append(.closed(id, code, unseen: unseenByPeer))
    }
    func receivedGoAway(_ code: HTTP2ErrorCode, debugData: String) { events.append(.goAway(code)) }
    func receivedSettings() { events.append(.settings) }
    func receivedPing() { events.append(.ping) }
    func receivedPong(_ data: UInt64) { events.append(.pong(data)) }
  }
}

/// A text to send, then nothing, trailers, or silence.
final class Body: HTTP2Body {
  private var rest: [UInt8]
  private let trailers: [HTTP2Header]?
  private let staysOpen: Bool

  convenience init(_ text: String, trailers: [HTTP2Header]? = nil, staysOpen: Bool = false) {
    self.init(Array(text.utf8), trailers: trailers, staysOpen: staysOpen)
  }

  init(_ bytes: [UInt8], trailers: [HTTP2Header]? = nil, staysOpen: Bool = false) {
    rest = bytes
    self.trailers = trailers
    self.staysOpen = staysOpen
  }

  func read(into space: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(space.count, rest.count)
    space.copyBytes(from: rest.prefix(count))
    rest.removeFirst(count)
    return rest.isEmpty && !staysOpen ? .last(count, trailers: trailers) : .bytes(count)
  }
}
