import Foundation
package import HTTP
import Synchronization

/// What an OpenAI-compatible server answered to one question.
package struct Completion: Sendable {
  package var content: String?
  package var isRefusal: Bool
  /// The server stopped it at the token limit.
  package var isCut: Bool
  /// Of the content, where the server reports them.
  package var tokens: [TokenProbability]

  package init(
    content: String?, isRefusal: Bool = false, isCut: Bool = false, tokens: [TokenProbability] = []
  ) {
    self.content = content
    self.isRefusal = isRefusal
    self.isCut = isCut
    self.tokens = tokens
  }
}

package struct ChatMessage: Sendable, Encodable {
  package enum Role: String, Sendable, Encodable { case user, assistant }
  package var role: Role
  package var content: String
}

/// Why a call gave no completion, after everything that retrying can do.
package enum ChatError: Error, Sendable, Hashable {
  /// No call can succeed: a wrong key, URL or model, a spent quota. Says what to do.
  case unusable(String)
  /// The server answers with errors, or not at all. `isOutage` where another record would fare no better.
  case provider(String, isOutage: Bool)
  case timeout(String)
}

/// Where the LLM is and how to ask it.
package struct ChatEndpoint: Sendable {
  /// Up to and including the version: `http://127.0.0.1:8080/v1`.
  package var url: String
  package var model: String
  package var key: String?
  package var timeout: Duration
  package var maxTokens: Int

  /// - Throws: `AgentError` that says which setting is wrong.
  package init(
    url: String, model: String, key: String? = nil, timeout: Duration = .seconds(60),
    maxTokens: Int = 256
  ) throws {
    var url = url
    while url.hasSuffix("/") { url.removeLast() }
    if url.hasSuffix("/chat/completions") { url.removeLast("/chat/completions".count) }
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw AgentError(
        "--llm-url needs the base URL of an OpenAI-compatible API, such as "
          + "http://127.0.0.1:8080/v1, and what was given does not start with http:// or https://")
    }
    guard !model.isEmpty, model.utf8.count <= 200 else {
      throw AgentError("--llm-model needs the model's name as the API knows it, 1 to 200 bytes")
    }
    if let key, key.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7f }) {
      throw AgentError("the LLM's API key has a space or a character that no key has")
    }
    self.url = url
    self.model = model
    self.key = key
    self.timeout = timeout
    self.maxTokens = maxTokens
  }
}

/// Time as the client sees it, so that tests need not wait.
package struct Pace: Sendable {
  /// Seconds since the Unix epoch.
  package var now: @Sendable () -> Double
  package var sleep: @Sendable (Duration) async throws -> Void
  /// In [0, 1).
  package var jitter: @Sendable () -> Double

  package init(
    now: @escaping @Sendable () -> Double,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    jitter: @escaping @Sendable () -> Double
  ) {
    self.now = now
    self.sleep = sleep
    self.jitter = jitter
  }

  package static let real = Pace(
    now: { Date().timeIntervalSince1970 }, sleep: { try await Task.sleep(for: $0) },
    jitter: { Double.random(in: 0..<1) })
}

/// Asks an OpenAI-compatible server, `POST /chat/completions`, in the dialect it turns out to speak.
///
/// 429, 5xx, timeouts and broken connections are retried with growing pauses; a `Retry-After` holds
/// back every call of this client, not only the one that was told.
package final class ChatClient: Sendable {
  package static let maximumTries = 5
  /// A provider that asks for a longer pause is not waited for: the job would hold its lease for hours.
  static let longestPause: Duration = .seconds(600)

  package let endpoint: ChatEndpoint
  private let http: HTTPClient
  private let pace: Pace
  private let gate = DialectGate()
  /// No call before this time, seconds since the epoch.
  private let notBefore = Mutex(0.0)

  package init(_ endpoint: ChatEndpoint, http: HTTPClient, pace: Pace = .real) {
    self.endpoint = endpoint
    self.http = http
    self.pace = pace
  }

  /// - Throws: `ChatError`, `CancellationError`.
  package func complete(
    _ messages: [ChatMessage], schema: ReplySchema, maxTokens: Int? = nil
  ) async throws -> Completion {
    let (known, isFirst) = await gate.enter()
    guard isFirst else { return try await send(messages, schema, known, maxTokens).get() }
    // The first call finds out the dialect, alone; the others wait for what it learns.
    var dialect = known
    do {
      while true {
        switch try await send(messages, schema, dialect, maxTokens, isProbing: true) {
        case .completion(let completion):
          await gate.leave(dialect, isSettled: true)
          return completion
        case .rejection(let status, let text):
          guard let next = dialect.next(after: text, status: status) else {
            throw rejected(status)
          }
          dialect = next
        }
      }
    } catch {
      await gate.leave(known, isSettled: false)
      throw error
    }
  }

  // MARK: One call, with its retries

  private enum Outcome {
    case completion(Completion)
    /// An answer that another dialect may cure. The text is for finding out which, never for people.
    case rejection(Int, String)

    func get() throws -> Completion {
      switch self {
      case .completion(let completion): return completion
      case .rejection(let status, _):
        throw ChatError.provider("the LLM rejected the request (HTTP \(status))", isOutage: false)
      }
    }
  }

  private func rejected(_ status: Int) -> ChatError {
    .provider("the LLM rejected the request in every dialect (HTTP \(status))", isOutage: false)
  }

  private func send(
    _ messages: [ChatMessage], _ schema: ReplySchema, _ dialect: Dialect, _ maxTokens: Int?,
    isProbing: Bool = false
  ) async throws -> Outcome {
    var headers: HTTPHeaders = ["Content-Type": "application/json", "Accept": "application/json"]
    if let key = endpoint.key { headers["Authorization"] = "Bearer \(key)" }
    let body = try JSONEncoder().encode(
      ChatRequest(
        model: endpoint.model, messages: messages, maxTokens: maxTokens ?? endpoint.maxTokens,
        schema: schema, dialect: dialect))
    let request = HTTPRequest(
      .post, endpoint.url + "/chat/completions", headers: headers, body: Array(body),
      timeout: endpoint.timeout, maximumResponseBytes: 4 << 20, redirects: .none)
    var failure = ChatError.provider("", isOutage: true)
    for attempt in 0..<Self.maximumTries {
      try await waitForTurn()
      var asked: Duration?
      do throws(HTTPErrorOrCancellation) {
        let response = try await answer(request)
        switch try judge(response, isProbing: isProbing) {
        case .outcome(let outcome): return outcome
        case .retry(let error): failure = error
        }
        asked = response.retryAfter(now: pace.now())
      } catch {
        switch error {
        case .cancellation: throw CancellationError()
        case .chat(let error): throw error
        case .http(let error):
          switch error.code {
          case .timeout:
            failure = .timeout(
              "no answer from the LLM within \(endpoint.timeout.inSeconds), "
                + "\(attempt + 1) times in a row")
          case .resolve, .connect, .connectionLost, .malformedResponse:
            failure = .provider(error.message, isOutage: true)
          case .tls, .invalidRequest, .redirect, .file, .status, .cancelled:
            throw ChatError.unusable("cannot use the LLM: \(error.message)")
          case .tooLarge:
            throw ChatError.provider(
              "the LLM's answer was larger than any answer should be", isOutage: false)
          }
        }
      }
      if attempt + 1 < Self.maximumTries { try await pause(asked, afterAttempt: attempt) }
    }
    throw failure
  }

  private enum HTTPErrorOrCancellation: Error {
    case http(HTTPError)
    case chat(ChatError)
    case cancellation
  }

  private func answer(
    _ request: HTTPRequest
  ) async throws(HTTPErrorOrCancellation) -> HTTPResponse {
    do {
      return try await http.send(request)
    } catch let error as HTTPError {
      throw error.code == .cancelled ? .cancellation : .http(error)
    } catch {
      throw .cancellation
    }
  }

  private enum Judgement {
    case outcome(Outcome)
    case retry(ChatError)
  }

  private func judge(
    _ response: HTTPResponse, isProbing: Bool
  ) throws(HTTPErrorOrCancellation) -> Judgement {
    let data = Data(response.body)
    let problem = ChatProblem(data)
    if response.status == 200 {
      if let reply = try? JSONDecoder().decode(ChatReply.self, from: data),
        let completion = reply.completion(data)
      {
        return .outcome(.completion(completion))
      }
      // Some gateways say 200 and put the error into the body.
      return .retry(
        .provider(
          problem.isError
            ? "the LLM answered with an error\(problem.label)"
            : "the LLM's answer is not that of an OpenAI-compatible API", isOutage: true))
    }
    let place = "the LLM at \(endpoint.url)"
    func unusable(_ text: String) -> HTTPErrorOrCancellation { .chat(.unusable(text)) }
    switch response.status {
    case 401, 403:
      throw unusable(
        "\(place) \(endpoint.key == nil ? "wants a key" : "refused the key") "
          + "(HTTP \(response.status)\(problem.label)); check LAUTER_LLM_API_KEY or "
          + "--llm-api-key-file, and that the key may use the model '\(endpoint.model)'")
    case 402:
      throw unusable("\(place) wants to be paid (HTTP 402\(problem.label)); check your account")
    case 404, 405:
      throw unusable(
        "\(place) has no /chat/completions or no model '\(endpoint.model)' "
          + "(HTTP \(response.status)\(problem.label)); check --llm-url, which usually ends in /v1, "
          + "and --llm-model")
    case 300..<400:
      throw unusable("\(place) redirects elsewhere; give --llm-url the final address")
    case 400 where problem.code == "model_not_found":
      throw unusable("\(place) has no model '\(endpoint.model)'; check --llm-model")
    case 429 where problem.code == "insufficient_quota":
      throw unusable("\(place) says the quota is used up; check your account")
    case 400, 422, 501:
      guard isProbing, !problem.isAboutLength else {
        throw .chat(
          .provider(
            problem.isAboutLength
              ? "the prompt is too long for the model"
              : "the LLM rejected the request (HTTP \(response.status)\(problem.label))",
            isOutage: false))
      }
      return .outcome(.rejection(response.status, problem.text))
    case 500 where isProbing && Dialect.isConcerned(by: problem.text):
      // llama-cpp-python answers so to a response_format it does not know.
      return .outcome(.rejection(response.status, problem.text))
    case 408, 409, 425, 429, 500...:
      return .retry(
        .provider("the LLM answered HTTP \(response.status)\(problem.label)", isOutage: true))
    default:
      throw .chat(
        .provider(
          "the LLM answered HTTP \(response.status)\(problem.label)", isOutage: false))
    }
  }

  // MARK: Pauses

  private func waitForTurn() async throws {
    while true {
      let wait = notBefore.withLock { $0 } - pace.now()
      if wait <= 0 { return try Task.checkCancellation() }
      try await pace.sleep(.seconds(wait))
    }
  }

  /// What the server asks for, for every call; else half a second doubled by attempt, at most 30, half of
  /// it random, for this one.
  private func pause(_ asked: Duration?, afterAttempt attempt: Int) async throws {
    let jitter = pace.jitter()
    guard let asked else {
      let seconds = min(30, 0.5 * Double(1 << attempt)) * (0.5 + 0.5 * jitter)
      return try await pace.sleep(.seconds(seconds))
    }
    guard asked <= Self.longestPause else {
      throw ChatError.unusable(
        "the LLM at \(endpoint.url) asks not to be called for \(asked.inSeconds); "
          + "start the job again then")
    }
    let until = pace.now() + asked / .seconds(1) + 0.5 * jitter
    notBefore.withLock { $0 = max($0, until) }
  }
}

// MARK: Dialects

/// Which of the API's options a server takes. Servers differ, and say so only when asked.
package struct Dialect: Sendable, Hashable {
  package enum Format: Sendable, Hashable {
    /// OpenAI, vLLM, Ollama: `{"type": "json_schema", "json_schema": {...}}`.
    case jsonSchema
    /// llama.cpp: `{"type": "json_object", "schema": {...}}`.
    case jsonObject
    /// The prompt alone.
    case none
  }

  package var format = Format.jsonSchema
  /// How many rivals of each token to ask for; 0: no log-probabilities.
  package var topLogprobs = 20
  package var hasTemperature = true
  package var hasMaxCompletionTokens = false

  private static let formatWords = ["response_format", "json_schema", "json_object", "schema"]
  private static let logprobWords = ["logprob"]

  /// Whether the server's words are about an option that another dialect spells differently.
  static func isConcerned(by text: String) -> Bool {
    (formatWords + logprobWords).contains { text.contains($0) }
  }

  /// The next dialect to try, by what the server says it dislikes; if it does not say: schema by
  /// schema, then without log-probabilities.
  package func next(after text: String, status: Int) -> Dialect? {
    var next = self
    if text.contains("max_completion_tokens"), !hasMaxCompletionTokens {
      next.hasMaxCompletionTokens = true
    } else if text.contains("temperature"), hasTemperature {
      next.hasTemperature = false
    } else if Self.logprobWords.contains(where: text.contains), topLogprobs > 0 {
      next.topLogprobs = topLogprobs > 5 ? 5 : 0
    } else if format == .jsonSchema {
      next.format = .jsonObject
    } else if format == .jsonObject {
      next.format = .none
    } else if topLogprobs > 0 {
      // Not one format was taken: maybe it was never about the format.
      next.topLogprobs = 0
      next.format = .jsonSchema
    } else {
      return nil
    }
    return next
  }
}

/// Lets one call find out the dialect while the others wait.
private actor DialectGate {
  private var dialect = Dialect()
  private var isSettled = false
  private var isBusy = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func enter() async -> (Dialect, isFirst: Bool) {
    while !isSettled, isBusy { await withCheckedContinuation { waiting.append($0) } }
    if isSettled { return (dialect, false) }
    isBusy = true
    return (dialect, true)
  }

  func leave(_ dialect: Dialect, isSettled: Bool) {
    self.dialect = dialect
    self.isSettled = isSettled
    isBusy = false
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}

// MARK: The API's JSON

private struct ChatRequest: Encodable {
  var model: String
  var messages: [ChatMessage]
  var maxTokens: Int
  var schema: ReplySchema
  var dialect: Dialect

  private enum Key: String, CodingKey {
    case model, messages, temperature, stream, logprobs, type, name, strict, schema
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
    case topLogprobs = "top_logprobs"
    case responseFormat = "response_format"
    case jsonSchema = "json_schema"
  }

  func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(model, forKey: .model)
    try object.encode(messages, forKey: .messages)
    try object.encode(false, forKey: .stream)
    try object.encode(
      maxTokens, forKey: dialect.hasMaxCompletionTokens ? .maxCompletionTokens : .maxTokens)
    if dialect.hasTemperature { try object.encode(0, forKey: .temperature) }
    if dialect.topLogprobs > 0 {
      try object.encode(true, forKey: .logprobs)
      try object.encode(dialect.topLogprobs, forKey: .topLogprobs)
    }
    guard dialect.format != .none else { return }
    var format = object.nestedContainer(keyedBy: Key.self, forKey: .responseFormat)
    if dialect.format == .jsonObject {
      try format.encode("json_object", forKey: .type)
      try format.encode(schema, forKey: .schema)
    } else {
      try format.encode("json_schema", forKey: .type)
      var named = format.nestedContainer(keyedBy: Key.self, forKey: .jsonSchema)
      try named.encode("reply", forKey: .name)
      try named.encode(true, forKey: .strict)
      try named.encode(schema, forKey: .schema)
    }
  }
}

private struct ChatReply: Decodable {
  struct Choice: Decodable {
    struct Message: Decodable {
      var content: String?
      var refusal: String?
    }
    var message: Message
    var finish_reason: String?
  }
  var choices: [Choice]

  func completion(_ data: Data) -> Completion? {
    guard let choice = choices.first else { return nil }
    return Completion(
      content: choice.message.content,
      isRefusal: choice.message.refusal?.isEmpty == false
        || choice.finish_reason == "content_filter",
      isCut: choice.finish_reason == "length", tokens: ChatLogprobs.tokens(data))
  }
}

/// Decoded apart from the reply: a server that reports log-probabilities in another shape has a usable
/// reply all the same.
private struct ChatLogprobs: Decodable {
  struct Choice: Decodable { var logprobs: Logprobs? }
  struct Logprobs: Decodable { var content: [Token]? }
  struct Token: Decodable {
    var token: String
    var bytes: [UInt8]?
    var logprob: Double?
    var top_logprobs: [Token]?

    var choice: TokenProbability.Choice {
      .init(bytes: bytes ?? Array(token.utf8), probability: exp(logprob ?? -.infinity))
    }
  }
  var choices: [Choice]

  static func tokens(_ data: Data) -> [TokenProbability] {
    guard let reply = try? JSONDecoder().decode(ChatLogprobs.self, from: data),
      let content = reply.choices.first?.logprobs?.content
    else { return [] }
    return content.map { token in
      TokenProbability(chosen: token.choice, top: token.top_logprobs?.map(\.choice) ?? [])
    }
  }
}

/// An error's body. Its words may quote the prompt or the key, so people get to see its code alone.
private struct ChatProblem {
  var isError = false
  var code: String?
  /// Everything it says, lower case, for telling what it is about.
  var text: String

  init(_ data: Data) {
    text = String(decoding: data.prefix(10_000), as: UTF8.self).lowercased()
    guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any],
      let error = object["error"]
    else { return }
    isError = true
    guard let error = error as? [String: Any] else { return }
    for name in [error["code"], error["type"]].compactMap({ $0 as? String })
    where code == nil && (1...64).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy({
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-.".unicodeScalars.contains($0))
      })
    { code = name }
  }

  var label: String { code.map { ", \($0)" } ?? "" }

  var isAboutLength: Bool {
    ["context_length", "context length", "maximum context", "context window", "too long"]
      .contains { text.contains($0) }
  }
}

extension Duration {
  var inSeconds: String {
    let seconds = self / .seconds(1)
    return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }
}
