import Schema
import Synchronization
import Testing
import TrainerServer
import Transformer

@Suite("Training")
struct TrainingTests {
  @Test("The loss's gradient is its finite difference")
  func gradient() {
    var random = RandomSource(seed: 5, purpose: .dropout)
    let dimensions = 5
    var x = (0..<4 * dimensions).map { _ in Float.random(in: -1...1, using: &random) }
    let pairs: [(Int, Int, Float)] = [(0, 1, 1), (1, 2, 0), (0, 3, 0), (2, 2, 1), (3, 2, 1)]
    let (loss, gradient) = cosineSimilarityLoss(x, dimensions: dimensions, pairs: pairs)
    #expect(loss > 0.1)
    for i in x.indices {
      let kept = x[i]
      let h: Float = 1e-2
      x[i] = kept + h
      let above = cosineSimilarityLoss(x, dimensions: dimensions, pairs: pairs).loss
      x[i] = kept - h
      let below = cosineSimilarityLoss(x, dimensions: dimensions, pairs: pairs).loss
      x[i] = kept
      #expect(abs((above - below) / Double(2 * h) - Double(gradient[i])) < 1e-3)
    }
  }

  @Test("Known losses: aligned and opposite pairs, and an identity pair has no gradient")
  func knownLosses() {
    let x: [Float] = [1, 0, 0, 2, -3, 0]
    func loss(_ pairs: [(Int, Int, Float)]) -> (loss: Double, gradient: [Float]) {
      cosineSimilarityLoss(x, dimensions: 2, pairs: pairs)
    }
    #expect(loss([(0, 1, 0)]).loss == 0)
    #expect(loss([(0, 1, 1)]).loss == 1)
    #expect(loss([(0, 2, 1)]).loss == 4)
    #expect(loss([(0, 2, 0)]).loss == 1)
    #expect(loss([(0, 2, 0), (0, 1, 0)]).loss == 0.5)
    #expect(loss([(1, 1, 1)]).gradient.allSatisfy { $0 == 0 })
    #expect(cosineSimilarityLoss([0, 0, 1, 0], dimensions: 2, pairs: [(0, 1, 1)]).loss == 1)
  }

  /// setfit 1.2's learning rates times 1e5, read off real runs.
  @Test(
    "The schedule is SetFit's, the first step's zero included",
    arguments: [
      (1, [0.0]), (2, [0, 2]), (4, [0, 2, 1.3333, 0.6667]), (6, [0, 2, 1.6, 1.2, 0.8, 0.4]),
      (14, [0, 1, 2, 1.8333, 1.6667, 1.5, 1.3333, 1.1667, 1, 0.8333, 0.6667, 0.5, 0.3333, 0.1667]),
    ])
  func schedule(steps: Int, expected: [Double]) {
    var recipe = Recipe(.setfit)
    recipe.bodyEpochs = 1000
    recipe.maxSteps = steps
    let training = BodyTraining(recipe: recipe, labels: balanced(8, 3))
    #expect(training.steps == steps)
    for (step, rate) in expected.enumerated() {
      #expect(abs(training.learningRate(step: step) * 1e5 - rate) < 1e-4)
    }
  }

  @Test("Lauter's recipe wastes no step at a rate of zero and has a budget of steps")
  func lauterSchedule() {
    let training = BodyTraining(recipe: Recipe(.lauter), labels: balanced(128, 3))
    #expect(training.steps == BodyTraining.pairBudget.steps && training.pairs == nil)
    let rates = (0..<training.steps).map { training.learningRate(step: $0) }
    #expect(rates.allSatisfy { $0 > 0 && $0 <= 3e-4 })
    #expect(rates.max() == rates[9])
  }

  @Test(
    "Lauter's recipe takes each text five times, oftener of many labels, as far as the budget goes",
    arguments: [
      (2, 2, 5), (2, 6, 8), (4, 3, 5), (8, 3, 8), (8, 4, 10), (8, 6, 24), (16, 2, 10), (64, 3, 60),
      (64, 6, 96),
      (2, 40, 65), (2, 77, 96),
    ])
  func lauterSteps(perLabel: Int, labels: Int, steps: Int) {
    var recipe = Recipe(.lauter)
    #expect(BodyTraining(recipe: recipe, labels: balanced(perLabel, labels)).steps == steps)
    recipe.maxSteps = 5
    #expect(BodyTraining(recipe: recipe, labels: balanced(perLabel, labels)).steps == 5)
    recipe.maxSteps = nil
    recipe.bodyEpochs = 20
    #expect(BodyTraining(recipe: recipe, labels: balanced(perLabel, labels)).steps == 96)
  }

  @Test("Lauter's recipe tunes on enough answers alone")
  func tunes() throws {
    func set(_ perLabel: Int, suggested: Int = 0) throws -> TrainingSet {
      let answered = (0..<perLabel * 2).map {
        TrainingSet.Line(id: "\($0)", text: "\($0)", label: $0 % 2, suggestion: 0)
      }
      let rest = (0..<suggested).map {
        TrainingSet.Line(id: "s\($0)", text: "s\($0)", label: nil, suggestion: 1)
      }
      return try TrainingSet(
        labels: [Label(name: "a"), Label(name: "b")], lines: answered + rest,
        recipe: Recipe(.lauter))
    }
    let lauter = Training(recipe: Recipe(.lauter))
    let few = Training.fewestAnswersToTune - 1
    #expect(try !lauter.tunesBody(set(few)))
    #expect(try lauter.tunesBody(set(few + 1)))
    #expect(try !lauter.tunesBody(set(few, suggested: 3)))
    #expect(try lauter.tunesBody(set(few, suggested: Training.fewestSuggestionsToTune)))
    #expect(try Training(recipe: Recipe(.setfit)).tunesBody(set(1)))
    var frozen = Recipe(.lauter)
    frozen.freezeBody = true
    #expect(try !Training(recipe: frozen).tunesBody(set(few + 1)))
  }

  /// Answers of three labels, and as many texts as these have sentences, which mean nothing.
  private func answered(
    _ labels: [Int], _ recipe: Recipe
  ) throws -> (TrainingSet, anchors: [[Int32]]) {
    let set = try TrainingSet(
      labels: ["a", "b", "c"].map { Label(name: $0) },
      lines: labels.enumerated().map { .init(id: "\($0)", text: "", label: $1) }, recipe: recipe)
    let anchors = set.anchors.sentences.flatMap { $0 }.indices.map { [Int32($0 % 60)] }
    return (set, anchors)
  }

  @Test(
    "Of what tuning on answers, and names that help, did to the body, a part stays",
    arguments: [3, 8])
  func keepsAPart(perLabel: Int) throws {
    let (texts, labels) = corpus(k: perLabel)
    var recipe = Recipe(.lauter)
    recipe.bodyLearningRate = 0.05
    let (set, anchors) = try answered(labels, recipe)
    var body = LinearBody(vocabulary: 60, dimensions: 16)
    let before = body.weights
    var phases: [TrainingProgress.Phase] = []
    let outcome = try Training(recipe: recipe).run(
      &body, set, Training.Material(texts: texts, anchors: anchors)
    ) {
      if phases.last != $0.phase { phases.append($0.phase) }
    }
    #expect(outcome.losses.last! < outcome.losses[0] && phases.contains(.body))
    #expect(outcome.bodyTrial == nil)
    // The same steps on their own, of which a share is taken.
    let share = Training(recipe: recipe).shareToKeep(set)
    #expect(abs(share - 0.16 * Double(perLabel).squareRoot()) < 1e-12)
    var whole = LinearBody(vocabulary: 60, dimensions: 16)
    let names = anchors.indices.map { [$0 / (anchors.count / 3)] }
    // With 24 answers these names, which mean nothing, are found out.
    let knowsNames = outcome.labelNameTrial?.used != false
    #expect(knowsNames == (perLabel == 3))
    let losses = try BodyTraining(
      recipe: recipe, labels: labels.map { [$0] } + (knowsNames ? names : [])
    ).run(&whole, texts: texts + (knowsNames ? anchors : []))
    #expect(losses == outcome.losses)
    let expected = zip(before, whole.weights).map { $0 + Float(share) * ($1 - $0) }
    #expect(zip(body.weights, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    // What is said of the model comes from heads on the body as it was, and says so.
    let validation = try #require(outcome.validation)
    #expect(!validation.tunesBody && validation.probabilities.allSatisfy { $0.count == 3 })
    #expect(
      try Assessment(crossValidated: outcome, set)?.evaluation.records == perLabel * 3)
  }

  @Test(
    "Texts without labels say how sure a tuned model may be; without them it is as sure as cross-validation says"
  )
  func sureness() throws {
    let (texts, labels) = corpus(k: 8)
    let others = corpus(k: 20, seed: 7).0
    var recipe = Recipe(.lauter)
    recipe.bodyLearningRate = 0.05
    let (set, anchors) = try answered(labels, recipe)
    func train(
      frozen: Bool = false, _ others: [[Int32]]
    ) throws -> (Training.Outcome, LinearBody) {
      recipe.freezeBody = frozen
      var body = LinearBody(vocabulary: 60, dimensions: 16)
      let material = Training.Material(texts: texts, anchors: anchors, others: others)
      return (try Training(recipe: recipe).run(&body, set, material), body)
    }
    func confidence(
      _ outcome: Training.Outcome, _ body: LinearBody, at temperature: Double
    ) -> Double {
      let rows = outcome.head.probabilities(rows: body.embed(others))
      return Calibration.confidence(
        rows.map { $0.divided(by: temperature / outcome.temperature) })
    }
    let (alone, _) = try train([])
    #expect(alone.temperature == alone.validation?.temperature && alone.temperature != 1)
    let (frozen, before) = try train(frozen: true, others)
    let (tuned, after) = try train(others)
    let validated = try #require(tuned.validation?.temperature)
    #expect(validated == frozen.temperature && tuned.temperature > validated)
    // At this temperature it is as sure as it was; its own is half way there.
    let asSure = tuned.temperature * tuned.temperature / validated
    let sureness = confidence(frozen, before, at: validated)
    #expect(abs(confidence(tuned, after, at: asSure) - sureness) < 1e-3)
    // What is said of cross-validation is said of the body as it was.
    #expect(
      try Assessment(crossValidated: tuned, set) == Assessment(crossValidated: frozen, set))
  }

  @Test("Whether names help is asked of heads that learn from equally many answers")
  func doubtsNamesFairly() throws {
    // Without names a label with two answers allows two folds, with them five.
    let (all, truth) = corpus(k: 10)
    var left = [10, 10, 2]
    let kept = truth.indices.filter {
      left[truth[$0]] -= 1
      return left[truth[$0]] >= 0
    }
    var recipe = Recipe(.lauter)
    recipe.freezeBody = true
    let labels = kept.map { truth[$0] }
    let (set, anchors) = try answered(labels, recipe)
    var body = LinearBody(vocabulary: 60, dimensions: 16)
    let texts = kept.map { all[$0] }
    let outcome = try Training(recipe: recipe).run(
      &body, set, Training.Material(texts: texts, anchors: anchors))
    let known = EvidenceHead.Evidence(
      embeddings: body.embed(texts), width: 16, labels: labels,
      isSuggested: labels.map { _ in false }, suggestions: labels.map { _ in nil },
      anchors: set.anchors.vectors(body.embed(anchors), width: 16))
    func score(_ folds: Int) throws -> Trial.Score {
      let validation = try #require(
        try EvidenceHead().crossValidation(known, folds: folds, seed: recipe.seed))
      #expect(validation.folds == folds)
      return Trial.Score(validation.probabilities, labels)
    }
    let trial = try #require(outcome.labelNameTrial)
    #expect(try trial.with == score(2) && trial.with != score(5))
  }

  @Test("Texts are embedded a few at a time, of long ones fewer, and every one once")
  func chunks() {
    #expect(Training.chunks([]).isEmpty)
    #expect(Training.chunks(Array(repeating: 10, count: 70)) == [0..<32, 32..<64, 64..<70])
    #expect(Training.chunks(Array(repeating: 512, count: 9)) == [0..<4, 4..<8, 8..<9])
    #expect(Training.chunks([1, 8_192, 8_192, 1]) == [0..<1, 1..<2, 2..<3, 3..<4])
  }

  @Test("SetFit's cross-validation is of heads that weigh labels as the model does")
  func balancedValidation() throws {
    let (all, truth) = corpus(k: 30)
    // Many of one label, few of the others, and hardly a word to go by.
    let kept = truth.indices.filter { truth[$0] == 0 || $0 % 6 == truth[$0] }
    var recipe = Recipe(.setfit)
    recipe.freezeBody = true
    recipe.headC = 1e-3
    func rare(balanced: Bool) throws -> Int {
      recipe.balanceLabels = balanced
      var body = LinearBody(vocabulary: 60, dimensions: 16)
      let outcome = try Training(recipe: recipe).run(
        &body, texts: kept.map { all[$0] }, labels: kept.map { truth[$0] }, labelCount: 3)
      let curve = try #require(outcome.learningCurve)
      #expect(curve.points.map(\.shots) == [1, 2, 4, 8, 16])
      return try #require(outcome.validation).probabilities.count { $0.mostProbable != 0 }
    }
    #expect(try rare(balanced: false) < rare(balanced: true))
  }

  @Test("The more answers, the more of the tuning stays", arguments: [2, 16, 36, 144])
  func shares(perLabel: Int) throws {
    let set = try TrainingSet(
      labels: [Label(name: "a"), Label(name: "b")],
      lines: (0..<perLabel * 2).map { .init(id: "\($0)", text: "\($0)", label: $0 % 2) },
      recipe: Recipe(.lauter))
    let share = Training(recipe: Recipe(.lauter)).shareToKeep(set)
    #expect(abs(share - [2: 0.2263, 16: 0.64, 36: 0.96, 144: 1][perLabel]!) < 1e-4)
  }

  @Test(
    "The body learns from suggestions unless it then predicts the answers worse, which it never sees; then from those",
    arguments: [true, false])
  func learnsFromSuggestions(helps: Bool) throws {
    let (rest, truth) = corpus(k: 80, seed: 2)
    let (answered, actual) = corpus(k: helps ? 8 : 20, seed: 1)
    var random = RandomSource(seed: 4, purpose: .shots)
    let said = truth.map { random.below(4) < 3 ? $0 : ($0 + 1) % 3 }
    var recipe = Recipe(.lauter)
    recipe.bodyLearningRate = 0.1
    recipe.suggestions = .always(by: nil)
    let lines =
      actual.enumerated().map {
        TrainingSet.Line(id: "a\($0)", text: "", label: $1, suggestion: $1)
      }
      + said.enumerated().map {
        TrainingSet.Line(id: "s\($0)", text: "", label: nil, suggestion: $1)
      }
    let set = try TrainingSet(
      labels: ["a", "b", "c"].map { Label(name: $0) }, lines: lines, recipe: recipe)
    // Where it does not help, the body that has learned from them tells no text from another, as it could before.
    var body = LinearBody(vocabulary: 60, dimensions: helps ? 16 : 64)
    if !helps { body.forgetsAfter = 60 }
    let before = body.weights
    let material = Training.Material(
      texts: answered + rest, anchors: (0..<12).map { [Int32(30 + $0)] })
    let outcome = try Training(recipe: recipe).run(&body, set, material)
    let trial = try #require(outcome.bodyTrial)
    #expect(trial.used == helps && outcome.usedSuggestions)
    #expect(try #require(outcome.validation).probabilities.allSatisfy { $0.count == 3 })
    // Two bodies follow a half each, of which the other sees nothing.
    let follows = 120 * 2 / 16
    let first = Set(body.batches[..<follows].joined())
    let second = Set(body.batches[follows..<2 * follows].joined())
    #expect(first.isDisjoint(with: second) && first.union(second) == Set(rest))
    // Their mean learns from pairs of both.
    let pairs = body.batches[(2 * follows)...]
    let end = pairs.firstIndex { !Set(answered).isDisjoint(with: $0) } ?? pairs.endIndex
    let paired = Set(pairs[..<end].joined())
    #expect(paired.isSubset(of: Set(rest + material.anchors)))
    #expect(!paired.isDisjoint(with: first) && !paired.isDisjoint(with: second))
    let after = pairs[end...]
    #expect(
      helps ? after.isEmpty : Set(after.joined()) == Set(answered + material.anchors))
    #expect(outcome.losses.count == (helps ? end : after.count))
    // What did not help is taken back before anything else is learned.
    #expect(body.weights != before && (helps || body.steps == after.count))
    if helps {
      // What it has learned is rather the truth than what was said.
      let predicted = outcome.head.predictions(body.embed(rest)).map { $0[0] }
      let share = Double(zip(predicted, truth).count { $0 == $1 }) / Double(truth.count)
      #expect(share > 0.95, "\(share)")
      // The answers, which the body has not seen, say how sure the model may be.
      #expect(outcome.temperature != 1)
      // All parts together take no more steps than they may.
      recipe.maxSteps = 7
      body = LinearBody(vocabulary: 60, dimensions: 16)
      _ = try Training(recipe: recipe).run(&body, set, material)
      #expect(body.batches.count == 7)
    }
  }

  @Test("Pairs are of labels that a half's body and head believe together with the suggestion")
  func believesTheOtherHalf() throws {
    let (rest, truth) = corpus(k: 80, seed: 2)
    var random = RandomSource(seed: 4, purpose: .shots)
    let said = truth.map { random.below(4) < 3 ? $0 : ($0 + 1) % 3 }
    var recipe = Recipe(.lauter)
    recipe.bodyLearningRate = 0.1
    recipe.suggestions = .always(by: nil)
    let set = try TrainingSet(
      labels: ["a", "b", "c"].map { Label(name: $0) },
      lines: said.enumerated().map {
        TrainingSet.Line(id: "s\($0)", text: "", label: nil, suggestion: $1)
      }, recipe: recipe)
    var body = LinearBody(vocabulary: 60, dimensions: 16)
    _ = try Training(recipe: recipe).run(
      &body, set, Training.Material(texts: rest, anchors: (0..<12).map { [Int32(30 + $0)] }))
    // Some texts with a wrong suggestion are learned from as well, with another label: those of a label lie together.
    let embeddings = body.embed(rest)
    func cosine(_ a: Int, _ b: Int) -> Float {
      func product(_ a: Int, _ b: Int) -> Float {
        (0..<16).reduce(0) { $0 + embeddings[a * 16 + $1] * embeddings[b * 16 + $1] }
      }
      return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    }
    let wrong = rest.indices.filter { said[$0] != truth[$0] }
    let learned = Set(body.batches[(2 * 120 * 2 / 16)...].joined())
    #expect(wrong.contains { learned.contains(rest[$0]) })
    func mean(_ label: (Int) -> Int) -> Float {
      let cosines = wrong.flatMap { a in
        rest.indices.filter { said[$0] == truth[$0] && truth[$0] == label(a) }.map { cosine(a, $0) }
      }
      return cosines.reduce(0, +) / Float(cosines.count)
    }
    let (toTruth, toSaid) = (mean { truth[$0] }, mean { said[$0] })
    #expect(toTruth > toSaid + 0.1, "\(toTruth) to the truth, \(toSaid) to what was said")
  }

  @Test(
    "A rate at which suggestions teach nothing leaves the body as it was, without answers to learn from"
  )
  func suggestionsDiverge() throws {
    let (rest, truth) = corpus(k: 80, seed: 2)
    var recipe = Recipe(.lauter)
    recipe.bodyLearningRate = 1e30
    let set = try TrainingSet(
      labels: ["a", "b", "c"].map { Label(name: $0) },
      lines: truth.enumerated().map {
        TrainingSet.Line(id: "s\($0)", text: "", label: nil, suggestion: $1)
      }, recipe: recipe)
    var body = LinearBody(vocabulary: 60, dimensions: 16)
    let before = body.weights
    let diverged = try Training(recipe: recipe).run(
      &body, set,
      Training.Material(texts: rest, anchors: (0..<12).map { [Int32(30 + $0)] }))
    #expect(diverged.losses.isEmpty && diverged.usedSuggestions && body.weights == before)
  }

  @Test("A body does not follow an agent whose suggestions say little, but learns from the answers")
  func weakAgent() throws {
    let (answered, actual) = corpus(k: 8, seed: 1)
    let (rest, truth) = corpus(k: 80, seed: 2)
    var random = RandomSource(seed: 4, purpose: .shots)
    func said(_ truth: [Int]) -> [Int] {
      truth.map { random.below(20) < 9 ? $0 : ($0 + 1 + random.below(2)) % 3 }
    }
    var recipe = Recipe(.lauter)
    recipe.bodyLearningRate = 0.02
    recipe.suggestions = .always(by: nil)
    let material = Training.Material(
      texts: answered + rest, anchors: (0..<12).map { [Int32(30 + $0)] })
    func trained(_ onAnswers: [Int], _ others: [Int]) throws -> (Training.Outcome, LinearBody) {
      let lines =
        zip(actual, onAnswers).enumerated().map {
          TrainingSet.Line(id: "a\($0)", text: "", label: $1.0, suggestion: $1.1)
        }
        + others.enumerated().map {
          TrainingSet.Line(id: "s\($0)", text: "", label: nil, suggestion: $1)
        }
      let set = try TrainingSet(
        labels: ["a", "b", "c"].map { Label(name: $0) }, lines: lines, recipe: recipe)
      var body = LinearBody(vocabulary: 60, dimensions: 16)
      return (try Training(recipe: recipe).run(&body, set, material), body)
    }
    let (onAnswers, others) = (said(actual), said(truth))
    let (outcome, body) = try trained(onAnswers, others)
    #expect(outcome.usedSuggestions && outcome.bodyTrial?.used == nil)
    #expect(!outcome.losses.isEmpty && body.steps == outcome.losses.count)
    #expect(Set(body.batches.joined()).isSubset(of: answered + material.anchors))
    // The head still hears the agent.
    let (other, same) = try trained(onAnswers, others.reversed())
    #expect(same.weights == body.weights && other.head != outcome.head)
  }

  @Test("Several trainings start alike, and their mean stays")
  func averages() throws {
    var body = LinearBody(vocabulary: 3, dimensions: 2)
    let before = body.weights
    try body.average(of: 3) { body, number in
      #expect(body.weights == before)
      body.weights = before.map { $0 + Float(number) }
    }
    #expect(zip(body.weights, before).allSatisfy { abs($0 - $1 - 1) < 1e-6 })
  }

  @Test("A rate at which the answers teach nothing is an error that says so")
  func refusesToDiverge() throws {
    let (texts, labels) = corpus(k: 8)
    var recipe = Recipe(.lauter)
    recipe.bodyLearningRate = 1e30
    let set = try TrainingSet(
      labels: ["a", "b", "c"].map { Label(name: $0) },
      lines: labels.enumerated().map { .init(id: "\($0)", text: "", label: $1) }, recipe: recipe)
    var body = LinearBody(vocabulary: 60, dimensions: 16)
    let material = Training.Material(
      texts: texts, anchors: set.anchors.sentences.flatMap { $0 }.indices.map { [Int32($0 % 60)] })
    #expect(throws: TrainingError.self) { try Training(recipe: recipe).run(&body, set, material) }
  }

  @Test("Training pulls labels apart, and the head then tells them apart")
  func separates() throws {
    let (texts, labels) = corpus(k: 8)
    var body = LinearBody(vocabulary: 60, dimensions: 16)
    var recipe = Recipe(.setfit)
    recipe.bodyLearningRate = 0.02
    recipe.bodyEpochs = 3
    let outcome = try Training(recipe: recipe).run(
      &body, texts: texts, labels: labels, labelCount: 3)
    #expect(outcome.losses.count == 3 * 24)
    let early = outcome.losses.prefix(6).reduce(0, +)
    let late = outcome.losses.suffix(6).reduce(0, +)
    #expect(late < early / 3)
    #expect(body.learningRates.first == 0)

    let (unseen, actual) = corpus(k: 40, seed: 99)
    let predicted = try Training(recipe: recipe)
      .probabilities(&body, of: outcome, texts: unseen).map(\.mostProbable)
    #expect(zip(predicted, actual).count { $0 == $1 } > 108)
  }

  @Test("A text of a batch is encoded once, however many of its pairs there are")
  func encodedOnce() throws {
    let (texts, labels) = corpus(k: 2)
    var body = LinearBody(vocabulary: 60, dimensions: 8)
    _ = try BodyTraining(recipe: Recipe(.setfit), labels: labels).run(&body, texts: texts)
    // 16 pairs name 32 texts, of which only 6 differ.
    #expect(body.batches.count == 2)
    #expect(body.batches.allSatisfy { $0.count <= 6 })
  }

  @Test("A frozen body is left as it is")
  func frozen() throws {
    let (texts, labels) = corpus(k: 4)
    var body = LinearBody(vocabulary: 60, dimensions: 8)
    let before = body.weights
    var recipe = Recipe(.setfit)
    recipe.freezeBody = true
    let outcome = try Training(recipe: recipe).run(
      &body, texts: texts, labels: labels, labelCount: 3)
    #expect(body.weights == before)
    #expect(outcome.losses.isEmpty)
  }

  @Test("The same seed gives the same bits, another seed others")
  func deterministic() throws {
    func trained(_ seed: UInt64) throws -> (weights: [Float], head: ClassificationHead) {
      let (texts, labels) = corpus(k: 4)
      var body = LinearBody(vocabulary: 60, dimensions: 8)
      var recipe = Recipe(.setfit)
      recipe.seed = seed
      let outcome = try Training(recipe: recipe).run(
        &body, texts: texts, labels: labels, labelCount: 3)
      return (body.weights, outcome.head)
    }
    let (a, b, c) = (try trained(1), try trained(1), try trained(2))
    #expect(a.weights == b.weights && a.head == b.head)
    #expect(a.weights != c.weights)
  }

  @Test("Embeddings come back in the order given, whatever their chunks")
  func embeddingOrder() throws {
    let texts = (0..<70).map { i in (0...(i * 7) % 13).map { Int32(($0 + i) % 60) } }
    var body = LinearBody(vocabulary: 60, dimensions: 4)
    var seen: [TrainingProgress] = []
    let all = try Training(recipe: Recipe(.setfit)).embed(
      &body, texts: texts, phase: .embedding, steps: 0, report: { seen.append($0) })
    #expect(all == texts.flatMap { body.embed([$0]) })
    #expect(seen.map(\.done) == [32, 64, 70])
    #expect(seen.allSatisfy { $0.total == 70 && $0.phase == .embedding })
  }

  @Test("Progress counts every step and names the phases in order")
  func progress() throws {
    let (texts, labels) = corpus(k: 4)
    var body = LinearBody(vocabulary: 60, dimensions: 8)
    var seen: [TrainingProgress] = []
    _ = try Training(recipe: Recipe(.setfit)).run(
      &body, texts: texts, labels: labels, labelCount: 3, report: { seen.append($0) })
    #expect(seen.filter { $0.phase == .body }.map(\.done) == [1, 2, 3, 4, 5, 6])
    #expect(seen.filter { $0.phase == .body }.allSatisfy { $0.total == 6 && $0.loss != nil })
    #expect(seen.last == TrainingProgress(phase: .head, done: 1, total: 1))
  }

  @Test("A cancelled task stops before the next step")
  func cancelled() async throws {
    let steps = Mutex(0)
    let task = Task {
      let (texts, labels) = corpus(k: 16)
      var body = LinearBody(vocabulary: 60, dimensions: 4)
      _ = try Training(recipe: Recipe(.setfit)).run(
        &body, texts: texts, labels: labels, labelCount: 3
      ) { progress in
        steps.withLock { $0 = progress.done }
        if progress.done == 3 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(steps.withLock { $0 } == 3)
  }

  @Test("A loss that stops being a number ends training, naming the step")
  func diverged() throws {
    let (texts, labels) = corpus(k: 4)
    var body = LinearBody(vocabulary: 60, dimensions: 4)
    body.failsAfter = 4
    #expect(throws: TrainingError.diverged(step: 5)) {
      try Training(recipe: Recipe(.setfit)).run(&body, texts: texts, labels: labels, labelCount: 3)
    }
  }

  @Test("An encoder whose weights are not numbers is blamed itself", arguments: [true, false])
  func unusableEncoder(freezeBody: Bool) throws {
    let (texts, labels) = corpus(k: 4)
    var body = LinearBody(vocabulary: 60, dimensions: 4)
    for i in body.weights.indices where i % 3 == 0 { body.weights[i] = .nan }
    var recipe = Recipe(.setfit)
    recipe.freezeBody = freezeBody
    let error = #expect(throws: TrainingError.self) {
      try Training(recipe: recipe).run(&body, texts: texts, labels: labels, labelCount: 3)
    }
    #expect("\(try #require(error))".contains("may hold NaN"))
  }
}

/// Three labels with words of their own (tokens 0-9, 10-19, 20-29) among common ones (30-59).
func corpus(k: Int, seed: UInt64 = 7) -> (texts: [[Int32]], labels: [Int]) {
  var random = RandomSource(seed: seed, purpose: .shots)
  let labels = balanced(k, 3)
  let texts = labels.map { label in
    (0..<6).map { i in
      i < 3 ? Int32(label * 10 + random.below(10)) : Int32(30 + random.below(30))
    }
  }
  return (texts, labels)
}
