/// How a classifier (or an agent's suggestions) does against submitted responses.
public struct Evaluation: Sendable, Hashable, Codable {
  /// In the data set's order.
  public let labels: [String]
  /// Row-major, actual by predicted, `labels.count` squared.
  public let confusion: [Int]

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
  }

  public var records: Int { confusion.reduce(0, +) }

  public var correct: Int { labels.indices.reduce(0) { $0 + confusion[$1 * labels.count + $1] } }

  public var accuracy: Double { records == 0 ? 0 : Double(correct) / Double(records) }

  /// The 95% Wilson score interval of the accuracy (Wilson 1927).
  public var accuracyInterval: ClosedRange<Double> { Self.wilson(correct: correct, of: records) }

  public var macroF1: Double {
    labels.isEmpty ? 0 : labels.indices.reduce(0) { $0 + f1($1) } / Double(labels.count)
  }

  public func support(_ label: Int) -> Int {
    labels.indices.reduce(0) { $0 + confusion[label * labels.count + $1] }
  }

  /// Of the records said to have the label, the share that does; 0 where none was.
  public func precision(_ label: Int) -> Double {
    ratio(
      confusion[label * labels.count + label],
      labels.indices.reduce(0) { $0 + confusion[$1 * labels.count + label] })
  }

  /// Of the records that have the label, the share that was found; 0 where none has it.
  public func recall(_ label: Int) -> Double {
    ratio(confusion[label * labels.count + label], support(label))
  }

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
