import TrainerServer

/// The smallest body there is: a text's embedding is the mean of its tokens' vectors, which are the
/// weights. Differentiable by hand, so that training can be checked without a transformer.
struct LinearBody: TrainableBody {
  let dimensions: Int
  /// [vocabulary, dimensions]
  var weights: [Float]
  private let initial: [Float]
  private(set) var gradient: [Double]
  private var first: [Double]
  private var second: [Double]
  /// Since the body was made or put back.
  private(set) var steps = 0
  /// Since AdamW began.
  private var time = 0
  private(set) var learningRates: [Double] = []
  /// Of every `forward` since the body was made, the texts.
  private(set) var batches: [[[Int32]]] = []
  private var last: [[Int32]] = []
  /// Embeddings are not numbers once so many steps have been taken.
  var failsAfter = Int.max
  /// All embeddings are alike once so many have been.
  var forgetsAfter = Int.max

  init(vocabulary: Int, dimensions: Int, seed: UInt64 = 1) {
    self.dimensions = dimensions
    var random = RandomSource(seed: seed, purpose: .dropout)
    weights = (0..<vocabulary * dimensions).map { _ in Float.random(in: -1...1, using: &random) }
    initial = weights
    gradient = [Double](repeating: 0, count: weights.count)
    first = gradient
    second = gradient
  }

  func embed(_ texts: [[Int32]]) -> [Float] {
    if steps >= failsAfter {
      return [Float](repeating: .nan, count: texts.count * dimensions)
    }
    if steps >= forgetsAfter {
      return [Float](repeating: 1, count: texts.count * dimensions)
    }
    return texts.flatMap { text in
      (0..<dimensions).map { d in
        text.reduce(0) { $0 + weights[Int($1) * dimensions + d] } / Float(text.count)
      }
    }
  }

  mutating func forward(_ texts: [[Int32]]) -> [Float] {
    last = texts
    batches.append(texts)
    return embed(texts)
  }

  mutating func backward(_ slope: [Float]) {
    for (row, text) in last.enumerated() {
      for token in text {
        for d in 0..<dimensions {
          gradient[Int(token) * dimensions + d] +=
            Double(slope[row * dimensions + d]) / Double(text.count)
        }
      }
    }
  }

  mutating func forgetSteps() {
    first = [Double](repeating: 0, count: weights.count)
    second = first
    time = 0
  }

  mutating func restore() {
    weights = initial
    steps = 0
    forgetSteps()
  }

  mutating func keep(_ share: Double) {
    weights = zip(initial, weights).map { $0 + Float(share) * ($1 - $0) }
    forgetSteps()
  }

  mutating func step(
    learningRate: Double, weightDecay: Double, decaysEverything: Bool, maxGradientNorm: Double
  ) -> Double {
    steps += 1
    time += 1
    learningRates.append(learningRate)
    let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let scale = min(1, maxGradientNorm / (norm + 1e-6))
    for i in weights.indices {
      let g = gradient[i] * scale
      first[i] = 0.9 * first[i] + 0.1 * g
      second[i] = 0.999 * second[i] + 0.001 * g * g
      let m = first[i] / (1 - pow(0.9, time))
      let v = second[i] / (1 - pow(0.999, time))
      weights[i] *= Float(1 - learningRate * weightDecay)
      weights[i] -= Float(learningRate * m / (v.squareRoot() + 1e-8))
      gradient[i] = 0
    }
    return norm
  }
}

private func pow(_ base: Double, _ exponent: Int) -> Double {
  (0..<exponent).reduce(1) { product, _ in product * base }
}
