import CNghttp2

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Makes header lists of the fields nghttp2 reports.
///
/// A client's lists repeat each other: as long as the fields are those of the list before, nothing
/// is made, and of a list that is the same to its end the delegate gets the very array it got before.
struct HTTP2HeaderReader {
  /// The latest list, and its bytes one after the other.
  private var latest: [HTTP2Header] = []
  private var latestBytes: [UInt8] = []
  private var latestPlaces: [(start: Int, name: Int, value: Int)] = []

  /// How many fields of the list in progress are those of the latest, while all are; then nil.
  private var same: Int?
  private var fields: [HTTP2Header] = []
  /// As RFC 9113 section 6.5.2 counts: the fields' bytes and 32 for each.
  private var size = 0

  /// The longest list kept for the next, in bytes.
  private static let latestLimit = 2048

  mutating func begin() {
    same = 0
    size = 0
    fields = []
  }

  /// Takes one field, in copy; returns the size of the list so far. Above `limit` none are kept.
  mutating func add(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, limit: Int
  ) -> Int {
    size += name.count + value.count + 32
    if size > limit {
      same = nil
      fields = []
      return size
    }
    let index = same ?? fields.count
    let isKnown = isLatest(index, name, value)
    if same != nil {
      if isKnown {
        same = index + 1
        return size
      }
      // The lists part here.
      same = nil
      fields.reserveCapacity(16)
      fields += latest[..<index]
    }
    // Sharing a string is cheaper than making it.
    fields.append(
      isKnown
        ? latest[index]
        : HTTP2Header(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    )
    return size
  }

  /// The whole list, empty if it is over the limit, and its size.
  mutating func end() -> (fields: [HTTP2Header], size: Int) {
    if let same {
      return (same == latest.count ? latest : Array(latest[..<same]), size)
    }
    let result = fields
    fields = []
    if size <= HTTP2HeaderReader.latestLimit, !result.isEmpty { keep(result) }
    return (result, size)
  }

  /// Whether the latest list has this field at `index`.
  private func isLatest(
    _ index: Int, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard index < latestPlaces.count else { return false }
    let place = latestPlaces[index]
    guard place.name == name.count, place.value == value.count else { return false }
    return latestBytes.withUnsafeBufferPointer { latest in
      func holds(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
        bytes.isEmpty || memcmp(latest.baseAddress! + offset, bytes.baseAddress!, bytes.count) == 0
      }
      return holds(value, at: place.start + place.name) && holds(name, at: place.start)
    }
  }

  private mutating func keep(_ list: [HTTP2Header]) {
    latest = list
    latestBytes.removeAll(keepingCapacity: true)
    latestPlaces.removeAll(keepingCapacity: true)
    for field in list {
      latestPlaces.append((latestBytes.count, field.name.utf8.count, field.value.utf8.count))
      latestBytes += field.name.utf8
      latestBytes += field.value.utf8
    }
  }
}

/// A header list as nghttp2 takes it. Lists to be sent repeat each other too: the same one twice is
/// copied once.
final class HTTP2HeaderBlock {
  private var headers: [HTTP2Header] = []
  private var bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)
  private var list = UnsafeMutableBufferPointer<nghttp2_nv>.allocate(capacity: 16)

  deinit {
    bytes.deallocate()
    list.deallocate()
  }

  /// nghttp2 copies the bytes before the call that takes them returns.
  func with<Result>(
    _ headers: [HTTP2Header], _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result
  ) -> Result {
    if headers != self.headers { fill(headers) }
    return body(list.baseAddress, headers.count)
  }

  private func fill(_ headers: [HTTP2Header]) {
    self.headers = headers
    let total = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    if total > bytes.count {
      bytes.deallocate()
      bytes = .allocate(capacity: 2 * total)
    }
    if headers.count > list.count {
      list.deallocate()
      list = .allocate(capacity: 2 * headers.count)
    }
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
    for (index, header) in headers.enumerated() {
      let (name, nameCount) = copy(header.name)
      let (value, valueCount) = copy(header.value)
      // Credentials stay out of the compression tables of proxies on the way.
      let flags = header.name == "authorization" ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
      list[index] = nghttp2_nv(
        name: name, value: value, namelen: nameCount, valuelen: valueCount,
        flags: UInt8(flags.rawValue))
    }
  }
}
