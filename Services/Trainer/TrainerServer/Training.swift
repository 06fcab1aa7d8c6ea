import Schema
package import Transformer

/// Fine-tunes a body and fits a head on it, by a recipe. No services, no files: token ids in, a head
/// out, the body changed in place.
package struct Training: Sendable {
  package let recipe: Recipe
  private let pool: ComputePool
  private static let textsPerChunk = 32
  private static let tokensPerChunk = 2_048

  /// Which texts are embedded together, between two looks at the task's cancellation: few enough that a cancelled
  /// task stops soon, also of long texts.
  ///
  /// - Parameter lengths: of each text, in tokens.
  package static func chunks(_ lengths: [Int]) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var (first, tokens) = (0, 0)
    for (text, length) in lengths.enumerated() {
      if text > first, text - first == textsPerChunk || tokens + length > tokensPerChunk {
        chunks.append(first..<text)
        (first, tokens) = (text, 0)
      }
      tokens += length
    }
    if first < lengths.count { chunks.append(first..<lengths.count) }
    return chunks
  }

  /// What came out besides the body's new weights.
  package struct Outcome: Sendable {
    package var head: ClassificationHead
    /// The loss at each step on the body.
    package var losses: [Double]
    /// The loss at each step on a differentiable head.
    package var headLosses: [Double]
    package var seconds: Seconds
    /// Of the training set; `nil` where it was not asked for or there is too little to hold any back.
    package var validation: CrossValidation?
    /// What the head's scores were divided by, so that its probabilities are as often right as they say;
    /// 1 where that is not known.
    package var temperature: Double
    /// Whether the head learned from suggestions.
    package var usedSuggestions: Bool
    /// Where there were suggestions, and answers to hold them against.
    package var suggestionTrial: Trial?
    package var labelNameTrial: Trial?
    /// Whether it helped that the body followed suggestions, where it did.
    package var bodyTrial: Trial?
    package var learningCurve: LearningCurve?

    /// Which of the set's records the model has learned from.
    package func learned(_ set: TrainingSet) -> [TrainingSet.Example] {
      usedSuggestions ? set.examples : set.answered
    }

    /// Whether the body was tuned, and what cross-validation says is of heads on the body as it was before.
    package var isCrossValidatedUntuned: Bool {
      validation.map { !losses.isEmpty && !$0.tunesBody } ?? false
    }
  }

  /// Where the time went.
  package struct Seconds: Sendable, Hashable, Codable {
    package var body = 0.0
    package var embedding = 0.0
    package var validation = 0.0
    package var head = 0.0
  }

  /// - Parameter pool: fits heads; a body has its own.
  package init(recipe: Recipe, pool: ComputePool = .shared) {
    self.recipe = recipe
    self.pool = pool
  }

  /// A training set as token ids, special tokens included.
  package struct Material: Sendable {
    /// Of the set's examples, in their order.
    package var texts: [[Int32]]
    /// Of all labels' sentences, label after label.
    package var anchors: [[Int32]]
    /// Of the set's other texts, as far as they fit into `tokensOfOthers`.
    package var others: [[Int32]]

    /// Bounds the time that texts which are only looked at may take.
    package static let tokensOfOthers = 32_768

    package init(texts: [[Int32]], anchors: [[Int32]], others: [[Int32]] = []) {
      self.texts = texts
      self.anchors = anchors
      self.others = others
    }
  }

  /// Trains by the recipe that is named.
  ///
  /// - Parameter report: called after every step and chunk, on this thread.
  /// - Throws: `TrainingError`; `CancellationError` within a step or chunk of the task's cancellation.
  package func run(
    _ body: inout some TrainableBody, _ set: TrainingSet, _ material: Material,
    report: @escaping (TrainingProgress) -> Void = { _ in }
  ) throws -> Outcome {
    let labels = set.examples.map(\.labels)
    guard recipe.name == .lauter else {
      var outcome =
        set.isMultiLabel
        ? try runOneVsRest(&body, set, material, report: report)
        : try run(
          &body, texts: material.texts, labels: labels.map { $0[0] },
          labelCount: set.labels.count, report: report)
      outcome.usedSuggestions = set.examples.contains(where: \.isSuggested)
      return outcome
    }
    var run = Run(report: report)
    var lesson = Lesson(
      set: set, material: material, head: EvidenceHead(regularisation: recipe.headC, pool: pool),
      width: body.dimensions)
    lesson.head.agentIsIndependent = set.agent != Suggestion.zeroShotAgent
    let before = try embed(&body, material.texts + material.anchors + material.others, &run)
    var known = lesson.evidence(before, of: Array(set.examples.indices))
    lesson.beliefs = try run.measured(\.head) { try lesson.head.beliefs(in: known) }
    known.beliefs = lesson.beliefs
    let clock = ContinuousClock()
    let start = clock.now
    report(TrainingProgress(phase: .validation, done: 0, total: 1))
    try validate(&lesson.head, &known, &run)
    report(TrainingProgress(phase: .validation, done: 1, total: 1))
    run.seconds.validation = (clock.now - start).seconds
    run.answered = set.answeredPlaces
    run.calibrate(set)
    var learned = false
    if run.usedSuggestions, learnsFromSuggestions(set),
      !learnsFromPairs(set) || known.reliability.bits >= Self.leastBitsToFollow
    {
      learned = try learnFromSuggestions(&body, lesson, &known, &run)
    }
    if !learned, learnsFromPairs(set) {
      try learnFromPairs(&body, lesson, before, &known, &run)
    }
    return try run.finished {
      [head = lesson.head, temperature = run.temperature, thresholds = run.thresholds] in
      let fitted = try head.fit(known)
      return try thresholds.map { try fitted.with(thresholds: $0) }
        ?? fitted.divided(by: temperature)
    }
  }

  /// What body and head learn from by Lauter's recipe.
  struct Lesson {
    let set: TrainingSet
    let material: Material
    var head: EvidenceHead
    /// The body's dimensions.
    let width: Int
    /// Of the examples' labels, on the body as it was.
    var beliefs: [Double] = []

    /// Of the examples at these places.
    func texts(_ places: [Int]) -> [[Int32]] { places.map { material.texts[$0] } }

    /// - Parameters:
    ///   - embeddings: of the examples at these places, the labels' sentences and other texts, in this order.
    func evidence(_ embeddings: [Float], of places: [Int]) -> EvidenceHead.Evidence {
      let anchors = places.count * width
      let others = anchors + material.anchors.count * width
      let examples = places.map { set.examples[$0] }
      var evidence = EvidenceHead.Evidence(
        embeddings: Array(embeddings[..<anchors]), width: width, labels: examples.map(\.labels),
        isMultiLabel: set.isMultiLabel,
        isSuggested: examples.map(\.isSuggested), suggestions: examples.map(\.suggestion),
        anchors: set.anchors.vectors(Array(embeddings[anchors..<others]), width: width),
        others: Array(embeddings[others...]))
      if !beliefs.isEmpty { evidence.beliefs = places.map { beliefs[$0] } }
      return evidence
    }
  }

  /// Tunes the body on the answers, and keeps a part of what that does to it. The head still learns from suggestions
  /// where they are used.
  ///
  /// A tuned body has seen all answers, so none is left to say how sure the head may be. The other texts have
  /// nothing to do with that: on them it would be overconfident at the temperature from before, and not sure
  /// enough if it were as sure as the head was before, since it is more often right. It gets the mean of the two
  /// temperatures, of their logarithms.
  ///
  /// - Parameters:
  ///   - before: embeddings of all texts of the material.
  ///   - known: of all examples, before and after.
  private func learnFromPairs(
    _ body: inout some TrainableBody, _ lesson: Lesson, _ before: [Float],
    _ known: inout EvidenceHead.Evidence, _ run: inout Run
  ) throws {
    let (set, material, head) = (lesson.set, lesson.material, lesson.head)
    let suggested = set.suggestedPlaces
    // Where suggestions are not learned from, their texts are as good as any.
    let heeded = run.usedSuggestions ? suggested : []
    let unheeded = run.usedSuggestions ? [] : some(suggested, beside: run.answered, material)
    let (answered, width) = (run.answered, lesson.width)
    let untuned = try run.measured(\.head) {
      try head.fit(known).probabilities(
        rows: (heeded + unheeded).flatMap { before[$0 * width..<($0 + 1) * width] }
          + before.suffix(material.others.count * width))
    }
    // A label's sentences are texts of that label, so that tuning does not forget what it is called.
    try tune(
      &body, texts: lesson.texts(answered) + (head.usesAnchors ? material.anchors : []),
      labels: answered.map { set.examples[$0].labels }
        + (head.usesAnchors ? set.anchors.labels : []), &run)
    try body.keep(shareToKeep(set) * (run.usedSuggestions ? Self.shareBesideSuggestions : 1))
    let others = lesson.texts(unheeded) + material.others
    let after = try embed(
      &body, lesson.texts(answered + heeded) + material.anchors + others, &run)
    known = lesson.evidence(after, of: answered + heeded)
    guard untuned.count >= Calibration.fewestRecords else { return }
    let tuned = try run.measured(\.head) {
      try head.fit(known).probabilities(
        rows: Array(after[answered.count * width..<(answered + heeded).count * width])
          + after.suffix(others.count * width))
    }
    let asSure = Calibration.temperature(
      probabilities: tuned,
      confidence: Calibration.confidence(untuned.map { $0.divided(by: run.temperature) }))
    run.temperature = (run.temperature * asSure).squareRoot()
  }

  /// As many of the places as there is room for beside the answers and other texts, at random, ascending.
  private func some(_ places: [Int], beside answered: [Int], _ material: Material) -> [Int] {
    var random = RandomSource(seed: recipe.seed, purpose: .otherTexts)
    let most = TrainingSet.textBudget - answered.count - material.others.count
    var room = Material.tokensOfOthers - material.others.reduce(0) { $0 + $1.count }
    var taken: [Int] = []
    for place in random.shuffled(places).prefix(max(0, most)) {
      room -= material.texts[place].count
      if room < 0 { break }
      taken.append(place)
    }
    return taken.sorted()
  }

  /// Cross-validates on the answers, and leaves out of head and evidence what does harm.
  private func validate(
    _ head: inout EvidenceHead, _ known: inout EvidenceHead.Evidence, _ run: inout Run
  ) throws {
    run.usedSuggestions = known.isSuggested.contains(true)
    let everything = known
    let answered = known.answered
    let actual = answered.map { known.labels[$0] }
    func score(_ probabilities: [[Float]]) -> Trial.Score {
      everything.isMultiLabel
        ? Trial.Score(probabilities, actual) : Trial.Score(probabilities, actual.map { $0[0] })
    }
    func crossValidation(_ head: EvidenceHead, _ folds: Int? = nil) throws -> CrossValidation? {
      try head.crossValidation(known, folds: folds ?? recipe.folds, seed: recipe.seed)
    }
    guard recipe.folds >= 2, var validation = try crossValidation(head) else { return }
    if run.usedSuggestions {
      let with = score(answered.map { validation.probabilities[$0] })
      known = everything.at(answered)
      // As many folds as with suggestions, so there are enough answers.
      let alone = try head.predictions(known, folds: validation.folds, seed: recipe.seed)
      var trial = Trial(with: with, without: score(alone.probabilities))
      if case .always = recipe.suggestions { trial.used = true }
      run.suggestionTrial = trial
      run.usedSuggestions = trial.used
      if trial.used { known = everything } else { validation = alone }
    }
    if !run.usedSuggestions {
      var plain = head
      plain.usesAnchors = false
      if answered.count >= Self.fewestAnswersToDoubtNames,
        let without = try crossValidation(plain),
        // Without names there may be fewer folds, and whoever learns from more has it easier.
        let with = without.folds == validation.folds
          ? validation : try crossValidation(head, without.folds)
      {
        let trial = Trial(with: score(with.probabilities), without: score(without.probabilities))
        run.labelNameTrial = trial
        if !trial.used { (head, validation) = (plain, without) }
      }
      // Whoever has no answer is predicted by a head that knows all answers and no suggestion.
      let answers = validation.probabilities
      validation.probabilities = try head.fit(known).probabilities(rows: everything.embeddings)
      for (place, row) in zip(answered, answers) { validation.probabilities[place] = row }
    }
    run.validation = validation
    let answers = everything.at(answered)
    if !answers.isMultiLabel {
      run.learningCurve = try LearningCurve(
        answers.embeddings, width: answers.width, labels: answers.labels.map { $0[0] },
        labelCount: answers.labelCount, folds: validation.folds, seed: recipe.seed
      ) { try head.fit(answers.at($0)) }
    }
  }
  /// With fewer, chance decides between a head with label names and one without.
  package static let fewestAnswersToDoubtNames = 12

  /// Whether the body may be tuned. Lauter's recipe leaves it as it is with hardly an answer, unless there are
  /// suggestions; and where a record may have several labels, since their thresholds need predictions of records
  /// that the body has not seen either.
  package func tunesBody(_ set: TrainingSet) -> Bool {
    if recipe.freezeBody { return false }
    return recipe.name == .setfit || learnsFromPairs(set) || learnsFromSuggestions(set)
  }

  private func learnsFromPairs(_ set: TrainingSet) -> Bool {
    !recipe.freezeBody && !set.isMultiLabel
      && answersPerLabel(set) >= Double(Self.fewestAnswersToTune)
  }
  /// Per label, on the mean.
  package static let fewestAnswersToTune = 2

  private func answersPerLabel(_ set: TrainingSet) -> Double {
    Double(set.answered.count) / Double(set.labels.count)
  }

  /// How much of what tuning on answers did to the body stays, above 0 and at most 1. A part of the way helps nearly
  /// always, the whole way only where answers are many or the encoder knows little of the matter (Wortsman et al. 2022,
  /// "Robust fine-tuning of zero-shot models").
  package func shareToKeep(_ set: TrainingSet) -> Double {
    min(1, 0.16 * answersPerLabel(set).squareRoot())
  }

  /// Of what would stay without suggestions: a head that learns from these too has less need of a body that fits it.
  package static let shareBesideSuggestions = 0.4

  private func learnsFromSuggestions(_ set: TrainingSet) -> Bool {
    if recipe.freezeBody || set.isMultiLabel { return false }
    // What the zero-shot agent says, the encoder knows.
    return set.agent != Suggestion.zeroShotAgent
      && set.suggestedPlaces.count >= Self.fewestSuggestionsToTune
  }
  package static let fewestSuggestionsToTune = 200

  /// Trains by SetFit's recipe, which must be the one named. Its head is left as it comes out; that its
  /// probabilities mean less is part of the recipe.
  ///
  /// - Parameters:
  ///   - texts: token ids, special tokens included.
  ///   - labels: each text's label, in 0 ..< `labelCount`.
  ///   - report: called after every step and chunk, on this thread.
  /// - Throws: `TrainingError`; `CancellationError` within a step or chunk of the task's cancellation.
  package func run(
    _ body: inout some TrainableBody, texts: [[Int32]], labels: [Int], labelCount: Int,
    report: @escaping (TrainingProgress) -> Void = { _ in }
  ) throws -> Outcome {
    precondition(recipe.name == .setfit, "SetFit's recipe")
    precondition(texts.count == labels.count, "one label per text")
    var run = Run(report: report)
    var embeddings: [Float] = []
    let width = body.dimensions
    func head(_ records: [Int]) throws -> ClassificationHead {
      let labels = records.map { labels[$0] }
      return try LogisticRegression(C: recipe.headC).fit(
        embeddings.rows(records, width: width), hidden: width, labels: labels,
        labelCount: labelCount,
        weights: recipe.balanceLabels
          ? LogisticRegression.balanced(labels, labelCount: labelCount) : nil,
        pool: pool
      ).head
    }
    if recipe.freezeBody || recipe.folds >= 2 {
      embeddings = try embed(&body, texts, &run)
      // A label with a single record leaves a fold without it.
      let fewest = (0..<labelCount).map { label in labels.count { $0 == label } }.min() ?? 0
      let folds = min(recipe.folds, fewest)
      if folds >= 2 {
        (run.validation, run.learningCurve) = try run.measured(\.validation, .validation) {
          (
            try CrossValidation(
              folds: CrossValidation.folds(labels, count: folds, seed: recipe.seed), count: folds,
              embeddings: embeddings, width: width, fit: head),
            try LearningCurve(
              embeddings, width: width, labels: labels, labelCount: labelCount, folds: folds,
              seed: recipe.seed, fit: head)
          )
        }
      }
    }
    if !recipe.freezeBody {
      try tune(&body, texts: texts, labels: labels.map { [$0] }, &run)
      // A differentiable head embeds as it goes.
      if recipe.head == .logisticRegression { embeddings = try embed(&body, texts, &run) }
    }
    switch recipe.head {
    case .logisticRegression: return try run.finished { try head(Array(texts.indices)) }
    case .differentiable:
      let training = HeadTraining(recipe: recipe, labelCount: labelCount)
      var trained = try training.initial(hidden: width)
      run.headLosses = try run.measured(\.head) {
        try training.run(&body, &trained, texts: texts, labels: labels, report: report)
      }
      return try run.finished { try trained.head() }
    }
  }

  /// Trains by SetFit's recipe where a record may have several labels: SetFit's `one-vs-rest`, whose
  /// thresholds are one half.
  private func runOneVsRest(
    _ body: inout some TrainableBody, _ set: TrainingSet, _ material: Material,
    report: @escaping (TrainingProgress) -> Void
  ) throws -> Outcome {
    let (labels, labelCount) = (set.examples.map(\.labels), set.labels.count)
    var run = Run(report: report)
    var embeddings: [Float] = []
    let width = body.dimensions
    func head(_ records: [Int]) throws -> ClassificationHead {
      let labels = records.map { labels[$0] }
      return try LogisticRegression(C: recipe.headC).fitOneVsRest(
        embeddings.rows(records, width: width), hidden: width,
        likelihoods: Thresholds.targets(labels, labelCount: labelCount), labelCount: labelCount,
        weights: recipe.balanceLabels
          ? (0..<labelCount).map { label in
            LogisticRegression.balanced(
              labels.map { $0.contains(label) ? 1 : 0 }, labelCount: 2)
          } : nil, pool: pool)
    }
    if recipe.freezeBody || recipe.folds >= 2 {
      embeddings = try embed(&body, material.texts, &run)
      let folds = min(recipe.folds, labels.count)
      if folds >= 2 {
        run.validation = try run.measured(\.validation, .validation) {
          try CrossValidation(
            folds: CrossValidation.folds(
              CrossValidation.strata(labels), count: folds, seed: recipe.seed), count: folds,
            embeddings: embeddings, width: width, fit: head)
        }
      }
    }
    if !recipe.freezeBody {
      try tune(&body, texts: material.texts, labels: labels, &run)
      embeddings = try embed(&body, material.texts, &run)
    }
    return try run.finished { try head(Array(labels.indices)) }
  }

  /// A training under way.
  struct Run {
    let report: (TrainingProgress) -> Void
    var losses: [Double] = []
    var headLosses: [Double] = []
    var seconds = Seconds()
    var validation: CrossValidation?
    var temperature = 1.0
    var thresholds: [Float]?
    var usedSuggestions = false
    var suggestionTrial: Trial?
    var labelNameTrial: Trial?
    var bodyTrial: Trial?
    var learningCurve: LearningCurve?
    /// The places of the answers in the training set.
    var answered: [Int] = []
    private let clock = ContinuousClock()

    init(report: @escaping (TrainingProgress) -> Void) { self.report = report }

    /// Finds out from the predictions of the answers at what temperature probabilities are as often right as they
    /// say or, where a record may have several labels, the thresholds.
    mutating func calibrate(_ set: TrainingSet) {
      guard let validation else { return }
      let probabilities = answered.map { validation.probabilities[$0] }
      let actual = answered.map { set.examples[$0].labels }
      if set.isMultiLabel {
        thresholds = Thresholds.best(probabilities: probabilities, actual: actual)
      } else {
        temperature = Calibration.temperature(
          probabilities: probabilities, actual: actual.map { $0[0] })
        self.validation?.temperature = temperature
      }
    }

    /// Runs a phase of one step, and notes its time.
    mutating func measured<R>(
      _ time: WritableKeyPath<Seconds, Double>, _ phase: TrainingProgress.Phase? = nil,
      _ body: () throws -> R
    ) throws -> R {
      let start = clock.now
      if let phase { report(TrainingProgress(phase: phase, done: 0, total: 1)) }
      let result = try body()
      if let phase { report(TrainingProgress(phase: phase, done: 1, total: 1)) }
      seconds[keyPath: time] += (clock.now - start).seconds
      return result
    }

    consuming func finished(_ fit: () throws -> ClassificationHead) throws -> Outcome {
      let head = try measured(\.head, .head, fit)
      return Outcome(
        head: head, losses: losses, headLosses: headLosses, seconds: seconds,
        validation: validation,
        temperature: temperature, usedSuggestions: usedSuggestions,
        suggestionTrial: suggestionTrial, labelNameTrial: labelNameTrial,
        bodyTrial: bodyTrial, learningCurve: learningCurve)
    }
  }

  /// - Parameters:
  ///   - rate: of the recipe's learning rate.
  ///   - steps: at most; `nil` as the recipe says.
  func tune(
    _ body: inout some TrainableBody, texts: [[Int32]], labels: [[Int]],
    headLoss: HeadLoss? = nil, rate: Double = 1, steps: Int? = nil, _ run: inout Run
  ) throws {
    let report = run.report
    var recipe = recipe
    recipe.bodyLearningRate *= rate
    recipe.maxSteps = steps ?? recipe.maxSteps
    run.losses += try run.measured(\.body) {
      let losses = try BodyTraining(recipe: recipe, labels: labels, headLoss: headLoss).run(
        &body, texts: texts, report: report)
      body.forgetSteps()
      return losses
    }
  }

  /// Embeds what the head is fitted to.
  func embed(
    _ body: inout some TrainableBody, _ texts: [[Int32]], _ run: inout Run
  ) throws -> [Float] {
    let report = run.report
    let steps = run.losses.count
    return try run.measured(\.embedding) {
      try embed(&body, texts: texts, phase: .embedding, steps: steps, report: report)
    }
  }

  /// Embeds chunk by chunk, texts of like length together, so that a cancelled task stops soon and a
  /// chunk's time does not depend on one long text among short ones.
  ///
  /// - Parameter steps: that the body has taken.
  /// - Returns: [texts, dimensions], in the order given.
  /// - Throws: `TrainingError` if they are not numbers, which is the encoder's fault or, after steps, theirs; what
  ///   `body` throws; `CancellationError`.
  package func embed(
    _ body: inout some TrainableBody, texts: [[Int32]], phase: TrainingProgress.Phase,
    steps: Int,
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> [Float] {
    let width = body.dimensions
    var embeddings = [Float](repeating: 0, count: texts.count * width)
    let order = texts.indices.sorted { (texts[$0].count, $0) < (texts[$1].count, $1) }
    for places in Self.chunks(order.map { texts[$0].count }) {
      try Task.checkCancellation()
      let chunk = order[places]
      let values = try body.embed(chunk.map { texts[$0] })
      for (row, text) in chunk.enumerated() {
        embeddings.replaceSubrange(
          text * width..<(text + 1) * width, with: values[row * width..<(row + 1) * width])
      }
      report(
        TrainingProgress(
          phase: phase, done: places.upperBound, total: order.count, texts: chunk.count))
    }
    guard embeddings.allSatisfy(\.isFinite) else {
      throw steps > 0
        ? TrainingError.diverged(step: steps)
        : TrainingError.unusableEncoder(
          "its embeddings are not numbers; its weights may hold NaN or infinity, or be too large")
    }
    return embeddings
  }

  /// What body and head say of texts: [texts][labels].
  package func probabilities(
    _ body: inout some TrainableBody, of outcome: Outcome, texts: [[Int32]],
    report: (TrainingProgress) -> Void = { _ in }
  ) throws -> [[Float]] {
    outcome.head.probabilities(
      rows: try embed(
        &body, texts: texts, phase: .evaluation, steps: outcome.losses.count, report: report))
  }
}

extension ClassificationHead {
  /// The labels' probabilities for each row of embeddings [texts, hidden].
  package func probabilities(rows embeddings: [Float]) -> [[Float]] {
    stride(from: 0, to: embeddings.count, by: hidden).map {
      probabilities(embeddings[$0..<$0 + hidden])
    }
  }

  /// The same head less (or more) sure of everything: its scores over a temperature.
  func divided(by temperature: Double) throws -> ClassificationHead {
    guard temperature != 1 else { return self }
    let scale = Float(1 / temperature)
    return try ClassificationHead(
      labels: labels, hidden: hidden, weight: weight.map { $0 * scale },
      bias: bias.map { $0 * scale })
  }

  /// The same multi-label head with other thresholds, [labels].
  func with(thresholds: [Float]) throws -> ClassificationHead {
    try ClassificationHead(
      labels: labels, hidden: hidden, weight: weight, bias: bias, thresholds: thresholds)
  }

  /// The labels of each row of embeddings [texts, hidden].
  package func predictions(_ embeddings: [Float]) -> [[Int]] {
    probabilities(rows: embeddings).map(chosen)
  }
}

extension [Float] {
  /// These rows of a matrix with so many columns, row-major.
  func rows(_ places: [Int], width: Int) -> [Float] {
    places.flatMap { self[$0 * width..<($0 + 1) * width] }
  }

  /// The place of the largest; on a tie the first.
  package var mostProbable: Int { self.max().flatMap { firstIndex(of: $0) } ?? 0 }
}

extension Duration {
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
