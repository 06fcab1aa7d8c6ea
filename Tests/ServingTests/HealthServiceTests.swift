import RPC
import Serving
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct HealthServiceTests {
  let health = HealthService(services: ["lauter.store.v1.RecordService"])

  @Test(arguments: ["", "lauter.store.v1.RecordService"])
  func servesUntilDrained(_ service: String) async throws {
    let request = HealthV1.HealthCheckRequest(service: service)
    #expect(try health.check(request, context: CallContext()).status == .serving)
    health.drain()
    #expect(try health.check(request, context: CallContext()).status == .notServing)
  }

  @Test func anUnknownServiceIsNotFoundAndTheKnownOnesAreNamed() async throws {
    let error = #expect(throws: RPCError.self) {
      try health.check(
        HealthV1.HealthCheckRequest(service: "x"), context: CallContext())
    }
    #expect(error?.code == .notFound)
    #expect(error?.message.contains("lauter.store.v1.RecordService") == true)
  }

  @Test func aWatchTellsTheChangeAndEnds() async throws {
    let server = RPCServer(services: [health.definition])
    let address = try await server.start()
    let running = Task { try await server.run() }
    let channel = RPCChannel(target: "\(address)")
    let client = HealthV1.HealthClient(channel)
    let statuses = try await client.watch(HealthV1.HealthCheckRequest()) { responses in
      var statuses: [HealthV1.HealthCheckResponse.ServingStatus] = []
      for try await response in responses {
        statuses.append(response.status)
        health.drain()
      }
      return statuses
    }
    #expect(statuses == [.serving, .notServing])
    await channel.close()
    running.cancel()
    try? await running.value
  }
}
