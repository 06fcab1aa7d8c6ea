import RPC
import Synchronization
import Testing

/// What our client makes of peers that do not speak gRPC, and what it says of itself.
@Suite(.timeLimit(.minutes(5)))
struct ForeignPeerTests {
  /// grpc/grpc `doc/http-grpc-status-mapping.md`.
  static let httpStatuses: [(String, RPCError.Code)] = [
    ("400", .internalError), ("401", .unauthenticated), ("403", .permissionDenied),
    ("404", .unimplemented), ("429", .unavailable), ("502", .unavailable), ("503", .unavailable),
    ("504", .unavailable), ("201", .unknown), ("302", .unknown), ("405", .unknown),
    ("415", .unknown), ("500", .unknown), ("501", .unknown),
  ]

  struct Answer: Sendable, CustomTestStringConvertible {
    var name: String
    var head: [HTTP2Header]
    var body: String?
    var trailers: [HTTP2Header]?
    var code: RPCError.Code?
    var part = ""

    var testDescription: String { name }
  }

  static func head(_ status: String, _ type: String?) -> [HTTP2Header] {
    [HTTP2Header(":status", status)] + (type.map { [HTTP2Header("content-type", $0)] } ?? [])
  }

  static let grpc = head("200", "application/grpc")
  static let ok = [HTTP2Header("grpc-status", "0")]
  static let message = "\0\0\0\0\u{2}hi"

  static var answers: [Answer] {
    httpStatuses.flatMap { status, code in
      [
        Answer(
          name: "\(status) without a body", head: head(status, nil), code: code, part: status),
        Answer(
          name: "\(status) with a page", head: head(status, "text/html"), body: "<html>",
          code: code, part: status),
      ]
    } + [
      Answer(
        name: "grpc-status outranks the HTTP status",
        head: head("503", "application/grpc") + [HTTP2Header("grpc-status", "5")],
        code: .notFound),
      Answer(name: "gRPC", head: grpc, body: message, trailers: ok),
      Answer(
        name: "a subtype", head: head("200", "application/grpc+proto"), body: message, trailers: ok),
      Answer(
        name: "parameters", head: head("200", "application/grpc; charset=utf-8"), body: message,
        trailers: ok),
      Answer(
        name: "JSON", head: head("200", "application/json"), body: "{}", code: .unknown,
        part: "application/json"),
      Answer(
        name: "gRPC-Web is another protocol", head: head("200", "application/grpc-web"),
        body: message, trailers: ok, code: .unknown, part: "application/grpc-web"),
      Answer(
        name: "no content type", head: head("200", nil), body: message, trailers: ok,
        code: .unknown, part: "content-type"),
      Answer(name: "no status", head: grpc, body: message, code: .unknown, part: "status"),
      Answer(
        name: "no status in the trailers", head: grpc, body: message,
        trailers: [HTTP2Header("a", "b")], code: .unknown, part: "grpc-status"),
      Answer(
        name: "a status that is no number", head: grpc, body: message,
        trailers: [HTTP2Header("grpc-status", "fine")], code: .unknown),
      Answer(
        name: "OK without a message", head: grpc, body: "", trailers: ok, code: .internalError),
      Answer(
        name: "half a message", head: grpc, body: "\0\0\0\0\u{9}hi", trailers: ok,
        code: .internalError),
      Answer(
        name: "an encoding nobody offered",
        head: grpc + [HTTP2Header("grpc-encoding", "snappy")], body: message, trailers: ok,
        code: .internalError, part: "snappy"),
    ]
  }

  @Test(arguments: ForeignPeerTests.answers)
  func understands(_ answer: Answer) async throws {
    let peer = try ScriptedServer { connection, id, _ in
      let body = answer.body.map { Body($0, trailers: answer.trailers) }
      try? connection.session.respond(to: id, answer.head, body: body)
    }
    let channel = RPCChannel(target: "\(peer.address)", configuration: .patient, logger: silent)
    let error = await rpcError {
      let text: Text = try await channel.unary(Echo.method("Say"), Text("x"))
      #expect(text == "hi")
    }
    #expect(error?.code == answer.code, "\(String(describing: error))")
    if let error, !answer.part.isEmpty {
      #expect(error.message.contains(answer.part), "\(error)")
    }
    await channel.close()
  }

  /// What a load balancer answers while a replica restarts is worth another attempt.
  @Test func aProxysRefusalIsRetried() async throws {
    let peer = try ScriptedServer { connection, id, headers in
      let isFirst = headers["grpc-previous-rpc-attempts"] == nil
      try? connection.session.respond(
        to: id, isFirst ? Self.head("503", "text/html") : Self.grpc,
        body: isFirst ? Body("<html>") : Body(Self.message, trailers: Self.ok))
    }
    let channel = RPCChannel(target: "\(peer.address)", configuration: .patient, logger: silent)
    let text: Text = try await channel.unary(
      Echo.method("Say"), Text("x"), options: CallOptions(retryPolicy: RetryTests.policy))
    #expect(text == "hi")
    await channel.close()
  }

  @Test func requestHeaders() async throws {
    let seen = Mutex<[HTTP2Header]>([])
    let peer = try ScriptedServer { connection, id, headers in
      seen.withLock { $0 = headers }
      try? connection.session.respond(to: id, ScriptedServer.trailersOnly("5"), body: nil)
    }
    let channel = RPCChannel(target: "\(peer.address)", configuration: .patient, logger: silent)
    _ = await rpcError {
      let _: Text = try await channel.unary(
        Echo.method("Say"), Text("x"),
        options: CallOptions(timeout: .seconds(100), metadata: ["a": "b"]))
    }
    let headers = seen.withLock { $0 }
    for (name, value) in [
      (":method", "POST"), (":scheme", "http"), (":path", "/test.Echo/Say"),
      (":authority", "\(peer.address)"), ("te", "trailers"), ("content-type", "application/grpc"),
      ("a", "b"),
    ] {
      #expect(headers[name] == value)
    }
    #expect(headers["user-agent"]?.wholeMatch(of: /grpc-swift-lauter\/\d+\.\d+(\.\d+)?/) != nil)
    #expect(headers["grpc-timeout"].flatMap(Timeout.parse).map { $0 <= .seconds(100) } == true)
    // Pseudo-headers first, gRPC's own before the caller's.
    #expect(headers.prefix(4).allSatisfy { $0.name.hasPrefix(":") })
    #expect(headers.last?.name == "a")
    await channel.close()
  }
}
