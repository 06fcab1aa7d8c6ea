import RPC
import Synchronization
import Testing

/// What stands around calls, on both sides.
@Suite(.timeLimit(.minutes(5)))
struct InterceptorTests {
  /// One call of each kind against ``Echo``; each returns what it got.
  static let calls: [@Sendable (RPCChannel) async throws -> String] = [
    { channel in
      let answer: Text = try await channel.unary(Echo.method("Say"), Text("a"))
      return answer.value
    },
    { channel in
      let answer: Text = try await channel.clientStreaming(Echo.method("Join")) {
        (writer: RequestWriter<Text>) in
        try await writer.write("a")
        try await writer.write("b")
      }
      return answer.value
    },
    { channel in
      try await channel.serverStreaming(Echo.method("Count"), Text("2")) {
        (responses: ResponseStream<Text>) in
        var all = ""
        for try await response in responses { all += response.value }
        return all
      }
    },
    { channel in
      try await channel.bidirectional(
        Echo.method("Chat"), { (writer: RequestWriter<Text>) in try await writer.write("a") },
        { (responses: ResponseStream<Text>) in
          var all = ""
          for try await response in responses { all += response.value }
          return all
        })
    },
  ]
  static let answers = ["a", "a,b", "01", "a"]

  @Test(arguments: 0..<4)
  func clientInterceptorsStandAroundEveryKindOfCall(_ kind: Int) async throws {
    let order = Mutex<[String]>([])
    @Sendable func note(_ text: String) { order.withLock { $0.append(text) } }
    let outer: ClientInterceptor = { call, next in
      note("outer \(call.method.method)")
      var call = call
      call.options.metadata["token"] = "open"
      call.onRequest { note("sends \(($0 as? Text)?.value ?? "?")") }
      call.onResponse { note("gets \(($0 as? Text)?.value ?? "?")") }
      try await next(call)
      note("outer done")
    }
    let inner: ClientInterceptor = { call, next in
      note("inner \(call.options.metadata["token"] ?? "no token")")
      try await next(call)
      note("inner done")
    }
    try await withServer(clientInterceptors: [outer, inner]) { channel, _ in
      let answer = try await Self.calls[kind](channel)
      #expect(answer == Self.answers[kind])
    }
    let notes = order.withLock { $0 }
    #expect(
      Array(notes.prefix(2)) == ["outer \(["Say", "Join", "Count", "Chat"][kind])", "inner open"])
    #expect(Array(notes.suffix(2)) == ["inner done", "outer done"])
    #expect(
      notes.filter { $0.hasPrefix("sends") || $0.hasPrefix("gets") }.sorted()
        == [
          ["gets a", "sends a"], ["gets a,b", "sends a", "sends b"],
          ["gets 0", "gets 1", "sends 2"], ["gets a", "sends a"],
        ][kind])
  }

  @Test func clientInterceptorsSeeTheOutcome() async throws {
    let seen = Mutex<[String]>([])
    let observer: ClientInterceptor = { call, next in
      do {
        try await next(call)
        seen.withLock {
          $0.append(
            "ok \(call.initialMetadata["started"] ?? "") \(call.trailingMetadata["finished"] ?? "")"
          )
        }
      } catch let error as RPCError {
        seen.withLock { $0.append("\(error.code) \(error.metadata["reason"] ?? "")") }
        throw error
      }
    }
    try await withServer(clientInterceptors: [observer]) { channel, _ in
      _ = try await Self.calls[3](channel)
      let error = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Fail"), Text("x"))
      }
      #expect(error?.code == .failedPrecondition)
    }
    #expect(seen.withLock { $0 } == ["ok yes yes", "FAILED_PRECONDITION asked for"])
  }

  @Test(arguments: 0..<4)
  func clientInterceptorsMayRefuse(_ kind: Int) async throws {
    struct Refusal: Error {}
    let order = Mutex<[String]>([])
    let note: ServerInterceptor = { context, next in
      order.withLock { $0.append(context.method.method) }
      try await next(context)
    }
    let refuse: ClientInterceptor = { _, _ in throw Refusal() }
    try await withServer(interceptors: [note], clientInterceptors: [refuse]) { channel, _ in
      _ = await #expect(throws: Refusal.self) { try await Self.calls[kind](channel) }
    }
    #expect(order.withLock { $0 }.isEmpty)
  }

  @Test func clientInterceptorsThatDoNotKeepTheRules() async throws {
    try await withServer(clientInterceptors: [{ _, _ in }]) { channel, _ in
      let error = await rpcError { _ = try await Self.calls[0](channel) }
      #expect(error?.code == .internalError)
    }
    let twice: ClientInterceptor = { call, next in
      try await next(call)
      try await next(call)
    }
    try await withServer(clientInterceptors: [twice]) { channel, _ in
      let error = await rpcError { _ = try await Self.calls[0](channel) }
      #expect(error?.code == .internalError)
    }
    // An error that is swallowed leaves the caller without an answer all the same.
    try await withServer(clientInterceptors: [{ call, next in try? await next(call) }]) {
      channel, _ in
      let error = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Fail"), Text("x"))
      }
      #expect(error?.code == .failedPrecondition)
    }
  }

  @Test func messagesAClientRefuses() async throws {
    struct Bad: Error {}
    let noBs: ClientInterceptor = { call, next in
      var call = call
      call.onRequest { if ($0 as? Text)?.value == "b" { throw Bad() } }
      call.onResponse { if ($0 as? Text)?.value == "1" { throw Bad() } }
      try await next(call)
    }
    try await withServer(clientInterceptors: [noBs]) { channel, _ in
      let answer = try await Self.calls[0](channel)
      #expect(answer == "a")
      for kind in 1...2 {
        await #expect(throws: Bad.self) { try await Self.calls[kind](channel) }
      }
    }
  }

  /// Validation on the server: every request message of every kind of call is seen.
  @Test(arguments: 0..<4)
  func serverInterceptorsValidate(_ kind: Int) async throws {
    let seen = Mutex<[String]>([])
    func validating(_ refused: String) -> ServerInterceptor {
      { context, next in
        var context = context
        context.onRequest { message in
          let text = (message as? Text)?.value ?? "?"
          seen.withLock { $0.append(text) }
          if text == refused {
            throw RPCError(code: .invalidArgument, message: "not '\(text)'")
          }
        }
        try await next(context)
      }
    }
    let sent = [["a"], ["a", "b"], ["2"], ["a"]][kind]
    try await withServer(interceptors: [validating("none")]) { channel, _ in
      let answer = try await Self.calls[kind](channel)
      #expect(answer == Self.answers[kind])
    }
    #expect(seen.withLock { $0 } == sent)
    try await withServer(interceptors: [validating(sent.last!)]) { channel, _ in
      let error = await rpcError { _ = try await Self.calls[kind](channel) }
      #expect(error == RPCError(code: .invalidArgument, message: "not '\(sent.last!)'"))
    }
  }

  @Test func serverInterceptorsSeeTheOutcome() async throws {
    let seen = Mutex<[String]>([])
    let observer: ServerInterceptor = { context, next in
      do {
        try await next(context)
        seen.withLock { $0.append("ok \(context.trailingMetadata["finished"] ?? "")") }
      } catch {
        seen.withLock { $0.append("\(error)") }
        throw error
      }
    }
    try await withServer(interceptors: [observer]) { channel, _ in
      _ = try await Self.calls[3](channel)
      let _ = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Fail"), Text("x"))
      }
      let _ = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Fail"), Text("secret"))
      }
    }
    #expect(seen.withLock { $0 } == ["ok yes", "FAILED_PRECONDITION: x", "the secret"])
  }

  /// What a handler said before it failed, or before its deadline passed, is not lost.
  @Test func trailingMetadataOfFailedCalls() async throws {
    let service = CallLifetimeTests.service(
      .unary("Throw") { (text: Text, context) -> Text in
        context.trailingMetadata["said"] = "before"
        throw RPCError(code: .aborted, message: "no", metadata: ["own": "too"])
      },
      .bidirectional("TooLarge") {
        (blobs: RequestStream<Blob>, responses: ResponseWriter<Blob>, context) in
        context.trailingMetadata["said"] = "before"
        try await responses.write(Blob([1]))
        for try await blob in blobs { try await responses.write(blob) }
      })
    var configuration = RPCServer.Configuration()
    configuration.maxReceiveMessageSize = 1000
    try await withServer(service, configuration: configuration) { channel, _ in
      let thrown = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Throw"), Text(""))
      }
      #expect(thrown?.metadata == ["own": "too", "said": "before"])
      let started = Signal()
      let aborted = await rpcError {
        try await channel.bidirectional(
          Echo.method("TooLarge"),
          { (writer: RequestWriter<Blob>) in
            await started.wait()
            try await writer.write(Blob(count: 1001))
          },
          { (responses: ResponseStream<Blob>) in for try await _ in responses { started.raise() } })
      }
      #expect(aborted?.code == .resourceExhausted)
      #expect(aborted?.metadata == ["said": "before"])
    }
  }

  /// What a handler did not mean to tell goes to the log, where the status says to look.
  @Test func unknownErrorsAreExplainedInTheLog() async throws {
    let log = LogRecorder()
    try await withServer(logger: log.logger) { channel, _ in
      let error = try #require(
        await rpcError {
          let _: Text = try await channel.unary(Echo.method("Fail"), Text("secret"))
        })
      #expect(error.code == .internalError)
      #expect(!error.message.contains("secret"))
      let id = try #require(error.message.wholeMatch(of: /.*error ([0-9a-f]{16})/)).1
      #expect(
        log.lines.withLock { $0.contains { $0.contains(id) && $0.contains("the secret") } })
    }
  }

  // MARK: The standard ones

  @Test func loggingSaysHowCallsEnd() async throws {
    let log = LogRecorder()
    try await withServer(clientInterceptors: [ClientInterceptors.logging(log.logger)]) {
      channel, _ in
      _ = try await Self.calls[0](channel)
      _ = await rpcError {
        let _: Text = try await channel.unary(
          Echo.method("Fail"), Text("private"), options: CallOptions(metadata: ["key": "secret"]))
      }
    }
    let lines = log.lines.withLock { $0 }
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("debug call ended") && lines[0].contains("OK"))
    #expect(lines[1].hasPrefix("info call ended"))
    #expect(lines[1].contains("test.Echo/Fail"))
    #expect(lines[1].contains("FAILED_PRECONDITION"))
    #expect(!lines.joined().contains("private") && !lines.joined().contains("secret"))
  }

  @Test func serversLogHowCallsEnd() async throws {
    let log = LogRecorder()
    try await withServer(observers: [ServerObservers.logging(log.logger)]) { channel, _ in
      _ = try await Self.calls[0](channel)
      _ = await rpcError {
        let _: Text = try await channel.unary(
          Echo.method("Fail"), Text("private"), options: CallOptions(metadata: ["key": "secret"]))
      }
    }
    let lines = log.lines.withLock { $0 }
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("debug call ended") && lines[0].contains("OK"))
    #expect(lines[1].hasPrefix("info call ended"))
    for part in ["test.Echo/Fail", "FAILED_PRECONDITION", "127.0.0.1"] {
      #expect(lines[1].contains(part))
    }
    #expect(!lines.joined().contains("private") && !lines.joined().contains("secret"))
  }

  @Test(
    arguments: [
      ("Bearer right", true), ("bearer right", true), ("Bearer also-right", true),
      ("Bearer wrong", false), ("Bearer righ", false), ("Bearer rightt", false),
      ("Bearer", false), ("right", false), ("Basic right", false), ("", false),
      (nil, false),
    ] as [(String?, Bool)])
  func bearerTokensAreChecked(_ field: String?, _ isLetIn: Bool) async throws {
    let guarding = ServerObservers.bearer(
      tokens: ["right", "also-right"], openServices: ["test.Open"])
    let open = ServiceDefinition(
      "test.Open", methods: [.unary("Say") { (text: Text, context) in text }])
    try await withServer([Echo.service, open], observers: [guarding]) { channel, _ in
      var options = CallOptions()
      if let field { options.metadata["authorization"] = field }
      let error = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("x"), options: options)
      }
      #expect(error?.code == (isLetIn ? nil : .unauthenticated))
      #expect(error?.message.contains("righ") != true)
      let _: Text = try await channel.unary(
        MethodDescriptor(service: "test.Open", method: "Say"), Text("x"), options: options)
    }
  }

  @Test func traceContextIsPassedOn() async throws {
    let seen = Mutex<[String?]>([])
    try await withServer(
      interceptors: [
        { context, next in
          seen.withLock {
            $0.append(context.metadata["traceparent"])
            $0.append(context.metadata["tracestate"])
          }
          try await next(context)
        }
      ], clientInterceptors: [ClientInterceptors.traceContext]
    ) { inner, _ in
      let outer = CallLifetimeTests.service(
        .unary("Forward") { (text: Text, context) -> Text in
          try await inner.unary(Echo.method("Say"), text)
        })
      try await withServer(outer, interceptors: [ServerInterceptors.traceContext]) { channel, _ in
        for metadata in [["traceparent": "00-1-2-01", "tracestate": "a=b"], [:]] as [Metadata] {
          let _: Text = try await channel.unary(
            Echo.method("Forward"), Text("x"), options: CallOptions(metadata: metadata))
        }
      }
    }
    #expect(seen.withLock { $0 } == ["00-1-2-01", "a=b", nil, nil])
  }

  @Test func bearerTokensAreSent() async throws {
    let seen = Mutex<[String?]>([])
    let count = Atomic(0)
    try await withServer(
      interceptors: [
        { context, next in
          seen.withLock { $0.append(context.metadata["authorization"]) }
          try await next(context)
        }
      ],
      clientInterceptors: [
        ClientInterceptors.bearer { "token-\(count.add(1, ordering: .relaxed).newValue)" }
      ]
    ) { channel, _ in
      for _ in 0..<2 { _ = try await Self.calls[0](channel) }
    }
    #expect(seen.withLock { $0 } == ["Bearer token-1", "Bearer token-2"])
  }
}
