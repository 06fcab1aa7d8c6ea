import Foundation
import RPC
import StoreServer
import Testing
import Wire

@Suite struct ArtefactHandlerTests {
  let folder: ScratchFolder
  let store: Store

  init() async throws {
    folder = try ScratchFolder()
    store = try Store(data: folder.path)
    try await store.create()
  }

  func stored() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/artefacts")
      .filter { $0.split(separator: "/").last?.count == 64 || $0.hasPrefix("uploads/") }
  }

  func download(
    _ digest: String, from offset: UInt64 = 0
  ) async throws -> [StoreV1.DownloadArtefactResponse] {
    let answers = Answers<StoreV1.DownloadArtefactResponse>()
    try await store.handlers.downloadArtefact(
      .init(digest: digest, offset: offset), responses: answers.writer, context: context)
    return answers.all
  }

  @Test func bytesComeBack() async throws {
    let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let answer = try await store.upload([
      Array(bytes[..<3]), [], Array(bytes[3..<500_000]), Array(bytes[500_000...]),
    ])
    #expect(answer.sizeBytes == 700_001)
    let hex = answer.digest.dropFirst(7)
    #expect(try stored() == ["sha256/\(hex.prefix(2))/\(hex)"])
    let chunks = try await download(answer.digest)
    #expect(chunks.map(\.chunk.count) == [262_144, 262_144, 175_713])
    #expect(chunks.map(\.sizeBytes) == [700_001, 0, 0])
    #expect(chunks.flatMap(\.chunk) == bytes)
    #expect(
      try await download(answer.digest, from: 600_000).flatMap(\.chunk) == Array(bytes[600_000...]))
    let end = try await download(answer.digest, from: 700_001)
    #expect(end.map(\.chunk) == [[]] && end[0].sizeBytes == 700_001)
    await expect(.outOfRange, naming: "700001") {
      _ = try await download(answer.digest, from: 700_002)
    }
  }

  @Test func nothingIsKeptOfBytesThatAreNotTheirDigest() async throws {
    let other = "sha256:" + String(repeating: "ab", count: 32)
    await expect(.dataLoss, naming: other) {
      _ = try await store.upload([[1, 2, 3]], digest: other)
    }
    #expect(try stored() == [])
    // SHA-256 of no bytes (FIPS 180-4).
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    #expect(try await store.upload([], digest: "").digest == empty)
    #expect(try await store.upload([[]], digest: empty).sizeBytes == 0)
    #expect(try await download(empty).map(\.chunk) == [[]])
    let found = try await store.handlers.findArtefacts(
      .init(digests: [other, empty]), context: context)
    #expect(found.found == [empty])
    await expect(.notFound, naming: other) { _ = try await download(other) }
    for digest in ["x", "sha256:", "sha256:" + String(repeating: "AB", count: 32), "../../etc"] {
      await expect(.invalidArgument, naming: "digest") { _ = try await download(digest) }
    }
  }

  @Test func theSameBytesAtOnceAreStoredOnce() async throws {
    let bytes = [UInt8](repeating: 7, count: 300_000)
    let digests = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 1...12 { group.addTask { try await store.upload([bytes, bytes]).digest } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(digests.count == 1)
    #expect(try stored().count == 1)
    #expect(try await download(digests.first ?? "").flatMap(\.chunk).count == 600_000)
  }

  @Test func anUploadThatBreaksOffLeavesNothing() async throws {
    let requests = AsyncThrowingStream<StoreV1.UploadArtefactRequest, any Error> { stream in
      stream.yield(.init(chunk: [1, 2, 3]))
      stream.finish(throwing: RPCError(code: .cancelled, message: "gone"))
    }
    await expect(.cancelled, naming: "gone") {
      _ = try await store.handlers.uploadArtefact(RequestStream(requests), context: context)
    }
    #expect(try stored() == [])
  }

  @Test func whatACrashLeftIsRemovedAtTheStart() throws {
    let folder = try ScratchFolder()
    let uploads = folder.path + "/artefacts/uploads"
    try FileManager.default.createDirectory(atPath: uploads, withIntermediateDirectories: true)
    try Data([1]).write(to: URL(fileURLWithPath: uploads + "/half"))
    let store = try Store(data: folder.path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: uploads) == [])
    withExtendedLifetime(store) {}
  }

  @Test func encodersAreNamedByTheirContent() async throws {
    let files = try await store.files()
    let answer = try await store.handlers.registerEncoder(
      .init(name: "mini", files: files, source: "hub"), context: context)
    let encoder = try #require(answer.encoder)
    #expect(encoder.isDefault && encoder.source == "hub")
    #expect(encoder.files.map(\.path) == ["1_Pooling/config.json", "model.safetensors"])
    let again = try await store.handlers.registerEncoder(
      .init(name: "mini", files: files.reversed(), source: "hub"), context: context)
    #expect(again.encoder == encoder, "the order of the files says nothing")
    #expect(
      try await store.handlers.getEncoder(.init(), context: context).encoder == encoder)
    #expect(
      try await store.handlers.listEncoders(.init(), context: context).encoders == [encoder])
    await expect(.failedPrecondition, naming: "'config.json'") {
      _ = try await store.handlers.registerEncoder(
        .init(
          name: "mini",
          files: [
            .init(
              path: "config.json", digest: "sha256:" + String(repeating: "00", count: 32),
              sizeBytes: 1)
          ]), context: context)
    }
    for path in ["../x", "/etc/passwd", "a/../b", "", "a//b", "."] {
      await expect(.invalidArgument) {
        _ = try await store.handlers.registerEncoder(
          .init(
            name: "evil",
            files: [.init(path: path, digest: files[0].digest, sizeBytes: files[0].sizeBytes)]),
          context: context)
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func newModelsAreWatched() async throws {
    let files = try await store.files()
    func publish(_ name: String) async throws -> StoreV1.Model {
      try #require(
        try await store.handlers.publishModel(
          .init(
            model: .init(
              name: name, dataset: "reviews", labels: ["positive", "negative"], files: files,
              encoder: "mini", encoderDigest: "sha256:e", training: .init(seed: 4),
              evaluation: .init(split: .test, records: 2, accuracy: 0.5), trainRecords: 8)),
          context: context
        ).model)
    }
    let first = try await publish("m")
    #expect(first.version == 1 && first.training?.seed == 4 && first.evaluation?.accuracy == 0.5)
    let second = try await publish("m")
    let answers = Answers<StoreV1.WatchModelsResponse>()
    let watching = Task {
      try await store.handlers.watchModels(.init(), responses: answers.writer, context: context)
    }
    var seen = answers.live
    #expect(await seen.next()?.model == second, "the latest first")
    let other = try await publish("other")
    #expect(await seen.next()?.model == other)
    let third = try await publish("m")
    let fourth = try await publish("m")
    #expect(await seen.next()?.model == third)
    #expect(await seen.next()?.model == fourth)
    watching.cancel()
    await #expect(throws: CancellationError.self) { try await watching.value }
    let versions = try await store.handlers.listModels(.init(name: "m"), context: context).models
    #expect(versions == [fourth, third, second, first])
    #expect(
      try await store.handlers.getModel(.init(name: "m", version: 2), context: context).model
        == second)
  }

  @Test func aDataFolderHasOneStore() async throws {
    let error = #expect(throws: StorageError.self) { _ = try Store(data: folder.path) }
    #expect(error?.message.contains("process \(getpid())") == true)
    #expect(error?.message.contains("--data") == true)
  }
}
