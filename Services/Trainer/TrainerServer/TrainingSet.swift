package import Schema

/// What a model learns from: texts with a label each, ordered by record id, so that the same records
/// always make the same training set.
package struct TrainingSet: Sendable, Hashable {
  /// The data set's labels, in its order.
  package let labels: [String]
  package let examples: [Example]
  /// Whose suggestions stand in for missing responses, if anyone's do.
  package let agent: String?

  package struct Example: Sendable, Hashable {
    package var recordID: Int64
    package var externalID: String
    package var text: String
    /// Index into `labels`.
    package var label: Int
    /// True where no person has confirmed the label.
    package var isSuggested: Bool
  }

  /// Picks the training records among a data set's.
  ///
  /// A person's answer always outranks a suggestion; discarded records are left out. Every label must
  /// have at least one record: a model that lacks a label would be wrong about it without a word.
  ///
  /// - Parameter records: of any split and status, in any order; the train split is used.
  /// - Throws: `TrainingError`; `SchemaError` if a record's label is not one of the data set's.
  package init(dataset: Dataset, records: some Sequence<Record>, recipe: Recipe) throws {
    labels = dataset.question.labels.map(\.name)
    let train = records.filter { $0.split == .train }.sorted { $0.id < $1.id }
    func example(_ record: Record, _ label: String, isSuggested: Bool) throws -> Example {
      Example(
        recordID: record.id, externalID: record.externalID, text: record.text(dataset.fields),
        label: try dataset.question.index(of: label), isSuggested: isSuggested)
    }

    var reviewed = try train.compactMap { record in
      try record.settledLabel.map { try example(record, $0, isSuggested: false) }
    }
    if let shots = recipe.shots {
      reviewed = Self.sample(reviewed, perLabel: shots, labelCount: labels.count, seed: recipe.seed)
    }

    var suggested: [Example] = []
    if let wanted = recipe.suggestions {
      let chosen =
        switch wanted {
        case .by(let agent): agent
        case .byMostFrequentAgent: Self.mostFrequentAgent(train)
        }
      guard let chosen else { throw TrainingError.noSuggestions(agent: nil) }
      // Only where no person has decided anything, drafts aside.
      suggested = try train.filter { $0.status == .pending }.compactMap { record in
        try record.suggestions.first { $0.agent == chosen }?.label
          .map { try example(record, $0, isSuggested: true) }
      }
      let known = train.contains {
        $0.suggestions.contains { $0.agent == chosen && $0.label != nil }
      }
      guard known else { throw TrainingError.noSuggestions(agent: chosen) }
      agent = chosen
    } else {
      agent = nil
    }

    examples = (reviewed + suggested).sorted { $0.recordID < $1.recordID }
    try requireEveryLabel(suggestions: recipe.suggestions != nil)
  }

  /// Texts and labels that come from elsewhere than a store, numbered from 1.
  ///
  /// - Throws: `TrainingError` if a label has no text.
  package init(
    labels: [String], texts: [(text: String, label: Int)], recipe: Recipe
  ) throws {
    self.labels = labels
    agent = nil
    var examples = texts.enumerated().map { index, pair in
      Example(
        recordID: Int64(index + 1), externalID: "\(index + 1)", text: pair.text, label: pair.label,
        isSuggested: false)
    }
    if let shots = recipe.shots {
      examples = Self.sample(examples, perLabel: shots, labelCount: labels.count, seed: recipe.seed)
    }
    self.examples = examples
    try requireEveryLabel(suggestions: false)
  }

  package func count(of label: Int) -> Int { examples.count { $0.label == label } }

  private func requireEveryLabel(suggestions: Bool) throws {
    let counts = labels.indices.map { count(of: $0) }
    let missing = labels.indices.filter { counts[$0] == 0 }
    guard missing.isEmpty else {
      throw TrainingError.labelsWithoutRecords(
        missing: missing.map { labels[$0] },
        counts: labels.indices.map { .init(label: labels[$0], records: counts[$0]) },
        suggestions: suggestions)
    }
  }

  /// At most `perLabel` of each label, chosen by the seed and nothing else, in the order given.
  private static func sample(
    _ examples: [Example], perLabel: Int, labelCount: Int, seed: UInt64
  ) -> [Example] {
    var random = RandomSource(seed: seed, purpose: .shots)
    var taken = [Int](repeating: 0, count: labelCount)
    let chosen = random.shuffled(examples).filter { example in
      taken[example.label] += 1
      return taken[example.label] <= perLabel
    }
    return chosen.sorted { $0.recordID < $1.recordID }
  }

  /// On a tie the first by name.
  private static func mostFrequentAgent(_ records: [Record]) -> String? {
    var counts: [String: Int] = [:]
    for record in records {
      for suggestion in record.suggestions where suggestion.label != nil {
        counts[suggestion.agent, default: 0] += 1
      }
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
