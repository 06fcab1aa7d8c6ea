package import RPC
import Wire

/// Why a case did not go as described.
package struct InteropFailure: Error, CustomStringConvertible {
  package var description: String

  package init(description: String) { self.description = description }
}

/// The client's side of a test, by the name in grpc/grpc doc/interop-test-descriptions.md.
package enum InteropCase: String, CaseIterable, Sendable {
  case emptyUnary = "empty_unary"
  case largeUnary = "large_unary"
  case clientStreaming = "client_streaming"
  case serverStreaming = "server_streaming"
  case pingPong = "ping_pong"
  case emptyStream = "empty_stream"
  case timeoutOnSleepingServer = "timeout_on_sleeping_server"
  case cancelAfterBegin = "cancel_after_begin"
  case cancelAfterFirstResponse = "cancel_after_first_response"
  case customMetadata = "custom_metadata"
  case statusCodeAndMessage = "status_code_and_message"
  case specialStatusMessage = "special_status_message"
  case unimplementedMethod = "unimplemented_method"
  case unimplementedService = "unimplemented_service"
  case clientCompressedUnary = "client_compressed_unary"
  case clientCompressedStreaming = "client_compressed_streaming"
  case serverCompressedUnary = "server_compressed_unary"
  case serverCompressedStreaming = "server_compressed_streaming"

  /// Throws `InteropFailure`, or what the call threw.
  package func run(on channel: RPCChannel) async throws {
    let run = InteropRun(channel: channel)
    switch self {
    case .emptyUnary: try await run.emptyUnary()
    case .largeUnary: try await run.largeUnary()
    case .clientStreaming: try await run.clientStreaming()
    case .serverStreaming: try await run.serverStreaming()
    case .pingPong: try await run.pingPong()
    case .emptyStream: try await run.emptyStream()
    case .timeoutOnSleepingServer: try await run.timeoutOnSleepingServer()
    case .cancelAfterBegin: try await run.cancelAfterBegin()
    case .cancelAfterFirstResponse: try await run.cancelAfterFirstResponse()
    case .customMetadata: try await run.customMetadata()
    case .statusCodeAndMessage: try await run.status("test status message")
    case .specialStatusMessage:
      try await run.status("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")
    case .unimplementedMethod: try await run.unimplemented("grpc.testing.TestService")
    case .unimplementedService: try await run.unimplemented("grpc.testing.UnimplementedService")
    case .clientCompressedUnary: try await run.clientCompressedUnary()
    case .clientCompressedStreaming: try await run.clientCompressedStreaming()
    case .serverCompressedUnary: try await run.serverCompressedUnary()
    case .serverCompressedStreaming: try await run.serverCompressedStreaming()
    }
  }
}

private struct InteropRun {
  let channel: RPCChannel
  var client: Testing.TestServiceClient { .init(channel) }

  // MARK: The four kinds of call

  func emptyUnary() async throws {
    try expectEqual(try await client.emptyCall(.init()), .init(), "the answer")
  }

  private static let largeRequest = Testing.SimpleRequest(
    responseSize: 314_159, payload: zeros(271_828))

  func largeUnary() async throws {
    let answer = try await client.unaryCall(Self.largeRequest)
    try expectEqual(answer.payload, zeros(314_159), "the payload")
  }

  func clientStreaming() async throws {
    let answer = try await client.streamingInputCall { writer in
      for size in [27_182, 8, 1_828, 45_904] {
        try await writer.write(.init(payload: zeros(size)))
      }
    }
    try expectEqual(answer.aggregatedPayloadSize, 74_922, "the size")
  }

  private static let sizes = [31_415, 9, 2_653, 58_979]

  func serverStreaming() async throws {
    let request = Testing.StreamingOutputCallRequest(
      responseParameters: Self.sizes.map { .init(size: Int32($0)) })
    let payloads = try await client.streamingOutputCall(request) { responses in
      try await responses.reduce(into: []) { $0.append($1.payload) }
    }
    try expectEqual(payloads, Self.sizes.map(zeros), "the payloads")
  }

  func pingPong() async throws {
    let (turns, turn) = AsyncStream.makeStream(of: Void.self)
    turn.yield()
    let payloads = try await client.fullDuplexCall(
      { writer in
        var turns = turns.makeAsyncIterator()
        for (answer, request) in zip(Self.sizes, [27_182, 8, 1_828, 45_904]) {
          await turns.next()
          try await writer.write(Self.duplex(answer, request))
        }
        await turns.next()
      },
      { responses in
        var payloads: [Testing.Payload?] = []
        for try await response in responses {
          payloads.append(response.payload)
          turn.yield()
        }
        return payloads
      })
    try expectEqual(payloads, Self.sizes.map(zeros), "the payloads")
  }

  func emptyStream() async throws {
    let count = try await client.fullDuplexCall({ _ in }) { responses in
      try await responses.reduce(0) { count, _ in count + 1 }
    }
    try expectEqual(count, 0, "the number of answers")
  }

  private static func duplex(_ answer: Int, _ request: Int) -> Testing.StreamingOutputCallRequest {
    .init(responseParameters: [.init(size: Int32(answer))], payload: zeros(request))
  }

  // MARK: Ends before the end

  func timeoutOnSleepingServer() async throws {
    try await expectStatus(.deadlineExceeded) {
      _ = try await client.fullDuplexCall(
        options: CallOptions(timeout: .milliseconds(1)),
        { writer in
          try await writer.write(.init(payload: zeros(27_182)))
          try await Self.untilCancelled()
        },
        { responses in for try await _ in responses {} })
    }
  }

  func cancelAfterBegin() async throws {
    try await expectCancellation {
      _ = try await client.streamingInputCall { _ in
        withUnsafeCurrentTask { $0?.cancel() }
        try await Self.untilCancelled()
      }
    }
  }

  func cancelAfterFirstResponse() async throws {
    try await expectCancellation {
      try await client.fullDuplexCall(
        { writer in
          try await writer.write(Self.duplex(31_415, 27_182))
          try await Self.untilCancelled()
        },
        { responses in
          var iterator = responses.makeAsyncIterator()
          try expectEqual(try await iterator.next()?.payload, zeros(31_415), "the payload")
          withUnsafeCurrentTask { $0?.cancel() }
          while try await iterator.next() != nil {}
        })
    }
  }

  /// Runs `body` in a task that cancels itself, and expects that to be what ends it.
  private func expectCancellation(
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    switch await Task(operation: { try await body() }).result {
    case .failure(is CancellationError): return
    case .failure(let error as RPCError) where error.code == .cancelled: return
    case .failure(let error): throw error
    case .success: throw InteropFailure(description: "expected CANCELLED, and the call went well")
    }
  }

  private static func untilCancelled() async throws {
    let (never, continuation) = AsyncStream.makeStream(of: Void.self)
    for await _ in never {}
    withExtendedLifetime(continuation) {}
    try Task.checkCancellation()
  }

  // MARK: Metadata and status

  func customMetadata() async throws {
    let (initial, trailing) = ("x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin")
    var metadata: Metadata = [initial: "test_initial_metadata_value"]
    metadata.add(binary: [0xab, 0xab, 0xab], for: trailing)
    let options = CallOptions(metadata: metadata)

    func check(_ heads: (initial: Metadata, trailing: Metadata)) throws {
      try expectEqual(heads.initial[initial], "test_initial_metadata_value", "the initial metadata")
      try expectEqual(
        heads.trailing[binary: trailing], [[0xab, 0xab, 0xab]], "the trailing metadata")
    }
    // A unary call on the wire; as a stream of answers its metadata can be read.
    try check(
      await channel.serverStreaming(
        Self.unaryCall, Self.largeRequest, options: options
      ) { (responses: ResponseStream<Testing.SimpleResponse>) in
        let initial = try await responses.initialMetadata()
        for try await response in responses {
          try expectEqual(response.payload, zeros(314_159), "the payload")
        }
        return (initial, try await responses.trailingMetadata())
      })
    try check(
      await client.fullDuplexCall(
        options: options, { writer in try await writer.write(Self.duplex(314_159, 271_828)) },
        { responses in
          let initial = try await responses.initialMetadata()
          for try await response in responses {
            try expectEqual(response.payload, zeros(314_159), "the payload")
          }
          return (initial, try await responses.trailingMetadata())
        }))
  }

  func status(_ message: String) async throws {
    let status = Testing.EchoStatus(code: 2, message: message)
    try await expectStatus(.unknown, message) {
      _ = try await client.unaryCall(.init(responseStatus: status))
    }
    try await expectStatus(.unknown, message) {
      try await client.fullDuplexCall(
        { writer in try await writer.write(.init(responseStatus: status)) },
        { responses in for try await _ in responses {} })
    }
  }

  func unimplemented(_ service: String) async throws {
    try await expectStatus(.unimplemented) {
      let method = MethodDescriptor(service: service, method: "UnimplementedCall")
      let _: Testing.Empty = try await channel.unary(method, Testing.Empty())
    }
  }

  // MARK: Compression

  func clientCompressedUnary() async throws {
    func call(expect isCompressed: Bool, _ compression: Compression) async throws {
      var request = Self.largeRequest
      request.expectCompressed = .init(value: isCompressed)
      let answer = try await client.unaryCall(
        request, options: CallOptions(compression: compression))
      try expectEqual(answer.payload, zeros(314_159), "the payload")
    }
    // A server that does not look would take this one too.
    try await expectStatus(.invalidArgument) { try await call(expect: true, .identity) }
    try await call(expect: true, .gzip)
    try await call(expect: false, .identity)
  }

  func clientCompressedStreaming() async throws {
    try await expectStatus(.invalidArgument) {
      _ = try await client.streamingInputCall { writer in
        try await writer.write(.init(payload: zeros(27_182), expectCompressed: .init(value: true)))
      }
    }
    let answer = try await client.streamingInputCall(options: CallOptions(compression: .gzip)) {
      writer in
      try await writer.write(.init(payload: zeros(27_182), expectCompressed: .init(value: true)))
      try await writer.write(
        .init(payload: zeros(45_904), expectCompressed: .init(value: false)), compressed: false)
    }
    try expectEqual(answer.aggregatedPayloadSize, 73_086, "the size")
  }

  func serverCompressedUnary() async throws {
    for isCompressed in [true, false] {
      var request = Self.largeRequest
      request.responseCompressed = .init(value: isCompressed)
      try await channel.serverStreaming(Self.unaryCall, request) {
        (responses: ResponseStream<Testing.SimpleResponse>) in
        for try await response in responses {
          try expectEqual(response.payload, zeros(314_159), "the payload")
          try expectEqual(
            responses.isLastCompressed, isCompressed, "whether the answer is compressed")
        }
      }
    }
  }

  func serverCompressedStreaming() async throws {
    let request = Testing.StreamingOutputCallRequest(responseParameters: [
      .init(size: 31_415, compressed: .init(value: true)),
      .init(size: 92_653, compressed: .init(value: false)),
    ])
    let answers = try await client.streamingOutputCall(request) { responses in
      var answers: [String] = []
      for try await response in responses {
        answers.append("\(response.payload?.body.count ?? 0) \(responses.isLastCompressed)")
      }
      return answers
    }
    try expectEqual(answers, ["31415 true", "92653 false"], "the answers' sizes and compression")
  }

  private static let unaryCall = MethodDescriptor(
    service: "grpc.testing.TestService", method: "UnaryCall")

  // MARK: Expectations

  private func expectStatus(
    _ code: RPCError.Code, _ message: String? = nil, _ call: () async throws -> Void
  ) async throws {
    do {
      try await call()
    } catch let error as RPCError {
      try expectEqual(error.code, code, "the status")
      if let message { try expectEqual(error.message, message, "the status message") }
      return
    }
    throw InteropFailure(description: "expected \(code), and the call went well")
  }
}

private func zeros(_ count: Int) -> Testing.Payload {
  .init(body: Array(repeating: 0, count: count))
}

private func expectEqual<Value: Equatable>(
  _ found: Value, _ expected: Value, _ what: String
) throws(InteropFailure) {
  guard found != expected else { return }
  // Payloads are long and all zeros: what differs says enough.
  let shown = "\(found)".count < 200 ? ", expected \(expected), found \(found)" : ""
  throw InteropFailure(description: "\(what) is not as expected\(shown)")
}
