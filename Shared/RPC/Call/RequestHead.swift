/// What a request's header list says, once it is known to be a gRPC call.
package struct RequestHead {
  package let method: MethodDescriptor
  package let metadata: Metadata
  package let timeout: Duration?
  /// What the request's compressed messages are compressed with.
  package let compression: Compression
  /// What the client can read.
  package let accepted: Set<Compression>

  /// Why a request is not handled.
  package enum Refusal: Error, Equatable {
    /// Not gRPC: an HTTP status and a short text for whoever looks at it.
    case http(status: String, text: String)
    case status(RPCError)
  }

  /// Reads the header list of a request (grpc/grpc `doc/PROTOCOL-HTTP2.md`, "Requests").
  package init(_ fields: [HTTP2Header]) throws(Refusal) {
    guard fields[":method"] == "POST" else {
      throw .http(status: "405", text: "gRPC calls are POST requests\n")
    }
    guard let type = fields["content-type"], RequestHead.isGRPC(contentType: type) else {
      throw .http(status: "415", text: "content-type must be application/grpc\n")
    }
    let path = fields[":path"] ?? ""
    guard let method = MethodDescriptor(path: path) else {
      throw .status(
        RPCError(
          code: .unimplemented, message: "'\(path)' names no method: expected /service/method"))
    }
    let encoding = fields["grpc-encoding"] ?? Compression.identity.name
    guard let compression = Compression(name: encoding) else {
      throw .status(
        RPCError(
          code: .unimplemented,
          message: "grpc-encoding '\(encoding)' is not supported: send one of "
            + Compression.accepted))
    }
    var timeout: Duration?
    if let text = fields["grpc-timeout"] {
      timeout = Timeout.parse(text)
      guard timeout != nil else {
        throw .status(
          RPCError(
            code: .internalError,
            message: "grpc-timeout '\(text)' is malformed: expected up to 8 digits and a unit"))
      }
    }
    self.method = method
    self.timeout = timeout
    self.compression = compression
    accepted = Compression.accepted(by: fields["grpc-accept-encoding"])
    metadata = Metadata(fields: fields)
  }

  package static func isGRPC(contentType: String) -> Bool {
    let prefix = "application/grpc".utf8
    let type = contentType.utf8
    // Upper case is allowed; a field holds no control characters, which 0x20 would make punctuation.
    guard type.count >= prefix.count, zip(type, prefix).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 })
    else { return false }
    let next = type.dropFirst(prefix.count).first
    return next == nil || next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
  }
}

/// What the header list before the first answer says.
struct ResponseHead {
  /// What the compressed messages of the answer are compressed with.
  let compression: Compression
  let metadata: Metadata

  /// The fields a server sends there.
  static let fields = [
    HTTP2Header(":status", "200"), HTTP2Header("content-type", "application/grpc"),
    HTTP2Header("grpc-accept-encoding", Compression.accepted),
  ]
}
