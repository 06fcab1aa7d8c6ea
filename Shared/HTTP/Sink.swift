import Foundation

/// Where a transfer's body goes. Called on the client's thread while the transfer runs, by the caller
/// before and after.
protocol Sink: AnyObject {
  /// The head of the final response is there. Throwing ends the transfer.
  func begin(_ head: Transfer.Head) throws(HTTPError)
  func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPError)
}

final class MemorySink: Sink {
  private let limit: Int
  private(set) var bytes: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  func begin(_ head: Transfer.Head) throws(HTTPError) {
    bytes.removeAll()
  }

  func write(_ chunk: UnsafeRawBufferPointer) throws(HTTPError) {
    guard bytes.count + chunk.count <= limit else {
      throw HTTPError(.tooLarge, "sent more than the \(limit) bytes allowed")
    }
    bytes.append(contentsOf: chunk)
  }
}

/// A download that is not complete: the bytes so far, and which version of the file they are of.
struct PartialFile: Sendable {
  let file: URL
  var bytes: URL { file.appendingPathExtension("part") }
  var version: URL { file.appendingPathExtension("part-version") }

  init(of file: URL) { self.file = file }

  var validator: String? {
    guard let text = try? String(contentsOf: version, encoding: .utf8), !text.isEmpty,
      text.utf8.count < 1000
    else { return nil }
    return text
  }

  /// The bytes that may be kept: those whose version is known.
  var resumableSize: Int64 {
    guard validator != nil else { return 0 }
    let attributes = try? FileManager.default.attributesOfItem(atPath: bytes.path)
    return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
  }

  func remove() throws(HTTPError) {
    for url in [bytes, version] where FileManager.default.fileExists(atPath: url.path) {
      do { try FileManager.default.removeItem(at: url) } catch {
        throw HTTPError(.file, "cannot remove \(url.path): \(error.localizedDescription)")
      }
    }
  }

  /// Remembers the response's validator. A weak one cannot vouch for bytes (RFC 9110, 13.1.5).
  func remember(_ headers: HTTPHeaders) throws(HTTPError) {
    let tag = headers["ETag"].flatMap { $0.hasPrefix("W/") ? nil : $0 }
    do {
      try Data((tag ?? headers["Last-Modified"] ?? "").utf8).write(to: version)
    } catch {
      throw HTTPError(.file, "cannot write \(version.path): \(error.localizedDescription)")
    }
  }

  /// Gives the file its name; returns its size.
  func complete() throws(HTTPError) -> Int64 {
    let size = (try? FileManager.default.attributesOfItem(atPath: bytes.path))?[.size]
    guard rename(bytes.path, file.path) == 0 else {
      throw HTTPError(.file, "cannot create \(file.path): \(String(cString: strerror(errno)))")
    }
    try? FileManager.default.removeItem(at: version)
    return (size as? NSNumber)?.int64Value ?? 0
  }
}

final class FileSink: Sink {
  private let part: PartialFile
  private let limit: Int64
  private let progress: (@Sendable (Int64, Int64?) -> Void)?
  private let descriptor: Int32
  private var accepts = false
  private var received: Int64
  private var total: Int64?

  init(
    _ part: PartialFile, offset: Int64, limit: Int64,
    progress: (@Sendable (Int64, Int64?) -> Void)?
  ) throws(HTTPError) {
    self.part = part
    self.limit = limit
    self.progress = progress
    received = offset
    descriptor = open(part.bytes.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw HTTPError(.file, "cannot write \(part.bytes.path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  func begin(_ head: Transfer.Head) throws(HTTPError) {
    let length = head.headers["Content-Length"].flatMap(Int64.init)
    switch head.status {
    case 206:
      guard head.headers["Content-Range"]?.hasPrefix("bytes \(received)-") == true else {
        throw HTTPError(.malformedResponse, "answered with another range than was asked for")
      }
      accepts = true
    case 200:
      received = 0
      accepts = true
      try part.remember(head.headers)
    default:
      // The body explains the error to a browser; the file keeps what it has.
      accepts = false
      return
    }
    guard ftruncate(descriptor, off_t(received)) == 0,
      lseek(descriptor, off_t(received), SEEK_SET) == off_t(received)
    else { throw failure() }
    total = length.map { received + $0 }
    if let total, total > limit { throw tooLarge() }
    progress?(received, total)
  }

  func write(_ chunk: UnsafeRawBufferPointer) throws(HTTPError) {
    guard accepts else { return }
    guard received + Int64(chunk.count) <= limit else { throw tooLarge() }
    var rest = chunk
    while !rest.isEmpty {
      #if canImport(Glibc)
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      #else
        let count = Darwin.write(descriptor, rest.baseAddress, rest.count)
      #endif
      if count < 0 {
        if errno == EINTR { continue }
        throw failure()
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    received += Int64(chunk.count)
    progress?(received, total)
  }

  /// On disk before it gets its name.
  func finish() throws(HTTPError) {
    guard fsync(descriptor) == 0 else { throw failure() }
  }

  private func failure() -> HTTPError {
    HTTPError(.file, "cannot write \(part.bytes.path): \(String(cString: strerror(errno)))")
  }

  private func tooLarge() -> HTTPError {
    HTTPError(.tooLarge, "sent more than the \(limit) bytes allowed")
  }
}
