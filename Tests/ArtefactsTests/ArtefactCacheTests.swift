import Artefacts
import Foundation
import RPC
import TestSupport
import Testing
import Wire

@Suite("Artefact cache")
struct ArtefactCacheTests {
  private func withStore<R>(
    _ body: (MemoryStore, RPCChannel, URL) async throws -> R
  ) async throws -> R {
    let store = MemoryStore()
    return try await store.serving { address, _ in
      let channel = RPCChannel(target: address)
      do {
        let result = try await withFolder { try await body(store, channel, $0) }
        await channel.close()
        return result
      } catch {
        await channel.close()
        throw error
      }
    }
  }

  private static let files = [
    "config.json": "{}", "1_Pooling/config.json": "{\"a\": 1}",
    "model.safetensors": String(repeating: "weights ", count: 5_000),
  ]

  @Test("A folder goes up once and comes down the same, as hard links")
  func roundTrip() async throws {
    try await withStore { store, channel, scratch in
      let source = scratch.appending(path: "source", directoryHint: .isDirectory)
      try write(Self.files, source)
      let client = ArtefactClient(StoreV1.ArtefactServiceClient(channel))
      let files = try await client.upload(folder: source)
      #expect(store.uploads.count == 3)
      _ = try await client.upload(folder: source)
      #expect(store.uploads.count == 3)

      let cache = try ArtefactCache(
        directory: scratch.appending(path: "cache", directoryHint: .isDirectory), store: channel)
      let folder = try await cache.folder(files)
      #expect(try FileManifest(folder: folder) == FileManifest(folder: source))
      let model = files.first { $0.path == "model.safetensors" }!
      let hex = String(model.digest.dropFirst(7))
      let artefact = scratch.appending(path: "cache/sha256/\(hex.prefix(2))/\(hex)")
      let attributes = try FileManager.default.attributesOfItem(atPath: artefact.path())
      #expect(attributes[.referenceCount] as? Int == 2)

      #expect(try await cache.folder(files) == folder)
      #expect(store.downloads.count == 3)
    }
  }

  @Test("Many at once fetch each artefact once, two caches in one directory too")
  func concurrently() async throws {
    try await withStore { store, channel, scratch in
      let files = Self.put(Self.files, store)
      let directory = scratch.appending(path: "cache", directoryHint: .isDirectory)
      let caches = try (0..<2).map { _ in try ArtefactCache(directory: directory, store: channel) }
      let folders = try await withThrowingTaskGroup(of: URL.self) { group in
        for index in 0..<20 { group.addTask { try await caches[index % 2].folder(files) } }
        return try await group.reduce(into: Set<URL>()) { $0.insert($1) }
      }
      #expect(folders.count == 1)
      #expect(Set(store.downloads.map(\.digest)).count == 3)
      #expect(store.downloads.count == 3)
      #expect(try FileManifest(folder: folders.first!) == FileManifest(files))
    }
  }

  @Test("A download goes on where it stopped")
  func resumes() async throws {
    try await withStore { store, channel, scratch in
      let file = Self.put(["model": Self.files["model.safetensors"]!], store)[0]
      try write(
        [
          "cache/partial/\(file.digest.dropFirst(7))": String(
            Self.files["model.safetensors"]!.prefix(10_003))
        ],
        scratch)
      let cache = try ArtefactCache(
        directory: scratch.appending(path: "cache", directoryHint: .isDirectory), store: channel)
      let folder = try await cache.folder([file])
      #expect(store.downloads.map(\.offset) == [10_003])
      #expect(try Digest(ofFile: folder.appending(path: "model")).description == file.digest)
    }
  }

  @Test("A bad piece from before is fetched again")
  func badPiece() async throws {
    try await withStore { store, channel, scratch in
      let file = Self.put(["model": Self.files["model.safetensors"]!], store)[0]
      try write(["cache/partial/\(file.digest.dropFirst(7))": "something else"], scratch)
      let cache = try ArtefactCache(
        directory: scratch.appending(path: "cache", directoryHint: .isDirectory), store: channel)
      let folder = try await cache.folder([file])
      #expect(store.downloads.map(\.offset) == [14, 0])
      #expect(try Digest(ofFile: folder.appending(path: "model")).description == file.digest)
    }
  }

  @Test("Bytes that are not what the digest says never reach the cache")
  func damaged() async throws {
    try await withStore { store, channel, scratch in
      let file = Self.put(["model": "right"], store)[0]
      let directory = scratch.appending(path: "cache", directoryHint: .isDirectory)
      let cache = try ArtefactCache(directory: directory, store: channel)
      for wrong in ["wrong", "wron", "right and more"] {
        store.put(Array(wrong.utf8), digest: file.digest)
        await #expect { _ = try await cache.folder([file]) } throws: {
          ($0 as? RPCError)?.code == .dataLoss
        }
      }
      store.put(Array("right".utf8), digest: file.digest)
      let folder = try await cache.folder([file])
      #expect(try String(contentsOf: folder.appending(path: "model"), encoding: .utf8) == "right")
    }
  }

  @Test("An unknown artefact is the store's NOT_FOUND")
  func missing() async throws {
    try await withStore { store, channel, scratch in
      let file = StoreV1.File(path: "x", digest: Digest(of: [1]).description, sizeBytes: 1)
      let cache = try ArtefactCache(directory: scratch, store: channel)
      await #expect { _ = try await cache.folder([file]) } throws: {
        ($0 as? RPCError)?.code == .notFound
      }
    }
  }

  @Test("Over the limit, what has gone unused for longest is removed")
  func room() async throws {
    try await withStore { store, channel, scratch in
      let cache = try ArtefactCache(directory: scratch, store: channel, limitBytes: 2_500)
      func fetch(_ name: String) async throws -> URL {
        let files = Self.put(["\(name)": String(repeating: name, count: 1_000)], store)
        return try await cache.folder(files)
      }
      func age(_ folder: URL, by seconds: TimeInterval) throws {
        let manager = FileManager.default
        for file in try manager.contentsOfDirectory(atPath: folder.path()) {
          try manager.setAttributes(
            [.modificationDate: Date.now - seconds],
            ofItemAtPath: folder.appending(path: file).path())
        }
        try manager.setAttributes(
          [.modificationDate: Date.now - seconds], ofItemAtPath: folder.path())
      }
      let a = try await fetch("a")
      let b = try await fetch("b")
      try age(a, by: 2_000)
      try age(b, by: 1_000)
      let c = try await fetch("c")
      let manager = FileManager.default
      #expect(!manager.fileExists(atPath: a.path()))
      #expect(manager.fileExists(atPath: b.path()) && manager.fileExists(atPath: c.path()))
      #expect(try await fetch("b") == b)
      #expect(store.downloads.count == 3)
      _ = try await fetch("a")
      #expect(store.downloads.count == 4)
    }
  }

  @Test(
    "Who is cancelled stops waiting for a download at once; others get it", .timeLimit(.minutes(1)))
  func cancelled() async throws {
    try await withStore { store, channel, scratch in
      let files = Self.put(Self.files, store)
      let cache = try ArtefactCache(directory: scratch, store: channel)
      let release = store.holdDownloads()
      let impatient = Task { try await cache.folder(files) }
      let patient = Task { try await cache.folder(files) }
      while store.downloads.isEmpty { await Task.yield() }
      impatient.cancel()
      // Nothing has arrived yet, and nothing will before this.
      await #expect(throws: CancellationError.self) { try await impatient.value }
      release()
      #expect(try await FileManifest(folder: patient.value) == FileManifest(files))
      #expect(store.downloads.count == 3)
    }
  }

  @Test("A folder that is worked with stays, however old", .timeLimit(.minutes(1)))
  func used() async throws {
    try await withStore { store, channel, scratch in
      let cache = try ArtefactCache(directory: scratch, store: channel, limitBytes: 4, grace: 2)
      let (first, other) = (Self.put(["a": "first"], store), Self.put(["b": "other"], store))
      let kept = try await cache.withFolder(first) { folder in
        func age(_ seconds: TimeInterval) throws {
          try FileManager.default.setAttributes(
            [.modificationDate: Date.now - seconds], ofItemAtPath: folder.path())
        }
        func isOld() throws -> Bool {
          let values = try URL(filePath: folder.path()).resourceValues(
            forKeys: [.contentModificationDateKey])
          return values.contentModificationDate! < Date.now - 100
        }
        try age(1_000)
        while try isOld() { await Task.yield() }
        _ = try await cache.folder(other)
        return FileManager.default.fileExists(atPath: folder.appending(path: "a").path())
          ? folder : nil
      }
      let folder = try #require(kept)
      // Once nobody works with it, it goes like any other.
      try FileManager.default.setAttributes(
        [.modificationDate: Date.now - 1_000], ofItemAtPath: folder.path())
      _ = try await cache.folder(Self.put(["c": "third"], store))
      #expect(!FileManager.default.fileExists(atPath: folder.path()))
    }
  }

  /// Puts files into the store.
  private static func put(_ files: [String: String], _ store: MemoryStore) -> [StoreV1.File] {
    files.map { path, text in
      let digest = Digest(of: text.utf8).description
      store.put(Array(text.utf8), digest: digest)
      return StoreV1.File(path: path, digest: digest, sizeBytes: UInt64(text.utf8.count))
    }
  }
}
