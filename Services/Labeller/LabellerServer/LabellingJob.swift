import RPC
package import Schema
package import Wire

/// What a labelling job needs of the store.
package protocol LabellingStore: Sendable {
  func dataset(_ name: String) async throws -> Dataset
  func record(_ id: Int64, in dataset: String) async throws -> Record
  /// One page, ordered by record id; `next` is empty on the last.
  func records(
    _ filter: StoreV1.RecordFilter, token: String
  ) async throws -> (page: [StoreV1.Record], next: String)
  func write(
    _ suggestions: [StoreV1.Suggestion], to dataset: String, lease: StoreV1.Lease?
  ) async throws
}

extension LabellingStore {
  /// Calls the closure with every page until it returns false.
  func eachPage(
    _ filter: StoreV1.RecordFilter, _ body: ([StoreV1.Record]) throws -> Bool
  ) async throws {
    var token = ""
    repeat {
      let (page, next) = try await records(filter, token: token)
      guard try body(page) else { return }
      token = next
    } while !token.isEmpty
  }

  /// Reviewed records to show as examples.
  ///
  /// - Throws: `AgentError` if examples are wanted and no record is reviewed.
  func shotPool(perLabel: Int, for dataset: Dataset) async throws -> ShotPool {
    guard perLabel > 0 else { return .none }
    guard perLabel <= 100 else {
      throw AgentError("at most 100 examples a label can be shown (--shots), not \(perLabel)")
    }
    var reviewed: [Record] = []
    try await eachPage(
      StoreV1.RecordFilter(dataset: dataset.name.description, status: .completed, split: .train)
    ) { page in
      reviewed += try page.map { try Record($0) }
      return true
    }
    let pool = ShotPool(
      perLabel: perLabel, labels: dataset.question.labels.map(\.name), reviewed: reviewed)
    guard !pool.isEmpty else {
      throw AgentError(
        "examples are wanted (--shots \(perLabel)), but no record of the train split of "
          + "'\(dataset.name)' has a submitted response; review some first, or label without examples"
      )
    }
    return pool
  }
}

extension Agent {
  /// The examples this agent is to be shown.
  ///
  /// - Throws: `AgentError` if it has no use for them, or there are none.
  func examples(
    perLabel: Int, for dataset: Dataset, from store: any LabellingStore
  ) async throws -> ShotPool {
    guard perLabel == 0 || readsExamples else {
      throw AgentError(
        "'\(name)' cannot be shown examples (--shots \(perLabel)): it reads the labels' names and "
          + "descriptions alone. Label without --shots, or start the labeller with an LLM (--llm-url, "
          + "--llm-model)")
    }
    return try await store.shotPool(perLabel: perLabel, for: dataset)
  }
}

/// Labels the records of a data set with one agent.
///
/// What a record has been given is in the store, and nothing else is remembered: a job that is taken up
/// again after a crash, by this labeller or another, goes on with the records that its agent has no
/// suggestion for. Failures left by earlier jobs are tried again; those of this job are not.
package struct LabellingJob: Sendable {
  /// So many suggestions are written at once, or what there is after a second.
  static let writeSize = 32
  /// A provider that fails so many records in a row ends the job: the rest would fare no better.
  static let longestOutage = 20
  static let longestOutageAtFirst = 3

  private let store: any LabellingStore
  private let agent: any Agent
  private let job: StoreV1.Job
  private let spec: StoreV1.LabellingSpec
  private let lease: StoreV1.Lease?

  package init(
    _ job: StoreV1.Job, lease: StoreV1.Lease?, store: any LabellingStore, agent: any Agent
  ) throws {
    guard case .labelling(let spec) = job.spec else {
      throw RPCError(code: .invalidArgument, message: "job \(job.id) is not a labelling job")
    }
    self.store = store
    self.agent = agent
    self.job = job
    self.spec = spec
    self.lease = lease
  }

  /// Runs to the end. Cancelling the task keeps what has been suggested.
  ///
  /// - Throws: `AgentError` for what a person has to put right, `RPCError` from the store,
  ///   `CancellationError`.
  package func run(
    report: @Sendable (StoreV1.JobProgress) -> Void
  ) async throws -> StoreV1.LabellingResult {
    report(StoreV1.JobProgress(phase: "preparing"))
    let dataset = try await store.dataset(job.dataset)
    let shots = try await agent.examples(
      perLabel: Int(spec.shots), for: dataset, from: store)
    let prepared = try await agent.prepare(dataset, shots: shots)

    let (earlier, waiting) = try await survey()
    var tally = earlier
    let total = min(spec.limit == 0 ? .max : spec.limit, tally.done + waiting)
    report(StoreV1.JobProgress(phase: "labelling", done: tally.done, total: total))

    var source = RecordSource(
      store: store, filters: [failedFilter, untouchedFilter], left: total - min(total, tally.done),
      isWanted: isWaiting)
    var unwritten: [StoreV1.Suggestion] = []
    var lastWrite = ContinuousClock.now
    var outage = 0
    var hasSucceeded = false
    do {
      try await withThrowingTaskGroup(of: [(Int64, Verdict)].self) { group in
        var running = 0
        while true {
          while running < agent.concurrency {
            let batch = try await source.next(agent.batchSize)
            if batch.isEmpty { break }
            running += 1
            group.addTask {
              let verdicts = try await prepared.judge(batch)
              return Array(zip(batch.map(\.id), verdicts))
            }
          }
          guard let verdicts = try await group.next() else { break }
          running -= 1
          for (id, verdict) in verdicts {
            unwritten.append(StoreV1.Suggestion(verdict.suggestion, recordID: id))
            tally.count(verdict.suggestion)
            outage = verdict.isOutage ? outage + 1 : 0
            if !verdict.isOutage { hasSucceeded = true }
          }
          if unwritten.count >= Self.writeSize || .now - lastWrite > .seconds(1) {
            try await write(&unwritten)
            lastWrite = .now
            report(StoreV1.JobProgress(phase: "labelling", done: tally.done, total: total))
          }
          if outage >= (hasSucceeded ? Self.longestOutage : Self.longestOutageAtFirst) {
            throw AgentError(
              "'\(agent.name)' failed for \(outage) records in a row, the last time because: "
                + "\(verdicts.last?.1.failureDetail ?? "unknown"). The other records are as they "
                + "were; start the job again once it answers")
          }
        }
      }
    } catch {
      // Paid for, so keep it: in a task of its own, which the cancellation does not reach.
      let rest = unwritten
      _ = try? await Task { [store, job, lease] in
        if !rest.isEmpty { try await store.write(rest, to: job.dataset, lease: lease) }
      }.value
      throw error
    }
    try await write(&unwritten)
    report(StoreV1.JobProgress(phase: "labelling", done: tally.done, total: total))
    return StoreV1.LabellingResult(
      agent: agent.name, suggested: tally.suggested, failed: tally.failed)
  }

  private func write(_ suggestions: inout [StoreV1.Suggestion]) async throws {
    guard !suggestions.isEmpty else { return }
    try await store.write(suggestions, to: job.dataset, lease: lease)
    suggestions = []
  }

  // MARK: Which records

  private struct Tally {
    var suggested: UInt64 = 0
    var failed: UInt64 = 0
    var done: UInt64 { suggested + failed }

    mutating func count(_ suggestion: Suggestion) {
      if suggestion.label == nil { failed += 1 } else { suggested += 1 }
    }
  }

  private var status: StoreV1.RecordStatus { spec.includeReviewed ? .unspecified : .pending }

  private var untouchedFilter: StoreV1.RecordFilter {
    .init(
      dataset: job.dataset, status: status, split: spec.split, withoutSuggestionBy: agent.name)
  }

  private var failedFilter: StoreV1.RecordFilter {
    .init(dataset: job.dataset, status: status, split: spec.split, withSuggestionBy: agent.name)
  }

  /// Not labelled by this agent, or left as a failure by an earlier job.
  private func isWaiting(_ record: StoreV1.Record) -> Bool {
    guard let earlier = record.suggestions.first(where: { $0.agent == agent.name }) else {
      return true
    }
    guard case .failure = earlier.outcome else { return false }
    return earlier.createTimeMs < job.createTimeMs
  }

  /// What earlier attempts at this job have done, and how many records are left.
  private func survey() async throws -> (Tally, waiting: UInt64) {
    var tally = Tally()
    var waiting: UInt64 = 0
    var everyStatus = failedFilter
    // A record this job labelled may have been reviewed since.
    everyStatus.status = .unspecified
    try await store.eachPage(everyStatus) { page in
      for record in page {
        guard let earlier = record.suggestions.first(where: { $0.agent == agent.name }) else {
          continue
        }
        if earlier.createTimeMs >= job.createTimeMs {
          tally.count(try Suggestion(earlier))
        } else if isWaiting(record), status == .unspecified || record.status == status {
          waiting += 1
        }
      }
      return true
    }
    try await store.eachPage(untouchedFilter) { page in
      waiting += UInt64(page.count)
      return spec.limit == 0 || tally.done + waiting < spec.limit
    }
    return (tally, waiting)
  }
}

extension Verdict {
  fileprivate var failureDetail: String? {
    if case .failure(let failure) = suggestion.outcome { failure.detail } else { nil }
  }
}

/// The waiting records, page by page. Pages follow record ids, so what has been labelled in between
/// moves nothing.
private struct RecordSource {
  let store: any LabellingStore
  var filters: [StoreV1.RecordFilter]
  var left: UInt64
  let isWanted: (StoreV1.Record) -> Bool
  private var buffer: ArraySlice<Record> = []
  private var token: String?

  init(
    store: any LabellingStore, filters: [StoreV1.RecordFilter], left: UInt64,
    isWanted: @escaping (StoreV1.Record) -> Bool
  ) {
    self.store = store
    self.filters = filters
    self.left = left
    self.isWanted = isWanted
  }

  /// At most so many records; none once there are no more.
  mutating func next(_ count: Int) async throws -> [Record] {
    let count = min(count, Int(clamping: left))
    while buffer.count < count, let filter = filters.first {
      let (page, next) = try await store.records(filter, token: token ?? "")
      buffer += try page.filter(isWanted).map { try Record($0) }
      token = next
      if next.isEmpty { filters.removeFirst() }
    }
    let batch = Array(buffer.prefix(count))
    buffer = buffer.dropFirst(batch.count)
    left -= UInt64(batch.count)
    return batch
  }
}
