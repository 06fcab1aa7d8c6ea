#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads a file descriptor in chunks, for parsers that go byte by byte. Not thread-safe; closes the
/// descriptor only if it opened it.
package final class ByteReader {
  private let descriptor: Int32
  private let owns: Bool
  private var buffer: [UInt8] = []
  private var position = 0
  private var ended = false
  /// How many bytes have been handed out.
  package private(set) var consumed = 0

  package init(descriptor: Int32) {
    self.descriptor = descriptor
    owns = false
  }

  /// - Throws: `Failure` that names the file and the reason.
  package init(path: String, shown: String) throws(Failure) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    owns = true
    guard descriptor >= 0 else {
      throw Failure(
        .badData, "\(shown): \(String(cString: strerror(errno)))",
        hint: errno == ENOENT ? "give the path of a JSONL or CSV file, or '-' for stdin" : nil)
    }
  }

  deinit { if owns { close(descriptor) } }

  /// In bytes, where it is a regular file.
  package var size: Int? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// - Throws: `Failure` when reading fails (a directory, a broken disk).
  package func next() throws(Failure) -> UInt8? {
    if position == buffer.count, try !fill() { return nil }
    defer {
      position += 1
      consumed += 1
    }
    return buffer[position]
  }

  package func peek() throws(Failure) -> UInt8? {
    if position == buffer.count, try !fill() { return nil }
    return buffer[position]
  }

  /// The next bytes, at most 64 KiB, without consuming them; fewer only at the end.
  package func prefix(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    while buffer.count - position < count {
      if try !fill() { break }
    }
    return buffer[position..<min(buffer.count, position + count)]
  }

  package func skip(_ count: Int) {
    position += count
    consumed += count
  }

  /// The bytes up to the next line feed, which is consumed and left out; `nil` at the end.
  package func line() throws(Failure) -> [UInt8]? {
    var line: [UInt8] = []
    var any = false
    while true {
      if position == buffer.count, try !fill() { break }
      any = true
      if let end = buffer[position...].firstIndex(of: 0x0a) {
        line += buffer[position..<end]
        consumed += end + 1 - position
        position = end + 1
        return line
      }
      line += buffer[position...]
      consumed += buffer.count - position
      position = buffer.count
    }
    return any ? line : nil
  }

  private func fill() throws(Failure) -> Bool {
    guard !ended else { return false }
    buffer.removeSubrange(..<position)
    position = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        buffer += chunk[..<count]
        return true
      }
      if count == 0 {
        ended = true
        return false
      }
      guard errno == EINTR else {
        throw Failure(.badData, "the input cannot be read: \(String(cString: strerror(errno)))")
      }
    }
  }
}
