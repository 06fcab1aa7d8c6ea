public import Foundation
public import RPC
import Schema
public import Wire

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Encoders and models of the store as folders on this machine, fetched once.
///
/// Below its directory: `sha256/ab/abcd...`, a file per artefact, there whole or not at all;
/// `partial/abcd...`, what has arrived of one that is not whole; `folders/abcd...`, each a manifest's
/// files as hard links to the artefacts, to be read and never written. Several processes may share the
/// directory. It is kept under `limitBytes` by removing the folders that have gone unused for longest.
public actor ArtefactCache {
  private let directory: URL
  private let service: StoreV1.ArtefactServiceClient
  private let client: ArtefactClient
  private let limitBytes: UInt64
  private var fetches: [Digest: Task<URL, any Error>] = [:]
  private var folders: [Digest: Task<URL, any Error>] = [:]

  /// A folder used within this time is not removed, so that whoever got its URL can open the files;
  /// what is open by then stays readable.
  private let grace: TimeInterval

  /// - Parameters:
  ///   - directory: made if it is not there.
  ///   - limitBytes: what may stay on disk; more is used while needed.
  ///   - grace: how long a folder is kept after its use, in seconds.
  /// - Throws: `RPCError` if the directory cannot be made.
  public init(
    directory: URL, store: RPCChannel, limitBytes: UInt64 = 20 << 30, grace: TimeInterval = 600
  ) throws {
    self.directory = directory
    self.limitBytes = limitBytes
    self.grace = grace
    service = StoreV1.ArtefactServiceClient(store)
    client = ArtefactClient(service)
    for name in ["sha256", "partial", "folders"] {
      let folder = directory.appending(path: name, directoryHint: .isDirectory)
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw RPCError(
          code: .internalError,
          message: "the cache folder \(folder.path(percentEncoded: false)) cannot be made: "
            + error.localizedDescription
        )
      }
    }
  }

  /// The folder that holds exactly these files, fetching what is missing.
  ///
  /// - Throws: `SchemaError` if the list is not valid, `RPCError` if the store cannot be asked or
  ///   what it sends is not what the digests say, `CancellationError` at once if the task is cancelled.
  public func folder(_ files: [StoreV1.File]) async throws -> URL {
    let manifest = try FileManifest(files)
    if let running = folders[manifest.digest] { return try await running.sharedValue }
    // Detached: others wait for it too, so the deadline of the call that came first is not its own.
    let task = Task.detached { try await self.made(manifest) }
    folders[manifest.digest] = task
    return try await task.sharedValue
  }

  /// Works with the folder that holds exactly these files. It stays there until the work is done, however long
  /// that takes.
  ///
  /// - Throws: as `folder`, and what the work throws.
  public nonisolated func withFolder<R: Sendable>(
    _ files: [StoreV1.File], _ work: @escaping @Sendable (URL) async throws -> R
  ) async throws -> R {
    let folder = try await folder(files)
    return try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask { try await work(folder) }
      group.addTask {
        while !Task.isCancelled {
          try? await Task.sleep(for: .seconds(self.grace / 4))
          self.touch(folder)
        }
        return nil
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  /// Sends a folder's files to the store.
  ///
  /// - Returns: the files as encoders and models list them.
  public nonisolated func upload(folder: URL) async throws -> [StoreV1.File] {
    try await client.upload(folder: folder)
  }

  // MARK: Folders

  private func made(_ manifest: FileManifest) async throws -> URL {
    defer { folders[manifest.digest] = nil }
    return try await make(manifest)
  }

  private func make(_ manifest: FileManifest) async throws -> URL {
    let folder = directory.appending(
      path: "folders/\(manifest.digest.hex)", directoryHint: .isDirectory)
    if FileManager.default.fileExists(atPath: folder.path(percentEncoded: false)) {
      touch(folder)
      return folder
    }
    var sources: [(path: String, artefact: URL)] = []
    for file in manifest.files {
      sources.append((file.path, try await artefact(file.digest, sizeBytes: file.sizeBytes)))
    }
    try await Self.link(sources, into: folder, digest: manifest.digest)
    await removeUnused(keeping: folder)
    return folder
  }

  @concurrent
  private static func link(
    _ sources: [(path: String, artefact: URL)], into folder: URL, digest: Digest
  ) async throws {
    let manager = FileManager.default
    let scratch = folder.deletingLastPathComponent().appending(
      path: ".\(digest.hex)-\(UUID().uuidString)", directoryHint: .isDirectory)
    do {
      for (path, artefact) in sources {
        let place = scratch.appending(path: path, directoryHint: .notDirectory)
        try manager.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try manager.linkItem(at: artefact, to: place)
      }
      let renamed =
        rename(
          scratch.path(percentEncoded: false), folder.path(percentEncoded: false)) == 0
      // Another process may have been first; its folder is the same.
      guard renamed || manager.fileExists(atPath: folder.path(percentEncoded: false)) else {
        throw OpenFile.failure("put in place", folder.path(percentEncoded: false))
      }
      if !renamed { try? manager.removeItem(at: scratch) }
    } catch {
      try? manager.removeItem(at: scratch)
      if error is RPCError { throw error }
      throw RPCError(
        code: .internalError,
        message: "the cache folder \(folder.path(percentEncoded: false)) cannot be made: "
          + error.localizedDescription)
    }
  }

  /// Remembers that a folder is used.
  private nonisolated func touch(_ folder: URL) {
    utimes(folder.path(percentEncoded: false), nil)
  }

  // MARK: Artefacts

  /// One artefact as a file, fetched if it is not there.
  private func artefact(_ digest: Digest, sizeBytes: UInt64) async throws -> URL {
    if let running = fetches[digest] { return try await running.value }
    let service = service
    let directory = directory
    let task = Task.detached {
      try await Fetch(digest: digest, sizeBytes: sizeBytes, directory: directory).run(service)
    }
    fetches[digest] = task
    defer { fetches[digest] = nil }
    return try await task.value
  }

  // MARK: Room

  @concurrent
  private func removeUnused(keeping kept: URL) async {
    let manager = FileManager.default
    func contents(_ path: String) -> [URL] {
      let url = directory.appending(path: path, directoryHint: .isDirectory)
      let keys: [URLResourceKey] = [.contentModificationDateKey, .fileSizeKey]
      return (try? manager.contentsOfDirectory(at: url, includingPropertiesForKeys: keys)) ?? []
    }
    func used(_ url: URL) -> Date {
      (try? url.resourceValues(forKeys: [.contentModificationDateKey]))?.contentModificationDate
        ?? .now
    }
    func artefacts() -> [(url: URL, size: UInt64, links: UInt64)] {
      contents("sha256").flatMap { contents("sha256/\($0.lastPathComponent)") }.compactMap { url in
        var status = stat()
        guard lstat(url.path(percentEncoded: false), &status) == 0 else { return nil }
        return (url, UInt64(status.st_size), UInt64(status.st_nlink))
      }
    }
    var total = artefacts().reduce(0) { $0 + $1.size }
    guard total > limitBytes else { return }
    let now = Date.now
    let folders = contents("folders")
      .filter { $0.lastPathComponent != kept.lastPathComponent }
      .map { (url: $0, used: used($0)) }
      .filter { now.timeIntervalSince($0.used) > self.grace }
      .sorted { $0.used < $1.used }
    for folder in [nil] + folders.map(Optional.some) {
      if let folder { try? manager.removeItem(at: folder.url) }
      for artefact in artefacts() where artefact.links == 1 {
        // In no folder. One just fetched is about to be linked.
        guard now.timeIntervalSince(used(artefact.url)) > self.grace else { continue }
        try? manager.removeItem(at: artefact.url)
        total -= min(total, artefact.size)
      }
      if total <= limitBytes { return }
    }
  }
}

extension Task where Failure == any Error {
  /// The value, for one of several that wait for it: whoever is cancelled stops waiting, and the task goes on.
  fileprivate var sharedValue: Success {
    get async throws {
      let results = AsyncThrowingStream<Success, any Error> { continuation in
        Task<Void, Never> {
          do {
            continuation.yield(try await value)
            continuation.finish()
          } catch { continuation.finish(throwing: error) }
        }
      }
      for try await result in results { return result }
      throw Swift.CancellationError()
    }
  }
}

/// The fetching of one artefact, by whichever process comes first.
private struct Fetch: Sendable {
  let digest: Digest
  let sizeBytes: UInt64
  let directory: URL

  private var place: URL {
    directory.appending(
      path: "sha256/\(digest.hex.prefix(2))/\(digest.hex)", directoryHint: .notDirectory)
  }

  @concurrent
  func run(_ service: StoreV1.ArtefactServiceClient) async throws -> URL {
    let place = place
    if isWhole(place) { return place }
    do {
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw RPCError(
        code: .internalError, message: "the cache cannot make a folder for \(digest): \(error)")
    }
    let partial = try await lockedPartial(place)
    guard let partial else { return place }
    try await download(service, into: partial)
    try partial.sync()
    guard rename(partial.path, place.path(percentEncoded: false)) == 0 else {
      throw OpenFile.failure("put in place", place.path(percentEncoded: false))
    }
    try OpenFile.syncFolder(place.deletingLastPathComponent().path(percentEncoded: false))
    return place
  }

  private func isWhole(_ url: URL) -> Bool {
    var status = stat()
    guard lstat(url.path(percentEncoded: false), &status) == 0 else { return false }
    if UInt64(status.st_size) == sizeBytes { return true }
    // Not what was put there; fetch it again.
    unlink(url.path(percentEncoded: false))
    return false
  }

  /// The partial file, locked; `nil` if another process has fetched the artefact meanwhile.
  private func lockedPartial(_ place: URL) async throws -> OpenFile? {
    let path = directory.appending(path: "partial/\(digest.hex)", directoryHint: .notDirectory)
      .path(percentEncoded: false)
    while true {
      let file = try OpenFile(path, O_RDWR | O_CREAT)
      while try !file.tryLock() {
        try await Task.sleep(for: .milliseconds(50))
        if isWhole(place) { return nil }
      }
      if isWhole(place) {
        if try file.isInPlace() { unlink(path) }
        return nil
      }
      // The one who had the lock may have renamed or removed it.
      if try file.isInPlace() { return file }
    }
  }

  private func download(
    _ service: StoreV1.ArtefactServiceClient, into partial: OpenFile
  ) async throws {
    var resumed = try partial.status().st_size > 0
    while true {
      let (before, offset) = try content(of: partial)
      var digest = before
      if offset < sizeBytes || sizeBytes == 0 {
        let request = StoreV1.DownloadArtefactRequest(
          digest: self.digest.description, offset: offset)
        let chunks = Chunks(limit: sizeBytes, offset: offset)
        try await service.downloadArtefact(request) { responses in
          for try await response in responses {
            try chunks.take(response.chunk, into: partial)
          }
        }
        (digest, _) = try content(of: partial)
      }
      if digest == self.digest { return }
      try partial.truncate()
      guard resumed else {
        throw RPCError(
          code: .dataLoss,
          message:
            "what the store sent for \(self.digest) is something else; its copy may be damaged")
      }
      // The piece from before may have been the bad one.
      resumed = false
    }
  }

  /// What a file holds, read from its start. The next write goes to its end.
  private func content(of file: OpenFile) throws -> (digest: Digest, sizeBytes: UInt64) {
    try file.rewind()
    var hasher = Digest.Hasher()
    var count: UInt64 = 0
    try file.readAll {
      hasher.update($0)
      count += UInt64($0.count)
    }
    return (hasher.finalize(), count)
  }
}

/// What arrives of one artefact.
private final class Chunks: @unchecked Sendable {
  private let limit: UInt64
  private var offset: UInt64

  init(limit: UInt64, offset: UInt64) { (self.limit, self.offset) = (limit, offset) }

  /// For the task that reads the responses.
  func take(_ chunk: [UInt8], into file: OpenFile) throws {
    offset += UInt64(chunk.count)
    guard offset <= limit else {
      throw RPCError(
        code: .dataLoss, message: "the store sends more for an artefact than its \(limit) bytes")
    }
    try file.append(chunk)
  }
}
