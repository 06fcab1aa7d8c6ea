// Rich status: `grpc-status-details-bin` holds a `google.rpc.Status`, whose `details` are
// `google.protobuf.Any` (googleapis `google/rpc/status.proto`). These two messages are all of
// protobuf that this module knows.

extension RPCError {
  /// One typed fact about a failure: any protobuf message, by its type.
  public struct Detail: Hashable, Sendable {
    /// `type.googleapis.com/` and the message's full name.
    public var typeURL: String

    /// The message, serialized.
    public var bytes: [UInt8]

    public init(typeURL: String, bytes: [UInt8]) {
      self.typeURL = typeURL
      self.bytes = bytes
    }
  }

  package static let detailsKey = "grpc-status-details-bin"

  /// The `google.rpc.Status` of this error.
  package var serializedStatus: [UInt8] {
    var status = ProtobufFields()
    status.append(1, number: UInt64(code.rawValue))
    status.append(2, bytes: message.utf8)
    for detail in details {
      var any = ProtobufFields()
      any.append(1, bytes: detail.typeURL.utf8)
      any.append(2, bytes: detail.bytes)
      status.append(3, bytes: any.bytes, evenIfEmpty: true)
    }
    return status.bytes
  }

  /// The details in a `google.rpc.Status`, or nil when `bytes` are none. Its code and message are
  /// those of `grpc-status` and `grpc-message`, which count.
  package static func details(inStatus bytes: [UInt8]) -> [Detail]? {
    guard let fields = ProtobufFields.read(bytes[...]) else { return nil }
    var details: [Detail] = []
    for case (3, .bytes(let bytes)) in fields {
      guard let fields = ProtobufFields.read(bytes) else { return nil }
      var detail = Detail(typeURL: "", bytes: [])
      for field in fields {
        switch field {
        case (1, .bytes(let bytes)): detail.typeURL = String(decoding: bytes, as: UTF8.self)
        case (2, .bytes(let bytes)): detail.bytes = Array(bytes)
        default: break
        }
      }
      details.append(detail)
    }
    return details
  }
}

/// The fields of one protobuf message, written and read without a schema: varints and
/// length-delimited fields (protobuf.dev, "Encoding"); the other wire types are skipped.
package struct ProtobufFields {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Appends a varint field, unless it is zero, which is what absence means.
  package mutating func append(_ field: UInt64, number: UInt64) {
    guard number != 0 else { return }
    append(varint: field << 3)
    append(varint: number)
  }

  /// Appends a string, bytes or message field.
  package mutating func append(
    _ field: UInt64, bytes value: some Collection<UInt8>, evenIfEmpty: Bool = false
  ) {
    guard evenIfEmpty || !value.isEmpty else { return }
    append(varint: field << 3 | 2)
    append(varint: UInt64(value.count))
    bytes += value
  }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  package enum Value {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  /// The fields in `bytes` in their order, or nil when `bytes` are no message.
  package static func read(_ bytes: ArraySlice<UInt8>) -> [(field: UInt64, value: Value)]? {
    var rest = bytes
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 70, by: 7) {
        guard let byte = rest.popFirst() else { return nil }
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    func take(_ count: UInt64) -> ArraySlice<UInt8>? {
      guard count <= rest.count else { return nil }
      defer { rest = rest.dropFirst(Int(count)) }
      return rest.prefix(Int(count))
    }
    var fields: [(UInt64, Value)] = []
    while !rest.isEmpty {
      guard let tag = varint() else { return nil }
      switch tag & 7 {
      case 0:
        guard let number = varint() else { return nil }
        fields.append((tag >> 3, .number(number)))
      case 1: guard take(8) != nil else { return nil }
      case 2:
        guard let count = varint(), let value = take(count) else { return nil }
        fields.append((tag >> 3, .bytes(value)))
      case 5: guard take(4) != nil else { return nil }
      default: return nil
      }
    }
    return fields
  }
}
