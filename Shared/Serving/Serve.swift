import Foundation
public import Logging
public import RPC
public import ServiceLifecycle
import Wire

/// Runs a service until SIGTERM or SIGINT: the whole of a `Main`.
///
/// Prints one line to standard output once the server accepts calls, `NAME listening on HOST:PORT`;
/// everything else goes to the log on standard error. On a signal, health says NOT_SERVING, then
/// `drain` is called, calls in progress are finished, and the background services end in reverse order.
///
/// - Parameters:
///   - defaultPort: where to listen if neither flag nor variable says.
///   - configuration: limits and times; where it has no TLS, that of `options` counts.
///   - background: services beside the server: job workers, watchers, caches.
///   - drain: ends what would keep calls open for ever (watches, long polls).
/// - Throws: `RPCError`: UNAVAILABLE, naming the address, when it cannot be bound; FAILED_PRECONDITION,
///   naming the file, when a certificate or key cannot be used.
public func serve(
  _ name: String, options: ServerOptions, defaultPort: Int, services: [ServiceDefinition],
  configuration: RPCServer.Configuration = RPCServer.Configuration(),
  background: [any Service] = [], logger: Logger,
  drain: @escaping @Sendable () async -> Void = {}
) async throws {
  let health = HealthService(services: services.map(\.name))
  let visible = services + [health.definition]
  var configuration = configuration
  if configuration.tls == nil { configuration.tls = try options.serverTLS() }
  let server = RPCServer(
    host: options.host, port: options.port ?? Setting.value("port", default: defaultPort),
    services: visible + ReflectionService.definitions(for: visible), configuration: configuration,
    logger: logger)
  let address = try await server.start()
  print("\(name) listening on \(address)")
  fflush(nil)

  let draining = Draining {
    health.drain()
    await drain()
  }
  let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(
      services: (background + [server, draining]).map { .init(service: $0) },
      gracefulShutdownSignals: [.sigterm, .sigint],
      logger: logger))
  try await group.run()
}

/// The service's logger, writing to standard error. Call it once, first thing.
public func makeLogger(_ name: String, _ options: ServerOptions) -> Logger {
  LoggingSystem.bootstrap(StreamLogHandler.standardError)
  var logger = Logger(label: name)
  logger.logLevel = options.logLevel
  return logger
}

/// Waits for graceful shutdown, then does one thing. The last in its group, it is told first.
private struct Draining: Service {
  let action: @Sendable () async -> Void

  func run() async throws {
    try await gracefulShutdown()
    await action()
  }
}
