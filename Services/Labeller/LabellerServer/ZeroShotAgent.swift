import Foundation
package import Schema

/// Suggests the label whose name and description are nearest to the text in the encoder's space. No LLM
/// is asked.
///
/// A label's vector is the mean of a few sentences that carry its name, and its description where there
/// is one (Yin et al. 2019 call it label-embedding zero-shot classification; the templates are those of
/// the label-name baseline). The score is a softmax over cosines.
package struct ZeroShotAgent: Agent {
  /// Embeds texts: one vector each, in order, of any length but zero.
  package typealias Embed = @Sendable (_ texts: [String]) async throws -> [[Float]]

  package static let agentName = Suggestion.zeroShotAgent

  /// The softmax's temperature. 13 values from 0.01 to 0.2 were tried on samples of six training splits,
  /// embedded by all-MiniLM-L6-v2: product reviews (3 labels), customer reviews (2), film reviews (2),
  /// emotions (4), question types (6) and banking intents (77). The best for one split alone lay between
  /// 0.05 and 0.15. Of 0.05, 0.06 and 0.08 this one had the least negative log-likelihood summed over
  /// the six. So take the score as a rank more than a probability.
  static let temperature = 0.06

  private let embed: Embed

  package init(embed: @escaping Embed) { self.embed = embed }

  package var name: String { Self.agentName }
  package var batchSize: Int { 64 }
  package var concurrency: Int { 2 }
  package var readsExamples: Bool { false }
  package var summary: String {
    "The sentence encoder compares each text with the labels' names and descriptions; no LLM was "
      + "asked, the guidelines were not read and reviewed examples are not used."
  }

  package func prepare(_ dataset: Dataset, shots: ShotPool) async throws -> any PreparedAgent {
    let labels = dataset.question.labels
    let sentences = labels.map(Self.sentences)
    let vectors = try await embed(sentences.flatMap { $0 })
    guard vectors.count == sentences.reduce(0, { $0 + $1.count }) else {
      throw AgentError("the inference service embedded another number of texts than it was sent")
    }
    var anchors: [[Float]] = []
    var start = 0
    for group in sentences {
      anchors.append(normalisedMean(vectors[start..<start + group.count]))
      start += group.count
    }
    return PreparedZeroShot(
      embed: embed, fields: dataset.fields, labels: labels.map(\.name), anchors: anchors)
  }

  /// What is embedded for a label.
  static func sentences(_ label: Label) -> [String] {
    let name = label.name.replacing("_", with: " ")
    var sentences = [
      "This sentence is \(name)", name, "The label is \(name).", "This text is about \(name)",
    ]
    if !label.description.isBlank {
      sentences += [label.description, "\(name): \(label.description)"]
    }
    return sentences
  }
}

private struct PreparedZeroShot: PreparedAgent {
  let embed: ZeroShotAgent.Embed
  let fields: [TextField]
  let labels: [String]
  let anchors: [[Float]]

  func judge(_ records: [Record]) async throws -> [Verdict] {
    let vectors = try await embed(records.map { $0.text(fields) })
    guard vectors.count == records.count else {
      throw AgentError("the inference service embedded another number of texts than it was sent")
    }
    return vectors.map { vector in
      let vector = normalisedMean([vector])
      let cosines = anchors.map { anchor in
        zip(vector, anchor).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      }
      // On a tie the first label, whatever the order of summation elsewhere.
      let best = cosines.indices.reduce(0) { cosines[$1] > cosines[$0] ? $1 : $0 }
      let weights = cosines.map { exp(($0 - cosines[best]) / ZeroShotAgent.temperature) }
      return Verdict(
        Suggestion(
          agent: ZeroShotAgent.agentName, outcome: .label(labels[best]),
          score: 1 / weights.reduce(0, +)))
    }
  }
}

/// The mean of the vectors, each brought to length 1 first, brought to length 1.
private func normalisedMean(_ vectors: some Collection<[Float]>) -> [Float] {
  func normalised(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return length > 0 ? vector.map { Float(Double($0) / length) } : vector
  }
  var sum = [Float](repeating: 0, count: vectors.first?.count ?? 0)
  for vector in vectors {
    for (i, value) in normalised(vector).enumerated() where i < sum.count { sum[i] += value }
  }
  return normalised(sum)
}
