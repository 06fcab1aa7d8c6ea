import Foundation
import Schema
import Testing
import TrainerServer
import Transformer

/// Records that may have several labels, or none.
@Suite("Several labels a record")
struct SeveralLabelsTests {
  @Test("What lauter would pass over, where records may have several labels, is refused")
  func bodyArguments() throws {
    let changes: [(String, (inout Recipe) -> Void)] = [
      ("max_steps", { $0.maxSteps = 7 }), ("body_epochs", { $0.bodyEpochs = 2 }),
      ("l2_weight", { $0.l2Weight = 0.5 }), ("no_dropout", { $0.dropout = false }),
    ]
    for (field, change) in changes {
      for freezes in [false, true] {
        var recipe = Recipe(.lauter)
        recipe.freezeBody = freezes
        change(&recipe)
        let error = #expect(throws: SchemaError.self) {
          try recipe.validate()
          try recipe.validateForSeveralLabels()
        }
        #expect(try #require(error).field == field)
      }
      var tuned = Recipe(.setfit)
      change(&tuned)
      try tuned.validate()
      try tuned.validateForSeveralLabels()
    }
  }

  @Test("A label's threshold is where its F1 is best once enough records have it")
  func thresholds() {
    // Label 0 parts at 0.3, label 1 at 0.7, each on many records.
    let probabilities: [[Float]] = (0..<4_000).map { i in
      [Float(i % 100) / 100, Float((i * 37) % 100) / 100]
    }
    let actual = probabilities.map { row in
      [0, 1].filter { row[$0] >= ($0 == 0 ? 0.3 : 0.7) }
    }
    let best = Thresholds.best(probabilities: probabilities, actual: actual)
    #expect(abs(best[0] - 0.3) < 0.02 && abs(best[1] - 0.7) < 0.02)

    // A label that few records have keeps to what is best for all; one that none has, entirely.
    let few: [[Float]] = probabilities.map { $0 + [0.9, 0.9] }
    let fewActual = actual.enumerated().map { $0 < 2 ? $1 + [2] : $1 }
    let shrunk = Thresholds.best(probabilities: few, actual: fewActual)
    let common = shrunk[3]
    #expect(common > 0.2 && common < 0.8)
    #expect(shrunk[2] > common && shrunk[2] < 0.9)
    #expect(
      Thresholds.best(probabilities: [[0.2, 0.3]], actual: [[]]) == [0.5, 0.5],
      "nothing is known of either")
  }

  @Test("A tie is never cut")
  func ties() {
    let thresholds = Thresholds.best(
      probabilities: [[0.4, 0.1], [0.4, 0.1], [0.4, 0.2], [0.1, 0.2]],
      actual: [[0], [0], [], []])
    // Three records at 0.4 are in or out together.
    #expect(thresholds[0] < 0.4 && thresholds[0] > 0.1)
  }

  private func set(
    _ labels: [[Int]?], suggestions: [[Int]?]? = nil, _ change: (inout Recipe) -> Void = { _ in }
  ) throws -> TrainingSet {
    var recipe = Recipe(.lauter)
    change(&recipe)
    return try TrainingSet(
      labels: ["a", "b", "c"].map { Label(name: $0) }, isMultiLabel: true,
      lines: labels.indices.map {
        .init(id: "\($0)", text: "\($0)", labels: labels[$0], suggestion: suggestions?[$0])
      }, recipe: recipe)
  }

  @Test("Shots are records for each label and for none, as far as there are any")
  func shots() throws {
    let labels = (0..<60).map { i in [[0], [0, 1], [], [1, 2]][i % 4] }
    let taken = try set(labels) { $0.shots = 3 }
    for label in 0..<3 { #expect(taken.count(of: label) >= 3) }
    #expect(taken.examples.count { $0.labels.isEmpty } == 3)
    #expect(taken.examples.count <= 12)
    #expect(try set(labels) { $0.shots = 3 } == taken)
    let other = try set(labels) {
      $0.shots = 3
      $0.seed = 7
    }
    #expect(other != taken)
  }

  @Test("What wants one label a record says so")
  func refusals() throws {
    for change in [
      { $0.loss = .supervisedContrastive }, { $0.head = .differentiable },
    ] as [(inout Recipe) -> Void] {
      let error = #expect(throws: SchemaError.self) {
        try set([[0], [1], [2]]) {
          $0 = Recipe(.setfit)
          change(&$0)
        }
      }
      #expect("\(try #require(error))".contains("one label each"))
    }
    #expect(throws: TrainingError.self) { try set([[], [], []]) }
    // SetFit's recipe wants a record of each.
    #expect(throws: TrainingError.self) { try set([[0], [1], [0, 1]]) { $0 = Recipe(.setfit) } }
  }

  /// A label is a direction; a text of several is between them. Label 2 belongs to none but the last.
  private static let anchors: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1]

  private static func evidence(
    _ labels: [[Int]], suggested: [Bool]? = nil, said: [[Int]?]? = nil
  ) -> EvidenceHead.Evidence {
    EvidenceHead.Evidence(
      embeddings: labels.flatMap { labels -> [Float] in
        let length = Float(max(1, labels.count)).squareRoot()
        return (0..<3).map { labels.contains($0) ? 1 / length : -0.1 }
      }, width: 3, labels: labels, isMultiLabel: true,
      isSuggested: suggested ?? labels.map { _ in false },
      suggestions: said ?? labels.map { _ in nil }, anchors: anchors)
  }

  @Test("Names alone rank the labels of a text, and answers place their combinations")
  func evidenceHead() throws {
    let names = try EvidenceHead().fit(Self.evidence([]))
    #expect(names.isMultiLabel)
    for label in 0..<3 {
      let row = names.probabilities(Self.anchors[label * 3..<label * 3 + 3])
      #expect(row.mostProbable == label && row[label] > 0.5)
    }
    let combinations = (0..<40).map { i in [[0], [1], [0, 1], [2], []][i % 5] }
    let head = try EvidenceHead().fit(Self.evidence(combinations))
    let both = head.probabilities([0.7, 0.7, -0.1] as [Float])
    let none = head.probabilities([-0.1, -0.1, -0.1] as [Float])
    #expect(both[0] > 0.5 && both[1] > 0.5 && both[2] < 0.5)
    #expect(none.allSatisfy { $0 < 0.5 })
  }

  @Test("An agent is believed label by label")
  func reliability() throws {
    // It never sees label 1, and is right about label 0.
    let labels = (0..<200).map { i in i % 2 == 0 ? [0, 1] : [2] }
    let said = labels.map { $0 == [0, 1] ? [0] : [2] }
    let known = Self.evidence(labels, said: said)
    #expect(known.reliability(of: 0).accuracy > 0.95)
    #expect(known.reliability(of: 1).accuracy < 0.6)
    // So a suggestion without label 1 says little against it.
    let unknown = known.reliability(of: 1).probabilities[1]
    #expect(unknown > 0.4)
    let trusted = known.reliability(of: 0).probabilities[1]
    #expect(trusted < 0.1)
  }

  @Test("Each record's fold is dealt by its set of labels, and predicts all labels")
  func crossValidation() throws {
    let labels = (0..<50).map { i in [[0], [1], [0, 1], [2], []][i % 5] }
    let known = Self.evidence(labels)
    let validation = try #require(try EvidenceHead().crossValidation(known, folds: 5, seed: 1))
    #expect(validation.folds == 5)
    #expect(validation.probabilities.allSatisfy { $0.count == 3 })
    let thresholds = Thresholds.best(probabilities: validation.probabilities, actual: labels)
    let predicted = validation.probabilities.map { row in
      row.indices.filter { row[$0] >= thresholds[$0] }
    }
    #expect(
      Evaluation(labels: ["a", "b", "c"], actual: labels, predicted: predicted).microF1 > 0.9)
    // Without names too: no label needs a record in every fold.
    var plain = EvidenceHead()
    plain.usesAnchors = false
    #expect(try plain.crossValidation(known, folds: 5, seed: 1) != nil)
  }

  // MARK: From files

  private func lines(_ rows: [(String, [String])]) -> String {
    rows.map { text, labels in
      "{\"text\": \"\(text)\", \"labels\": [\(labels.map { "\"\($0)\"" }.joined(separator: ", "))]}\n"
    }.joined()
  }

  @Test("A file has 'label' or 'labels', says where it departs, and the two files agree")
  func files() throws {
    let scratch = try Scratch()
    func problem(_ text: String) throws -> String {
      let file = try scratch.file("train.jsonl", text)
      let error = #expect(throws: (any Error).self) { try LabelledTexts(jsonLines: file) }
      return "\(try #require(error))"
    }
    let one = "{\"text\": \"x\", \"label\": \"a\"}\n"
    let several = "{\"text\": \"x\", \"labels\": [\"a\", \"b\"]}\n"
    #expect(
      try problem(one + several).contains(":2: has 'labels' where line 1 has 'label'"))
    #expect(
      try problem(several + "\n" + one).contains(":3: has 'label' where line 1 has 'labels'"))
    #expect(
      try problem("{\"text\": \"x\", \"labels\": [\"a\", \" \"]}\n").contains(
        ":1: has an empty 'labels'"))
    #expect(
      try problem("{\"text\": \"x\", \"labels\": [\"a\", \"a\"]}\n").contains("has a label twice"))
    #expect(try problem("{\"text\": \"x\"}\n").contains(":1: has no 'label'"))

    let texts = try LabelledTexts(
      jsonLines: scratch.file(
        "good.jsonl",
        several + "{\"text\": \"y\", \"labels\": []}\n"
          + "{\"text\": \"z\", \"suggestions\": [{\"agent\": \"l\", \"labels\": [\"b\"]}]}\n"))
    #expect(texts.isMultiLabel && texts.labels == [["a", "b"], [], nil])
    #expect(texts.suggestions == [nil, nil, ["b"]])

    let fit = LocalFit(
      train: try scratch.file("several.jsonl", several), test: try scratch.file("one.jsonl", one),
      encoder: scratch.url)
    let error = #expect(throws: (any Error).self) { try fit.run() }
    #expect("\(try #require(error))".contains("has 'label' where"))
  }

  @Test(
    "A real encoder tells topics that go together, and the model's folder says the same again",
    .enabled(if: LocalFitTests.hasEncoders))
  func realEncoder() throws {
    let scratch = try Scratch()
    let topics = LocalFitTests.topics
    let names = topics.keys.sorted()
    func rows(_ places: Range<Int>) -> [(String, [String])] {
      places.flatMap { place -> [(String, [String])] in
        names.indices.flatMap { first -> [(String, [String])] in
          let (a, b) = (names[first], names[(first + 1) % names.count])
          return [
            (topics[a]![place], [a]),
            ("\(topics[a]![place]) \(topics[b]![place])", [a, b]),
          ]
        }
      } + [("The contract was signed on page \(places.lowerBound).", [])]
    }
    let output = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    let test = try scratch.file("test.jsonl", lines(rows(4..<6)))
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", lines(rows(0..<4))), test: test,
      encoder: LocalFitTests.encoder!, output: output)
    let report = try fit.run()
    #expect(report.labels == names && report.trainRecords == 25 && report.testRecords == 13)
    #expect(report.steps == 0 && report.confusion == nil)
    #expect(try #require(report.microF1) > 0.8)
    let evaluation = try #require(report.evaluation)
    #expect(evaluation.microF1 == report.microF1 && evaluation.calibration == nil)
    #expect(
      evaluation.macroF1Low <= evaluation.macroF1 && evaluation.macroF1 <= evaluation.macroF1High)
    let thresholds = names.map { report.perLabel?[$0]?.threshold }
    #expect(thresholds.allSatisfy { $0 != nil && $0 != 0.5 })
    #expect(report.crossValidation?.evaluation.microF1 != nil)

    let classifier = try LocalClassifier(folder: output)
    #expect(classifier.head.thresholds == thresholds.map { $0! })
    let held = try LabelledTexts(jsonLines: test)
    let actual = try held.indices(in: names, file: test).map { $0! }
    let predicted = try classifier.probabilities(held.texts).map(classifier.head.chosen)
    #expect(
      Evaluation(labels: names, actual: actual, predicted: predicted).microF1 == report.microF1)
    let precisions = try #require(try ModelManifest(directory: output).precisions)
    #expect(precisions.allSatisfy { $0.texts == 13 && $0.cosine > 0.99 })

    var written = Data()
    try LocalPrediction(classifier).run(
      JSONLines(
        Data("{\"id\": \"1\", \"text\": \"\(rows(5..<6)[1].0)\"}\n".utf8), name: "standard input",
        shape: LocalPrediction.shape)
    ) { written += $0 }
    let line = try #require(try JSONSerialization.jsonObject(with: written) as? [String: Any])
    #expect(line.keys.sorted() == ["id", "labels", "scores"])
    #expect(line["labels"] as? [String] == predicted[7].map { names[$0] })

    let card = try String(contentsOf: output.appending(path: "README.md"), encoding: .utf8)
    for words in ["| label | description | records | threshold |", "subset accuracy", "micro F1"] {
      #expect(card.contains(words), "\(words)")
    }
    #expect(!card.contains("temperature") && !card.contains("confusion.svg"))

    // The same again, to the bit; and SetFit's way, which tunes the body and cuts at one half.
    let again = scratch.url.appending(path: "again", directoryHint: .isDirectory)
    fit.output = again
    _ = try fit.run()
    for file in ["model.safetensors", "head.safetensors", "README.md"] {
      #expect(
        try Data(contentsOf: output.appending(path: file))
          == Data(contentsOf: again.appending(path: file)))
    }
    fit.output = nil
    fit.recipe = Recipe(.setfit)
    fit.recipe.maxSteps = 4
    let setfit = try fit.run()
    #expect(setfit.steps == 4 && setfit.perLabel?.values.allSatisfy { $0.threshold == 0.5 } == true)
    #expect(setfit.crossValidation != nil)
  }

  @Test(
    "Suggested labels teach where nobody has answered",
    .enabled(if: LocalFitTests.hasEncoders))
  func suggestions() throws {
    let scratch = try Scratch()
    let names = LocalFitTests.topics.keys.sorted()
    let rest = names.flatMap { name in
      LocalFitTests.topics[name]![1..<5].map {
        "{\"text\": \"\($0)\", \"suggestions\": [{\"labels\": [\"\(name)\"]}]}\n"
      }
    }.joined()
    let answers = lines(names.map { (LocalFitTests.topics[$0]![0], [$0]) })
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", answers + rest),
      test: try scratch.file(
        "test.jsonl", lines(names.map { (LocalFitTests.topics[$0]![5], [$0]) })),
      encoder: LocalFitTests.encoder!)
    fit.recipe.suggestions = .always(by: nil)
    let taught = try fit.run()
    #expect(taught.trainRecords == 15)
    #expect(try #require(taught.microF1) > 0.6)
    #expect(taught.crossValidation?.suggestions?.used == true)
    fit.recipe.suggestions = nil
    #expect(try fit.run().trainRecords == 3)
    // Without a single answer.
    fit.train = try scratch.file("rest.jsonl", rest)
    fit.recipe.suggestions = .ifTheyHelp(by: nil)
    #expect(try fit.run().trainRecords == 12)
  }
}
