import ArgumentParser
import Serving
import StoreServer

/// `lauter-store`: opens the data folder and serves it.
@main struct StoreMain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lauter-store",
    abstract: "Keeps data sets, records, suggestions, responses, jobs, encoders and models.",
    discussion: """
      Everything is in one folder, which one lauter-store uses at a time: copy it while the store is
      stopped, and that is a backup. Each flag can be set as a variable: --data as LAUTER_DATA.
      """)

  @OptionGroup var server: ServerOptions

  @Option(help: "The folder everything is kept in; created where it is missing.")
  var data: String = Setting.value("data", default: "./lauter-data")

  @Option(
    help: """
      How many seconds a worker may be silent before its job goes to another. Shorter takes jobs back \
      sooner; a worker beats three times a lease, and one that stalls for longer loses its job.
      """)
  var lease: Int = Setting.value("lease", default: 30)

  func validate() throws {
    guard (1...3600).contains(lease) else {
      throw ValidationError("--lease: give 1 to 3600 seconds, not \(lease)")
    }
  }

  func run() async throws {
    let logger = makeLogger("lauter-store", server)
    let store = try Store(data: data, leaseDuration: .seconds(lease), logger: logger)
    try await serve(
      "lauter-store", options: server, defaultPort: 7511, services: store.services,
      background: [store], logger: logger, drain: { store.drain() })
  }
}
