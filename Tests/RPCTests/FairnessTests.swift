import RPC
import Testing

extension HeavyTests {
  /// What one handler does, or one client, does not keep the others of an event loop waiting.
  @Suite struct FairnessTests {
    /// Makes calls beside `busy`, on the same connection and on another to each event loop.
    private func callsBeside(
      _ busy: MethodDefinition, started: Signal,
      _ call: @escaping @Sendable (RPCChannel) async throws -> Void
    ) async throws {
      let service = CallLifetimeTests.service(busy, .unary("Say") { (text: Text, context) in text })
      try await withServer(service) { channel, address in
        let busy = Task { try await call(channel) }
        await started.wait()
        for _ in 0..<10 {
          let answer: Text = try await channel.unary(Echo.method("Say"), Text("beside"))
          #expect(answer == Text("beside"))
        }
        for _ in 0..<3 {
          let other = RPCChannel(target: "\(address)", logger: silent)
          let answer: Text = try await other.unary(Echo.method("Say"), Text("beside"))
          #expect(answer == Text("beside"))
          await other.close()
        }
        busy.cancel()
        _ = try? await busy.value
      }
    }

    /// A handler that always has a next step.
    @Test func aHandlerThatOnlyYields() async throws {
      let started = Signal()
      try await callsBeside(
        .unary("Spin") { (text: Text, context) in
          started.raise()
          while !Task.isCancelled { await Task.yield() }
          return text
        }, started: started
      ) { channel in
        let _: Text = try await channel.unary(Echo.method("Spin"), Text(""))
      }
    }

    @Test func aHandlerThatFloods() async throws {
      let started = Signal()
      try await callsBeside(
        .serverStreaming("Flood") { (text: Text, responses: ResponseWriter<Text>, context) in
          started.raise()
          while true { try await responses.write(text) }
        }, started: started
      ) { channel in
        try await channel.serverStreaming(Echo.method("Flood"), Text("x")) {
          (responses: ResponseStream<Text>) in
          for try await _ in responses {}
        }
      }
    }

    @Test func aClientThatFloods() async throws {
      let started = Signal()
      try await callsBeside(
        .clientStreaming("Drain") { (texts: RequestStream<Text>, context) in
          started.raise()
          for try await _ in texts {}
          return Text("")
        }, started: started
      ) { channel in
        let _: Text = try await channel.clientStreaming(Echo.method("Drain")) {
          (writer: RequestWriter<Text>) in
          while true { try await writer.write(Text("")) }
        }
      }
    }
  }
}
