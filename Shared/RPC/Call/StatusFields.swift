// A call's status on the wire: `grpc-status` and `grpc-message`, in trailers or, when there is
// nothing else to say, in the only header list (grpc/grpc doc/PROTOCOL-HTTP2.md, "Responses").

extension RPCError {
  /// The status as header fields, metadata included.
  package var fields: [HTTP2Header] {
    var fields = [HTTP2Header("grpc-status", "\(code.rawValue)")]
    if !message.isEmpty {
      fields.append(HTTP2Header("grpc-message", StatusMessage.encode(message)))
    }
    guard !details.isEmpty else { return fields + metadata.fields }
    fields.append(HTTP2Header(RPCError.detailsKey, Base64.encode(serializedStatus)))
    return fields + metadata.fields.filter { $0.name != RPCError.detailsKey }
  }

  /// The status in `fields`: nil for OK, and for a list without status what its HTTP status means.
  package init?(trailers fields: [HTTP2Header]) {
    guard let text = fields["grpc-status"] else {
      if let status = fields[":status"], status != "200" {
        self.init(httpStatus: status)
      } else {
        self.init(code: .unknown, message: "the server ended the call without a grpc-status")
      }
      return
    }
    guard text != "0" else { return nil }
    self.init(
      code: Int(text).flatMap(Code.init(rawValue:)) ?? .unknown,
      message: fields["grpc-message"].map(StatusMessage.decode) ?? "",
      metadata: Metadata(fields: fields))
    if let status = metadata[binary: RPCError.detailsKey].first,
      let details = RPCError.details(inStatus: status)
    {
      self.details = details
      metadata.removeAll(RPCError.detailsKey)
    }
  }

  /// What a peer or proxy that does not speak gRPC means (grpc/grpc
  /// `doc/http-grpc-status-mapping.md`).
  package init(httpStatus: String) {
    let code: Code =
      switch httpStatus {
      case "400": .internalError
      case "401": .unauthenticated
      case "403": .permissionDenied
      case "404": .unimplemented
      case "429", "502", "503", "504": .unavailable
      default: .unknown
      }
    self.init(code: code, message: "the server answered with HTTP status \(httpStatus), not gRPC")
  }
}

/// Percent-encoding of `grpc-message`: bytes outside printable ASCII, and `%`, become `%XX`.
package enum StatusMessage {
  package static func encode(_ message: String) -> String {
    func isPlain(_ byte: UInt8) -> Bool {
      (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "%")
    }
    if message.utf8.allSatisfy(isPlain) { return message }
    var encoded: [UInt8] = []
    encoded.reserveCapacity(message.utf8.count * 2)
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in message.utf8 {
      if isPlain(byte) {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// Never fails: what is not an escape stays as it is, invalid UTF-8 is replaced.
  package static func decode(_ encoded: String) -> String {
    guard encoded.utf8.contains(UInt8(ascii: "%")) else { return encoded }
    let bytes = Array(encoded.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = hexDigit(bytes[index + 1]), let low = hexDigit(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
