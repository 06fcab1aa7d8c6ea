/// Finds records whose label is probably wrong, from predictions by heads that have not learned from them
/// (confident learning: Northcutt, Jiang, Chuang 2021).
///
/// A label's threshold is the mean probability it gets on the records that carry it. A record counts
/// towards (given, other) if other is the most probable of the labels that reach their thresholds for it;
/// these counts, scaled so that each given label adds up to its records, estimate how many are mislabelled
/// in which way, and so many are taken, by the margin between the two probabilities.
package enum ConfidentLearning {
  package struct Suspect: Sendable, Hashable {
    /// The record's place.
    package var record: Int
    /// What it probably is.
    package var label: Int
    /// (1 + p(label) − p(given)) / 2: from ½ to 1, the higher the more probably wrong.
    package var score: Double
  }

  /// - Parameters:
  ///   - labels: as given, one per record.
  ///   - probabilities: [records][labels], out of fold.
  /// - Returns: the suspects, the most probably wrong first.
  package static func suspects(labels: [Int], probabilities: [[Float]]) -> [Suspect] {
    guard let count = probabilities.first?.count else { return [] }
    var sums = [Double](repeating: 0, count: count)
    var records = [Int](repeating: 0, count: count)
    for (label, row) in zip(labels, probabilities) {
      sums[label] += Double(row[label])
      records[label] += 1
    }
    // A label without records reaches no threshold.
    let thresholds = zip(sums, records).map { $1 == 0 ? Double.infinity : $0 / Double($1) }
    var joint = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for (label, row) in zip(labels, probabilities) {
      let confident = row.indices.filter { Double(row[$0]) >= thresholds[$0] }
      if let other = confident.max(by: { row[$0] < row[$1] }) { joint[label][other] += 1 }
    }
    return (0..<count).flatMap { given -> [Suspect] in
      let total = joint[given].reduce(0, +)
      guard total > 0 else { return [] }
      let own = labels.indices.filter { labels[$0] == given }
      return (0..<count).filter { $0 != given }.flatMap { other -> [Suspect] in
        let share = Double(joint[given][other]) / Double(total)
        let wrong = own.compactMap { record -> Suspect? in
          let row = probabilities[record]
          // Only what the classifier would call otherwise; and each record once, under that label.
          guard row.mostProbable == other, row[other] > row[given] else { return nil }
          return Suspect(
            record: record, label: other, score: (1 + Double(row[other] - row[given])) / 2)
        }
        return Array(wrong.sorted(by: before).prefix(Int((share * Double(own.count)).rounded())))
      }
    }.sorted(by: before)
  }

  /// Records on which a classifier that has not seen a suggestion contradicts it, those where it is
  /// surest of being right first.
  package static func disagreements(labels: [Int], probabilities: [[Float]]) -> [Suspect] {
    zip(labels, probabilities).enumerated().compactMap { record, pair in
      let (given, row) = pair
      let best = row.mostProbable
      guard best != given else { return nil }
      return Suspect(record: record, label: best, score: (1 + Double(row[best] - row[given])) / 2)
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

  /// Suspects are named by their place in the training set. Of records that may have several labels there are
  /// none.
  package init(_ validation: CrossValidation, _ set: TrainingSet) {
    if set.isMultiLabel {
      (labelErrors, disagreements) = ([], [])
      return
    }
    func found(
      _ isSuggested: Bool, _ find: ([Int], [[Float]]) -> [ConfidentLearning.Suspect]
    ) -> [ConfidentLearning.Suspect] {
      let places = set.examples.indices.filter { set.examples[$0].isSuggested == isSuggested }
      return find(
        places.map { set.examples[$0].labels[0] }, places.map { validation.probabilities[$0] }
      ).map { suspect in
        var suspect = suspect
        suspect.record = places[suspect.record]
        return suspect
      }
    }
    labelErrors = found(false) { ConfidentLearning.suspects(labels: $0, probabilities: $1) }
    disagreements = found(true) { ConfidentLearning.disagreements(labels: $0, probabilities: $1) }
  }
}
