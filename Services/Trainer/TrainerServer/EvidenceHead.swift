import Foundation
package import Transformer

/// Fits a head to all that is known of a data set: what its labels are called, what people answered,
/// and what an agent suggested where nobody has answered.
///
/// Labels' names and descriptions act twice, as the point the weights are pulled towards instead of 0
/// and as a record of their own per label. Both have a fixed weight, so that they decide where there
/// is no answer and fade as answers come in. A suggestion is a distribution over the labels, by how
/// often the agent proved right (`Reliability`); an answer counts more than any suggestion.
///
/// The constants were chosen on public data sets (sentiment, emotion, question type) so that none of
/// them does worse than without; `scripts/recipe-grid.py` measures what they reach.
package struct EvidenceHead: Sendable {
  /// How far the weights reach towards the labels' vectors, in units of the embeddings' mean length.
  package var anchorScale = 4.0
  /// What a label's own vector counts as a record; an answer counts 1.
  package var anchorWeight = 4.0
  package var C = 10.0
  package var interceptPenalty = 10.0
  /// What an answer counts where there are suggestions; a suggestion counts 1 at most.
  package var answerWeight = 2.0
  /// C where there are suggestions: they are many, and wrong at times.
  package var suggestionC = 1.0
  /// Whether labels' names and descriptions count. Without them every label needs a record.
  package var usesAnchors = true

  /// - Parameter regularisation: multiplies C, with or without suggestions.
  package init(regularisation: Double = 1) {
    C *= regularisation
    suggestionC *= regularisation
  }

  /// What the head learns from.
  package struct Evidence: Sendable {
    /// [examples, width], row-major.
    package var embeddings: [Float]
    package var width: Int
    /// Each example's label: an answer, or a suggestion.
    package var labels: [Int]
    package var isSuggested: [Bool]
    /// What the agent suggested, of answered examples too; `nil` where it said nothing.
    package var suggestions: [Int?]
    /// [labels, width]: unit vectors, from `LabelAnchors`.
    package var anchors: [Float]

    package init(
      embeddings: [Float], width: Int, labels: [Int], isSuggested: [Bool], suggestions: [Int?],
      anchors: [Float]
    ) {
      self.embeddings = embeddings
      self.width = width
      self.labels = labels
      self.isSuggested = isSuggested
      self.suggestions = suggestions
      self.anchors = anchors
    }

    package var labelCount: Int { anchors.count / width }
  }

  /// - Throws: `HeadError`; `CancellationError`.
  package func fit(_ evidence: Evidence) throws -> ClassificationHead {
    let (width, labels) = (evidence.width, evidence.labelCount)
    let count = evidence.labels.count
    // One scale for all: an encoder without a last normalisation gives vectors of any length, and a
    // head cannot normalise what it is given.
    let scale = count == 0 ? 1 : evidence.meanLength
    var x = evidence.embeddings.map { $0 / scale }
    var targets = [Double](repeating: 0, count: (count + labels) * labels)
    var weights = [Double](repeating: 1, count: count + labels)
    let suggested = evidence.isSuggested.contains(true)
    let reliability = suggested ? evidence.reliability : nil
    for row in 0..<count {
      let label = evidence.labels[row]
      if let reliability, evidence.isSuggested[row] {
        for (actual, probability) in reliability[label].enumerated() {
          targets[row * labels + actual] = probability
        }
      } else {
        targets[row * labels + label] = 1
        weights[row] = suggested ? answerWeight : 1
      }
    }
    x += evidence.anchors
    for label in 0..<labels {
      targets[(count + label) * labels + label] = 1
      weights[count + label] = usesAnchors ? anchorWeight : 0
    }
    let fit = try LogisticRegression(
      C: suggested ? suggestionC : C, interceptPenalty: interceptPenalty
    ).fit(
      x, hidden: width, targets: targets, labelCount: labels, weights: weights,
      prior: usesAnchors ? try prior(evidence) : nil)
    return try ClassificationHead(
      labels: labels, hidden: width, weight: fit.head.weight.map { $0 / scale },
      bias: fit.head.bias)
  }

  /// The labels' vectors less what they have in common, to scale: zero-shot classification as a head.
  private func prior(_ evidence: Evidence) throws -> ClassificationHead {
    let (width, labels) = (evidence.width, evidence.labelCount)
    var weight = evidence.anchors
    for i in 0..<width {
      let mean = (0..<labels).reduce(Float(0)) { $0 + weight[$1 * width + i] } / Float(labels)
      for label in 0..<labels {
        weight[label * width + i] = Float(anchorScale) * (weight[label * width + i] - mean)
      }
    }
    return try ClassificationHead(
      labels: labels, hidden: width, weight: weight,
      bias: [Float](repeating: 0, count: labels))
  }
}

extension EvidenceHead.Evidence {
  /// Of the agent, on the examples that people have answered.
  package var reliability: Reliability {
    let answered = labels.indices.filter { !isSuggested[$0] }.compactMap { row in
      suggestions[row].map { (suggested: $0, actual: labels[row]) }
    }
    return Reliability(labels: labelCount, answered: answered)
  }

  /// Of the embeddings; 1 if all are 0.
  fileprivate var meanLength: Float {
    var sum = 0.0
    for row in labels.indices {
      sum += embeddings[row * width..<(row + 1) * width]
        .reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    return sum > 0 ? Float(sum / Double(labels.count)) : 1
  }
}
