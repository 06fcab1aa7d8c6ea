import Foundation
import LabellerServer
import Schema
import Testing

@Suite struct ReplyTests {
  let labels = ["positive", "neutral", "negative"]

  func read(_ content: String) -> Reply { Reply(Completion(content: content), labels: labels) }

  @Test(arguments: [
    #"{"label": "neutral"}"#, #"{"label":"neutral","score":0.7,"why":{"a":[1,{"b":"}"}]}}"#,
    "```json\n{\"label\": \"neutral\"}\n```", #"The format is {x}. {"label": "neutral"} is right."#,
    #"{"label": "positive"} no, {"label": "neutral"}"#, #"{"result": {"label": "neutral"}}"#,
    #"{"label": "Neutral "}"#, #"{"label": "n\u0065utral"}"#, "neutral", " **Neutral**.\n",
    "\"neutral\"",
    #"<think>{"label": "positive"}?</think>{"label": "neutral"}"#, "<think>hm</think>\nneutral",
    #"{ broken {"label": "neutral"}"#, #"{"label": "joyful"} {"label": "neutral"}"#,
  ])
  func readsTheLabel(content: String) {
    guard case .label(1, let range, let isJSON) = read(content) else {
      Issue.record("\(read(content))")
      return
    }
    let slice = String(decoding: Array(content.utf8)[range], as: UTF8.self)
    #expect(slice.lowercased().hasPrefix("n"))
    #expect(isJSON == content.contains("{"))
  }

  @Test(arguments: [
    "positive or negative", "not positive", #"{"label": ["neutral"]}"#, #"{"label": null}"#,
    #"{"label": "neutral"#, "{\"label\": \"neu\ntral\"}", "{{{{{{", "\u{0}",
    String(repeating: "{\"a\":", count: 5000),
  ])
  func refusesWhatIsNoReply(content: String) {
    guard case .failure(let failure) = read(content) else {
      Issue.record("\(content.prefix(50)) was taken for a label")
      return
    }
    #expect(failure.kind == .unparsable)
  }

  @Test func labelsThatDifferInCaseAloneAreToldApart() {
    let completion = Completion(content: #"{"label": "us"}"#)
    guard case .label(1, _, _) = Reply(completion, labels: ["US", "us"]) else {
      Issue.record("not exact")
      return
    }
    guard case .failure = Reply(Completion(content: "Us"), labels: ["US", "us"]) else {
      Issue.record("a guess")
      return
    }
  }

  @Test func failuresQuoteNothing() {
    let secret = "the text of the record"
    for content in [secret, "{\"label\": \"\(secret)\"}"] {
      guard case .failure(let failure) = read(content) else { continue }
      #expect(!failure.detail.contains(secret))
    }
  }
}

@Suite struct LabelProbabilityTests {
  typealias Choice = TokenProbability.Choice

  func token(_ top: [(String, Double)]) -> TokenProbability {
    let choices = top.map { Choice(bytes: Array($0.0.utf8), probability: $0.1) }
    return TokenProbability(chosen: choices[0], top: choices)
  }

  func probability(_ tokens: [[(String, Double)]], _ label: Int, _ labels: [String]) -> Double? {
    let content = tokens.map { $0[0].0 }.joined()
    guard
      case .label(let index, let range, let isJSON) = Reply(
        Completion(content: content), labels: labels)
    else { return nil }
    #expect(index == label)
    return labelProbability(
      tokens.map(token), content: content, range: range, isJSON: isJSON, label: index,
      labels: labels)
  }

  @Test func isRenormalisedOverTheLabels() throws {
    // Before masking, most of the mass was on a token that is no label.
    let p = probability(
      [[("{\"label\": \"", 1)], [("yes", 0.1), ("maybe", 0.8), ("no", 0.05)], [("\"}", 1)]], 0,
      ["yes", "no"])
    #expect(abs(try #require(p) - 0.1 / 0.15) < 1e-12)
  }

  @Test func followsLabelsThatShareTheirFirstToken() throws {
    let p = probability(
      [
        [("{\"label\": \"", 1)], [("ne", 0.6), ("pos", 0.2)], [("utral", 0.3), ("gative", 0.9)],
        [("\"}", 1)],
      ], 1, ["positive", "neutral", "negative"])
    #expect(abs(try #require(p) - 0.75 * 0.25) < 1e-12)
  }

  @Test func theClosingQuoteDecidesBetweenALabelAndALongerOne() throws {
    let p = probability(
      [[("{\"label\":\"", 1)], [("neg", 0.5)], [("\"}", 0.8), ("ative", 0.2)]], 0,
      ["neg", "negative"])
    #expect(abs(try #require(p) - 0.8) < 1e-12)
  }

  @Test func tokensMayHoldMoreThanTheLabel() throws {
    let p = probability(
      [[("{\"label\":", 1)], [(" \"a", 0.3), (" \"b", 0.1), (" [", 0.6)], [("\"}", 1)]], 0,
      ["a", "b"])
    #expect(abs(try #require(p) - 0.75) < 1e-12)
    let whole = probability(
      [[("{\"label\":\"a\"}", 0.3), ("{\"label\":\"b\"}", 0.1)]], 0, ["a", "b"])
    #expect(abs(try #require(whole) - 0.75) < 1e-12)
  }

  @Test func countsTheReplysTokenWhereTheListLeavesItOut() throws {
    let tokens = [
      token([("{\"label\":\"", 1)]),
      TokenProbability(
        chosen: Choice(bytes: Array("b".utf8), probability: 0.01),
        top: [Choice(bytes: Array("a".utf8), probability: 0.09)]),
      token([("\"}", 1)]),
    ]
    let p = labelProbability(
      tokens, content: "{\"label\":\"b\"}", range: 10..<11, isJSON: true, label: 1,
      labels: ["a", "b"])
    #expect(abs(try #require(p) - 0.1) < 1e-12)
  }

  @Test func withoutRivalsItIsThatOfTheTokens() throws {
    let tokens = ["{\"label\":\"", "ne", "utral", "\"}"].map {
      TokenProbability(chosen: Choice(bytes: Array($0.utf8), probability: 0.5), top: [])
    }
    let p = labelProbability(
      tokens, content: "{\"label\":\"neutral\"}", range: 10..<17, isJSON: true, label: 1,
      labels: ["positive", "neutral"])
    // "ne", "utral" and the token with the closing quote.
    #expect(abs(try #require(p) - 0.125) < 1e-12)
  }

  @Test func aBareLabelHasAProbabilityToo() throws {
    let p = probability(
      [[("neutral", 0.2), ("positive", 0.2), ("The", 0.6)]], 1, ["positive", "neutral"])
    #expect(abs(try #require(p) - 0.5) < 1e-12)
  }

  @Test func tokensThatDoNotSpellTheContentGiveNone() {
    let p = labelProbability(
      [token([("something", 1)])], content: "{\"label\":\"a\"}", range: 10..<11, isJSON: true,
      label: 0, labels: ["a", "b"])
    #expect(p == nil)
  }
}

@Suite struct ZeroShotAgentTests {
  @Test func choosesTheNearestLabelAndScoresIt() async throws {
    // Two dimensions: texts about cats and about dogs.
    let agent = ZeroShotAgent { texts in
      texts.map { text in
        text.contains("cat") ? [3, 0] : text.contains("dog") ? [0, 0.5] : [1, 1]
      }
    }
    let dataset = try Dataset(
      name: Name("pets"), fields: [TextField(name: "text")],
      question: Question(labels: [
        Label(name: "cat", description: "a cat purrs"), Label(name: "dog"),
      ]))
    let prepared = try await agent.prepare(dataset, shots: .none)
    let verdicts = try await prepared.judge([record(1, "a dog"), record(2, "cat"), record(3, "?")])
    #expect(verdicts.map(\.suggestion.label) == ["dog", "cat", "cat"])
    #expect(
      verdicts.map(\.suggestion.agent) == [
        "encoder-zero-shot", "encoder-zero-shot", "encoder-zero-shot",
      ])
    let scores = verdicts.compactMap(\.suggestion.score)
    #expect(scores[0] > 0.99 && scores[1] == scores[0] && scores[2] == 0.5)
    #expect(agent.summary.contains("no LLM was asked"))
  }
}
