// InferenceServer: text in, labels or vectors out. Loads models and encoders from the store when they
// are first asked for, keeps them in memory, lets newly published versions take over while requests are
// under way, and computes on one process-wide pool. A replica needs nothing but the store's address.
import Artefacts
package import Foundation
package import Logging
package import RPC
package import ServiceLifecycle
import Serving
package import Transformer
import Wire

/// The service's parts, connected.
package struct Inference: Sendable {
  package let services: [ServiceDefinition]
  package let background: [any Service]
  private let channel: RPCChannel

  /// `$XDG_CACHE_HOME/lauter`, or `~/.cache/lauter`.
  package static var defaultCache: String {
    let environment = ProcessInfo.processInfo.environment
    if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return "\(base)/lauter" }
    return "\(NSHomeDirectory())/.cache/lauter"
  }

  /// - Parameters:
  ///   - store: host:port.
  ///   - tls: how the store is called; nil is cleartext.
  ///   - cache: the folder for fetched artefacts; made if it is not there.
  ///   - threads: that compute; `nil` for one per usable core.
  ///   - maxLoaded: how many models and encoders stay in memory.
  ///   - precision: what texts are computed in.
  ///   - neutralize: whether "[SEP]" and the like in a text are taken as text.
  package init(
    store: String, tls: ChannelTLS? = nil, cache: URL, threads: Int?, maxLoaded: Int = 8,
    precision: PrecisionChoice = .auto, neutralize: Bool = false,
    logger: Logger = Logger(label: "lauter-inference")
  ) throws {
    channel = RPCChannel(target: store, configuration: .lauter(tls: tls), logger: logger)
    let shelf = ModelShelf(
      store: channel, storeAddress: store,
      artefacts: try ArtefactCache(directory: cache, store: channel),
      settings: ComputeSettings(
        pool: threads.map { ComputePool(threads: $0) } ?? .shared, precision: precision,
        neutralize: neutralize),
      capacity: maxLoaded, logger: logger)
    services = [InferenceHandlers(shelf: shelf, queue: ComputeQueue()).definition]
    background = [ModelWatch(store: channel, shelf: shelf, logger: logger)]
  }

  package func close() async { await channel.close() }
}

/// Tells the shelf of every version that is published, for as long as the process runs.
private struct ModelWatch: Service {
  let models: StoreV1.ModelServiceClient
  let shelf: ModelShelf
  let logger: Logger

  init(store: RPCChannel, shelf: ModelShelf, logger: Logger) {
    models = StoreV1.ModelServiceClient(store)
    self.shelf = shelf
    self.logger = logger
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await models.watchModels(
            StoreV1.WatchModelsRequest(), options: CallOptions(waitForReady: true)
          ) { responses in
            for try await response in responses {
              guard let model = response.model else { continue }
              await shelf.published(model)
            }
          }
        } catch {
          if Task.isCancelled { break }
          logger.warning("lost the watch on models", metadata: ["error": "\(error)"])
        }
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}
