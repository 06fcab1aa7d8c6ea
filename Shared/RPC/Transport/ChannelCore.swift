import CoreMetrics
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Connections to every endpoint of a target and the calls that wait for one. Confined to `loop`.
///
/// Resolves and connects when the first call comes, keeps one connection to each address from then
/// on, and gives calls to them in turn (gRPC's `round_robin`).
final class ChannelCore: @unchecked Sendable {
  let loop: any EventLoop
  let target: ChannelTarget
  let configuration: RPCChannel.Configuration
  private let logger: Logger
  private let credentials: TLSCredentials?
  let metrics: ChannelMetrics?
  var retryBudget: RetryBudget
  let replayMemory: ReplayMemory

  private var subchannels: [Subchannel] = []
  private var waiting: [ClientCall] = []
  private var active: [ObjectIdentifier: ClientCall] = [:]
  private var turn = 0
  private var resolution = Resolution.needed
  private var resolutionBackoff: Backoff
  private var isResolutionScheduled = false
  private var lastError: RPCError?
  private var isClosed = false

  /// Since when there has been no call, and the timer that looks whether that is too long.
  private var idleSince: NIODeadline?
  private var isIdleTimerRunning = false

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
    replayMemory = ReplayMemory(limit: configuration.retryBufferSize)
    metrics = ChannelMetrics(
      target: "\(target)", factory: configuration.metricsFactory ?? MetricsSystem.factory)
    credentials = configuration.tls.map { TLSCredentials($0, logger: logger) }
  }

  /// What encrypts a new connection, if anything does.
  func tlsHandler() throws -> NIOSSLClientHandler? {
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
    idleSince = nil
    if let connection = pick() { return call.open(on: connection) }
    waiting.append(call)
    if case .needed = resolution { resolve() }
    failHopeless()
  }

  /// The call has ended.
  func forget(_ call: ClientCall) {
    guard active.removeValue(forKey: ObjectIdentifier(call)) != nil else { return }
    if active.isEmpty { becameIdle() }
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

  private func resolved(_ result: Result<[Endpoint], any Error>) {
    guard !isClosed else { return }
    switch result {
    case .success(let endpoints) where !endpoints.isEmpty:
      resolution = .done(at: .now())
      resolutionBackoff.reset()
      let gone = subchannels.filter { !endpoints.contains($0.endpoint) }
      subchannels = endpoints.map { endpoint in
        subchannels.first { $0.endpoint == endpoint } ?? Subchannel(endpoint: endpoint, core: self)
      }
      for subchannel in gone { subchannel.retire() }
      for subchannel in subchannels { subchannel.connectIfIdle() }
      serveWaiting()
      failHopeless()
    case .success, .failure:
      let error =
        switch result {
        case .failure(let error as RPCError): error
        case .failure(let error):
          RPCError(code: .unavailable, message: "cannot resolve '\(target)': \(error)")
        case .success: RPCError(code: .unavailable, message: "'\(target)' has no address")
        }
      logger.debug("name resolution failed", metadata: ["error": "\(error.message)"])
      // Addresses that served before are better than none.
      if subchannels.isEmpty {
        lastError = error
        resolution = .failed
        loop.scheduleTask(in: TimeAmount(resolutionBackoff.next())) { [weak self] in
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
    guard case .done(let time) = resolution, !isResolutionScheduled else { return }
    let due = time + TimeAmount(configuration.minResolutionInterval)
    guard due > .now() else { return resolve() }
    isResolutionScheduled = true
    loop.scheduleTask(deadline: due) { [weak self] in
      guard let self else { return }
      isResolutionScheduled = false
      if case .done = resolution, !isClosed { resolve() }
    }
  }

  func changed(_ subchannel: Subchannel) {
    switch subchannel.state {
    case .ready: serveWaiting()
    case .failed(let error):
      lastError = error
      logger.debug("connection attempt failed", metadata: ["error": "\(error.message)"])
      resolveAgain()
      failHopeless()
    case .unhealthy(_, let error):
      lastError = error
      logger.debug("server is not healthy", metadata: ["error": "\(error.message)"])
      failHopeless()
    case .idle:
      resolveAgain()
    case .connecting: break
    }
  }

  // MARK: Idleness

  private func becameIdle() {
    guard let timeout = configuration.idleTimeout else { return }
    idleSince = .now()
    if !isIdleTimerRunning { checkIdle(in: TimeAmount(timeout)) }
  }

  /// One timer for many calls: it looks when it is due how long the channel has been idle.
  private func checkIdle(in pause: TimeAmount) {
    isIdleTimerRunning = true
    loop.scheduleTask(in: pause) { [weak self] in
      guard let self, let timeout = configuration.idleTimeout else { return }
      isIdleTimerRunning = false
      guard let idleSince, !isClosed else { return }
      let left = TimeAmount(timeout) - (NIODeadline.now() - idleSince)
      guard left <= .zero else { return checkIdle(in: left) }
      if case .running = resolution { return checkIdle(in: TimeAmount(timeout)) }
      for subchannel in subchannels { subchannel.close() }
      subchannels = []
      resolution = .needed
      lastError = nil
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

/// Pauses between attempts: exponential, with jitter (grpc/grpc `doc/connection-backoff.md`).
package struct Backoff {
  private let initial: Double
  private let longest: Double
  private var current: Double

  package init(_ configuration: RPCChannel.Configuration) {
    initial = configuration.initialBackoff / .nanoseconds(1)
    longest = configuration.maxBackoff / .nanoseconds(1)
    current = initial
  }

  /// Whether no attempt has failed since the last success.
  package var isFresh: Bool { current == initial }

  package mutating func next(jitter: Double = .random(in: 0.8...1.2)) -> Duration {
    let pause = min(current, longest)
    current = min(current * 1.6, longest)
    return .nanoseconds(Int64(pause * jitter))
  }

  package mutating func reset() { current = initial }
}
