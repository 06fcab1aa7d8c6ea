import Foundation
import Testing
import TrainerServer
import Transformer

@Suite struct PrecisionCheckTests {
  @Test(
    "McNemar's exact test",
    arguments: [(0, 0, 1.0), (5, 0, 0.0625), (0, 5, 0.0625), (10, 2, 0.03857421875), (7, 7, 1)])
  func signTest(a: Int, b: Int, expected: Double) {
    #expect(abs(Significance.mcNemar(a, b) - expected) < 1e-12)
  }

  @Test("Thousands of texts do not underflow")
  func many() {
    let p = Significance.mcNemar(1000, 900)
    #expect(p > 0.02 && p < 0.03)
    #expect(Significance.mcNemar(2000, 100) < 1e-100)
  }

  @Test(
    "It reports every chunk, and ends with the chunk in which it is cancelled",
    .enabled(if: LocalFitTests.hasEncoders))
  func cancelled() async throws {
    let encoder = LocalFitTests.encoder!
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.copyItem(at: encoder, to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let hidden = try EncoderDirectory(folder).configuration.hidden
    try ClassificationHead(
      labels: 2, hidden: hidden, weight: (0..<2 * hidden).map { Float($0 % 7) - 3 }, bias: [0, 0]
    ).write(to: folder)
    try ModelManifest(
      labels: ["a", "b"], dataset: "d", encoder: "e", maxLength: 128
    ).write(to: folder)
    let tokens = (0..<70).map { [101, 2000 + Int32($0), 102] }
    let probe = Probe(texts: tokens, actual: (0..<70).map { [$0 % 2] }, isHeldBack: true)
    let embeddings = try SentenceEncoder(EncoderDirectory(folder)).embed(tokens: tokens).values
    var reports: [TrainingProgress] = []
    try PrecisionCheck.record(in: folder, probe: probe, embeddings: embeddings) {
      reports.append($0)
    }
    #expect(reports.count == 2 * 3 && reports.last?.done == 140 && reports.last?.total == 140)
    #expect(try ModelManifest(directory: folder).precisions?.count == 2)
    for measured in try #require(try ModelManifest(directory: folder).precisions) {
      #expect(measured.split == "test" && measured.texts == 70 && measured.cosine > 0.99)
    }
    let task = Task { () -> Int in
      var chunks = 0
      do {
        try PrecisionCheck.record(in: folder, probe: probe, embeddings: embeddings) { _ in
          chunks += 1
          withUnsafeCurrentTask { $0?.cancel() }
        }
      } catch is CancellationError {}
      return chunks
    }
    #expect(try await task.value == 1)
  }
}
