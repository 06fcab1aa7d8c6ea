import Foundation
import HTTP
import LabellerServer
import Schema
import Synchronization
import TestSupport
import Testing

/// Time that passes only when somebody sleeps.
final class TestClock: Sendable {
  private let state = Mutex((now: 1_000_000.0, slept: [Double]()))

  var slept: [Double] { state.withLock(\.slept) }

  var pace: Pace {
    Pace(
      now: { self.state.withLock(\.now) },
      sleep: { duration in
        try Task.checkCancellation()
        self.state.withLock {
          $0.now += duration / .seconds(1)
          $0.slept.append(duration / .seconds(1))
        }
      },
      jitter: { 0 })
  }
}

func reviews(template: String? = nil, guidelines: String = "") throws -> Dataset {
  try Dataset(
    name: Name("reviews"), guidelines: guidelines, fields: [TextField(name: "text")],
    question: Question(
      title: "What does the writer think?",
      labels: [
        Label(name: "positive", description: "Praise."), Label(name: "neutral"),
        Label(name: "negative", description: "Complaint."),
      ]), promptTemplate: template)
}

func record(_ id: Int64 = 1, _ text: String = "The fan died after two days.") -> Record {
  Record(id: id, externalID: "r\(id)", fields: ["text": text])
}

/// An agent in front of a server that follows the script, with time that does not pass by itself.
struct Rig {
  let server: ReplayServer
  let clock = TestClock()
  let client: ChatClient

  init(
    key: String? = nil, timeout: Duration = .seconds(20), _ script: @escaping ReplayServer.Script
  ) throws {
    server = try ReplayServer(script)
    client = ChatClient(
      try ChatEndpoint(
        url: server.url + "/v1/", model: "test-model", key: key, timeout: timeout),
      http: HTTPClient(), pace: clock.pace)
  }

  func judge(_ record: Record = record(), dataset: Dataset? = nil) async throws -> Verdict {
    defer { server.stop() }
    let agent = LLMAgent(client)
    let prepared = try agent.prepare(try dataset ?? reviews(), shots: .none)
    return try await prepared.judge([record])[0]
  }
}

@Suite struct LLMAgentTests {
  @Test func asksWithSchemaTemperatureAndLogprobsAndScoresTheLabel() async throws {
    let rig = try Rig(key: "key-1") { _ in .recordedNegative }
    let verdict = try await rig.judge()
    #expect(verdict.suggestion.agent == "test-model")
    #expect(verdict.suggestion.label == "negative")
    // "negative", "Negative" and "neg" against those, "neutral" and "positive".
    let score = try #require(verdict.suggestion.score)
    let mine = exp(-0.13409653) + exp(-3.93405581) + exp(-4.78004885)
    let others = exp(-2.72850275) + exp(-3.96849108)
    #expect(abs(score - mine / (mine + others)) < 1e-9)

    let request = try #require(rig.server.requests.first)
    #expect(rig.server.requests.count == 1)
    #expect(request.path == "/v1/chat/completions")
    #expect(request.headers["authorization"] == "Bearer key-1")
    let body = request.json
    #expect(body["model"] as? String == "test-model")
    #expect(body["temperature"] as? Int == 0)
    #expect(body["logprobs"] as? Bool == true)
    #expect(body["top_logprobs"] as? Int == 20)
    #expect(body["max_tokens"] as? Int == 256)
    let format = try #require(body["response_format"] as? [String: Any])
    #expect(format["type"] as? String == "json_schema")
    let schema = (format["json_schema"] as? [String: Any])?["schema"] as? [String: Any]
    let label = (schema?["properties"] as? [String: Any])?["label"] as? [String: Any]
    #expect(label?["enum"] as? [String] == ["positive", "neutral", "negative"])
    #expect(schema?["additionalProperties"] as? Bool == false)
  }

  @Test func findsTheDialectOnceAndRemembersIt() async throws {
    let rig = try Rig { request in
      let format = request.json["response_format"] as? [String: Any]
      return format?["type"] as? String == "json_object"
        ? .recordedNegative : .llamaRejectsJSONSchema
    }
    defer { rig.server.stop() }
    let prepared = try LLMAgent(rig.client).prepare(reviews(), shots: .none)
    try await withThrowingTaskGroup(of: Verdict.self) { group in
      for id in 1...10 { group.addTask { try await prepared.judge([record(Int64(id))])[0] } }
      for try await verdict in group { #expect(verdict.suggestion.label == "negative") }
    }
    #expect(rig.server.requests.count == 11)
    let format = rig.server.requests[1].json["response_format"] as? [String: Any]
    #expect((format?["schema"] as? [String: Any])?["type"] as? String == "object")
    #expect(rig.clock.slept.isEmpty)
  }

  @Test func fallsBackToThePromptAlone() async throws {
    let rig = try Rig { request in
      if request.json["response_format"] != nil {
        return .error(400, "response_format is not supported")
      }
      if request.json["logprobs"] != nil { return .error(422, "extra field: logprobs") }
      return .chat("Sure! Here it is:\n```json\n{\"label\": \"neutral\"}\n```")
    }
    let verdict = try await rig.judge()
    #expect(verdict.suggestion.label == "neutral")
    #expect(verdict.suggestion.score == nil)
    // schema, object, none, then 5 rivals instead of 20, then no log-probabilities.
    #expect(rig.server.requests.count == 5)
  }

  @Test func adaptsToReasoningModels() async throws {
    let rig = try Rig { request in
      if request.json["max_tokens"] != nil {
        return .error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.")
      }
      if request.json["temperature"] != nil { return .error(400, "'temperature' is fixed to 1.") }
      return .label("positive")
    }
    #expect(try await rig.judge().suggestion.label == "positive")
    #expect(rig.server.requests.count == 3)
    #expect(rig.server.requests[2].json["max_completion_tokens"] as? Int == 256)
  }

  @Test func aSilentRejectionOfLogprobsKeepsTheSchema() async throws {
    let rig = try Rig { request in
      request.json["logprobs"] == nil ? .label("positive") : .error(400, "bad request")
    }
    #expect(try await rig.judge().suggestion.label == "positive")
    let last = try #require(rig.server.requests.last?.json)
    #expect((last["response_format"] as? [String: Any])?["type"] as? String == "json_schema")
  }

  @Test func waitsAsLongAsRetryAfterSays() async throws {
    for (header, wait) in [("7", 7.0), ("Mon, 12 Jan 1970 13:46:49 GMT", 9.0)] {
      let rig = try Rig { request in
        request.index == 0
          ? .error(429, headers: ["Retry-After": header], "slow down") : .label("positive")
      }
      #expect(try await rig.judge().suggestion.label == "positive")
      #expect(rig.clock.slept == [wait])
      #expect(rig.server.requests.count == 2)
    }
  }

  @Test func aPauseOfHoursEndsTheJob() async throws {
    let rig = try Rig { _ in .error(429, headers: ["Retry-After": "7200"], "daily limit") }
    await #expect {
      try await rig.judge()
    } throws: {
      ($0 as? AgentError)?.message.contains("not to be called for 7200 s") == true
    }
  }

  @Test func backsOffExponentiallyAndGivesUpAfterFiveTries() async throws {
    let rig = try Rig { _ in .error(500, "overloaded") }
    let verdict = try await rig.judge()
    #expect(rig.server.requests.count == 5)
    #expect(rig.clock.slept == [0.25, 0.5, 1, 2])
    #expect(verdict.isOutage)
    #expect(verdict.failure?.kind == .provider)
    #expect(verdict.failure?.detail == "the LLM answered HTTP 500")
  }

  @Test func recoversFromErrorsResetsAndBrokenBodies() async throws {
    let rig = try Rig { request in
      switch request.index {
      case 0: .error(503, "loading")
      case 1: .reset
      case 2: .cut(200, body: Array("{\"choices\": [".utf8), sent: 5)
      case 3: .text(200, "{\"error\": {\"message\": \"upstream\", \"code\": 502}}")
      default: .label("neutral")
      }
    }
    #expect(try await rig.judge().suggestion.label == "neutral")
    #expect(rig.server.requests.count == 5)
  }

  @Test func aHangIsATimeoutFailure() async throws {
    let rig = try Rig(timeout: .milliseconds(700)) { _ in .hang }
    let verdict = try await rig.judge()
    #expect(verdict.failure?.kind == .timeout)
    #expect(verdict.failure?.detail == "no answer from the LLM within 0.7 s, 5 times in a row")
    #expect(rig.server.requests.count == 5)
  }

  @Test func aPromptLargerThanAnyModelReadsIsNotSent() async throws {
    let rig = try Rig { _ in .label("positive") }
    let verdict = try await rig.judge(record(1, String(repeating: "Very good. ", count: 100_000)))
    #expect(verdict.failure?.kind == .provider)
    #expect(verdict.failure?.detail.contains("larger than 1 MiB") == true)
    #expect(!verdict.isOutage && rig.server.requests.isEmpty)
  }

  @Test func aHugeBodyIsNotReadToItsEnd() async throws {
    let rig = try Rig { _ in .flood(bytes: 50 << 20) }
    let verdict = try await rig.judge()
    #expect(verdict.failure?.kind == .provider)
    #expect(rig.server.requests.count == 1)
  }

  @Test(
    arguments: [
      (ReplayServer.Reply.chat("{\"label\": \"posi", finish: "length"), .unparsable),
      (.chat("I cannot say."), .unparsable), (.chat("{\"label\": 3}"), .unparsable),
      (.chat("{\"sentiment\": \"positive\"}"), .unparsable), (.label("ecstatic"), .unknownLabel),
      (.chat(""), .empty), (.chat(nil), .empty), (.chat(nil, refusal: "I must not."), .empty),
    ] as [(ReplayServer.Reply, Suggestion.Failure.Kind)])
  func anUnusableReplyIsAskedForAgainOnceThenKeptAsAFailure(
    reply: ReplayServer.Reply, kind: Suggestion.Failure.Kind
  ) async throws {
    let rig = try Rig { _ in reply }
    let verdict = try await rig.judge()
    #expect(verdict.failure?.kind == kind)
    #expect(!verdict.isOutage)
    #expect(rig.server.requests.count == 2)
    let again = Rig.cured(reply)
    #expect(try await again.judge().suggestion.label == "negative")
    #expect(again.server.requests[0].text != again.server.requests[1].text)
  }

  @Test func aCutReplyGetsMoreRoom() async throws {
    let rig = try Rig { request in
      request.json["max_tokens"] as? Int == 256
        ? .chat("<think>Let me see", finish: "length") : .label("positive")
    }
    #expect(try await rig.judge().suggestion.label == "positive")
    #expect(rig.server.requests[1].json["max_tokens"] as? Int == 512)
  }

  @Test(arguments: [
    (401, "refused the key (HTTP 401, invalid_api_key); check LAUTER_LLM_API_KEY"),
    (403, "may use the model 'test-model'"), (404, "check --llm-url, which usually ends in /v1"),
    (402, "check your account"), (302, "redirects elsewhere"),
  ])
  func whatNoRetryCanCureEndsTheJobAtOnce(status: Int, words: String) async throws {
    let rig = try Rig(key: "sk-secret") { _ in
      .error(status, "Incorrect API key provided: sk-secret", code: "invalid_api_key")
    }
    await #expect {
      try await rig.judge()
    } throws: { error in
      let message = (error as? AgentError)?.message ?? ""
      return message.contains(words) && !message.contains("sk-secret")
    }
    #expect(rig.server.requests.count == 1)
  }

  @Test func anErrorsWordsNeverReachTheFailure() async throws {
    let rig = try Rig { _ in
      .error(400, "context length exceeded by: The fan died", code: "context_length_exceeded")
    }
    let verdict = try await rig.judge()
    #expect(verdict.failure?.detail == "the prompt is too long for the model")
    #expect(rig.server.requests.count == 1)
  }

  @Test func cancellationIsNoFailureOfTheRecord() async throws {
    let rig = try Rig { _ in .hang }
    let task = Task { try await rig.judge() }
    while rig.server.requests.isEmpty { await Task.yield() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func settingsThatCannotWorkAreRefused() {
    for (url, model, key) in [
      ("127.0.0.1:8080", "m", nil), ("http://x/v1", "", nil), ("http://x/v1", "m", "a b"),
    ] as [(String, String, String?)] {
      #expect(throws: AgentError.self) { try ChatEndpoint(url: url, model: model, key: key) }
    }
  }
}

extension Rig {
  /// A server that gives the reply first, and a good one when asked again.
  static func cured(_ reply: ReplayServer.Reply) -> Rig {
    guard let rig = try? Rig({ $0.index == 0 ? reply : .label("negative") }) else {
      preconditionFailure("a socket on loopback")
    }
    return rig
  }
}

extension Verdict {
  var failure: Suggestion.Failure? {
    if case .failure(let failure) = suggestion.outcome { failure } else { nil }
  }
}
