package import Schema
package import Wire

extension Recipe {
  /// The recipe a job asks for: zero, empty and absent mean SetFit's default.
  ///
  /// - Throws: `SchemaError` that names the argument which is wrong.
  package init(_ spec: StoreV1.TrainingSpec) throws {
    guard let name = spec.recipe.isEmpty ? .lauter : Kind(rawValue: spec.recipe) else {
      let known = Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
      throw SchemaError(field: "recipe", "\(known), not '\(spec.recipe)'")
    }
    self.init(name)
    func given(_ value: UInt32) -> Int? { value == 0 ? nil : Int(value) }
    if let seed = spec.seed { self.seed = seed }
    shots = given(spec.shots)
    let agent = spec.agent.isEmpty ? nil : spec.agent
    switch (spec.useSuggestions, spec.noSuggestions) {
    case (true, true):
      throw SchemaError(
        field: "no_suggestions", "is set, and so is use_suggestions; set one of them or neither")
    case (true, false): suggestions = .always(by: agent)
    case (false, false) where self.name == .lauter: suggestions = .ifTheyHelp(by: agent)
    case (false, _):
      if let agent {
        throw SchemaError(
          field: "agent", "'\(agent)' is named, but no suggestions are used; set use_suggestions")
      }
      suggestions = nil
    }
    freezeBody = spec.freezeBody
    bodyEpochs = given(spec.bodyEpochs) ?? bodyEpochs
    bodyBatchSize = given(spec.bodyBatchSize) ?? bodyBatchSize
    // Not `> 0`: a negative or NaN rate is to be refused, not replaced.
    if spec.bodyLearningRate != 0 { bodyLearningRate = spec.bodyLearningRate }
    maxSteps = given(spec.maxSteps)
    samplingStrategy =
      try Self.known(
        spec.samplingStrategy, spec.samplingStrategy.rawValue, Self.strategies, "sampling_strategy")
      ?? samplingStrategy
    numIterations = given(spec.numIterations)
    warmupProportion = spec.warmupProportion ?? warmupProportion
    l2Weight = spec.l2Weight ?? l2Weight
    maxLength = given(spec.maxLength)
    if spec.headC != 0 { headC = spec.headC }
    loss = try Self.known(spec.loss, spec.loss.rawValue, Self.losses, "loss") ?? loss
    distanceMetric =
      try Self.known(
        spec.distanceMetric, spec.distanceMetric.rawValue, Self.distances, "distance_metric")
      ?? distanceMetric
    margin = spec.margin ?? margin
    head = try Self.known(spec.head, spec.head.rawValue, Self.heads, "head") ?? head
    balanceLabels = spec.balanceLabels
    headEpochs = given(spec.headEpochs) ?? headEpochs
    headBatchSize = given(spec.headBatchSize) ?? headBatchSize
    if spec.headLearningRate != 0 { headLearningRate = spec.headLearningRate }
    if spec.headTemperature != 0 { headTemperature = spec.headTemperature }
    endToEnd = spec.endToEnd
    if spec.bodyClassifierLearningRate != 0 {
      bodyClassifierLearningRate = spec.bodyClassifierLearningRate
    }
    dropout = !spec.noDropout
    if let folds = spec.folds { self.folds = Int(folds) }
    try validate()
  }

  fileprivate static let strategies:
    [(StoreV1.SamplingStrategy, ContrastivePairs.SamplingStrategy)] = [
      (.oversampling, .oversampling), (.undersampling, .undersampling), (.unique, .unique),
    ]
  fileprivate static let losses: [(StoreV1.Loss, ContrastiveLoss)] = [
    (.cosineSimilarity, .cosineSimilarity), (.contrastive, .contrastive),
    (.supervisedContrastive, .supervisedContrastive),
  ]
  fileprivate static let distances: [(StoreV1.DistanceMetric, ContrastiveLoss.Distance)] = [
    (.cosine, .cosine), (.euclidean, .euclidean), (.manhattan, .manhattan),
  ]
  fileprivate static let heads: [(StoreV1.HeadKind, Head)] = [
    (.logisticRegression, .logisticRegression), (.differentiable, .differentiable),
  ]

  /// What a value of the contract stands for here; `nil` where it is unspecified.
  private static func known<Wire: Equatable, Ours: RawRepresentable<String>>(
    _ value: Wire, _ number: Int32, _ pairs: [(Wire, Ours)], _ field: String
  ) throws -> Ours? {
    if number == 0 { return nil }
    if let pair = pairs.first(where: { $0.0 == value }) { return pair.1 }
    let names = pairs.map(\.1.rawValue)
    let listed = names.dropLast().joined(separator: ", ") + " or " + names.last!
    throw SchemaError(
      field: field, "\(listed), not \(number); is the client of a later version?")
  }

  fileprivate static func wire<Wire, Ours: Equatable>(_ value: Ours, _ pairs: [(Wire, Ours)])
    -> Wire
  {
    // Every case has its pair.
    pairs.first { $0.1 == value }!.0
  }
}

extension StoreV1.TrainingSpec {
  /// What a model was really trained with, every default spelled out, so that one can be made in the same way when
  /// defaults have changed. Suggestions that were tried and left out are not asked for again; beside more than
  /// `TrainingSet.textBudget` texts others may then be looked at.
  ///
  /// - Parameters:
  ///   - agent: whose suggestions the model has learned from, if it has.
  ///   - maxLength: tokens per text.
  package init(
    _ recipe: Recipe, model: Name, encoder: String, agent: String?, maxLength: Int
  ) {
    self.init(
      model: model.description, encoder: encoder, useSuggestions: agent != nil,
      agent: agent ?? "", shots: UInt32(recipe.shots ?? 0), seed: recipe.seed,
      bodyEpochs: UInt32(recipe.bodyEpochs), bodyBatchSize: UInt32(recipe.bodyBatchSize),
      bodyLearningRate: recipe.bodyLearningRate, maxSteps: UInt32(recipe.maxSteps ?? 0),
      samplingStrategy: Recipe.wire(recipe.samplingStrategy, Recipe.strategies),
      numIterations: UInt32(recipe.numIterations ?? 0),
      warmupProportion: recipe.warmupProportion, l2Weight: recipe.l2Weight,
      maxLength: UInt32(maxLength), headC: recipe.headC, freezeBody: recipe.freezeBody,
      recipe: recipe.name.rawValue, folds: UInt32(recipe.folds), noSuggestions: agent == nil,
      loss: Recipe.wire(recipe.loss, Recipe.losses), noDropout: !recipe.dropout)
    // What the loss and the head do not have stays unsaid.
    if recipe.loss == .contrastive {
      distanceMetric = Recipe.wire(recipe.distanceMetric, Recipe.distances)
      margin = recipe.margin
    }
    head = Recipe.wire(recipe.head, Recipe.heads)
    switch recipe.head {
    case .logisticRegression: balanceLabels = recipe.balanceLabels
    case .differentiable:
      headC = 0
      headEpochs = UInt32(recipe.headEpochs)
      headBatchSize = UInt32(recipe.headBatchSize)
      headLearningRate = recipe.headLearningRate
      headTemperature = recipe.headTemperature
      endToEnd = recipe.endToEnd
      if recipe.endToEnd { bodyClassifierLearningRate = recipe.bodyClassifierLearningRate }
    }
  }
}
