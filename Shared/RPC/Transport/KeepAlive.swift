import NIOCore

/// Notices that a peer is gone although its connection seems open: after a silence it is pinged,
/// and given up when it stays silent. Confined to the connection's event loop.
final class KeepAlive {
  /// What its pings carry.
  static let data: UInt64 = 0x6b65_6570_616c_6976

  private let loop: any EventLoop
  private let interval: TimeAmount
  private let timeout: TimeAmount
  private let isWanted: () -> Bool
  private let ping: () -> Void
  private let lost: () -> Void
  private var timer: Scheduled<Void>?
  private var hasHeard = false
  private var isWaitingForAnswer = false
  /// Tells the timer that counts from those that could no longer be cancelled, being due in the very
  /// turn of the loop in which they were.
  private var timerNumber = 0

  /// - Parameters:
  ///   - interval: the silence after which the peer is pinged.
  ///   - timeout: how long it may then take to say anything.
  ///   - isWanted: whether a silence matters just now.
  ///   - ping: sends a ping with ``data``.
  ///   - lost: called once, when it said nothing.
  init(
    loop: any EventLoop, interval: Duration, timeout: Duration,
    isWanted: @escaping () -> Bool = { true }, ping: @escaping () -> Void,
    lost: @escaping () -> Void
  ) {
    self.isWanted = isWanted
    self.loop = loop
    self.interval = TimeAmount(interval)
    self.timeout = TimeAmount(timeout)
    self.ping = ping
    self.lost = lost
  }

  func start() { schedule(in: interval) { $0.intervalEnded() } }

  /// The peer has said something.
  func heard() {
    hasHeard = true
    if isWaitingForAnswer { listen() }
  }

  func stop() {
    isWaitingForAnswer = false
    timerNumber += 1
    timer?.cancel()
    timer = nil
  }

  private func intervalEnded() {
    if hasHeard || !isWanted() { return listen() }
    isWaitingForAnswer = true
    schedule(in: timeout) { alive in
      // Once more: after a stall of this machine the timer may be due before bytes that came in
      // time are read.
      alive.schedule(in: .milliseconds(100)) { $0.lost() }
    }
    ping()
  }

  private func listen() {
    hasHeard = false
    isWaitingForAnswer = false
    start()
  }

  private func schedule(in time: TimeAmount, _ body: @escaping (KeepAlive) -> Void) {
    timer?.cancel()
    timerNumber += 1
    let number = timerNumber
    let body = NIOLoopBound(body, eventLoop: loop)
    let alive = NIOLoopBound(self, eventLoop: loop)
    timer = loop.scheduleTask(in: time) {
      if alive.value.timerNumber == number { body.value(alive.value) }
    }
  }
}
