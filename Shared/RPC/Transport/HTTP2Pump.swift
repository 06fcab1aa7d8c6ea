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
  private var output = ByteBuffer()

  /// Bytes collected before they are handed to the socket.
  private static let writeSize = 64 * 1024

  init(session: HTTP2Session) { self.session = session }

  var isOpen: Bool { context != nil }
  var loop: (any EventLoop)? { context?.eventLoop }

  func open(_ context: ChannelHandlerContext) { self.context = context }

  func close() {
    let context = self.context
    self.context = nil
    context?.close(promise: nil)
  }

  /// Hands bytes to the session; throws when the connection is beyond repair.
  func receive(_ bytes: ByteBuffer) throws(HTTP2Error) {
    guard context != nil else { return }
    isReading = true
    let result: Result<Void, HTTP2Error> = bytes.withUnsafeReadableBytes { bytes in
      do throws(HTTP2Error) {
        return .success(try session.receive(bytes))
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
    guard let context, context.channel.isWritable else { return }
    var wrote = false
    do {
      while try session.send({ bytes in _ = output.writeBytes(bytes) }) != nil {
        guard output.readableBytes >= HTTP2Pump.writeSize else { continue }
        write(to: context)
        wrote = true
        if !context.channel.isWritable { break }
      }
    } catch {
      return close()
    }
    if output.readableBytes > 0 {
      write(to: context)
      wrote = true
    }
    if wrote { context.flush() }
    if session.isDone { close() }
  }

  private func write(to context: ChannelHandlerContext) {
    context.write(NIOAny(output), promise: nil)
    output.clear()
  }
}

/// Runs tasks on an event loop.
///
/// The global pool would cost two thread switches a call and several times the CPU.
final class LoopExecutor: TaskExecutor {
  let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
