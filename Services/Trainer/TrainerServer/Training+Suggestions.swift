extension Training {
  /// Of the recipe's learning rate.
  package static let suggestionRate = 1.0 / 3
  /// What a suggestion must say about a label, in bits, for the body to rather learn from suggestions than from
  /// answers. Of two labels an agent says as much that is right in nearly 75%, of three in 58%.
  package static let leastBitsToFollow = 0.18
  /// Of the suggestions, each followed by all bodies but one.
  package static let parts = 2
  /// How probable a label must be for its pairs to be learned from.
  package static let leastBelief: Float = 0.8

  /// Tunes the body on suggestions, unless it then predicts the answers worse, which it has not seen; without answers
  /// to ask, in any case. Answers reach it in two ways only: they say how reliable the agent is, and they help to tell
  /// which suggestions are believed.
  ///
  /// Two bodies follow one half of the suggestions each. What either then believes of the other half it has not learned
  /// by heart (as in cross-validation; Northcutt et al. 2021, "Confident Learning"). The mean of both (Wortsman et al.
  /// 2022, "Model soups") learns from the pairs of what is believed.
  ///
  /// - Parameter known: of all examples, before and, where the body is kept, after.
  /// - Returns: whether the body has learned from them; else it is as it was.
  func learnFromSuggestions(
    _ body: inout some TrainableBody, _ lesson: Lesson, _ known: inout EvidenceHead.Evidence,
    _ run: inout Run
  ) throws -> Bool {
    let (set, material, head) = (lesson.set, lesson.material, lesson.head)
    let (answered, actual) = (run.answered, run.answered.map { set.examples[$0].labels[0] })
    func score(_ probabilities: [[Float]]) -> Trial.Score {
      Trial.Score(answered.map { probabilities[$0] }, actual)
    }
    let after: EvidenceHead.Evidence
    do {
      try followAndLearn(&body, lesson, known, &run)
      let embeddings = try embed(
        &body, material.texts + material.anchors + material.others, &run)
      after = lesson.evidence(embeddings, of: Array(set.examples.indices))
    } catch TrainingError.diverged {
      try body.restore()
      body.forgetSteps()
      run.losses = []
      run.bodyTrial = run.validation.map {
        Trial(divergedOn: actual, labelCount: known.labelCount, without: score($0.probabilities))
      }
      return false
    }
    if var validation = run.validation {
      let predicted = try run.measured(\.validation) {
        try head.predictions(after, folds: validation.folds, seed: recipe.seed).probabilities
      }
      let trial = Trial(with: score(predicted), without: score(validation.probabilities))
      run.bodyTrial = trial
      guard trial.used else {
        try body.restore()
        run.losses = []
        return false
      }
      // Of suggested records, on which the body learned, the predictions from before say more.
      for place in answered { validation.probabilities[place] = predicted[place] }
      validation.tunesBody = true
      run.validation = validation
      run.calibrate(set)
    }
    known = after
    return true
  }

  /// What label an example probably has.
  private struct Belief {
    var place, label: Int
  }

  private func followAndLearn(
    _ body: inout some TrainableBody, _ lesson: Lesson, _ known: EvidenceHead.Evidence,
    _ run: inout Run
  ) throws {
    let suggested = lesson.set.suggestedPlaces
    var random = RandomSource(seed: recipe.seed, purpose: .parts)
    let part = random.shuffled(suggested.indices.map { $0 % Self.parts })
    let likelihoods = lesson.head.likelihoods(known)
    /// The parts take half of all steps, as even as can be.
    let steps = recipe.maxSteps.map { $0 - $0 / 2 }
    var believed: [Belief] = []
    try body.average(of: Self.parts) { body, number in
      let unheard = suggested.indices.filter { part[$0] == number }.map { suggested[$0] }
      let heard = suggested.indices.filter { part[$0] != number }.map { suggested[$0] }
      believed += try follow(
        heard, &body, lesson, known, &run,
        steps: steps.map { ($0 + Self.parts - 1 - number) / Self.parts }, thenAsk: unheard,
        likelihoods)
    }
    try tune(
      &body, texts: lesson.texts(believed.map(\.place)) + lesson.material.anchors,
      labels: believed.map { [$0.label] } + lesson.set.anchors.labels,
      rate: Self.suggestionRate, steps: recipe.maxSteps.map { $0 / 2 }, &run)
  }

  /// Tunes the body towards a head that knows what some suggestions say and how often that is right.
  ///
  /// - Parameters:
  ///   - known: of all examples, before.
  ///   - unheard: suggested texts that body and head then have not learned from.
  ///   - likelihoods: of all examples, [examples, labels].
  /// - Returns: of `unheard`, or some of them, those of which a label is believed: most probable for a head on the
  ///   tuned body and by what was suggested together.
  private func follow(
    _ heard: [Int], _ body: inout some TrainableBody, _ lesson: Lesson,
    _ known: EvidenceHead.Evidence, _ run: inout Run, steps: Int?, thenAsk unheard: [Int],
    _ likelihoods: [Double]
  ) throws -> [Belief] {
    let (material, head, answered) = (lesson.material, lesson.head, run.answered)
    let headLoss = try run.measured(\.head) {
      try head.loss(ofSuggestionsIn: known.at(answered + heard))
    }
    try tune(
      &body, texts: lesson.texts(heard), labels: heard.map { lesson.set.examples[$0].labels },
      headLoss: headLoss, rate: Self.suggestionRate, steps: steps, &run)
    // The steps on pairs have no time for more.
    let most = EvidenceHead.suggestionsPerFold
    let learned = answered + heard.evenly(atMost: most)
    let asked = unheard.evenly(atMost: most / Self.parts)
    let embeddings = try embed(
      &body, lesson.texts(learned) + material.anchors + material.others + lesson.texts(asked),
      &run)
    return try run.measured(\.validation) {
      let probabilities = try head.fit(lesson.evidence(embeddings, of: learned))
        .probabilities(rows: Array(embeddings.suffix(asked.count * lesson.width)))
      return zip(asked, probabilities).compactMap { place, row in
        let joint = row.indices.map { row[$0] * Float(likelihoods[place * row.count + $0]) }
        let label = joint.mostProbable
        return joint[label] > Self.leastBelief * joint.reduce(0, +)
          ? Belief(place: place, label: label) : nil
      }
    }
  }
}
