import Schema
import Testing
import TrainerServer

@Suite("Training set")
struct TrainingSetTests {
  let dataset = try! Dataset(
    name: Name("reviews"), fields: [TextField(name: "text")],
    question: Question(labels: [Label(name: "neg"), Label(name: "neu"), Label(name: "pos")]))

  func record(
    _ id: Int64, answer: String? = nil, suggestion: String? = nil, agent: String = "llm",
    split: Split = .train, discarded: Bool = false
  ) -> Record {
    var responses: [Response] = []
    if let answer { responses = [Response(user: "u", label: answer, status: .submitted)] }
    if discarded { responses = [Response(user: "u", label: nil, status: .discarded)] }
    return Record(
      id: id, externalID: "r\(id)", fields: ["text": "text \(id)"], split: split,
      status: RecordStatus(responses: responses.map(\.status)),
      suggestions: suggestion.map { [Suggestion(agent: agent, outcome: .label($0))] } ?? [],
      responses: responses)
  }

  func reviewed(_ perLabel: Int) -> [Record] {
    (0..<perLabel * 3).map { record(Int64($0 + 1), answer: ["neg", "neu", "pos"][$0 % 3]) }
  }

  @Test("Reviewed records of the train split, ordered by id whatever order they came in")
  func order() throws {
    let records =
      reviewed(2) + [
        record(20, answer: "pos", split: .test), record(21, answer: "neg", split: .validation),
        record(22), record(23, discarded: true), record(24, suggestion: "pos"),
      ]
    let a = try TrainingSet(dataset: dataset, records: records, recipe: Recipe(.setfit))
    let b = try TrainingSet(dataset: dataset, records: records.reversed(), recipe: Recipe(.setfit))
    #expect(a == b)
    #expect(a.examples.map(\.recordID) == [1, 2, 3, 4, 5, 6])
    #expect(a.examples.map(\.label) == [0, 1, 2, 0, 1, 2])
    #expect(a.agent == nil)
  }

  @Test("Shots are balanced and decided by the seed")
  func shots() throws {
    func chosen(_ seed: UInt64) throws -> [Int64] {
      var recipe = Recipe(.setfit)
      recipe.shots = 4
      recipe.seed = seed
      let set = try TrainingSet(dataset: dataset, records: reviewed(20), recipe: recipe)
      #expect(set.labels.indices.map { set.count(of: $0) } == [4, 4, 4])
      return set.examples.map(\.recordID)
    }
    #expect(try chosen(1) == chosen(1))
    #expect(try chosen(1) != chosen(2))
    #expect(try chosen(3) == chosen(3).sorted())
  }

  @Test("A label with fewer records than shots gives what it has")
  func fewerThanShots() throws {
    var recipe = Recipe(.setfit)
    recipe.shots = 4
    let records = reviewed(1) + [record(10, answer: "neg"), record(11, answer: "neg")]
    let set = try TrainingSet(dataset: dataset, records: records, recipe: recipe)
    #expect(set.labels.indices.map { set.count(of: $0) } == [3, 1, 1])
  }

  @Test(
    "Texts that nobody has labelled are looked at under Lauter's recipe, discarded ones are not")
  func otherTexts() throws {
    let records =
      reviewed(3) + [
        record(20), record(21, discarded: true), record(22, split: .test),
        record(23, suggestion: "pos"),
      ]
    var recipe = Recipe(.lauter)
    recipe.suggestions = nil
    #expect(
      try Set(TrainingSet(dataset: dataset, records: records, recipe: recipe).otherTexts) == [
        "text 20", "text 23",
      ])
    recipe.shots = 1
    let few = try TrainingSet(dataset: dataset, records: records, recipe: recipe)
    #expect(few.examples.count == 3 && few.otherTexts.count == 8)
    let texts = Set(few.otherTexts)
    #expect(few.examples.allSatisfy { !texts.contains($0.text) })
    #expect(
      try TrainingSet(dataset: dataset, records: records, recipe: Recipe(.setfit)).otherTexts
        .isEmpty)

    let many = (1...3_000).map {
      record(Int64($0), answer: $0 < 4 ? ["neg", "neu", "pos"][$0 - 1] : nil)
    }
    func chosen(_ seed: UInt64) throws -> [String] {
      recipe.seed = seed
      let set = try TrainingSet(dataset: dataset, records: many.shuffled(), recipe: recipe)
      return set.otherTexts
    }
    let first = try chosen(1)
    #expect(first.count == TrainingSet.textBudget - 3 && Set(first).count == first.count)
    #expect(try chosen(1) == first)
    #expect(try chosen(2) != first)
  }

  @Test("Suggestions stand in where no person has answered, and nowhere else")
  func suggestions() throws {
    var records = reviewed(1)
    records[0].suggestions = [Suggestion(agent: "llm", outcome: .label("pos"))]
    records += [
      record(10, suggestion: "pos"), record(11, suggestion: "neg", agent: "other"),
      record(12, suggestion: "neu", discarded: true), record(13, suggestion: "neu", split: .test),
    ]
    records.append(
      Record(
        id: 14, externalID: "r14", fields: ["text": "x"],
        suggestions: [
          Suggestion(agent: "llm", outcome: .failure(.init(kind: .empty, detail: "")))
        ]))
    var recipe = Recipe(.setfit)
    recipe.suggestions = .always(by: nil)
    let set = try TrainingSet(dataset: dataset, records: records, recipe: recipe)
    #expect(set.agent == "llm")
    #expect(set.examples.map(\.recordID) == [1, 2, 3, 10])
    #expect(set.examples[0].label == 0 && !set.examples[0].isSuggested)
    #expect(set.examples[3].label == 2 && set.examples[3].isSuggested)

    recipe.suggestions = .always(by: "other")
    let other = try TrainingSet(dataset: dataset, records: records, recipe: recipe)
    #expect(other.examples.map(\.recordID) == [1, 2, 3, 11])

    recipe.suggestions = .always(by: "nobody")
    #expect(throws: TrainingError.noSuggestions(agent: "nobody", source: .store)) {
      try TrainingSet(dataset: dataset, records: records, recipe: recipe)
    }
  }

  @Test("Zero-shot suggestions repeat the labels' names: used where nobody has answered")
  func zeroShotSuggestions() throws {
    let zeroShot = Suggestion.zeroShotAgent
    var suggested = (10..<14).map { record($0, suggestion: "pos", agent: zeroShot) }
    var recipe = Recipe(.lauter)
    func agent(_ records: [Record]) throws -> String? {
      try TrainingSet(dataset: dataset, records: records, recipe: recipe).agent
    }
    #expect(try agent(suggested) == zeroShot)
    #expect(try agent(reviewed(1) + suggested) == nil)
    recipe.suggestions = .ifTheyHelp(by: zeroShot)
    #expect(try agent(reviewed(1) + suggested) == zeroShot)
    recipe.suggestions = .ifTheyHelp(by: nil)
    suggested.append(record(14, suggestion: "neg", agent: "llm"))
    #expect(try agent(reviewed(1) + suggested) == "llm")
  }

  @Test("Shots bound the responses, not the suggestions")
  func shotsAndSuggestions() throws {
    var recipe = Recipe(.setfit)
    recipe.shots = 1
    recipe.suggestions = .always(by: nil)
    let records = reviewed(3) + (20..<25).map { record($0, suggestion: "neu") }
    let set = try TrainingSet(dataset: dataset, records: records, recipe: recipe)
    #expect(set.examples.count == 3 + 5)
  }

  @Test("Of very many suggestions as many as the budget are taken, by the seed")
  func suggestionBudget() throws {
    let many = TrainingSet.suggestionBudget + 50
    let lines = (0..<many).map {
      TrainingSet.Line(id: "\($0)", text: "x", label: $0 < 4 ? $0 % 2 : nil, suggestion: $0 % 2)
    }
    func made(_ seed: UInt64) throws -> TrainingSet {
      var recipe = Recipe(.lauter)
      recipe.seed = seed
      return try TrainingSet(
        labels: [Label(name: "a"), Label(name: "b")], lines: lines, recipe: recipe)
    }
    let set = try made(1)
    #expect(set.examples.count == TrainingSet.suggestionBudget + 4)
    #expect(set.examples.count { !$0.isSuggested } == 4)
    #expect(set.examples.map(\.recordID) == set.examples.map(\.recordID).sorted())
    #expect(try made(1) == set && made(2) != set)
  }

  @Test("Nothing reviewed, one label only and a label without records each say what to do")
  func failures() throws {
    func reason(_ records: [Record], _ recipe: Recipe = Recipe(.setfit)) -> String {
      do {
        _ = try TrainingSet(dataset: dataset, records: records, recipe: recipe)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      reason([record(1), record(2, answer: "neg", split: .test)])
        == "no record of the train split has been reviewed yet. Review some records of each label "
        + "(`lauter review`), or let a machine suggest labels (`lauter label`).")
    #expect(
      reason([record(1, answer: "neg"), record(2, answer: "neg")])
        == "the train split has no reviewed record with the labels 'neu', 'pos' (there are: neg 2, "
        + "neu 0, pos 0); a model could never predict them. Review some records of each label "
        + "(`lauter review`), or let a machine suggest labels (`lauter label`).")
    #expect(
      reason([record(1, answer: "neg"), record(2, answer: "pos")])
        .contains("with the label 'neu' (there are: neg 1, neu 0, pos 1); a model could never"))
    var suggesting = Recipe(.setfit)
    suggesting.suggestions = .always(by: nil)
    #expect(reason(reviewed(1), suggesting).contains("`lauter label`"))
  }

  @Test("Lauter's recipe does without records of a label, but not without any")
  func labelWithoutRecords() throws {
    let set = try TrainingSet(
      dataset: dataset, records: [record(1, answer: "neg")], recipe: Recipe(.lauter))
    #expect(set.examples.count == 1 && set.labels.count == 3)
    #expect(set.anchors.sentences.map(\.count) == [4, 4, 4])
    #expect(throws: TrainingError.self) {
      try TrainingSet(dataset: dataset, records: [record(1)], recipe: Recipe(.lauter))
    }
    var suggesting = Recipe(.lauter)
    suggesting.suggestions = .always(by: nil)
    let suggested = try TrainingSet(
      dataset: dataset, records: [record(1, suggestion: "pos")], recipe: suggesting)
    #expect(suggested.examples.map(\.isSuggested) == [true])
  }

  @Test("What the agent said of an answered record is kept, to measure the agent by")
  func suggestionsOnAnswered() throws {
    var suggesting = Recipe(.lauter)
    suggesting.suggestions = .always(by: nil)
    let set = try TrainingSet(
      dataset: dataset,
      records: [
        record(1, answer: "neg", suggestion: "pos"), record(2, answer: "neu"),
        record(3, suggestion: "neu"), record(4, answer: "pos", suggestion: "neg", agent: "other"),
        record(5, suggestion: "neg"),
      ], recipe: suggesting)
    #expect(set.agent == "llm")
    #expect(set.examples.map(\.suggestion) == [[2], nil, [1], nil, [0]])
    #expect(set.examples.map(\.label) == [0, 1, 1, 2, 0])
    #expect(set.examples.map(\.isSuggested) == [false, false, true, false, true])
  }

  @Test("A recipe out of range names the argument", arguments: Self.wrongRecipes)
  func ranges(field: String, change: @Sendable (inout Recipe) -> Void) throws {
    var recipe = Recipe(.setfit)
    try recipe.validate()
    change(&recipe)
    let error = #expect(throws: SchemaError.self) { try recipe.validate() }
    #expect(error?.field == field)
  }

  static let wrongRecipes: [(String, @Sendable (inout Recipe) -> Void)] = [
    ("body_learning_rate", { $0.bodyLearningRate = -1e-5 }),
    ("body_learning_rate", { $0.bodyLearningRate = .nan }),
    ("body_epochs", { $0.bodyEpochs = 0 }),
    ("body_batch_size", { $0.bodyBatchSize = 5000 }),
    ("warmup_proportion", { $0.warmupProportion = 1.5 }),
    ("l2_weight", { $0.l2Weight = -1 }),
    ("head_c", { $0.headC = 0 }),
    ("head_c", { $0.headC = .infinity }),
    ("max_length", { $0.maxLength = 2 }),
    ("shots", { $0.shots = 0 }),
    ("agent", { $0.suggestions = .always(by: " ") }),
  ]
}
