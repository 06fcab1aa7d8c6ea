/// How a classifier (or an agent's suggestions) does against submitted responses.
public struct Evaluation: Sendable, Hashable, Codable {
  /// In the data set's order.
  public let labels: [String]
  /// Row-major, actual by predicted, `labels.count` squared; empty where a record may have several labels.
  public let confusion: [Int]
  public let records: Int
  /// Records with exactly the right labels.
  public let correct: Int
  /// [labels]
  private let counts: [Counts]

  /// Of one label, in records.
  private struct Counts: Sendable, Hashable, Codable {
    /// That have it.
    var actual = 0
    var predicted = 0
    /// That have it and were said to.
    var both = 0
  }

  /// Where each record has one label.
  ///
  /// - Parameters:
  ///   - actual, predicted: indices into `labels`, one per record, of equal length.
  public init(labels: [String], actual: [Int], predicted: [Int]) {
    precondition(actual.count == predicted.count, "one prediction per record")
    var confusion = [Int](repeating: 0, count: labels.count * labels.count)
    for (a, p) in zip(actual, predicted) { confusion[a * labels.count + p] += 1 }
    self.init(labels: labels, confusion: confusion)
  }

  public init(labels: [String], confusion: [Int]) {
    precondition(confusion.count == labels.count * labels.count, "a square confusion matrix")
    self.labels = labels
    self.confusion = confusion
    var counts = [Counts](repeating: Counts(), count: labels.count)
    for actual in labels.indices {
      for predicted in labels.indices {
        let records = confusion[actual * labels.count + predicted]
        counts[actual].actual += records
        counts[predicted].predicted += records
        if actual == predicted { counts[actual].both += records }
      }
    }
    self.counts = counts
    records = confusion.reduce(0, +)
    correct = counts.reduce(0) { $0 + $1.both }
  }

  /// Where a record may have several labels, or none.
  ///
  /// - Parameters:
  ///   - actual, predicted: of each record indices into `labels`, ascending; of equal length.
  public init(labels: [String], actual: [[Int]], predicted: [[Int]]) {
    precondition(actual.count == predicted.count, "one prediction per record")
    self.labels = labels
    confusion = []
    var counts = [Counts](repeating: Counts(), count: labels.count)
    for (a, p) in zip(actual, predicted) {
      for label in a {
        counts[label].actual += 1
        if p.contains(label) { counts[label].both += 1 }
      }
      for label in p { counts[label].predicted += 1 }
    }
    self.counts = counts
    records = actual.count
    correct = zip(actual, predicted).count { $0 == $1 }
  }

  public var isMultiLabel: Bool { confusion.isEmpty }

  /// The share of records with exactly the right labels: of a multi-label question the subset accuracy.
  public var accuracy: Double { ratio(correct, records) }

  /// The 95% Wilson score interval of the accuracy (Wilson 1927).
  public var accuracyInterval: ClosedRange<Double> { Self.wilson(correct: correct, of: records) }

  /// The mean F1 of all labels where a record may have several, else of those that a record has or was said to have:
  /// as scikit-learn takes it of label matrices and of lists of labels.
  public var macroF1: Double {
    let present = labels.indices.filter {
      isMultiLabel || counts[$0].actual + counts[$0].predicted > 0
    }
    return present.isEmpty ? 0 : present.reduce(0) { $0 + f1($1) } / Double(present.count)
  }

  /// Of all labels' verdicts together. With one label per record it is the accuracy.
  public var microF1: Double {
    let both = counts.reduce(0) { $0 + $1.both }
    return ratio(2 * both, counts.reduce(0) { $0 + $1.actual + $1.predicted })
  }

  public func support(_ label: Int) -> Int { counts[label].actual }

  /// Of the records said to have the label, the share that does; 0 where none was.
  public func precision(_ label: Int) -> Double {
    ratio(counts[label].both, counts[label].predicted)
  }

  /// Of the records that have the label, the share that was found; 0 where none has it.
  public func recall(_ label: Int) -> Double { ratio(counts[label].both, counts[label].actual) }

  public func f1(_ label: Int) -> Double {
    let (p, r) = (precision(label), recall(label))
    return p + r == 0 ? 0 : 2 * p * r / (p + r)
  }

  public static func wilson(correct: Int, of records: Int) -> ClosedRange<Double> {
    guard records > 0 else { return 0...1 }
    let z = 1.959963984540054
    let n = Double(records)
    let p = Double(correct) / n
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, centre - half)...min(1, centre + half)
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}
