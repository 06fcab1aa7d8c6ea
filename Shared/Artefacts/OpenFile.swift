import Foundation
import RPC

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A file descriptor, closed with its owner. For one task at a time.
final class OpenFile: @unchecked Sendable {
  let path: String
  let descriptor: Int32

  init(_ path: String, _ flags: Int32) throws {
    self.path = path
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure("opened", path) }
  }

  convenience init(reading url: URL) throws {
    try self.init(url.path(percentEncoded: false), O_RDONLY)
  }

  deinit { close(descriptor) }

  static func failure(_ what: String, _ path: String) -> RPCError {
    let isFull = errno == ENOSPC || errno == EDQUOT
    return RPCError(
      code: isFull ? .resourceExhausted : .internalError,
      message: "\(path) cannot be \(what): \(String(cString: strerror(errno)))"
        + (isFull ? "; free some space there and try again" : ""))
  }

  func status() throws -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure("examined", path) }
    return status
  }

  /// The next bytes, at most `count`; none at the end.
  func read(_ count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = try readSome(UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// Everything from here to the end, in pieces of up to a mebibyte.
  func readAll(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while case let count = try readSome(buffer), count > 0 {
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  private func readSome(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      #if canImport(Darwin)
        let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
      #else
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 { return count }
      guard errno == EINTR else { throw Self.failure("read", path) }
    }
  }

  func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { bytes in
      var rest = bytes
      while !rest.isEmpty {
        let count = write(descriptor, rest.baseAddress, rest.count)
        guard count >= 0 || errno == EINTR else { throw Self.failure("written", path) }
        if count > 0 { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
      }
    }
  }

  func rewind() throws {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.failure("read again", path) }
  }

  func truncate() throws {
    guard ftruncate(descriptor, 0) == 0 else { throw Self.failure("emptied", path) }
  }

  func sync() throws {
    guard fsync(descriptor) == 0 else { throw Self.failure("flushed to disk", path) }
  }

  /// Whether this process now holds the file's exclusive lock, which goes with the descriptor.
  func tryLock() throws -> Bool {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    guard errno == EWOULDBLOCK || errno == EINTR else { throw Self.failure("locked", path) }
    return false
  }

  /// Whether `path` still leads to this file.
  func isInPlace() throws -> Bool {
    var there = stat()
    guard lstat(path, &there) == 0 else { return false }
    let here = try status()
    return there.st_ino == here.st_ino && there.st_dev == here.st_dev
  }

  /// Puts the renames made in a folder on disk.
  static func syncFolder(_ path: String) throws {
    try OpenFile(path, O_RDONLY).sync()
  }
}
