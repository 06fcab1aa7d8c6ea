import NIOCore

/// One call a client makes, from waiting for a connection to its status. Confined to the channel's
/// event loop, but where a method says otherwise.
final class ClientCall: HTTP2Body, CallStream, ResponseMetadataSource, @unchecked Sendable {
  let method: MethodDescriptor
  let waitForReady: Bool
  let deadline: ContinuousClock.Instant?
  let inbox: MessageInbox
  let outbox: MessageOutbox

  private let core: ChannelCore
  /// The only connection the call may use, if it may not use any.
  private let pinned: ClientConnection?
  private let metadata: Metadata
  private let response: OutgoingCall.Response
  private var state = State.created
  private var deadlineTimer: Scheduled<Void>?
  private var metrics: CallMetrics?
  private var began = NIODeadline.now()
  private var sentBytes = 0
  private var receivedBytes = 0
  private var retries: RetryState
  private var refusals = 0

  private var completion: ParkedTask<ByteBuffer>?
  private var initialMetadataWaiters: [ParkedTask<Metadata>] = []
  private var initial: Metadata?
  private var trailing: Metadata = [:]
  private var ownFailure: (any Error)?

  private enum State {
    case created
    /// Until the channel has a connection.
    case waiting
    /// Until the next attempt.
    case pausing(Scheduled<Void>)
    case open(ClientConnection, HTTP2Session.StreamID)
    case over((any Error)?)
  }

  init(
    _ call: OutgoingCall, core: ChannelCore, expectsOne: Bool,
    connection: ClientConnection? = nil
  ) {
    pinned = connection
    method = call.method
    metadata = call.options.metadata
    response = call.response
    waitForReady = call.options.waitForReady
    let own = call.options.timeout.map { ContinuousClock.now + $0 }
    deadline =
      if let own, let inherited = CallDeadline.current { min(own, inherited) } else {
        own ?? CallDeadline.current
      }
    self.core = core
    inbox = MessageInbox(
      loop: core.loop, messageLimit: core.configuration.maxReceiveMessageSize,
      expectsOne: expectsOne)
    // Whether the server can read it shows only in its answer.
    let state = CallState(
      method: method, deadline: deadline, compression: call.options.compression,
      accepted: Compression.all)
    outbox = MessageOutbox(
      loop: core.loop, state, replayLimit: core.configuration.callRetryBufferSize,
      replayMemory: core.replayMemory)
    retries = RetryState(
      call.options.retryPolicy ?? core.configuration.retryPolicy(call.method))
  }

  // MARK: The caller's side

  /// Starts the call. From any thread.
  func start() { core.loop.now { self.startOnLoop() } }

  /// Starts a call with one request. From any thread.
  func start(_ request: ByteBuffer) {
    core.loop.now {
      // Fails only for a call that was cancelled before it began, which the reader learns.
      try? self.outbox.enqueue(request)
      self.outbox.finish()
      self.startOnLoop()
    }
  }

  private func startOnLoop() {
    guard case .created = state else { return }
    if pinned == nil, let metrics = core.metrics {
      self.metrics = metrics.calls(of: method)
      began = .now()
    }
    if let deadline {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { return exceedDeadline() }
      deadlineTimer = core.loop.scheduleTask(in: TimeAmount(left)) { [weak self] in
        self?.exceedDeadline()
      }
    }
    submit()
  }

  private func exceedDeadline() {
    let what =
      if case .waiting = state { "found no connection to \(core.target)" } else { "did not finish" }
    end(
      RPCError(code: .deadlineExceeded, message: "\(method) \(what) within the call's deadline"),
      resetting: .cancel)
  }

  /// Ends the call, if it has not ended, with an error of this side. From any thread.
  func cancel(with error: any Error) {
    core.loop.now {
      if !self.isOver { self.ownFailure = error }
      self.end(error, resetting: .cancel)
    }
  }

  /// Nothing follows what is written. From any thread.
  func finishWriting() { core.loop.now { self.outbox.finish() } }

  /// Starts a call with one request and waits for its one answer. From any thread.
  func unary(_ request: ByteBuffer) async throws -> ByteBuffer {
    try await onlyResponse {
      // Fails only for a call that was cancelled before it began, which the wait reports.
      try? self.outbox.enqueue(request)
      self.outbox.finish()
      self.startOnLoop()
    }
  }

  /// Waits for the end of a call with one answer. From any thread.
  func onlyResponse(after prepare: @escaping @Sendable () -> Void = {}) async throws -> ByteBuffer {
    let parked = ParkedTask<ByteBuffer>()
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        core.loop.now {
          parked.park(continuation)
          self.completion = parked
          prepare()
          if case .over(let error) = self.state { self.complete(error) }
        }
      }
    } onCancel: {
      cancel(with: CancellationError())
    }
  }

  /// Whether the call has ended. From any thread.
  func hasEnded() async -> Bool {
    await withUnsafeContinuation { continuation in
      core.loop.now { continuation.resume(returning: self.isOver) }
    }
  }

  /// The error this side ended the call with, if it was this side. From any thread.
  func failureOfCaller() async -> (any Error)? {
    await withUnsafeContinuation { continuation in
      core.loop.now { continuation.resume(returning: self.ownFailure) }
    }
  }

  func initialMetadata() async throws -> Metadata {
    let parked = ParkedTask<Metadata>()
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        core.loop.now {
          parked.park(continuation)
          if let initial = self.initial {
            parked.resume(with: .success(initial))
          } else if case .over(let error) = self.state {
            parked.resume(with: error.map { .failure($0) } ?? .success([:]))
          } else {
            self.initialMetadataWaiters.append(parked)
          }
        }
      }
    } onCancel: {
      core.loop.now { parked.cancel() }
    }
  }

  func trailingMetadata() async throws -> Metadata {
    await withUnsafeContinuation { continuation in
      core.loop.now { continuation.resume(returning: self.trailing) }
    }
  }

  // MARK: The channel's side

  var isOver: Bool { if case .over = state { true } else { false } }

  /// The stream the call is on, if it is on one.
  var streamID: HTTP2Session.StreamID? { if case .open(_, let id) = state { id } else { nil } }

  private var connection: ClientConnection? {
    if case .open(let connection, _) = state { connection } else { nil }
  }

  /// Sends the call over `connection`.
  func open(on connection: ClientConnection) {
    guard case .waiting = state else { return }
    do {
      let id = try connection.pump.session.request(head(to: connection), body: self)
      state = .open(connection, id)
      metrics?.attempts.increment()
      connection.add(self, id)
      inbox.stream = self
      outbox.stream = self
      connection.pump.scheduleFlush()
    } catch {
      // The session is closing or out of stream numbers; another connection will do.
      connection.drain()
      attemptFailed(
        RPCError(code: .unavailable, message: "cannot open a stream: \(error)"), .notSent)
    }
  }

  private func head(to connection: ClientConnection) -> [HTTP2Header] {
    var head = connection.fields(of: method, authority: core.target.description)
    let compression = outbox.state.encoding.fix()
    if compression != .identity { head.append(HTTP2Header("grpc-encoding", compression.name)) }
    if let deadline {
      head.append(
        HTTP2Header("grpc-timeout", Timeout.format(ContinuousClock.now.duration(to: deadline))))
    }
    if retries.previousAttempts > 0 {
      head.append(HTTP2Header("grpc-previous-rpc-attempts", "\(retries.previousAttempts)"))
    }
    guard !metadata.isEmpty else { return head }
    guard let own = metadata["user-agent"],
      let index = head.firstIndex(where: { $0.name == "user-agent" })
    else { return head + metadata.fields }
    // One field, the caller's name before ours.
    head[index] = HTTP2Header("user-agent", "\(own) \(head[index].value)")
    return head + metadata.fields.filter { $0.name != "user-agent" }
  }

  /// There is no connection, and none in sight.
  func fail(_ error: RPCError) { attemptFailed(error, .unknown) }

  // MARK: The connection's side

  func received(_ fields: [HTTP2Header], isOversized: Bool, endsStream: Bool) {
    guard !isOver else { return }
    if isOversized {
      return end(
        RPCError(code: .resourceExhausted, message: "the server's metadata exceeds the limit"),
        resetting: .cancel)
    }
    if endsStream {
      if let known = connection?.latestTrailers, known.fields == fields {
        trailing = known.metadata
        return end(nil, resetting: .noError)
      }
      let status = RPCError(trailers: fields)
      if let status, initial == nil {
        return attemptFailed(status, .unknown, resetting: .noError)
      }
      trailing = status?.metadata ?? Metadata(fields: fields)
      if status == nil { connection?.latestTrailers = (fields, trailing) }
      return end(status, resetting: .noError)
    }
    if let known = connection?.latestHead, known.fields == fields { return begin(known.meaning) }
    if let status = fields[":status"], status.hasPrefix("1") { return }
    guard fields[":status"] == "200" else {
      return attemptFailed(
        RPCError(httpStatus: fields[":status"] ?? "missing"), .unknown, resetting: .cancel)
    }
    outbox.stopKeeping()
    guard RequestHead.isGRPC(contentType: fields["content-type"] ?? "") else {
      return end(
        RPCError(
          code: .unknown,
          message: "the server answered with content-type "
            + "'\(fields["content-type"] ?? "none")', not application/grpc"), resetting: .cancel)
    }
    var compression = Compression.identity
    if let encoding = fields["grpc-encoding"] {
      guard let named = Compression(name: encoding) else {
        return end(
          RPCError(
            code: .internalError,
            message: "the server compresses with '\(encoding)', which the client did not offer"),
          resetting: .cancel)
      }
      compression = named
    }
    let meaning = ResponseHead(compression: compression, metadata: Metadata(fields: fields))
    connection?.latestHead = (fields, meaning)
    begin(meaning)
  }

  /// The server has begun to answer.
  private func begin(_ head: ResponseHead) {
    outbox.stopKeeping()
    inbox.compression = head.compression
    setInitialMetadata(head.metadata)
  }

  private func setInitialMetadata(_ metadata: Metadata) {
    initial = metadata
    if !metadata.isEmpty { response.values.withLock { $0.initial = metadata } }
    for waiter in initialMetadataWaiters { waiter.resume(with: .success(metadata)) }
    initialMetadataWaiters = []
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    guard !isOver else { return }
    receivedBytes += bytes.count
    do throws(RPCError) {
      try inbox.receive(bytes)
    } catch {
      end(error, resetting: .cancel)
    }
  }

  func receivedEnd() {
    end(
      RPCError(code: .unknown, message: "the server ended the call without a status"),
      resetting: .noError)
  }

  func closed(_ code: HTTP2ErrorCode, unseenByPeer: Bool) {
    let status: RPCError.Code =
      switch code {
      case .refusedStream: .unavailable
      case .cancel: .cancelled
      case .enhanceYourCalm: .resourceExhausted
      case .inadequateSecurity: .permissionDenied
      default: .internalError
      }
    let error = RPCError(code: status, message: "the server reset the call (\(code))")
    attemptFailed(error, code == .refusedStream ? .refused : unseenByPeer ? .notSent : .unknown)
  }

  func connectionLost(_ error: RPCError, unseenByPeer: Bool) {
    attemptFailed(error, unseenByPeer ? .notSent : .unknown)
  }

  /// How far a failed attempt came.
  private enum Reach {
    /// Not beyond this process.
    case notSent
    /// The server has not acted on it, it says.
    case refused
    case unknown
  }

  /// Makes another attempt, if that is allowed and may help, or ends the call (gRFC A6).
  private func attemptFailed(
    _ error: RPCError, _ reach: Reach, resetting code: HTTP2ErrorCode? = nil
  ) {
    guard !isOver else { return }
    let canRepeat = initial == nil && outbox.canRewind && pinned == nil
    var pause: Duration?
    if canRepeat, reach == .notSent || reach == .refused && refusals < allowedRefusals {
      if reach == .refused { refusals += 1 }
      pause = .zero
      metrics?.transparentRetries.increment()
    } else if case .retry(let after) = retries.failed(
      error, canRepeat: canRepeat, budget: &core.retryBudget)
    {
      pause = after
      metrics?.retries.increment()
    }
    guard let pause else {
      trailing = error.metadata
      return end(error, resetting: code)
    }
    leaveStream(resetting: code)
    outbox.rewind()
    if pause == .zero { return submit() }
    state = .pausing(
      core.loop.scheduleTask(in: TimeAmount(pause)) { [weak self] in self?.submit() })
  }

  /// The specification allows one refusal; but where connections have a maximum age, a call may be
  /// refused by one that ends and then by the next.
  private var allowedRefusals: Int {
    if case .open(let connection, _) = state, connection.isGoingAway { 5 } else { 1 }
  }

  private func submit() {
    state = .waiting
    if let pinned { open(on: pinned) } else { core.submit(self) }
  }

  private func leaveStream(resetting code: HTTP2ErrorCode?) {
    inbox.stream = nil
    outbox.stream = nil
    guard case .open(let connection, let id) = state else { return }
    // After complete trailers a reset only stops what was still to be sent.
    connection.remove(id, resetting: code == .noError && outbox.isSent ? nil : code)
  }

  /// The one way out, at most once: `error` is the call's outcome, nil for status OK.
  private func end(_ error: (any Error)?, resetting code: HTTP2ErrorCode?) {
    guard !isOver else { return }
    leaveStream(resetting: code)
    if case .pausing(let timer) = state { timer.cancel() }
    state = .over(error)
    deadlineTimer?.cancel()
    core.forget(self)
    let code = error.map { ($0 as? RPCError)?.code ?? .cancelled }
    metrics?.ended(
      code, after: .nanoseconds((NIODeadline.now() - began).nanoseconds), sent: sentBytes,
      received: receivedBytes)
    if !trailing.isEmpty { response.values.withLock { $0.trailing = trailing } }
    if let error {
      if error is RPCError { inbox.finish(throwing: error) } else { inbox.fail(error) }
    } else {
      core.retryBudget.succeeded()
      inbox.finish()
    }
    outbox.fail(error ?? RPCError(code: .cancelled, message: "the server has ended the call"))
    for waiter in initialMetadataWaiters {
      waiter.resume(with: error.map { .failure($0) } ?? .success([:]))
    }
    initialMetadataWaiters = []
    complete(error)
  }

  private func complete(_ error: (any Error)?) {
    guard let completion else { return }
    self.completion = nil
    completion.resume(with: Result { if let error { throw error } else { try inbox.takeOnly() } })
  }

  func taken(_ count: Int) {
    guard case .open(let connection, let id) = state else { return }
    connection.pump.session.consume(id, count)
    connection.pump.scheduleFlush()
  }

  func wake() {
    guard case .open(let connection, let id) = state else { return }
    connection.pump.session.resume(id)
    connection.pump.scheduleFlush()
  }

  func read(into space: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = outbox.read(into: space)
    sentBytes += count
    return outbox.isSent ? .last(count, trailers: nil) : .bytes(count)
  }
}
