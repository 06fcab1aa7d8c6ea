import NIOCore

/// Messages a call has received and its reader has not taken, with the flow control they hold.
///
/// Confined to `loop`, but for ``next()``, which any task may call. Bytes of complete messages are
/// given back to the peer's window only when the reader has taken every message: a slow reader
/// stops the sender after one window. For the same reason a compressed message is inflated only
/// when it is taken.
package final class MessageInbox: @unchecked Sendable {
  let loop: any EventLoop

  private var deframer: MessageDeframer
  private var messages = ShortQueue<ReceivedMessage>()
  private var end: Result<Void, any Error>?
  private var reader: ParkedTask<ByteBuffer?>?
  private var taken = Patience()

  /// Bytes received and not yet given back to the stream's window.
  private var held = 0

  /// Whether the peer has sent everything: no window matters any more.
  private var isComplete = false

  /// Where bytes are given back. Cleared when the stream is gone.
  var stream: (any CallStream)?

  /// Whether the message taken last came compressed. Of the reading task, between two reads.
  private(set) var isLastCompressed = false

  /// Whether the peer may send one message only.
  private let expectsOne: Bool
  private(set) var received = 0

  init(
    loop: any EventLoop, messageLimit: Int, expectsOne: Bool, compression: Compression = .identity
  ) {
    self.loop = loop
    self.expectsOne = expectsOne
    deframer = MessageDeframer(limit: messageLimit)
    deframer.compression = compression
  }

  // MARK: The connection's side

  var isEnded: Bool { end != nil }

  /// What compressed messages are compressed with, once the peer has said so.
  var compression: Compression {
    get { deframer.compression }
    set { deframer.compression = newValue }
  }

  /// Takes bytes of a DATA frame. Throws what ``MessageDeframer/next()`` throws.
  func receive(_ bytes: UnsafeRawBufferPointer) throws(RPCError) {
    held += bytes.count
    guard end == nil else { return giveBack() }
    deframer.append(bytes)
    while let message = try deframer.next() {
      received += 1
      if expectsOne, received > 1 { throw MessageInbox.notOne(received) }
      messages.append(message)
    }
    serve()
  }

  /// The peer has sent everything. What has arrived can still be read.
  func finish() {
    isComplete = true
    guard end == nil else { return }
    if deframer.holdsPartialMessage {
      end = .failure(
        RPCError(code: .internalError, message: "the stream ended in the middle of a message"))
    } else {
      end = .success(())
    }
    serve()
  }

  /// The call is over: unread messages are dropped and the reader gets `error`.
  func fail(_ error: any Error) {
    if case .failure = end { return }
    end = .failure(error)
    messages.removeAll()
    serve()
  }

  /// Like ``fail(_:)``, but what has arrived can still be read first.
  func finish(throwing error: any Error) {
    guard end == nil else { return }
    end = .failure(error)
    serve()
  }

  /// Throws unless exactly one message has come. To be asked after the end.
  func checkOnly() throws(RPCError) {
    if case .failure(let error as RPCError) = end { throw error }
    if received != 1 { throw MessageInbox.notOne(received) }
  }

  /// The one message, after ``checkOnly()``.
  func takeOnly() throws -> ByteBuffer {
    try checkOnly()
    guard let message = messages.popFirst() else { throw MessageInbox.notOne(0) }
    return try message.decompressed(deframer.compression, limit: deframer.limit)
  }

  private static func notOne(_ count: Int) -> RPCError {
    RPCError(
      code: .internalError,
      message: count == 0
        ? "expected one message, received none" : "expected one message, received more")
  }

  private func serve() {
    if let reader, let next = take() {
      self.reader = nil
      reader.resume(with: next)
    }
    if messages.isEmpty { giveBack() }
  }

  private func take() -> Result<ByteBuffer?, any Error>? {
    if let message = messages.popFirst() {
      isLastCompressed = message.isCompressed
      if messages.isEmpty { giveBack() }
      do throws(RPCError) {
        return .success(try message.decompressed(deframer.compression, limit: deframer.limit))
      } catch {
        // What follows a message that is lost has no meaning any more.
        end = .failure(error)
        messages.removeAll()
        giveBack()
        return .failure(error)
      }
    }
    return end?.map { nil }
  }

  private func giveBack() {
    guard held > 0, !isComplete else { return }
    let count = held
    held = 0
    stream?.taken(count)
  }

  // MARK: The reader's side

  /// The next message, or nil after the last. One task reads at a time.
  func next() async throws -> ByteBuffer? {
    if loop.inEventLoop {
      if taken.isAtEnd { await Task.yield() }
      if loop.inEventLoop, let next = take() { return try next.get() }
    }
    let parked = ParkedTask<ByteBuffer?>()
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        loop.now { self.park(parked, continuation) }
      }
    } onCancel: {
      loop.now { parked.cancel() }
    }
  }

  private func park(
    _ parked: ParkedTask<ByteBuffer?>, _ continuation: UnsafeContinuation<ByteBuffer?, any Error>
  ) {
    if let next = take() { return continuation.resume(with: next) }
    guard reader == nil || reader!.isDone else {
      return continuation.resume(
        throwing: RPCError(
          code: .internalError, message: "two tasks read the messages of one call at once"))
    }
    reader = parked
    parked.park(continuation)
  }
}

/// The stream a call is on, as the call's inbox and outbox know it.
protocol CallStream: AnyObject {
  /// The reader has taken messages of `count` bytes: the peer may send as many more.
  func taken(_ count: Int)

  /// The outbox has something to send, or has learnt that nothing follows.
  func wake()
}

/// How often a task on an event loop may go on without letting others have a turn. What a task
/// waits for anyway does not count.
struct Patience {
  private var steps = 0

  /// Counts one step. Every 64th says that it is time to yield.
  var isAtEnd: Bool {
    mutating get {
      steps += 1
      return steps & 63 == 0
    }
  }
}

/// A task that waits for something to happen on an event loop. Confined to that loop.
///
/// Cancelling may come before or after parking; whichever of result and cancellation comes first
/// resumes the task, the other is ignored.
final class ParkedTask<Value: Sendable>: @unchecked Sendable {
  private var continuation: UnsafeContinuation<Value, any Error>?
  private(set) var isDone = false

  func park(_ continuation: UnsafeContinuation<Value, any Error>) {
    if isDone {
      continuation.resume(throwing: CancellationError())
    } else {
      self.continuation = continuation
    }
  }

  func resume(with result: Result<Value, any Error>) {
    guard !isDone else { return }
    isDone = true
    continuation?.resume(with: result)
    continuation = nil
  }

  func cancel() { resume(with: .failure(CancellationError())) }
}

extension EventLoop {
  /// Runs `body` on the loop: at once when already there, else as its next job.
  func now(_ body: @escaping @Sendable () -> Void) {
    if inEventLoop { body() } else { execute(body) }
  }
}
