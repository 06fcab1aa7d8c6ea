package import Schema

/// What a model learns from: texts with their labels, ordered by record id, so that the same records
/// always make the same training set.
package struct TrainingSet: Sendable, Hashable {
  /// The data set's labels, in its order.
  package let labels: [String]
  /// Whether a record may have several labels, or none; otherwise each has exactly one.
  package let isMultiLabel: Bool
  /// What the labels' names and descriptions say.
  package let anchors: LabelAnchors
  package let examples: [Example]
  /// Texts of the same kind of which nothing is known that counts: they show how the data set's texts differ.
  /// Lauter's recipe alone looks at them, and at so many that with the examples they are `textBudget`.
  package let otherTexts: [String]
  /// Whose suggestions stand in for missing responses, if anyone's do.
  package let agent: String?
  /// Where the records are, which decides what can be done about what they lack.
  package let source: Source

  package enum Source: Sendable, Hashable {
    case store, file
  }

  package struct Example: Sendable, Hashable {
    package var recordID: Int64
    package var externalID: String
    package var text: String
    /// Indices into the set's labels, ascending; exactly one unless the set is multi-label.
    package var labels: [Int]
    /// True where no person has confirmed the labels.
    package var isSuggested: Bool
    /// What the agent said, also of a record that people have answered.
    package var suggestion: [Int]?
  }

  /// Picks the training records among a data set's.
  ///
  /// A person's answer always outranks a suggestion; discarded records are left out. Under SetFit's
  /// recipe every label must have at least one record: a model that lacks a label would be wrong
  /// about it without a word. Lauter's own knows a label without records by its name and
  /// description, but wants at least one record that somebody or something has labelled.
  ///
  /// - Parameter records: of any split and status, in any order; the train split is used.
  /// - Throws: `TrainingError`; `SchemaError` if a record's label is not one of the data set's.
  package init(dataset: Dataset, records: some Sequence<Record>, recipe: Recipe) throws {
    source = .store
    labels = dataset.question.labels.map(\.name)
    isMultiLabel = false
    anchors = LabelAnchors(dataset.question.labels)
    let train = records.filter { $0.split == .train }.sorted { $0.id < $1.id }
    let chosen: String? =
      switch recipe.suggestions {
      case nil: nil
      case .always(let agent): agent ?? Self.mostFrequentAgent(train)
      case .ifTheyHelp(let agent):
        // The zero-shot agent says what the anchors say already, from the same encoder: beside
        // answers it would count the labels' names twice.
        agent
          ?? Self.mostFrequentAgent(
            train,
            besides: train.contains { $0.settledLabel != nil } ? Suggestion.zeroShotAgent : nil)
      }
    if case .always = recipe.suggestions, chosen == nil {
      throw TrainingError.noSuggestions(agent: nil, source: source)
    }
    agent = chosen
    func suggestion(_ record: Record) -> String? {
      chosen.flatMap { chosen in record.suggestions.first { $0.agent == chosen }?.label }
    }
    func example(_ record: Record, _ label: String, isSuggested: Bool) throws -> Example {
      Example(
        recordID: record.id, externalID: record.externalID, text: record.text(dataset.fields),
        labels: [try dataset.question.index(of: label)], isSuggested: isSuggested,
        suggestion: try suggestion(record).map { [try dataset.question.index(of: $0)] })
    }

    var reviewed = try train.compactMap { record in
      try record.settledLabel.map { try example(record, $0, isSuggested: false) }
    }
    if let shots = recipe.shots {
      reviewed = Self.sample(reviewed, perLabel: shots, labelCount: labels.count, seed: recipe.seed)
    }

    var suggested: [Example] = []
    if let chosen {
      guard train.contains(where: { suggestion($0) != nil }) else {
        throw TrainingError.noSuggestions(agent: chosen, source: source)
      }
      // Only where no person has decided anything, drafts aside.
      suggested = try train.filter { $0.status == .pending }.compactMap { record in
        try suggestion(record).map { try example(record, $0, isSuggested: true) }
      }
    }

    let examples = (reviewed + Self.budgeted(suggested, recipe)).sorted {
      $0.recordID < $1.recordID
    }
    let taken = Set(examples.map(\.recordID))
    self.examples = examples
    otherTexts = Self.others(
      train.filter { !taken.contains($0.id) && $0.status != .discarded }, besides: examples, recipe
    ).map { $0.text(dataset.fields) }
    try requireRecords(recipe)
  }

  /// A record that comes from elsewhere than a store.
  package struct Line: Sendable, Hashable {
    package var id: String
    package var text: String
    /// Indices into the labels, ascending; `nil` where nobody has answered.
    package var labels: [Int]?
    package var suggestion: [Int]?

    package init(id: String, text: String, labels: [Int]?, suggestion: [Int]? = nil) {
      self.id = id
      self.text = text
      self.labels = labels
      self.suggestion = suggestion
    }
  }

  /// Picks the training records among those of a file.
  ///
  /// A multi-label set's shots are records for each label: one is taken as long as one of its labels, or
  /// having none, still wants records.
  ///
  /// Where the recipe uses suggestions, a text beyond the shots counts as unanswered, and so does one
  /// without a label: what it was suggested stands in.
  ///
  /// - Throws: `TrainingError`.
  package init(
    labels: [Label], isMultiLabel: Bool = false, lines: [Line], recipe: Recipe
  ) throws {
    source = .file
    self.labels = labels.map(\.name)
    self.isMultiLabel = isMultiLabel
    if isMultiLabel { try recipe.validateForSeveralLabels() }
    anchors = LabelAnchors(labels)
    var answered: [Example] = []
    for (index, line) in lines.enumerated() {
      guard let labels = line.labels else { continue }
      answered.append(
        Example(
          recordID: Int64(index + 1), externalID: line.id, text: line.text, labels: labels,
          isSuggested: false, suggestion: line.suggestion))
    }
    if let shots = recipe.shots {
      answered = Self.sample(answered, perLabel: shots, labelCount: labels.count, seed: recipe.seed)
    }
    let usesSuggestions =
      recipe.suggestions != nil && lines.contains { $0.suggestion != nil }
    if case .always = recipe.suggestions, !usesSuggestions {
      throw TrainingError.noSuggestions(agent: nil, source: source)
    }
    agent = usesSuggestions ? "file" : nil
    let answeredIDs = Set(answered.map(\.recordID))
    var suggested: [Example] = []
    for (index, line) in lines.enumerated()
    where usesSuggestions && !answeredIDs.contains(Int64(index + 1)) {
      guard let suggestion = line.suggestion else { continue }
      suggested.append(
        Example(
          recordID: Int64(index + 1), externalID: line.id, text: line.text,
          labels: suggestion, isSuggested: true, suggestion: suggestion))
    }
    let examples = (answered + Self.budgeted(suggested, recipe))
      .sorted { $0.recordID < $1.recordID }
    let taken = Set(examples.map(\.recordID))
    self.examples = examples
    otherTexts = Self.others(
      lines.indices.filter { !taken.contains(Int64($0 + 1)) }, besides: examples, recipe
    ).map { lines[$0].text }
    try requireRecords(recipe)
  }

  package func count(of label: Int) -> Int { examples.count { $0.labels.contains(label) } }

  /// The examples that people have answered.
  package var answered: [Example] { answeredPlaces.map { examples[$0] } }

  /// Where among the examples those are.
  var answeredPlaces: [Int] { examples.indices.filter { !examples[$0].isSuggested } }

  /// Where among the examples those are that nobody has answered.
  var suggestedPlaces: [Int] { examples.indices.filter { examples[$0].isSuggested } }

  private func requireRecords(_ recipe: Recipe) throws {
    let counts = labels.indices.map { count(of: $0) }
    let missing = labels.indices.filter { counts[$0] == 0 }
    let suffices =
      switch recipe.name {
      case .setfit: missing.isEmpty
      case .lauter: missing.count < labels.count
      }
    guard suffices else {
      throw TrainingError.labelsWithoutRecords(
        missing: missing.map { labels[$0] },
        counts: labels.indices.map { .init(label: labels[$0], records: counts[$0]) },
        suggestions: agent != nil, source: source)
    }
  }

  /// At most `perLabel` of each label, chosen by the seed and nothing else, in the order given.
  private static func sample(
    _ examples: [Example], perLabel: Int, labelCount: Int, seed: UInt64
  ) -> [Example] {
    var random = RandomSource(seed: seed, purpose: .shots)
    // The last is of having no label.
    var taken = [Int](repeating: 0, count: labelCount + 1)
    let chosen = random.shuffled(examples).filter { example in
      let counted = example.labels.isEmpty ? [labelCount] : example.labels
      guard counted.contains(where: { taken[$0] < perLabel }) else { return false }
      for label in counted { taken[label] += 1 }
      return true
    }
    return chosen.sorted { $0.recordID < $1.recordID }
  }

  /// Under Lauter's recipe so many suggestions are learned from, chosen by the seed: each must be embedded,
  /// and more teach little.
  package static let suggestionBudget = 10_000

  private static func budgeted(_ suggested: [Example], _ recipe: Recipe) -> [Example] {
    guard recipe.name == .lauter, suggested.count > suggestionBudget else { return suggested }
    var random = RandomSource(seed: recipe.seed, purpose: .suggestions)
    return Array(random.shuffled(suggested).prefix(suggestionBudget))
  }

  /// How many texts, learned from or not, show well enough how a data set's texts differ; each must be
  /// embedded.
  package static let textBudget = 1_000

  /// What is worth a look besides the examples, chosen by the seed.
  private static func others<Text>(
    _ texts: [Text], besides examples: [Example], _ recipe: Recipe
  ) -> [Text] {
    let room = textBudget - examples.count
    guard recipe.name == .lauter, room > 0 else { return [] }
    var random = RandomSource(seed: recipe.seed, purpose: .otherTexts)
    return Array(random.shuffled(texts).prefix(room))
  }

  /// On a tie the first by name.
  private static func mostFrequentAgent(
    _ records: [Record], besides ignored: String? = nil
  ) -> String? {
    var counts: [String: Int] = [:]
    for record in records {
      for suggestion in record.suggestions
      where suggestion.label != nil && suggestion.agent != ignored {
        counts[suggestion.agent, default: 0] += 1
      }
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
