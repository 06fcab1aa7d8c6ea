import CoreMetrics
import MetricsTestKit
import RPC
import Testing

/// What channels and servers count.
@Suite(.timeLimit(.minutes(5)))
struct MetricsTests {
  static func method(_ name: String) -> (String, String) { ("grpc.method", "test.Echo/\(name)") }

  @Test func clientCalls() async throws {
    let metrics = TestMetrics()
    var configuration = RPCChannel.Configuration.patient
    configuration.metricsFactory = metrics
    let target = try await withServer(channelConfiguration: configuration) { channel, address in
      for _ in 0..<3 {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("hello"))
      }
      let _ = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Fail"), Text("x"))
      }
      return ("grpc.target", "\(address)")
    }
    let say = [Self.method("Say"), target]
    let duration = try metrics.expectTimer(
      "grpc.client.call.duration", say + [("grpc.status", "OK")])
    #expect(duration.values.count == 3)
    #expect(duration.values.allSatisfy { $0 > 0 })
    #expect(
      try metrics.expectTimer(
        "grpc.client.call.duration",
        [Self.method("Fail"), target, ("grpc.status", "FAILED_PRECONDITION")]
      ).values.count == 1)
    #expect(try metrics.expectCounter("grpc.client.attempt.started", say).totalValue == 3)
    // "hello" and its prefix of five bytes, each way.
    for way in ["sent", "rcvd"] {
      let recorder = try metrics.expectRecorder(
        "grpc.client.attempt.\(way)_total_compressed_message_size", say)
      #expect(recorder.values == [10, 10, 10])
    }
    #expect(
      try metrics.expectCounter("grpc.subchannel.connection_attempts_succeeded", [target])
        .totalValue == 1)
  }

  @Test func retriesAndConnections() async throws {
    let metrics = TestMetrics()
    let peer = try ScriptedServer { connection, id, _ in
      connection.session.reset(id, .refusedStream)
    }
    var configuration = RetryTests.configuration
    configuration.metricsFactory = metrics
    let channel = RPCChannel(
      target: "\(peer.address)", configuration: configuration, logger: silent)
    let error = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Say"), Text("x"))
    }
    #expect(error?.code == .unavailable)
    await channel.close()
    let say = [Self.method("Say"), ("grpc.target", "\(peer.address)")]
    #expect(
      try metrics.expectCounter("grpc.client.call.transparent_retries", say).totalValue == 1)
    #expect(try metrics.expectCounter("grpc.client.call.retries", say).totalValue == 3)
    #expect(try metrics.expectCounter("grpc.client.attempt.started", say).totalValue == 5)
    #expect(
      try metrics.expectTimer(
        "grpc.client.call.duration", say + [("grpc.status", "UNAVAILABLE")]
      ).values.count == 1)
  }

  @Test func lostConnectionsAndPings() async throws {
    let metrics = TestMetrics()
    let dead = try ScriptedServer(readsAfterSettings: false) { _, _, _ in }
    var configuration = RPCChannel.Configuration.patient
    configuration.metricsFactory = metrics
    configuration.keepalive = RPCChannel.Keepalive(
      interval: .milliseconds(20), timeout: .milliseconds(20))
    let channel = RPCChannel(
      target: "\(dead.address)", configuration: configuration, logger: silent)
    let error = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Say"), Text("x"))
    }
    #expect(error?.code == .unavailable)
    await channel.close()
    let target = ("grpc.target", "\(dead.address)")
    #expect(
      try metrics.expectCounter("grpc.subchannel.keepalive_pings", [target]).totalValue >= 1)
    let lost = try metrics.expectCounter("grpc.subchannel.disconnections", [target]).totalValue
    #expect(lost >= 1)
  }

  @Test func failedConnections() async throws {
    let metrics = TestMetrics()
    var configuration = RPCChannel.Configuration.patient
    configuration.metricsFactory = metrics
    // A port that was free a moment ago.
    let server = RPCServer(services: [])
    let address = try await server.start()
    let running = Task { try await server.run() }
    running.cancel()
    try await running.value
    let channel = RPCChannel(target: "\(address)", configuration: configuration, logger: silent)
    _ = await rpcError { let _: Text = try await channel.unary(Echo.method("Say"), Text("")) }
    await channel.close()
    #expect(
      try metrics.expectCounter(
        "grpc.subchannel.connection_attempts_failed", [("grpc.target", "\(address)")]
      ).totalValue >= 1)
  }

  @Test func serverCalls() async throws {
    let metrics = TestMetrics()
    var configuration = RPCServer.Configuration()
    configuration.metricsFactory = metrics
    try await withServer(configuration: configuration) { channel, _ in
      for _ in 0..<3 {
        let _: Text = try await channel.unary(Echo.method("Say"), Text("hello"))
      }
      try await channel.serverStreaming(Echo.method("Count"), Text("10")) {
        (responses: ResponseStream<Text>) in for try await _ in responses {}
      }
      for method in ["Fail", "Nope"] {
        _ = await rpcError { let _: Text = try await channel.unary(Echo.method(method), Text("x")) }
      }
    }
    let say = Self.method("Say")
    #expect(try metrics.expectCounter("grpc.server.call.started", [say]).totalValue == 3)
    for (method, status, calls) in [
      (say, "OK", 3), (Self.method("Count"), "OK", 1),
      (Self.method("Fail"), "FAILED_PRECONDITION", 1),
      (("grpc.method", "other"), "UNIMPLEMENTED", 1),
    ] {
      let durations = try metrics.expectTimer(
        "grpc.server.call.duration", [method, ("grpc.status", status)])
      #expect(durations.values.count == calls)
    }
    for way in ["sent", "rcvd"] {
      let recorder = try metrics.expectRecorder(
        "grpc.server.call.\(way)_total_compressed_message_size", [say])
      #expect(recorder.values == [10, 10, 10])
    }
    let count = Self.method("Count")
    let sent = try metrics.expectCounter("grpc.server.call.messages_sent", [count]).totalValue
    #expect(sent == 10)
    let received = try metrics.expectCounter("grpc.server.call.messages_received", [count])
    #expect(received.totalValue == 1)
    #expect(try metrics.expectCounter("grpc.server.connections_accepted").totalValue == 1)
    #expect(try metrics.expectCounter("grpc.server.connections_closed").totalValue == 1)
  }
}
