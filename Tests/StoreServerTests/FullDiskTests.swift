import Foundation
import RPC
import StoreServer
import Testing
import Wire

/// On a real file system that runs full, where one is given.
@Suite struct FullDiskTests {
  static let folder = ProcessInfo.processInfo.environment["LAUTER_TEST_SMALL_DISK"]

  @Test(
    .enabled(
      if: FullDiskTests.folder != nil,
      "needs LAUTER_TEST_SMALL_DISK, a folder on an empty file system of a few MB"),
    .timeLimit(.minutes(1)))
  func aFullDiskLosesNothing() async throws {
    let folder = (Self.folder ?? "") + "/data-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let filler = folder + "-filler"
    defer { try? FileManager.default.removeItem(atPath: filler) }
    // Room that comes back later.
    try Data(count: 1 << 20).write(to: URL(fileURLWithPath: filler))
    var store: Store? = try Store(data: folder)
    try await store?.create()
    let kept = try await #require(store).upload([[1, 2, 3]])
    await expect(.resourceExhausted, naming: "free some space") {
      _ = try await #require(store).upload(
        Array(repeating: [UInt8](repeating: 1, count: 1 << 20), count: 64))
    }
    var imported = 0
    await expect(.resourceExhausted, naming: "free some space") {
      while true {
        let batch = importRecords((imported + 1)...(imported + 100))
        imported += Int(try await #require(store).importing([batch])[0].imported)
      }
    }
    #expect(imported > 0)
    #expect(try await store?.dataset().counts?.records == UInt64(imported), "still readable")
    try FileManager.default.removeItem(atPath: filler)
    let batch = importRecords((imported + 1)...(imported + 100))
    #expect(try await store?.importing([batch])[0].imported == 100, "goes on when there is room")
    store = nil
    let again = try Store(data: folder)
    #expect(try await again.dataset().counts?.records == UInt64(imported + 100))
    let found = try await again.handlers.findArtefacts(
      .init(digests: [kept.digest]), context: context)
    #expect(found.found == [kept.digest])
  }
}
