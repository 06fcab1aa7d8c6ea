package import Foundation
import Schema
package import Transformer

/// A sentence-transformers encoder in training: tokenizer and weights behind `TrainableBody`.
package struct EncoderBody: TrainableBody {
  package let directory: EncoderDirectory
  /// Tokens per text, special tokens included; longer texts are cut.
  package let maxTokens: Int
  private let tokenizer: Tokenizer
  private let trainer: EncoderTrainer
  /// Where the time of training steps went.
  package private(set) var stepSeconds = StepSeconds()
  private let clock = ContinuousClock()

  package struct StepSeconds: Sendable, Hashable {
    package var forward = 0.0
    package var backward = 0.0
    /// Clipping and AdamW.
    package var optimiser = 0.0
  }

  /// Reads an encoder's folder.
  ///
  /// - Throws: `EncoderError`; `SchemaError` if the recipe's length is more than the encoder takes.
  package init(folder: URL, recipe: Recipe, pool: ComputePool = .shared) throws {
    directory = try EncoderDirectory(folder)
    let configuration = directory.configuration
    if let length = recipe.maxLength, length > configuration.positions {
      throw SchemaError(
        field: "max_length",
        "at most \(configuration.positions) tokens, which is all this encoder has positions for, "
          + "not \(length)")
    }
    maxTokens = recipe.maxLength ?? configuration.maxTokens
    tokenizer = try directory.tokenizer()
    var random = RandomSource(seed: recipe.seed, purpose: .dropout)
    trainer = try EncoderTrainer(
      directory, pool: pool, seed: random.next(), dropout: recipe.dropout)
  }

  /// Reads the weights again.
  package func restore() throws { try trainer.restore(directory) }

  package func keep(_ share: Double) throws {
    try trainer.keep(Float(share), since: directory)
  }

  package var weights: [Float] {
    get { trainer.weights }
    nonmutating set { trainer.weights = newValue }
  }

  package var dimensions: Int { directory.configuration.hidden }

  /// - Throws: `CancellationError` within a text of the task's cancellation.
  package func tokens(_ texts: [String]) throws -> [[Int32]] {
    try texts.map {
      try Task.checkCancellation()
      return tokenizer.encode($0, maxTokens: maxTokens)
    }
  }

  /// A training set's token ids.
  ///
  /// - Throws: `TrainingError.emptyTexts` if a text has no tokens but [CLS] and [SEP]; `CancellationError`.
  package func tokens(_ set: TrainingSet) throws -> [[Int32]] {
    let tokens = try tokens(set.examples.map(\.text))
    let empty = zip(set.examples, tokens).filter { $1.count <= 2 }
    guard empty.isEmpty else {
      throw TrainingError.emptyTexts(
        externalIDs: empty.map(\.0.externalID), source: set.source)
    }
    return tokens
  }

  /// A training set as token ids.
  ///
  /// - Throws: `TrainingError.emptyTexts`; `CancellationError`.
  package func material(_ set: TrainingSet) throws -> Training.Material {
    var others: [[Int32]] = []
    var room = Training.Material.tokensOfOthers
    for text in set.otherTexts {
      let tokens = tokenizer.encode(text, maxTokens: maxTokens)
      // A text without a word differs in no way that a word would tell.
      if tokens.count <= 2 { continue }
      room -= tokens.count
      if room < 0 { break }
      others.append(tokens)
    }
    return Training.Material(
      texts: try tokens(set), anchors: try tokens(set.anchors.sentences.flatMap { $0 }),
      others: others)
  }

  package mutating func forward(_ texts: [[Int32]]) throws -> [Float] {
    timed(\.forward) { [trainer] in trainer.forward(tokens: texts).values }
  }

  package mutating func backward(_ gradient: [Float]) throws {
    timed(\.backward) { [trainer] in trainer.backward(gradient) }
  }

  private mutating func timed<R>(
    _ part: WritableKeyPath<StepSeconds, Double>, _ body: () -> R
  ) -> R {
    let start = clock.now
    defer { stepSeconds[keyPath: part] += (clock.now - start).seconds }
    return body()
  }

  package mutating func step(
    learningRate: Double, weightDecay: Double, decaysEverything: Bool, maxGradientNorm: Double
  ) throws -> Double {
    timed(\.optimiser) { [trainer] in
      Double(
        trainer.step(
          learningRate: Float(learningRate), weightDecay: Float(weightDecay),
          decaysEverything: decaysEverything, maxGradientNorm: Float(maxGradientNorm)))
    }
  }

  package func forgetSteps() { trainer.forgetSteps() }

  package func embed(_ texts: [[Int32]]) throws -> [Float] { trainer.embed(tokens: texts).values }

  /// The weights as they are now, under the names of the encoder's file.
  package func tensors() -> [(name: String, shape: [Int], values: [Float])] { trainer.tensors() }
}
