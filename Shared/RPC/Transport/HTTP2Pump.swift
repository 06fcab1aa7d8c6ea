import NIOCore

/// Moves bytes between a session and its channel. Confined to the channel's event loop.
///
/// Output is collected: whatever several calls have to say in one turn of the loop leaves in one
/// write. Nothing is taken from the session while the socket is not writable, so the session's
/// back-pressure reaches the writers.
final class HTTP2Pump: @unchecked Sendable {
  let session: HTTP2Session
  private var context: ChannelHandlerContext?
  private var isFlushScheduled = false
  private var isReading = false
  private var isFinishing = false
  private var closeTimer: Scheduled<Void>?
  /// Where output is collected, shared by the connections of the loop.
  private var collector: OutputCollector?
  /// Collected and not yet written.
  private var output: ByteBuffer?

  /// Bytes collected before they are handed to the socket.
  private static let writeSize = 64 * 1024

  /// How long a peer may take to read the last of what was said, and to close its side after that.
  private static let patience = TimeAmount.seconds(30)
  private static let goodbye = TimeAmount.seconds(1)

  init(session: HTTP2Session) { self.session = session }

  var isOpen: Bool { context != nil && !isFinishing }
  var loop: (any EventLoop)? { context?.eventLoop }

  func open(_ context: ChannelHandlerContext) {
    self.context = context
    collector = LoopExecutor.on(context.eventLoop).output
  }

  /// Closes at once; what has not been sent is lost.
  func close() {
    closeTimer?.cancel()
    closeTimer = nil
    let context = self.context
    self.context = nil
    context?.close(promise: nil)
  }

  /// Closes after what the session has said so far has reached the peer.
  ///
  /// Only this side is closed at first: a socket closed while the peer still sends is reset, and
  /// a reset takes away from the peer what it has not yet read, answers included.
  ///
  /// - Parameter reading: Whether to read, and throw away, what the peer sends until it closes. Of a
  ///   flood even that is work; left unread, it stops in the buffers of the kernel.
  func finish(reading: Bool = true) {
    guard let context else { return }
    if !reading { _ = context.channel.setOption(.autoRead, value: false) }
    guard !isFinishing else { return }
    isFinishing = true
    let loop = context.eventLoop
    closeTimer = loop.scheduleTask(in: HTTP2Pump.patience) { self.close() }
    let said = loop.makePromise(of: Void.self)
    said.futureResult.whenComplete { result in
      guard self.context != nil else { return }
      // Within a process there is one direction only, and nothing to lose.
      guard case .success = result else { return self.close() }
      self.closeTimer?.cancel()
      self.closeTimer = loop.scheduleTask(in: HTTP2Pump.goodbye) { self.close() }
    }
    // Waits for what is written already.
    context.close(mode: .output, promise: said)
  }

  /// Hands bytes to the session; throws when the connection is beyond repair.
  func receive(_ bytes: ByteBuffer) throws(HTTP2Error) {
    guard isOpen else { return }
    isReading = true
    let result: Result<Void, HTTP2Error> = bytes.withUnsafeReadableBytes { bytes in
      do throws(HTTP2Error) {
        return .success(try session.receive(bytes, pause: collect))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  func receiveCompleted() {
    isReading = false
    flush()
  }

  /// Sends what the session has to say at the end of this turn of the loop.
  func scheduleFlush() {
    guard !isFlushScheduled, !isReading, let context else { return }
    isFlushScheduled = true
    context.eventLoop.execute { self.flush() }
  }

  func flush() {
    isFlushScheduled = false
    guard isOpen, let context else { return }
    collect()
    if let output {
      self.output = nil
      if output.readableBytes > 0 { context.writeAndFlush(NIOAny(output), promise: nil) }
      collector?.giveBack(output)
    }
    if session.isDone { finish(reading: !session.isCutOff) }
  }

  /// Takes what the session has to say, as much as the socket may want; the next flush sends it.
  private func collect() {
    guard isOpen, let context, let collector, context.channel.isWritable else { return }
    var output = self.output ?? collector.take()
    self.output = nil
    do {
      while try session.send({ bytes in _ = output.writeBytes(bytes) }) != nil {
        guard output.readableBytes >= HTTP2Pump.writeSize else { continue }
        context.writeAndFlush(NIOAny(output), promise: nil)
        output.clear()
        guard context.channel.isWritable else { break }
      }
    } catch {
      return close()
    }
    self.output = output
  }
}

/// The memory in which the connections of one event loop collect output, one at a time. Most of what
/// they say is with the kernel when the next one begins, and the memory is free again.
final class OutputCollector {
  private var buffer: ByteBuffer?

  /// An empty buffer, to be given back.
  func take() -> ByteBuffer {
    guard var taken = buffer else { return ByteBuffer() }
    buffer = nil
    // Makes another one of the same size, should the bytes still wait for their socket.
    taken.clear()
    return taken
  }

  func giveBack(_ buffer: ByteBuffer) { self.buffer = buffer }
}
