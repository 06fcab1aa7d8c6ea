package import NIOCore

// Length-prefixed messages: one flag byte (1 = compressed), the length as four bytes big-endian,
// then the message (grpc/grpc doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message").

extension Message {
  /// The message with its prefix, ready for DATA frames.
  package func framed(_ compression: Compression = .identity) throws -> ByteBuffer {
    var prefix = ByteBuffer()
    prefix.reserveCapacity(256)
    prefix.writeRepeatingByte(0, count: MessageDeframer.prefixLength)
    var output = MessageBuffer(after: prefix)
    try serialize(into: &output)
    guard let length = UInt32(exactly: output.count) else {
      throw RPCError(
        code: .resourceExhausted,
        message: "a message of \(output.count) bytes exceeds gRPC's 4 GiB frame: send it in parts")
    }
    if compression != .identity,
      let compressed = output.withUnsafeBytes({ compression.compress($0) })
    {
      var framed = ByteBuffer()
      framed.reserveCapacity(MessageDeframer.prefixLength + compressed.readableBytes)
      framed.writeInteger(1 as UInt8)
      framed.writeInteger(UInt32(compressed.readableBytes))
      framed.writeImmutableBuffer(compressed)
      return framed
    }
    output.storage.setInteger(length, at: output.storage.readerIndex + 1)
    return output.storage
  }

  package init(received bytes: ByteBuffer) throws {
    self = try bytes.withUnsafeReadableBytes { try Self(parsing: $0) }
  }
}

/// A message as it was received.
package struct ReceivedMessage {
  package let bytes: ByteBuffer
  package let isCompressed: Bool

  /// Throws what ``Compression/decompress(_:limit:)`` throws.
  package func decompressed(
    _ compression: Compression, limit: Int
  ) throws(RPCError) -> ByteBuffer {
    guard isCompressed else { return bytes }
    let result = bytes.withUnsafeReadableBytes { bytes in
      Result { () throws(RPCError) in try compression.decompress(bytes, limit: limit) }
    }
    return try result.get()
  }
}

/// Cuts a stream of bytes into messages. Holds at most one incomplete message.
package struct MessageDeframer {
  package static let prefixLength = 5

  /// The longest message accepted, in bytes.
  package let limit: Int
  /// What a message flagged as compressed is compressed with.
  package var compression = Compression.identity
  private var partial = ByteBuffer()

  package init(limit: Int) { self.limit = limit }

  /// Whether the bytes so far end in the middle of a message.
  package var holdsPartialMessage: Bool { partial.readableBytes > 0 }

  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    partial.writeBytes(bytes)
  }

  /// The next complete message, or nil until more bytes arrive.
  ///
  /// Throws an ``RPCError`` for a message over the limit, judged by its prefix before any of it is
  /// stored, and for a compressed one when no compression was announced.
  package mutating func next() throws(RPCError) -> ReceivedMessage? {
    guard let flag = partial.getInteger(at: partial.readerIndex, as: UInt8.self) else { return nil }
    guard flag <= (compression == .identity ? 0 : 1) else {
      throw RPCError(
        code: .internalError,
        message: flag == 1
          ? "a message is flagged as compressed, but the call has no grpc-encoding"
          : "a message starts with flag byte \(flag): expected 0 or 1")
    }
    guard let length = partial.getInteger(at: partial.readerIndex + 1, as: UInt32.self) else {
      return nil
    }
    guard length <= limit else {
      throw RPCError(
        code: .resourceExhausted,
        message: "a message of \(length) bytes exceeds the limit of \(limit) bytes")
    }
    let total = MessageDeframer.prefixLength + Int(length)
    guard partial.readableBytes >= total else {
      // One growth per message instead of one per DATA frame.
      partial.reserveCapacity(minimumWritableBytes: total - partial.readableBytes)
      return nil
    }
    if partial.readableBytes == total {
      var message = partial
      message.moveReaderIndex(forwardBy: MessageDeframer.prefixLength)
      partial = ByteBuffer()
      return ReceivedMessage(bytes: message, isCompressed: flag == 1)
    }
    partial.moveReaderIndex(forwardBy: MessageDeframer.prefixLength)
    // A copy: a slice would keep the whole buffer alive and force the next append to copy it all.
    let message = partial.withUnsafeReadableBytes {
      ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: $0[..<Int(length)]))
    }
    partial.moveReaderIndex(forwardBy: Int(length))
    partial.discardReadBytes()
    return ReceivedMessage(bytes: message, isCompressed: flag == 1)
  }
}
