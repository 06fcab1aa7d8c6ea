import Foundation
import Glibc
import RPC
import Synchronization
import Testing

/// Tests that keep event loops busy run one after the other: the loops are every test's.
@Suite(.serialized, .timeLimit(.minutes(5))) enum HeavyTests {}

extension HeavyTests {
  /// One test for each row of the table of attacks: raw HTTP/2 bytes at a server that others use. The
  /// attacker loses its connection or its call, with the right code; everyone else is served.
  ///
  /// Attacks on messages (nesting, invalid UTF-8, U+0000) are in `WireTests`, compressed bombs in
  /// `CompressionTests`, lengths and content types in `WirePeerTests`.
  @Suite struct AttackTests {
    /// Runs `attack` against a server; others must be served during and after it.
    func attack(
      _ services: [ServiceDefinition] = [Echo.service],
      configuration: RPCServer.Configuration = .init(),
      _ attack: @escaping @Sendable (RawPeer) -> Void
    ) async throws -> [RawPeer.Frame] {
      try await withServer(services, configuration: configuration) { channel, address in
        let peer = try RawPeer(address)
        async let frames: [RawPeer.Frame] = onThread {
          attack(peer)
          return peer.readToEnd()
        }
        for _ in 0..<20 {
          let answer: Text = try await channel.unary(Echo.method("Say"), Text("beside"))
          #expect(answer == "beside")
        }
        let result = try await frames
        let answer: Text = try await channel.unary(Echo.method("Say"), Text("after"))
        #expect(answer == "after")
        return result
      }
    }

    /// CVE-2023-44487.
    @Test func rapidReset() async throws {
      let started = Atomic(0)
      let services = CallLifetimeTests.service(
        .unary("Say") { (text: Text, context) in text },
        .clientStreaming("Wait") { (texts: RequestStream<Text>, context) in
          started.add(1, ordering: .relaxed)
          for try await _ in texts {}
          return Text("")
        })
      let frames = try await attack(services) { peer in
        peer.start()
        for round in 0..<200 {
          var batch: [UInt8] = []
          for number in 0..<100 {
            let id = UInt32(2 * (100 * round + number) + 1)
            batch += peer.request(id, "/test.Echo/Wait")
            batch += RawPeer.frame(RawPeer.reset, id, [0, 0, 0, 8])
          }
          peer.send(batch)
        }
      }
      #expect(frames.contains { $0.goAway != nil && $0.goAway != .noError })
      #expect(started.load(ordering: .relaxed) < 5000)
    }

    @Test func continuationFlood() async throws {
      let frames = try await attack { peer in
        peer.start()
        // HEADERS without END_HEADERS, and a field in each of the frames that never end.
        peer.send(RawPeer.headers, 1, [0x83, 0x86, 0x84])
        let field: [UInt8] = [0x00, 1, UInt8(ascii: "a"), 1, UInt8(ascii: "b")]
        peer.flood(RawPeer.frame(RawPeer.continuation, 1, field), times: 20_000)
      }
      #expect(!frames.contains { $0.type == RawPeer.headers })
    }

    @Test func settingsFlood() async throws {
      let frames = try await attack { peer in
        peer.start()
        peer.flood(RawPeer.frame(RawPeer.settings), times: 20_000)
      }
      #expect(frames.contains { $0.goAway == .enhanceYourCalm })
    }

    @Test func pingFlood() async throws {
      let frames = try await attack { peer in
        peer.start()
        let data = [UInt8](repeating: 1, count: 8)
        peer.flood(RawPeer.frame(RawPeer.ping, 0, data), times: 20_000)
      }
      let goAway = frames.first { $0.goAway == .enhanceYourCalm }
      #expect(
        goAway.map { String(decoding: $0.payload.dropFirst(8), as: UTF8.self) }
          == "too_many_pings")
    }

    @Test func emptyDataFlood() async throws {
      let frames = try await attack { peer in
        peer.start()
        peer.send(peer.request(1, "/test.Echo/Join"))
        peer.flood(RawPeer.frame(RawPeer.data, 1), times: 20_000)
      }
      #expect(frames.contains { $0.goAway == .enhanceYourCalm })
    }

    /// PRIORITY frames mean nothing and may be sent for streams that do not exist.
    @Test func priorityFlood() async throws {
      let frames = try await attack { peer in
        peer.start()
        peer.flood(RawPeer.frame(RawPeer.priority, 1, [0, 0, 0, 0, 1]), times: 20_000)
      }
      #expect(frames.contains { $0.goAway == .enhanceYourCalm })
    }

    @Test func hpackBomb() async throws {
      let frames = try await attack { peer in
        peer.start()
        // One value of 3000 bytes, indexed, and referred to a byte at a time.
        let length = 3000 - 127
        var block: [UInt8] = [0x83, 0x86, 0x84, 0x40, 1, UInt8(ascii: "x"), 0x7f]
        block += [UInt8(length & 127 | 128), UInt8(length >> 7)]
        block += [UInt8](repeating: UInt8(ascii: "x"), count: 3000)
        block += [UInt8](repeating: 0xbe, count: 10_000)
        peer.send(RawPeer.headers, flags: 4, 1, block)
      }
      #expect(!frames.contains { $0.type == RawPeer.headers })
    }

    @Test(arguments: [(1, 17_000), (600, 1)])
    func headerListsBeyondTheLimit(_ count: Int, _ size: Int) async throws {
      try await withServer { _, address in
        let peer = try WirePeer(address)
        let id = try peer.request(
          "/test.Echo/Say",
          (0..<count).map { HTTP2Header("x\($0)", String(repeating: "x", count: size)) },
          body: "\0\0\0\0\0")
        #expect(try await peer.status(of: id)["grpc-status"] == "8")
      }
    }

    /// A client that asks for everything and lets nothing through.
    @Test func zeroWindowStall() async throws {
      let written = Atomic(0)
      let returned = Atomic(0)
      let services = CallLifetimeTests.service(
        .unary("Say") { (text: Text, context) in text },
        .serverStreaming("Flood") { (text: Text, responses: ResponseWriter<Blob>, context) in
          defer { returned.add(1, ordering: .relaxed) }
          while true {
            try await responses.write(Blob(count: 1000))
            written.add(1, ordering: .relaxed)
          }
        })
      let frames = try await attack(services) { peer in
        // SETTINGS_INITIAL_WINDOW_SIZE 0.
        peer.start(settings: [0, 4, 0, 0, 0, 0])
        for round in 0..<100 {
          peer.send(peer.request(UInt32(2 * round + 1), "/test.Echo/Flood"))
          peer.send(RawPeer.data, flags: 1, UInt32(2 * round + 1), [0, 0, 0, 0, 0])
        }
        // Headers come without a window; wait for those of the last stream, then leave.
        peer.read { $0.type == RawPeer.headers && $0.stream == 199 }
        peer.leave()
      }
      #expect(!frames.contains { $0.type == RawPeer.data })
      #expect(written.load(ordering: .relaxed) <= 100 * 70)
      // The server has returned, and with it every handler.
      #expect(returned.load(ordering: .relaxed) == 100)
    }

    @Test(arguments: ["", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\n\r\n"])
    func slowPreface(_ text: String) async throws {
      var configuration = RPCServer.Configuration()
      configuration.handshakeTimeout = .milliseconds(50)
      _ = try await attack(configuration: configuration) { peer in
        peer.send(Array(text.utf8))
      }
    }

    /// Far more streams than are allowed, before the server could say how many are.
    @Test func streamsBeyondTheLimit() async throws {
      let running = Atomic(0)
      let services = CallLifetimeTests.service(
        .unary("Say") { (text: Text, context) in text },
        .clientStreaming("Wait") { (texts: RequestStream<Text>, context) in
          running.add(1, ordering: .relaxed)
          for try await _ in texts {}
          return Text("")
        })
      _ = try await attack(services) { peer in
        peer.start(waits: false)
        for round in 0..<100 {
          peer.send(
            [UInt8](
              (0..<100).map { peer.request(UInt32(2 * (100 * round + $0) + 1), "/test.Echo/Wait") }
                .joined()))
        }
        peer.leave()
      }
      #expect(running.load(ordering: .relaxed) <= 256)
    }

    @Test func tenThousandStreams() async throws {
      var configuration = RPCServer.Configuration()
      configuration.maxConcurrentStreams = 10_000
      let arrived = Atomic(0)
      let all = Signal()
      let go = Latch()
      let service = CallLifetimeTests.service(
        .unary("Wait") { (text: Text, context) in
          if arrived.add(1, ordering: .relaxed).newValue == 10_000 { all.raise() }
          await go.wait()
          return text
        })
      try await withServer(service, configuration: configuration) { channel, _ in
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 0..<10_000 {
            group.addTask {
              let answer: Text = try await channel.unary(Echo.method("Wait"), Text("\(number)"))
              return answer.value == "\(number)"
            }
          }
          // All of them are open at once.
          await all.wait()
          go.open()
          for try await isRight in group { #expect(isRight) }
        }
      }
    }
  }
}

/// Runs blocking code on a thread of its own.
func onThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}

/// Opens once, for any number of tasks.
final class Latch: Sendable {
  private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>(
    (false, []))

  func open() {
    let waiting = state.withLock { state in
      defer { state = (true, []) }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}

/// A client that builds and cuts frames by hand, on a blocking socket.
final class RawPeer: Sendable {
  struct Frame: Hashable {
    let type: UInt8
    let flags: UInt8
    let stream: UInt32
    let payload: [UInt8]

    /// The error code of a GOAWAY.
    var goAway: HTTP2ErrorCode? { type == 7 ? code(4) : nil }
    /// The error code of a RST_STREAM.
    var reset: HTTP2ErrorCode? { type == 3 ? code(0) : nil }

    private func code(_ start: Int) -> HTTP2ErrorCode {
      HTTP2ErrorCode(
        rawValue: payload[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) })
    }
  }

  static let data: UInt8 = 0
  static let headers: UInt8 = 1
  static let priority: UInt8 = 2
  static let reset: UInt8 = 3
  static let settings: UInt8 = 4
  static let ping: UInt8 = 6
  static let continuation: UInt8 = 9

  private let socket: BlockingSocket
  private let state = Mutex<(bytes: [UInt8], frames: [Frame])>(([], []))

  init(_ address: RPCServer.Address) throws { socket = try BlockingSocket(address) }

  func send(_ bytes: [UInt8]) { _ = socket.send(bytes) }

  /// False when the server has closed the connection.
  @discardableResult
  func send(_ type: UInt8, flags: UInt8 = 0, _ stream: UInt32 = 0, _ payload: [UInt8] = []) -> Bool
  {
    socket.send(RawPeer.frame(type, flags: flags, stream, payload))
  }

  static func frame(
    _ type: UInt8, flags: UInt8 = 0, _ stream: UInt32 = 0, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
      + (0..<4).map { UInt8(truncatingIfNeeded: stream >> (24 - 8 * $0)) } + payload
  }

  /// The preface and SETTINGS; with `waits`, also the answer to the server's.
  func start(settings: [UInt8] = [], waits: Bool = true) {
    send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
    send(RawPeer.settings, 0, settings)
    guard waits else { return }
    read { $0.type == RawPeer.settings && $0.flags == 0 }
    send(RawPeer.settings, flags: 1)
  }

  /// A request's HEADERS, without compression.
  func request(_ stream: UInt32, _ path: String) -> [UInt8] {
    func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
    var block: [UInt8] = [0x83, 0x86, 0x04] + text(path) + [0x01] + text("test")
    for (name, value) in [("te", "trailers"), ("content-type", "application/grpc")] {
      block += [0x00] + text(name) + text(value)
    }
    return RawPeer.frame(RawPeer.headers, flags: 4, stream, block)
  }

  /// Sends the same bytes again and again, many at a time, while the server takes them.
  func flood(_ bytes: [UInt8], times: Int) {
    let batch = [UInt8]((0..<100).map { _ in bytes }.joined())
    for _ in 0..<(times / 100) { if !socket.send(batch) { return } }
  }

  /// Reads until a frame is as wanted, or the server closes the connection.
  func read(until isWanted: (Frame) -> Bool) {
    while true {
      if take().contains(where: isWanted) { return }
      guard let bytes = socket.read() else { return }
      state.withLock { $0.bytes += bytes }
    }
  }

  /// Every frame so far, after the server has closed the connection.
  func readToEnd() -> [Frame] {
    read { _ in false }
    return state.withLock { $0.frames }
  }

  private func take() -> [Frame] {
    state.withLock { state in
      var start = 0
      var new: [Frame] = []
      while state.bytes.count - start >= 9 {
        let head = state.bytes[start..<(start + 9)].map(Int.init)
        let length = head[0] << 16 | head[1] << 8 | head[2]
        guard state.bytes.count - start >= 9 + length else { break }
        new.append(
          Frame(
            type: UInt8(head[3]), flags: UInt8(head[4]),
            stream: UInt32(head[5] << 24 | head[6] << 16 | head[7] << 8 | head[8]),
            payload: Array(state.bytes[(start + 9)..<(start + 9 + length)])))
        start += 9 + length
      }
      state.bytes.removeFirst(start)
      state.frames += new
      return new
    }
  }

  /// Nothing follows; the server may still answer.
  func leave() { socket.shutDown() }
}
