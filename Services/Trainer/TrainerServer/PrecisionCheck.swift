package import Foundation
package import Transformer

/// What bf16 and int8 cost a model: each computes real texts' embeddings, which are held against those
/// in fp32, and so are the labels.
package enum PrecisionCheck {
  /// More texts say nothing new and take their time.
  static let mostTexts = 2_000

  /// Measures a model's folder and writes what was found into its `lauter.json`, by which inference
  /// chooses. Blocks while it computes.
  ///
  /// - Parameters:
  ///   - tokens: real texts' ids, of the test split where there is one; none change nothing.
  ///   - actual: their labels.
  ///   - split: "test" or "train".
  ///   - report: called after every chunk, on this thread.
  /// - Throws: `EncoderError`; errors of the file system; `CancellationError` within a chunk of the task's
  ///   cancellation.
  package static func record(
    in folder: URL, tokens: [[Int32]], actual: [[Int]], split: String, pool: ComputePool = .shared,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws {
    precondition(tokens.count == actual.count, "as many label sets as texts")
    guard !tokens.isEmpty else { return }
    let texts = tokens.evenly(atMost: mostTexts)
    let labels = actual.evenly(atMost: mostTexts)
    let head = try ClassificationHead(directory: folder)
    let directory = try EncoderDirectory(folder)
    var done = 0
    func embeddings(_ precision: Precision) throws -> Embeddings {
      let encoder = try SentenceEncoder(directory, precision: precision, pool: pool)
      var values: [Float] = []
      for start in stride(from: 0, to: texts.count, by: Training.chunk) {
        try Task.checkCancellation()
        let chunk = texts[start..<min(start + Training.chunk, texts.count)]
        values += encoder.embed(tokens: Array(chunk)).values
        done += chunk.count
        report(
          TrainingProgress(
            phase: .precisions, done: done, total: Precision.allCases.count * texts.count,
            texts: chunk.count))
      }
      return Embeddings(dimensions: encoder.configuration.hidden, values: values)
    }
    let reference = try embeddings(.fp32)
    let expected = head.predictions(reference.values)
    var manifest = try ModelManifest(directory: folder)
    manifest.precisions = try Precision.allCases.filter { $0 != .fp32 }.map { precision in
      let found = try embeddings(precision)
      let predicted = head.predictions(found.values)
      let right = labels.indices.filter { predicted[$0] == labels[$0] }
      let won = right.filter { expected[$0] != labels[$0] }.count
      let lost = labels.indices.filter {
        expected[$0] == labels[$0] && predicted[$0] != labels[$0]
      }.count
      return MeasuredPrecision(
        precision, split: split, accuracy: Double(right.count) / Double(labels.count), lost: lost,
        won: won, pValue: Significance.mcNemar(lost, won),
        cosines: texts.indices.map { cosine(reference[$0], found[$0]) })
    }
    try manifest.write(to: folder)
  }

  private static func cosine(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += Double(x) * Double(y)
      aa += Double(x) * Double(x)
      bb += Double(y) * Double(y)
    }
    let length = (aa * bb).squareRoot()
    return length > 0 ? ab / length : 1
  }
}
