import Foundation

/// A sentence encoder whose weights can be trained. One owner at a time; calls are not concurrent.
package protocol TrainableBody {
  /// The embedding's width.
  var dimensions: Int { get }
  /// Embeds texts with dropout and remembers what `backward` needs.
  ///
  /// - Returns: [texts, dimensions], row-major.
  mutating func forward(_ texts: [[Int32]]) throws -> [Float]
  /// Adds to every parameter's gradient, given ∂loss/∂embeddings of the last `forward`.
  mutating func backward(_ gradient: [Float]) throws
  /// One AdamW step on the gradients, scaled to at most `maxGradientNorm` together, which are then
  /// zero again.
  ///
  /// - Returns: the gradients' norm before scaling.
  mutating func step(learningRate: Double, weightDecay: Double, maxGradientNorm: Double) throws
    -> Double
  /// Embeds texts as inference would: without dropout, one text's embedding independent of the
  /// others. [texts, dimensions], row-major.
  mutating func embed(_ texts: [[Int32]]) throws -> [Float]
}

/// How far a training run is.
package struct TrainingProgress: Sendable, Hashable {
  package var phase: Phase
  package var done: Int
  package var total: Int
  /// Of the last step on the body.
  package var loss: Double?

  package init(phase: Phase, done: Int, total: Int, loss: Double? = nil) {
    self.phase = phase
    self.done = done
    self.total = total
    self.loss = loss
  }

  package enum Phase: String, Sendable, Hashable, CaseIterable {
    case embedding, validation, body, head, evaluation
  }
}

/// The first of SetFit's two phases: the body is tuned until texts of one label lie close together.
///
/// As in SetFit: mean squared error between the pairs' cosines and their targets, AdamW, linear
/// warm-up and decay starting at a learning rate of zero, gradients clipped to a norm of 1, the last
/// batch of an epoch as large as it comes out. Unlike SetFit, a text that stands in several pairs of
/// a batch is encoded once, so all its pairs see it under the same dropout, and an identity pair,
/// whose cosine is then exactly 1, adds nothing to the gradient. Lauter's recipe has no identity pairs,
/// no first step at a rate of zero, and at most `budget` steps unless told otherwise.
package struct BodyTraining: Sendable {
  package let recipe: Recipe
  package let pairs: ContrastivePairs
  package let steps: Int
  /// SetFit's pairs, and with them its steps, grow with the square of the records.
  package static let budget = 200
  private let stepsPerEpoch: Int

  package init(recipe: Recipe, labels: [Int]) {
    self.recipe = recipe
    let most = recipe.maxSteps ?? (recipe.name == .lauter ? Self.budget : nil)
    pairs = ContrastivePairs(
      labels: labels, strategy: recipe.samplingStrategy, iterations: recipe.numIterations,
      limit: most.map { max(1, $0 * recipe.bodyBatchSize / 2) },
      identities: recipe.name == .setfit, seed: recipe.seed)
    stepsPerEpoch = (pairs.count + recipe.bodyBatchSize - 1) / recipe.bodyBatchSize
    steps = recipe.freezeBody ? 0 : min(stepsPerEpoch * recipe.bodyEpochs, most ?? .max)
  }

  /// SetFit's schedule: from 0 up to the learning rate over the first ⌈proportion · steps⌉ steps,
  /// then straight down to 0 after the last. The first step's rate is 0; under Lauter's recipe each
  /// step has the rate of SetFit's next one.
  package func learningRate(step: Int) -> Double {
    let warmup = Int((Double(steps) * recipe.warmupProportion).rounded(.up))
    let (step, steps) = recipe.name == .lauter ? (step + 1, steps + 1) : (step, steps)
    let factor =
      step < warmup
      ? Double(step) / Double(max(1, warmup))
      : max(0, Double(steps - step) / Double(max(1, steps - warmup)))
    return recipe.bodyLearningRate * factor
  }

  /// Trains the body in place.
  ///
  /// - Parameters:
  ///   - texts: token ids, in the order of the labels this was made with.
  ///   - report: called after every step.
  /// - Returns: the loss at each step.
  /// - Throws: `CancellationError` within one step of the task's cancellation; `TrainingError` if
  ///   the loss is no longer a number; what the body throws.
  package func run(
    _ body: inout some TrainableBody, texts: [[Int32]],
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> [Double] {
    var losses: [Double] = []
    losses.reserveCapacity(steps)
    var epoch = 0
    while losses.count < steps {
      var batch: [ContrastivePair] = []
      var left = pairs.count
      for pair in pairs.epoch(epoch) where losses.count < steps {
        batch.append(pair)
        left -= 1
        guard batch.count == recipe.bodyBatchSize || left == 0 else { continue }
        try Task.checkCancellation()
        let loss = try step(&body, batch, texts: texts, number: losses.count)
        losses.append(loss)
        report(
          TrainingProgress(phase: .body, done: losses.count, total: steps, loss: loss))
        batch.removeAll(keepingCapacity: true)
      }
      epoch += 1
    }
    return losses
  }

  private func step(
    _ body: inout some TrainableBody, _ batch: [ContrastivePair], texts: [[Int32]], number: Int
  ) throws -> Double {
    // Each text once, in the order of its first pair.
    var place: [Int: Int] = [:]
    var distinct: [[Int32]] = []
    func placed(_ text: Int) -> Int {
      if let known = place[text] { return known }
      place[text] = distinct.count
      distinct.append(texts[text])
      return distinct.count - 1
    }
    let pairs = batch.map { (placed($0.first), placed($0.second), $0.target) }
    let embeddings = try body.forward(distinct)
    let (loss, gradient) = cosineSimilarityLoss(
      embeddings, dimensions: body.dimensions, pairs: pairs)
    guard loss.isFinite, gradient.allSatisfy({ $0.isFinite }) else {
      // The first step's rate is 0: up to the second the weights are the encoder's own.
      throw number <= 1
        ? TrainingError.unusableEncoder(
          "its embeddings are not numbers; its weights may hold NaN or infinity")
        : TrainingError.diverged(step: number + 1)
    }
    try body.backward(gradient)
    let norm = try body.step(
      learningRate: learningRate(step: number), weightDecay: recipe.l2Weight,
      maxGradientNorm: recipe.maxGradientNorm)
    guard norm.isFinite else { throw TrainingError.diverged(step: number + 1) }
    return loss
  }
}

/// The mean over pairs of (cos(u, v) − target)², and its gradient with respect to the embeddings.
///
/// - Parameters:
///   - embeddings: [texts, dimensions], row-major.
///   - pairs: two rows of it and a target each.
/// - Returns: the loss, and the gradient in the shape of `embeddings`.
package func cosineSimilarityLoss(
  _ embeddings: [Float], dimensions: Int, pairs: [(first: Int, second: Int, target: Float)]
) -> (loss: Double, gradient: [Float]) {
  var loss = 0.0
  // In double: a text's gradient is a sum of many small terms of either sign.
  var gradient = [Double](repeating: 0, count: embeddings.count)
  embeddings.withUnsafeBufferPointer { x in
    for (first, second, target) in pairs {
      let u = first * dimensions
      let v = second * dimensions
      var (uv, uu, vv) = (0.0, 0.0, 0.0)
      for d in 0..<dimensions {
        let (a, b) = (Double(x[u + d]), Double(x[v + d]))
        uv += a * b
        uu += a * a
        vv += b * b
      }
      // PyTorch's cosine_similarity bounds the norms below by 1e-8.
      let nu = max(uu.squareRoot(), 1e-8)
      let nv = max(vv.squareRoot(), 1e-8)
      let cosine = uv / (nu * nv)
      let difference = cosine - Double(target)
      loss += difference * difference
      let slope = 2 * difference / Double(pairs.count)
      // ∂cos/∂u = v/(|u||v|) − cos · u/|u|²
      for d in 0..<dimensions {
        let (a, b) = (Double(x[u + d]), Double(x[v + d]))
        gradient[u + d] += slope * (b / (nu * nv) - cosine * a / (nu * nu))
        gradient[v + d] += slope * (a / (nu * nv) - cosine * b / (nv * nv))
      }
    }
  }
  return (loss / Double(pairs.count), gradient.map { Float($0) })
}
