import CoreMetrics
import RPC
import Synchronization
import Testing

/// What servers and channels count.
@Suite(.timeLimit(.minutes(5)))
struct MetricsTests {
  @Test func countersOfBothSides() async throws {
    let recorder = MetricsRecorder()
    var configuration = RPCServer.Configuration()
    configuration.metrics = recorder
    let server = RPCServer(services: [Echo.service], configuration: configuration, logger: silent)
    let address = try await server.start()
    let running = Task { try await server.run() }
    var channelConfiguration = RPCChannel.Configuration()
    channelConfiguration.metrics = recorder
    let channel = RPCChannel(
      target: "\(address)", configuration: channelConfiguration, logger: silent)
    for _ in 0..<3 {
      let _: Text = try await channel.unary(Echo.method("Say"), Text("four"))
    }
    try await channel.serverStreaming(Echo.method("Count"), Text("10")) {
      (responses: ResponseStream<Text>) in for try await _ in responses {}
    }
    _ = await rpcError { let _: Text = try await channel.unary(Echo.method("Fail"), Text("x")) }
    _ = await rpcError { let _: Text = try await channel.unary(Echo.method("Nope"), Text("x")) }
    await channel.close()
    running.cancel()
    try await running.value

    for (name, value) in [
      "calls_started": 6, "calls_ended OK": 4, "calls_ended FAILED_PRECONDITION": 1,
      "calls_ended UNIMPLEMENTED": 1, "calls_ended INTERNAL": 0, "calls_in_progress": 0,
      "connections_opened": 1, "connections": 0, "messages_received": 5, "messages_sent": 13,
      "message_bytes_received": 3 * 4 + 2 + 1, "message_bytes_sent": 3 * 4 + 10,
    ] {
      #expect(recorder["rpc_server_\(name)"] == value, "\(name)")
    }
    for (name, value) in [
      "calls_started": 6, "calls_ended OK": 4, "calls_ended UNIMPLEMENTED": 1,
      "calls_in_progress": 0, "messages_sent": 6, "messages_received": 13,
    ] {
      #expect(recorder["rpc_client_\(name)"] == value, "\(name)")
    }
  }
}

/// Counts in memory, by label and the values of its dimensions.
final class MetricsRecorder: MetricsFactory {
  private let values = Mutex<[String: Int]>([:])

  subscript(name: String) -> Int? { values.withLock { $0[name] } }

  private func handler(_ label: String, _ dimensions: [(String, String)]) -> Handler {
    let name = ([label] + dimensions.map(\.1)).joined(separator: " ")
    values.withLock { $0[name] = $0[name] ?? 0 }
    return Handler(name: name, recorder: self)
  }

  private final class Handler: CounterHandler, MeterHandler, Sendable {
    let name: String
    let recorder: MetricsRecorder

    init(name: String, recorder: MetricsRecorder) {
      self.name = name
      self.recorder = recorder
    }

    private func add(_ amount: Int) {
      recorder.values.withLock { $0[name, default: 0] += amount }
    }

    func increment(by amount: Int64) { add(Int(amount)) }
    func reset() {}
    func set(_ value: Int64) { recorder.values.withLock { $0[name] = Int(value) } }
    func set(_ value: Double) { set(Int64(value)) }
    func increment(by amount: Double) { add(Int(amount)) }
    func decrement(by amount: Double) { add(-Int(amount)) }
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    handler(label, dimensions)
  }
  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    handler(label, dimensions)
  }
  func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler { NOOPMetricsHandler.instance }
  func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler { NOOPMetricsHandler.instance }
  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    NOOPMetricsHandler.instance
  }
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}
