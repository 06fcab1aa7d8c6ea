// What libFuzzer calls with bytes of its own making: frames into the HTTP/2 core, as a server hears them and as a
// client does, without a socket or an event loop. Built by scripts/fuzz.sh together with the core's sources.
//
// Whatever the peer says, what the core reports makes sense: a stream begins, goes on and ends once; a flood is
// cut off at its limit and nothing is reported after that; what the core says is made of whole frames. And it is the
// same whether the bytes come all at once or one by one, up to the point from which nothing is waited for: once the
// peer has said GOAWAY and no stream is open, nghttp2 takes no more calls, but reads the one it is in to its end.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  var script = Script(UnsafeBufferPointer(start: start + 1, count: count - 1))
  let role: HTTP2Session.Role = start[0] & 1 == 0 ? .server : .client
  let chunks = conversation(&script, role)

  // With answers, in the chunks the script makes.
  let talking = Side(role, answers: true)
  for chunk in chunks {
    talking.hear(chunk)
    talking.speak()
  }
  talking.end()

  // Silent: all at once, and one by one.
  let whole = Side(role, answers: false)
  let bytes = chunks.flatMap(\.self)
  whole.hear(bytes)
  let torn = Side(role, answers: false)
  for byte in bytes { torn.hear([byte]) }
  precondition(
    torn.isLeft ? whole.events.starts(with: torn.events) : whole.events == torn.events,
    "what is reported depends on how the bytes come")
  whole.end()
  torn.end()
  return 0
}

// MARK: What the peer says

/// The fuzzer's bytes, read as the steps of a conversation.
private struct Script {
  private var rest: UnsafeBufferPointer<UInt8>.SubSequence

  init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func bytes(_ count: UInt8) -> [UInt8] {
    defer { rest = rest.dropFirst(Int(count)) }
    return Array(rest.prefix(Int(count)))
  }
}

private func conversation(_ script: inout Script, _ role: HTTP2Session.Role) -> [[UInt8]] {
  var chunks = [frame(4, 0, 0, [])]
  if role == .server { chunks[0] = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + chunks[0] }
  while !script.isEmpty {
    switch script.byte() % 8 {
    case 0: chunks.append(script.bytes(script.byte()))
    case 1, 2:
      let (type, flags, id) = (script.byte() % 12, script.byte(), script.byte() % 16)
      chunks.append(frame(type, flags, id, script.bytes(script.byte())))
    case 3, 4:
      // DATA.
      let (id, flags) = (script.byte() % 16, script.byte() & 1)
      chunks.append(frame(0, flags, id, script.bytes(script.byte())))
    case 5:
      // The same again, many times.
      let times = Int(script.byte())
      let (type, flags, id) = (script.byte() % 12, script.byte(), script.byte() % 16)
      let one = frame(type, flags, id, script.bytes(script.byte() % 12))
      chunks.append((0..<times).flatMap { _ in one })
    default:
      // A header list that means something, and fields of the script's.
      let (id, flags) = (script.byte() % 16, script.byte() & 1)
      var block: [UInt8] = role == .server ? [0x83, 0x86, 0x84, 0x41, 1, 0x61] : [0x88]
      for _ in 0..<script.byte() % 4 {
        let name = script.bytes(script.byte() % 8)
        let value = script.bytes(script.byte() % 32)
        block += [0x40, UInt8(name.count)] + name + [UInt8(value.count)] + value
      }
      chunks.append(frame(1, 4 | flags, id, block))
    }
  }
  return chunks
}

private func frame(_ type: UInt8, _ flags: UInt8, _ id: UInt8, _ payload: [UInt8]) -> [UInt8] {
  [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xff), type, flags, 0, 0, 0, id] + payload
}

// MARK: The core, and what must hold

private final class Side: HTTP2SessionDelegate {
  enum Event: Equatable {
    case settings, ping, oversized, end, closed
    case pong(UInt64)
    case headers([HTTP2Header], ends: Bool)
    case data([UInt8])
    case goAway(UInt32, String)
  }

  struct Reported: Equatable {
    let id: Int32
    var event: Event
  }

  private static let controlLimit = 20

  private(set) var events: [Reported] = []
  private let session: HTTP2Session
  private let answers: Bool
  private var isBroken = false
  private var settingsHeard = 0
  /// Streams that have been reported to begin and, of those, the ones whose end has been.
  private var begun: Set<Int32> = []
  private var ended: Set<Int32> = []
  private var gone: Set<Int32> = []

  init(_ role: HTTP2Session.Role, answers: Bool) {
    var settings = HTTP2Session.Settings()
    settings.maxConcurrentStreams = 4
    settings.maxHeaderListSize = 256
    settings.streamWindow = 1000
    // No time passes for the fuzzer.
    (settings.controlBurst, settings.controlsPerSecond) = (Side.controlLimit, 0)
    (settings.resetBurst, settings.resetsPerSecond) = (10, 0)
    session = HTTP2Session(role: role, settings: settings)
    self.answers = answers
    session.delegate = self
    guard role == .client else { return }
    for _ in 0..<3 { _ = try? session.request([HTTP2Header(":method", "POST")], body: Zeros(300)) }
    // Answers come to what has been asked.
    while (try? session.send { _ in }) != nil {}
  }

  /// Whether the peer has said GOAWAY.
  var isLeft: Bool {
    events.contains { if case .goAway = $0.event { true } else { false } }
  }

  func hear(_ bytes: [UInt8]) {
    guard !isBroken else { return }
    let before = events
    let wasCutOff = session.isCutOff
    do {
      try bytes.withUnsafeBytes { try session.receive($0) }
    } catch {
      isBroken = true
    }
    precondition(!wasCutOff || events == before, "a peer that is cut off is still heard")
    precondition(settingsHeard <= Side.controlLimit + 1, "a flood is not cut off")
  }

  /// Takes what there is to say.
  func speak() {
    do {
      while let isWhole = try session.send({ Side.isWhole($0) }) {
        precondition(isWhole, "what is sent is no frame")
      }
    } catch {
      isBroken = true
    }
  }

  func end() {
    speak()
    precondition(!session.isCutOff || session.isDone, "a peer that is cut off is waited for")
    session.abandon()
    precondition(session.openStreams == 0)
  }

  /// Whether the bytes are frames, from the first to the last. The preface comes first, alone.
  private static func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    if rest.starts(with: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) { rest = rest.dropFirst(24) }
    while rest.count >= 9 {
      let length = rest.prefix(3).reduce(0) { $0 << 8 | Int($1) }
      guard length <= 16_384, rest.count >= 9 + length else { return false }
      rest = rest.dropFirst(9 + length)
    }
    return rest.isEmpty
  }

  private func report(_ id: Int32, _ event: Event) {
    events.append(Reported(id: id, event: event))
  }

  func received(_ headers: [HTTP2Header], isOversized: Bool, endsStream: Bool, on id: Int32) {
    precondition(id > 0 && !gone.contains(id) && !ended.contains(id), "headers after the end")
    precondition(!isOversized || headers.isEmpty)
    let size = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
    // Bytes that are no UTF-8 become longer in a string.
    precondition(size <= 3 * 256, "a list over the limit is reported")
    let isFirst = begun.insert(id).inserted
    if endsStream { ended.insert(id) }
    report(id, isOversized ? .oversized : .headers(headers, ends: endsStream))
    guard answers, isFirst, session.role == .server else { return }
    let head = [HTTP2Header(":status", "200")]
    try? session.respond(to: id, head, body: id % 4 == 1 ? Zeros(2000) : nil)
  }

  func received(_ bytes: UnsafeRawBufferPointer, on id: Int32) {
    precondition(begun.contains(id), "data of a stream that has not begun")
    precondition(!gone.contains(id) && !ended.contains(id), "data after the end")
    if case .data(let earlier)? = events.last?.event, events.last?.id == id {
      events[events.count - 1].event = .data(earlier + bytes)
    } else {
      report(id, .data(Array(bytes)))
    }
    guard answers else { return }
    if bytes.first == 1 { session.reset(id, .cancel) } else { session.consume(id, bytes.count) }
  }

  func receivedEnd(on id: Int32) {
    precondition(begun.contains(id) && !gone.contains(id), "the end of a stream that is not there")
    precondition(ended.insert(id).inserted, "a stream ends twice")
    report(id, .end)
  }

  func closed(_ id: Int32, _ code: HTTP2ErrorCode, unseenByPeer: Bool) {
    precondition(gone.insert(id).inserted, "a stream is closed twice")
    report(id, .closed)
  }

  func receivedGoAway(_ code: HTTP2ErrorCode, debugData: String) {
    report(0, .goAway(code.rawValue, debugData))
  }

  func receivedSettings() {
    settingsHeard += 1
    report(0, .settings)
  }

  func receivedPing() { report(0, .ping) }

  func receivedPong(_ data: UInt64) { report(0, .pong(data)) }
}

private final class Zeros: HTTP2Body {
  private var left: Int

  init(_ count: Int) { left = count }

  func read(into space: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(left, space.count)
    space.prefix(count).initializeMemory(as: UInt8.self, repeating: 0)
    left -= count
    return left == 0 ? .last(count, trailers: [HTTP2Header("grpc-status", "0")]) : .bytes(count)
  }
}
