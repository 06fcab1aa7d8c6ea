import Foundation
package import Schema
package import Transformer

/// Fine-tunes a body and fits a head on it, by a recipe. No services, no files: token ids in, a head
/// out, the body changed in place.
package struct Training: Sendable {
  package let recipe: Recipe
  /// Texts embedded between two looks at the task's cancellation.
  package static let chunk = 32

  /// What came out besides the body's new weights.
  package struct Outcome: Sendable {
    package var head: ClassificationHead
    /// The loss at each step on the body.
    package var losses: [Double]
    package var seconds: Seconds
  }

  /// Where the time went.
  package struct Seconds: Sendable, Hashable, Codable {
    package var body = 0.0
    package var embedding = 0.0
    package var head = 0.0
  }

  package init(recipe: Recipe) {
    self.recipe = recipe
  }

  /// - Parameters:
  ///   - texts: token ids, special tokens included.
  ///   - labels: each text's label, in 0 ..< `labelCount`.
  ///   - report: called after every step and chunk, on this thread.
  /// - Throws: `TrainingError`; `CancellationError` within a step or chunk of the task's cancellation.
  package func run(
    _ body: inout some TrainableBody, texts: [[Int32]], labels: [Int], labelCount: Int,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Outcome {
    precondition(texts.count == labels.count, "one label per text")
    let clock = ContinuousClock()
    var seconds = Seconds()
    var losses: [Double] = []
    if !recipe.freezeBody {
      let training = BodyTraining(recipe: recipe, labels: labels)
      seconds.body = try clock.measure {
        losses = try training.run(&body, texts: texts, report: report)
      }.seconds
    }
    var embeddings: [Float] = []
    seconds.embedding = try clock.measure {
      embeddings = try embed(&body, texts: texts, phase: .embedding, report: report)
    }.seconds
    guard embeddings.allSatisfy({ $0.isFinite }) else {
      throw TrainingError.unusableEncoder(
        losses.isEmpty
          ? "its embeddings are not numbers; its weights may hold NaN or infinity"
          : "after training its embeddings are not numbers; try a smaller body_learning_rate")
    }
    report(TrainingProgress(phase: .head, done: 0, total: 1))
    var fit: LogisticRegression.Fit?
    seconds.head = try clock.measure {
      fit = try LogisticRegression(C: recipe.headC).fit(
        embeddings, hidden: body.dimensions, labels: labels, labelCount: labelCount)
    }.seconds
    report(TrainingProgress(phase: .head, done: 1, total: 1))
    return Outcome(head: fit!.head, losses: losses, seconds: seconds)
  }

  /// Embeds chunk by chunk, texts of like length together, so that a cancelled task stops soon and a
  /// chunk's time does not depend on one long text among short ones.
  ///
  /// - Returns: [texts, dimensions], in the order given.
  package func embed(
    _ body: inout some TrainableBody, texts: [[Int32]], phase: TrainingProgress.Phase,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> [Float] {
    let width = body.dimensions
    var embeddings = [Float](repeating: 0, count: texts.count * width)
    let order = texts.indices.sorted { (texts[$0].count, $0) < (texts[$1].count, $1) }
    for start in stride(from: 0, to: order.count, by: Self.chunk) {
      try Task.checkCancellation()
      let chunk = order[start..<min(start + Self.chunk, order.count)]
      let values = try body.embed(chunk.map { texts[$0] })
      for (row, text) in chunk.enumerated() {
        embeddings.replaceSubrange(
          text * width..<(text + 1) * width, with: values[row * width..<(row + 1) * width])
      }
      report(TrainingProgress(phase: phase, done: start + chunk.count, total: order.count))
    }
    return embeddings
  }

  /// Holds body and head against texts whose labels are known.
  package func evaluate(
    _ body: inout some TrainableBody, head: ClassificationHead, texts: [[Int32]], actual: [Int],
    labels: [String], report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Evaluation {
    let embeddings = try embed(&body, texts: texts, phase: .evaluation, report: report)
    return Evaluation(
      labels: labels, actual: actual, predicted: head.predictions(embeddings))
  }
}

extension ClassificationHead {
  /// The most probable label of each row of embeddings [texts, hidden]; on a tie the first.
  package func predictions(_ embeddings: [Float]) -> [Int] {
    stride(from: 0, to: embeddings.count, by: hidden).map { start in
      let probabilities = self.probabilities(embeddings[start..<start + hidden])
      return probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
    }
  }
}

extension Duration {
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
