import ArgumentParser
import Logging
import RPC

/// Any server, by its address, and how to speak to it.
struct EndpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server, ours or any other. Default: where Lauter's own services are.",
      valueName: "host:port"))
  var address: String?

  @Flag(help: "Speak TLS, trusting whom the system trusts; implied by the next four.")
  var tls = false

  @Option(help: ArgumentHelp("Trust these authorities instead (PEM).", valueName: "file"))
  var tlsCa: String?

  @Option(help: ArgumentHelp("The client's certificate chain, for mTLS (PEM).", valueName: "file"))
  var tlsCert: String?

  @Option(help: ArgumentHelp("The key of --tls-cert (PEM).", valueName: "file"))
  var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "The name the server's certificate must have. Default: the address's host.",
      valueName: "name"))
  var serverName: String?

  func validate() throws {
    if (tlsCert == nil) != (tlsKey == nil) {
      throw ValidationError("--tls-cert and --tls-key go together")
    }
  }

  /// Nil where no address is given.
  func checkedAddress() throws(Failure) -> String? {
    guard let address else { return nil }
    guard Endpoints.isAddress(address) else {
      throw Failure(
        .usage, "--address '\(address)' is not an address",
        hint: "an address is HOST:PORT, for example 127.0.0.1:7511")
    }
    return address
  }

  func channel(to address: String) -> RPCChannel {
    let console = Console.current
    var configuration = RPCChannel.Configuration()
    configuration.maxReceiveMessageSize = 64 << 20
    configuration.connectTimeout = .seconds(5)
    if tls || tlsCa != nil || tlsCert != nil || serverName != nil {
      configuration.tls = ChannelTLS(
        caFile: tlsCa.map(console.path), certificateFile: tlsCert.map(console.path),
        keyFile: tlsKey.map(console.path), serverName: serverName)
    }
    return RPCChannel(
      target: address, configuration: configuration,
      logger: Logger(label: "lauter", factory: { _ in SwiftLogNoOpLogHandler() }))
  }
}
