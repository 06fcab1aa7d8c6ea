import CZlib
package import NIOCore
import Synchronization

/// How the messages of one direction of a call are compressed (grpc/grpc `doc/compression.md`).
///
/// A message that would not get smaller is sent as it is, whatever is chosen.
public enum Compression: UInt8, Hashable, Sendable, CaseIterable {
  case identity
  /// RFC 1952.
  case gzip
  /// The zlib format, RFC 1950, as everywhere in HTTP.
  case deflate

  /// The name in `grpc-encoding`.
  package var name: String {
    switch self {
    case .identity: "identity"
    case .gzip: "gzip"
    case .deflate: "deflate"
    }
  }

  package init?(name: String) {
    guard let match = Compression.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  /// What either side can read.
  static let all = Set(allCases)

  /// ``all`` as `grpc-accept-encoding` says it.
  package static let accepted = allCases.map(\.name).joined(separator: ",")

  /// What a peer can read, by its `grpc-accept-encoding`.
  package static func accepted(by field: String?) -> Set<Compression> {
    var accepted: Set<Compression> = [.identity]
    for name in field?.split(separator: ",") ?? [] {
      let name = name.filter { $0 != " " }.lowercased()
      if let compression = Compression(name: name) { accepted.insert(compression) }
    }
    return accepted
  }

  /// zlib's name for the format: 15 bits of window, and 16 more for gzip.
  private var windowBits: Int32 { self == .gzip ? 31 : 15 }

  /// `bytes` compressed into less than their own size, or nil when that cannot be.
  package func compress(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer? {
    guard self != .identity, bytes.count > 1 else { return nil }
    var stream = z_stream()
    guard lauter_deflate_init(&stream, Z_DEFAULT_COMPRESSION, windowBits) == Z_OK else {
      return nil
    }
    defer { deflateEnd(&stream) }
    var output = ByteBuffer()
    var isComplete = false
    // zlib counts in 32 bits; a message of gRPC does too.
    guard let count = UInt32(exactly: bytes.count) else { return nil }
    output.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count - 1) { space in
      stream.next_in = UnsafeMutablePointer(
        mutating: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self))
      stream.avail_in = count
      stream.next_out = space.baseAddress!.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = count - 1
      isComplete = CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END
      return Int(count - 1 - stream.avail_out)
    }
    return isComplete ? output : nil
  }

  /// What `bytes` were before compression.
  ///
  /// Throws an ``RPCError``: RESOURCE_EXHAUSTED as soon as there are more than `limit` bytes, none
  /// of which is inflated further, INTERNAL when `bytes` are not one whole stream of this format.
  package func decompress(
    _ bytes: UnsafeRawBufferPointer, limit: Int
  ) throws(RPCError) -> ByteBuffer {
    var stream = z_stream()
    guard lauter_inflate_init(&stream, windowBits) == Z_OK else {
      throw RPCError(code: .resourceExhausted, message: "no memory to decompress a message")
    }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(
      mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    // Both sizes fit in 32 bits, as everything in a message's prefix does.
    stream.avail_in = UInt32(bytes.count)
    let limit = min(limit, Int(UInt32.max) - 1)
    var output = ByteBuffer()
    while true {
      // One byte over the limit tells a message that fits from one that does not.
      let room = min(max(1024, output.readableBytes, 2 * bytes.count), limit + 1)
      let space = min(room, limit + 1 - output.readableBytes)
      var status = Z_OK
      output.writeWithUnsafeMutableBytes(minimumWritableBytes: space) { target in
        stream.next_out = target.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(space)
        status = inflate(&stream, Z_NO_FLUSH)
        return space - Int(stream.avail_out)
      }
      guard output.readableBytes <= limit else {
        throw RPCError(
          code: .resourceExhausted,
          message: "a compressed message exceeds the limit of \(limit) bytes when inflated")
      }
      switch status {
      case Z_STREAM_END where stream.avail_in == 0: return output
      case Z_OK where stream.avail_out == 0: continue
      default:
        throw RPCError(
          code: .internalError,
          message: "a message of \(bytes.count) bytes is no valid \(name) stream")
      }
    }
  }
}

/// How one side of a call compresses what it sends: to be chosen until the first message is sent.
package struct MessageEncoding: ~Copyable, Sendable {
  private let accepted: Set<Compression>
  private let state: Atomic<UInt8>

  /// Set in `state` once the first message is on its way.
  private static let fixed: UInt8 = 0x80

  /// - Parameter accepted: what the peer can read; anything else is replaced by identity.
  package init(_ initial: Compression, accepted: Set<Compression>) {
    self.accepted = accepted
    let isAccepted = initial == .identity || accepted.contains(initial)
    state = Atomic((isAccepted ? initial : .identity).rawValue)
  }

  package var current: Compression {
    Compression(rawValue: state.load(ordering: .relaxed) & ~MessageEncoding.fixed)!
  }

  /// Has no effect after ``fix()``.
  package func choose(_ compression: Compression) {
    let value = (accepted.contains(compression) ? compression : .identity).rawValue
    var known = state.load(ordering: .relaxed)
    while known & MessageEncoding.fixed == 0 {
      let (exchanged, original) = state.compareExchange(
        expected: known, desired: value, ordering: .relaxed)
      if exchanged { return }
      known = original
    }
  }

  /// The encoding from now on.
  package func fix() -> Compression {
    var known = state.load(ordering: .relaxed)
    if known & MessageEncoding.fixed == 0 {
      known = state.bitwiseOr(MessageEncoding.fixed, ordering: .relaxed).newValue
    }
    return Compression(rawValue: known & ~MessageEncoding.fixed)!
  }
}
