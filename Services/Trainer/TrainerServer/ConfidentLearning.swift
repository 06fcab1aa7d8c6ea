import Foundation

/// Finds records whose label is probably wrong, from predictions by heads that have not learned from them, and
/// estimates how many there are (after Northcutt, Jiang, Chuang 2021, "Confident Learning").
///
/// The paper counts the records for which another label reaches its mean probability. Where a classifier is not
/// often right that accuses whatever it gets wrong, so here the two are told apart: a label is right and as
/// probable as the classifier says, or with a small chance wrong, and then any other. Chance and the classifier's
/// temperature are those under which the labels are most probable together; of a classifier that is often unsure,
/// an unlikely label is no news.
package enum ConfidentLearning {
  package struct Suspect: Sendable, Hashable {
    /// The record's place.
    package var record: Int
    /// What it probably has instead, ascending; one label unless a record may have several.
    package var labels: [Int]
    /// In [0, 1], the higher the more it is worth a look: of a given label, how probable it is that it is wrong.
    package var score: Double
  }

  /// What is believed of people's answers before any is seen, as a count: so many are wrong, and so many right.
  package static let prior = (wrong: 2.0, right: 18.0)

  /// As many records as are probably wrong, if the classifier contradicts that many.
  ///
  /// - Parameters:
  ///   - labels: as given, one per record.
  ///   - probabilities: [records][labels], out of fold.
  /// - Returns: the suspects, the most probably wrong first.
  package static func suspects(labels: [Int], probabilities: [[Float]]) -> [Suspect] {
    suspects(labels: labels, probabilities: probabilities, wrong: prior.wrong)
  }

  /// - Parameter wrong: of as many labels as the prior counts.
  private static func suspects(
    labels: [Int], probabilities: [[Float]], wrong: Double
  ) -> [Suspect] {
    let doubts = doubts(
      labels: labels, probabilities: probabilities,
      prior: (wrong, prior.wrong + prior.right - wrong))
    let contradicted = labels.indices.filter { probabilities[$0].mostProbable != labels[$0] }
    return Array(
      contradicted.map {
        Suspect(record: $0, labels: [probabilities[$0].mostProbable], score: doubts[$0])
      }.sorted(by: before).prefix(Int(doubts.reduce(0, +).rounded())))
  }

  /// The same where a record may have several labels: every label is judged by itself, as given or not given, and
  /// is as often wrong as leaves an answer, which is wrong with any of them, wrong as often as one label would be.
  ///
  /// - Parameters:
  ///   - labels: as given, ascending.
  ///   - probabilities: [records][labels], out of fold, of each label by itself.
  package static func suspects(labels: [[Int]], probabilities: [[Float]]) -> [Suspect] {
    var doubtful: [Int: Suspect] = [:]
    let count = probabilities.first?.count ?? 0
    for label in 0..<count {
      for suspect in suspects(
        labels: labels.map { $0.contains(label) ? 1 : 0 },
        probabilities: probabilities.map { [1 - $0[label], $0[label]] },
        wrong: prior.wrong / Double(count))
      {
        var all =
          doubtful[suspect.record]
          ?? Suspect(record: suspect.record, labels: labels[suspect.record], score: 0)
        all.labels =
          suspect.labels == [1]
          ? (all.labels + [label]).sorted() : all.labels.filter { $0 != label }
        all.score = max(all.score, suspect.score)
        doubtful[suspect.record] = all
      }
    }
    return doubtful.values.sorted(by: before)
  }

  /// How probable it is that each label is wrong.
  private static func doubts(
    labels: [Int], probabilities: [[Float]], prior: (wrong: Double, right: Double)
  ) -> [Double] {
    guard let count = probabilities.first?.count, count > 1 else {
      return [Double](repeating: 0, count: labels.count)
    }
    // A label is right, or it is any other.
    var best = (cost: Double.infinity, doubts: [Double]())
    for step in -12...8 {
      let losses = Calibration.logLosses(
        probabilities, labels, sharpness: exp2(Double(step) / 4))
      let mixture = Mixture(
        likelihoods: losses.map { (one: exp(-$0), other: (1 - exp(-$0)) / Double(count - 1)) },
        known: (one: prior.right, other: prior.wrong))
      let share = mixture.share(in: 1e-4...0.5)
      let cost = mixture.cost(share: share)
      if cost < best.cost { best = (cost, mixture.others(share: share)) }
    }
    return best.doubts
  }

  /// Records on which a classifier that has not seen a suggestion contradicts it, those where it is
  /// surest of being right first; their score is (1 + p(predicted) − p(suggested)) / 2.
  package static func disagreements(labels: [Int], probabilities: [[Float]]) -> [Suspect] {
    zip(labels, probabilities).enumerated().compactMap { record, pair in
      let (given, row) = pair
      let best = row.mostProbable
      guard best != given else { return nil }
      return Suspect(
        record: record, labels: [best], score: (1 + Double(row[best] - row[given])) / 2)
    }.sorted(by: before)
  }

  /// The same where a record may have several labels and has those that reach their thresholds; the score is the
  /// highest of what the classifier gives to a label's being there where the agent left it out, or the opposite.
  ///
  /// - Parameter thresholds: [labels].
  package static func disagreements(
    labels: [[Int]], probabilities: [[Float]], thresholds: [Float]
  ) -> [Suspect] {
    zip(labels, probabilities).enumerated().compactMap { record, pair in
      let (given, row) = pair
      let predicted = row.indices.filter { row[$0] >= thresholds[$0] }
      let scores = Set(predicted).symmetricDifference(given).map {
        Double(given.contains($0) ? 1 - row[$0] : row[$0])
      }
      return scores.max().map { Suspect(record: record, labels: predicted, score: $0) }
    }.sorted(by: before)
  }

  private static func before(_ a: Suspect, _ b: Suspect) -> Bool {
    (a.score, b.record) > (b.score, a.record)
  }
}

/// What a training leaves for people to look at.
package struct SecondLooks: Sendable {
  /// Answers that are probably wrong.
  package var labelErrors: [ConfidentLearning.Suspect]
  /// Records without an answer on which classifier and agent disagree.
  package var disagreements: [ConfidentLearning.Suspect]

  /// Suspects are named by their place in the training set.
  ///
  /// - Parameter thresholds: of the model, where a record may have several labels.
  package init(_ validation: CrossValidation, _ set: TrainingSet, thresholds: [Float]?) {
    func found(
      _ isSuggested: Bool, _ find: ([[Int]], [[Float]]) -> [ConfidentLearning.Suspect]
    ) -> [ConfidentLearning.Suspect] {
      let places = isSuggested ? set.suggestedPlaces : set.answeredPlaces
      return find(
        places.map { set.examples[$0].labels }, places.map { validation.probabilities[$0] }
      )
      .map { suspect in
        var suspect = suspect
        suspect.record = places[suspect.record]
        return suspect
      }
    }
    if set.isMultiLabel {
      let thresholds = thresholds ?? [Float](repeating: 0.5, count: set.labels.count)
      labelErrors = found(false) { ConfidentLearning.suspects(labels: $0, probabilities: $1) }
      disagreements = found(true) {
        ConfidentLearning.disagreements(labels: $0, probabilities: $1, thresholds: thresholds)
      }
    } else {
      labelErrors = found(false) {
        ConfidentLearning.suspects(labels: $0.map { $0[0] }, probabilities: $1)
      }
      disagreements = found(true) {
        ConfidentLearning.disagreements(labels: $0.map { $0[0] }, probabilities: $1)
      }
    }
  }
}
