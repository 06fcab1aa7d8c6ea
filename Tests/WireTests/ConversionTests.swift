import RPC
import Schema
import Testing
import Wire

struct ConversionTests {
  static let dataset = try! Dataset(
    name: Name("mails"), guidelines: "Read it.",
    fields: [TextField(name: "subject", optional: true), TextField(name: "body", title: "Body")],
    question: Question(
      name: "topic", title: "What about?",
      labels: [Label(name: "billing", description: "Money"), Label(name: "other")]),
    promptTemplate: "{{ body }}")

  static let record = Record(
    id: 7, externalID: "m-7", fields: ["body": "text", "subject": ""],
    metadata: ["lang": .text("de"), "size": .number(1.5), "spam": .flag(false)], split: .test,
    status: .completed,
    suggestions: [
      Suggestion(agent: "llm", outcome: .label("billing"), score: 0.75),
      Suggestion(agent: "other", outcome: .failure(.init(kind: .unknownLabel, detail: "'x'"))),
    ],
    responses: [
      Response(user: "ann", label: "other", status: .submitted),
      Response(user: "bob", label: nil, status: .discarded),
      Response(user: "cid", label: "billing", status: .draft),
      Response(user: "dee", label: nil, status: .draft),
    ])

  // MARK: There and back, over the wire

  @Test func datasetComesBack() throws {
    let message = StoreV1.Dataset(Self.dataset, createTimeMs: 5, counts: .init(records: 3))
    let received = try StoreV1.Dataset(bytes: bytes(of: message))
    #expect(received == message)
    #expect(received.createTimeMs == 5 && received.counts?.records == 3)
    #expect(try Dataset(received) == Self.dataset)
  }

  @Test func recordComesBack() throws {
    let message = StoreV1.Record(Self.record, createTimeMs: 9)
    #expect(message.suggestions.map(\.recordId) == [7, 7])
    #expect(message.responses.map(\.recordId) == [7, 7, 7, 7])
    #expect(try Record(StoreV1.Record(bytes: bytes(of: message))) == Self.record)
  }

  @Test func importRecordComesBack() throws {
    var expected = Self.record
    expected.id = 0
    let message = StoreV1.ImportRecord(Self.record, line: 12)
    #expect(message.line == 12)
    #expect(try Record(StoreV1.ImportRecord(bytes: bytes(of: message))) == expected)
  }

  @Test func enumsComeBack() throws {
    for split in Split.allCases { #expect(try Split(StoreV1.Split(split)) == split) }
    for status in RecordStatus.allCases {
      #expect(try RecordStatus(StoreV1.RecordStatus(status)) == status)
    }
    for status in ResponseStatus.allCases {
      #expect(try ResponseStatus(StoreV1.ResponseStatus(status)) == status)
    }
    for kind in Suggestion.Failure.Kind.allCases {
      #expect(try Suggestion.Failure.Kind(StoreV1.SuggestionFailureKind(kind)) == kind)
    }
  }

  @Test func evaluationComesBackWithItsMeasures() throws {
    let evaluation = Evaluation(
      labels: ["a", "b"], actual: [0, 0, 0, 1, 1], predicted: [0, 0, 1, 1, 1])
    let message = StoreV1.Evaluation(evaluation, split: .validation)
    #expect(message.split == .validation)
    #expect(message.records == 5)
    #expect(message.accuracy == 0.8)
    // Wilson (1927) for 4 of 5 at 95%.
    #expect(abs(message.accuracyLow - 0.375535) < 1e-6)
    #expect(abs(message.accuracyHigh - 0.963776) < 1e-6)
    #expect(message.labels.map(\.support) == [3, 2])
    #expect(message.labels.map(\.precision) == [1, 2 / 3.0])
    #expect(message.labels.map(\.recall) == [2 / 3.0, 1])
    #expect(message.confusion == [2, 1, 0, 2])
    #expect(try Evaluation(message) == evaluation)
  }

  @Test func aFilterMayLeaveThingsOpen() throws {
    #expect(try StoreV1.Split.unspecified.value() == nil)
    #expect(try StoreV1.Split.test.value() == .test)
    #expect(try StoreV1.RecordStatus.unspecified.value() == nil)
    #expect(try StoreV1.RecordStatus.discarded.value() == .discarded)
    #expect(throws: RPCError.self) { try StoreV1.Split.unrecognized(9).value() }
  }

  @Test func anImportWithoutASplitIsForTraining() throws {
    let record = try Record(StoreV1.ImportRecord(fields: ["body": "x"]))
    #expect(record.split == .train)
    #expect(record.status == .pending)
  }

  // MARK: Refusals name the field

  @Test func datasetRefusals() {
    let good = StoreV1.Dataset(Self.dataset)
    expect("name: a name is needed") { try Dataset(edit(good) { $0.name = "" }) }
    expect("question: a data set needs a question with its labels") {
      try Dataset(edit(good) { $0.question = nil })
    }
    expect("question.kind: none is given; it is label") {
      try Dataset(edit(good) { $0.question?.kind = .unspecified })
    }
    expect("question.labels: the label 'other' is there twice") {
      try Dataset(edit(good) { $0.question?.labels.append(.init(name: "other")) })
    }
    expect("fields: a data set needs at least one text field") {
      try Dataset(edit(good) { $0.fields = [] })
    }
  }

  @Test func recordRefusals() {
    let good = StoreV1.Record(Self.record)
    expect("split: none is given; it is one of train, validation and test") {
      try Record(edit(good) { $0.split = .unspecified })
    }
    expect("status: 9 is not a value this version knows; are client and server of one version?") {
      try Record(edit(good) { $0.status = .unrecognized(9) })
    }
    expect("metadata.lang: no value is given; it is a text, a number or a flag") {
      try Record(edit(good) { $0.metadata["lang"] = .init() })
    }
    expect("metadata.size: a number must be finite") {
      try Record(edit(good) { $0.metadata["size"] = .init(kind: .number(.nan)) })
    }
    expect("suggestions[0].score: a score lies in [0, 1], not at 1.5") {
      try Record(edit(good) { $0.suggestions[0].score = 1.5 })
    }
    expect("suggestions[0].agent: an agent's name has 1 to 200 bytes, not 0") {
      try Record(edit(good) { $0.suggestions[0].agent = "" })
    }
    expect("suggestions[1].outcome: none is given; it is one of label and failure") {
      try Record(edit(good) { $0.suggestions[1].outcome = nil })
    }
    expect("suggestions[0].label: an empty label; an agent that found none reports a failure") {
      try Record(edit(good) { $0.suggestions[0].outcome = .label("") })
    }
    expect(
      "suggestions[1].failure.kind: none is given; "
        + "it is one of unparsable, unknown_label, empty, provider and timeout"
    ) {
      try Record(edit(good) { $0.suggestions[1].outcome = .failure(.init()) })
    }
    expect("responses[0].label: a submitted response needs a label") {
      try Record(edit(good) { $0.responses[0].label = "" })
    }
    expect("responses[1].label: a discarded response has no label; submit it, or leave it out") {
      try Record(edit(good) { $0.responses[1].label = "billing" })
    }
    expect("responses[2].status: none is given; it is one of draft, submitted and discarded") {
      try Record(edit(good) { $0.responses[2].status = .unspecified })
    }
    expect("responses[3].user: a user's name has 1 to 200 bytes, not 201") {
      try Record(edit(good) { $0.responses[3].user = String(repeating: "u", count: 201) })
    }
  }

  @Test func anImportProblemSaysWhichFieldIsWrong() throws {
    var message = StoreV1.ImportRecord(Self.record, line: 3)
    message.suggestions[1].agent = ""
    let error = #expect(throws: SchemaError.self) { try Record(message) }
    let problem = StoreV1.ImportProblem(
      try #require(error), line: message.line, externalID: message.externalId)
    #expect(
      problem
        == .init(
          line: 3, externalId: "m-7", field: "suggestions[1].agent",
          message: "an agent's name has 1 to 200 bytes, not 0"))
  }

  @Test func evaluationRefusals() {
    expect("confusion: needs 1 × 1 counts, labels by labels, not 2") {
      try Evaluation(.init(labels: [.init(label: "a")], confusion: [1, 2]))
    }
    expect("confusion: the counts add up to more than 2^63 - 1") {
      try Evaluation(
        .init(labels: [.init(), .init()], confusion: [UInt64(Int.max), 1, 0, 0]))
    }
  }

  private func expect<T>(
    _ message: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
  ) {
    let error = #expect(throws: RPCError.self, sourceLocation: sourceLocation) { _ = try body() }
    #expect(error?.code == .invalidArgument, sourceLocation: sourceLocation)
    #expect(error?.message == message, sourceLocation: sourceLocation)
  }

  private func edit<T>(_ value: T, _ change: (inout T) -> Void) -> T {
    var value = value
    change(&value)
    return value
  }
}
