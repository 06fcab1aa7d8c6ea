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
    var label: String
    var score: Float
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
        let best = scores.mostProbable
        output += try encoder.encode(
          Prediction(
            id: line.id, label: labels[best], score: scores[best],
            scores: Dictionary(uniqueKeysWithValues: zip(labels, scores))))
        output.append(UInt8(ascii: "\n"))
      }
      try write(output)
    }
  }
}
