import Foundation

/// What the body's tuning makes small, by the names SetFit's users know.
package enum ContrastiveLoss: String, Sendable, Hashable, CaseIterable {
  /// sentence-transformers': the mean of (cos(u, v) − target)² over pairs.
  case cosineSimilarity = "CosineSimilarityLoss"
  /// sentence-transformers' (Hadsell and others 2006): half the squared distance of a positive pair, half
  /// the square of what a negative pair lacks to the margin.
  case contrastive = "ContrastiveLoss"
  /// SetFit's, after Khosla and others 2020: softmax over a batch's cosines, temperature 0.07. Takes
  /// texts with their labels, not pairs.
  case supervisedContrastive = "SupConLoss"

  /// Between the embeddings of a pair, for `contrastive`.
  package enum Distance: String, Sendable, Hashable, CaseIterable {
    case cosine = "cosine_distance"
    case euclidean = "euclidean_distance"
    case manhattan = "manhattan_distance"
  }

  /// sentence-transformers' for `contrastive`, which SetFit leaves as it is: its own `margin` of 0.25 is
  /// for triplet losses.
  package static let defaultMargin = 0.5
  package static let supervisedTemperature = 0.07
}

/// Two rows of the embeddings, and 1 for the same label or 0 for different ones.
package typealias EmbeddingPair = (first: Int, second: Int, target: Float)

/// The mean over pairs of (cos(u, v) − target)², and its gradient with respect to the embeddings.
///
/// - Parameters:
///   - embeddings: [texts, dimensions], row-major.
///   - pairs: two rows of it and a target each.
/// - Returns: the loss, and the gradient in the shape of `embeddings`.
package func cosineSimilarityLoss(
  _ embeddings: [Float], dimensions: Int, pairs: [EmbeddingPair]
) -> (loss: Double, gradient: [Float]) {
  meanOverPairs(embeddings, dimensions, pairs) { x, u, v, target, addSlope in
    let cosine = Cosine(x, u, v, dimensions)
    let difference = cosine.value - target
    addSlope { d in cosine.slopes(x, u, v, d, 2 * difference) }
    return difference * difference
  }
}

/// The mean over pairs of ½·d(u, v)² where the target is 1 and ½·max(0, margin − d(u, v))² where it is 0,
/// and its gradient with respect to the embeddings. The cosine distance is 1 − cos.
///
/// - Parameters: as of `cosineSimilarityLoss`.
package func contrastiveLoss(
  _ embeddings: [Float], dimensions: Int, pairs: [EmbeddingPair],
  distance: ContrastiveLoss.Distance = .cosine, margin: Double = ContrastiveLoss.defaultMargin
) -> (loss: Double, gradient: [Float]) {
  meanOverPairs(embeddings, dimensions, pairs) { x, u, v, target, addSlope in
    // ∂loss/∂distance, and the loss itself.
    func lossAndSlope(_ distance: Double) -> (loss: Double, slope: Double) {
      let gap = max(0, margin - distance)
      return (
        0.5 * (target * distance * distance + (1 - target) * gap * gap),
        target * distance - (1 - target) * gap
      )
    }
    switch distance {
    case .cosine:
      let cosine = Cosine(x, u, v, dimensions)
      let (loss, slope) = lossAndSlope(1 - cosine.value)
      addSlope { d in cosine.slopes(x, u, v, d, -slope) }
      return loss
    case .euclidean, .manhattan:
      // PyTorch's pairwise_distance adds 1e-6 to every difference.
      func difference(_ d: Int) -> Double { Double(x[u + d]) - Double(x[v + d]) + 1e-6 }
      var sum = 0.0
      for d in 0..<dimensions {
        let value = difference(d)
        sum += distance == .euclidean ? value * value : abs(value)
      }
      let length = distance == .euclidean ? sum.squareRoot() : sum
      let (loss, slope) = lossAndSlope(length)
      addSlope { d in
        let value = difference(d)
        let along =
          distance == .euclidean ? (length == 0 ? 0 : value / length) : (value < 0 ? -1 : 1)
        return (slope * along, -slope * along)
      }
      return loss
    }
  }
}

/// The supervised contrastive loss: the mean over texts i of
///
///     −1/|P(i)| · Σ_{p ∈ P(i)} ( zᵢₚ − log Σ_{a ≠ i} exp zᵢₐ ),    zᵢₐ = cos(xᵢ, xₐ) / temperature
///
/// where P(i) are the batch's other texts with i's label; and its gradient. A text whose label no other
/// has counts for nothing as i; SetFit divides by zero there.
///
/// - Parameters:
///   - embeddings: [texts, dimensions], row-major.
///   - labels: of each text.
package func supervisedContrastiveLoss(
  _ embeddings: [Float], dimensions: Int, labels: [Int],
  temperature: Double = ContrastiveLoss.supervisedTemperature
) -> (loss: Double, gradient: [Float]) {
  let count = labels.count
  precondition(embeddings.count == count * dimensions, "one embedding per label")
  var norms = [Double](repeating: 0, count: count)
  var f = embeddings.map(Double.init)
  for i in 0..<count {
    let row = i * dimensions..<(i + 1) * dimensions
    // PyTorch's normalize bounds the norm below by 1e-12.
    norms[i] = max(row.reduce(0) { $0 + f[$1] * f[$1] }.squareRoot(), 1e-12)
    for d in row { f[d] /= norms[i] }
  }
  var loss = 0.0
  // By the normalised embeddings.
  var slopes = [Double](repeating: 0, count: f.count)
  var z = [Double](repeating: 0, count: count)
  let anchors = labels.indices.filter { i in
    labels.indices.contains { $0 != i && labels[$0] == labels[i] }
  }
  for i in anchors {
    for a in 0..<count {
      var dot = 0.0
      for d in 0..<dimensions { dot += f[i * dimensions + d] * f[a * dimensions + d] }
      z[a] = dot / temperature
    }
    let others = (0..<count).filter { $0 != i }
    let positives = others.filter { labels[$0] == labels[i] }
    let top = others.reduce(-Double.infinity) { max($0, z[$1]) }
    let sum = others.reduce(0) { $0 + exp(z[$1] - top) }
    let share = 1 / Double(positives.count)
    loss += top + log(sum) - positives.reduce(0) { $0 + z[$1] } * share
    for a in others {
      let slope =
        (exp(z[a] - top) / sum - (labels[a] == labels[i] ? share : 0))
        / (temperature * Double(anchors.count))
      for d in 0..<dimensions {
        slopes[i * dimensions + d] += slope * f[a * dimensions + d]
        slopes[a * dimensions + d] += slope * f[i * dimensions + d]
      }
    }
  }
  var gradient = [Float](repeating: 0, count: f.count)
  for i in 0..<count {
    let row = i * dimensions..<(i + 1) * dimensions
    let along = row.reduce(0) { $0 + slopes[$1] * f[$1] }
    for d in row { gradient[d] = Float((slopes[d] - along * f[d]) / norms[i]) }
  }
  return (anchors.isEmpty ? 0 : loss / Double(anchors.count), gradient)
}

/// The mean of a loss over pairs and its gradient. `loss` gets the embeddings, the offsets of the pair's
/// two rows and its target; what it adds as slopes are ∂loss/∂u and ∂loss/∂v of each dimension.
private func meanOverPairs(
  _ embeddings: [Float], _ dimensions: Int, _ pairs: [EmbeddingPair],
  _ loss: (
    _ x: UnsafeBufferPointer<Float>, _ u: Int, _ v: Int, _ target: Double,
    _ addSlope: ((_ dimension: Int) -> (u: Double, v: Double)) -> Void
  ) -> Double
) -> (loss: Double, gradient: [Float]) {
  var sum = 0.0
  // In double: a text's gradient is a sum of many small terms of either sign.
  var gradient = [Double](repeating: 0, count: embeddings.count)
  embeddings.withUnsafeBufferPointer { x in
    gradient.withUnsafeMutableBufferPointer { gradient in
      for (first, second, target) in pairs {
        let (u, v) = (first * dimensions, second * dimensions)
        sum += loss(x, u, v, Double(target)) { slopes in
          for d in 0..<dimensions {
            let slope = slopes(d)
            gradient[u + d] += slope.u / Double(pairs.count)
            gradient[v + d] += slope.v / Double(pairs.count)
          }
        }
      }
    }
  }
  return (sum / Double(pairs.count), gradient.map { Float($0) })
}

/// The cosine of two rows.
private struct Cosine {
  let value: Double
  private let nu, nv: Double

  init(_ x: UnsafeBufferPointer<Float>, _ u: Int, _ v: Int, _ dimensions: Int) {
    var (uv, uu, vv) = (0.0, 0.0, 0.0)
    for d in 0..<dimensions {
      let (a, b) = (Double(x[u + d]), Double(x[v + d]))
      uv += a * b
      uu += a * a
      vv += b * b
    }
    // PyTorch's cosine_similarity bounds the norms below by 1e-8.
    nu = max(uu.squareRoot(), 1e-8)
    nv = max(vv.squareRoot(), 1e-8)
    value = uv / (nu * nv)
  }

  /// `slope` times ∂cos/∂u = v/(|u||v|) − cos · u/|u|², and the same of v, in dimension `d`.
  func slopes(_ x: UnsafeBufferPointer<Float>, _ u: Int, _ v: Int, _ d: Int, _ slope: Double)
    -> (u: Double, v: Double)
  {
    let (a, b) = (Double(x[u + d]), Double(x[v + d]))
    return (
      slope * (b / (nu * nv) - value * a / (nu * nu)),
      slope * (a / (nu * nv) - value * b / (nv * nv))
    )
  }
}
