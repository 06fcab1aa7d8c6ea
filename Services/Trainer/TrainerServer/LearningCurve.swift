import Schema

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

  /// Heads on 1, 2, 4, … answers of each label, taken from the folds that a prediction is not in, up to all
  /// of them.
  ///
  /// - Parameters:
  ///   - known: answers alone, of one label each.
  ///   - count: of folds.
  init(
    _ head: EvidenceHead, _ known: EvidenceHead.Evidence, folds count: Int, seed: UInt64
  ) throws {
    let labels = known.labels.map { $0[0] }
    let folds = CrossValidation.folds(labels, count: count, seed: seed)
    let most = (0..<known.labelCount).map { label in labels.count { $0 == label } }.max() ?? 0
    var sizes: [Int] = []
    var size = 1
    while size < most {
      sizes.append(size)
      size *= 2
    }
    points = try sizes.map { shots in
      let validation = try CrossValidation(
        folds: folds, count: count, embeddings: known.embeddings, width: known.width
      ) { records in
        var taken = [Int](repeating: 0, count: known.labelCount)
        return try head.fit(
          known.at(
            records.filter {
              taken[labels[$0]] += 1
              return taken[labels[$0]] <= shots
            }))
      }
      let right = zip(validation.probabilities, labels).count { $0.mostProbable == $1 }
      let interval = Evaluation.wilson(correct: right, of: labels.count)
      return Point(
        shots: shots, accuracy: Double(right) / Double(labels.count),
        low: interval.lowerBound, high: interval.upperBound)
    }
  }
}
