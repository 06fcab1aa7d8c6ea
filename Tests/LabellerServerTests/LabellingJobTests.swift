import Foundation
import HTTP
import LabellerServer
import RPC
import Schema
import Synchronization
import TestSupport
import Testing
import Wire

/// The store's contract in memory: filters, pages of three, a clock that goes on by one with each write.
final class MemoryStore: LabellingStore {
  struct State {
    var records: [Int64: StoreV1.Record]
    var now: Int64 = 1000
    var writes: [[Int64]] = []
    var writtenTimes: [Int64: Int] = [:]
    var lostLease = false
  }

  let reviews: Dataset
  let state: Mutex<State>

  init(_ reviews: Dataset, _ records: [Record]) {
    self.reviews = reviews
    state = Mutex(
      State(
        records: .init(
          uniqueKeysWithValues: records.map { ($0.id, StoreV1.Record($0)) })))
  }

  var records: [StoreV1.Record] {
    state.withLock { $0.records.values.sorted { $0.id < $1.id } }
  }

  func suggestion(_ id: Int64, by agent: String = "scripted") -> StoreV1.Suggestion? {
    state.withLock { $0.records[id]?.suggestions.first { $0.agent == agent } }
  }

  /// A new labelling job, created now.
  func job(_ spec: StoreV1.LabellingSpec = .init()) -> StoreV1.Job {
    state.withLock {
      $0.now += 1
      return StoreV1.Job(
        id: "job", dataset: "reviews", spec: .labelling(spec), attempt: 1, createTimeMs: $0.now)
    }
  }

  func dataset(_ name: String) async throws -> Dataset {
    guard name == "reviews" else {
      throw RPCError(code: .notFound, message: "no data set '\(name)'")
    }
    return reviews
  }

  func record(_ id: Int64, in dataset: String) async throws -> Record {
    guard let record = state.withLock({ $0.records[id] }) else {
      throw RPCError(code: .notFound, message: "no record \(id)")
    }
    return try Record(record)
  }

  func records(
    _ filter: StoreV1.RecordFilter, token: String
  ) async throws -> (page: [StoreV1.Record], next: String) {
    let after = Int64(token) ?? 0
    let matching = records.filter { record in
      func isBy(_ agent: String) -> Bool { record.suggestions.contains { $0.agent == agent } }
      return record.id > after && [.unspecified, record.status].contains(filter.status)
        && [.unspecified, record.split].contains(filter.split)
        && (filter.withSuggestionBy.isEmpty || isBy(filter.withSuggestionBy))
        && (filter.withoutSuggestionBy.isEmpty || !isBy(filter.withoutSuggestionBy))
    }
    let page = Array(matching.prefix(3))
    return (page, matching.count > 3 ? "\(page[2].id)" : "")
  }

  func write(
    _ suggestions: [StoreV1.Suggestion], to dataset: String, lease: StoreV1.Lease?
  ) async throws {
    try state.withLock { state in
      guard !state.lostLease else { throw RPCError(code: .aborted, message: "the lease is lost") }
      state.now += 1
      state.writes.append(suggestions.map(\.recordId))
      for var suggestion in suggestions {
        suggestion.createTimeMs = state.now
        state.writtenTimes[suggestion.recordId, default: 0] += 1
        state.records[suggestion.recordId]?.suggestions.removeAll { $0.agent == suggestion.agent }
        state.records[suggestion.recordId]?.suggestions.append(suggestion)
      }
    }
  }
}

/// An agent that does as the closure says, and remembers what it was asked.
final class ScriptedAgent: Agent, PreparedAgent {
  typealias Script = @Sendable (_ record: Record, _ call: Int) async throws -> Verdict

  let name = "scripted"
  let summary = "Does as it is told."
  let readsExamples = true
  let batchSize: Int
  let concurrency: Int
  private let script: Script
  private let state = Mutex((asked: [Int64](), running: 0, mostRunning: 0))

  init(batchSize: Int = 1, concurrency: Int = 4, _ script: @escaping Script) {
    self.batchSize = batchSize
    self.concurrency = concurrency
    self.script = script
  }

  var asked: [Int64] { state.withLock(\.asked) }
  var mostRunning: Int { state.withLock(\.mostRunning) }

  func prepare(_ dataset: Dataset, shots: ShotPool) throws -> any PreparedAgent {
    _ = try Prompt(dataset)
    return self
  }

  func judge(_ records: [Record]) async throws -> [Verdict] {
    state.withLock {
      $0.running += 1
      $0.mostRunning = max($0.mostRunning, $0.running)
    }
    defer { state.withLock { $0.running -= 1 } }
    var verdicts: [Verdict] = []
    for record in records {
      let call = state.withLock {
        $0.asked.append(record.id)
        return $0.asked.count
      }
      await Task.yield()
      verdicts.append(try await script(record, call))
    }
    return verdicts
  }
}

extension Verdict {
  static func label(_ label: String, score: Double? = nil) -> Verdict {
    Verdict(Suggestion(agent: "scripted", outcome: .label(label), score: score))
  }
  static func failed(_ kind: Suggestion.Failure.Kind, isOutage: Bool = false) -> Verdict {
    Verdict(
      Suggestion(
        agent: "scripted", outcome: .failure(.init(kind: kind, detail: "for the test"))),
      isOutage: isOutage)
  }
}

@Suite struct LabellingJobTests {
  func store(_ count: Int64, _ dataset: Dataset? = nil) throws -> MemoryStore {
    MemoryStore(try dataset ?? reviews(), (1...count).map { record($0) })
  }

  @discardableResult
  func run(
    _ job: StoreV1.Job, _ store: MemoryStore, _ agent: any Agent,
    report: @Sendable (StoreV1.JobProgress) -> Void = { _ in }
  ) async throws -> StoreV1.LabellingResult {
    try await LabellingJob(
      job, lease: .init(jobId: job.id, attempt: job.attempt), store: store, agent: agent
    ).run(report: report)
  }

  @Test func labelsEveryPendingRecordOnceAndReportsIt() async throws {
    let store = try store(100)
    let agent = ScriptedAgent { record, _ in
      record.id % 10 == 0 ? .failed(.unparsable) : .label("neutral", score: 0.5)
    }
    let progress = Mutex([StoreV1.JobProgress]())
    let result = try await run(store.job(), store, agent) { next in
      progress.withLock { $0.append(next) }
    }
    #expect(result == .init(agent: "scripted", suggested: 90, failed: 10))
    #expect(agent.asked.sorted() == Array(1...100))
    #expect((2...4).contains(agent.mostRunning))
    #expect(store.suggestion(1)?.outcome == .label("neutral"))
    #expect(store.suggestion(1)?.score == 0.5)
    #expect(
      store.suggestion(10)?.outcome == .failure(.init(kind: .unparsable, detail: "for the test")))
    let reported = progress.withLock { $0 }
    #expect(reported.last == .init(phase: "labelling", done: 100, total: 100))
    #expect(reported.allSatisfy { $0.phase == "preparing" || $0.total == 100 })
    #expect(zip(reported, reported.dropFirst()).allSatisfy { $0.done <= $1.done })
    #expect(store.state.withLock { $0.writes.count } < 20)
  }

  @Test func takesBatches() async throws {
    let store = try store(50)
    let agent = ScriptedAgent(batchSize: 16, concurrency: 2) { _, _ in .label("neutral") }
    #expect(try await run(store.job(), store, agent).suggested == 50)
    #expect(agent.asked.sorted() == Array(1...50))
  }

  @Test func goesOnAfterACrashWithoutLabellingTwice() async throws {
    struct Crash: Error {}
    let store = try store(100)
    let job = store.job(.init(limit: 80))
    // The worker dies at its 50th record: what it wrote before stays.
    let dying = ScriptedAgent(concurrency: 1) { record, call in
      if call == 50 { throw Crash() }
      return record.id == 7 ? .failed(.provider) : .label("neutral")
    }
    await #expect(throws: Crash.self) { try await run(job, store, dying) }
    #expect(store.state.withLock { $0.writtenTimes.count } == 49)

    let next = ScriptedAgent { _, _ in .label("positive") }
    let reported = Mutex([StoreV1.JobProgress]())
    let result = try await run(job, store, next) { progress in
      reported.withLock { $0.append(progress) }
    }
    // 48 and the failure by the first attempt, 31 by the second: the limit holds for both.
    #expect(result == .init(agent: "scripted", suggested: 79, failed: 1))
    #expect(next.asked.sorted() == Array(50...80))
    #expect(store.state.withLock { $0.writtenTimes.values.allSatisfy { $0 == 1 } })
    #expect(reported.withLock { $0[1] } == .init(phase: "labelling", done: 49, total: 80))
  }

  @Test func aNewJobTriesEarlierFailuresAgain() async throws {
    let store = try store(10)
    try await run(
      store.job(), store,
      ScriptedAgent { record, _ in record.id <= 2 ? .failed(.timeout) : .label("neutral") })
    let agent = ScriptedAgent { _, _ in .label("negative") }
    let result = try await run(store.job(), store, agent)
    #expect(agent.asked.sorted() == [1, 2])
    #expect(result.suggested == 2)
    #expect(store.suggestion(1)?.outcome == .label("negative"))
    #expect(store.suggestion(3)?.outcome == .label("neutral"))
  }

  @Test func leavesReviewedRecordsAndOtherSplitsAlone() async throws {
    let records = [
      record(1), reviewed(2, "positive"), reviewed(3, "negative", split: .test),
      Record(id: 4, externalID: "r4", fields: ["text": "t"], split: .test),
    ]
    for (spec, expected) in [
      (StoreV1.LabellingSpec(), [1, 4]), (.init(includeReviewed: true), [1, 2, 3, 4]),
      (.init(includeReviewed: true, split: .test), [3, 4]), (.init(limit: 1), [1]),
    ] as [(StoreV1.LabellingSpec, [Int64])] {
      let store = MemoryStore(try reviews(), records)
      let agent = ScriptedAgent { _, _ in .label("neutral") }
      try await run(store.job(spec), store, agent)
      #expect(agent.asked.sorted() == expected)
    }
  }

  @Test func anOutageEndsTheJobAndLeavesTheRestPending() async throws {
    let store = try store(200)
    let agent = ScriptedAgent(concurrency: 1) { _, call in
      call <= 5 ? .label("neutral") : .failed(.provider, isOutage: true)
    }
    await #expect {
      try await run(store.job(), store, agent)
    } throws: {
      ($0 as? AgentError)?.message.contains("20 records in a row") == true
    }
    #expect(store.records.filter { !$0.suggestions.isEmpty }.count == 25)

    let neverUp = ScriptedAgent(concurrency: 1) { _, _ in .failed(.timeout, isOutage: true) }
    let other = try self.store(200)
    await #expect(throws: AgentError.self) { try await run(other.job(), other, neverUp) }
    #expect(neverUp.asked.count == 3)
  }

  @Test func singleFailuresNeverEndTheJob() async throws {
    let store = try store(100)
    // One at a time: three outages before anything else would end the job.
    let agent = ScriptedAgent(concurrency: 1) { record, _ in
      record.id % 5 == 0 ? .label("neutral") : .failed(.provider, isOutage: record.id % 5 != 1)
    }
    let result = try await run(store.job(), store, agent)
    #expect(result == .init(agent: "scripted", suggested: 20, failed: 80))
  }

  @Test func cancellationKeepsWhatThereIs() async throws {
    let store = try store(20)
    let agent = ScriptedAgent(concurrency: 1) { record, _ in
      if record.id == 6 { try await Task.sleep(for: .seconds(3600)) }
      return .label("neutral")
    }
    let task = Task { try await run(store.job(), store, agent) }
    while agent.asked.count < 6 { await Task.yield() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(store.records.filter { !$0.suggestions.isEmpty }.map(\.id) == [1, 2, 3, 4, 5])
  }

  @Test func aLostLeaseEndsTheJob() async throws {
    let store = try store(100)
    let agent = ScriptedAgent { _, call in
      if call == 40 { store.state.withLock { $0.lostLease = true } }
      return .label("neutral")
    }
    await #expect {
      try await run(store.job(), store, agent)
    } throws: {
      ($0 as? RPCError)?.code == .aborted
    }
    #expect(agent.asked.count < 100)
  }

  @Test func whatCannotWorkIsSaidBeforeAnyRecord() async throws {
    let agent = ScriptedAgent { _, _ in .label("neutral") }
    let bad = try store(3, reviews(template: "{% for %}"))
    await #expect {
      try await run(bad.job(), bad, agent)
    } throws: {
      ($0 as? AgentError)?.message.contains("cannot be rendered") == true
    }
    let store = try store(3)
    await #expect {
      try await run(store.job(.init(shots: 2)), store, agent)
    } throws: {
      ($0 as? AgentError)?.message.contains("no record of the train split") == true
    }
    #expect(agent.asked.isEmpty)
  }

  @Test func anAgentThatReadsNoExamplesIsNotGivenAny() async throws {
    let agent = ZeroShotAgent { texts in texts.map { _ in [1, 0] } }
    let store = MemoryStore(try reviews(), [record(1), reviewed(2, "negative")])
    func isExplained(_ message: String?) -> Bool {
      message?.contains("'encoder-zero-shot' cannot be shown examples (--shots 1)") == true
        && message?.contains("--llm-url") == true
    }
    await #expect {
      try await run(store.job(.init(shots: 1)), store, agent)
    } throws: {
      isExplained(($0 as? AgentError)?.message)
    }
    await #expect {
      try await Labeller(store: store, agent: agent).handlers.suggest(
        .init(dataset: "reviews", recordIds: [1], shots: 1), context: CallContext())
    } throws: {
      ($0 as? RPCError)?.code == .failedPrecondition
        && isExplained(($0 as? RPCError)?.message)
    }
    #expect(store.suggestion(1) == nil)
    #expect(try await run(store.job(), store, agent).suggested == 1)
  }

  @Test func shotsReachTheLLM() async throws {
    let server = try ReplayServer { _ in .label("positive") }
    defer { server.stop() }
    let store = MemoryStore(
      try reviews(),
      [record(1, "To be labelled."), reviewed(2, "negative", "A bad one."), record(3, "Other.")])
    let client = ChatClient(
      try ChatEndpoint(url: server.url, model: "m"), http: HTTPClient(), pace: TestClock().pace)
    let result = try await run(
      store.job(.init(shots: 1)), store, LLMAgent(client, concurrency: 1))
    #expect(result == .init(agent: "m", suggested: 2, failed: 0))
    for request in server.requests {
      let messages = request.json["messages"] as? [[String: Any]]
      let prompt = messages?.first?["content"] as? String ?? ""
      #expect(prompt.contains("# Examples\ntext: \"A bad one.\"\n{\"label\": \"negative\"}"))
    }
  }

  @Test func aJobAgainstAServerThatDoesEverythingWrong() async throws {
    // Every record ends labelled or failed with its reason, whatever the server did.
    let server = try ReplayServer { request in
      switch request.text {
      case let text where text.contains("case-truncated"): .chat("{\"label\": \"posi")
      case let text where text.contains("case-unknown"): .label("superb")
      case let text where text.contains("case-empty"): .chat("")
      case let text where text.contains("case-500"): .error(500, "broken")
      case let text where text.contains("case-429"): .error(429, headers: ["Retry-After": "1"], "")
      case let text where text.contains("case-reset"): .reset
      case let text where text.contains("case-hang"): .hang
      case let text where text.contains("case-flood"): .flood(bytes: 50 << 20)
      case let text where text.contains("case-prose"): .chat("Well: {\"label\": \"negative\"}!")
      default: .recordedNegative
      }
    }
    defer { server.stop() }
    let cases: [(String, StoreV1.SuggestionFailureKind?)] = [
      ("good", nil), ("truncated", .unparsable), ("unknown", .unknownLabel), ("empty", .empty),
      ("500", .provider), ("429", .provider), ("reset", .provider), ("hang", .timeout),
      ("flood", .provider), ("prose", nil),
    ]
    let store = MemoryStore(
      try reviews(), cases.enumerated().map { record(Int64($0 + 1), "case-\($1.0)") })
    let client = ChatClient(
      try ChatEndpoint(url: server.url, model: "scripted", timeout: .seconds(2)),
      http: HTTPClient(), pace: TestClock().pace)
    let result = try await run(store.job(), store, LLMAgent(client, concurrency: 4))
    #expect(result == .init(agent: "scripted", suggested: 2, failed: 8))
    for (i, (name, kind)) in cases.enumerated() {
      let suggestion = store.suggestion(Int64(i + 1))
      if case .failure(let failure) = suggestion?.outcome {
        #expect(failure.kind == kind, "\(name)")
        #expect(!failure.detail.contains("case-"))
      } else {
        #expect(suggestion?.outcome == .label("negative") && kind == nil, "\(name)")
      }
    }
  }
}

@Suite struct LabellerServiceTests {
  @Test func describesRendersAndSuggests() async throws {
    let store = MemoryStore(
      try reviews(guidelines: "Be fair."),
      (1...100).map { record($0) } + [reviewed(101, "positive")])
    let agent = ScriptedAgent(batchSize: 7, concurrency: 3) { record, _ in
      record.id == 3 ? .failed(.empty) : .label("neutral", score: Double(record.id) / 1000)
    }
    let service = Labeller(store: store, agent: agent).handlers
    let context = CallContext()

    let described = try await service.describeAgent(.init(), context: context)
    #expect(described.agent == "scripted" && described.description == "Does as it is told.")

    let rendered = try await service.renderPrompt(
      .init(dataset: "reviews", recordId: 1, shots: 1), context: context)
    #expect(rendered.prompt.contains("# Guidelines\nBe fair."))
    #expect(rendered.prompt.contains("# Examples"))
    #expect(rendered.replySchema.contains(#""enum":["positive","neutral","negative"]"#))

    let ids = Array((1...100).reversed()) as [Int64]
    let answer = try await service.suggest(
      .init(dataset: "reviews", recordIds: ids), context: context)
    #expect(answer.suggestions.map(\.recordId) == ids)
    for suggestion in answer.suggestions where suggestion.recordId != 3 {
      #expect(suggestion.score == Double(suggestion.recordId) / 1000)
    }
    #expect(answer.suggestions[97].outcome == .failure(.init(kind: .empty, detail: "for the test")))
    #expect(agent.mostRunning <= 3)
    #expect(store.state.withLock { $0.writes.isEmpty })
  }

  @Test func refusesWithAReason() async throws {
    let store = MemoryStore(try reviews(template: "{% for %}"), [record(1)])
    let service = Labeller(store: store, agent: ScriptedAgent { _, _ in .label("neutral") })
      .handlers
    func code(_ body: () async throws -> some Any) async -> RPCError.Code? {
      do { _ = try await body() } catch { return (error as? RPCError)?.code }
      return nil
    }
    #expect(
      await code {
        try await service.suggest(
          .init(dataset: "reviews", recordIds: Array(1...101)), context: CallContext())
      } == .invalidArgument)
    #expect(
      await code {
        try await service.renderPrompt(
          .init(dataset: "reviews", recordId: 1), context: CallContext())
      } == .failedPrecondition)
    #expect(
      await code {
        try await service.renderPrompt(.init(dataset: "no", recordId: 1), context: CallContext())
      } == .notFound)
  }

  @Test func theZeroShotLabellerSaysWhatItIs() async throws {
    let store = MemoryStore(try reviews(), [])
    let service = Labeller(store: store, agent: ZeroShotAgent { _ in [] }).handlers
    let described = try await service.describeAgent(.init(), context: CallContext())
    #expect(described.kind == .zeroShot && described.agent == "encoder-zero-shot")
  }
}
