import Descriptors
import RPC
import Serving
import Testing
import Wire

/// Reflection over a connection, in both versions; Tests/EndToEndTests has stock clients ask the same.
@Suite(.timeLimit(.minutes(1)))
struct ReflectionServiceTests {
  private typealias Request = ReflectionV1.ServerReflectionRequest
  private typealias Answer = ReflectionV1.ServerReflectionResponse.MessageResponse

  private static let health = HealthService(services: []).definition
  private static let bare = ServiceDefinition("test.Bare", methods: [])

  @Test func listsEveryServiceOfTheServerAndNoOther() async throws {
    let answers = try await ask([.listServices("")])
    guard case .listServicesResponse(let list) = answers.first else {
      Issue.record("\(answers)")
      return
    }
    #expect(
      list.service.map(\.name) == [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection", "test.Bare",
      ])
  }

  @Test func givesTheFileThatDeclaresASymbolWhateverKindItIs() async throws {
    let symbols = [
      "grpc.health.v1.Health", "grpc.health.v1.Health.Check", "grpc.health.v1.HealthCheckRequest",
      "grpc.health.v1.HealthCheckRequest.service",
      "grpc.health.v1.HealthCheckResponse.ServingStatus",
      "grpc.health.v1.HealthCheckResponse.NOT_SERVING",
    ]
    let byName = try await ask([.fileByFilename("grpc/health/v1/health.proto")])
    let bySymbol = try await ask(symbols.map { .fileContainingSymbol($0) })
    #expect(bySymbol == symbols.map { _ in byName[0] })
    guard case .fileDescriptorResponse(let response) = byName[0] else {
      Issue.record("\(byName)")
      return
    }
    let file = try File(#require(response.fileDescriptorProto.first)[...])
    #expect(file.package == "grpc.health.v1")
    #expect(file.services.map(\.fullName) == ["grpc.health.v1.Health"])
    #expect(file.services[0].methods.map(\.serverStreams) == [false, true])
  }

  @Test func whatTheServerDoesNotServeIsNotFound() async throws {
    let answers = try await ask([
      .fileByFilename("lauter/store/v1/store.proto"),
      .fileContainingSymbol("lauter.store.v1.RecordService"),
      .fileContainingSymbol("test.Bare"),
      .fileContainingExtension(
        .init(containingType: "grpc.health.v1.HealthCheckRequest", extensionNumber: 100)),
      .allExtensionNumbersOfType("lauter.store.v1.Record"),
    ])
    #expect(answers.map(code) == [5, 5, 5, 5, 5])
  }

  @Test func answersTheRestOfTheProtocol() async throws {
    let type = "grpc.health.v1.HealthCheckRequest"
    let answers = try await ask([.allExtensionNumbersOfType(type), nil, .listServices("*")])
    #expect(answers[0] == .allExtensionNumbersResponse(.init(baseTypeName: type)))
    #expect(code(answers[1]) == 3)
    // A bad request does not end the stream.
    #expect(code(answers[2]) == nil)
  }

  private func code(_ answer: Answer?) -> Int32? {
    if case .errorResponse(let error) = answer { error.errorCode } else { nil }
  }

  /// Asks in both versions and expects the same answer.
  private func ask(_ requests: [Request.MessageRequest?]) async throws -> [Answer?] {
    let visible = [Self.health, Self.bare]
    let server = RPCServer(services: visible + ReflectionService.definitions(for: visible))
    let address = try await server.start()
    let running = Task { try await server.run() }
    defer { running.cancel() }
    let channel = RPCChannel(target: "\(address)")
    var results: [[Answer?]] = []
    for version in ["v1", "v1alpha"] {
      let method = MethodDescriptor(
        service: "grpc.reflection.\(version).ServerReflection", method: "ServerReflectionInfo")
      let answers = try await channel.bidirectional(
        method,
        { (writer: RequestWriter<Request>) in
          for request in requests {
            try await writer.write(.init(host: "here", messageRequest: request))
          }
        },
        { (responses: ResponseStream<ReflectionV1.ServerReflectionResponse>) in
          var answers: [Answer?] = []
          for try await response in responses {
            #expect(response.validHost == "here")
            #expect(response.originalRequest?.messageRequest == requests[answers.count])
            answers.append(response.messageResponse)
          }
          return answers
        })
      results.append(answers)
    }
    await channel.close()
    #expect(results[0] == results[1])
    return results[0]
  }
}
