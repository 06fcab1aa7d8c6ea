// StoreServer: the store as a library. `Store` opens a data folder and answers the six services of
// lauter.store.v1 from it; `Handlers` keeps their promises, `Storage` keeps the tables, `ArtefactFiles`
// the bytes. An executable, or a test, gives the services to a server and runs the store beside it.

import Foundation
public import Logging
public import RPC
public import ServiceLifecycle
package import Wire

/// The single writer of a data folder.
///
/// Safe to use from any task. The folder is released when the value is gone.
public final class Store: Service {
  private let folder: DataFolder
  private let promises: Handlers

  /// Opens or creates the data folder.
  ///
  /// - Parameter leaseDuration: how long a worker may be silent before its job goes to another.
  /// - Throws: an error whose description says what is wrong with the folder: in use by another store,
  ///   damaged, of a newer version.
  public init(
    data path: String, leaseDuration: Duration = .seconds(30),
    logger: Logger = Logger(label: "lauter-store")
  ) throws {
    folder = try DataFolder(path)
    promises = Handlers(
      database: try Database(path: folder.databasePath),
      artefacts: try ArtefactFiles(folder: folder.artefactsPath), changes: Changes(),
      leaseDuration: leaseDuration, logger: logger)
  }

  /// What a server registers.
  public var services: [ServiceDefinition] { promises.services }

  package typealias AllServices = StoreV1.DatasetService & StoreV1.RecordService
    & StoreV1.JobService & StoreV1.ArtefactService & StoreV1.EncoderService & StoreV1.ModelService

  /// The handlers themselves, to call them without a connection.
  package var handlers: any AllServices { promises }

  /// Takes jobs back from workers that are gone, until shutdown; then ends the calls that wait.
  public func run() async throws {
    let pause = min(promises.leaseDuration / 4, .seconds(5))
    await cancelWhenGracefulShutdown { [promises] in
      while !Task.isCancelled {
        do { try await promises.sweep() } catch is CancellationError {} catch {
          promises.logger.error("looking for lost jobs failed: \(error)")
        }
        try? await Task.sleep(for: pause)
      }
    }
    drain()
  }

  /// Ends the calls that wait for changes (UNAVAILABLE), and every later one at once: the server is
  /// about to stop.
  public func drain() { promises.changes.end() }
}
