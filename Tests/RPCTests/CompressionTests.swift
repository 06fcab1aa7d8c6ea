import RPC
import Testing

/// gzip and deflate: the bytes, what may not pass, and who decides. Stock peers are in `GRPCIOTests`.
@Suite(.timeLimit(.minutes(5)))
struct CompressionTests {
  static let formats = [Compression.gzip, .deflate]

  static func compressed(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
    let buffer = try #require(bytes.withUnsafeBytes { compression.compress($0) })
    return buffer.withUnsafeReadableBytes { Array($0) }
  }

  static func decompressed(
    _ bytes: [UInt8], _ compression: Compression, limit: Int = 1 << 20
  ) throws -> [UInt8] {
    let buffer = try bytes.withUnsafeBytes { try compression.decompress($0, limit: limit) }
    return buffer.withUnsafeReadableBytes { Array($0) }
  }

  static func frame(_ flag: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [flag] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) } + bytes
  }

  @Test(arguments: formats) func bytesComeBack(_ compression: Compression) throws {
    var random = SplitMix64(3)
    for size in [100, 1000, 65_536, 1 << 20] {
      // Few distinct values, so that there is something to save.
      let bytes = (0..<size).map { _ in UInt8(random.below(4)) }
      let small = try Self.compressed(bytes, compression)
      #expect(small.count < bytes.count)
      #expect(try Self.decompressed(small, compression) == bytes)
    }
  }

  @Test(arguments: formats) func whatDoesNotShrinkStaysAsItIs(_ compression: Compression) throws {
    var random = SplitMix64(4)
    for bytes in [[], [1], [1, 2, 3], random.bytes(1000)] {
      let framed = try Blob(bytes).framed(compression)
      #expect(framed.withUnsafeReadableBytes { Array($0) } == Self.frame(0, bytes))
    }
    let framed = try Blob(count: 1000).framed(compression)
    #expect(framed.getInteger(at: 0, as: UInt8.self) == 1)
  }

  /// A megabyte of zeros in a kilobyte is not inflated beyond what a message may have.
  @Test(arguments: formats) func theLimitCountsInflatedBytes(_ compression: Compression) throws {
    let bytes = [UInt8](repeating: 0, count: 1 << 20)
    let small = try Self.compressed(bytes, compression)
    #expect(try Self.decompressed(small, compression, limit: bytes.count) == bytes)
    #expect(try Self.decompressed(small, compression, limit: .max) == bytes)
    for limit in [0, 1, 5000, bytes.count - 1] {
      let error = #expect(throws: RPCError.self) {
        try Self.decompressed(small, compression, limit: limit)
      }
      #expect(error?.code == .resourceExhausted)
    }
  }

  @Test(arguments: formats) func corruptedStreams(_ compression: Compression) throws {
    let whole = try Self.compressed([UInt8](repeating: 7, count: 1000), compression)
    var damaged = [
      [], Array(whole.dropLast()), Array(whole.dropFirst()), whole + [0], whole + whole,
      [UInt8](repeating: 0xff, count: 100),
    ]
    // The other format is as foreign as garbage.
    damaged.append(
      try Self.compressed([7, 7, 7, 7] + [UInt8](repeating: 7, count: 96), other(compression)))
    var checksum = whole
    checksum[whole.count - 5] ^= 1
    damaged.append(checksum)
    for bytes in damaged {
      let error = #expect(throws: RPCError.self, "\(bytes)") {
        try Self.decompressed(bytes, compression)
      }
      #expect(error?.code == .internalError)
    }
  }

  private func other(_ compression: Compression) -> Compression {
    compression == .gzip ? .deflate : .gzip
  }

  @Test func whatAPeerAccepts() {
    #expect(Compression.accepted(by: nil) == [.identity])
    #expect(Compression.accepted(by: "") == [.identity])
    #expect(Compression.accepted(by: "identity,deflate, GZIP") == [.identity, .deflate, .gzip])
    #expect(Compression.accepted(by: "br,snappy") == [.identity])
  }

  @Test func theFirstMessageSettlesTheEncoding() {
    let encoding = MessageEncoding(.deflate, accepted: [.identity, .gzip])
    #expect(encoding.current == .identity)
    encoding.choose(.gzip)
    encoding.choose(.deflate)
    #expect(encoding.current == .identity)
    encoding.choose(.gzip)
    #expect(encoding.fix() == .gzip)
    encoding.choose(.identity)
    #expect(encoding.fix() == .gzip)
  }

  @Test(
    arguments: [
      // Flag set, no encoding named; garbage; a bomb; an encoding nobody here knows.
      ("identity", frame(1, [1, 2, 3]), "13"), ("gzip", frame(1, [1, 2, 3]), "13"),
      ("deflate", frame(1, []), "13"), ("gzip", frame(2, []), "13"),
      ("gzip", frame(1, bomb), "8"), ("snappy", frame(1, [1, 2, 3]), "12"),
      ("gzip", frame(0, [65]), "0"),
    ] as [(String, [UInt8], String)])
  func compressedRequests(_ encoding: String, _ body: [UInt8], _ status: String) async throws {
    try await withServer { channel, address in
      let peer = try WirePeer(address)
      let id = try peer.request(
        "/test.Echo/Say", [HTTP2Header("grpc-encoding", encoding)], body: body)
      let trailers = try await peer.status(of: id)
      #expect(trailers["grpc-status"] == status)
      if status == "12" {
        #expect(trailers["grpc-accept-encoding"] == "identity,gzip,deflate")
        #expect(trailers["grpc-message"]?.hasSuffix("send one of identity,gzip,deflate") == true)
      }
      let answer: Text = try await channel.unary(Echo.method("Say"), Text("alive"))
      #expect(answer == "alive")
    }
  }

  /// 64 MB in 64 KB.
  static let bomb = try! compressed([UInt8](repeating: 0, count: 64 << 20), .gzip)

  @Test(
    arguments: [
      (Compression.gzip, "gzip,deflate", "gzip"), (.deflate, "identity,deflate,gzip", "deflate"),
      (.gzip, "identity", nil), (.gzip, "br", nil), (.identity, "gzip", nil),
    ] as [(Compression, String, String?)])
  func answersUseWhatTheClientAccepts(
    _ configured: Compression, _ accepted: String, _ used: String?
  ) async throws {
    var configuration = RPCServer.Configuration()
    configuration.compression = configured
    try await withServer(configuration: configuration) { _, address in
      let peer = try WirePeer(address)
      let id = try peer.request(
        "/test.Echo/Grow", [HTTP2Header("grpc-accept-encoding", accepted)],
        body: Self.frame(0, Array("5000".utf8)))
      let head = try await peer.headers(of: id)
      #expect(head["grpc-encoding"] == used)
      let data = try await peer.data(of: id)
      #expect((data.utf8.first == 1) == (used != nil))
      #expect(try await peer.status(of: id)["grpc-status"] == "0")
    }
  }

  @Test func handlersAndCallersChoose() async throws {
    let service = CallLifetimeTests.service(
      .serverStreaming("Some") { (text: Text, responses: ResponseWriter<Blob>, context) in
        context.compression = .gzip
        try await responses.write(Blob(count: 1000))
        try await responses.write(Blob(count: 1000), compressed: false)
      })
    try await withServer(service) { channel, address in
      let counts = try await channel.serverStreaming(
        Echo.method("Some"), Text(String(repeating: "x", count: 1000)),
        options: CallOptions(compression: .deflate)
      ) { (responses: ResponseStream<Blob>) in
        var counts: [Int] = []
        for try await response in responses { counts.append(response.bytes.count) }
        return counts
      }
      #expect(counts == [1000, 1000])
      let peer = try WirePeer(address)
      let id = try peer.request(
        "/test.Echo/Some", [HTTP2Header("grpc-accept-encoding", "gzip")], body: "\0\0\0\0\0")
      #expect(try await peer.headers(of: id)["grpc-encoding"] == "gzip")
      #expect(try await peer.status(of: id)["grpc-status"] == "0")
    }
  }
}
