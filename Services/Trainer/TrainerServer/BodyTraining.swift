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
  /// - Parameter decaysEverything: whether weight decay applies to biases and LayerNorm too.
  /// - Returns: the gradients' norm before scaling.
  mutating func step(
    learningRate: Double, weightDecay: Double, decaysEverything: Bool, maxGradientNorm: Double
  ) throws -> Double
  /// Makes the next step the first of a new AdamW, and gives back what memory only steps need.
  mutating func forgetSteps()
  /// Puts everything back to what it was before the first step, dropout's next draw included.
  mutating func restore() throws
  /// Takes back a part of what all steps have done to the weights, so that `share` of it stays, from 0 to 1. The
  /// next step is the first of a new AdamW.
  mutating func keep(_ share: Double) throws
  /// All of them, in an order of the body's own. Once they are got or set, the next step is the first of a new AdamW.
  var weights: [Float] { mutating get set }
  /// Embeds texts as inference would: without dropout, one text's embedding independent of the
  /// others. [texts, dimensions], row-major.
  mutating func embed(_ texts: [[Int32]]) throws -> [Float]
}

extension TrainableBody {
  /// Puts the weights at the mean of what several trainings, each with its number, make of those from before the first
  /// step: what they have learned in common adds up, and what each has learned alone counts less (Wortsman et al. 2022,
  /// "Model soups"). Needs room for all weights twice more.
  ///
  /// - Throws: what `train` and `restore` throw; then the weights are those they left.
  package mutating func average(
    of count: Int, _ train: (_ body: inout Self, _ number: Int) throws -> Void
  ) throws {
    var mean: [Float] = []
    for number in 0..<count {
      if number > 0 { try restore() }
      try train(&self, number)
      let trained = weights
      if number == 0 { mean = trained }
      let part = 1 / Float(number + 1)
      for i in mean.indices { mean[i] += part * (trained[i] - mean[i]) }
    }
    if count > 0 { weights = mean }
  }
}

/// How far a training run is.
package struct TrainingProgress: Sendable, Hashable {
  package var phase: Phase
  package var done: Int
  package var total: Int
  /// Of the last step on the body, or on a differentiable head.
  package var loss: Double?
  /// That went through the encoder since the last report.
  package var texts: Int?
  /// In this phase so far; `ProgressMeter` adds it.
  package var textsPerSecond: Double?
  /// Until the end of this phase, if it goes on as it has; `ProgressMeter` adds it.
  package var secondsLeft: Double?

  package init(phase: Phase, done: Int, total: Int, loss: Double? = nil, texts: Int? = nil) {
    self.phase = phase
    self.done = done
    self.total = total
    self.loss = loss
    self.texts = texts
  }

  package enum Phase: String, Sendable, Hashable, CaseIterable {
    case embedding, validation, body, head, evaluation, precisions
  }
}

/// The first of SetFit's two phases: the body is tuned until texts of one label lie close together.
///
/// As in SetFit: AdamW, linear warm-up and decay starting at a learning rate of zero, gradients clipped to
/// a norm of 1, the last batch of an epoch as large as it comes out. Unlike SetFit, a text that stands in
/// several pairs of a batch is encoded once, so all its pairs see it under the same dropout, and an
/// identity pair, whose cosine is then exactly 1, adds nothing to the gradient.
///
/// Lauter's recipe takes its steps on `BalancedBatches`, with every pair of a batch's texts, has no first step
/// at a rate of zero, and takes each text a few times, oftener where labels are many and a batch has few texts of
/// each, in at most a budget of steps unless told otherwise, at a rate fifteen times SetFit's, a third of it where it
/// learns from suggestions. All of those, some of them wrong, it can follow by a head's loss instead of by pairs.
package struct BodyTraining: Sendable {
  package let recipe: Recipe
  /// SetFit's; under Lauter's recipe there are none.
  package let pairs: ContrastivePairs?
  package let steps: Int
  /// What Lauter's recipe takes.
  package struct Budget: Sendable, Hashable {
    /// At most.
    package var steps: Int
    /// How often it takes each text, at least.
    package var passes: Int
    /// How many others of its label a text meets in its batches, at least.
    package var mates = 0

    /// How often it takes each text.
    fileprivate func passes(labels: Int, batch: Int) -> Int {
      max(passes, Int((Double(mates) / max(1, Double(batch) / Double(labels) - 1)).rounded(.up)))
    }
  }
  package static let pairBudget = Budget(steps: 96, passes: 5, mates: 13)
  /// Towards a head.
  package static let headBudget = Budget(steps: 100, passes: 2)
  private let labels: [[Int]]
  private let headLoss: HeadLoss?

  /// - Parameters:
  ///   - labels: of each record, ascending.
  ///   - headLoss: of the same records, what to learn by under Lauter's recipe instead of by their pairs.
  package init(recipe: Recipe, labels: [[Int]], headLoss: HeadLoss? = nil) {
    self.recipe = recipe
    self.labels = labels
    self.headLoss = headLoss
    pairs =
      recipe.name == .setfit
      ? ContrastivePairs(
        labels: labels, strategy: recipe.samplingStrategy, iterations: recipe.numIterations,
        limit: recipe.maxSteps.map { max(1, $0 * recipe.bodyBatchSize / 2) }, seed: recipe.seed)
      : nil
    if recipe.freezeBody || labels.isEmpty {
      steps = 0
    } else if let pairs {
      let rows = recipe.loss == .supervisedContrastive ? labels.count : pairs.count
      let stepsPerEpoch = Self.batches(of: recipe.bodyBatchSize, rows)
      // As many epochs as max_steps takes, where it is given.
      steps = stepsPerEpoch == 0 ? 0 : recipe.maxSteps ?? stepsPerEpoch * recipe.bodyEpochs
    } else {
      let budget = headLoss == nil ? Self.pairBudget : Self.headBudget
      let passes = budget.passes(
        labels: Set(labels.joined()).count, batch: recipe.bodyBatchSize)
      steps = min(
        recipe.maxSteps ?? budget.steps,
        Self.batches(
          of: min(recipe.bodyBatchSize, labels.count), labels.count * passes * recipe.bodyEpochs))
    }
  }

  private static func batches(of size: Int, _ rows: Int) -> Int { (rows + size - 1) / size }

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
    if recipe.loss == .supervisedContrastive, Set(labels).count == labels.count {
      throw TrainingError.noLabelTwice
    }
    var losses: [Double] = []
    losses.reserveCapacity(min(steps, 1 << 20))
    var epoch = 0
    while losses.count < steps {
      for batch in self.epoch(epoch) {
        if losses.count == steps { break }
        try Task.checkCancellation()
        let loss = try step(&body, batch, texts: texts, number: losses.count)
        losses.append(loss)
        report(
          TrainingProgress(
            phase: .body, done: losses.count, total: steps, loss: loss, texts: batch.texts.count))
      }
      epoch += 1
    }
    return losses
  }

  /// What one step learns from: distinct records, and the pairs among them or their labels.
  package struct Batch: Sendable, Hashable {
    /// Places of records, each once, in the order of its first pair.
    package private(set) var texts: [Int] = []
    fileprivate var pairs: [Pair] = []
    fileprivate var labels: [Int] = []

    /// Places in `texts`, and the cosine they should have.
    fileprivate struct Pair: Hashable {
      var first, second: Int
      var target: Float
    }

    package init(_ pairs: some Sequence<ContrastivePair>) {
      var place: [Int: Int] = [:]
      func placed(_ text: Int) -> Int {
        if let known = place[text] { return known }
        place[text] = texts.count
        texts.append(text)
        return texts.count - 1
      }
      self.pairs = pairs.map {
        Pair(first: placed($0.first), second: placed($0.second), target: $0.target)
      }
    }

    /// - Parameter labels: of all records.
    package init(everyPairOf records: [Int], labels: [[Int]]) {
      texts = records
      for second in records.indices {
        for first in 0..<second {
          let isSame = labels[records[first]] == labels[records[second]]
          pairs.append(Pair(first: first, second: second, target: isSame ? 1 : 0))
        }
      }
    }

    /// Without pairs, for a loss that wants none.
    package init(_ records: [Int]) { texts = records }

    /// - Parameter labels: of all records, exactly one each.
    package init(_ records: [Int], labels: [[Int]]) {
      texts = records
      self.labels = records.map { labels[$0][0] }
    }
  }

  /// The batches of an epoch, one after another; Lauter's do not end. Those of `SupConLoss` hold any records:
  /// SetFit means to group them by label, but compares the loss with its class and so never does.
  private func epoch(_ epoch: Int) -> AnySequence<Batch> {
    if recipe.loss == .supervisedContrastive {
      var random = RandomSource(seed: recipe.seed &+ UInt64(epoch), purpose: .pairOrder)
      let order = random.shuffled(labels.indices)
      return AnySequence(
        stride(from: 0, to: order.count, by: recipe.bodyBatchSize).lazy.map {
          Batch(
            Array(order[$0..<min($0 + recipe.bodyBatchSize, order.count)]), labels: labels)
        })
    }
    guard let pairs else {
      return AnySequence(
        BalancedBatches(
          labels: labels, size: recipe.bodyBatchSize, seed: recipe.seed &+ UInt64(epoch)
        ).lazy.map { headLoss == nil ? Batch(everyPairOf: $0, labels: labels) : Batch($0) })
    }
    let order = pairs.epoch(epoch)
    return AnySequence { () -> AnyIterator<Batch> in
      var pairs = order.makeIterator()
      return AnyIterator {
        var batch: [ContrastivePair] = []
        while batch.count < recipe.bodyBatchSize, let pair = pairs.next() { batch.append(pair) }
        return batch.isEmpty ? nil : Batch(batch)
      }
    }
  }

  /// One step.
  ///
  /// - Parameters:
  ///   - texts: token ids of all records.
  ///   - number: how many steps were taken before.
  /// - Returns: the loss.
  package func step(
    _ body: inout some TrainableBody, _ batch: Batch, texts: [[Int32]], number: Int
  ) throws -> Double {
    let embeddings = try body.forward(batch.texts.map { texts[$0] })
    let (loss, gradient) = loss(embeddings, dimensions: body.dimensions, batch)
    guard loss.isFinite, gradient.allSatisfy({ $0.isFinite }) else {
      // As long as no step had a rate the weights are the encoder's own. Lauter's recipe has embedded texts before.
      throw recipe.name == .setfit && (0..<number).allSatisfy { learningRate(step: $0) == 0 }
        ? TrainingError.unusableEncoder(
          "its embeddings are not numbers; its weights may hold NaN or infinity")
        : TrainingError.diverged(step: number + 1)
    }
    try body.backward(gradient)
    let norm = try body.step(
      learningRate: learningRate(step: number), weightDecay: recipe.l2Weight,
      decaysEverything: false, maxGradientNorm: recipe.maxGradientNorm)
    guard norm.isFinite else { throw TrainingError.diverged(step: number + 1) }
    return loss
  }

  private func loss(
    _ embeddings: [Float], dimensions: Int, _ batch: Batch
  ) -> (loss: Double, gradient: [Float]) {
    if let headLoss { return headLoss.value(embeddings, of: batch.texts) }
    let pairs = batch.pairs.map { ($0.first, $0.second, $0.target) }
    switch recipe.loss {
    case .cosineSimilarity:
      return cosineSimilarityLoss(embeddings, dimensions: dimensions, pairs: pairs)
    case .contrastive:
      return contrastiveLoss(
        embeddings, dimensions: dimensions, pairs: pairs, distance: recipe.distanceMetric,
        margin: recipe.margin)
    case .supervisedContrastive:
      return supervisedContrastiveLoss(embeddings, dimensions: dimensions, labels: batch.labels)
    }
  }
}
