import Schema
import Testing
import TrainerServer

@Suite("Do suggestions help?")
struct SuggestionTrialTests {
  /// Answered texts of three labels that the body tells apart, on all of which the agent is right, and
  /// texts without an answer, on which it is right `right` times in ten.
  private func outcome(
    right: Int, suggestions: Recipe.Suggestions?, answers: Int = 8, frozen: Bool = true
  ) throws -> (Training.Outcome, TrainingSet) {
    let (known, actual) = corpus(k: answers, seed: 1)
    let (rest, truth) = corpus(k: 40, seed: 2)
    var random = RandomSource(seed: 4, purpose: .shots)
    func said(_ label: Int) -> Int { random.below(10) < right ? label : (label + 1) % 3 }
    var lines = actual.enumerated().map {
      TrainingSet.Line(id: "a\($0)", text: "", label: $1, suggestion: $1)
    }
    lines += truth.enumerated().map {
      TrainingSet.Line(id: "s\($0)", text: "", label: nil, suggestion: said($1))
    }
    var recipe = Recipe(.lauter)
    recipe.freezeBody = frozen
    recipe.bodyLearningRate = 0.05
    recipe.suggestions = suggestions
    let set = try TrainingSet(
      labels: ["a", "b", "c"].map { Label(name: $0) }, lines: lines, recipe: recipe)
    var body = LinearBody(vocabulary: 60, dimensions: 16)
    // Unlabelled then, they are looked at all the same.
    let (texts, others) = suggestions == nil ? (known, rest) : (known + rest, [])
    let anchors = (0..<12).map { [Int32(30 + $0)] }
    return (
      try Training(recipe: recipe).run(
        &body, set, .init(texts: texts, anchors: anchors, others: others)), set
    )
  }

  @Test("An agent that is mostly right is learned from, one that is mostly wrong is not")
  func decides() throws {
    let (good, set) = try outcome(right: 9, suggestions: .ifTheyHelp(by: nil))
    #expect(good.usedSuggestions && good.learned(set).count == 144)
    #expect(try #require(good.suggestionTrial).used)
    #expect(try #require(good.validation).probabilities.count == 144)

    // What was reviewed says that it is always right, so that no reliability gives it away.
    let (poor, all) = try outcome(right: 1, suggestions: .ifTheyHelp(by: nil), answers: 20)
    #expect(!poor.usedSuggestions && poor.learned(all).count == 60)
    let refused = try #require(poor.suggestionTrial)
    #expect(!refused.used && refused.with.logLoss > refused.without.logLoss)
    // Suggested records are predicted all the same, so that disagreements can be shown.
    #expect(try #require(poor.validation).probabilities.allSatisfy { $0.count == 3 })

    // Nobody is asked whether to use what must be used, or must not.
    #expect(try outcome(right: 1, suggestions: .always(by: nil), answers: 20).0.usedSuggestions)
    let (none, answers) = try outcome(right: 9, suggestions: nil)
    #expect(!none.usedSuggestions && none.suggestionTrial == nil && answers.examples.count == 24)
  }

  @Test("A difference that may be chance decides nothing")
  func chance() {
    let right: [Float] = [0.8, 0.2]
    let wrong: [Float] = [0.2, 0.8]
    let actual = [Int](repeating: 0, count: 20)
    func score(_ wrongs: Set<Int>) -> Trial.Score {
      Trial.Score((0..<20).map { wrongs.contains($0) ? wrong : right }, actual)
    }
    #expect(Trial(with: score([0, 1]), without: score([0])).used)
    #expect(Trial(with: score([0]), without: score([0, 1])).used)
    #expect(Trial(with: score([3]), without: score([3])).used)
    #expect(!Trial(with: score(Set(0..<10)), without: score([])).used)
  }

  @Test(
    "A model that leaves suggestions out is that of the answers alone, bit for bit",
    arguments: [true, false])
  func sameAsWithout(frozen: Bool) throws {
    let (guarded, _) = try outcome(
      right: 1, suggestions: .ifTheyHelp(by: nil), answers: 20, frozen: frozen)
    let (alone, _) = try outcome(right: 1, suggestions: nil, answers: 20, frozen: frozen)
    #expect(guarded.losses.isEmpty == frozen && guarded.losses == alone.losses)
    #expect(guarded.head == alone.head && guarded.temperature == alone.temperature)
  }
}
