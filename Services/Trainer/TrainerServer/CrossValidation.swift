import Foundation
import Transformer

/// Predictions for the records trained on, each by a head that has not learned from it.
///
/// The heads are fitted to the encoder's embeddings as they were before the body was tuned: that costs a
/// head per fold and no training of the body. Where the body stays as it is the predictions are of the
/// very kind of model that is made, unless its head is a differentiable one, in whose place there are logistic
/// regressions. Embeddings of a body tuned on the answers would promise too much, since
/// it has seen every one; those of before promise too little. Where Lauter's recipe tunes on suggestions
/// alone, answers are predicted with the tuned body, which has seen none of them; they helped to tell which suggestions
/// it believed.
package struct CrossValidation: Sendable, Hashable {
  package var folds: Int
  /// [records][labels], in the training set's order.
  package var probabilities: [[Float]]
  /// What the scores of these heads are divided by, so that they are as often right as they say; 1 where that is
  /// not known. A model's own may be another, if its body was tuned.
  package var temperature = 1.0
  /// Whether answers are predicted with a body that was tuned, without them.
  package var tunesBody = false

  package static let defaultFolds = 5

  /// Deals the records of each stratum over the folds as evenly as can be, at random.
  ///
  /// - Parameter strata: what each record counts as, a label for instance.
  /// - Returns: each record's fold, in 0 ..< `count`.
  package static func folds(_ strata: [Int], count: Int, seed: UInt64) -> [Int] {
    var random = RandomSource(seed: seed, purpose: .folds)
    var folds = [Int](repeating: 0, count: strata.count)
    let groups = Dictionary(grouping: strata.indices, by: { strata[$0] })
    // One stratum goes on where the last ended, so that folds are of like size.
    var next = 0
    for stratum in groups.keys.sorted() {
      for record in random.shuffled(groups[stratum] ?? []) {
        folds[record] = next % count
        next += 1
      }
    }
    return folds
  }

  /// What each record counts as: those with the same labels alike, suggested ones apart.
  static func strata(_ labels: [[Int]], isSuggested: [Bool]? = nil) -> [Int] {
    let sets = Set(labels).sorted { $0.lexicographicallyPrecedes($1) }
    let place = Dictionary(uniqueKeysWithValues: sets.enumerated().map { ($1, $0) })
    return labels.indices.map {
      place[labels[$0]]! + (isSuggested?[$0] == true ? sets.count : 0)
    }
  }

  /// Without a prediction yet.
  init(folds: Int, records: Int) {
    self.folds = folds
    probabilities = [[Float]](repeating: [], count: records)
  }

  /// - Parameters:
  ///   - folds: of each record.
  ///   - embeddings: [records, width], row-major.
  ///   - fit: makes a head from the records at these places. Where it needs a record of each label, so does every fold.
  init(
    folds: [Int], count: Int, embeddings: [Float], width: Int,
    fit: (_ records: [Int]) throws -> ClassificationHead
  ) throws {
    self.init(folds: count, records: folds.count)
    for fold in 0..<count {
      let held = folds.indices.filter { folds[$0] == fold }
      if held.isEmpty { continue }
      let head = try fit(folds.indices.filter { folds[$0] != fold })
      for record in held {
        probabilities[record] = head.probabilities(
          embeddings[record * width..<(record + 1) * width])
      }
    }
  }
}

/// What a cross-validation on people's answers says of learning with and without something.
package struct Trial: Sendable, Hashable {
  package var used: Bool
  package var with, without: Score

  /// On the answers alone.
  package struct Score: Sendable, Hashable {
    package var accuracy: Double
    /// −log p(answer) of each, of probabilities at their best temperature: a head is not to lose because
    /// it is too sure of itself, which calibration cures.
    package var logLosses: [Double]
    package var logLoss: Double { logLosses.reduce(0, +) / Double(logLosses.count) }

    package init(_ probabilities: [[Float]], _ actual: [Int]) {
      let right = zip(probabilities, actual).count { $0.mostProbable == $1 }
      accuracy = Double(right) / Double(actual.count)
      let temperature = Calibration.temperature(
        probabilities: probabilities, actual: actual, fewest: 1)
      logLosses = Calibration.logLosses(probabilities, actual, sharpness: 1 / temperature)
    }

    /// Where a record may have several labels: the log loss is the sum of the labels', and the accuracy
    /// that with the best thresholds.
    package init(_ probabilities: [[Float]], _ actual: [[Int]]) {
      let thresholds = Thresholds.best(probabilities: probabilities, actual: actual)
      let right = zip(probabilities, actual).count { row, labels in
        row.indices.filter { row[$0] >= thresholds[$0] } == labels
      }
      accuracy = Double(right) / Double(actual.count)
      logLosses = zip(probabilities, actual).map { row, labels in
        row.indices.reduce(0) {
          let has = labels.contains($1) ? Double(row[$1]) : 1 - Double(row[$1])
          return $0 - log(max(has, 1e-30))
        }
      }
    }
  }

  /// Of a training that diverged: not used, and what it would have said is taken for nothing at all.
  ///
  /// - Parameter actual: the answers that `without` is of.
  package init(divergedOn actual: [Int], labelCount: Int, without: Score) {
    let nothing = [Float](repeating: 1 / Float(labelCount), count: labelCount)
    with = Score(actual.map { _ in nothing }, actual)
    self.without = without
    used = false
  }

  /// What is tried helps nearly always, so it is used unless the log loss is higher with it by two standard errors of
  /// the paired difference: a dozen answers that say so by less say so by chance.
  package init(with: Score, without: Score) {
    self.with = with
    self.without = without
    let harm = zip(with.logLosses, without.logLosses).map { $0 - $1 }
    let count = Double(harm.count)
    let mean = harm.reduce(0, +) / count
    let variance = harm.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
    used = mean <= 2 * (variance / count).squareRoot()
  }
}

extension EvidenceHead {
  /// In cross-validation a fold's head learns from at most so many suggestions, evenly chosen: more
  /// change little, and a fit's time grows with them.
  static let suggestionsPerFold = 2_000

  /// Predictions for every example, suggested ones too.
  ///
  /// - Returns: `nil` with fewer than two answers, or without label names if one of the labels that
  ///   exclude each other has just one.
  package func crossValidation(
    _ evidence: Evidence, folds: Int, seed: UInt64
  ) throws -> CrossValidation? {
    let answers = evidence.answered.map { evidence.labels[$0] }
    let fewest =
      (0..<evidence.labelCount).map { label in answers.count { $0.contains(label) } }.min() ?? 0
    let count = min(folds, usesAnchors || evidence.isMultiLabel ? answers.count : fewest)
    guard count >= 2 else { return nil }
    return try predictions(evidence, folds: count, seed: seed)
  }

  /// Likewise, in just so many folds.
  ///
  /// - Parameter count: at most as many as there are answers, at least 2.
  func predictions(_ evidence: Evidence, folds count: Int, seed: UInt64) throws -> CrossValidation {
    let strata = CrossValidation.strata(evidence.labels, isSuggested: evidence.isSuggested)
    return try CrossValidation(
      folds: CrossValidation.folds(strata, count: count, seed: seed), count: count,
      embeddings: evidence.embeddings, width: evidence.width
    ) { records in
      let kept = Set(
        records.filter { evidence.isSuggested[$0] }.evenly(atMost: Self.suggestionsPerFold))
      return try fit(
        evidence.at(records.filter { !evidence.isSuggested[$0] || kept.contains($0) }))
    }
  }
}

extension Array {
  /// At most so many, spread over all of them.
  func evenly(atMost limit: Int) -> [Element] {
    let taken = Swift.min(count, limit)
    return (0..<taken).map { self[$0 * count / taken] }
  }
}

extension EvidenceHead.Evidence {
  /// The places of what people answered.
  var answered: [Int] { labels.indices.filter { !isSuggested[$0] } }
}
