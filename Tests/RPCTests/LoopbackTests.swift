import RPC
import Testing

/// Our client and our server, over a socket and within the process.
@Suite(.timeLimit(.minutes(5)))
struct LoopbackTests {
  @Test(arguments: Transport.allCases)
  func unary(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      for text in ["", "hello", "grüße", String(repeating: "x", count: 100_000)] {
        let answer: Text = try await channel.unary(Echo.method("Say"), Text(text))
        #expect(answer.value == text)
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func clientStreaming(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      let answer: Text = try await channel.clientStreaming(Echo.method("Join")) {
        (writer: RequestWriter<Text>) in
        for text in ["a", "b", "c"] { try await writer.write(Text(text)) }
      }
      #expect(answer == "a,b,c")
      let none: Text = try await channel.clientStreaming(Echo.method("Join")) {
        (writer: RequestWriter<Text>) in
      }
      #expect(none == "")
    }
  }

  @Test(arguments: Transport.allCases)
  func serverStreaming(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      for count in [0, 1, 5, 10_000] {
        let answers = try await channel.serverStreaming(
          Echo.method("Count"), Text("\(count)")
        ) { (responses: ResponseStream<Text>) in
          var answers: [String] = []
          for try await response in responses { answers.append(response.value) }
          return answers
        }
        #expect(answers == (0..<count).map(String.init))
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func bidirectional(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      let answers = try await channel.bidirectional(
        Echo.method("Chat"),
        { (writer: RequestWriter<Text>) in
          for number in 0..<1000 { try await writer.write(Text("\(number)")) }
        },
        { (responses: ResponseStream<Text>) in
          #expect(try await responses.initialMetadata()["started"] == "yes")
          var answers: [String] = []
          for try await response in responses { answers.append(response.value) }
          #expect(try await responses.trailingMetadata()["finished"] == "yes")
          return answers
        })
      #expect(answers == (0..<1000).map(String.init))
    }
  }

  @Test(arguments: Transport.allCases)
  func errorsBecomeStatuses(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      func fail(_ text: Text) async -> RPCError? {
        await rpcError { let _: Text = try await channel.unary(Echo.method("Fail"), text) }
      }
      let chosen = try #require(await fail("Größe 100% falsch\n\t😀"))
      #expect(chosen.code == .failedPrecondition)
      #expect(chosen.message == "Größe 100% falsch\n\t😀")
      #expect(chosen.metadata["reason"] == "asked for")
      #expect(await fail("cancelled")?.code == .cancelled)
      let secret = try #require(await fail("secret"))
      #expect(secret.code == .internalError)
      #expect(!secret.message.contains("the secret"))
      #expect(secret.message.contains("error "))
    }
  }

  @Test(arguments: Transport.allCases)
  func unknownMethods(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      let method = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Nope"), Text(""))
      }
      #expect(
        method
          == RPCError(code: .unimplemented, message: "service 'test.Echo' has no method 'Nope'"))
      let service = await rpcError {
        let _: Text = try await channel.unary(
          MethodDescriptor(service: "a.B", method: "C"), Text(""))
      }
      #expect(
        service
          == RPCError(
            code: .unimplemented, message: "this server has no service 'a.B': it has 'test.Echo'"))
    }
  }

  @Test(arguments: Transport.allCases)
  func badMessages(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      let request = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Say"), Blob([0xff]))
      }
      #expect(request?.code == .invalidArgument)
      let answer = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Grow"), Text("1"))
      }
      #expect(answer == nil)
    }
  }

  @Test(arguments: Transport.allCases)
  func metadataTravelsBothWays(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      var metadata: Metadata = ["plain": "value", "Twice": "1"]
      metadata.add("2", for: "twice")
      metadata.add(binary: [0, 255, 13, 10], for: "raw-bin")
      try await channel.serverStreaming(
        Echo.method("Metadata"), Text("x"), options: CallOptions(metadata: metadata)
      ) { (responses: ResponseStream<Text>) in
        let initial = try await responses.initialMetadata()
        #expect(initial["plain"] == "value")
        #expect(initial[all: "twice"] == ["1", "2"])
        for try await _ in responses {}
        #expect(try await responses.trailingMetadata()[binary: "raw-bin"] == [[0, 255, 13, 10]])
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func largeMessages(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      let size = 4 * 1024 * 1024
      let taken: Text = try await channel.unary(Echo.method("Size"), Blob(count: size))
      #expect(taken == Text("\(size)"))
      let given: Blob = try await channel.unary(Echo.method("Grow"), Text("\(size)"))
      #expect(given.bytes.count == size)

      let request = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Size"), Blob(count: size + 1))
      }
      #expect(request?.code == .resourceExhausted)
      let answer = await rpcError {
        let _: Blob = try await channel.unary(Echo.method("Grow"), Text("\(size + 1)"))
      }
      #expect(answer?.code == .resourceExhausted)
    }
  }

  @Test(arguments: Transport.allCases)
  func manyCallsAtOnce(_ transport: Transport) async throws {
    try await withServer(over: transport) { channel, _ in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<500 {
          group.addTask {
            let answer: Text = try await channel.unary(Echo.method("Say"), Text("\(number)"))
            return answer.value == "\(number)"
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test func cannotConnect() async throws {
    // A port that was free a moment ago.
    let server = RPCServer(services: [])
    let address = try await server.start()
    let running = Task { try await server.run() }
    running.cancel()
    try await running.value
    let channel = RPCChannel(target: "\(address)", configuration: .patient, logger: silent)
    let error = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Say"), Text(""))
    }
    #expect(
      error
        == RPCError(
          code: .unavailable, message: "cannot connect to \(address): connection refused"))
    await channel.close()
  }
}
