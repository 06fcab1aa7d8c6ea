import Foundation
package import Transformer

/// Fits a head to all that is known of a data set: what its labels are called, what people answered,
/// and what an agent suggested where nobody has answered.
///
/// Labels' names and descriptions act twice, as the point the weights are pulled towards instead of 0
/// and as a record of their own per label. Both have a fixed weight, so that they decide where there
/// is no answer and fade as answers come in. A suggestion says how probable it is under each label, by how
/// often the agent proved right (`Reliability`); an answer counts more than any suggestion. All texts at
/// hand, labelled or not, say where to look for what tells the labels apart (`TextSpread`).
///
/// Where a record may have several labels, all of this is done for each label against the rest, the agent's
/// reliability included, and the other labels' vectors are records without it.
///
/// The constants were chosen on public data sets (sentiment, emotion, question type) so that none of
/// them does worse than without; `scripts/recipe-grid.py` measures what they reach.
package struct EvidenceHead: Sendable {
  /// How far the weights reach towards the labels' directions, in units of the coordinates' mean length.
  package var anchorScale = 6.0
  /// What a label's own vector counts as a record; an answer counts 1.
  package var anchorWeight = 4.0
  package var C = 3.0
  package var interceptPenalty = 10.0
  /// What an answer counts where there are suggestions; a suggestion counts 1 at most.
  package var answerWeight = 2.0
  /// C where there are suggestions, which are many and wrong at times, or a record may have several labels.
  package var suggestionC = 1.0
  /// Whether labels' names and descriptions count. Without them every label needs a record.
  package var usesAnchors = true
  /// Whether the agent knows something else than labels' names and embeddings. Of the zero-shot agent, which does not,
  /// it says nothing that it agrees with a head.
  package var agentIsIndependent = true
  private let pool: ComputePool

  /// - Parameters:
  ///   - regularisation: multiplies C, with or without suggestions.
  ///   - pool: computes.
  package init(regularisation: Double = 1, pool: ComputePool = .shared) {
    self.pool = pool
    C *= regularisation
    suggestionC *= regularisation
  }

  /// What the head learns from.
  package struct Evidence: Sendable {
    /// [examples, width], row-major.
    package private(set) var embeddings: [Float]
    package let width: Int
    /// Each example's labels, ascending, exactly one unless it is multi-label: an answer, or a suggestion.
    package private(set) var labels: [[Int]]
    package let isMultiLabel: Bool
    package private(set) var isSuggested: [Bool]
    /// What the agent suggested, of answered examples too; `nil` where it said nothing.
    package private(set) var suggestions: [[Int]?]
    /// How probable each suggestion is to be right, as `beliefs(in:)` says; empty where nobody has asked.
    package var beliefs: [Double] = []
    package let labelCount: Int
    fileprivate let spread: TextSpread
    /// Of the examples' embeddings, in the spread.
    fileprivate var coordinates: [Float]
    /// Of the labels, in the spread.
    fileprivate let directions: [Float]

    /// - Parameters:
    ///   - anchors: [labels, width]: unit vectors, from `LabelAnchors`.
    ///   - others: embeddings of more of the data set's texts, of which nothing else is known.
    package init(
      embeddings: [Float], width: Int, labels: [[Int]], isMultiLabel: Bool = false,
      isSuggested: [Bool], suggestions: [[Int]?], anchors: [Float], others: [Float] = []
    ) {
      self.embeddings = embeddings
      self.width = width
      self.labels = labels
      self.isMultiLabel = isMultiLabel
      self.isSuggested = isSuggested
      self.suggestions = suggestions
      labelCount = anchors.count / width
      spread = TextSpread(embeddings + others, width: width)
      coordinates = spread.coordinates(embeddings)
      var differences = anchors
      for i in 0..<width {
        let mean =
          (0..<labelCount).reduce(Float(0)) { $0 + anchors[$1 * width + i] } / Float(labelCount)
        for label in 0..<labelCount { differences[label * width + i] -= mean }
      }
      directions = spread.directions(differences)
    }

    /// Of some of the examples; the spread stays that of all.
    package func at(_ examples: [Int]) -> Self {
      func rows(_ values: [Float]) -> [Float] {
        examples.flatMap { values[$0 * width..<($0 + 1) * width] }
      }
      var part = self
      part.embeddings = rows(embeddings)
      part.coordinates = rows(coordinates)
      part.labels = examples.map { labels[$0] }
      part.isSuggested = examples.map { isSuggested[$0] }
      part.suggestions = examples.map { suggestions[$0] }
      part.beliefs = beliefs.isEmpty ? [] : examples.map { beliefs[$0] }
      return part
    }
  }

  /// - Returns: of multi-label evidence a multi-label head whose thresholds are one half.
  /// - Throws: `HeadError`; `CancellationError`.
  package func fit(_ evidence: Evidence) throws -> ClassificationHead {
    let (width, labels) = (evidence.width, evidence.labelCount)
    let x = evidence.coordinates + evidence.directions
    let suggested = evidence.isSuggested.contains(true)
    var likelihoods = self.likelihoods(evidence)
    for label in 0..<labels {
      likelihoods += (0..<labels).map { $0 == label ? 1 : 0 }
    }
    let weights = evidence.isSuggested.map { suggested && !$0 ? answerWeight : 1 }
    let prior = usesAnchors ? try prior(evidence) : nil
    let head: ClassificationHead
    if evidence.isMultiLabel {
      head = try LogisticRegression(C: suggestionC).fitOneVsRest(
        x, hidden: width, likelihoods: likelihoods, labelCount: labels,
        weights: (0..<labels).map { label in
          weights
            + (0..<labels).map {
              // The others count as much as the one, together.
              !usesAnchors ? 0 : $0 == label ? anchorWeight : anchorWeight / Double(labels - 1)
            }
        }, prior: prior, pool: pool)
    } else {
      head = try LogisticRegression(
        C: suggested ? suggestionC : C, interceptPenalty: interceptPenalty
      ).fit(
        x, hidden: width, likelihoods: likelihoods, labelCount: labels,
        weights: weights + [Double](repeating: usesAnchors ? anchorWeight : 0, count: labels),
        prior: prior, pool: pool
      ).head
    }
    return try evidence.spread.head(head)
  }

  /// How probable each example's label is for a head that knows the answers and no suggestion. To be asked of
  /// embeddings by a body that knows no suggestion either: one that has followed an agent agrees with it.
  ///
  /// - Returns: [examples]; empty where such a head says nothing of the agent.
  /// - Throws: `HeadError`; `CancellationError`.
  package func beliefs(in evidence: Evidence) throws -> [Double] {
    // Without labels' names, answers alone may know nothing of a label.
    guard usesAnchors, agentIsIndependent, !evidence.isMultiLabel,
      evidence.isSuggested.contains(true)
    else { return [] }
    let probabilities = try fit(evidence.at(evidence.answered))
      .probabilities(rows: evidence.embeddings)
    return zip(probabilities, evidence.labels).map { Double($0[$1[0]]) }
  }

  /// [examples, labels]: how probable what is known of each example is under each label, as `LogisticRegression`
  /// wants it.
  func likelihoods(_ evidence: Evidence) -> [Double] {
    if evidence.isMultiLabel { return evidence.likelihoodsOfSeveral }
    guard evidence.isSuggested.contains(true) else { return evidence.likelihoods(nil) }
    return evidence.likelihoods(evidence.reliability)
  }

  /// The same to be fitted to suggestions alone. Of people's answers it knows no more than how reliable they show the
  /// agent to be, so what they say of a body that learned by it can be believed.
  package var withoutAnswers: EvidenceHead {
    var head = self
    head.answerWeight = 0
    return head
  }

  /// What a body may learn by from the suggestions alone: a head fitted to them, and what they say of each of
  /// their records, in their order.
  ///
  /// - Throws: `HeadError`; `CancellationError`.
  func loss(ofSuggestionsIn evidence: Evidence) throws -> HeadLoss {
    let head = try withoutAnswers.fit(evidence)
    let likelihoods = self.likelihoods(evidence)
    return HeadLoss(
      head: head,
      likelihoods: evidence.isSuggested.indices.filter { evidence.isSuggested[$0] }.flatMap {
        likelihoods[$0 * evidence.labelCount..<($0 + 1) * evidence.labelCount]
      })
  }

  /// The labels' directions less what they have in common, to scale: zero-shot classification as a head.
  private func prior(_ evidence: Evidence) throws -> ClassificationHead {
    let (width, labels) = (evidence.width, evidence.labelCount)
    var weight = evidence.directions
    for i in 0..<width {
      let mean = (0..<labels).reduce(Float(0)) { $0 + weight[$1 * width + i] } / Float(labels)
      for label in 0..<labels {
        weight[label * width + i] = Float(anchorScale) * (weight[label * width + i] - mean)
      }
    }
    return try ClassificationHead(
      labels: labels, hidden: width, weight: weight,
      bias: [Float](repeating: 0, count: labels),
      thresholds: evidence.isMultiLabel ? [Float](repeating: 0.5, count: labels) : nil)
  }
}

extension EvidenceHead.Evidence {
  /// [examples, labels]: what is known of each example, as `LogisticRegression` wants it; where each has one label.
  ///
  /// - Parameter agent: how reliable it is; `nil` where there are no suggestions.
  fileprivate func likelihoods(_ agent: Reliability?) -> [Double] {
    let labelCount = labelCount
    let suggested = agent.map { suggestionLikelihoods($0) { $0[0] } }
    return labels.indices.flatMap { row in
      let label = labels[row][0]
      return if let suggested, isSuggested[row] {
        Array(suggested[label * labelCount..<(label + 1) * labelCount])
      } else {
        (0..<labelCount).map { $0 == label ? 1.0 : 0 }
      }
    }
  }

  /// The same where an example may have several labels, of each label against the rest.
  fileprivate var likelihoodsOfSeveral: [Double] {
    let labelCount = labelCount
    let suggested = (0..<labelCount).map { label in
      suggestionLikelihoods(reliability(of: label)) { $0.contains(label) ? 1 : 0 }
    }
    return labels.indices.flatMap { row in
      (0..<labelCount).map { label in
        let has = labels[row].contains(label) ? 1 : 0
        guard isSuggested[row] else { return Double(has) }
        let (without, with) = (suggested[label][has * 2], suggested[label][has * 2 + 1])
        return with / (without + with)
      }
    }
  }

  /// [suggested, true]: how probable the agent's suggestions are, which are `kind` of what it suggested.
  private func suggestionLikelihoods(
    _ reliability: Reliability, _ kind: ([Int]) -> Int
  ) -> [Double] {
    var counts = [Double](repeating: 0, count: reliability.labels)
    for row in labels.indices where isSuggested[row] { counts[kind(labels[row])] += 1 }
    return reliability.likelihoods(suggested: counts)
  }

  /// Of the agent, where each example has one label.
  package var reliability: Reliability {
    Reliability(
      labels: labelCount, answered: answers { (suggested: $0[0], actual: $1[0]) },
      beliefs: beliefs.indices.filter { isSuggested[$0] }.map { beliefs[$0] })
  }

  /// Of the agent in the matter of one label, on the examples that people have answered: 1 is that a
  /// record has it, 0 that it has not.
  package func reliability(of label: Int) -> Reliability {
    Reliability(
      labels: 2,
      answered: answers {
        (suggested: $0.contains(label) ? 1 : 0, actual: $1.contains(label) ? 1 : 0)
      })
  }

  /// What was suggested and answered of each example that has both.
  fileprivate func answers<R>(_ made: (_ suggested: [Int], _ actual: [Int]) -> R) -> [R] {
    labels.indices.filter { !isSuggested[$0] }.compactMap { row in
      suggestions[row].map { made($0, labels[row]) }
    }
  }
}
