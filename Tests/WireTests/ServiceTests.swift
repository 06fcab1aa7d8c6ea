// Generated services and clients, all four kinds of call, over a real connection.

import RPC
import Testing
import Wire

private struct Handlers: TestV1.Echo, HealthV1.Health {
  func unary(
    _ request: TestV1.Everything, context: CallContext
  ) async throws -> TestV1.Everything { request }

  func collect(
    _ requests: RequestStream<TestV1.Scalars>, context: CallContext
  ) async throws -> TestV1.Everything {
    var last = TestV1.Everything()
    for try await request in requests {
      last.scalars = request
      last.choices.append(.init(note: request.stringValue))
    }
    return last
  }

  func spread(
    _ request: TestV1.Everything, responses: ResponseWriter<TestV1.Choices>, context: CallContext
  ) async throws {
    for choice in request.choices { try await responses.write(choice) }
  }

  func chat(
    _ requests: RequestStream<TestV1.Node>, responses: ResponseWriter<TestV1.Node>,
    context: CallContext
  ) async throws {
    for try await request in requests {
      try await responses.write(.init(next: request, name: "re: \(request.name)"))
    }
  }

  func check(
    _ request: HealthV1.HealthCheckRequest, context: CallContext
  ) async throws -> HealthV1.HealthCheckResponse {
    guard request.service == "lauter.test.v1.Echo" else {
      throw RPCError(code: .notFound, message: "no service '\(request.service)'")
    }
    return .init(status: .serving)
  }

  func watch(
    _ request: HealthV1.HealthCheckRequest,
    responses: ResponseWriter<HealthV1.HealthCheckResponse>, context: CallContext
  ) async throws {
    try await responses.write(.init(status: .serviceUnknown))
  }
}

/// Bytes that are no message of Lauter's, whatever the method.
private struct Raw: Message {
  var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(parsing bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes) }
  func serialize(into output: inout MessageBuffer) { output.append(bytes) }
}

@Suite(.timeLimit(.minutes(1)))
struct ServiceTests {
  @Test func definitionsNameServicesAndMethodsAsTheProtoDoes() {
    let echo = ServiceDefinition.echo(Handlers())
    #expect(echo.name == "lauter.test.v1.Echo")
    #expect(echo.methods.map(\.name) == ["Unary", "Collect", "Spread", "Chat"])
    #expect(ServiceDefinition.health(Handlers()).name == "grpc.health.v1.Health")
  }

  @Test func unary() async throws {
    try await withClient { client, _ in
      let answer = try await client.unary(.sample)
      #expect(answer == .sample)
    }
  }

  @Test func clientStreaming() async throws {
    try await withClient { client, _ in
      let answer = try await client.collect { writer in
        for text in ["a", "b", "c"] { try await writer.write(.init(stringValue: text)) }
      }
      #expect(answer.scalars?.stringValue == "c")
      #expect(answer.choices.map(\.note) == ["a", "b", "c"])
    }
  }

  @Test func serverStreaming() async throws {
    try await withClient { client, _ in
      let choices = try await client.spread(.sample) { responses in
        try await responses.reduce(into: []) { $0.append($1) }
      }
      #expect(choices == TestV1.Everything.sample.choices)
    }
  }

  @Test func bidirectional() async throws {
    try await withClient { client, _ in
      let names = try await client.chat(
        { writer in
          for name in ["one", "two"] { try await writer.write(.init(name: name)) }
        },
        { responses in
          try await responses.reduce(into: []) { $0.append("\($1.name) < \($1.next?.name ?? "")") }
        })
      #expect(names == ["re: one < one", "re: two < two"])
    }
  }

  @Test func twoServicesOfOneType() async throws {
    try await withClient { _, channel in
      let health = HealthV1.HealthClient(channel)
      #expect(try await health.check(.init(service: "lauter.test.v1.Echo")).status == .serving)
      let error = await #expect(throws: RPCError.self) {
        try await health.check(.init(service: "x"))
      }
      #expect(error?.code == .notFound)
      let states = try await health.watch(.init()) { responses in
        try await responses.reduce(into: []) { $0.append($1.status) }
      }
      #expect(states == [.serviceUnknown])
    }
  }

  @Test func aBadRequestIsAnInvalidArgument() async throws {
    try await withClient { _, channel in
      let method = MethodDescriptor(service: "lauter.test.v1.Echo", method: "Unary")
      let error = await #expect(throws: RPCError.self) {
        let answer: Raw = try await channel.unary(method, Raw(hex("0a057203610062")))
        Issue.record("accepted, and answered \(answer.bytes)")
      }
      #expect(error?.code == .invalidArgument)
      #expect(
        error?.message
          == "lauter.test.v1.Everything: scalars.string_value: "
          + "holds the character U+0000, which no text may hold")
    }
  }

  private func withClient(
    _ body: (TestV1.EchoClient, RPCChannel) async throws -> Void
  ) async throws {
    let server = RPCServer(services: [.echo(Handlers()), .health(Handlers())])
    let address = try await server.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let channel = RPCChannel(target: "\(address)")
      do {
        try await body(TestV1.EchoClient(channel), channel)
      } catch {
        await channel.close()
        group.cancelAll()
        throw error
      }
      await channel.close()
      group.cancelAll()
    }
  }
}
