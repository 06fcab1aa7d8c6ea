import ArgumentParser

/// Any server, by its address.
struct EndpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server, ours or any other. Default: where Lauter's own services are.",
      valueName: "host:port"))
  var address: String?

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
}
