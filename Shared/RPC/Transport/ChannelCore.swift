import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Connections to every address of a target and the calls that wait for one. Confined to `loop`.
///
/// Resolves and connects when the first call comes, keeps one connection to each address from then
/// on, and gives calls to them in turn (gRPC's `round_robin`).
final class ChannelCore: @unchecked Sendable {
  let loop: any EventLoop
  let target: ChannelTarget
  let configuration: RPCChannel.Configuration
  private let logger: Logger
  private let credentials: TLSCredentials?
  var retryBudget: RetryBudget

  private var subchannels: [Subchannel] = []
  private var waiting: [ClientCall] = []
  private var active: [ObjectIdentifier: ClientCall] = [:]
  private var turn = 0
  private var resolution = Resolution.needed
  private var resolutionBackoff: Backoff
  private var lastError: RPCError?
  private var isClosed = false

  private enum Resolution {
    case needed
    case running
    case done(at: NIODeadline)
    case failed
  }

  init(
    target: ChannelTarget, configuration: RPCChannel.Configuration, logger: Logger
  ) {
    self.target = target
    self.configuration = configuration
    self.logger = logger
    loop = MultiThreadedEventLoopGroup.singleton.next()
    resolutionBackoff = Backoff(configuration)
    retryBudget = RetryBudget(configuration.retryThrottling)
    credentials = configuration.tls.map { TLSCredentials($0, logger: logger) }
  }

  /// What encrypts a new connection, if anything does.
  fileprivate func tlsHandler() throws -> NIOSSLClientHandler? {
    guard let credentials, let tls = configuration.tls else { return nil }
    let context = try credentials.context()
    do {
      return try NIOSSLClientHandler(
        context: context, serverHostname: tls.serverName ?? target.host)
    } catch let error as NIOSSLExtraError
      where error == .cannotUseIPAddressInSNI && tls.serverName == nil
    {
      // The certificate is held against the address that was connected to.
      return try NIOSSLClientHandler(context: context, serverHostname: nil)
    } catch {
      throw RPCError(
        code: .failedPrecondition,
        message: "'\(tls.serverName ?? target.host)' is no name for a TLS server: "
          + reason(of: error))
    }
  }

  // MARK: Calls

  /// Gives the call to a connection, now or when there is one.
  func submit(_ call: ClientCall) {
    guard !isClosed else {
      return call.fail(RPCError(code: .cancelled, message: "the channel is closed"))
    }
    if let problem = target.problem { return call.fail(problem) }
    active[ObjectIdentifier(call)] = call
    if let connection = pick() { return call.open(on: connection) }
    waiting.append(call)
    if case .needed = resolution { resolve() }
    failHopeless()
  }

  /// The call has ended.
  func forget(_ call: ClientCall) {
    active[ObjectIdentifier(call)] = nil
    if let index = waiting.firstIndex(where: { $0 === call }) { waiting.remove(at: index) }
  }

  private func pick() -> ClientConnection? {
    for offset in 0..<subchannels.count {
      let index = (turn + offset) % subchannels.count
      if case .ready(let connection) = subchannels[index].state {
        turn = index + 1
        return connection
      }
    }
    return nil
  }

  private func serveWaiting() {
    guard !waiting.isEmpty, pick() != nil else { return }
    let calls = waiting
    waiting = []
    for call in calls {
      if let connection = pick() { call.open(on: connection) } else { waiting.append(call) }
    }
  }

  /// Fails the calls that do not want to wait, when nothing is under way that could serve them.
  private func failHopeless() {
    guard let lastError, !waiting.isEmpty else { return }
    if case .running = resolution { return }
    if subchannels.contains(where: { $0.mayBecomeReady }) { return }
    let hopeless = waiting.filter { !$0.waitForReady }
    waiting.removeAll { !$0.waitForReady }
    for call in hopeless { call.fail(lastError) }
  }

  // MARK: Addresses

  private func resolve() {
    if case .running = resolution { return }
    resolution = .running
    target.resolve(on: loop).whenComplete { [weak self] result in self?.resolved(result) }
  }

  private func resolved(_ result: Result<[SocketAddress], any Error>) {
    guard !isClosed else { return }
    switch result {
    case .success(let addresses) where !addresses.isEmpty:
      resolution = .done(at: .now())
      resolutionBackoff.reset()
      let gone = subchannels.filter { !addresses.contains($0.address) }
      subchannels = addresses.map { address in
        subchannels.first { $0.address == address } ?? Subchannel(address: address, core: self)
      }
      for subchannel in gone { subchannel.retire() }
      for subchannel in subchannels { subchannel.connectIfIdle() }
    case .success, .failure:
      let error =
        if case .failure(let error as RPCError) = result { error } else {
          RPCError(code: .unavailable, message: "'\(target.host)' has no address")
        }
      logger.debug("name resolution failed", metadata: ["error": "\(error.message)"])
      // Addresses that served before are better than none.
      if subchannels.isEmpty {
        lastError = error
        resolution = .failed
        loop.scheduleTask(in: resolutionBackoff.next()) { [weak self] in
          guard let self, case .failed = resolution else { return }
          // Without a waiting call there is nobody to resolve for.
          if waiting.isEmpty { resolution = .needed } else { resolve() }
        }
      } else {
        resolution = .done(at: .now())
      }
      failHopeless()
    }
  }

  /// The set of replicas may have changed.
  private func resolveAgain() {
    guard case .done(let time) = resolution, NIODeadline.now() - time > .seconds(1) else { return }
    resolve()
  }

  fileprivate func changed(_ subchannel: Subchannel) {
    switch subchannel.state {
    case .ready: serveWaiting()
    case .failed(let error):
      lastError = error
      logger.debug("connection attempt failed", metadata: ["error": "\(error.message)"])
      resolveAgain()
      failHopeless()
    case .idle:
      resolveAgain()
    case .connecting: break
    }
  }

  // MARK: End

  func close() {
    guard !isClosed else { return }
    isClosed = true
    let error = RPCError(code: .cancelled, message: "the channel was closed")
    for call in active.values { call.cancel(with: error) }
    active = [:]
    waiting = []
    for subchannel in subchannels { subchannel.close() }
    subchannels = []
  }
}

/// One address of a channel and the connection to it. Confined to the channel's event loop.
private final class Subchannel: @unchecked Sendable {
  enum State {
    case idle
    case connecting
    case ready(ClientConnection)
    /// Waiting for the next attempt.
    case failed(RPCError)
  }

  let address: SocketAddress
  private(set) var state = State.idle
  private weak var core: ChannelCore?
  private var backoff: Backoff
  private var isRetired = false
  private var readyAt = NIODeadline.now()
  /// The connection being made, or made; draining ones are on their own.
  private var connection: ClientConnection?

  init(address: SocketAddress, core: ChannelCore) {
    self.address = address
    self.core = core
    backoff = Backoff(core.configuration)
  }

  var mayBecomeReady: Bool {
    switch state {
    case .idle, .connecting, .ready: true
    case .failed: false
    }
  }

  private var name: String { RPCServer.Address(address).description }

  func connectIfIdle() {
    guard case .idle = state, !isRetired, let core else { return }
    set(.connecting)
    let name = self.name
    let connection = ClientConnection(address: name, usesTLS: core.configuration.tls != nil) {
      [weak self] in self?.happened($0)
    }
    self.connection = connection
    let timeout = TimeAmount(core.configuration.connectTimeout)
    ClientBootstrap(group: core.loop)
      .connectTimeout(timeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls = try core.tlsHandler() {
            try channel.pipeline.syncOperations.addHandler(tls)
          }
          try channel.pipeline.syncOperations.addHandler(connection)
        }
      }
      .connect(to: address)
      .whenFailure { [weak self] error in
        self?.fail(
          error as? RPCError
            ?? RPCError(
              code: .unavailable, message: "cannot connect to \(name): \(reason(of: error))"))
      }
    core.loop.scheduleTask(in: timeout) { [weak self] in
      guard let self, case .connecting = state, self.connection === connection else { return }
      connection.pump.close()
    }
  }

  private func happened(_ event: ClientConnection.Event) {
    switch event {
    case .ready:
      guard let connection, case .connecting = state else { return }
      readyAt = .now()
      set(.ready(connection))
    case .draining:
      guard case .ready = state else { return }
      lost()
    case .closed(let error):
      switch state {
      case .connecting: fail(error)
      case .ready: lost()
      case .idle, .failed: break
      }
    }
  }

  /// Connects again, at once unless the connection was so short-lived that this would spin.
  private func lost() {
    connection = nil
    if NIODeadline.now() - readyAt > .seconds(1) { backoff.reset() }
    set(.idle)
    guard let core else { return }
    core.loop.scheduleTask(in: backoff.isFresh ? .zero : backoff.next()) { [weak self] in
      self?.connectIfIdle()
    }
  }

  private func fail(_ error: RPCError) {
    guard case .connecting = state, let core else { return }
    connection = nil
    set(.failed(error))
    core.loop.scheduleTask(in: backoff.next()) { [weak self] in
      guard let self, case .failed = state else { return }
      set(.idle)
      connectIfIdle()
    }
  }

  private func set(_ state: State) {
    self.state = state
    if !isRetired { core?.changed(self) }
  }

  /// The address no longer belongs to the target: calls in progress are finished, no others made.
  func retire() {
    isRetired = true
    connection?.drain()
  }

  func close() {
    isRetired = true
    state = .idle
    connection?.close()
    connection = nil
  }
}

/// Pauses between attempts: exponential, with jitter (grpc/grpc `doc/connection-backoff.md`).
private struct Backoff {
  private let initial: Double
  private let longest: Double
  private var current: Double

  init(_ configuration: RPCChannel.Configuration) {
    initial = configuration.initialBackoff / .nanoseconds(1)
    longest = configuration.maxBackoff / .nanoseconds(1)
    current = initial
  }

  /// Whether no attempt has failed since the last success.
  var isFresh: Bool { current == initial }

  mutating func next() -> TimeAmount {
    let pause = min(current, longest)
    current = min(current * 1.6, longest)
    return .nanoseconds(Int64(pause * Double.random(in: 0.8...1.2)))
  }

  mutating func reset() { current = initial }
}
