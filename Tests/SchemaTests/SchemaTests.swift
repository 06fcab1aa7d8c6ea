import Schema
import Testing

@Suite struct NameTests {
  @Test(arguments: ["a", "pc-reviews", "0.1_x", String(repeating: "a", count: 63)])
  func accepts(_ text: String) throws {
    #expect(try Name(text).description == text)
  }

  @Test(arguments: [
    "", "A", "-a", "../a", "a/b", "a b", "a\0", "é", "%2e", ".a", String(repeating: "a", count: 64),
  ])
  func refuses(_ text: String) {
    #expect(throws: SchemaError.self) { try Name(text) }
  }
}

@Suite struct DatasetTests {
  let labels = [Label(name: "good"), Label(name: "bad")]

  @Test func refusesTheSameLabelTwice() {
    let error = #expect(throws: SchemaError.self) {
      try Question(labels: labels + [Label(name: "good")])
    }
    #expect(error?.description == "labels: the label 'good' is there twice")
  }

  @Test func refusesASingleLabel() {
    let error = #expect(throws: SchemaError.self) { try Question(labels: [Label(name: "good")]) }
    #expect(
      error?.description == "labels: a question needs at least two labels, and there is 1")
  }

  @Test func labelsAreComparedAsBytes() throws {
    let question = try Question(labels: [Label(name: "caf\u{e9}"), Label(name: "cafe\u{301}")])
    #expect(try question.index(of: "cafe\u{301}") == 1)
  }

  @Test func anUnknownLabelIsAnsweredWithTheKnownOnes() throws {
    let question = try Question(labels: labels)
    let error = #expect(throws: SchemaError.self) { try question.index(of: "god") }
    #expect(error?.description == "label: unknown label 'god'; the labels are 'good', 'bad'")
  }
}

@Suite struct RecordTests {
  @Test(
    arguments: [
      ([], .pending), ([.draft], .pending), ([.discarded], .discarded),
      ([.discarded, .draft], .pending), ([.discarded, .submitted], .completed),
    ] as [([ResponseStatus], RecordStatus)])
  func statusFollowsResponses(_ responses: [ResponseStatus], _ expected: RecordStatus) {
    #expect(RecordStatus(responses: responses) == expected)
  }

  @Test func theSettledLabelIsTheMajorityThenTheLatest() {
    var record = Record(id: 1, externalID: "a", fields: ["text": "x"])
    #expect(record.settledLabel == nil)
    record.responses = [
      Response(user: "a", label: "good", status: .submitted),
      Response(user: "b", label: "bad", status: .submitted),
      Response(user: "c", label: nil, status: .discarded),
    ]
    #expect(record.settledLabel == "bad")
    record.responses.append(Response(user: "d", label: "good", status: .submitted))
    #expect(record.settledLabel == "good")
  }
}

@Suite struct EvaluationTests {
  let evaluation = Evaluation(
    labels: ["a", "b", "c"], actual: [0, 0, 0, 1, 1, 2], predicted: [0, 0, 1, 1, 1, 0])

  @Test func countsAndRatios() {
    #expect(evaluation.confusion == [2, 1, 0, 0, 2, 0, 1, 0, 0])
    #expect(evaluation.correct == 4)
    #expect(evaluation.precision(0) == 2.0 / 3)
    #expect(evaluation.recall(1) == 1)
    #expect(evaluation.f1(2) == 0)
    #expect(abs(evaluation.macroF1 - (2.0 / 3 + 0.8 + 0) / 3) < 1e-12)
  }

  /// scikit-learn's `f1_score(["a", "a", "b"], ["a", "b", "b"], average="macro")`, whatever other labels there are.
  @Test func macroF1IsOfLabelsThatOccur() {
    let some = Evaluation(labels: ["x", "a", "b", "y"], actual: [1, 1, 2], predicted: [1, 2, 2])
    #expect(abs(some.macroF1 - 2.0 / 3) < 1e-12)
    #expect(Evaluation(labels: ["a", "b"], actual: [0], predicted: [1]).macroF1 == 0)
    #expect(Evaluation(labels: ["a", "b"], actual: [Int](), predicted: []).macroF1 == 0)
  }

  /// The measures are scikit-learn's `accuracy_score` and `f1_score` of the same label matrices.
  @Test func severalLabels() {
    let several = Evaluation(
      labels: ["a", "b", "c"], actual: [[0, 1], [], [1], [0, 2], [2]],
      predicted: [[0, 1], [1], [1], [0], []])
    #expect(several.isMultiLabel && several.confusion.isEmpty && !evaluation.isMultiLabel)
    #expect(several.records == 5 && several.correct == 2 && several.accuracy == 0.4)
    #expect(several.precision(1) == 2.0 / 3 && several.recall(1) == 1 && several.support(2) == 2)
    #expect(abs(several.microF1 - 8.0 / 11) < 1e-12)
    #expect(abs(several.macroF1 - (1 + 0.8 + 0) / 3) < 1e-12)
    let absent = Evaluation(labels: ["a", "b", "c"], actual: [[0], [1]], predicted: [[0], [1]])
    #expect(abs(absent.macroF1 - 2.0 / 3) < 1e-12)
    let nothing = Evaluation(labels: ["a", "b"], actual: [[], []], predicted: [[], []])
    #expect(nothing.accuracy == 1 && nothing.microF1 == 0)
  }

  @Test func oneLabelEachIsTheSameEitherWay() {
    let sets = Evaluation(
      labels: ["a", "b", "c"], actual: [[0], [0], [0], [1], [1], [2]],
      predicted: [[0], [0], [1], [1], [1], [0]])
    #expect(sets.accuracy == evaluation.accuracy && sets.macroF1 == evaluation.macroF1)
    #expect(sets.microF1 == evaluation.accuracy && evaluation.microF1 == evaluation.accuracy)
  }

  /// By Wilson's formula (1927), worked out by hand.
  @Test func wilsonInterval() {
    let interval = Evaluation.wilson(correct: 98, of: 122)
    #expect(abs(interval.lowerBound - 0.7238) < 5e-4)
    #expect(abs(interval.upperBound - 0.8642) < 5e-4)
    #expect(Evaluation.wilson(correct: 0, of: 0) == 0...1)
  }
}
