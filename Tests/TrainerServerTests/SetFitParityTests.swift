import Foundation
import Schema
import Testing
import TrainerServer
import Transformer

/// Against numbers of the real setfit and sentence-transformers: scripts/make-setfit-fixtures.py.
@Suite("Parity with SetFit")
struct SetFitParityTests {
  struct Fixture: Decodable {
    struct Losses: Decodable {
      struct Case: Decodable {
        let loss: String
        let distance: String?
        let margin: Double?
        let value: Double
        let gradient: [Float]
      }
      let width: Int
      let embeddings: [Float]
      let pairs: [[Int]]
      let labels: [Int]
      let cases: [Case]
    }
    struct Pairs: Decodable {
      let labels: [Int]
      let strategy: String
      let iterations, limit: Int?
      let positives, negatives: Int
      /// "first second" and how often.
      let pairs: [String: Int]?
      /// How often each distinct pair comes, ascending.
      let repeats: [Int]
    }
    struct Run: Decodable {
      let loss: String
      let batchSize: Int
      /// [steps][1 or 2 columns][rows]: places of texts.
      let batches: [[[Int]]]
      let rates, values: [Double]
      let maxSteps: Int?
      /// The first 24 dimensions of each text's.
      let embeddings: [Float]
      /// [labels, 24]
      let coefficients: [Float]
      let intercepts: [Float]
    }
    struct Head: Decodable {
      let endToEnd: Bool
      let epochs, batchSize: Int
      let temperature: Double
      let initial: [Float]
      /// Places of texts, epoch after epoch.
      let order: [Int]
      let values: [Double]
      let probabilities: [Float]
    }
    let encoder: String
    let losses: Losses
    let pairs: [Pairs]
    let texts: [String]
    let labels: [Int]
    let runs: [Run]
    let heads: [Head]
  }

  static let fixture: Fixture = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/setfit.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try! decoder.decode(Fixture.self, from: Data(contentsOf: file))
  }()

  // MARK: Losses

  private typealias LossFunction = ([Float]) -> (loss: Double, gradient: [Float])

  private func function(_ golden: Fixture.Losses.Case) throws -> LossFunction {
    let all = Self.fixture.losses
    let pairs = all.pairs.map { (first: $0[0], second: $0[1], target: Float($0[2])) }
    switch try #require(ContrastiveLoss(rawValue: golden.loss)) {
    case .cosineSimilarity:
      return { cosineSimilarityLoss($0, dimensions: all.width, pairs: pairs) }
    case .contrastive:
      let distance = try #require(
        golden.distance.flatMap { ContrastiveLoss.Distance(rawValue: $0) })
      let margin = try #require(golden.margin)
      return {
        contrastiveLoss(
          $0, dimensions: all.width, pairs: pairs, distance: distance, margin: margin)
      }
    case .supervisedContrastive:
      return { supervisedContrastiveLoss($0, dimensions: all.width, labels: all.labels) }
    }
  }

  @Test("Losses and their gradients are PyTorch's", arguments: fixture.losses.cases.indices)
  func losses(index: Int) throws {
    let golden = Self.fixture.losses.cases[index]
    let (loss, gradient) = try function(golden)(Self.fixture.losses.embeddings)
    #expect(abs(loss - golden.value) < 1e-6, "\(golden.loss)")
    let largest = golden.gradient.map(abs).max()!
    #expect(largest > 1e-3)
    for (ours, theirs) in zip(gradient, golden.gradient) {
      #expect(abs(ours - theirs) < 1e-5 * max(1, largest), "\(golden.loss)")
    }
  }

  @Test("Losses' gradients are their slopes", arguments: fixture.losses.cases.indices)
  func slopes(index: Int) throws {
    let loss = try function(Self.fixture.losses.cases[index])
    var x = Self.fixture.losses.embeddings
    let gradient = loss(x).gradient
    for i in x.indices {
      let kept = x[i]
      let h: Float = 1e-3
      x[i] = kept + h
      let above = loss(x).loss
      x[i] = kept - h
      let below = loss(x).loss
      x[i] = kept
      let slope = (above - below) / Double((kept + h) - (kept - h))
      let difference = abs(slope - Double(gradient[i]))
      #expect(difference < 2e-3 * max(1, abs(slope)))
    }
  }

  @Test("A text that no other shares its label with does not spoil SupConLoss, which SetFit's does")
  func aloneInItsBatch() {
    let all = Self.fixture.losses
    let width = all.width
    let (loss, gradient) = supervisedContrastiveLoss(
      all.embeddings, dimensions: width, labels: [0, 1, 0, 2, 1, 3, 0, 1])
    #expect(loss.isFinite && loss > 0 && gradient.allSatisfy(\.isFinite))
    // It still pushes the others away.
    #expect(gradient[3 * width..<4 * width].contains { $0 != 0 })
    let none = supervisedContrastiveLoss(
      Array(all.embeddings[..<(2 * width)]), dimensions: width, labels: [0, 1])
    #expect(none.loss == 0 && none.gradient.allSatisfy { $0 == 0 })
  }

  // MARK: Pairs

  @Test("Pairs are those of SetFit's ContrastiveDataset", arguments: fixture.pairs.indices)
  func pairs(index: Int) throws {
    let golden = Self.fixture.pairs[index]
    let pairs = ContrastivePairs(
      labels: golden.labels,
      strategy: try #require(ContrastivePairs.SamplingStrategy(rawValue: golden.strategy)),
      iterations: golden.iterations, limit: golden.limit, seed: 5)
    #expect(pairs.positivesPerEpoch == golden.positives)
    #expect(pairs.negativesPerEpoch == golden.negatives)
    var counts: [String: Int] = [:]
    var positives = 0
    for pair in pairs.epoch(0) {
      counts["\(pair.first) \(pair.second)", default: 0] += 1
      #expect(pair.sameLabel == (golden.labels[pair.first] == golden.labels[pair.second]))
      positives += pair.sameLabel ? 1 : 0
    }
    #expect(positives == golden.positives)
    // Where the kinds are repeated a part of a time, which pairs come once more is chance.
    #expect(counts.values.sorted() == golden.repeats)
    guard let theirs = golden.pairs, golden.iterations == nil else { return }
    // Undersampling leaves some of the more frequent kind out, by chance too.
    if golden.strategy != "undersampling" { #expect(Set(counts.keys) == Set(theirs.keys)) }
    if golden.strategy == "unique" { #expect(counts == theirs) }
  }

  // MARK: Runs of a real encoder

  /// Whether the encoder is there whose numbers these are.
  static let hasEncoder = LocalFitTests.named(fixture.encoder) != nil

  private func body(_ recipe: Recipe) throws -> EncoderBody {
    let folder = LocalFitTests.named(Self.fixture.encoder)!
    return try EncoderBody(folder: folder, recipe: recipe, pool: ComputePool(threads: 2))
  }

  @Test("A body that was put back trains like a new one", .enabled(if: hasEncoder))
  func restored() throws {
    var recipe = Recipe(.setfit)
    recipe.bodyLearningRate = 1e-3
    recipe.maxSteps = 3
    let training = BodyTraining(recipe: recipe, labels: Self.fixture.labels.map { [$0] })
    func train(_ body: inout EncoderBody) throws -> [Float] {
      let texts = try body.tokens(Self.fixture.texts)
      _ = try training.run(&body, texts: texts)
      return try body.embed(texts)
    }
    var body = try body(recipe)
    let untrained = try body.embed(body.tokens(Self.fixture.texts))
    let trained = try train(&body)
    #expect(trained != untrained)
    try body.restore()
    #expect(try body.embed(body.tokens(Self.fixture.texts)) == untrained)
    #expect(try train(&body) == trained)
  }

  @Test(
    "A body keeps as much of its steps as it is told to", .enabled(if: hasEncoder))
  func keepsAShare() throws {
    var recipe = Recipe(.setfit)
    recipe.bodyLearningRate = 1e-3
    recipe.maxSteps = 3
    var body = try body(recipe)
    let texts = try body.tokens(Self.fixture.texts)
    let before = body.tensors()
    let training = BodyTraining(recipe: recipe, labels: Self.fixture.labels.map { [$0] })
    _ = try training.run(&body, texts: texts)
    let after = body.tensors()
    try body.keep(1)
    #expect(body.tensors().map(\.values) == after.map(\.values))
    try body.keep(0.25)
    var moved = 0
    for (place, tensor) in body.tensors().enumerated() {
      #expect(tensor.name == before[place].name)
      let ends = zip(before[place].values, after[place].values)
      #expect(zip(tensor.values, ends).allSatisfy { abs($0 - ($1.0 + ($1.1 - $1.0) / 4)) < 1e-6 })
      moved += zip(tensor.values, ends).count { $0 != $1.0 && $0 != $1.1 }
    }
    #expect(moved > 1_000_000)
    try body.keep(0)
    #expect(body.tensors().map(\.values) == before.map(\.values))
  }

  @Test(
    "Training goes on from weights that were put back as it would have from where they were",
    .enabled(if: hasEncoder))
  func putsWeightsBack() throws {
    var recipe = Recipe(.setfit)
    recipe.bodyLearningRate = 1e-3
    recipe.maxSteps = 3
    recipe.dropout = false
    var body = try body(recipe)
    let texts = try body.tokens(Self.fixture.texts)
    let labels = Self.fixture.labels.map { [$0] }
    func train() throws {
      _ = try BodyTraining(recipe: recipe, labels: labels).run(&body, texts: texts)
    }
    try train()
    let (weights, tensors) = (body.weights, body.tensors().map(\.values))
    try train()
    let after = body.tensors().map(\.values)
    #expect(after != tensors)
    try body.restore()
    body.weights = weights
    #expect(body.tensors().map(\.values) == tensors && body.weights == weights)
    try train()
    #expect(body.tensors().map(\.values) == after)
  }

  @Test(
    "Ten steps on the body have setfit's learning rates, losses and outcome",
    .enabled(if: hasEncoder), arguments: fixture.runs.indices)
  func tenSteps(index: Int) throws {
    let golden = Self.fixture.runs[index]
    var recipe = Recipe(.setfit)
    recipe.loss = try #require(ContrastiveLoss(rawValue: golden.loss))
    recipe.dropout = false
    recipe.bodyLearningRate = 1e-4
    recipe.bodyBatchSize = golden.batchSize
    if let steps = golden.maxSteps { recipe.maxSteps = steps } else { recipe.bodyEpochs = 10 }
    try recipe.validate()
    var body = try body(recipe)
    let texts = try body.tokens(Self.fixture.texts)
    let labels = Self.fixture.labels
    let training = BodyTraining(recipe: recipe, labels: labels)
    #expect(training.steps == 10 && golden.batches.count == 10)
    for (step, columns) in golden.batches.enumerated() {
      #expect(abs(training.learningRate(step: step) - golden.rates[step]) < 1e-10)
      let batch =
        columns.count == 1
        ? BodyTraining.Batch(columns[0], labels: labels)
        : BodyTraining.Batch(
          zip(columns[0], columns[1]).map {
            ContrastivePair(first: $0, second: $1, sameLabel: labels[$0] == labels[$1])
          })
      let loss = try training.step(&body, batch, texts: texts, number: step)
      #expect(abs(loss - golden.values[step]) < 1e-4, "step \(step)")
    }
    #expect(golden.values.last! < golden.values[0])
    let embeddings = try body.embed(texts)
    let width = body.dimensions
    for text in texts.indices {
      for d in 0..<24 {
        let (ours, theirs) = (embeddings[text * width + d], golden.embeddings[text * 24 + d])
        #expect(abs(ours - theirs) < 1e-3)
      }
    }
    let head = try LogisticRegression().fit(
      embeddings, hidden: width, labels: labels, labelCount: 3
    ).head
    for label in 0..<3 {
      #expect(abs(head.bias[label] - golden.intercepts[label]) < 1e-3)
      for d in 0..<24 {
        let (ours, theirs) = (head.weight[label * width + d], golden.coefficients[label * 24 + d])
        #expect(abs(ours - theirs) < 1e-3)
      }
    }
  }

  @Test(
    "A differentiable head has setfit's losses and probabilities, with a frozen body and end to end",
    .enabled(if: hasEncoder), arguments: fixture.heads.indices)
  func differentiableHead(index: Int) throws {
    let golden = Self.fixture.heads[index]
    var recipe = Recipe(.setfit)
    recipe.head = .differentiable
    recipe.dropout = false
    recipe.headEpochs = golden.epochs
    recipe.headBatchSize = golden.batchSize
    recipe.headTemperature = golden.temperature
    recipe.endToEnd = golden.endToEnd
    if golden.endToEnd { recipe.bodyClassifierLearningRate = 1e-4 }
    try recipe.validate()
    var body = try body(recipe)
    let texts = try body.tokens(Self.fixture.texts)
    let before = try body.embed(texts)
    var head = try DifferentiableHead(
      labels: 3, hidden: body.dimensions, weight: golden.initial,
      bias: [Float](repeating: 0.01, count: 3), temperature: golden.temperature)
    let losses = try HeadTraining(recipe: recipe, labelCount: 3).run(
      &body, &head, texts: texts, labels: Self.fixture.labels
    ) { epoch in Array(golden.order[epoch * texts.count..<(epoch + 1) * texts.count]) }
    #expect(losses.count == golden.values.count)
    for (step, (ours, theirs)) in zip(losses, golden.values).enumerated() {
      #expect(abs(ours - theirs) < 1e-4, "step \(step)")
    }
    #expect(losses.last! < losses[0] / 2)
    let after = try body.embed(texts)
    #expect((after != before) == golden.endToEnd)
    let probabilities = try head.head().probabilities(rows: after).flatMap { $0 }
    for (ours, theirs) in zip(probabilities, golden.probabilities) {
      #expect(abs(ours - theirs) < 1e-4)
    }
  }

  @Test("A differentiable head's gradients are slopes")
  func headSlopes() throws {
    let (width, labels) = (5, 3)
    var random = RandomSource(seed: 4, purpose: .head)
    func values(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    }
    let (weight, bias, x) = (values(labels * width), values(labels), values(4 * width))
    let actual = [0, 2, 1, 2]
    func made(_ parameters: [Float]) throws -> DifferentiableHead {
      try DifferentiableHead(
        labels: labels, hidden: width, weight: Array(parameters[..<(labels * width)]),
        bias: Array(parameters[(labels * width)...]), temperature: 0.7)
    }
    func loss(_ parameters: [Float], _ x: [Float]) throws -> Double {
      var head = try made(parameters)
      return head.backward(x, labels: actual).loss
    }
    var head = try made(weight + bias)
    let slope = head.backward(x, labels: actual).gradient
    let h: Float = 1e-2
    for (i, expected) in head.gradients.enumerated() {
      var (above, below) = (weight + bias, weight + bias)
      above[i] += h
      below[i] -= h
      let found = (try loss(above, x) - loss(below, x)) / Double(above[i] - below[i])
      #expect(abs(found - expected) < 1e-3)
    }
    for i in x.indices {
      var (above, below) = (x, x)
      above[i] += h
      below[i] -= h
      let found = (try loss(weight + bias, above) - loss(weight + bias, below))
      #expect(abs(found / Double(above[i] - below[i]) - Double(slope[i])) < 1e-3)
    }
  }

  // MARK: The recipe through the trainer

  @Test("Every loss and head trains on its own batches and tells the labels apart")
  func trains() throws {
    let (texts, labels) = corpus(k: 8)
    func outcome(_ change: (inout Recipe) -> Void) throws -> (Training.Outcome, Int) {
      var recipe = Recipe(.setfit)
      recipe.bodyLearningRate = 0.02
      recipe.bodyEpochs = 3
      change(&recipe)
      try recipe.validate()
      var body = LinearBody(vocabulary: 60, dimensions: 16)
      let outcome = try Training(recipe: recipe).run(
        &body, texts: texts, labels: labels, labelCount: 3)
      let (unseen, actual) = corpus(k: 40, seed: 99)
      let predicted = try Training(recipe: recipe)
        .probabilities(&body, of: outcome, texts: unseen).map(\.mostProbable)
      return (outcome, zip(predicted, actual).count { $0 == $1 })
    }
    var (result, right) = try outcome { $0.loss = .contrastive }
    #expect(result.losses.count == 72 && right > 108)
    (result, right) = try outcome {
      $0.loss = .supervisedContrastive
      $0.bodyEpochs = 20
      $0.bodyBatchSize = 10
    }
    #expect(result.losses.count == 60 && right > 108)
    let late: Double = result.losses.suffix(6).reduce(0, +)
    let early: Double = result.losses.prefix(6).reduce(0, +)
    #expect(late < early * 0.75)
    (result, right) = try outcome { $0.head = .differentiable }
    #expect(result.headLosses.count == 12 * 16 && right > 108)
    (result, right) = try outcome {
      $0.head = .differentiable
      $0.endToEnd = true
      $0.bodyClassifierLearningRate = 0.01
    }
    #expect(result.headLosses.count == 12 * 16 && right > 108)
    (result, right) = try outcome { $0.balanceLabels = true }
    #expect(right > 108)
  }

  @Test(
    "max_steps overrides the epochs, as in SetFit's trainer, and is a ceiling for Lauter's recipe")
  func maxSteps() {
    var recipe = Recipe(.setfit)
    recipe.maxSteps = 10
    #expect(BodyTraining(recipe: recipe, labels: balanced(1, 3)).steps == 10)
    #expect(BodyTraining(recipe: recipe, labels: balanced(16, 3)).steps == 10)
    recipe = Recipe(.lauter)
    recipe.maxSteps = 10
    #expect(BodyTraining(recipe: recipe, labels: balanced(4, 3)).steps == 5)
    #expect(BodyTraining(recipe: recipe, labels: balanced(16, 3)).steps == 10)
  }

  @Test("SupConLoss with no label twice says so")
  func noLabelTwice() throws {
    var recipe = Recipe(.setfit)
    recipe.loss = .supervisedContrastive
    recipe.folds = 0
    var body = LinearBody(vocabulary: 60, dimensions: 4)
    let (texts, labels) = corpus(k: 1)
    #expect(throws: TrainingError.noLabelTwice) {
      try Training(recipe: recipe).run(&body, texts: texts, labels: labels, labelCount: 3)
    }
  }

  @Test("A combination in which something would be passed over is refused with a sentence")
  func refused() throws {
    let cases: [(field: String, words: String, change: (inout Recipe) -> Void)] = [
      (
        "loss", "for the recipe setfit",
        {
          $0 = Recipe(.lauter); $0.loss = .contrastive
        }
      ),
      (
        "head", "a head of its own",
        {
          $0 = Recipe(.lauter); $0.head = .differentiable
        }
      ),
      (
        "sampling_strategy", "every pair of a step's texts",
        {
          $0 = Recipe(.lauter); $0.samplingStrategy = .unique
        }
      ),
      (
        "num_iterations", "every pair of a step's texts",
        {
          $0 = Recipe(.lauter); $0.numIterations = 3
        }
      ),
      (
        "balance_labels", "a head of its own",
        {
          $0 = Recipe(.lauter); $0.balanceLabels = true
        }
      ),
      ("margin", "for the loss ContrastiveLoss alone", { $0.margin = 0.25 }),
      (
        "distance_metric", "not SupConLoss",
        {
          $0.loss = .supervisedContrastive
          $0.distanceMetric = .euclidean
        }
      ),
      (
        "sampling_strategy", "about pairs",
        {
          $0.loss = .supervisedContrastive
          $0.samplingStrategy = .unique
        }
      ),
      (
        "num_iterations", "about pairs",
        {
          $0.loss = .supervisedContrastive
          $0.numIterations = 5
        }
      ),
      ("head_epochs", "for the head differentiable", { $0.headEpochs = 5 }),
      ("head_batch_size", "for the head differentiable", { $0.headBatchSize = 5 }),
      ("head_learning_rate", "above 0", { $0.headLearningRate = .nan }),
      ("end_to_end", "for the head differentiable", { $0.endToEnd = true }),
      (
        "end_to_end", "set one of them",
        {
          $0.head = .differentiable
          $0.endToEnd = true
          $0.freezeBody = true
        }
      ),
      (
        "body_classifier_learning_rate", "set end_to_end too",
        {
          $0.head = .differentiable
          $0.bodyClassifierLearningRate = 0.1
        }
      ),
      (
        "head_c", "for the head logistic-regression",
        {
          $0.head = .differentiable
          $0.headC = 2
        }
      ),
      (
        "loss", "which freeze_body leaves as it is",
        {
          $0.loss = .contrastive
          $0.freezeBody = true
        }
      ),
      (
        "max_steps", "which freeze_body leaves as it is",
        {
          $0.maxSteps = 5
          $0.freezeBody = true
        }
      ),
      (
        "body_learning_rate", "which freeze_body leaves as it is",
        {
          $0.bodyLearningRate = 1e-3
          $0.freezeBody = true
        }
      ),
      (
        "sampling_strategy", "nothing beside num_iterations",
        {
          $0.samplingStrategy = .unique
          $0.numIterations = 5
        }
      ),
    ]
    for (field, words, change) in cases {
      var recipe = Recipe(.setfit)
      try recipe.validate()
      change(&recipe)
      let error = #expect(throws: SchemaError.self) { try recipe.validate() }
      let said = String(describing: error)
      #expect(error?.field == field && said.contains(words), "\(said)")
    }
  }
}
