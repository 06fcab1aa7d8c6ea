import RPC
import Testing

/// Our channel's retries and health checks against the stock Python server.
@Suite(
  .enabled(
    if: GRPCIO.has("grpc_health"), "LAUTER_TEST_PYTHON has no grpcio with grpcio-health-checking"),
  .timeLimit(.minutes(5)))
struct ClientPeerTests {
  @Test func retriesUntilItAnswers() async throws {
    let (server, port) = try await GRPCIO.startServer(Self.server)
    defer { server.stop() }
    var configuration = RetryTests.configuration
    configuration.retryPolicy = { _ in RetryTests.policy }
    let channel = RPCChannel(
      target: "127.0.0.1:\(port)", configuration: configuration, logger: silent)
    // The server says how many attempts the call claimed to have had before.
    let unary: Text = try await channel.unary(Echo.method("Flaky"), Text("3"))
    #expect(unary == "3")
    let given = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Flaky"), Text("4"))
    }
    #expect(given?.code == .unavailable)
    await channel.close()
  }

  @Test func healthIsWatched() async throws {
    let (server, port) = try await GRPCIO.startServer(Self.server)
    defer { server.stop() }
    let target = "127.0.0.1:\(port)"
    var configuration = RPCChannel.Configuration.patient
    configuration.healthService = "test.Echo"
    let careful = RPCChannel(target: target, configuration: configuration, logger: silent)
    let plain = RPCChannel(target: target, configuration: .patient, logger: silent)
    func set(_ status: Text) async throws {
      let _: Text = try await plain.unary(Echo.method("SetHealth"), status)
    }
    func outcome() async -> RPCError? {
      await rpcError { let _: Text = try await careful.unary(Echo.method("Say"), Text("x")) }
    }
    #expect(await outcome() == nil)
    try await set("NOT_SERVING")
    var error: RPCError?
    while error == nil { error = await outcome() }
    #expect(
      error
        == RPCError(
          code: .unavailable, message: "\(target) reports 'test.Echo' as NOT_SERVING"))
    try await set("SERVING")
    let answer: Text = try await careful.unary(
      Echo.method("Say"), Text("back"), options: CallOptions(waitForReady: true))
    #expect(answer == "back")
    await careful.close()
    await plain.close()
  }

  static let server = #"""
    import os, sys, threading
    from concurrent import futures
    import grpc
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc

    seen = {}
    def flaky(request, context):
        seen[request] = seen.get(request, 0) + 1
        if seen[request] <= int(request):
            context.abort(grpc.StatusCode.UNAVAILABLE, "attempt %d" % seen[request])
        return dict(context.invocation_metadata()).get("grpc-previous-rpc-attempts", "").encode()

    servicer = health.HealthServicer(experimental_non_blocking=True)
    def set_health(request, context):
        servicer.set("test.Echo", health_pb2.HealthCheckResponse.ServingStatus.Value(
            request.decode()))
        return b""

    UU = grpc.unary_unary_rpc_method_handler
    server = grpc.server(futures.ThreadPoolExecutor(10))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {
        "Flaky": UU(flaky), "SetHealth": UU(set_health),
        "Say": UU(lambda request, context: request)}),))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    servicer.set("test.Echo", health_pb2.HealthCheckResponse.SERVING)
    print(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    sys.stdin.read()
    os._exit(0)
    """#
}
