import NIOCore

/// The messages a client sends in one call, as the server's handler reads them.
///
/// Reading a message is what lets the client send more. One task iterates, once.
public struct RequestStream<Element: Message>: AsyncSequence, Sendable {
  public typealias Failure = any Error

  private let source: MessageSource<Element>

  init(_ inbox: MessageInbox, _ inspectors: [MessageInspectors.Inspector]) {
    source = .inbox(inbox, .request, inspectors)
  }

  /// A stream of the given messages, to call a handler without a connection.
  public init(_ messages: some AsyncSequence<Element, any Error> & Sendable) {
    source = .other { AnyMessageIterator(messages) }
  }

  /// A stream of the given messages, to call a handler without a connection.
  public init(_ messages: [Element]) {
    self.init(
      AsyncThrowingStream { continuation in
        for message in messages { continuation.yield(message) }
        continuation.finish()
      })
  }

  /// Whether the message read last came compressed, which handlers have no need to know and
  /// interoperability tests have.
  package var isLastCompressed: Bool { source.isLastCompressed }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: source.makeIterator()) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: MessageSource<Element>.Iterator

    /// Throws an ``RPCError`` when the call ends early, `CancellationError` when the task does.
    public mutating func next() async throws -> Element? {
      try await next(isolation: nil)
    }

    public mutating func next(isolation: isolated (any Actor)?) async throws -> Element? {
      try await base.next(isolation: isolation)
    }
  }
}

/// The messages a server answers in one call, as the client reads them.
///
/// Reading a message is what lets the server send more. One task iterates, once. The stream ends
/// after status OK and throws the ``RPCError`` of any other status.
public struct ResponseStream<Element: Message>: AsyncSequence, Sendable {
  public typealias Failure = any Error

  private let source: MessageSource<Element>
  private let call: (any ResponseMetadataSource)?

  init(
    _ inbox: MessageInbox, _ inspectors: MessageInspectors, call: any ResponseMetadataSource
  ) {
    source = .inbox(inbox, .response, inspectors.responses)
    self.call = call
  }

  /// A stream of the given messages, to stand in for a server in tests.
  public init(_ messages: some AsyncSequence<Element, any Error> & Sendable) {
    source = .other { AnyMessageIterator(messages) }
    call = nil
  }

  /// What the server sent before its first message; waits for it.
  public func initialMetadata() async throws -> Metadata {
    try await call?.initialMetadata() ?? [:]
  }

  /// What the server sent with its status; waits for it, so read the messages first.
  public func trailingMetadata() async throws -> Metadata {
    try await call?.trailingMetadata() ?? [:]
  }

  /// Whether the message read last came compressed, which handlers have no need to know and
  /// interoperability tests have.
  package var isLastCompressed: Bool { source.isLastCompressed }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: source.makeIterator()) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: MessageSource<Element>.Iterator

    /// Throws the call's ``RPCError``, or `CancellationError` when the task is cancelled.
    public mutating func next() async throws -> Element? {
      try await next(isolation: nil)
    }

    public mutating func next(isolation: isolated (any Actor)?) async throws -> Element? {
      try await base.next(isolation: isolation)
    }
  }
}

/// Where a handler writes its answers. Any task may write; messages keep each task's order.
public struct ResponseWriter<Element: Message>: Sendable {
  private let sink: MessageSink<Element>

  init(_ outbox: MessageOutbox) { sink = .outbox(outbox, []) }

  /// A writer that hands each message to `write`, to call a handler without a connection.
  public init(_ write: @escaping @Sendable (Element) async throws -> Void) { sink = .other(write) }

  /// Sends one message; waits while the client is slower than the handler.
  ///
  /// With `compressed` false it is sent as it is, whatever the call's compression.
  ///
  /// Throws an ``RPCError`` when the call has ended, `CancellationError` when the task has.
  public func write(_ message: Element, compressed: Bool = true) async throws {
    try await sink.write(message, compressed: compressed)
  }
}

/// Where a client writes its requests. Any task may write; messages keep each task's order.
public struct RequestWriter<Element: Message>: Sendable {
  private let sink: MessageSink<Element>

  init(_ outbox: MessageOutbox, _ inspectors: MessageInspectors) {
    sink = .outbox(outbox, inspectors.requests)
  }

  /// A writer that hands each message to `write`, to stand in for a server in tests.
  public init(_ write: @escaping @Sendable (Element) async throws -> Void) { sink = .other(write) }

  /// Sends one message; waits while the server is slower than the client.
  ///
  /// With `compressed` false it is sent as it is, whatever the call's compression.
  ///
  /// Throws an ``RPCError`` when the call has ended, `CancellationError` when the task has.
  public func write(_ message: Element, compressed: Bool = true) async throws {
    try await sink.write(message, compressed: compressed)
  }
}

/// Gives a client call's metadata once it has arrived.
package protocol ResponseMetadataSource: Sendable {
  func initialMetadata() async throws -> Metadata
  func trailingMetadata() async throws -> Metadata
}

private enum MessageSink<Element: Message>: Sendable {
  case outbox(MessageOutbox, [MessageInspectors.Inspector])
  case other(@Sendable (Element) async throws -> Void)

  func write(_ message: Element, compressed: Bool) async throws {
    switch self {
    case .outbox(let outbox, let inspectors):
      try inspectors.inspect(message)
      let compression = outbox.state.encoding.fix()
      try await outbox.write(message.framed(compressed ? compression : .identity))
    case .other(let write): try await write(message)
    }
  }
}

private enum MessageSource<Element: Message>: Sendable {
  case inbox(MessageInbox, Origin, [MessageInspectors.Inspector])
  case other(@Sendable () -> AnyMessageIterator<Element>)

  /// Whose mistake a message that cannot be read is.
  enum Origin { case request, response }

  var isLastCompressed: Bool {
    if case .inbox(let inbox, _, _) = self { inbox.isLastCompressed } else { false }
  }

  func makeIterator() -> Iterator {
    switch self {
    case .inbox(let inbox, let origin, let inspectors): .inbox(inbox, origin, inspectors)
    case .other(let make): .other(make())
    }
  }

  enum Iterator {
    case inbox(MessageInbox, Origin, [MessageInspectors.Inspector])
    case other(AnyMessageIterator<Element>)

    mutating func next(isolation: isolated (any Actor)?) async throws -> Element? {
      switch self {
      case .inbox(let inbox, let origin, let inspectors):
        guard let bytes = try await inbox.next() else { return nil }
        let message =
          switch origin {
          case .request: try Element(request: bytes)
          case .response: try Element(response: bytes)
          }
        try inspectors.inspect(message)
        return message
      case .other(let iterator):
        return try await iterator.next(isolation: isolation)
      }
    }
  }
}

/// An async iterator of any type. A class, so that copies advance together.
private final class AnyMessageIterator<Element: Message> {
  private var base: any AsyncIteratorProtocol<Element, any Error>

  init(_ messages: some AsyncSequence<Element, any Error>) { base = messages.makeAsyncIterator() }

  func next(isolation: isolated (any Actor)?) async throws -> Element? {
    try await base.next(isolation: isolation)
  }
}
