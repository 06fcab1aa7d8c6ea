import Artefacts
import Foundation

/// Artefacts on disk: `sha256/ab/abcdef…` below their folder. A file stands under its digest whole or
/// not at all.
///
/// Safe to use from any task; files are read and written on threads of its own.
final class ArtefactFiles: Sendable {
  private let folder: String
  private let threads = Threads("store-artefacts", count: 4)

  /// Creates the folders and removes what uploads left behind when the store last ended.
  ///
  /// - Precondition: no other process uses the folder.
  init(folder: String) throws {
    self.folder = folder
    let manager = FileManager.default
    do {
      if manager.fileExists(atPath: folder + "/uploads") {
        try manager.removeItem(atPath: folder + "/uploads")
      }
      for name in ["uploads", "sha256"] {
        try manager.createDirectory(
          atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      }
    } catch {
      throw StorageError(.failed, "the folder \(folder) cannot be prepared for artefacts")
    }
  }

  private func path(_ digest: Digest) -> (folder: String, file: String) {
    let hex = digest.hex
    let folder = "\(self.folder)/sha256/\(hex.prefix(2))"
    return (folder, "\(folder)/\(hex)")
  }

  private func offLoop<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await threads.run(work)
  }

  // MARK: Uploads

  /// Begins an upload. Nothing is kept of it until `finish`; an upload that is dropped is removed.
  func upload() async throws -> Upload {
    try await offLoop { [folder] in try Upload("\(folder)/uploads/\(UUID().uuidString)") }
  }

  func write(_ chunk: [UInt8], to upload: Upload) async throws {
    try await offLoop { try upload.write(chunk) }
  }

  /// Puts the bytes in their place, on disk when this returns.
  ///
  /// - Parameter expected: what they must be, if the caller knows.
  /// - Throws: `StorageError.Kind.corrupted` if the bytes are others; nothing is kept then.
  func finish(
    _ upload: Upload, expecting expected: Digest?
  ) async throws -> (digest: Digest, sizeBytes: Int64) {
    try await offLoop { [self] in
      let (digest, size) = try upload.seal()
      if let expected, expected != digest {
        throw StorageError(
          .corrupted,
          "\(size) bytes came with the digest \(digest), not \(expected) as announced: send them again"
        )
      }
      let place = path(digest)
      try Self.createFolder(place.folder)
      try upload.move(to: place.file)
      try Self.sync(folder: place.folder)
      return (digest, size)
    }
  }

  private static func createFolder(_ path: String) throws {
    if mkdir(path, 0o755) == 0 {
      try sync(folder: (path as NSString).deletingLastPathComponent)
    } else if errno != EEXIST {
      throw StorageError(errno: errno, "creating", path)
    }
  }

  /// Makes the names in a folder as durable as the files they name.
  private static func sync(folder: String) throws {
    let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StorageError(errno: errno, "opening", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw StorageError(errno: errno, "syncing", folder) }
  }

  // MARK: Downloads

  func open(_ digest: Digest) async throws -> Download {
    let path = path(digest).file
    return try await offLoop { try Download(path) }
  }

  /// - Returns: at most `count` bytes from `offset`; none at the end.
  func read(_ download: Download, at offset: Int64, count: Int) async throws -> [UInt8] {
    try await offLoop { try download.read(at: offset, count: count) }
  }

  /// An artefact open for reading.
  final class Download: Sendable {
    private let path: String
    private let descriptor: Int32

    fileprivate init(_ path: String) throws {
      self.path = path
      descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        let code = errno
        guard code == ENOENT else { throw StorageError(errno: code, "opening", path) }
        throw StorageError(
          .corrupted, "an artefact is missing from the store's data folder: upload it again")
      }
    }

    deinit { close(descriptor) }

    fileprivate func read(at offset: Int64, count: Int) throws -> [UInt8] {
      try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        let got = pread(descriptor, buffer.baseAddress, count, off_t(offset))
        guard got >= 0 else { throw StorageError(errno: errno, "reading", path) }
        filled = got
      }
    }
  }
}

/// Bytes on their way in. Used by one task at a time, which is what makes it safe to send.
final class Upload: @unchecked Sendable {
  private let path: String
  private var descriptor: Int32
  private var hasher = Digest.Hasher()
  private var size: Int64 = 0
  private var moved = false

  fileprivate init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw StorageError(errno: errno, "creating", path) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !moved { unlink(path) }
  }

  fileprivate func write(_ chunk: [UInt8]) throws {
    hasher.update(chunk)
    size += Int64(chunk.count)
    try chunk.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Foundation.write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        guard count >= 0 || errno == EINTR else {
          throw StorageError(errno: errno, "writing", path)
        }
        if count > 0 { rest = rest.dropFirst(count) }
      }
    }
  }

  fileprivate func seal() throws -> (Digest, Int64) {
    guard fsync(descriptor) == 0 else { throw StorageError(errno: errno, "syncing", path) }
    return (hasher.finalize(), size)
  }

  fileprivate func move(to place: String) throws {
    guard rename(path, place) == 0 else { throw StorageError(errno: errno, "renaming to", place) }
    moved = true
  }
}
