import Foundation
import Testing
import TrainerServer
import Transformer

@Suite("A head's loss, for a body to learn by")
struct HeadLossTests {
  private func loss() throws -> (HeadLoss, [Float]) {
    var random = RandomSource(seed: 8, purpose: .dropout)
    func values(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    }
    let head = try ClassificationHead(
      labels: 3, hidden: 4, weight: values(12), bias: [0.2, -0.1, 0.4])
    // Certain, read from an agent, and excluded of one label.
    let likelihoods = [0, 1, 0, 0.7, 0.2, 0.1, 0, 0.5, 0.5, 0.1, 0.1, 0.9]
    return (HeadLoss(head: head, likelihoods: likelihoods), values(12))
  }

  @Test("Its gradient is its finite difference")
  func gradient() throws {
    let (loss, embeddings) = try loss()
    let texts = [3, 1, 2]
    let (value, gradient) = loss.value(embeddings, of: texts)
    #expect(value > 0.1)
    var x = embeddings
    for i in x.indices {
      let kept = x[i]
      let h: Float = 1e-2
      x[i] = kept + h
      let above = loss.value(x, of: texts).loss
      x[i] = kept - h
      let below = loss.value(x, of: texts).loss
      x[i] = kept
      #expect(abs((above - below) / Double(2 * h) - Double(gradient[i])) < 1e-4)
    }
  }

  @Test("Of a certain label it is the cross-entropy, whatever the others' places")
  func crossEntropy() throws {
    let (loss, embeddings) = try loss()
    let x = Array(embeddings.prefix(4))
    let expected = -log(Double(loss.head.probabilities(x)[1]))
    #expect(abs(loss.value(x, of: [0]).loss - expected) < 1e-6)
    let two = loss.value(x + x, of: [0, 1]).loss
    #expect(abs(two - (expected + loss.value(x, of: [1]).loss) / 2) < 1e-6)
  }
}
