import RPC
import ServiceLifecycle
import Synchronization
import Testing

/// Deadlines, cancellation, back-pressure, loss and shutdown.
@Suite(.timeLimit(.minutes(5)))
struct CallLifetimeTests {
  static func service(_ methods: MethodDefinition...) -> [ServiceDefinition] {
    [ServiceDefinition(Echo.name, methods: methods)]
  }

  /// Waits until its task is cancelled.
  static func untilCancelled() async {
    let signal = Signal()
    await withTaskCancellationHandler {
      await signal.wait()
    } onCancel: {
      signal.raise()
    }
  }

  @Test(arguments: Transport.allCases)
  func deadlineEndsTheCallOnBothSides(_ transport: Transport) async throws {
    let started = Atomic(false)
    let cancelled = Signal()
    let service = Self.service(
      .unary("Sleep") { (text: Text, context) in
        started.store(true, ordering: .relaxed)
        await Self.untilCancelled()
        cancelled.raise()
        return text
      })
    try await withServer(over: transport, service) { channel, _ in
      // On a busy machine a call may run out of time before it reaches the server.
      repeat {
        let error = await rpcError {
          let _: Text = try await channel.unary(
            Echo.method("Sleep"), Text(""), options: CallOptions(timeout: .milliseconds(50)))
        }
        #expect(error?.code == .deadlineExceeded)
      } while !started.load(ordering: .relaxed)
      await cancelled.wait()
    }
  }

  @Test(arguments: Transport.allCases)
  func deadlineInThePast(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      let error = await rpcError {
        let _: Text = try await channel.unary(
          Echo.method("Say"), Text(""), options: CallOptions(timeout: .zero))
      }
      #expect(error?.code == .deadlineExceeded)
    }
  }

  @Test(arguments: Transport.allCases)
  func handlersPassTheirDeadlineOn(_ transport: Transport) async throws {
    try await withServer(over: transport) { inner, _ in
      let outer = Self.service(
        .unary("Forward") { (text: Text, context) in
          let answer: Text = try await inner.unary(Echo.method("Deadline"), text)
          return answer
        })
      try await withServer(over: transport, outer) { channel, _ in
        let without: Text = try await channel.unary(Echo.method("Forward"), Text(""))
        #expect(without == "none")
        let with: Text = try await channel.unary(
          Echo.method("Forward"), Text(""), options: CallOptions(timeout: .seconds(30)))
        #expect(with == "some")
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func cancellingTheClientCancelsTheHandler(_ transport: Transport) async throws {
    let started = Signal()
    let cancelled = Signal()
    let service = Self.service(
      .unary("Sleep") { (text: Text, context) in
        started.raise()
        await Self.untilCancelled()
        cancelled.raise()
        return text
      },
      .bidirectional("Wait") { (texts: RequestStream<Text>, _: ResponseWriter<Text>, context) in
        started.raise()
        let error = await rpcError { for try await _ in texts {} }
        if error?.code == .cancelled, Task.isCancelled { cancelled.raise() }
      })
    try await withServer(over: transport, service) { channel, _ in
      let unary = Task {
        let _: Text = try await channel.unary(Echo.method("Sleep"), Text(""))
      }
      await started.wait()
      unary.cancel()
      await #expect(throws: CancellationError.self) { try await unary.value }
      await cancelled.wait()

      let stream = Task {
        try await channel.bidirectional(
          Echo.method("Wait"), { (_: RequestWriter<Text>) in await Self.untilCancelled() },
          { (responses: ResponseStream<Text>) in for try await _ in responses {} })
      }
      await started.wait()
      stream.cancel()
      await #expect(throws: CancellationError.self) { try await stream.value }
      await cancelled.wait()
    }
  }

  @Test(arguments: Transport.allCases)
  func leavingAStreamEarlyCancelsTheHandler(_ transport: Transport) async throws {
    let cancelled = Signal()
    let service = Self.service(
      .serverStreaming("Endless") { (text: Text, responses: ResponseWriter<Text>, context) in
        defer { cancelled.raise() }
        while true { try await responses.write(text) }
      })
    try await withServer(over: transport, service) { channel, _ in
      let first = try await channel.serverStreaming(Echo.method("Endless"), Text("x")) {
        (responses: ResponseStream<Text>) in
        for try await response in responses { return response }
        return Text("none")
      }
      #expect(first == "x")
      await cancelled.wait()
    }
  }

  @Test(arguments: Transport.allCases)
  func losingTheClientCancelsTheHandler(_ transport: Transport) async throws {
    let started = Signal()
    let cancelled = Signal()
    let service = Self.service(
      .unary("Sleep") { (text: Text, context) in
        started.raise()
        await Self.untilCancelled()
        cancelled.raise()
        return text
      })
    try await withServer(over: transport, service) { channel, _ in
      let call = Task { () -> Text in try await channel.unary(Echo.method("Sleep"), Text("")) }
      await started.wait()
      await channel.close()
      await cancelled.wait()
      #expect(await rpcError { _ = try await call.value }?.code == .cancelled)
    }
  }

  @Test(arguments: Transport.allCases)
  func aSlowReaderStopsTheWriter(_ transport: Transport) async throws {
    let written = Atomic(0)
    let service = Self.service(
      .serverStreaming("Flood") { (text: Text, responses: ResponseWriter<Blob>, context) in
        for _ in 0..<200 {
          try await responses.write(Blob(count: 64 * 1024))
          written.add(1, ordering: .relaxed)
        }
      },
      .unary("Say") { (text: Text, context) in text })
    try await withServer(over: transport, service) { channel, _ in
      try await channel.serverStreaming(Echo.method("Flood"), Text("")) {
        (responses: ResponseStream<Blob>) in
        var iterator = responses.makeAsyncIterator()
        _ = try await iterator.next()
        // Other calls go on beside the stream nobody reads; each is a turn for the writer to go
        // too far in.
        for _ in 0..<300 {
          let answer: Text = try await channel.unary(Echo.method("Say"), Text("beside"))
          #expect(answer == "beside")
        }
        // 12.5 MB are to be written; the stream's window and the buffers hold less than 1.
        #expect(written.load(ordering: .relaxed) < 16)
        var count = 1
        while try await iterator.next() != nil { count += 1 }
        #expect(count == 200)
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func aSlowHandlerStopsTheClient(_ transport: Transport) async throws {
    let go = Signal()
    let service = Self.service(
      .clientStreaming("Drain") { (blobs: RequestStream<Blob>, context) in
        await go.wait()
        var count = 0
        for try await blob in blobs { count += blob.bytes.count }
        return Text("\(count)")
      },
      .unary("Say") { (text: Text, context) in text })
    try await withServer(over: transport, service) { channel, _ in
      let written = Atomic(0)
      async let total: Text = channel.clientStreaming(Echo.method("Drain")) {
        (writer: RequestWriter<Blob>) in
        for _ in 0..<200 {
          try await writer.write(Blob(count: 64 * 1024))
          written.add(1, ordering: .relaxed)
        }
      }
      for _ in 0..<300 {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("beside"))
      }
      #expect(written.load(ordering: .relaxed) < 16)
      go.raise()
      #expect(try await total == Text("\(200 * 64 * 1024)"))
    }
  }

  @Test(arguments: Transport.allCases)
  func theServerMayAnswerEarly(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      // The writer goes on until the answer is there: it must neither hang nor hide the answer.
      let answer: Text = try await channel.clientStreaming(Echo.method("First")) {
        (writer: RequestWriter<Text>) in
        while true { try await writer.write(Text(String(repeating: "a", count: 1000))) }
      }
      #expect(answer.value.count == 1000)
    }
  }

  @Test(arguments: Transport.allCases)
  func errorsOfTheCallerCancelTheCall(_ transport: Transport) async throws {
    struct Own: Error {}
    try await withServer(over: transport) { channel, _ in
      await #expect(throws: Own.self) {
        let _: Text = try await channel.clientStreaming(Echo.method("Join")) {
          (writer: RequestWriter<Text>) in
          try await writer.write("a")
          throw Own()
        }
      }
      await #expect(throws: Own.self) {
        try await channel.bidirectional(
          Echo.method("Chat"), { (writer: RequestWriter<Text>) in throw Own() },
          { (responses: ResponseStream<Text>) in for try await _ in responses {} })
      }
      await #expect(throws: Own.self) {
        try await channel.bidirectional(
          Echo.method("Chat"),
          { (writer: RequestWriter<Text>) in while true { try await writer.write("x") } },
          { (responses: ResponseStream<Text>) in
            for try await _ in responses { throw Own() }
          })
      }
    }
  }

  @Test func gracefulShutdownFinishesCallsInProgress() async throws {
    let started = Signal()
    let finish = Signal()
    let service = Self.service(
      .unary("Work") { (text: Text, context) in
        started.raise()
        await finish.wait()
        return text
      })
    let server = RPCServer(services: service, logger: silent)
    let address = try await server.start()
    let ready = Signal()
    let group = ServiceGroup(services: [server, Announcer(ready)], logger: silent)
    let running = Task { try await group.run() }
    // A group that is shut down before it runs never runs.
    await ready.wait()
    let channel = RPCChannel(target: "\(address)", configuration: .patient, logger: silent)
    async let answer: Text = channel.unary(Echo.method("Work"), Text("done"))
    await started.wait()
    await group.triggerGracefulShutdown()
    // No new call is taken: the listener is closed and the connection says so.
    var code: RPCError.Code?
    var attempts = 0
    repeat {
      code = await rpcError {
        let _: Text = try await channel.unary(
          Echo.method("None"), Text(""), options: CallOptions(timeout: .seconds(5)))
      }?.code
      attempts += 1
    } while code != .unavailable && attempts < 10_000
    #expect(code == .unavailable)
    finish.raise()
    #expect(try await answer == "done")
    try await running.value
    await channel.close()
  }

  @Test func shutdownCancelsWhatDoesNotFinish() async throws {
    let started = Signal()
    let service = Self.service(
      .unary("Work") { (text: Text, context) in
        started.raise()
        await Self.untilCancelled()
        return text
      })
    var configuration = RPCServer.Configuration()
    configuration.shutdownGracePeriod = .milliseconds(20)
    let server = RPCServer(services: service, configuration: configuration, logger: silent)
    let address = try await server.start()
    let ready = Signal()
    let group = ServiceGroup(services: [server, Announcer(ready)], logger: silent)
    let running = Task { try await group.run() }
    // A group that is shut down before it runs never runs.
    await ready.wait()
    let channel = RPCChannel(target: "\(address)", configuration: .patient, logger: silent)
    let call = Task { () -> Text in try await channel.unary(Echo.method("Work"), Text("")) }
    await started.wait()
    await group.triggerGracefulShutdown()
    try await running.value
    #expect(
      await rpcError { _ = try await call.value }
        == RPCError(code: .unavailable, message: "the server is shutting down"))
    await channel.close()
  }

  @Test func reconnectsAfterARestart() async throws {
    var configuration = RPCChannel.Configuration.patient
    configuration.initialBackoff = .milliseconds(10)
    configuration.maxBackoff = .milliseconds(50)
    let first = RPCServer(services: [Echo.service], logger: silent)
    let address = try await first.start()
    let channel = RPCChannel(target: "\(address)", configuration: configuration, logger: silent)
    let running = Task { try await first.run() }
    let before: Text = try await channel.unary(Echo.method("Say"), Text("before"))
    #expect(before == "before")
    running.cancel()
    try await running.value

    async let waiting: Text = channel.unary(
      Echo.method("Say"), Text("after"),
      options: CallOptions(timeout: .seconds(20), waitForReady: true))
    let second = RPCServer(
      host: address.host, port: address.port, services: [Echo.service], logger: silent)
    try await second.start()
    let runningAgain = Task { try await second.run() }
    #expect(try await waiting == "after")
    await channel.close()
    runningAgain.cancel()
    try await runningAgain.value
  }

  @Test(arguments: Transport.allCases)
  func callsBeyondTheStreamLimitWait(_ transport: Transport) async throws {
    var configuration = RPCServer.Configuration()
    configuration.maxConcurrentStreams = 2
    let running = Atomic(0)
    let most = Atomic(0)
    let service = Self.service(
      .unary("Work") { (text: Text, context) in
        let now = running.add(1, ordering: .relaxed).newValue
        most.max(now, ordering: .relaxed)
        try await Task.sleep(for: .milliseconds(1))
        running.subtract(1, ordering: .relaxed)
        return text
      })
    try await withServer(over: transport, service, configuration: configuration) { channel, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<40 {
          group.addTask { let _: Text = try await channel.unary(Echo.method("Work"), Text("")) }
        }
        try await group.waitForAll()
      }
    }
    #expect(most.load(ordering: .relaxed) <= 2)
  }

  @Test(arguments: Transport.allCases)
  func interceptorsRunOutermostFirst(_ transport: Transport) async throws {
    let order = Mutex<[String]>([])
    let outer: ServerInterceptor = { context, next in
      order.withLock { $0.append("outer \(context.method.method)") }
      guard context.metadata["token"] == "open" else {
        throw RPCError(code: .unauthenticated, message: "no token")
      }
      var context = context
      context.metadata["user"] = "ada"
      try await next(context)
      order.withLock { $0.append("outer done") }
    }
    let inner: ServerInterceptor = { context, next in
      order.withLock { $0.append("inner \(context.metadata["user"] ?? "nobody")") }
      try await next(context)
    }
    try await withServer(over: transport, interceptors: [outer, inner]) { channel, _ in
      let refused = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("x"))
      }
      #expect(refused?.code == .unauthenticated)
      let answer: Text = try await channel.unary(
        Echo.method("Say"), Text("x"), options: CallOptions(metadata: ["token": "open"]))
      #expect(answer == "x")
    }
    #expect(
      order.withLock { $0 } == ["outer Say", "outer Say", "inner ada", "outer done"])
  }

  @Test func namesResolveToEveryAddress() async throws {
    try await withServer { _, address in
      // localhost may also be ::1, where nobody listens: calls go to the address that answers.
      let channel = RPCChannel(
        target: "localhost:\(address.port)", configuration: .patient, logger: silent)
      for _ in 0..<10 {
        let answer: Text = try await channel.unary(Echo.method("Say"), Text("x"))
        #expect(answer == "x")
      }
      await channel.close()
    }
  }

  @Test(arguments: [
    "", "localhost", "localhost:", "localhost:0", "localhost:99999", "::1:80", ":80",
  ])
  func badTargets(_ target: String) async throws {
    let channel = RPCChannel(target: target, configuration: .patient, logger: silent)
    let error = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Say"), Text(""))
    }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("'\(target)'") == true)
  }

  @Test func unresolvableNames() async throws {
    let channel = RPCChannel(
      target: "no-such-host.invalid:1", configuration: .patient, logger: silent)
    let error = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Say"), Text(""))
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.hasPrefix("cannot resolve 'no-such-host.invalid'") == true)
    await channel.close()
  }
}

/// Says that its group runs.
struct Announcer: Service {
  private let signal: Signal

  init(_ signal: Signal) { self.signal = signal }

  func run() async throws {
    signal.raise()
    try await gracefulShutdown()
  }
}
