package import Schema

/// What a label's name and description say before any record has it: a few sentences that carry them,
/// whose mean embedding stands for the label (Yin et al. 2019 call it label-embedding zero-shot
/// classification). The sentences are the zero-shot labeller's.
package struct LabelAnchors: Sendable, Hashable {
  /// [labels][sentences]
  package let sentences: [[String]]

  package init(_ labels: [Label]) {
    sentences = labels.map { label in
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

  /// Of each sentence the label that it is of, alone, label after label.
  package var labels: [[Int]] {
    sentences.enumerated().flatMap { label, sentences in sentences.map { _ in [label] } }
  }

  /// Each label's vector: the mean of its sentences' directions, of length 1.
  ///
  /// - Parameter embeddings: of all sentences, label after label; [sentences, width], row-major.
  /// - Returns: [labels, width], row-major.
  package func vectors(_ embeddings: [Float], width: Int) -> [Float] {
    precondition(embeddings.count == sentences.reduce(0) { $0 + $1.count } * width)
    var vectors: [Float] = []
    var row = 0
    for label in sentences {
      var mean = [Double](repeating: 0, count: width)
      for _ in label {
        let direction = normalised(embeddings[row * width..<(row + 1) * width].map(Double.init))
        for i in 0..<width { mean[i] += direction[i] }
        row += 1
      }
      vectors += normalised(mean).map { Float($0) }
    }
    return vectors
  }

  private func normalised(_ vector: [Double]) -> [Double] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? vector.map { $0 / length } : vector
  }
}
