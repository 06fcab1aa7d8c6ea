package import Foundation

/// Predictions for texts from a file, without any service: JSON Lines in, JSON Lines out.
package struct LocalPrediction: Sendable {
  private let classifier: LocalClassifier
  /// Lines written at a time.
  private static let batch = 256

  package init(_ classifier: LocalClassifier) { self.classifier = classifier }

  /// What is written for a line. The keys are promised to scripts.
  private struct Prediction: Encodable {
    var id: String?
    /// The most probable, and how probable; of a multi-label model `labels` instead.
    var label: String?
    var score: Float?
    var labels: [String]?
    var scores: [String: Float]
  }

  private struct Line: Decodable {
    var text: String
    var id: String?
  }

  package static let shape = "a line is {\"text\": …}"

  /// Predicts for each line, in order.
  ///
  /// - Parameter write: called with whole lines, their ends included.
  /// - Throws: `JSONLines.Problem`, before any prediction if a line cannot be used.
  package func run(_ source: JSONLines, write: (Data) throws -> Void) throws {
    var lines: [Line] = []
    try source.forEach { (_, line: Line) in lines.append(line) }
    let labels = classifier.manifest.labels
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for start in stride(from: 0, to: lines.count, by: Self.batch) {
      let chunk = lines[start..<min(start + Self.batch, lines.count)]
      var output = Data()
      for (line, scores) in zip(chunk, try classifier.probabilities(chunk.map(\.text))) {
        var prediction = Prediction(
          id: line.id, scores: Dictionary(uniqueKeysWithValues: zip(labels, scores)))
        let chosen = classifier.head.chosen(scores)
        if classifier.head.isMultiLabel {
          prediction.labels = chosen.map { labels[$0] }
        } else {
          (prediction.label, prediction.score) = (labels[chosen[0]], scores[chosen[0]])
        }
        output += try encoder.encode(prediction)
        output.append(UInt8(ascii: "\n"))
      }
      try write(output)
    }
  }
}
