import Foundation
import Testing
import Transformer

@Suite struct EncoderTrainerTests {
  private func makeTrainer(
    _ configuration: EncoderConfiguration = TinyEncoder.configuration(), threads: Int = 1,
    kernels: String? = nil, seed: UInt64 = 1, dropout: Bool = false,
    tensor: (String, [Int]) -> [Float] = TinyEncoder.tensor
  ) throws -> EncoderTrainer {
    try EncoderTrainer(
      configuration, pool: ComputePool(threads: threads), kernels: kernels, seed: seed,
      dropout: dropout, tensor: tensor)
  }

  // MARK: Against PyTorch

  /// scripts/make-gradient-fixtures.py
  private struct Fixture: Decodable {
    struct Run: Decodable {
      let pooling: String
      let normalizes: Bool
      let norms: [Float]
      let embeddings: [Float]
      let gradients: [String: [Float]]
      let trained: [String: [Float]]
    }
    let stride: Int
    let runs: [Run]
  }

  @Test(arguments: supportedKernels) func agreesWithPyTorch(kernels: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/gradients.json")
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    func sample(_ values: [Float]) -> [Float] {
      stride(from: 0, to: values.count, by: fixture.stride).map { values[$0] }
    }
    for run in fixture.runs {
      let configuration = TinyEncoder.configuration(
        pooling: try #require(.init(rawValue: run.pooling)), normalizes: run.normalizes)
      let trainer = try makeTrainer(configuration, threads: 2, kernels: kernels)
      for step in run.norms.indices {
        let embeddings = trainer.forward(tokens: TinyEncoder.batch(step))
        trainer.backward(
          TinyEncoder.direction(
            step, embeddings.values.count, scale: step % 2 == 1 ? 1 : 0.001))
        if step == 0 {
          #expect(maxDifference(sample(embeddings.values), run.embeddings) < 1e-6)
          for (name, _, values) in trainer.gradients() {
            let expected = try #require(run.gradients[name])
            let largest = expected.map(abs).max()!
            // Softmax does not change when all keys move together: that gradient is all rounding.
            let tolerance = name.hasSuffix("key.bias") ? 1e-8 : 2e-5 * largest
            #expect(maxDifference(sample(values), expected) <= tolerance, "\(name)")
          }
        }
        let norm = trainer.step(
          learningRate: 1e-3 * Float(step) / 10, weightDecay: 0.01, maxGradientNorm: 1)
        #expect(abs(norm - run.norms[step]) < 2e-5 * run.norms[step])
      }
      for (name, _, values) in trainer.tensors() where !name.hasSuffix("key.bias") {
        let expected = try #require(run.trained[name])
        #expect(maxDifference(sample(values), expected) < 1e-5, "\(name)")
      }
    }
  }

  private static let realGradients = ProcessInfo.processInfo.environment["LAUTER_TEST_GRADIENTS"]

  /// Every value of every tensor of a real encoder; scripts/make-gradient-fixtures.py --encoder.
  @Test(
    .enabled(
      if: realGradients != nil,
      "set LAUTER_TEST_GRADIENTS to what make-gradient-fixtures.py --encoder wrote"))
  func agreesWithPyTorchOnRealWeights() throws {
    struct Steps: Decodable {
      let encoder: String
      let batches: [[[Int32]]]
      let norms: [Float]
    }
    let folder = URL(filePath: Self.realGradients!, directoryHint: .isDirectory)
    let steps = try JSONDecoder().decode(
      Steps.self, from: Data(contentsOf: folder.appending(path: "steps.json")))
    let gradients = try SafetensorsFile(folder.appending(path: "gradients.safetensors"))
    let trained = try SafetensorsFile(folder.appending(path: "trained.safetensors"))
    let trainer = try EncoderTrainer(
      EncoderDirectory(URL(filePath: steps.encoder, directoryHint: .isDirectory)), dropout: false)
    for (step, texts) in steps.batches.enumerated() {
      let embeddings = trainer.forward(tokens: texts)
      trainer.backward(TinyEncoder.direction(step, embeddings.values.count))
      if step == 0 {
        // Softmax does not change when all keys move together: that gradient is all rounding.
        for (name, _, found) in trainer.gradients() where !name.hasSuffix("key.bias") {
          let expected = try gradients.floats(name)
          let size = expected.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
          let distance = zip(found, expected).reduce(0.0) {
            $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
          }.squareRoot()
          #expect(distance <= 1e-4 * size, "\(name)")
        }
      }
      let norm = trainer.step(
        learningRate: 2e-5 * Float(step) / 10, weightDecay: 0.01, maxGradientNorm: 1)
      #expect(abs(norm - steps.norms[step]) < 1e-4 * steps.norms[step])
    }
    for (name, _, found) in trainer.tensors()
    where !name.hasSuffix("key.bias") && !name.hasPrefix("pooler") {
      #expect(maxDifference(found, try trained.floats(name)) < 1e-5, "\(name)")
    }
  }

  // MARK: Against finite differences

  /// Masks included: trainers of one seed draw the same masks on their first pass.
  @Test(arguments: supportedKernels, [false, true])
  func gradientsAreSlopes(kernels: String, dropout: Bool) throws {
    var configuration = TinyEncoder.configuration(hiddenDropout: 0.3, attentionDropout: 0.3)
    if dropout { configuration.heads = 1 }  // of size 64, where the other is of 32
    let texts = TinyEncoder.batch(0)
    func loss(_ tensor: (String, [Int]) -> [Float]) throws -> Double {
      let embeddings = try makeTrainer(
        configuration, kernels: kernels, dropout: dropout, tensor: tensor
      ).forward(tokens: texts)
      let direction = TinyEncoder.direction(0, embeddings.values.count)
      return zip(embeddings.values, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    let trainer = try makeTrainer(configuration, kernels: kernels, dropout: dropout)
    let embeddings = trainer.forward(tokens: texts)
    trainer.backward(TinyEncoder.direction(0, embeddings.values.count))
    for (index, (name, shape, gradient)) in trainer.gradients().enumerated() {
      // The slope along a random direction of the whole tensor sums over all of its gradient.
      let along = uniform("along \(index)", gradient.count)
      let step = 2e-3 / Double(gradient.count).squareRoot()
      func moved(_ sign: Double) throws -> Double {
        try loss { other, shape in
          let values = TinyEncoder.tensor(other, shape)
          guard other == name else { return values }
          return zip(values, along).map { Float(Double($0) + sign * step * $1) }
        }
      }
      let slope = try (moved(1) - moved(-1)) / (2 * step)
      let expected = zip(gradient, along).reduce(0.0) { sum, pair in sum + Double(pair.0) * pair.1 }
      let scale = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(shape.reduce(1, *) == gradient.count)
      #expect(abs(slope - expected) < 0.02 * scale + 5e-3, "\(name): \(slope), \(expected)")
    }
  }

  @Test func dropoutChangesTrainingOnly() throws {
    let texts = TinyEncoder.batch(2)
    let trainer = try makeTrainer(dropout: true)
    let first = trainer.forward(tokens: texts)
    let second = trainer.forward(tokens: texts)
    #expect(first != second)
    #expect(try makeTrainer(dropout: true).forward(tokens: texts) == first)
    #expect(try makeTrainer(seed: 2, dropout: true).forward(tokens: texts) != first)
    let plain = try SentenceEncoder(TinyEncoder.configuration(), tensor: TinyEncoder.tensor)
    #expect(trainer.embed(tokens: texts) == plain.embed(tokens: texts))
    #expect(try makeTrainer().forward(tokens: texts) == plain.embed(tokens: texts))
  }

  // MARK: AdamW

  /// AdamW over every parameter at every step, in double precision, fed with the trainer's own
  /// gradients.
  private final class DenseAdamW {
    var values: [String: [Double]] = [:]
    private var first: [String: [Double]] = [:]
    private var second: [String: [Double]] = [:]
    private var t = 0.0

    init(_ tensors: [(name: String, shape: [Int], values: [Float])]) {
      for tensor in tensors {
        values[tensor.name] = tensor.values.map { Double($0) }
        first[tensor.name] = [Double](repeating: 0, count: tensor.values.count)
        second[tensor.name] = first[tensor.name]
      }
    }

    func step(
      _ gradients: [(name: String, shape: [Int], values: [Float])], rate: Double, decay: Double,
      maxNorm: Double
    ) {
      t += 1
      let norm = gradients.reduce(0.0) { sum, tensor in
        tensor.values.reduce(sum) { $0 + Double($1) * Double($1) }
      }.squareRoot()
      let scale = min(1, maxNorm / (norm + 1e-6))
      for (name, _, gradient) in gradients {
        let isPlain = name.contains("LayerNorm") || name.hasSuffix("bias")
        for i in gradient.indices {
          let g = Double(gradient[i]) * scale
          first[name]![i] = 0.9 * first[name]![i] + 0.1 * g
          second[name]![i] = 0.999 * second[name]![i] + 0.001 * g * g
          if !isPlain { values[name]![i] *= 1 - rate * decay }
          values[name]![i] -=
            rate * (first[name]![i] / (1 - pow(0.9, t)))
            / ((second[name]![i] / (1 - pow(0.999, t))).squareRoot() + 1e-8)
        }
      }
    }
  }

  /// Rows touched earlier keep moving, untouched rows decay: exactly as if every row were updated
  /// at every step.
  @Test func lazyStepsEqualDenseOnes() throws {
    let trainer = try makeTrainer(threads: 2)
    let dense = DenseAdamW(trainer.tensors())
    for step in 0..<10 {
      let embeddings = trainer.forward(tokens: TinyEncoder.batch(step))
      trainer.backward(TinyEncoder.direction(step, embeddings.values.count))
      let rate = 1e-3 * Float(step % 4)
      dense.step(trainer.gradients(), rate: Double(rate), decay: 0.1, maxNorm: 1)
      trainer.step(learningRate: rate, weightDecay: 0.1, maxGradientNorm: 1)
    }
    for (name, _, values) in trainer.tensors() {
      #expect(
        maxDifference(values, dense.values[name]!.map { Float($0) }) < 1e-5, "\(name)")
    }
  }

  /// A row that is touched, left alone for longer than its moments live, and touched again.
  @Test func rowsWaitLong() throws {
    let trainer = try makeTrainer()
    let dense = DenseAdamW([trainer.tensors()[0]])
    for step in 0..<320 {
      let text: [Int32] = step == 0 || step == 310 ? [1, 2, 3] : [4, 5]
      let embeddings = trainer.forward(tokens: [text])
      trainer.backward(TinyEncoder.direction(step, embeddings.values.count))
      dense.step([trainer.gradients()[0]], rate: 2e-5, decay: 0.1, maxNorm: 1e9)
      trainer.step(learningRate: 2e-5, weightDecay: 0.1, maxGradientNorm: 1e9)
    }
    let words = trainer.tensors()[0]
    #expect(words.name == "embeddings.word_embeddings.weight")
    #expect(maxDifference(words.values, dense.values[words.name]!.map { Float($0) }) < 1e-5)
  }

  @Test(arguments: supportedKernels) func threadsDoNotChangeABit(kernels: String) throws {
    func train(_ threads: Int) throws -> [[Float]] {
      let trainer = try makeTrainer(threads: threads, kernels: kernels, dropout: true)
      for step in 0..<3 {
        let texts = TinyEncoder.batch(step) + TinyEncoder.batch(step + 1)
        let embeddings = trainer.forward(tokens: texts)
        trainer.backward(TinyEncoder.direction(step, embeddings.values.count))
        trainer.step(learningRate: 1e-3, weightDecay: 0.01, maxGradientNorm: 1)
      }
      return trainer.tensors().map(\.values)
    }
    let expected = try train(1)
    for threads in [2, 3, 7] { #expect(try train(threads) == expected) }
  }

  /// Afterwards a trainer is as one that was made with its weights.
  @Test func forgottenStepsLeaveTheWeightsAlone() throws {
    func train(_ trainer: EncoderTrainer, _ steps: Range<Int>) -> [[Float]] {
      for step in steps {
        let embeddings = trainer.forward(tokens: TinyEncoder.batch(step))
        trainer.backward(TinyEncoder.direction(step, embeddings.values.count))
        trainer.step(learningRate: 1e-2, weightDecay: 0.1, maxGradientNorm: 1)
      }
      return trainer.tensors().map(\.values)
    }
    let trainer = try makeTrainer(threads: 2)
    let trained = train(trainer, 0..<4)
    trainer.forgetSteps()
    let tensors = trainer.tensors()
    #expect(tensors.map(\.values) == trained)
    let values = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.values) })
    let other = try makeTrainer(threads: 2) { name, _ in values[name]! }
    #expect(train(trainer, 4..<7) == train(other, 4..<7))
  }

  // MARK: Saving

  @Test func whatIsReadIsWrittenBack() throws {
    let pooler = (
      name: "pooler.dense.bias", shape: [64], values: TinyEncoder.tensor("pooler", [64])
    )
    let trainer = try EncoderTrainer(
      TinyEncoder.configuration(), untouched: [pooler], tensor: TinyEncoder.tensor)
    let tensors = trainer.tensors()
    #expect(tensors.count == 5 + 2 * 16 + 1)
    #expect(Set(tensors.map(\.name)).count == tensors.count)
    #expect(tensors.last! == pooler)
    for (name, shape, values) in tensors.dropLast() {
      #expect(values == TinyEncoder.tensor(name, shape), "\(name)")
    }
  }
}
