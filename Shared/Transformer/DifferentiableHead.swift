import Foundation

/// SetFit's differentiable head (`SetFitHead`) in training: a linear layer whose scores are divided by a
/// temperature, cross-entropy, and AdamW over weights and biases alike, in double precision.
///
/// A step is `backward`, then `step`. A value: it belongs to whoever trains it.
public struct DifferentiableHead: Sendable {
  public let labels: Int
  public let hidden: Int
  /// What scores are divided by: SetFit's temperature, plus the 1e-5 it adds to any.
  private let divisor: Double
  /// [labels, hidden] row-major, then [labels] biases.
  private var parameters: [Double]
  private var gradient: [Double]
  private var first: [Double]
  private var second: [Double]
  private var steps = 0

  /// - Parameters:
  ///   - weight: [labels, hidden], row-major.
  ///   - bias: [labels]
  ///   - temperature: above 0; higher is less sure.
  /// - Throws: `HeadError` if the sizes do not agree or a value is not finite.
  public init(
    labels: Int, hidden: Int, weight: [Float], bias: [Float], temperature: Double = 1
  ) throws {
    let start = try ClassificationHead(labels: labels, hidden: hidden, weight: weight, bias: bias)
    guard temperature > 0, temperature.isFinite else {
      throw HeadError("a temperature is a positive number, not \(temperature)")
    }
    self.labels = labels
    self.hidden = hidden
    divisor = temperature + 1e-5
    parameters = (start.weight + start.bias).map(Double.init)
    gradient = [Double](repeating: 0, count: parameters.count)
    first = gradient
    second = gradient
  }

  /// Computes the gradient of the mean cross-entropy over a batch, in place of the last one.
  ///
  /// - Parameters:
  ///   - embeddings: [texts, hidden], row-major.
  ///   - actual: each text's label, in 0 ..< `labels`.
  /// - Returns: the loss, and its gradient by the embeddings, in their shape.
  public mutating func backward(
    _ embeddings: [Float], labels actual: [Int]
  ) -> (loss: Double, gradient: [Float]) {
    precondition(
      !actual.isEmpty && embeddings.count == actual.count * hidden,
      "\(embeddings.count) values are not \(actual.count) embeddings of \(hidden)")
    for i in gradient.indices { gradient[i] = 0 }
    var loss = 0.0
    var slopes = [Float](repeating: 0, count: embeddings.count)
    var scores = [Double](repeating: 0, count: labels)
    for (text, label) in actual.enumerated() {
      let x = text * hidden
      for k in 0..<labels {
        var score = parameters[labels * hidden + k]
        for d in 0..<hidden { score += parameters[k * hidden + d] * Double(embeddings[x + d]) }
        scores[k] = score / divisor
      }
      let top = scores.max()!
      let sum = scores.reduce(0) { $0 + exp($1 - top) }
      loss += top + log(sum) - scores[label]
      var slope = [Double](repeating: 0, count: hidden)
      for k in 0..<labels {
        let probability = exp(scores[k] - top) / sum
        let residual = (probability - (k == label ? 1 : 0)) / (divisor * Double(actual.count))
        for d in 0..<hidden {
          gradient[k * hidden + d] += residual * Double(embeddings[x + d])
          slope[d] += residual * parameters[k * hidden + d]
        }
        gradient[labels * hidden + k] += residual
      }
      for d in 0..<hidden { slopes[x + d] = Float(slope[d]) }
    }
    return (loss / Double(actual.count), slopes)
  }

  /// One step of AdamW (betas 0.9 and 0.999, epsilon 1e-8) with the gradient of the last `backward`.
  /// Decay is decoupled; as in SetFit, biases decay too.
  public mutating func step(learningRate: Double, weightDecay: Double) {
    steps += 1
    let bias1 = 1 - pow(0.9, Double(steps))
    let bias2 = (1 - pow(0.999, Double(steps))).squareRoot()
    for i in parameters.indices {
      let g = gradient[i]
      first[i] = 0.9 * first[i] + 0.1 * g
      second[i] = 0.999 * second[i] + 0.001 * g * g
      parameters[i] *= 1 - learningRate * weightDecay
      parameters[i] -= learningRate / bias1 * first[i] / (second[i].squareRoot() / bias2 + 1e-8)
    }
  }

  /// The gradient of the last `backward`: [labels, hidden] of the weights, then [labels] of the biases.
  package var gradients: [Double] { gradient }

  /// The layer as it is, before any temperature: [labels, hidden] weights, then [labels] biases.
  package var layer: [Double] { parameters }

  /// What has been learned, the temperature folded into it.
  ///
  /// - Throws: `HeadError` if a value is not finite.
  public func head() throws -> ClassificationHead {
    let values = parameters.map { Float($0 / divisor) }
    return try ClassificationHead(
      labels: labels, hidden: hidden, weight: Array(values[..<(labels * hidden)]),
      bias: Array(values[(labels * hidden)...]))
  }
}
