// Metadata as header fields. Byte values travel as base64, without padding when sent, with or
// without when received.

extension Metadata {
  /// gRPC's and HTTP's own fields, which are no metadata.
  private static let reserved: Set<String> = [
    "content-type", "content-length", "te", "grpc-timeout", "grpc-encoding", "grpc-message-type",
    "grpc-accept-encoding", "grpc-status", "grpc-message", "connection", "transfer-encoding",
    "upgrade", "keep-alive", "proxy-connection", "host",
  ]

  /// The metadata among `fields`. Byte values that are no base64 are left out.
  package init(fields: [HTTP2Header]) {
    self.init()
    for field in fields
    where field.name.utf8.first != UInt8(ascii: ":") && !Metadata.reserved.contains(field.name) {
      if field.name.utf8.suffix(4).elementsEqual("-bin".utf8) {
        for part in field.value.split(separator: ",") {
          if let bytes = Base64.decode(part) {
            append(Entry(key: field.name, value: .binary(bytes)))
          }
        }
      } else {
        append(Entry(key: field.name, value: .text(field.value)))
      }
    }
  }

  /// The fields to send. Reserved names are left out, characters no field may hold replaced by `?`, and
  /// spaces around a value are no part of it.
  package var fields: [HTTP2Header] {
    compactMap { entry in
      guard !Metadata.reserved.contains(entry.key), entry.key.utf8.first != UInt8(ascii: ":") else {
        return nil
      }
      switch entry.value {
      case .binary(let bytes): return HTTP2Header(entry.key, Base64.encode(bytes))
      case .text(let text): return HTTP2Header(entry.key, Metadata.fieldValue(text))
      }
    }
  }

  /// Peers refuse a field whose value begins or ends with a space (RFC 9113 section 8.2.1).
  private static func fieldValue(_ text: String) -> String {
    let utf8 = text.utf8
    let space = UInt8(ascii: " ")
    if utf8.allSatisfy({ (0x20...0x7e).contains($0) }), utf8.first != space, utf8.last != space {
      return text
    }
    let scalars = text.unicodeScalars.drop { $0 == " " }
      .map { (0x20...0x7e).contains($0.value) ? $0 : "?" }
    let end = scalars.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0
    return String(String.UnicodeScalarView(scalars[..<end]))
  }
}

/// RFC 4648 section 4.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xff, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  package static func encode(_ bytes: [UInt8]) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(bytes.count * 4 / 3 + 3)
    var index = 0
    while index < bytes.count {
      let rest = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if rest > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if rest > 2 { group |= UInt32(bytes[index + 2]) }
      for position in 0...rest {
        encoded.append(alphabet[Int(group >> (18 - 6 * UInt32(position))) & 63])
      }
      index += 3
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Nil unless `text` is base64, padded or not.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(text.utf8.count * 3 / 4)
    var group: UInt32 = 0
    var bits = 0
    var padding = 0
    var letters = 0
    for letter in text.utf8 {
      if letter == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      let value = values[Int(letter)]
      guard value != 0xff, padding == 0 else { return nil }
      letters += 1
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        decoded.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    guard letters % 4 != 1, padding == 0 || (padding <= 2 && (letters + padding) % 4 == 0) else {
      return nil
    }
    return decoded
  }
}
