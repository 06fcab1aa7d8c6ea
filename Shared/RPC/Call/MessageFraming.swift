package import NIOCore

// Length-prefixed messages: one flag byte (1 = compressed), the length as four bytes big-endian,
// then the message (grpc/grpc doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message").

extension Message {
  /// The message with its prefix, ready for DATA frames.
  package func framed() throws -> ByteBuffer {
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
    output.storage.setInteger(length, at: output.storage.readerIndex + 1)
    return output.storage
  }

  package init(received bytes: ByteBuffer) throws {
    self = try bytes.withUnsafeReadableBytes { try Self(parsing: $0) }
  }
}

/// Cuts a stream of bytes into messages. Holds at most one incomplete message.
package struct MessageDeframer {
  package static let prefixLength = 5

  /// The longest message accepted, in bytes.
  package let limit: Int
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
  /// stored, and for a compressed one.
  package mutating func next() throws(RPCError) -> ByteBuffer? {
    guard let flag = partial.getInteger(at: partial.readerIndex, as: UInt8.self) else { return nil }
    guard flag == 0 else {
      throw RPCError(
        code: flag == 1 ? .unimplemented : .internalError,
        message: flag == 1
          ? "compressed messages are not supported: send grpc-encoding identity"
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
      return message
    }
    partial.moveReaderIndex(forwardBy: MessageDeframer.prefixLength)
    // A copy: a slice would keep the whole buffer alive and force the next append to copy it all.
    let message = partial.withUnsafeReadableBytes {
      ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: $0[..<Int(length)]))
    }
    partial.moveReaderIndex(forwardBy: Int(length))
    partial.discardReadBytes()
    return message
  }
}
