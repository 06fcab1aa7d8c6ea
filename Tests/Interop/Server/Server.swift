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

  @Option(help: "The server's certificate chain (PEM); without it, cleartext.")
  var tlsCert: String?

  @Option(help: "The key of --tls-cert (PEM).")
  var tlsKey: String?

  @Option(help: "Lets in only clients with a certificate of these authorities (PEM).")
  var clientCa: String?

  func validate() throws {
    guard (tlsCert == nil) == (tlsKey == nil), clientCa == nil || tlsCert != nil else {
      throw ValidationError("--tls-cert and --tls-key go together, and --client-ca needs both")
    }
  }

  func run() async throws {
    var configuration = RPCServer.Configuration()
    if let tlsCert, let tlsKey {
      configuration.tls = ServerTLS(
        certificateFile: tlsCert, keyFile: tlsKey, clientCAFile: clientCa)
    }
    try await serve(
      "rpc-interop-server", options: options, defaultPort: 0,
      services: TestServiceHandlers().services, configuration: configuration,
      logger: makeLogger("rpc-interop-server", options))
  }
}
