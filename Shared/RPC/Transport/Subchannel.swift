import NIOCore
import NIOPosix

/// One endpoint of a channel and the connection to it. Confined to the channel's event loop.
final class Subchannel: @unchecked Sendable {
  enum State {
    case idle
    case connecting
    case ready(ClientConnection)
    /// Connected to a server that is not to be called.
    case unhealthy(ClientConnection, RPCError)
    /// Waiting for the next attempt.
    case failed(RPCError)
  }

  let endpoint: Endpoint
  private(set) var state = State.idle
  private weak var core: ChannelCore?
  private var backoff: Backoff
  private var isRetired = false
  private var readyAt = NIODeadline.now()
  /// The connection being made, or made; draining ones are on their own.
  private var connection: ClientConnection?
  private var health: HealthWatch?
  private var keepalive: RPCChannel.Keepalive?

  init(endpoint: Endpoint, core: ChannelCore) {
    self.endpoint = endpoint
    self.core = core
    backoff = Backoff(core.configuration)
    keepalive = core.configuration.keepalive
  }

  var mayBecomeReady: Bool {
    switch state {
    case .idle, .connecting, .ready: true
    case .failed, .unhealthy: false
    }
  }

  func connectIfIdle() {
    guard case .idle = state, !isRetired, let core else { return }
    set(.connecting)
    let endpoint = self.endpoint
    let usesTLS = core.configuration.tls != nil && endpoint.isSocket
    let connection = ClientConnection(
      address: "\(endpoint)", usesTLS: usesTLS, keepalive: keepalive, metrics: core.metrics)
    connection.report = { [weak self, unowned connection] in self?.happened($0, to: connection) }
    self.connection = connection
    let timeout = core.configuration.connectTimeout
    connect(core.loop, TimeAmount(timeout)) { channel in
      channel.eventLoop.makeCompletedFuture {
        if usesTLS, let tls = try core.tlsHandler() {
          try channel.pipeline.syncOperations.addHandler(tls)
        }
        try channel.pipeline.syncOperations.addHandler(connection)
      }
    }.whenFailure { [weak self] error in
      guard let self, self.connection === connection else { return }
      fail(
        error as? RPCError
          ?? RPCError(
            code: .unavailable, message: "cannot connect to \(endpoint): \(reason(of: error))"))
    }
    core.loop.scheduleTask(in: TimeAmount(timeout)) { [weak connection] in
      guard let connection, !connection.isReady else { return }
      connection.close(because: "it did not speak HTTP/2 within \(timeout)")
    }
  }

  private func connect(
    _ loop: any EventLoop, _ timeout: TimeAmount,
    _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<Void> {
    switch endpoint {
    case .socket(let address):
      ClientBootstrap(group: loop)
        .connectTimeout(timeout)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
        .channelInitializer(initialize)
        .connect(to: address)
        .map { _ in }
    case .inProcess(let server):
      InProcessChannel.connect(loop, to: server, initialize)
    }
  }

  private func happened(_ event: ClientConnection.Event, to connection: ClientConnection) {
    guard connection === self.connection else { return }
    switch event {
    case .ready:
      guard case .connecting = state, let core else { return }
      readyAt = .now()
      core.metrics?.connectionsMade.increment()
      guard let service = core.configuration.healthService else { return set(.ready(connection)) }
      health = HealthWatch(of: service, on: connection, core: core) { [weak self] problem in
        guard let self, self.connection === connection else { return }
        set(problem.map { .unhealthy(connection, $0) } ?? .ready(connection))
      }
    case .draining(let tooManyPings):
      if tooManyPings { keepalive?.interval *= 2 }
      lost()
    case .closed(let error):
      // A server whose health is awaited is connected all the same.
      if connection.isReady { core?.metrics?.connectionsLost.increment() }
      if case .connecting = state { fail(error) } else { lost() }
    }
  }

  /// Connects again, at once unless the connection was so short-lived that this would spin.
  private func lost() {
    connection = nil
    health?.stop()
    health = nil
    if NIODeadline.now() - readyAt > .seconds(1) { backoff.reset() }
    set(.idle)
    guard let core else { return }
    core.loop.scheduleTask(in: backoff.isFresh ? .zero : TimeAmount(backoff.next())) {
      [weak self] in
      self?.connectIfIdle()
    }
  }

  private func fail(_ error: RPCError) {
    guard case .connecting = state, let core else { return }
    if connection?.isReady != true { core.metrics?.connectionsFailed.increment() }
    connection = nil
    health?.stop()
    health = nil
    set(.failed(error))
    core.loop.scheduleTask(in: TimeAmount(backoff.next())) { [weak self] in
      guard let self, case .failed = state else { return }
      set(.idle)
      connectIfIdle()
    }
  }

  private func set(_ state: State) {
    self.state = state
    if !isRetired { core?.changed(self) }
  }

  /// The endpoint no longer belongs to the target: calls in progress are finished, no others made.
  func retire() {
    isRetired = true
    health?.stop()
    connection?.drain()
  }

  func close() {
    isRetired = true
    state = .idle
    health?.stop()
    let connection = self.connection
    // First: what the connection reports from here on concerns nobody.
    self.connection = nil
    connection?.close()
  }
}
