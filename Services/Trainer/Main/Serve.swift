import ArgumentParser
import Foundation
import Serving
import TrainerServer

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Takes training jobs from the store and publishes the models they make.",
    discussion: "Every flag has an environment variable: --store is LAUTER_STORE.")

  @OptionGroup var server: ServerOptions
  @OptionGroup var store: StoreOptions

  @Option(help: "Where encoders and models fetched from the store are kept.")
  var cache: String = Setting.value("cache", default: Trainer.defaultCache)

  @Option(help: "Threads that compute; 0 is one per core this process may use.")
  var threads: Int = Setting.value("threads", default: 0)

  func validate() throws {
    guard (0...1024).contains(threads) else {
      throw ValidationError("--threads: a number from 0 to 1024, not \(threads)")
    }
  }

  func run() async throws {
    let logger = makeLogger("lauter-trainer", server)
    let trainer = try Trainer(
      store: store.store, tls: try server.channelTLS(),
      cache: URL(filePath: cache, directoryHint: .isDirectory),
      threads: threads == 0 ? nil : threads, logger: logger)
    try await serve(
      "lauter-trainer", options: server, defaultPort: 7513, services: trainer.services,
      background: trainer.background, logger: logger)
    await trainer.close()
  }
}
