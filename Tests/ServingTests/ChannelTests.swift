import RPC
import Serving
import Testing
import Wire

/// How Lauter's programs call each other.
@Suite(.timeLimit(.minutes(5))) struct ChannelTests {
  /// Replies with its own name.
  private struct Replica: InferenceV1.InferenceService {
    let name: String

    func predict(
      _ request: InferenceV1.PredictRequest, context: CallContext
    ) async throws -> InferenceV1.PredictResponse { .init() }

    func embed(
      _ request: InferenceV1.EmbedRequest, context: CallContext
    ) async throws -> InferenceV1.EmbedResponse { .init(digest: name) }

    func listLoaded(
      _ request: InferenceV1.ListLoadedRequest, context: CallContext
    ) async throws -> InferenceV1.ListLoadedResponse { .init() }
  }

  @Test func aReplicaThatDoesNotServeIsNotAsked() async throws {
    let name = "lauter.inference.v1.InferenceService"
    var addresses: [RPCServer.Address] = []
    var healths: [HealthService] = []
    var running: [Task<Void, any Error>] = []
    for replica in ["good", "draining"] {
      let health = HealthService(services: [name])
      let server = RPCServer(services: [Replica(name: replica).definition, health.definition])
      addresses.append(try await server.start())
      healths.append(health)
      running.append(Task { try await server.run() })
    }
    healths[1].drain()

    func answers(_ healthService: String?) async throws -> Set<String> {
      var configuration = RPCChannel.Configuration.lauter(tls: nil, healthService: healthService)
      configuration.resolver = { [addresses] _ in addresses }
      let channel = RPCChannel(target: "inference", configuration: configuration)
      let client = InferenceV1.InferenceServiceClient(channel)
      var seen: Set<String> = []
      // Both connections need not be there for the first calls.
      for _ in 0..<200 where seen.count < 2 {
        seen.insert(try await client.embed(.init(), options: .init(waitForReady: true)).digest)
      }
      await channel.close()
      return seen
    }
    #expect(try await answers(name) == ["good"])
    // Without asking for health, both answer.
    #expect(try await answers(nil) == ["good", "draining"])
    for task in running {
      task.cancel()
      _ = await task.result
    }
  }

  @Test func whatMayBeRepeated() {
    let policy = RPCChannel.Configuration.lauter(tls: nil).retryPolicy
    func attempts(_ method: String, of service: String = "lauter.store.v1.Any") -> Int {
      policy(MethodDescriptor(service: service, method: method)).maxAttempts
    }
    for method in ["GetDataset", "ImportRecords", "WriteResponses", "Predict"] {
      #expect(attempts(method) > 1, "\(method)")
    }
    for method in ["CreateDataset", "CreateJob", "PublishModel", "DeleteResponse", "Suggest"] {
      #expect(attempts(method) == 1, "\(method)")
    }
    // `lauter call` calls anybody's methods, and a name is no promise.
    #expect(attempts("ImportRecords", of: "elsewhere.v1.Records") == 1)
  }
}
