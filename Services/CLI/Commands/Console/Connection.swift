import ArgumentParser
import Foundation
import Logging
import RPC
import Serving
import Synchronization
import Wire

/// The flags of every command that talks to services, and the one way to call one.
struct ConnectionOptions: ParsableArguments {
  @Option(help: "The store's HOST:PORT (LAUTER_STORE).")
  var store: String?

  @Option(help: "The labeller's HOST:PORT (LAUTER_LABELLER).")
  var labeller: String?

  @Option(help: "The trainer's HOST:PORT (LAUTER_TRAINER).")
  var trainer: String?

  @Option(help: "The inference service's HOST:PORT (LAUTER_INFERENCE).")
  var inference: String?

  @Option(
    help: ArgumentHelp(
      "The folder 'lauter up' runs in (LAUTER_DATA, else ./.lauter); its endpoints.json says where the services are.",
      valueName: "dir"))
  var data: String?

  @OptionGroup var tls: TLSOptions

  @Flag(help: "Print JSON: one object, or one object per line.")
  var json = false

  /// An absolute path.
  var folder: String { Self.folder(data) }

  static func folder(_ flag: String?) -> String {
    let console = Console.current
    return console.path(flag ?? console.environment["LAUTER_DATA"].nonEmpty ?? ".lauter")
  }

  func endpoints() throws -> Endpoints {
    let environment = Console.current.environment
    var named: [Service: String] = [:]
    for (service, flag) in [
      (Service.store, store), (.labeller, labeller), (.trainer, trainer), (.inference, inference),
    ] {
      if let address = flag ?? environment[service.variable].nonEmpty { named[service] = address }
    }
    return try Endpoints.resolve(named: named, folder: folder)
  }

  /// A channel as every command makes it, to a service of ours or to any other server.
  func channel(to address: String) throws -> RPCChannel {
    RPCChannel(
      target: address, configuration: try channelConfiguration(), logger: Services.silent)
  }

  private func channelConfiguration() throws -> RPCChannel.Configuration {
    let console = Console.current
    var configuration = RPCChannel.Configuration.lauter(
      tls: try tls.channel(environment: console.environment, path: console.path))
    // A person is waiting.
    configuration.connectTimeout = .seconds(5)
    return configuration
  }

  /// Runs `body` with the services, and closes the connections whatever happens.
  func withServices<Result: Sendable>(
    _ body: (Services) async throws -> Result
  ) async throws -> Result {
    let services = Services(try endpoints(), try channelConfiguration())
    do {
      let result = try await body(services)
      await services.close()
      return result
    } catch {
      await services.close()
      throw error
    }
  }
}

extension String? {
  /// A variable that is set to nothing counts as not set.
  var nonEmpty: String? { self?.isEmpty == false ? self : nil }
}

/// Clients of the services, each connected when first used.
final class Services: Sendable {
  /// What a channel has to say is in its calls' errors.
  static let silent = Logger(label: "lauter", factory: { _ in SwiftLogNoOpLogHandler() })

  let endpoints: Endpoints
  private let configuration: RPCChannel.Configuration
  private let channels = Mutex<[Service: RPCChannel]>([:])

  init(_ endpoints: Endpoints, _ configuration: RPCChannel.Configuration) {
    self.endpoints = endpoints
    self.configuration = configuration
  }

  private func channel(_ service: Service) -> RPCChannel {
    channels.withLock { channels in
      if let channel = channels[service] { return channel }
      let channel = RPCChannel(
        target: endpoints.addresses[service]!, configuration: configuration, logger: Self.silent)
      channels[service] = channel
      return channel
    }
  }

  func close() async {
    let open = channels.withLock { channels in
      defer { channels = [:] }
      return Array(channels.values)
    }
    for channel in open { await channel.close() }
  }

  /// Calls the service; its errors become sentences that name it and its address.
  func call<Result>(
    _ service: Service, _ body: (RPCChannel) async throws -> Result
  ) async throws -> Result {
    do {
      return try await body(channel(service))
    } catch let error as RPCError {
      throw Failure(error, service: service, address: endpoints.addresses[service]!)
    }
  }

  func datasets<R>(_ body: (StoreV1.DatasetServiceClient) async throws -> R) async throws -> R {
    try await call(.store) { try await body(.init($0)) }
  }

  func records<R>(_ body: (StoreV1.RecordServiceClient) async throws -> R) async throws -> R {
    try await call(.store) { try await body(.init($0)) }
  }

  func jobs<R>(_ body: (StoreV1.JobServiceClient) async throws -> R) async throws -> R {
    try await call(.store) { try await body(.init($0)) }
  }

  func artefacts<R>(_ body: (StoreV1.ArtefactServiceClient) async throws -> R) async throws -> R {
    try await call(.store) { try await body(.init($0)) }
  }

  func encoders<R>(_ body: (StoreV1.EncoderServiceClient) async throws -> R) async throws -> R {
    try await call(.store) { try await body(.init($0)) }
  }

  func models<R>(_ body: (StoreV1.ModelServiceClient) async throws -> R) async throws -> R {
    try await call(.store) { try await body(.init($0)) }
  }

  /// The data set, or a failure that names those there are.
  func dataset(_ name: String) async throws -> StoreV1.Dataset {
    let answer = try await datasets {
      try await $0.getDataset(.init(name: name), options: .quick)
    }
    guard let dataset = answer.dataset else {
      throw Failure(.failed, "the store's answer has no data set")
    }
    return dataset
  }
}

extension CallOptions {
  /// For calls that only look something up or write a few rows.
  static let quick = CallOptions(timeout: .seconds(30))
}
