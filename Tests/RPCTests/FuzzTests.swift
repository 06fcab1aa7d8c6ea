import RPC
import Testing

/// No bytes, whatever they are, may crash a core or the gRPC layer. Bounded and seeded: a failing
/// seed is in the test's arguments.
@Suite struct FuzzTests {
  @Test(arguments: 0..<8) func randomBytes(seed: UInt64) throws {
    var random = SplitMix64(seed)
    for _ in 0..<200 {
      let pair = SessionPair()
      let preface = try pair.client.output()
      try? feed(preface, to: pair.server)
      let bytes = random.bytes(random.below(400))
      try? feed(bytes, to: pair.server)
      try? feed(bytes, to: pair.client)
      _ = try? pair.server.output()
      _ = try? pair.client.output()
    }
  }

  @Test(arguments: 0..<8) func randomFrames(seed: UInt64) throws {
    var random = SplitMix64(seed)
    for _ in 0..<200 {
      let pair = SessionPair()
      let id = try pair.client.session.request(
        SessionPair.request, body: Body("body", staysOpen: true))
      try pair.exchange()
      for _ in 0..<random.below(20) {
        let length = random.below(64)
        let frame =
          [0, 0, UInt8(length), UInt8(random.below(11)), UInt8(random.below(256))]
          + [0, 0, 0, UInt8(random.below(6))] + random.bytes(length)
        try? feed(frame, to: pair.server)
        try? feed(frame, to: pair.client)
        if random.below(3) == 0 {
          try? pair.server.session.respond(
            to: id, [HTTP2Header(":status", "200")], body: Body("x", trailers: []))
        }
        _ = try? pair.server.output()
        _ = try? pair.client.output()
      }
    }
  }

  /// What a client sends, with bytes changed, dropped or doubled.
  @Test(arguments: 0..<8) func mutatedConversations(seed: UInt64) throws {
    var random = SplitMix64(seed)
    let source = SessionPair()
    for size in [0, 10, 1000, 20_000] {
      _ = try source.client.session.request(
        SessionPair.request, body: Body(String(repeating: "x", count: size)))
    }
    let conversation = try source.client.output()
    for _ in 0..<200 {
      var bytes = conversation
      for _ in 0...random.below(8) {
        // The frames' headers are where it hurts.
        let index = 24 + random.below(min(bytes.count - 25, 400))
        switch random.below(4) {
        case 0: bytes[index] = UInt8(random.below(256))
        case 1: bytes[index] ^= 1 << UInt8(random.below(8))
        case 2: bytes.remove(at: index)
        default: bytes.insert(bytes[index], at: index)
        }
      }
      let pair = SessionPair()
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = min(rest.count, 1 + random.below(2000))
        do { try feed(Array(rest.prefix(count)), to: pair.server) } catch { break }
        _ = try? pair.server.output()
        rest = rest.dropFirst(count)
      }
    }
  }

  @Test(arguments: 0..<4) func randomFields(seed: UInt64) {
    var random = SplitMix64(seed)
    let names = [
      ":method", ":path", "content-type", "grpc-timeout", "grpc-encoding", "grpc-status",
      "grpc-message", "key", "key-bin", ":status", "",
    ]
    for _ in 0..<2000 {
      let fields = (0..<random.below(8)).map { _ in
        HTTP2Header(
          names[random.below(names.count)],
          String(decoding: random.bytes(random.below(20)), as: UTF8.self))
      }
      _ = try? RequestHead(fields)
      _ = RPCError(trailers: fields)
      _ = Metadata(fields: fields).fields
    }
  }

  @Test(arguments: 0..<4) func randomMessages(seed: UInt64) {
    var random = SplitMix64(seed)
    for _ in 0..<2000 {
      var deframer = MessageDeframer(limit: 100)
      for _ in 0..<random.below(10) {
        var bytes = random.bytes(random.below(30))
        // Make a plausible prefix likely.
        for index in bytes.indices.prefix(4) where random.below(3) > 0 { bytes[index] = 0 }
        bytes.withUnsafeBytes { deframer.append($0) }
        do { while try deframer.next() != nil {} } catch { break }
      }
    }
  }

  private func feed(_ bytes: [UInt8], to peer: SessionPair.Peer) throws {
    try bytes.withUnsafeBytes { try peer.session.receive($0) }
  }
}

struct SplitMix64 {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
