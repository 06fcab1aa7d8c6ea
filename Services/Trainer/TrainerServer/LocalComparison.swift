package import Foundation
import Schema
import Transformer

/// Many trainings from the same files, to compare recipes: every recipe with every number of shots and
/// every seed. As long as a recipe leaves the body as it is, no text is embedded twice.
package struct LocalComparison: Sendable {
  package var train: URL
  package var test: URL
  package var encoder: URL
  package var variants: [Variant]
  /// 0: no answers at all, so only recipes that use suggestions can be trained.
  package var shots: [Int]
  package var seeds: [UInt64]
  package var descriptions: [String: String]

  package init(
    train: URL, test: URL, encoder: URL, variants: [Variant], shots: [Int], seeds: [UInt64],
    descriptions: [String: String] = [:]
  ) {
    self.train = train
    self.test = test
    self.encoder = encoder
    self.variants = variants
    self.shots = shots
    self.seeds = seeds
    self.descriptions = descriptions
  }

  /// A recipe's name and what is changed of it: `lauter`, `setfit:frozen`, `lauter:no-suggestions`.
  package struct Variant: Sendable, Hashable {
    package let name: String
    package let recipe: Recipe

    /// - Returns: `nil` if there is no such recipe or change.
    package init?(_ name: String) {
      let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard let kind = Recipe.Kind(rawValue: parts[0]) else { return nil }
      var recipe = Recipe(kind)
      // SetFit itself does not cross-validate, so its time is without.
      if kind == .setfit { recipe.folds = 0 }
      guard Set(parts).count == parts.count,
        !(parts.contains("use-suggestions") && parts.contains("no-suggestions"))
      else { return nil }
      for change in parts.dropFirst() {
        switch change {
        case "frozen": recipe.freezeBody = true
        case "use-suggestions": recipe.suggestions = .always(by: nil)
        case "no-suggestions": recipe.suggestions = nil
        default: return nil
        }
      }
      self.name = name
      self.recipe = recipe
    }
  }

  /// One training. The keys are promised to scripts.
  package struct Row: Sendable, Encodable {
    package var recipe: String
    package var shots: Int
    package var seed: UInt64
    package var accuracy: Double
    package var macroF1: Double
    /// Where records may have several labels; the accuracy is then that of whole sets.
    package var microF1: Double?
    package var steps: Int
    /// Of the training, without what it took to embed texts that were embedded before; with reading the weights where
    /// the body is tuned.
    package var seconds: Double
    package var usedSuggestions: Bool
    /// Which of the file's records were the answers, from 1: whoever trains elsewhere on the same can.
    package var answers: [Int64]

    private enum CodingKeys: String, CodingKey {
      case recipe, shots, seed, accuracy, steps, seconds, answers
      case macroF1 = "macro_f1"
      case microF1 = "micro_f1"
      case usedSuggestions = "used_suggestions"
    }
  }

  /// - Parameter emit: called with each training's result, in the order of shots, seeds, variants.
  /// - Throws: as `LocalFit.run`.
  package func run(threads: Int? = nil, emit: (Row) throws -> Void) throws {
    let data = try TrainingData(train: train, test: test, descriptions: descriptions)
    let labels = data.labels.map(\.name)
    let pool = threads.map { ComputePool(threads: $0) } ?? .shared
    var untouched = RememberingBody(
      try EncoderBody(folder: encoder, recipe: Recipe(), pool: pool))
    if shots.contains(0), !data.train.contains(where: { $0.suggestion != nil }) {
      throw TrainingError.noSuggestions(agent: nil, source: .file)
    }
    let held = try untouched.body.tokens(data.test.map(\.text))
    let clock = ContinuousClock()
    for shots in shots {
      for seed in seeds {
        for variant in variants where shots > 0 || variant.recipe.suggestions != nil {
          var recipe = variant.recipe
          recipe.seed = seed
          recipe.shots = shots > 0 ? shots : nil
          let set = try TrainingSet(
            labels: data.labels, isMultiLabel: data.isMultiLabel,
            lines: data.train.map {
              .init(
                id: $0.id, text: $0.text, labels: shots > 0 ? $0.labels : nil,
                suggestion: $0.suggestion)
            }, recipe: recipe)
          let training = Training(recipe: recipe, pool: pool)
          let start = clock.now
          func measured(_ body: inout some TrainableBody, _ material: Training.Material) throws {
            let outcome = try training.run(&body, set, material)
            let seconds = (clock.now - start).seconds
            let predicted = try training.probabilities(&body, of: outcome, texts: held)
              .map(outcome.head.chosen)
            let actual = data.test.map(\.labels)
            let evaluation =
              data.isMultiLabel
              ? Evaluation(labels: labels, actual: actual, predicted: predicted)
              : Evaluation(
                labels: labels, actual: actual.map { $0[0] }, predicted: predicted.map { $0[0] })
            try emit(
              Row(
                recipe: variant.name, shots: shots, seed: seed, accuracy: evaluation.accuracy,
                macroF1: evaluation.macroF1,
                microF1: data.isMultiLabel ? evaluation.microF1 : nil, steps: outcome.losses.count,
                seconds: seconds,
                usedSuggestions: outcome.usedSuggestions,
                answers: set.answered.map(\.recordID)))
          }
          if training.tunesBody(set) {
            var body = try EncoderBody(folder: encoder, recipe: recipe, pool: pool)
            try measured(&body, try body.material(set))
          } else {
            try measured(&untouched, try untouched.body.material(set))
          }
        }
      }
    }
  }
}

/// An encoder whose weights stay as they are, and which therefore embeds no text twice.
private struct RememberingBody: TrainableBody {
  var body: EncoderBody
  private var known: [[Int32]: [Float]] = [:]

  init(_ body: EncoderBody) { self.body = body }

  var dimensions: Int { body.dimensions }

  mutating func embed(_ texts: [[Int32]]) throws -> [Float] {
    let new = texts.filter { known[$0] == nil }
    if !new.isEmpty {
      let values = try body.embed(new)
      for (row, text) in new.enumerated() {
        known[text] = Array(values[row * dimensions..<(row + 1) * dimensions])
      }
    }
    return texts.flatMap { known[$0]! }
  }

  mutating func forward(_ texts: [[Int32]]) throws -> [Float] { try body.forward(texts) }

  mutating func backward(_ gradient: [Float]) throws { try body.backward(gradient) }

  mutating func step(
    learningRate: Double, weightDecay: Double, decaysEverything: Bool, maxGradientNorm: Double
  ) throws -> Double {
    known = [:]
    return try body.step(
      learningRate: learningRate, weightDecay: weightDecay, decaysEverything: decaysEverything,
      maxGradientNorm: maxGradientNorm)
  }

  mutating func forgetSteps() { body.forgetSteps() }

  var weights: [Float] {
    get { body.weights }
    set {
      known = [:]
      body.weights = newValue
    }
  }

  mutating func restore() throws {
    known = [:]
    try body.restore()
  }

  mutating func keep(_ share: Double) throws {
    known = [:]
    try body.keep(share)
  }
}
