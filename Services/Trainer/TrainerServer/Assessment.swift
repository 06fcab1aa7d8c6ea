package import Schema
package import Transformer

/// How a classifier does against people's answers, and how sure that is.
package struct Assessment: Sendable, Hashable {
  package var evaluation: Evaluation
  /// 95%, by bootstrap.
  package var macroF1Interval: ClosedRange<Double>
  /// `nil` where there are no probabilities, as of an agent's suggestions.
  package var calibration: Calibration?
  package var slices: [Slice] = []
  /// `nil` where nobody has looked for them.
  package var nearDuplicates: [Duplicate]?

  /// The records that have one value of one metadata key.
  package struct Slice: Sendable, Hashable {
    package var key: String
    package var value: String
    package var evaluation: Evaluation
  }

  /// A record that is nearly the same as one that was trained on.
  package struct Duplicate: Sendable, Hashable {
    package var record: String
    /// Of the training records.
    package var of: String
    /// The share of character pieces they have in common.
    package var similarity: Double
  }

  /// - Parameters:
  ///   - actual, predicted: indices into `labels`, one per record, of equal length.
  ///   - metadata: of each record; empty for no slices.
  package init(
    labels: [String], actual: [Int], predicted: [Int], metadata: [[String: MetadataValue]] = []
  ) throws {
    evaluation = Evaluation(labels: labels, actual: actual, predicted: predicted)
    macroF1Interval = try Significance.macroF1Interval(evaluation)
    slices = Self.slices(metadata) { records in
      Evaluation(
        labels: labels, actual: records.map { actual[$0] }, predicted: records.map { predicted[$0] }
      )
    }
  }

  /// Where a record may have several labels.
  ///
  /// - Parameters:
  ///   - actual, predicted: indices into `labels`, ascending, of each record; of equal length.
  ///   - metadata: of each record; empty for no slices.
  package init(
    labels: [String], actual: [[Int]], predicted: [[Int]],
    metadata: [[String: MetadataValue]] = []
  ) throws {
    func evaluation(_ records: some Sequence<Int>) -> Evaluation {
      Evaluation(
        labels: labels, actual: records.map { actual[$0] }, predicted: records.map { predicted[$0] }
      )
    }
    self.evaluation = evaluation(actual.indices)
    macroF1Interval = try Significance.macroF1Interval(records: actual.count) {
      evaluation($0)
    }
    slices = Self.slices(metadata) { evaluation($0) }
  }

  /// - Parameters:
  ///   - probabilities: [records][labels].
  ///   - temperature: what the head's scores were divided by to get them.
  package init(
    labels: [String], actual: [Int], probabilities: [[Float]], temperature: Double = 1,
    metadata: [[String: MetadataValue]] = []
  ) throws {
    try self.init(
      labels: labels, actual: actual, predicted: probabilities.map(\.mostProbable),
      metadata: metadata)
    if !actual.isEmpty {
      calibration = Calibration(
        probabilities: probabilities, actual: actual, temperature: temperature)
    }
  }

  /// Of a head on texts whose labels are known.
  ///
  /// - Parameters:
  ///   - actual: indices into `labels`, ascending, of each text.
  ///   - probabilities: [texts][labels].
  ///   - temperature: what the head's scores were divided by to get them.
  package init(
    labels: [String], head: ClassificationHead, actual: [[Int]], probabilities: [[Float]],
    temperature: Double, metadata: [[String: MetadataValue]] = []
  ) throws {
    if head.isMultiLabel {
      try self.init(
        labels: labels, actual: actual, predicted: probabilities.map(head.chosen),
        metadata: metadata)
    } else {
      try self.init(
        labels: labels, actual: actual.map { $0[0] }, probabilities: probabilities,
        temperature: temperature, metadata: metadata)
    }
  }

  /// Of a training's cross-validation, on what people answered. Temperature and thresholds were found on
  /// these very predictions.
  ///
  /// - Returns: `nil` where there was too little to hold any back.
  package init?(crossValidated outcome: Training.Outcome, _ set: TrainingSet) throws {
    guard let validation = outcome.validation else { return nil }
    let answered = set.answeredPlaces
    guard !answered.isEmpty else { return nil }
    try self.init(
      labels: set.labels, head: outcome.head, actual: answered.map { set.examples[$0].labels },
      probabilities: answered.map {
        let row = validation.probabilities[$0]
        return set.isMultiLabel ? row : row.divided(by: validation.temperature)
      }, temperature: validation.temperature)
  }

  /// Looks for records that are nearly the same as one that was trained on.
  ///
  /// - Parameters: texts with the ids of their records.
  /// - Throws: `CancellationError`.
  package mutating func findNearDuplicates(
    of records: [(id: String, text: String)], among trained: [(id: String, text: String)]
  ) throws {
    nearDuplicates = try NearDuplicates.find(records.map(\.text), among: trained.map(\.text)).map {
      Duplicate(
        record: records[$0.text].id, of: trained[$0.other].id, similarity: $0.similarity)
    }
  }

  /// A key with more values than this is an identifier or a measurement, not a slice.
  private static let valuesPerKey = 30
  private static let slicesAtMost = 200

  private static func slices(
    _ metadata: [[String: MetadataValue]], _ evaluation: (_ records: [Int]) -> Evaluation
  ) -> [Slice] {
    var groups: [String: [String: [Int]]] = [:]
    for (record, values) in metadata.enumerated() {
      for (key, value) in values {
        groups[key, default: [:]][value.text, default: []].append(record)
      }
    }
    let slices = groups.sorted { $0.key < $1.key }.flatMap { key, values in
      values.count > valuesPerKey
        ? []
        : values.sorted { $0.key < $1.key }.map { (key: key, value: $0.key, records: $0.value) }
    }
    return slices.prefix(slicesAtMost).map {
      Slice(key: $0.key, value: $0.value, evaluation: evaluation($0.records))
    }
  }
}

extension MetadataValue {
  /// As a slice is named.
  fileprivate var text: String {
    switch self {
    case .text(let text): text
    case .number(let number):
      number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    case .flag(let flag): "\(flag)"
    }
  }
}
