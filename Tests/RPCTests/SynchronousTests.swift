import RPC
import Synchronization
import Testing

/// Methods that answer on the event loop, and those who watch calls.
@Suite(.timeLimit(.minutes(1)))
struct SynchronousTests {
  private static let method = MethodDescriptor(service: "test.Synchronous", method: "Say")

  private static func service(
    _ handle: @escaping @Sendable (Text, CallContext) throws -> Text
  ) -> ServiceDefinition {
    ServiceDefinition("test.Synchronous", methods: [.synchronousUnary("Say", handle)])
  }

  private static let isInTask: @Sendable () -> Bool = { withUnsafeCurrentTask { $0 != nil } }

  @Test func answersWithoutATask() async throws {
    let service = Self.service { text, context in
      for entry in context.metadata where entry.key == "color" {
        if case .text(let value) = entry.value { context.initialMetadata["color"] = value }
      }
      context.trailingMetadata["task"] = "\(Self.isInTask())"
      return text
    }
    try await withServer([service]) { channel, _ in
      for size in [0, 1, 100_000, 1_000_000] {
        let text = Text(String(repeating: "x", count: size))
        let answer: Text = try await channel.unary(Self.method, text)
        #expect(answer == text)
      }
      try await channel.serverStreaming(
        Self.method, Text("a"), options: CallOptions(metadata: ["color": "red"])
      ) { (responses: ResponseStream<Text>) in
        var answers: [Text] = []
        for try await response in responses { answers.append(response) }
        #expect(answers == ["a"])
        #expect(try await responses.initialMetadata()["color"] == "red")
        #expect(try await responses.trailingMetadata()["task"] == "false")
      }
    }
  }

  @Test func errorsBecomeStatuses() async throws {
    let service = Self.service { text, context in
      if text == "secret" { throw SecretError() }
      throw RPCError(code: .notFound, message: text.value, metadata: ["reason": "none"])
    }
    try await withServer([service]) { channel, _ in
      let known = await rpcError {
        let _: Text = try await channel.unary(Self.method, Text("gone"))
      }
      #expect(known?.code == .notFound)
      #expect(known?.message == "gone")
      #expect(known?.metadata["reason"] == "none")
      let unknown = await rpcError {
        let _: Text = try await channel.unary(Self.method, Text("secret"))
      }
      #expect(unknown?.code == .internalError)
      #expect(unknown?.message.contains("the secret") == false)
    }
  }

  @Test func needsOneRequest() async throws {
    let calls = Atomic(0)
    let service = Self.service { text, context in
      calls.add(1, ordering: .relaxed)
      return text
    }
    try await withServer([service]) { channel, _ in
      for count in [0, 2] {
        let error = await rpcError {
          let _: Text = try await channel.clientStreaming(Self.method) {
            (writer: RequestWriter<Text>) in
            for _ in 0..<count { try await writer.write(Text("a")) }
          }
        }
        #expect(error?.code == .internalError)
      }
    }
    #expect(calls.load(ordering: .relaxed) == 0)
  }

  @Test func interceptorsRunAroundIt() async throws {
    let seen = Mutex<[String]>([])
    let interceptor: ServerInterceptor = { context, next in
      seen.withLock { $0.append("before") }
      await Task.yield()
      try await next(context)
      seen.withLock { $0.append("after") }
    }
    let service = Self.service { text, context in
      seen.withLock { $0.append("handler, task \(Self.isInTask())") }
      return text
    }
    try await withServer([service], interceptors: [interceptor]) { channel, _ in
      let _: Text = try await channel.unary(Self.method, Text("a"))
    }
    #expect(seen.withLock { $0 } == ["before", "handler, task true", "after"])
  }

  // MARK: Observers

  private final class Witness: ServerObserver {
    let name: String
    let refuses: Bool
    let log: Mutex<[String]>
    let ended = Signal()

    init(_ name: String, refuses: Bool = false, into log: Witness? = nil) {
      self.name = name
      self.refuses = refuses
      self.log = Mutex([])
      other = log
    }

    private let other: Witness?

    private func note(_ line: String) { (other ?? self).log.withLock { $0.append(line) } }

    func callBegan(_ context: inout CallContext) throws {
      note("\(name) began \(context.method.method)")
      if refuses { throw RPCError(code: .unauthenticated, message: "who are you?") }
      context.metadata["seen-by"] = name
    }

    func callEnded(_ context: CallContext, status: RPCError?, after duration: Duration) {
      #expect(duration >= .zero)
      note("\(name) ended \(status.map { "\($0.code)" } ?? "OK")")
      ended.raise()
    }
  }

  @Test func observersSeeBothEnds() async throws {
    let outer = Witness("outer")
    let inner = Witness("inner", into: outer)
    let service = Self.service { text, context in
      if text == "fail" { throw RPCError(code: .aborted, message: "as asked") }
      return Text(context.metadata["seen-by"] ?? "nobody")
    }
    try await withServer([service, Echo.service], observers: [outer, inner]) { channel, _ in
      let answer: Text = try await channel.unary(Self.method, Text("a"))
      #expect(answer == "inner")
      _ = await rpcError { let _: Text = try await channel.unary(Self.method, Text("fail")) }
      let _: Text = try await channel.clientStreaming(Echo.method("Join")) {
        (writer: RequestWriter<Text>) in try await writer.write(Text("a"))
      }
    }
    #expect(
      outer.log.withLock { $0 } == [
        "outer began Say", "inner began Say", "inner ended OK", "outer ended OK",
        "outer began Say", "inner began Say", "inner ended ABORTED", "outer ended ABORTED",
        "outer began Join", "inner began Join", "inner ended OK", "outer ended OK",
      ])
  }

  @Test func anObserverRefuses() async throws {
    let outer = Witness("outer")
    let guardian = Witness("guard", refuses: true, into: outer)
    let inner = Witness("inner", into: outer)
    let service = Self.service { text, context in
      outer.log.withLock { $0.append("handler") }
      return text
    }
    try await withServer([service], observers: [outer, guardian, inner]) { channel, _ in
      let error = await rpcError { let _: Text = try await channel.unary(Self.method, Text("a")) }
      #expect(error?.code == .unauthenticated)
    }
    #expect(
      outer.log.withLock { $0 } == [
        "outer began Say", "guard began Say", "guard ended UNAUTHENTICATED",
        "outer ended UNAUTHENTICATED",
      ])
  }

  @Test func observersSeeCallsEndBeforeTheirHandler() async throws {
    let witness = Witness("it")
    let started = Signal()
    let hang = ServiceDefinition(
      "test.Hang",
      methods: [
        .unary("Hang") { (text: Text, context) -> Text in
          started.raise()
          try await Task.sleep(for: .seconds(600))
          return text
        }
      ])
    try await withServer([hang], observers: [witness]) { channel, _ in
      let call = Task {
        let _: Text = try await channel.unary(
          MethodDescriptor(service: "test.Hang", method: "Hang"), Text("a"))
      }
      await started.wait()
      call.cancel()
      await witness.ended.wait()
    }
    #expect(witness.log.withLock { $0 } == ["it began Hang", "it ended CANCELLED"])
  }
}
