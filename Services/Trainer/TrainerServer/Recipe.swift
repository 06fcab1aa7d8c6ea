import Schema

/// How a model is trained: a recipe's name, and SetFit's training arguments with SetFit's defaults
/// (setfit 1.2, `training_args.py`), its two-phase tuples told apart as body and head.
package struct Recipe: Sendable, Hashable {
  /// What is learned from, and how.
  package var name: Kind
  /// Decides the shots, the pairs' order and the dropout.
  package var seed: UInt64 = 42
  /// At most so many reviewed records per label; `nil`: all of them.
  package var shots: Int? = nil
  /// Which suggestions stand in for missing responses; `nil`: none do.
  package var suggestions: Suggestions?
  /// Leaves the body as it is: a linear probe.
  package var freezeBody = false
  package var bodyEpochs = 1
  /// Pairs per step on the body; under Lauter's recipe texts, every two of which are a pair.
  package var bodyBatchSize = 16
  package var bodyLearningRate: Double
  /// Under SetFit's recipe so many steps on the body, whatever the epochs, of so many pairs of each kind
  /// as fill them; under Lauter's at most so many.
  package var maxSteps: Int? = nil
  package var loss = ContrastiveLoss.cosineSimilarity
  /// Of `ContrastiveLoss` alone.
  package var distanceMetric = ContrastiveLoss.Distance.cosine
  /// Of `ContrastiveLoss` alone: how far apart a negative pair should be.
  package var margin = ContrastiveLoss.defaultMargin
  package var samplingStrategy = ContrastivePairs.SamplingStrategy.oversampling
  /// So many positive and negative pairs per record instead of what the strategy says.
  package var numIterations: Int? = nil
  package var warmupProportion = 0.1
  /// AdamW's weight decay; biases and layer norms are exempt.
  package var l2Weight = 0.01
  package var maxGradientNorm = 1.0
  /// Whether the body's training drops at the rates the encoder's configuration names.
  package var dropout = true
  /// Tokens per text; `nil`: as many as the encoder takes.
  package var maxLength: Int? = nil
  package var head = Head.logisticRegression
  /// The head's inverse regularisation strength: SetFit's C, or a factor on that of `EvidenceHead`.
  package var headC = 1.0
  /// Whether each label counts as much as any other, however many records it has: scikit-learn's
  /// `class_weight="balanced"`. Of SetFit's recipe.
  package var balanceLabels = false
  // The next six are of a differentiable head.
  package var headEpochs = 16
  /// Texts per step on the head.
  package var headBatchSize = 2
  package var headLearningRate = 1e-2
  /// What the head's scores are divided by: higher is less sure.
  package var headTemperature = 1.0
  /// Whether the body learns along with the head.
  package var endToEnd = false
  /// The body's learning rate while it does.
  package var bodyClassifierLearningRate = 1e-5
  /// Of the cross-validation on the training records; 0 leaves it out.
  package var folds = CrossValidation.defaultFolds

  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Labels' names and descriptions, suggestions as far as they have proved right, and people's
    /// answers above all: see `EvidenceHead`.
    case lauter
    /// SetFit's, to the letter: suggestions count as much as answers, label names for nothing.
    case setfit
  }

  package enum Head: String, Sendable, Hashable, CaseIterable {
    /// scikit-learn's, SetFit's default; under Lauter's recipe `EvidenceHead`.
    case logisticRegression = "logistic-regression"
    /// SetFit's `use_differentiable_head`: see `HeadTraining`.
    case differentiable
  }

  /// Whose is said by name; `nil` means the agent that suggested most, and with `ifTheyHelp` not the
  /// zero-shot one once there are answers.
  package enum Suggestions: Sendable, Hashable {
    case always(by: String?)
    /// Where there are any, and cross-validation on the answers does not speak against them. Lauter's
    /// recipe alone can tell.
    case ifTheyHelp(by: String?)

    package var agent: String? {
      switch self {
      case .always(let agent), .ifTheyHelp(let agent): agent
      }
    }
  }

  package init(_ name: Kind = .lauter) {
    self.name = name
    suggestions = name == .lauter ? .ifTheyHelp(by: nil) : nil
    bodyLearningRate = name == .lauter ? 3e-4 : 2e-5
  }

  /// - Throws: `SchemaError` that names the first argument out of its range.
  package func validate() throws {
    func require(_ holds: Bool, _ field: String, _ message: String) throws {
      if !holds { throw SchemaError(field: field, message) }
    }
    func within(_ value: Int?, _ field: String, _ range: ClosedRange<Int>) throws {
      guard let value else { return }
      try require(
        range.contains(value), field,
        "a whole number from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    try within(shots, "shots", 1...1_000_000)
    try within(bodyEpochs, "body_epochs", 1...1_000)
    try within(bodyBatchSize, "body_batch_size", 1...1_024)
    try within(maxSteps, "max_steps", 1...10_000_000)
    try within(numIterations, "num_iterations", 1...10_000)
    try within(headEpochs, "head_epochs", 1...10_000)
    try within(headBatchSize, "head_batch_size", 1...1_024)
    try within(maxLength, "max_length", 3...8_192)
    try require(
      folds == 0 || (2...100).contains(folds), "folds", "0, or from 2 to 100, not \(folds)")
    try require(
      bodyLearningRate > 0 && bodyLearningRate <= 1, "body_learning_rate",
      "above 0 and at most 1, not \(bodyLearningRate)")
    try require(
      (0...1).contains(warmupProportion), "warmup_proportion",
      "from 0 to 1, not \(warmupProportion)")
    try require(
      (0...1).contains(l2Weight), "l2_weight", "from 0 to 1, not \(l2Weight)")
    try require(
      headC > 0 && headC <= 1e9, "head_c", "above 0 and at most 1e9, not \(headC)")
    func rate(_ value: Double, _ field: String) throws {
      try require(value > 0 && value <= 1, field, "above 0 and at most 1, not \(value)")
    }
    try rate(headLearningRate, "head_learning_rate")
    try rate(bodyClassifierLearningRate, "body_classifier_learning_rate")
    try require(
      headTemperature > 0 && headTemperature <= 1e6, "head_temperature",
      "above 0 and at most 1e6, not \(headTemperature)")
    try require(margin > 0 && margin <= 1e6, "margin", "above 0 and at most 1e6, not \(margin)")
    try validateCombinations()
    if let agent = suggestions?.agent {
      try require(!agent.isBlank, "agent", "names who made the suggestions")
    }
    if case .ifTheyHelp = suggestions {
      try require(
        name == .lauter, "suggestions", "setfit uses them always or never; it cannot tell")
    }
  }

  /// - Throws: `SchemaError` that names the first argument which wants exactly one label a record.
  package func validateForSeveralLabels() throws {
    func refuse(_ field: String, _ what: String) throws {
      throw SchemaError(
        field: field, "\(what) wants records with one label each, and these may have several")
    }
    if loss == .supervisedContrastive { try refuse("loss", loss.rawValue) }
    if head == .differentiable { try refuse("head", "the differentiable head") }
    if name == .lauter, !freezeBody {
      try requireNothingOfBody(
        "is about tuning the body, which lauter leaves as it is where records may have several labels"
      )
    }
  }

  /// - Throws: `SchemaError` that names the first argument about the body which is not the recipe's own.
  private func requireNothingOfBody(_ reason: String) throws {
    let plain = Recipe(name)
    func require(_ holds: Bool, _ field: String) throws {
      if !holds { throw SchemaError(field: field, reason) }
    }
    try require(loss == plain.loss, "loss")
    try require(bodyEpochs == plain.bodyEpochs, "body_epochs")
    try require(bodyBatchSize == plain.bodyBatchSize, "body_batch_size")
    try require(bodyLearningRate == plain.bodyLearningRate, "body_learning_rate")
    try require(maxSteps == nil, "max_steps")
    try require(samplingStrategy == plain.samplingStrategy, "sampling_strategy")
    try require(numIterations == nil, "num_iterations")
    try require(warmupProportion == plain.warmupProportion, "warmup_proportion")
    // A differentiable head decays, and drops out of the body, whether that learns or not.
    if head == .logisticRegression {
      try require(l2Weight == plain.l2Weight, "l2_weight")
      try require(dropout == plain.dropout, "no_dropout")
    }
  }

  /// Refuses what would be passed over without a word.
  private func validateCombinations() throws {
    let plain = Recipe(name)
    func require(_ holds: Bool, _ field: String, _ message: String) throws {
      if !holds { throw SchemaError(field: field, message) }
    }
    if name == .lauter {
      let remedy = "is for the recipe setfit; lauter"
      try require(
        loss == plain.loss, "loss", "\(loss.rawValue) \(remedy) tunes by \(plain.loss.rawValue)")
      try require(
        head == plain.head, "head",
        "differentiable \(remedy) has a head of its own, which takes no steps")
      let pairing = "\(remedy) learns from every pair of a step's texts"
      try require(samplingStrategy == plain.samplingStrategy, "sampling_strategy", pairing)
      try require(numIterations == nil, "num_iterations", pairing)
      try require(
        !balanceLabels, "balance_labels", "\(remedy) has a head of its own")
    }
    let forLoss = "is for the loss ContrastiveLoss alone, not \(loss.rawValue)"
    try require(
      loss == .contrastive || distanceMetric == plain.distanceMetric, "distance_metric", forLoss)
    try require(loss == .contrastive || margin == plain.margin, "margin", forLoss)
    if loss == .supervisedContrastive {
      let unpaired = "is about pairs, and SupConLoss takes texts with their labels"
      try require(
        samplingStrategy == plain.samplingStrategy, "sampling_strategy", unpaired)
      try require(numIterations == nil, "num_iterations", unpaired)
    }
    switch head {
    case .logisticRegression:
      let forHead = "is for the head differentiable; a logistic regression takes no such steps"
      try require(headEpochs == plain.headEpochs, "head_epochs", forHead)
      try require(headBatchSize == plain.headBatchSize, "head_batch_size", forHead)
      try require(headLearningRate == plain.headLearningRate, "head_learning_rate", forHead)
      try require(headTemperature == plain.headTemperature, "head_temperature", forHead)
      try require(!endToEnd, "end_to_end", forHead)
    case .differentiable:
      let forHead = "is for the head logistic-regression; see l2_weight and head_learning_rate"
      try require(headC == plain.headC, "head_c", forHead)
      try require(!balanceLabels, "balance_labels", forHead)
    }
    try require(
      endToEnd || bodyClassifierLearningRate == plain.bodyClassifierLearningRate,
      "body_classifier_learning_rate", "is the body's beside the head; set end_to_end too")
    try require(
      !(endToEnd && freezeBody), "end_to_end",
      "trains the body with the head, and freeze_body leaves it as it is; set one of them")
    try require(
      numIterations == nil || samplingStrategy == plain.samplingStrategy, "sampling_strategy",
      "says nothing beside num_iterations, which makes as many pairs of each kind; set one of them")
    if freezeBody {
      try requireNothingOfBody("is about tuning the body, which freeze_body leaves as it is")
    }
  }

  /// What a training goes by besides its seed, under the contract's names; what it does not look at is left out.
  package var arguments: [(name: String, value: String)] {
    var list = [("shots", shots.map(String.init) ?? "all"), ("folds", "\(folds)")]
    if let maxLength { list.append(("max_length", "\(maxLength)")) }
    if freezeBody {
      list.append(("freeze_body", "true"))
    } else {
      list += [
        ("body_batch_size", "\(bodyBatchSize)"), ("body_learning_rate", "\(bodyLearningRate)"),
        ("warmup_proportion", "\(warmupProportion)"), ("l2_weight", "\(l2Weight)"),
        ("no_dropout", "\(!dropout)"),
      ]
      if let maxSteps { list.append(("max_steps", "\(maxSteps)")) }
      // SetFit's number of steps overrides the epochs.
      if name == .lauter || maxSteps == nil { list.append(("body_epochs", "\(bodyEpochs)")) }
      if name == .setfit {
        list.append(("loss", loss.rawValue))
        if let numIterations {
          list.append(("num_iterations", "\(numIterations)"))
        } else if loss != .supervisedContrastive {
          list.append(("sampling_strategy", samplingStrategy.rawValue))
        }
      }
      if loss == .contrastive {
        list += [("distance_metric", distanceMetric.rawValue), ("margin", "\(margin)")]
      }
    }
    switch head {
    case .logisticRegression:
      list.append(("head_c", "\(headC)"))
      if name == .setfit { list.append(("balance_labels", "\(balanceLabels)")) }
    case .differentiable:
      list += [
        ("head", head.rawValue), ("head_epochs", "\(headEpochs)"),
        ("head_batch_size", "\(headBatchSize)"), ("head_learning_rate", "\(headLearningRate)"),
        ("head_temperature", "\(headTemperature)"), ("end_to_end", "\(endToEnd)"),
      ]
      if endToEnd {
        list.append(("body_classifier_learning_rate", "\(bodyClassifierLearningRate)"))
      }
    }
    return list.map { (name: $0.0, value: $0.1) }
  }
}

/// Why nothing could be trained, and what to do. Names records by id, never by their text.
package enum TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Some labels have nothing to learn from. `counts` is of every label, in the data set's order.
  case labelsWithoutRecords(
    missing: [String], counts: [LabelCount], suggestions: Bool, source: TrainingSet.Source)
  /// These records have no text, or none the tokenizer knows.
  case emptyTexts(externalIDs: [String], source: TrainingSet.Source)
  case noSuggestions(agent: String?, source: TrainingSet.Source)
  /// The loss or a gradient stopped being a number. Steps count from 1.
  case diverged(step: Int)
  /// As `diverged`, of a differentiable head.
  case headDiverged(step: Int)
  /// Every label has a single record, and the loss needs two of a label.
  case noLabelTwice
  /// The body gives embeddings that are not numbers.
  case unusableEncoder(String)
  /// What an evaluation needs is not there.
  case nothingToEvaluate(split: String)

  package struct LabelCount: Sendable, Hashable {
    package var label: String
    package var records: Int

    package init(label: String, records: Int) {
      self.label = label
      self.records = records
    }
  }

  package var description: String {
    switch self {
    case .labelsWithoutRecords(let missing, let counts, let suggestions, let source):
      let listed = counts.prefix(20).map { "\($0.label) \($0.records)" }.joined(separator: ", ")
      let more = counts.count > 20 ? ", …" : ""
      let names = missing.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
      let all = missing.count == counts.count
      let what =
        switch (source, all) {
        case (.store, true):
          "no record of the train split has been \(suggestions ? "reviewed or suggested" : "reviewed") yet"
        case (.store, false):
          "the train split has no \(suggestions ? "reviewed or suggested" : "reviewed") record with"
        case (.file, true):
          "no line of the training file has a label\(suggestions ? " or a suggestion" : "")"
        case (.file, false):
          "the training file has no line\(suggestions ? ", suggestions included," : "") with"
        }
      let remedy =
        switch (source, suggestions) {
        case (.store, false):
          "Review some records of each label (`lauter review`), or let a machine suggest labels "
            + "(`lauter label`)."
        case (.store, true): "Review some records of each label (`lauter review`)."
        case (.file, _): "Add some of each label."
        }
      if all { return "\(what). \(remedy)" }
      return
        "\(what) the label\(missing.count == 1 ? "" : "s") \(names)\(missing.count > 20 ? ", …" : "") "
        + "(there are: \(listed)\(more)); a model could never predict "
        + "\(missing.count == 1 ? "it" : "them"). \(remedy)"
    case .emptyTexts(let ids, let source):
      let listed = ids.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
      return
        "\(ids.count) training record\(ids.count == 1 ? " has" : "s have") no text the encoder can "
        + "read: \(listed)\(ids.count > 5 ? ", …" : ""). "
        + (source == .store
          ? "Discard them in review, or import them with their text."
          : "Leave them out of the file, or give them a text.")
    case .noSuggestions(let agent, .store):
      return agent.map {
        "the agent '\($0)' has suggested no label on the train split; `lauter dataset show` lists "
          + "the agents there are."
      } ?? "nobody has suggested labels on the train split yet; `lauter label` does that."
    case .noSuggestions(_, .file):
      return
        "no line of the training file has 'suggestions'; add some, or do not ask for what needs them (--use-suggestions, --shots 0)."
    case .diverged(let step):
      return
        "training diverged: at step \(step) the loss is no longer a number. A smaller "
        + "body_learning_rate usually cures that."
    case .headDiverged(let step):
      return
        "training diverged: at step \(step) on the head the loss is no longer a number. A smaller "
        + "head_learning_rate, or body_classifier_learning_rate, usually cures that."
    case .noLabelTwice:
      return
        "SupConLoss learns from labels with two records or more, and no label of the train split has "
        + "two. Review more records, or leave the loss as it is."
    case .unusableEncoder(let reason):
      return "the encoder cannot be used: \(reason)"
    case .nothingToEvaluate(let split):
      return
        "the \(split) split has no submitted responses to evaluate against. Import records with "
        + "gold labels into it, or review some (`lauter review --split \(split)`)."
    }
  }
}
