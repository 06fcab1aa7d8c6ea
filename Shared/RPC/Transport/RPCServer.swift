public import Logging
public import ServiceLifecycle

/// Serves gRPC on one address.
public final class RPCServer: Service {
  /// Limits that keep one client from taking the server down, and times.
  public struct Configuration: Sendable {
    /// Calls one connection may have open at once; more are refused and retried by the client.
    public var maxConcurrentStreams = 256

    /// The longest request message accepted, in bytes.
    public var maxReceiveMessageSize = 4 * 1024 * 1024

    /// The most header bytes of one request, counted as in RFC 9113 section 6.5.2.
    public var maxHeaderListSize = 16 * 1024

    /// How long calls in progress may go on after graceful shutdown began, before they are
    /// cancelled.
    public var shutdownGracePeriod: Duration = .seconds(10)

    public init() {}
  }

  /// Where a server listens.
  public struct Address: Hashable, Sendable, CustomStringConvertible {
    public let host: String
    public let port: Int

    /// `127.0.0.1:7511`, `[::1]:7511`: as ``RPCChannel`` takes it.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  /// - Parameters:
  ///   - port: 0 lets the system choose; ``start()`` tells.
  ///   - services: names must be distinct.
  ///   - interceptors: the first is outermost.
  public init(
    host: String = "127.0.0.1", port: Int = 0, services: [ServiceDefinition],
    interceptors: [ServerInterceptor] = [], configuration: Configuration = Configuration(),
    logger: Logger = Logger(label: "rpc.server")
  ) {
  }

  /// Binds the address and accepts connections; returns where. Calling it again changes nothing.
  ///
  /// Throws an ``RPCError`` (UNAVAILABLE) that names the address when it cannot be bound.
  @discardableResult
  public func start() async throws -> Address {
    throw RPCError(code: .unimplemented, message: "not yet")
  }

  /// Serves until graceful shutdown is triggered or the task is cancelled; starts if not started.
  ///
  /// On graceful shutdown no call is accepted any more, those in progress have
  /// ``Configuration/shutdownGracePeriod`` to finish, then their tasks are cancelled. On
  /// cancellation they are cancelled at once. Returns when every connection is closed.
  public func run() async throws {
    throw RPCError(code: .unimplemented, message: "not yet")
  }
}
