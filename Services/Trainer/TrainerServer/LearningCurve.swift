import Schema
package import Transformer

/// How accuracy grows with the answers, cross-validated: is it worth reviewing more?
package struct LearningCurve: Sendable, Hashable {
  package struct Point: Sendable, Hashable, Encodable {
    /// At most so many answers of each label.
    package var shots: Int
    package var accuracy: Double
    /// The 95% Wilson interval.
    package var low, high: Double
  }

  package var points: [Point]

  /// Heads on 1, 2, 4, … records of each label, taken from the folds that a prediction is not in, as long as some
  /// label has more; what all of them reach is what the cross-validation itself says.
  ///
  /// - Parameters:
  ///   - embeddings: [records, width], row-major.
  ///   - labels: of each record, in 0 ..< `labelCount`.
  ///   - count: of folds.
  ///   - fit: makes a head from the records at these places.
  package init(
    _ embeddings: [Float], width: Int, labels: [Int], labelCount: Int, folds count: Int,
    seed: UInt64, fit: (_ records: [Int]) throws -> ClassificationHead
  ) throws {
    let folds = CrossValidation.folds(labels, count: count, seed: seed)
    let most = (0..<labelCount).map { label in labels.count { $0 == label } }.max() ?? 0
    var sizes: [Int] = []
    var size = 1
    while size < most {
      sizes.append(size)
      size *= 2
    }
    points = try sizes.map { shots in
      let validation = try CrossValidation(
        folds: folds, count: count, embeddings: embeddings, width: width
      ) { records in
        var taken = [Int](repeating: 0, count: labelCount)
        return try fit(
          records.filter {
            taken[labels[$0]] += 1
            return taken[labels[$0]] <= shots
          })
      }
      let right = zip(validation.probabilities, labels).count { $0.mostProbable == $1 }
      let interval = Evaluation.wilson(correct: right, of: labels.count)
      return Point(
        shots: shots, accuracy: Double(right) / Double(labels.count),
        low: interval.lowerBound, high: interval.upperBound)
    }
  }
}
