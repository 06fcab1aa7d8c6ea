import ArgumentParser
import Interop
import RPC
import Serving

@main
struct Server: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rpc-interop-server",
    abstract: "Serves grpc.testing.TestService, for gRPC's interoperability tests.")

  @OptionGroup var options: ServerOptions

  @Option(help: "Lets in only clients with a certificate of these authorities (PEM).")
  var clientCa: String?

  func validate() throws {
    if clientCa != nil, try options.serverTLS() == nil {
      throw ValidationError("--client-ca needs --tls-cert and --tls-key")
    }
  }

  func run() async throws {
    var configuration = RPCServer.Configuration()
    configuration.tls = try options.serverTLS()
    if let clientCa { configuration.tls?.clientCAFile = clientCa }
    try await serve(
      "rpc-interop-server", options: options, defaultPort: 0,
      services: TestServiceHandlers().services, configuration: configuration,
      logger: makeLogger("rpc-interop-server", options))
  }
}
