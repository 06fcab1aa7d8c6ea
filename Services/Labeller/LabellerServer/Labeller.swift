// LabellerServer: takes labelling jobs from the store and asks an agent, an LLM behind an HTTP API or
// the encoder's zero-shot labeller, for a label per record. Keeps nothing of its own: the data set, the
// records and what became of each are the store's.

import Foundation
import HTTP
public import RPC
import Schema
public import Serving
package import Wire

/// The labeller, ready to serve calls and run jobs.
public struct Labeller: Sendable {
  /// An LLM behind an OpenAI-compatible API.
  public struct LLM: Sendable {
    /// The API's base URL, up to and including the version.
    public var url: String
    public var model: String
    public var key: String?
    /// Calls at the same time, at most.
    public var concurrency: Int
    /// For one call.
    public var timeout: Duration
    /// For one reply.
    public var maxTokens: Int

    public init(
      url: String, model: String, key: String? = nil, concurrency: Int = 8,
      timeout: Duration = .seconds(60), maxTokens: Int = 256
    ) {
      self.url = url
      self.model = model
      self.key = key
      self.concurrency = concurrency
      self.timeout = timeout
      self.maxTokens = maxTokens
    }
  }

  private let store: any LabellingStore
  private let agent: any Agent

  /// - Parameter llm: `nil` for the zero-shot labeller on the store's default encoder, which
  ///   `inference` embeds with.
  /// - Throws: an error that says which setting cannot be right.
  public init(store: RPCChannel, inference: RPCChannel, llm: LLM?) throws {
    let agent: any Agent
    if let llm {
      guard (1...256).contains(llm.concurrency) else {
        throw AgentError("--llm-concurrency is 1 to 256, not \(llm.concurrency)")
      }
      guard llm.timeout > .zero else { throw AgentError("--llm-timeout is more than 0 seconds") }
      guard llm.maxTokens > 0 else { throw AgentError("--llm-max-tokens is more than 0") }
      let endpoint = try ChatEndpoint(
        url: llm.url, model: llm.model, key: llm.key, timeout: llm.timeout,
        maxTokens: llm.maxTokens)
      let http = HTTPClient(maximumConnectionsPerHost: llm.concurrency)
      agent = LLMAgent(ChatClient(endpoint, http: http), concurrency: llm.concurrency)
    } else {
      agent = ZeroShotAgent(inference: InferenceV1.InferenceServiceClient(inference))
    }
    self.init(store: RemoteStore(store), agent: agent)
  }

  package init(store: any LabellingStore, agent: any Agent) {
    self.store = store
    self.agent = agent
  }

  /// Who suggests, as it stands on suggestions.
  public var agentName: String { agent.name }

  package var handlers: some LabellerV1.LabellerService {
    LabellerHandlers(store: store, agent: agent)
  }

  /// Runs a labelling job to its end.
  ///
  /// - Throws: `RPCError` whose message says what a person can do, `CancellationError`.
  package func run(_ run: JobRun) async throws -> StoreV1.LabellingResult {
    try await refusing {
      try await LabellingJob(run.job, lease: run.lease, store: store, agent: agent)
        .run { run.report($0) }
    }
  }

  /// Serves calls and takes jobs until SIGTERM or SIGINT.
  ///
  /// - Parameters:
  ///   - store, inference: addresses, `host:port`.
  ///   - llm: see ``init(store:inference:llm:)``.
  public static func serve(
    _ options: ServerOptions, store: String, inference: String, llm: LLM?
  ) async throws {
    let logger = makeLogger("lauter-labeller", options)
    let tls = try options.channelTLS()
    let storeChannel = RPCChannel(target: store, configuration: .lauter(tls: tls), logger: logger)
    let inferenceChannel = RPCChannel(
      target: inference,
      configuration: .lauter(tls: tls, healthService: "lauter.inference.v1.InferenceService"),
      logger: logger)
    let labeller = try Labeller(store: storeChannel, inference: inferenceChannel, llm: llm)
    logger.info("labelling as", metadata: ["agent": "\(labeller.agentName)"])
    let worker = JobWorker(
      .labelling, store: storeChannel, worker: worker(), logger: logger
    ) { run in
      .labellingResult(try await labeller.run(run))
    }
    try await Serving.serve(
      "lauter-labeller", options: options, defaultPort: 7512,
      services: [.labellerService(labeller.handlers)], background: [worker], logger: logger)
    await storeChannel.close()
    await inferenceChannel.close()
  }

  /// Names this process in listings of jobs.
  private static func worker() -> String {
    let process = ProcessInfo.processInfo
    return "\(process.hostName)/\(process.processIdentifier)"
  }
}

/// Turns what went wrong into a status, in the one place where that is decided.
private func refusing<Result>(_ body: () async throws -> Result) async throws -> Result {
  do {
    return try await body()
  } catch let error as AgentError {
    throw RPCError(code: .failedPrecondition, message: error.message)
  }
}

struct LabellerHandlers: LabellerV1.LabellerService {
  let store: any LabellingStore
  let agent: any Agent

  func describeAgent(
    _ request: LabellerV1.DescribeAgentRequest, context: CallContext
  ) async throws -> LabellerV1.DescribeAgentResponse {
    .init(
      agent: agent.name, kind: agent is ZeroShotAgent ? .zeroShot : .llm,
      description: agent.summary)
  }

  func renderPrompt(
    _ request: LabellerV1.RenderPromptRequest, context: CallContext
  ) async throws -> LabellerV1.RenderPromptResponse {
    try await refusing {
      let dataset = try await store.dataset(request.dataset)
      let record = try await store.record(request.recordId, in: request.dataset)
      let shots = try await store.shotPool(perLabel: Int(request.shots), for: dataset)
      return .init(
        prompt: try Prompt(dataset).render(record, shots: shots.shots(for: record)),
        replySchema: ReplySchema(labels: dataset.question.labels.map(\.name)).json)
    }
  }

  func suggest(
    _ request: LabellerV1.SuggestRequest, context: CallContext
  ) async throws -> LabellerV1.SuggestResponse {
    guard request.recordIds.count <= 100 else {
      throw RPCError(
        code: .invalidArgument,
        message: "at most 100 records at a time, not \(request.recordIds.count); "
          + "for more, create a labelling job")
    }
    return try await refusing {
      let dataset = try await store.dataset(request.dataset)
      let shots = try await agent.examples(
        perLabel: Int(request.shots), for: dataset, from: store)
      let prepared = try await agent.prepare(dataset, shots: shots)
      let ids = request.recordIds
      let batches = stride(from: 0, to: ids.count, by: agent.batchSize).map {
        $0..<min($0 + agent.batchSize, ids.count)
      }
      var suggestions = [StoreV1.Suggestion](repeating: .init(), count: ids.count)
      try await withThrowingTaskGroup(of: (Range<Int>, [Verdict]).self) { group in
        func receive() async throws {
          guard let (range, verdicts) = try await group.next() else { return }
          for (i, verdict) in zip(range, verdicts) {
            suggestions[i] = StoreV1.Suggestion(verdict.suggestion, recordID: ids[i])
          }
        }
        for (i, range) in batches.enumerated() {
          if i >= agent.concurrency { try await receive() }
          group.addTask { [store] in
            var records: [Record] = []
            for id in ids[range] {
              records.append(try await store.record(id, in: request.dataset))
            }
            return (range, try await prepared.judge(records))
          }
        }
        while !group.isEmpty { try await receive() }
      }
      return .init(suggestions: suggestions)
    }
  }
}
