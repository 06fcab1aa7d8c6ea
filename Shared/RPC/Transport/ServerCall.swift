import Logging
import NIOCore

/// One call a server handles: its messages, its task, its deadline. Confined to the connection's
/// event loop, on which the handler's task runs too.
final class ServerCall: HTTP2Body, CallStream, @unchecked Sendable {
  private let id: HTTP2Session.StreamID
  private let method: RoutedMethod
  private var context: CallContext
  private let state: CallState
  private let inbox: MessageInbox
  private let outbox: MessageOutbox
  private let connection: ServerConnection
  private var task: Task<Void, Never>?
  private var deadlineTimer: Scheduled<Void>?

  private let began = NIODeadline.now()
  private var receivedBytes = 0

  private var didSendHead = false
  /// Whether a synchronous handler is at work: what it has written leaves with its status.
  private var isAnswering = false
  /// Whether the outcome is decided; what the handler does after that changes nothing.
  private var isOver = false
  private var trailers: [HTTP2Header] = []
  /// How many of the server's observers have seen the call begin.
  private var observed = 0

  init(
    id: HTTP2Session.StreamID, _ route: Route, connection: ServerConnection
  ) {
    self.id = id
    self.connection = connection
    let head = route.head
    method = route.method
    state = CallState(
      method: method.descriptor, deadline: head.timeout.map { ContinuousClock.now + $0 },
      peer: connection.peer, compression: connection.configuration.compression,
      accepted: head.accepted)
    context = CallContext(state, head.metadata)
    inbox = MessageInbox(
      loop: connection.loop, messageLimit: connection.configuration.maxReceiveMessageSize,
      expectsOne: method.needsWholeRequest, compression: head.compression)
    outbox = MessageOutbox(loop: connection.loop, state)

    method.metrics?.started.increment()
    inbox.stream = self
    outbox.stream = self

    if let timeout = head.timeout {
      deadlineTimer = connection.loop.scheduleTask(in: TimeAmount(timeout)) { [weak self] in
        self?.abort(
          RPCError(
            code: .deadlineExceeded,
            message:
              "\(route.method.descriptor) did not finish within the call's deadline of \(timeout)"))
      }
    }
  }

  // MARK: From the connection

  func begin() {
    do {
      for observer in connection.router.observers {
        observed += 1
        try observer.callBegan(&context)
      }
    } catch {
      return abort(status(for: error))
    }
    if !method.needsWholeRequest { startHandler() }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    receivedBytes += bytes.count
    do throws(RPCError) {
      try inbox.receive(bytes)
    } catch {
      abort(error)
    }
  }

  func receivedEnd() {
    guard !isOver else { return }
    inbox.finish()
    guard method.needsWholeRequest else { return }
    do throws(RPCError) {
      try inbox.checkOnly()
      startHandler()
    } catch {
      abort(error)
    }
  }

  /// The stream is gone: normally because all was said, else because the client is.
  func abandoned(because reason: @autoclosure () -> String) {
    deadlineTimer?.cancel()
    inbox.stream = nil
    outbox.stream = nil
    guard !isOver else { return }
    let error = RPCError(code: .cancelled, message: reason())
    decide(error)
    outbox.fail(error)
    stop(error)
  }

  // MARK: The handler

  private func startHandler() {
    if case .synchronous(let handle) = method.handler, method.interceptors.isEmpty {
      isAnswering = true
      let result = Result { try handle(inbox.takeOnly(), outbox, context) }
      isAnswering = false
      return finish(result)
    }
    connection.handlerStarted()
    task = Task(executorPreference: connection.executor) { [self] in
      let result: Result<Void, any Error>
      do {
        if let deadline = context.deadline {
          try await CallDeadline.$current.withValue(deadline) {
            try await method.run(inbox, outbox, context)
          }
        } else {
          try await method.run(inbox, outbox, context)
        }
        result = .success(())
      } catch {
        result = .failure(error)
      }
      connection.loop.now {
        self.finish(result)
        self.connection.handlerReturned()
      }
    }
  }

  /// The handler has returned or thrown: what it has written is sent, then the status.
  private func finish(_ result: Result<Void, any Error>) {
    guard !isOver else { return }
    switch result {
    case .success:
      decide(nil)
      let trailing = state.values.withLock { $0.trailing }
      trailers = trailing.isEmpty ? ServerCall.ok : ServerCall.ok + trailing.fields
    case .failure(let error):
      let status = self.status(for: error)
      decide(status)
      trailers = fields(of: status)
    }
    outbox.finish()
    stop(ServerCall.ended)
  }

  /// Ends the call whatever its handler is doing; what it has written may be lost.
  func abort(_ error: RPCError) {
    guard !isOver else { return }
    decide(error)
    trailers = fields(of: error)
    outbox.fail(error)
    stop(error)
    wake()
  }

  /// From here on nothing changes the call's status.
  private func decide(_ status: RPCError?) {
    isOver = true
    let duration = Duration.nanoseconds((NIODeadline.now() - began).nanoseconds)
    method.metrics?.ended(
      status?.code, after: duration, sent: (outbox.queued, outbox.queuedBytes),
      received: (inbox.received, receivedBytes))
    for observer in connection.router.observers.prefix(observed).reversed() {
      observer.callEnded(context, status: status, after: duration)
    }
  }

  private static let ok = [HTTP2Header("grpc-status", "0")]

  private static let ended: any Error = RPCError(
    code: .internalError, message: "the call has ended")

  /// Stops whatever still works on the call.
  private func stop(_ error: any Error) {
    deadlineTimer?.cancel()
    inbox.fail(error)
    task?.cancel()
    task = nil
  }

  /// The status with what the handler had to say besides.
  private func fields(of error: RPCError) -> [HTTP2Header] {
    var error = error
    error.metadata.add(contentsOf: state.values.withLock { $0.trailing })
    return error.fields
  }

  /// The one place where a thrown error becomes a status.
  private func status(for error: any Error) -> RPCError {
    switch error {
    case let error as RPCError: return error
    case is CancellationError:
      return RPCError(code: .cancelled, message: "\(method.descriptor) was cancelled")
    default:
      let id = ErrorID()
      connection.logger.error(
        "handler failed",
        metadata: [
          "method": "\(method.descriptor)", "error_id": "\(id)",
          "error": "\(String(reflecting: type(of: error))): \(error)",
        ])
      return RPCError(
        code: .internalError,
        message: "\(method.descriptor) failed; the server's log has the cause under error \(id)")
    }
  }

  // MARK: To the connection

  func taken(_ count: Int) {
    connection.pump.session.consume(id, count)
    connection.pump.scheduleFlush()
  }

  func wake() {
    guard !isAnswering else { return }
    let session = connection.pump.session
    if didSendHead {
      session.resume(id)
    } else {
      didSendHead = true
      let initial = state.values.withLock { $0.initial }
      do {
        if isOver, outbox.isEmpty, initial.isEmpty {
          try session.respond(to: id, ResponseHead.fields + trailers, body: nil)
        } else {
          var head = ResponseHead.fields
          let compression = state.encoding.fix()
          if compression != .identity {
            head.append(HTTP2Header("grpc-encoding", compression.name))
          }
          if !initial.isEmpty { head += initial.fields }
          try session.respond(to: id, head, body: self)
        }
      } catch {
        session.reset(id, .internalError)
      }
    }
    connection.pump.scheduleFlush()
  }

  func read(into space: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = outbox.read(into: space)
    return isOver && outbox.isEmpty ? .last(count, trailers: trailers) : .bytes(count)
  }
}

/// Ties a status the client sees to the line in the server's log that explains it.
private struct ErrorID: CustomStringConvertible {
  let value = UInt64.random(in: .min ... .max)

  var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
