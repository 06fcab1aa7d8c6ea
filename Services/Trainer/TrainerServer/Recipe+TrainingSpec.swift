package import Schema
package import Wire

extension Recipe {
  /// The recipe a job asks for: zero, empty and absent mean SetFit's default.
  ///
  /// - Throws: `SchemaError` that names the argument which is wrong.
  package init(_ spec: StoreV1.TrainingSpec) throws {
    self.init()
    if !spec.recipe.isEmpty {
      guard let name = Kind(rawValue: spec.recipe) else {
        let known = Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
        throw SchemaError(field: "recipe", "\(known), not '\(spec.recipe)'")
      }
      self.name = name
    }
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
    switch spec.samplingStrategy {
    case .unspecified: break
    case .oversampling: samplingStrategy = .oversampling
    case .undersampling: samplingStrategy = .undersampling
    case .unique: samplingStrategy = .unique
    case .unrecognized(let number):
      throw SchemaError(
        field: "sampling_strategy",
        "oversampling, undersampling or unique, not \(number); is the client of a later version?")
    }
    numIterations = given(spec.numIterations)
    warmupProportion = spec.warmupProportion ?? warmupProportion
    l2Weight = spec.l2Weight ?? l2Weight
    maxLength = given(spec.maxLength)
    if spec.headC != 0 { headC = spec.headC }
    if let folds = spec.folds { self.folds = Int(folds) }
    try validate()
  }
}

extension StoreV1.TrainingSpec {
  /// What a model was really trained with, every default spelled out, so that it can be made again
  /// when defaults have changed.
  ///
  /// - Parameters:
  ///   - agent: whose suggestions the model has learned from, if it has.
  ///   - maxLength: tokens per text.
  package init(
    _ recipe: Recipe, model: Name, encoder: String, agent: String?, maxLength: Int
  ) {
    let strategy: StoreV1.SamplingStrategy =
      switch recipe.samplingStrategy {
      case .oversampling: .oversampling
      case .undersampling: .undersampling
      case .unique: .unique
      }
    self.init(
      model: model.description, encoder: encoder, useSuggestions: agent != nil,
      agent: agent ?? "", shots: UInt32(recipe.shots ?? 0), seed: recipe.seed,
      bodyEpochs: UInt32(recipe.bodyEpochs), bodyBatchSize: UInt32(recipe.bodyBatchSize),
      bodyLearningRate: recipe.bodyLearningRate, maxSteps: UInt32(recipe.maxSteps ?? 0),
      samplingStrategy: strategy, numIterations: UInt32(recipe.numIterations ?? 0),
      warmupProportion: recipe.warmupProportion, l2Weight: recipe.l2Weight,
      maxLength: UInt32(maxLength), headC: recipe.headC, freezeBody: recipe.freezeBody,
      recipe: recipe.name.rawValue, folds: UInt32(recipe.folds), noSuggestions: agent == nil)
  }
}
