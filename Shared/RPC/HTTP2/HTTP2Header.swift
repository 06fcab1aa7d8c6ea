import CNghttp2

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One field of a header list. Names are lower-case.
package struct HTTP2Header: Hashable, Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  func hasBytes(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    func areEqual(_ text: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      guard text.utf8.count == bytes.count else { return false }
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return true }
      return text.utf8.withContiguousStorageIfAvailable {
        memcmp($0.baseAddress!, start, bytes.count) == 0
      } ?? false
    }
    return areEqual(self.name, name) && areEqual(self.value, value)
  }
}

extension [HTTP2Header] {
  package subscript(name: String) -> String? { first { $0.name == name }?.value }

  /// The list as nghttp2 takes it. nghttp2 copies the bytes before the call that takes it returns.
  func withNameValues<Result>(
    _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result
  ) -> Result {
    let total = reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: total + 1) { bytes in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count + 1) { list in
        var next = bytes.baseAddress!
        func copy(_ text: String) -> (UnsafeMutablePointer<UInt8>, Int) {
          var text = text
          let start = next
          let count = text.withUTF8 { source in
            if let from = source.baseAddress { next.update(from: from, count: source.count) }
            return source.count
          }
          next += count
          return (start, count)
        }
        for (index, header) in enumerated() {
          let (name, nameCount) = copy(header.name)
          let (value, valueCount) = copy(header.value)
          // Credentials stay out of the compression tables of proxies on the way.
          let flags =
            header.name == "authorization" ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
          list[index] = nghttp2_nv(
            name: name, value: value, namelen: nameCount, valuelen: valueCount,
            flags: UInt8(flags.rawValue))
        }
        return body(list.baseAddress, count)
      }
    }
  }
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
