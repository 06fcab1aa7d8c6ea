import NIOCore

/// Framed messages a call has to send and the connection has not taken, and how they end.
///
/// Confined to `loop`, but for ``write(_:)``, which any task may call. Writers wait above
/// ``highWater`` buffered bytes until the connection has taken enough to fall below half of it.
package final class MessageOutbox: @unchecked Sendable {
  static let highWater = 64 * 1024

  let loop: any EventLoop
  let state: CallState
  private var messages = ShortQueue<ByteBuffer>()
  private var buffered = 0
  /// Messages queued so far, and their bytes.
  private(set) var queued = 0
  private(set) var queuedBytes = 0
  private var writers = ShortQueue<ParkedTask<Void>>()
  private var failure: (any Error)?
  private var written = Patience()
  private(set) var isFinished = false

  /// Who takes what there is. Cleared when the stream is gone.
  var stream: (any CallStream)?

  /// Everything queued so far, while the call may have to be sent again.
  private var replay: ShortQueue<ByteBuffer>?
  private var replayBytes = 0
  private let replayLimit: Int
  private let replayMemory: ReplayMemory?

  /// Keeps what it is given to send it again, up to `replayLimit` bytes and as long as `replayMemory` lasts.
  init(
    loop: any EventLoop, _ state: CallState, replayLimit: Int = 0,
    replayMemory: ReplayMemory? = nil
  ) {
    self.loop = loop
    self.state = state
    self.replayLimit = replayLimit
    self.replayMemory = replayMemory
    replay = replayMemory == nil ? nil : ShortQueue()
  }

  // MARK: The writer's side

  /// Queues one framed message, then waits while too much is buffered.
  func write(_ message: ByteBuffer) async throws {
    let queued = loop.inEventLoop
    if queued {
      try enqueue(message)
      if written.isAtEnd { await Task.yield() }
      if loop.inEventLoop, buffered <= MessageOutbox.highWater { return }
    }
    let parked = ParkedTask<Void>()
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation {
        (continuation: UnsafeContinuation<Void, any Error>) in
        loop.now {
          do {
            if !queued { try self.enqueue(message) }
          } catch {
            return continuation.resume(throwing: error)
          }
          self.park(parked, continuation)
        }
      }
    } onCancel: {
      loop.now { parked.cancel() }
    }
  }

  private func park(_ parked: ParkedTask<Void>, _ continuation: UnsafeContinuation<Void, any Error>)
  {
    if let failure { return continuation.resume(throwing: failure) }
    if buffered <= MessageOutbox.highWater { return continuation.resume() }
    writers.append(parked)
    parked.park(continuation)
  }

  // MARK: The call's side

  /// Queues one framed message without waiting. Throws when the call has ended.
  func enqueue(_ message: ByteBuffer) throws {
    if let failure { throw failure }
    guard !isFinished else {
      throw RPCError(code: .internalError, message: "a message was written after the last")
    }
    messages.append(message)
    queued += 1
    queuedBytes += message.readableBytes
    buffered += message.readableBytes
    keep(message)
    stream?.wake()
  }

  private func keep(_ message: ByteBuffer) {
    guard replay != nil, let replayMemory else { return }
    let count = message.readableBytes
    guard replayBytes + count <= replayLimit, replayMemory.take(count) else { return stopKeeping() }
    replay?.append(message)
    replayBytes += count
  }

  /// Nothing follows what is queued.
  func finish() {
    guard !isFinished else { return }
    isFinished = true
    stream?.wake()
  }

  /// The call is over: what is queued is dropped, writers get `error`.
  func fail(_ error: any Error) {
    guard failure == nil else { return }
    failure = error
    isFinished = true
    stopKeeping()
    messages.removeAll()
    buffered = 0
    resumeWriters(with: .failure(error))
  }

  /// The call will not be sent again.
  func stopKeeping() {
    guard replay != nil else { return }
    replay = nil
    replayMemory?.giveBack(replayBytes)
    replayBytes = 0
  }

  /// Whether everything that was sent is still there.
  var canRewind: Bool { replay != nil }

  /// Queues again what was sent, if ``canRewind``.
  func rewind() {
    guard canRewind, let replay else { return }
    messages = replay
    buffered = replayBytes
  }

  // MARK: The connection's side

  var isEmpty: Bool { messages.isEmpty }

  /// Whether everything is taken and nothing follows.
  var isSent: Bool { isFinished && messages.isEmpty }

  /// Moves up to `space.count` bytes into `space`; returns how many.
  func read(into space: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    while filled < space.count, !messages.isEmpty {
      let count = messages.first!.readWithUnsafeReadableBytes { bytes in
        let count = min(bytes.count, space.count - filled)
        UnsafeMutableRawBufferPointer(rebasing: space[filled..<(filled + count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        return count
      }
      filled += count
      if messages.first!.readableBytes == 0 { _ = messages.popFirst() }
    }
    buffered -= filled
    if buffered <= MessageOutbox.highWater / 2, !writers.isEmpty {
      resumeWriters(with: .success(()))
    }
    return filled
  }

  private func resumeWriters(with result: Result<Void, any Error>) {
    while let writer = writers.popFirst() { writer.resume(with: result) }
  }
}

/// The bytes that the calls of one channel may keep to send them again. Confined to the channel's loop.
final class ReplayMemory {
  private var left: Int

  init(limit: Int) { left = limit }

  /// Whether there is room for `count` bytes more, which are the caller's then.
  func take(_ count: Int) -> Bool {
    guard count <= left else { return false }
    left -= count
    return true
  }

  func giveBack(_ count: Int) { left += count }
}
