// TrainerServer: takes training jobs from the store, fine-tunes a sentence encoder on the reviewed
// records, fits a head on it, and publishes both as the next version of a model. Also evaluates
// published models. The core (Recipe, ContrastivePairs, BodyTraining, Training) does no I/O; the rest
// is the way in and out.

import Artefacts
package import Foundation
package import Logging
package import RPC
package import ServiceLifecycle
import Serving
import Transformer
import Wire

/// The service as `Main` runs it: its calls, and the worker that takes jobs.
package struct Trainer: Sendable {
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
  package init(
    store: String, tls: ChannelTLS? = nil, cache: URL, threads: Int?, logger: Logger
  ) throws {
    channel = RPCChannel(target: store, configuration: .lauter(tls: tls), logger: logger)
    let artefacts = try ArtefactCache(directory: cache, store: channel)
    let pool = threads.map { ComputePool(threads: $0) } ?? .shared
    let job = TrainingJob(store: channel, artefacts: artefacts, pool: pool, logger: logger)
    services = [TrainerHandlers(store: channel, artefacts: artefacts, pool: pool).definition]
    background = [
      JobWorker(
        .training, store: channel,
        worker: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)",
        logger: logger
      ) { try await job.run($0) }
    ]
  }

  package func close() async { await channel.close() }
}
