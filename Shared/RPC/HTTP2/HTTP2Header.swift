import CNghttp2

/// One field of a header list. Names are lower-case.
package struct HTTP2Header: Hashable, Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [HTTP2Header] {
  package subscript(name: String) -> String? { first { $0.name == name }?.value }
}

/// An error code of RFC 9113 section 7.
package struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let noError = HTTP2ErrorCode(rawValue: 0)
  package static let protocolError = HTTP2ErrorCode(rawValue: 1)
  package static let internalError = HTTP2ErrorCode(rawValue: 2)
  package static let flowControlError = HTTP2ErrorCode(rawValue: 3)
  package static let refusedStream = HTTP2ErrorCode(rawValue: 7)
  package static let cancel = HTTP2ErrorCode(rawValue: 8)
  package static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)
  package static let inadequateSecurity = HTTP2ErrorCode(rawValue: 12)

  package var description: String { String(cString: nghttp2_http2_strerror(rawValue)) }
}

/// Why a session cannot go on.
package struct HTTP2Error: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  init(nghttp2 code: Int32) { description = String(cString: nghttp2_strerror(code)) }
}
