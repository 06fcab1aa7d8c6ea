import Foundation
package import Schema
package import Transformer

/// Fine-tunes a body and fits a head on it, by a recipe. No services, no files: token ids in, a head
/// out, the body changed in place.
package struct Training: Sendable {
  package let recipe: Recipe
  /// Texts embedded between two looks at the task's cancellation.
  package static let chunk = 32

  /// What came out besides the body's new weights.
  package struct Outcome: Sendable {
    package var head: ClassificationHead
    /// The loss at each step on the body.
    package var losses: [Double]
    package var seconds: Seconds
  }

  /// Where the time went.
  package struct Seconds: Sendable, Hashable, Codable {
    package var body = 0.0
    package var embedding = 0.0
    package var head = 0.0
  }

  package init(recipe: Recipe) {
    self.recipe = recipe
  }

  /// A training set as token ids, special tokens included.
  package struct Material: Sendable {
    /// Of the set's examples, in their order.
    package var texts: [[Int32]]
    /// Of all labels' sentences, label after label.
    package var anchors: [[Int32]]

    package init(texts: [[Int32]], anchors: [[Int32]]) {
      self.texts = texts
      self.anchors = anchors
    }
  }

  /// Trains by the recipe that is named.
  ///
  /// - Parameter report: called after every step and chunk, on this thread.
  /// - Throws: `TrainingError`; `CancellationError` within a step or chunk of the task's cancellation.
  package func run(
    _ body: inout some TrainableBody, _ set: TrainingSet, _ material: Material,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Outcome {
    let labels = set.examples.map(\.label)
    guard recipe.name == .lauter else {
      return try run(
        &body, texts: material.texts, labels: labels, labelCount: set.labels.count, report: report)
    }
    let answered = set.examples.indices.filter { !set.examples[$0].isSuggested }
    let tuned = tunesBody(set)
    return try run(
      &body, texts: tuned ? answered.map { material.texts[$0] } : [],
      labels: tuned ? answered.map { labels[$0] } : [], embedded: material.texts + material.anchors,
      report: report
    ) { embeddings, width in
      let split = material.texts.count * width
      return try EvidenceHead(regularisation: recipe.headC).fit(
        EvidenceHead.Evidence(
          embeddings: Array(embeddings[..<split]), width: width, labels: labels,
          isSuggested: set.examples.map(\.isSuggested),
          suggestions: set.examples.map(\.suggestion),
          anchors: set.anchors.vectors(Array(embeddings[split...]), width: width)))
    }
  }

  /// Whether the body is tuned. Lauter's recipe leaves it as it is with few answers, whose pairs are
  /// too few to move it to any purpose, and with suggestions, from which the head learns more.
  package func tunesBody(_ set: TrainingSet) -> Bool {
    if recipe.freezeBody { return false }
    guard recipe.name == .lauter else { return true }
    guard !set.examples.contains(where: \.isSuggested) else { return false }
    return set.labels.indices.allSatisfy { set.count(of: $0) >= Self.fewestAnswersToTune }
  }
  package static let fewestAnswersToTune = 4

  /// Trains by SetFit's recipe, whatever the recipe's name.
  ///
  /// - Parameters:
  ///   - texts: token ids, special tokens included.
  ///   - labels: each text's label, in 0 ..< `labelCount`.
  ///   - report: called after every step and chunk, on this thread.
  /// - Throws: `TrainingError`; `CancellationError` within a step or chunk of the task's cancellation.
  package func run(
    _ body: inout some TrainableBody, texts: [[Int32]], labels: [Int], labelCount: Int,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Outcome {
    try run(&body, texts: texts, labels: labels, embedded: texts, report: report) {
      try LogisticRegression(C: recipe.headC).fit(
        $0, hidden: $1, labels: labels, labelCount: labelCount
      ).head
    }
  }

  /// - Parameters:
  ///   - texts: to tune the body on; none leave it as it is.
  ///   - embedded: what the head is fitted to.
  ///   - fit: from embeddings [embedded, width] and their width.
  private func run(
    _ body: inout some TrainableBody, texts: [[Int32]], labels: [Int], embedded: [[Int32]],
    report: (TrainingProgress) -> Void, fit: ([Float], Int) throws -> ClassificationHead
  ) throws -> Outcome {
    precondition(texts.count == labels.count, "one label per text")
    let clock = ContinuousClock()
    var seconds = Seconds()
    var losses: [Double] = []
    if !recipe.freezeBody, !texts.isEmpty {
      let training = BodyTraining(recipe: recipe, labels: labels)
      seconds.body = try clock.measure {
        losses = try training.run(&body, texts: texts, report: report)
      }.seconds
    }
    var embeddings: [Float] = []
    seconds.embedding = try clock.measure {
      embeddings = try embed(&body, texts: embedded, phase: .embedding, report: report)
    }.seconds
    guard embeddings.allSatisfy({ $0.isFinite }) else {
      throw TrainingError.unusableEncoder(
        losses.isEmpty
          ? "its embeddings are not numbers; its weights may hold NaN or infinity"
          : "after training its embeddings are not numbers; try a smaller body_learning_rate")
    }
    report(TrainingProgress(phase: .head, done: 0, total: 1))
    var head: ClassificationHead?
    seconds.head = try clock.measure { head = try fit(embeddings, body.dimensions) }.seconds
    report(TrainingProgress(phase: .head, done: 1, total: 1))
    return Outcome(head: head!, losses: losses, seconds: seconds)
  }

  /// Embeds chunk by chunk, texts of like length together, so that a cancelled task stops soon and a
  /// chunk's time does not depend on one long text among short ones.
  ///
  /// - Returns: [texts, dimensions], in the order given.
  package func embed(
    _ body: inout some TrainableBody, texts: [[Int32]], phase: TrainingProgress.Phase,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> [Float] {
    let width = body.dimensions
    var embeddings = [Float](repeating: 0, count: texts.count * width)
    let order = texts.indices.sorted { (texts[$0].count, $0) < (texts[$1].count, $1) }
    for start in stride(from: 0, to: order.count, by: Self.chunk) {
      try Task.checkCancellation()
      let chunk = order[start..<min(start + Self.chunk, order.count)]
      let values = try body.embed(chunk.map { texts[$0] })
      for (row, text) in chunk.enumerated() {
        embeddings.replaceSubrange(
          text * width..<(text + 1) * width, with: values[row * width..<(row + 1) * width])
      }
      report(TrainingProgress(phase: phase, done: start + chunk.count, total: order.count))
    }
    return embeddings
  }

  /// Holds body and head against texts whose labels are known.
  package func evaluate(
    _ body: inout some TrainableBody, head: ClassificationHead, texts: [[Int32]], actual: [Int],
    labels: [String], report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Evaluation {
    let embeddings = try embed(&body, texts: texts, phase: .evaluation, report: report)
    return Evaluation(
      labels: labels, actual: actual, predicted: head.predictions(embeddings))
  }
}

extension ClassificationHead {
  /// The most probable label of each row of embeddings [texts, hidden]; on a tie the first.
  package func predictions(_ embeddings: [Float]) -> [Int] {
    stride(from: 0, to: embeddings.count, by: hidden).map { start in
      let probabilities = self.probabilities(embeddings[start..<start + hidden])
      return probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
    }
  }
}

extension Duration {
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
