import RPC
import Testing

/// What is particular to channels without a socket; what calls do is tested over both.
@Suite(.timeLimit(.minutes(5)))
struct InProcessTests {
  /// Neither a port nor certificates are needed.
  @Test func aServerThatWasNotStarted() async throws {
    var configuration = RPCServer.Configuration()
    configuration.tls = ServerTLS(certificateFile: "/none.pem", keyFile: "/none.key")
    let server = RPCServer(
      services: CallLifetimeTests.service(
        .unary("Peer") { (text: Text, context) in Text(context.peer) }),
      configuration: configuration, logger: silent)
    var secure = RPCChannel.Configuration.patient
    secure.tls = ChannelTLS()
    let channel = RPCChannel(inProcess: server, configuration: secure, logger: silent)
    let peer: Text = try await channel.unary(Echo.method("Peer"), Text(""))
    #expect(peer == "in-process")
    await channel.close()
  }

  @Test func shutdownEndsTheConnection() async throws {
    let started = Signal()
    let server = RPCServer(
      services: CallLifetimeTests.service(
        .unary("Wait") { (text: Text, context) in
          started.raise()
          await CallLifetimeTests.untilCancelled()
          return text
        }), logger: silent)
    try await server.start()
    let running = Task { try await server.run() }
    let channel = RPCChannel(inProcess: server, configuration: .patient, logger: silent)
    let call = Task { () -> Text in try await channel.unary(Echo.method("Wait"), Text("")) }
    await started.wait()
    running.cancel()
    try await running.value
    #expect(await rpcError { _ = try await call.value }?.code == .unavailable)
    let later = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Wait"), Text(""))
    }
    #expect(later?.code == .unavailable)
    await channel.close()
  }
}
