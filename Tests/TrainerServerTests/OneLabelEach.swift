import TrainerServer

// Most tests are of records with one label each; so they may say it.

extension ContrastivePairs {
  init(
    labels: [Int], strategy: SamplingStrategy = .oversampling, iterations: Int? = nil,
    limit: Int? = nil, seed: UInt64
  ) {
    self.init(
      labels: labels.map { [$0] }, strategy: strategy, iterations: iterations, limit: limit,
      seed: seed)
  }
}

extension BodyTraining {
  init(recipe: Recipe, labels: [Int]) {
    self.init(recipe: recipe, labels: labels.map { [$0] })
  }
}

extension BodyTraining.Batch {
  init(_ records: [Int], labels: [Int]) { self.init(records, labels: labels.map { [$0] }) }
}

extension EvidenceHead.Evidence {
  init(
    embeddings: [Float], width: Int, labels: [Int], isSuggested: [Bool], suggestions: [Int?],
    anchors: [Float], others: [Float] = []
  ) {
    self.init(
      embeddings: embeddings, width: width, labels: labels.map { [$0] }, isSuggested: isSuggested,
      suggestions: suggestions.map { $0.map { [$0] } }, anchors: anchors, others: others)
  }
}

extension TrainingSet.Line {
  init(id: String, text: String, label: Int?, suggestion: Int? = nil) {
    self.init(
      id: id, text: text, labels: label.map { [$0] }, suggestion: suggestion.map { [$0] })
  }
}

extension TrainingSet.Example {
  var label: Int { labels[0] }
}
