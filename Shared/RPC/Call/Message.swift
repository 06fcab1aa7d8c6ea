package import NIOCore

/// What a call carries: a value that can be written to bytes and read back.
///
/// RPC knows nothing of protocol buffers; generated types conform. Both requirements may run on
/// an event loop, so they must not block.
public protocol Message: Sendable {
  /// Reads a value from `bytes`, which are valid only during the call.
  ///
  /// On a server a thrown ``RPCError`` is sent as it is; any other error becomes INVALID_ARGUMENT.
  init(parsing bytes: UnsafeRawBufferPointer) throws

  /// Appends the value's bytes to `output`.
  func serialize(into output: inout MessageBuffer) throws
}

/// Bytes of one message under construction. Append only.
public struct MessageBuffer: Sendable {
  package var storage: ByteBuffer

  /// Bytes that stand before the message in `storage` and are not part of it.
  private let prefix: Int

  /// An empty buffer, for tests and for callers that want a message's bytes outside a call.
  public init() {
    storage = ByteBuffer()
    prefix = 0
  }

  package init(after prefix: ByteBuffer) {
    storage = prefix
    self.prefix = prefix.readableBytes
  }

  /// The number of message bytes appended so far.
  public var count: Int { storage.readableBytes - prefix }

  /// Appends `count` bytes that `write` must fill completely; they are uninitialised before.
  public mutating func append(
    count: Int, _ write: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    try storage.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
      try write(UnsafeMutableRawBufferPointer(rebasing: space[..<count]))
      return count
    }
  }

  /// Appends a copy of `bytes`.
  public mutating func append(_ bytes: some Collection<UInt8>) {
    storage.writeBytes(bytes)
  }

  /// Appends a copy of `bytes`.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    storage.writeBytes(bytes)
  }

  /// The message bytes, valid during `body`.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try storage.withUnsafeReadableBytes { bytes in
      try body(UnsafeRawBufferPointer(rebasing: bytes[prefix...]))
    }
  }
}
