import Foundation
package import Transformer

/// How badly a head that stays as it is predicts texts from their embeddings, for a body to learn by: the mean
/// over texts of −log Σ pₗ·likelihoodₗ, the loss that the head itself was fitted to (see `LogisticRegression`).
///
/// A body that starts from a fitted head keeps what it knows; one that starts beside a random head first
/// unlearns it (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features").
package struct HeadLoss: Sendable, Hashable {
  package let head: ClassificationHead
  /// [texts, labels]: how probable what is known of each text is under each label.
  package let likelihoods: [Double]

  package init(head: ClassificationHead, likelihoods: [Double]) {
    precondition(likelihoods.count.isMultiple(of: head.labels), "a likelihood of every label")
    self.head = head
    self.likelihoods = likelihoods
  }

  /// The loss on some of the texts and its gradient.
  ///
  /// - Parameters:
  ///   - embeddings: [texts, hidden], row-major, of the texts at these places.
  ///   - texts: places among the likelihoods.
  /// - Returns: the gradient in the shape of `embeddings`.
  package func value(_ embeddings: [Float], of texts: [Int]) -> (loss: Double, gradient: [Float]) {
    let (labels, hidden) = (head.labels, head.hidden)
    precondition(embeddings.count == texts.count * hidden, "one embedding per text")
    var loss = 0.0
    var gradient = [Float](repeating: 0, count: embeddings.count)
    for (row, text) in texts.enumerated() {
      let x = row * hidden
      let scores = (0..<labels).map { label in
        (0..<hidden).reduce(Double(head.bias[label])) {
          $0 + Double(head.weight[label * hidden + $1]) * Double(embeddings[x + $1])
        }
      }
      let top = scores.max() ?? 0
      let exponentials = scores.map { exp($0 - top) }
      let sum = exponentials.reduce(0, +)
      let joint = (0..<labels).map {
        exponentials[$0] / sum * likelihoods[text * labels + $0]
      }
      let total = max(joint.reduce(0, +), .leastNormalMagnitude)
      loss -= log(total)
      for label in 0..<labels {
        let slope = Float(
          (exponentials[label] / sum - joint[label] / total) / Double(texts.count))
        for i in 0..<hidden { gradient[x + i] += slope * head.weight[label * hidden + i] }
      }
    }
    return (loss / Double(texts.count), gradient)
  }
}
