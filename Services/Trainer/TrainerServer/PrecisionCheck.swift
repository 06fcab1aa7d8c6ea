package import Foundation
package import Transformer

/// What a finished model is measured on: the records that were held back or, where there are none, answers it learned
/// from.
package struct Probe: Sendable {
  /// Token ids.
  package let texts: [[Int32]]
  /// Each text's labels.
  package let actual: [[Int]]
  package let isHeldBack: Bool

  package init(
    held: [[Int32]], actual: [[Int]], _ set: TrainingSet, _ material: Training.Material
  ) {
    let isHeldBack = !held.isEmpty
    let places = isHeldBack ? [] : set.answeredPlaces.evenly(atMost: PrecisionCheck.mostTexts)
    self.init(
      texts: isHeldBack ? held : places.map { material.texts[$0] },
      actual: isHeldBack ? actual : places.map { set.examples[$0].labels }, isHeldBack: isHeldBack)
  }

  package init(texts: [[Int32]], actual: [[Int]], isHeldBack: Bool) {
    precondition(texts.count == actual.count, "as many label sets as texts")
    (self.texts, self.actual, self.isHeldBack) = (texts, actual, isHeldBack)
  }
}

/// What bf16 and int8 cost a model: each computes real texts' embeddings, which are held against those
/// in fp32, and so are the labels.
package enum PrecisionCheck {
  /// More texts say nothing new and take their time.
  static let mostTexts = 2_000

  /// Measures a model's folder and writes what was found into its `lauter.json`, by which inference
  /// chooses; without texts does nothing. Blocks while it computes.
  ///
  /// - Parameters:
  ///   - embeddings: [texts, dimensions] of the probe, by the body in fp32.
  ///   - report: called after every chunk, on this thread.
  /// - Throws: `EncoderError`; errors of the file system; `CancellationError` within a chunk of the task's
  ///   cancellation.
  package static func record(
    in folder: URL, probe: Probe, embeddings: [Float], pool: ComputePool = .shared,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws {
    guard !probe.texts.isEmpty else { return }
    let places = Array(probe.texts.indices).evenly(atMost: mostTexts)
    let (texts, actual) = (places.map { probe.texts[$0] }, places.map { probe.actual[$0] })
    let head = try ClassificationHead(directory: folder)
    let directory = try EncoderDirectory(folder)
    let precisions = Precision.allCases.filter { $0 != .fp32 }
    var done = 0
    func computed(_ precision: Precision) throws -> Embeddings {
      let encoder = try SentenceEncoder(directory, precision: precision, pool: pool)
      var values: [Float] = []
      for places in Training.chunks(texts.map(\.count)) {
        try Task.checkCancellation()
        let chunk = texts[places]
        values += encoder.embed(tokens: Array(chunk)).values
        done += chunk.count
        report(
          TrainingProgress(
            phase: .precisions, done: done, total: precisions.count * texts.count,
            texts: chunk.count))
      }
      return Embeddings(dimensions: encoder.configuration.hidden, values: values)
    }
    let width = directory.configuration.hidden
    let reference = Embeddings(dimensions: width, values: embeddings.rows(places, width: width))
    let expected = head.predictions(reference.values)
    var manifest = try ModelManifest(directory: folder)
    manifest.precisions = try precisions.map { precision in
      let found = try computed(precision)
      let predicted = head.predictions(found.values)
      let right = actual.indices.filter { predicted[$0] == actual[$0] }
      let won = right.filter { expected[$0] != actual[$0] }.count
      let lost = actual.indices.filter {
        expected[$0] == actual[$0] && predicted[$0] != actual[$0]
      }.count
      return MeasuredPrecision(
        precision, split: probe.isHeldBack ? "test" : "train",
        accuracy: Double(right.count) / Double(actual.count), lost: lost,
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
