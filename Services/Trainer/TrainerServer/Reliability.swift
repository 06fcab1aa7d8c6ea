import Foundation

/// How far an agent's suggestions can be believed: for each label it may suggest, how probable every
/// label is to be the true one, measured on records that people have answered too and, where nobody has, by how often
/// it says what a head holds true that has learned from no suggestion (Dawid & Skene 1979, "Maximum likelihood
/// estimation of observer error-rates using the EM algorithm", with that head as the other observer).
///
/// With few answers a count says little, so each row starts from a prior: the agent's overall
/// accuracy, itself shrunk towards what labellers commonly reach, with the errors spread evenly.
package struct Reliability: Sendable, Hashable {
  package let labels: Int
  /// P(true | suggested): [suggested, true], row-major, rows sum to 1.
  package let probabilities: [Double]
  /// The share of suggestions that are right, as estimated.
  package let accuracy: Double

  /// The overall accuracy's prior, Beta(right, wrong).
  package static let prior = (right: 14.0, wrong: 6.0)
  /// So many answers on one suggested label weigh as much as the overall accuracy.
  package static let rowPrior = 30.0

  /// - Parameters:
  ///   - answered: of each answered record, what the agent suggested and what is true.
  ///   - beliefs: of suggestions that nobody has answered, how probable a head holds each to be right that knows
  ///     nothing of them.
  package init(
    labels: Int, answered: [(suggested: Int, actual: Int)], beliefs: [Double] = []
  ) {
    self.labels = labels
    let right = Double(answered.count { $0.suggested == $0.actual })
    // A suggestion is the true label, or it is any other.
    let accuracy = Mixture(
      likelihoods: beliefs.map { (one: (1 - $0) / Double(labels - 1), other: $0) },
      known: (
        one: Self.prior.wrong + Double(answered.count) - right, other: Self.prior.right + right
      )
    ).share(in: 1e-4...(1 - 1e-4))
    self.accuracy = accuracy
    var counts = [Double](repeating: 0, count: labels * labels)
    for (suggested, actual) in answered { counts[suggested * labels + actual] += 1 }
    var probabilities: [Double] = []
    for suggested in 0..<labels {
      let row = counts[suggested * labels..<(suggested + 1) * labels]
      let total = row.reduce(0, +) + Self.rowPrior
      for (actual, count) in row.enumerated() {
        let expected = actual == suggested ? accuracy : (1 - accuracy) / Double(labels - 1)
        probabilities.append((count + Self.rowPrior * expected) / total)
      }
    }
    self.probabilities = probabilities
  }

  /// How much a suggestion says about a label, in bits, were all labels and all errors equally frequent.
  package var bits: Double {
    let (right, wrong) = (accuracy, 1 - accuracy)
    return log2(Double(labels)) + right * log2(right) + wrong * log2(wrong / Double(labels - 1))
  }

  /// How probable each label is where the agent suggested this one.
  package subscript(suggested: Int) -> ArraySlice<Double> {
    probabilities[suggested * labels..<(suggested + 1) * labels]
  }

  /// P(suggested | true): [suggested, true], by Bayes' rule from how often each label is suggested.
  ///
  /// - Parameter counts: of each label, how often; one never suggested has the likelihood 0.
  package func likelihoods(suggested counts: [Double]) -> [Double] {
    var joint = probabilities
    for suggested in 0..<labels {
      for actual in 0..<labels { joint[suggested * labels + actual] *= counts[suggested] }
    }
    for actual in 0..<labels {
      let total = (0..<labels).reduce(0) { $0 + joint[$1 * labels + actual] }
      guard total > 0 else { continue }
      for suggested in 0..<labels { joint[suggested * labels + actual] /= total }
    }
    return joint
  }
}
