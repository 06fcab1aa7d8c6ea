public import Foundation
import RPC
public import Wire

/// Sends artefacts to the store. A value: safe to share between threads.
public struct ArtefactClient: Sendable {
  private let service: StoreV1.ArtefactServiceClient
  private static let chunk = 256 * 1024

  public init(_ service: StoreV1.ArtefactServiceClient) { self.service = service }

  /// Sends the files below `folder` that the store does not have yet.
  ///
  /// - Parameter progress: called with the bytes the store has and their total, now and then, the last
  ///   time with both equal.
  /// - Returns: the files as encoders and models list them.
  /// - Throws: what `FileManifest(folder:)` throws, and `RPCError` of the calls.
  @concurrent
  public func upload(
    folder: URL,
    progress: @escaping @Sendable (_ sent: UInt64, _ total: UInt64) -> Void = { _, _ in }
  ) async throws -> [StoreV1.File] {
    let manifest = try FileManifest(folder: folder)
    let total = manifest.sizeBytes
    let digests = Set(manifest.files.map(\.digest.description)).sorted()
    var found = Set(
      try await service.findArtefacts(StoreV1.FindArtefactsRequest(digests: digests)).found)
    var sent: UInt64 = 0
    for file in manifest.files {
      let digest = file.digest.description
      if found.insert(digest).inserted {
        let before = sent
        try await upload(
          folder.appending(path: file.path, directoryHint: .notDirectory), as: file.digest
        ) { progress(before + $0, total) }
      }
      sent += file.sizeBytes
      progress(sent, total)
    }
    return manifest.messages
  }

  /// Sends one file, whether the store has it or not.
  @concurrent
  public func upload(
    _ url: URL, as digest: Digest, progress: @escaping @Sendable (_ sent: UInt64) -> Void = { _ in }
  ) async throws {
    let file = try OpenFile(reading: url)
    let answer = try await service.uploadArtefact { requests in
      var sent: UInt64 = 0
      var first = true
      while case let chunk = try file.read(Self.chunk), first || !chunk.isEmpty {
        try await requests.write(
          StoreV1.UploadArtefactRequest(digest: first ? digest.description : "", chunk: chunk))
        first = false
        sent += UInt64(chunk.count)
        progress(sent)
      }
    }
    guard answer.digest == digest.description else {
      throw RPCError(
        code: .dataLoss,
        message:
          "the store has \(url.lastPathComponent) as \(answer.digest), not \(digest); was the "
          + "file changed meanwhile? Send it again")
    }
  }
}
