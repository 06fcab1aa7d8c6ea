import RPC
import Synchronization
import Testing

/// gRFC A6: which calls are made again, when and how often.
@Suite(.timeLimit(.minutes(5)))
struct RetryTests {
  // MARK: Decisions, as tables

  @Test(
    arguments: [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (6, 1000)] as [(Int, Int)])
  func backoffGrowsToItsBound(_ retry: Int, _ milliseconds: Int) {
    let policy = RetryPolicy(initialBackoff: .milliseconds(100), maxBackoff: .seconds(1))
    func near(_ duration: Duration, _ expected: Double) -> Bool {
      abs(duration / .milliseconds(1) - expected) < 0.001
    }
    for jitter in [0.8, 1, 1.2] {
      #expect(
        near(policy.backoff(before: retry, jitter: jitter), Double(milliseconds) * jitter))
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var policy = RetryPolicy(maxAttempts: 3, initialBackoff: .milliseconds(100))
    var code = RPCError.Code.unavailable
    var pushback: String?
    var canRepeat = true
    var failures = 1
    var tokens: Double? = 10
    /// After the last failure.
    var expected: RetryState.Decision

    var testDescription: String { name }
  }

  @Test(
    arguments: [
      Case(name: "first failure", expected: .retry(after: .milliseconds(100))),
      Case(name: "second failure", failures: 2, expected: .retry(after: .milliseconds(200))),
      Case(name: "attempts used up", failures: 3, expected: .giveUp),
      Case(name: "no policy", policy: .never, expected: .giveUp),
      Case(
        name: "never more than five", policy: RetryPolicy(maxAttempts: 9), failures: 5, tokens: nil,
        expected: .giveUp),
      Case(name: "other code", code: .internalError, expected: .giveUp),
      Case(name: "committed", canRepeat: false, expected: .giveUp),
      Case(name: "server names a pause", pushback: "7", expected: .retry(after: .milliseconds(7))),
      Case(name: "pause of zero", pushback: "0", expected: .retry(after: .zero)),
      Case(name: "server forbids", pushback: "-1", expected: .giveUp),
      Case(name: "pushback that is no number", pushback: "soon", expected: .giveUp),
      Case(
        name: "no retry of other codes by pushback", code: .internalError, pushback: "7",
        expected: .giveUp),
      // Each failure takes a token; retries need more than half.
      Case(name: "bucket just full enough", tokens: 4, expected: .retry(after: .milliseconds(100))),
      Case(name: "bucket half empty", failures: 2, tokens: 4, expected: .giveUp),
      Case(
        name: "no throttling", failures: 2, tokens: nil, expected: .retry(after: .milliseconds(200))
      ),
    ])
  func decisions(_ test: Case) {
    var state = RetryState(test.policy)
    var budget = RetryBudget(test.tokens.map { RetryThrottling(maxTokens: $0) })
    var error = RPCError(code: test.code, message: "")
    var decision = RetryState.Decision.giveUp
    for failure in 1...test.failures {
      error.metadata["grpc-retry-pushback-ms"] = failure == test.failures ? test.pushback : nil
      decision = state.failed(error, canRepeat: test.canRepeat, budget: &budget, jitter: 1)
    }
    #expect(decision == test.expected)
  }

  @Test func theBucketFillsAgain() {
    var budget = RetryBudget(RetryThrottling(maxTokens: 2, tokenRatio: 0.5))
    budget.failed()
    #expect(!budget.allowsRetry)
    budget.succeeded()
    #expect(budget.allowsRetry)
    for _ in 0..<10 { budget.failed() }
    for _ in 0..<2 { budget.succeeded() }
    #expect(!budget.allowsRetry)
    budget.succeeded()
    #expect(budget.allowsRetry)
  }

  @Test func aPauseTheServerNamesStartsTheBackoffAnew() {
    var state = RetryState(RetryPolicy(maxAttempts: 5, initialBackoff: .milliseconds(100)))
    var budget = RetryBudget(nil)
    let plain = RPCError(code: .unavailable, message: "")
    let pushed = RPCError(
      code: .unavailable, message: "", metadata: ["grpc-retry-pushback-ms": "5"])
    let decisions = [plain, plain, pushed, plain].map {
      state.failed($0, canRepeat: true, budget: &budget, jitter: 1)
    }
    #expect(
      decisions == [100, 200, 5, 100].map { .retry(after: .milliseconds($0)) })
    #expect(state.previousAttempts == 4)
  }

  // MARK: Against a server that fails

  /// Fails the first `failures` calls of each key; answers with how many attempts came before.
  final class Flaky: Sendable {
    let seen = Mutex<[String: Int]>([:])
    let failures: Int
    let pushback: String?

    init(failures: Int, pushback: String? = nil) {
      self.failures = failures
      self.pushback = pushback
    }

    func attempt(_ key: String, _ context: CallContext) throws -> String {
      let attempt = seen.withLock { seen in
        seen[key, default: 0] += 1
        return seen[key]!
      }
      guard attempt <= failures else {
        return context.metadata["grpc-previous-rpc-attempts"] ?? "none"
      }
      var error = RPCError(code: .unavailable, message: "attempt \(attempt)")
      error.metadata["grpc-retry-pushback-ms"] = pushback
      throw error
    }

    var services: [ServiceDefinition] {
      CallLifetimeTests.service(
        .unary("Say") { (text: Text, context) in Text(try self.attempt(text.value, context)) },
        .serverStreaming("Count") { (text: Text, responses: ResponseWriter<Text>, context) in
          try await responses.write(Text(try self.attempt(text.value, context)))
        },
        .clientStreaming("Join") { (texts: RequestStream<Text>, context) in
          var all = ""
          for try await text in texts { all += text.value }
          return Text(all + (try self.attempt("join", context)))
        },
        .bidirectional("Chat") {
          (texts: RequestStream<Text>, responses: ResponseWriter<Text>, context) in
          // The first message decides, the rest is still to come then.
          for try await text in texts {
            try await responses.write(Text(try self.attempt(text.value, context)))
            break
          }
          for try await text in texts { try await responses.write(text) }
        },
        .serverStreaming("Late") { (text: Text, responses: ResponseWriter<Text>, context) in
          try await responses.write("one")
          self.seen.withLock { $0["late", default: 0] += 1 }
          throw RPCError(code: .unavailable, message: "late")
        },
        .clientStreaming("Big") { (blobs: RequestStream<Blob>, context) in
          for try await _ in blobs {}
          return Text(try self.attempt("big", context))
        })
    }
  }

  static let policy = RetryPolicy(
    maxAttempts: 4, initialBackoff: .milliseconds(1), maxBackoff: .milliseconds(5))

  static var configuration: RPCChannel.Configuration {
    var configuration = RPCChannel.Configuration.patient
    configuration.retryPolicy = { _ in policy }
    configuration.retryThrottling = nil
    return configuration
  }

  @Test func everyKindOfCallIsRetried() async throws {
    let flaky = Flaky(failures: 3)
    try await withServer(flaky.services, channelConfiguration: Self.configuration) { channel, _ in
      let unary: Text = try await channel.unary(Echo.method("Say"), Text("unary"))
      #expect(unary == "3")
      let counted = try await channel.serverStreaming(Echo.method("Count"), Text("stream")) {
        (responses: ResponseStream<Text>) in
        var all: [Text] = []
        for try await response in responses { all.append(response) }
        return all
      }
      #expect(counted == ["3"])
      let joined: Text = try await channel.clientStreaming(Echo.method("Join")) {
        (writer: RequestWriter<Text>) in
        for text in ["a", "b", "c"] { try await writer.write(Text(text)) }
      }
      #expect(joined == "abc3")
      let chatted = try await channel.bidirectional(
        Echo.method("Chat"),
        { (writer: RequestWriter<Text>) in
          for text in ["chat", "x", "y"] { try await writer.write(Text(text)) }
        },
        { (responses: ResponseStream<Text>) in
          var all: [Text] = []
          for try await response in responses { all.append(response) }
          return all
        })
      #expect(chatted == ["3", "x", "y"])
    }
  }

  @Test func attemptsAreBounded() async throws {
    let flaky = Flaky(failures: 100)
    try await withServer(flaky.services, channelConfiguration: Self.configuration) { channel, _ in
      let error = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("x"))
      }
      #expect(error == RPCError(code: .unavailable, message: "attempt 4"))
      let never = await rpcError {
        let _: Text = try await channel.unary(
          Echo.method("Say"), Text("y"), options: CallOptions(retryPolicy: .never))
      }
      #expect(never == RPCError(code: .unavailable, message: "attempt 1"))
    }
    #expect(flaky.seen.withLock { $0 } == ["x": 4, "y": 1])
  }

  @Test func optionsOutrankTheChannel() async throws {
    let flaky = Flaky(failures: 1)
    try await withServer(flaky.services) { channel, _ in
      let error = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("x"))
      }
      #expect(error?.code == .unavailable)
      let answer: Text = try await channel.unary(
        Echo.method("Say"), Text("y"), options: CallOptions(retryPolicy: Self.policy))
      #expect(answer == "1")
    }
  }

  @Test func aStartedAnswerCommits() async throws {
    let flaky = Flaky(failures: 0)
    try await withServer(flaky.services, channelConfiguration: Self.configuration) { channel, _ in
      let error = await rpcError {
        try await channel.serverStreaming(Echo.method("Late"), Text("")) {
          (responses: ResponseStream<Text>) in for try await _ in responses {}
        }
      }
      #expect(error?.message == "late")
    }
    #expect(flaky.seen.withLock { $0["late"] } == 1)
  }

  @Test func whatIsNoLongerHeldIsNotRetried() async throws {
    var configuration = Self.configuration
    configuration.callRetryBufferSize = 1000
    let flaky = Flaky(failures: 1)
    try await withServer(flaky.services, channelConfiguration: configuration) { channel, _ in
      func send(_ count: Int) async throws -> Text {
        try await channel.clientStreaming(Echo.method("Big")) { (writer: RequestWriter<Blob>) in
          for _ in 0..<count { try await writer.write(Blob(count: 100)) }
        }
      }
      let error = await rpcError { _ = try await send(20) }
      #expect(error?.message == "attempt 1")
      flaky.seen.withLock { $0 = [:] }
      let answer = try await send(5)
      #expect(answer == "1")
    }
  }

  /// While one call holds the channel's memory, another is made all the same, but not retried.
  @Test func callsShareWhatIsHeld() async throws {
    var configuration = Self.configuration
    configuration.retryBufferSize = 1000
    let flaky = Flaky(failures: 1)
    try await withServer(flaky.services, channelConfiguration: configuration) { channel, _ in
      func send(_ inBetween: () async throws -> Void = {}) async throws -> Text {
        try await channel.clientStreaming(Echo.method("Big")) { (writer: RequestWriter<Blob>) in
          for _ in 0..<5 { try await writer.write(Blob(count: 100)) }
          try await inBetween()
        }
      }
      let first = try await send {
        let error = await rpcError { _ = try await send() }
        #expect(error?.message == "attempt 1")
      }
      #expect(first == "none")
      flaky.seen.withLock { $0 = [:] }
      let second = try await send()
      #expect(second == "1")
    }
  }

  @Test func theServerMayForbidIt() async throws {
    let flaky = Flaky(failures: 1, pushback: "-1")
    try await withServer(flaky.services, channelConfiguration: Self.configuration) { channel, _ in
      let error = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("x"))
      }
      #expect(error?.message == "attempt 1")
    }
    let willing = Flaky(failures: 1, pushback: "1")
    var configuration = Self.configuration
    configuration.retryPolicy = { _ in
      RetryPolicy(maxAttempts: 2, initialBackoff: .seconds(3600), maxBackoff: .seconds(3600))
    }
    try await withServer(willing.services, channelConfiguration: configuration) { channel, _ in
      let answer: Text = try await channel.unary(Echo.method("Say"), Text("x"))
      #expect(answer == "1")
    }
  }

  @Test func theDeadlineSpansAllAttempts() async throws {
    let flaky = Flaky(failures: 100)
    var configuration = Self.configuration
    configuration.retryPolicy = { _ in
      RetryPolicy(initialBackoff: .seconds(3600), maxBackoff: .seconds(3600))
    }
    try await withServer(flaky.services, channelConfiguration: configuration) { channel, _ in
      let error = await rpcError {
        let _: Text = try await channel.unary(
          Echo.method("Say"), Text("x"), options: CallOptions(timeout: .milliseconds(300)))
      }
      #expect(error?.code == .deadlineExceeded)
      // Nor does a pause outlive the caller.
      let call = Task { () -> Text in try await channel.unary(Echo.method("Say"), Text("y")) }
      while flaky.seen.withLock({ $0["y"] }) == nil { await Task.yield() }
      call.cancel()
      await #expect(throws: CancellationError.self) { _ = try await call.value }
    }
  }

  @Test func aFailingServerEmptiesTheBudget() async throws {
    let flaky = Flaky(failures: 100)
    var configuration = Self.configuration
    configuration.retryThrottling = RetryThrottling(maxTokens: 6, tokenRatio: 0.1)
    try await withServer(flaky.services, channelConfiguration: configuration) { channel, _ in
      for key in ["a", "b", "c", "d"] {
        _ = await rpcError { let _: Text = try await channel.unary(Echo.method("Say"), Text(key)) }
      }
    }
    // Three failures leave half of the bucket, which is not more than half.
    #expect(flaky.seen.withLock { $0 } == ["a": 3, "b": 1, "c": 1, "d": 1])
  }

  /// A stream refused by the server is made again once without any policy, and then by policy.
  @Test func refusedStreamsAreRepeatedOnce() async throws {
    let peer = try ScriptedServer { connection, id, _ in
      connection.session.reset(id, .refusedStream)
    }
    let channel = RPCChannel(target: "\(peer.address)", configuration: .patient, logger: silent)
    let refused = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Say"), Text("x"))
    }
    #expect(refused?.code == .unavailable)
    #expect(peer.requests == 2)
    let again = await rpcError {
      let _: Text = try await channel.unary(
        Echo.method("Say"), Text("x"), options: CallOptions(retryPolicy: Self.policy))
    }
    #expect(again?.code == .unavailable)
    #expect(peer.requests == 2 + 5)
    await channel.close()
  }

  /// Streams above a GOAWAY's last one are made again on the next connection, the others go on.
  @Test func streamsBeyondGoAwayAreRepeated() async throws {
    let peer = try ScriptedServer { connection, id, _ in
      guard connection.number == 0 else {
        try? connection.session.respond(to: id, ScriptedServer.trailersOnly("0"), body: nil)
        return
      }
      // Two calls have come: only the first is accepted.
      guard id == 3 else { return }
      connection.goAway(lastStream: 1)
      try? connection.session.respond(to: 1, ScriptedServer.trailersOnly("0"), body: nil)
    }
    let channel = RPCChannel(target: "\(peer.address)", configuration: .patient, logger: silent)
    let outcomes = await withTaskGroup(of: RPCError?.self) { group in
      for _ in 0..<2 {
        group.addTask {
          await rpcError {
            try await channel.serverStreaming(
              Echo.method("Say"), Text("x")
            ) { (responses: ResponseStream<Text>) in for try await _ in responses {} }
          }
        }
      }
      var outcomes: [RPCError?] = []
      for await outcome in group { outcomes.append(outcome) }
      return outcomes
    }
    #expect(outcomes.map { $0?.code } == [nil, nil])
    #expect(peer.requests == 3)
    await channel.close()
  }
}
