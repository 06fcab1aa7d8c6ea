import RPC
import Testing

/// The gRPC layer without I/O: what stands in headers, trailers and DATA.
@Suite struct CallLayerTests {
  @Test(
    arguments: [
      ("1S", Duration.seconds(1)), ("0n", .zero), ("99999999n", .nanoseconds(99_999_999)),
      ("250u", .microseconds(250)), ("20m", .milliseconds(20)), ("2M", .seconds(120)),
      ("99999999H", .seconds(99_999_999 * 3600)),
    ])
  func timeouts(_ text: String, _ duration: Duration) {
    #expect(Timeout.parse(text) == duration)
    #expect(Timeout.parse(Timeout.format(duration)) == duration)
  }

  @Test(arguments: ["", "1", "S", "1s", "123456789S", "-1S", "+1S", "1.5S", " 1S", "1S ", "１S"])
  func malformedTimeouts(_ text: String) { #expect(Timeout.parse(text) == nil) }

  @Test func timeoutsAreRoundedUp() {
    #expect(Timeout.format(.nanoseconds(1)) == "1n")
    #expect(Timeout.format(.nanoseconds(100_000_001)) == "100001u")
    #expect(Timeout.format(.seconds(-1)) == "0n")
    #expect(Timeout.format(.seconds(Int64.max)) == "99999999H")
  }

  @Test(
    arguments: [
      ("", ""), ("plain text!", "plain text!"), ("100%", "100%25"), ("a\nb", "a%0Ab"),
      ("ü", "%C3%BC"), ("😀", "%F0%9F%98%80"),
    ])
  func statusMessages(_ text: String, _ encoded: String) {
    #expect(StatusMessage.encode(text) == encoded)
    #expect(StatusMessage.decode(encoded) == text)
  }

  @Test(arguments: [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%41%", "A%"), ("%ff", "\u{fffd}")])
  func malformedStatusMessages(_ encoded: String, _ text: String) {
    #expect(StatusMessage.decode(encoded) == text)
  }

  @Test func statusesSurviveTheWire() {
    for code in RPCError.Code.allCases {
      let error = RPCError(code: code, message: "größer als 100%", metadata: ["key": "value"])
      #expect(RPCError(trailers: error.fields) == error)
    }
    #expect(RPCError(trailers: [HTTP2Header("grpc-status", "0")]) == nil)
    for text in ["17", "-1", "x", ""] {
      #expect(RPCError(trailers: [HTTP2Header("grpc-status", text)])?.code == .unknown)
    }
    #expect(RPCError(trailers: [])?.code == .unknown)
    #expect(RPCError(trailers: [HTTP2Header(":status", "503")])?.code == .unavailable)
    #expect(RPCError(trailers: [HTTP2Header(":status", "404")])?.code == .unimplemented)
  }

  @Test func base64() {
    #expect(Base64.encode([]) == "")
    #expect(Base64.encode(Array("f".utf8)) == "Zg")
    #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
    for count in 0..<50 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
    for (text, bytes) in [("Zg==", "f"), ("Zg", "f"), ("Zm8=", "fo"), ("Zm9v", "foo")] {
      #expect(Base64.decode(text) == Array(bytes.utf8))
    }
    for text in ["Z", "Zg=", "=", "Zg===", "Z=g=", "Zm9v!", "Zg ", "Zm9v="] {
      #expect(Base64.decode(text) == nil, "\(text)")
    }
  }

  @Test func metadataIsAMultimap() {
    var metadata: Metadata = ["a": "1", "A": "2"]
    metadata.add(binary: [1, 2], for: "b-bin")
    #expect(metadata["a"] == "1")
    #expect(metadata[all: "A"] == ["1", "2"])
    #expect(metadata[binary: "b-bin"] == [[1, 2]])
    metadata["a"] = "3"
    #expect(metadata[all: "a"] == ["3"])
    metadata["a"] = nil
    #expect(metadata.count == 1)
    #expect(metadata["none"] == nil)
  }

  @Test func metadataOnTheWire() {
    let fields = [
      HTTP2Header(":path", "/a/b"), HTTP2Header("content-type", "application/grpc"),
      HTTP2Header("grpc-timeout", "1S"), HTTP2Header("plain", "x"),
      HTTP2Header("raw-bin", "AQI,Aw=="), HTTP2Header("bad-bin", "!"),
    ]
    let metadata = Metadata(fields: fields)
    #expect(metadata["plain"] == "x")
    #expect(metadata[binary: "raw-bin"] == [[1, 2], [3]])
    #expect(metadata.count == 3)

    var odd: Metadata = ["te": "x", "grpc-status": "3", "text": "a\r\nb: ü"]
    odd.add(binary: [255], for: "x-bin")
    odd.add("  a b é ", for: "padded")
    odd.add("  ", for: "blank")
    #expect(
      odd.fields == [
        HTTP2Header("text", "a??b: ?"), HTTP2Header("x-bin", "/w"),
        HTTP2Header("padded", "a b ?"), HTTP2Header("blank", ""),
      ])
  }

  static let request = [
    HTTP2Header(":method", "POST"), HTTP2Header(":path", "/a.B/C"), HTTP2Header("te", "trailers"),
    HTTP2Header("content-type", "application/grpc"),
  ]

  @Test func requestHeads() throws {
    let head = try RequestHead(
      Self.request + [HTTP2Header("grpc-timeout", "2S"), HTTP2Header("key", "value")])
    #expect(head.method == MethodDescriptor(service: "a.B", method: "C"))
    #expect(head.timeout == .seconds(2))
    #expect(head.metadata == ["key": "value"])
  }

  @Test(
    arguments: [
      (":method", "GET", RPCError.Code?.none, "405"), ("content-type", "text/html", nil, "415"),
      ("content-type", "application/grpcx", nil, "415"), (":path", "/", .unimplemented, ""),
      (":path", "", .unimplemented, ""), (":path", "/a", .unimplemented, ""),
      (":path", "/a/", .unimplemented, ""), (":path", "//a", .unimplemented, ""),
      (":path", "a/b", .unimplemented, ""), ("grpc-encoding", "snappy", .unimplemented, ""),
      ("grpc-timeout", "soon", .internalError, ""),
    ])
  func refusedRequests(_ name: String, _ value: String, _ code: RPCError.Code?, _ http: String) {
    let fields = Self.request.filter { $0.name != name } + [HTTP2Header(name, value)]
    #expect {
      try RequestHead(fields)
    } throws: { error in
      switch error as? RequestHead.Refusal {
      case .http(let status, _): return status == http
      case .status(let error): return error.code == code
      case nil: return false
      }
    }
  }

  @Test(arguments: ["application/grpc", "application/grpc+proto", "application/grpc;x=y"])
  func contentTypes(_ type: String) { #expect(RequestHead.isGRPC(contentType: type)) }

  /// Messages come out the same however the bytes are cut.
  @Test func framing() throws {
    var stream: [UInt8] = []
    let texts = (0..<20).map { Text(String(repeating: "x", count: $0 * $0 * 10)) }
    for text in texts {
      let framed = try text.framed()
      framed.withUnsafeReadableBytes { stream.append(contentsOf: $0) }
    }
    for _ in 0..<50 {
      var deframer = MessageDeframer(limit: 10_000)
      var received: [Text] = []
      var rest = stream[...]
      while !rest.isEmpty {
        let count = min(rest.count, Int.random(in: 1...500))
        Array(rest.prefix(count)).withUnsafeBytes { deframer.append($0) }
        rest = rest.dropFirst(count)
        while let message = try deframer.next() {
          received.append(try Text(received: message.bytes))
        }
      }
      #expect(received == texts)
      #expect(!deframer.holdsPartialMessage)
    }
  }

  @Test(
    arguments: [
      ([0, 0, 0, 0, 11], RPCError.Code.resourceExhausted),
      ([0, 255, 255, 255, 255], .resourceExhausted), ([1, 0, 0, 0, 1], .internalError),
      ([2, 0, 0, 0, 1], .internalError),
    ] as [([UInt8], RPCError.Code)])
  func refusedPrefixes(_ bytes: [UInt8], _ code: RPCError.Code) {
    var deframer = MessageDeframer(limit: 10)
    bytes.withUnsafeBytes { deframer.append($0) }
    let error = #expect(throws: RPCError.self) { _ = try deframer.next() }
    #expect(error?.code == code)
  }

  @Test func handlersRunWithoutAConnection() async throws {
    let context = CallContext(metadata: ["a": "b"])
    context.trailingMetadata["x"] = "y"
    #expect(context.trailingMetadata["x"] == "y")
    var texts: [Text] = []
    for try await text in RequestStream([Text("a"), Text("b")]) { texts.append(text) }
    #expect(texts == ["a", "b"])
    let written = Signal()
    try await ResponseWriter<Text> { _ in written.raise() }.write("x")
    await written.wait()
  }
}
