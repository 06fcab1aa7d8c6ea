import Foundation
package import Transformer

/// The second of SetFit's two phases with its differentiable head: cross-entropy over small batches of
/// texts, AdamW without clipping, learning rates halved every five epochs; the body learns along where
/// training is end to end.
///
/// As in SetFit the body is in training mode, so its dropout is on also where its weights stay, and end
/// to end weight decay spares no parameter of it.
package struct HeadTraining: Sendable {
  package let recipe: Recipe
  package let labelCount: Int

  package init(recipe: Recipe, labelCount: Int) {
    self.recipe = recipe
    self.labelCount = labelCount
  }

  /// What the head starts from: Xavier's uniform weights, and biases of 0.01.
  package func initial(hidden: Int) throws -> DifferentiableHead {
    var random = RandomSource(seed: recipe.seed, purpose: .head)
    let bound = (6 / Float(hidden + labelCount)).squareRoot()
    return try DifferentiableHead(
      labels: labelCount, hidden: hidden,
      weight: (0..<labelCount * hidden).map { _ in Float.random(in: -bound...bound, using: &random)
      },
      bias: [Float](repeating: 0.01, count: labelCount), temperature: recipe.headTemperature)
  }

  /// Trains a head from where it is, and the body with it where the recipe says so.
  ///
  /// - Parameters:
  ///   - texts: token ids, special tokens included.
  ///   - labels: each text's label, in 0 ..< `labelCount`.
  ///   - report: called after every step.
  /// - Returns: the loss at each step.
  /// - Throws: `CancellationError` within one step of the task's cancellation; `TrainingError` if the
  ///   loss is no longer a number; what the body throws.
  package func run(
    _ body: inout some TrainableBody, _ head: inout DifferentiableHead, texts: [[Int32]],
    labels: [Int], report: (TrainingProgress) -> Void = { _ in }
  ) throws -> [Double] {
    try run(&body, &head, texts: texts, labels: labels, report: report) { epoch in
      var random = RandomSource(seed: recipe.seed &+ UInt64(epoch), purpose: .headOrder)
      return random.shuffled(texts.indices)
    }
  }

  /// The same with every epoch's order given: places of texts.
  package func run(
    _ body: inout some TrainableBody, _ head: inout DifferentiableHead, texts: [[Int32]],
    labels: [Int], report: (TrainingProgress) -> Void = { _ in }, order: (_ epoch: Int) -> [Int]
  ) throws -> [Double] {
    if recipe.endToEnd { body.forgetSteps() }
    let perEpoch = (texts.count + recipe.headBatchSize - 1) / recipe.headBatchSize
    let total = perEpoch * recipe.headEpochs
    var losses: [Double] = []
    losses.reserveCapacity(min(total, 1 << 20))
    for epoch in 0..<recipe.headEpochs {
      let rate = pow(0.5, Double(epoch / 5))
      let order = order(epoch)
      for start in stride(from: 0, to: order.count, by: recipe.headBatchSize) {
        try Task.checkCancellation()
        let batch = order[start..<min(start + recipe.headBatchSize, order.count)]
        let embeddings = try body.forward(batch.map { texts[$0] })
        let (loss, gradient) = head.backward(embeddings, labels: batch.map { labels[$0] })
        guard loss.isFinite, gradient.allSatisfy(\.isFinite) else {
          throw TrainingError.headDiverged(step: losses.count + 1)
        }
        if recipe.endToEnd {
          try body.backward(gradient)
          let norm = try body.step(
            learningRate: recipe.bodyClassifierLearningRate * rate, weightDecay: headDecay,
            decaysEverything: true, maxGradientNorm: .infinity)
          guard norm.isFinite else { throw TrainingError.headDiverged(step: losses.count + 1) }
        }
        head.step(learningRate: recipe.headLearningRate * rate, weightDecay: headDecay)
        losses.append(loss)
        report(
          TrainingProgress(
            phase: .head, done: losses.count, total: total, loss: loss, texts: batch.count))
      }
    }
    return losses
  }

  /// SetFit takes an l2_weight of 0 for none given.
  private var headDecay: Double { recipe.l2Weight == 0 ? 0.01 : recipe.l2Weight }
}
