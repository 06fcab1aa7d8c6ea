import Foundation
import RPC
import Schema
import StoreServer
import Synchronization
import Testing
import Wire

/// Collects what a streaming handler writes.
final class Answers<M: Message>: Sendable {
  private let messages = Mutex<[M]>([])
  private let stream: AsyncStream<M>
  private let continuation: AsyncStream<M>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  var all: [M] { messages.withLock { $0 } }
  var writer: ResponseWriter<M> {
    ResponseWriter { message in
      self.messages.withLock { $0.append(message) }
      self.continuation.yield(message)
    }
  }
  /// The messages as they are written.
  var live: AsyncStream<M>.AsyncIterator { stream.makeAsyncIterator() }
}

func expect(
  _ code: RPCError.Code, naming words: String..., location: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Void
) async {
  do {
    try await body()
    Issue.record("no error", sourceLocation: location)
  } catch let error as RPCError {
    #expect(error.code == code, "\(error)", sourceLocation: location)
    for word in words {
      #expect(error.message.contains(word), "\(error)", sourceLocation: location)
    }
  } catch {
    Issue.record(error, sourceLocation: location)
  }
}

let context = CallContext()

extension Store {
  func create(_ name: String = "reviews") async throws {
    _ = try await handlers.createDataset(
      .init(dataset: .init(try reviews(name))), context: context)
  }

  func importing(
    _ batches: [[StoreV1.ImportRecord]], into name: String = "reviews", validateOnly: Bool = false
  ) async throws -> [StoreV1.ImportRecordsResponse] {
    let answers = Answers<StoreV1.ImportRecordsResponse>()
    let requests = batches.enumerated().map { index, records in
      StoreV1.ImportRecordsRequest(
        dataset: index == 0 ? name : "", records: records,
        validateOnly: index == 0 && validateOnly)
    }
    try await handlers.importRecords(
      RequestStream(requests), responses: answers.writer, context: context)
    return answers.all
  }

  func dataset(_ name: String = "reviews") async throws -> StoreV1.Dataset {
    try #require(try await handlers.getDataset(.init(name: name), context: context).dataset)
  }

  func upload(
    _ chunks: [[UInt8]], digest: String = ""
  ) async throws -> StoreV1.UploadArtefactResponse {
    let requests = chunks.enumerated().map { index, chunk in
      StoreV1.UploadArtefactRequest(digest: index == 0 ? digest : "", chunk: chunk)
    }
    return try await handlers.uploadArtefact(RequestStream(requests), context: context)
  }

  /// Two uploaded files.
  func files() async throws -> [StoreV1.File] {
    var files: [StoreV1.File] = []
    for (path, text) in [("model.safetensors", "weights"), ("1_Pooling/config.json", "{}")] {
      let answer = try await upload([Array(text.utf8)])
      files.append(.init(path: path, digest: answer.digest, sizeBytes: answer.sizeBytes))
    }
    return files
  }
}

func importRecords(_ numbers: ClosedRange<Int>) -> [StoreV1.ImportRecord] {
  zip(numbers, drafts(numbers)).map { StoreV1.ImportRecord($1, line: UInt64($0)) }
}

@Suite struct DatasetAndRecordHandlerTests {
  let folder: ScratchFolder
  let store: Store

  init() async throws {
    folder = try ScratchFolder()
    store = try Store(data: folder.path)
    try await store.create()
  }

  @Test func dataSetsAnswerWithTheirCounts() async throws {
    var records = importRecords(1...8)
    records[0].responses = [.init(user: "ann", label: "neutral", status: .submitted)]
    records[1].responses = [.init(user: "ann", status: .discarded)]
    records[2].suggestions = [.init(agent: "llm", outcome: .label("positive"), score: 0.5)]
    records[3].suggestions = [
      .init(agent: "llm", outcome: .failure(.init(kind: .empty, detail: "")))
    ]
    let answers = try await store.importing([records])
    #expect(answers == [.init(imported: 8)])
    let dataset = try await store.dataset()
    #expect(try Dataset(dataset) == reviews())
    #expect(dataset.createTimeMs > 0)
    #expect(
      dataset.counts
        == .init(
          records: 8, pending: 6, completed: 1, discarded: 1,
          splits: [
            .init(split: .train, records: 6, completed: 1), .init(split: .test, records: 2),
          ],
          agents: [.init(agent: "llm", suggestions: 1, failures: 1)],
          labels: [
            .init(label: "positive"), .init(label: "negative"),
            .init(label: "neutral", responses: 1),
          ]))
    try await store.create("another")
    let all = try await store.handlers.listDatasets(.init(), context: context).datasets
    #expect(all.map(\.name) == ["another", "reviews"])
    await expect(.alreadyExists) { try await store.create() }
    await expect(.notFound, naming: "'another', 'reviews'") { _ = try await store.dataset("x") }
  }

  @Test(arguments: [
    "../up", "%2e%2e", "a\u{0}b", "CON", "", ".hidden", "rev\u{0456}ews",
    String(repeating: "x", count: 4096), "a/b", "a b",
  ])
  func namesThatAreNoNames(_ name: String) async throws {
    var message = StoreV1.Dataset(try reviews())
    message.name = name
    await expect(.invalidArgument, naming: "name") {
      _ = try await store.handlers.createDataset(.init(dataset: message), context: context)
    }
    await expect(.invalidArgument) {
      _ = try await store.handlers.registerEncoder(
        .init(name: name, files: store.files()), context: context)
    }
    await expect(.invalidArgument) {
      _ = try await store.handlers.publishModel(
        .init(
          model: .init(
            name: name, dataset: "reviews", labels: ["a", "b"], files: store.files())),
        context: context)
    }
  }

  /// Good records, and one of each kind of bad, cut into batches.
  func mixed() -> [StoreV1.ImportRecord] {
    var records = importRecords(1...12)
    records[1].fields["text"] = " "
    records[2].fields["txet"] = "SECRET"
    records[3].externalId = "r1"
    records[4].responses = [.init(user: "ann", label: "fine", status: .submitted)]
    records[5].metadata["empty"] = .init()
    records[6].split = .unrecognized(9)
    records[8].externalId = ""
    records[9].externalId = ""
    records[9].fields = records[8].fields
    return records
  }

  @Test func anImportSaysTheSameWhateverItsBatchesAndWhetherItWrites() async throws {
    let records = mixed()
    func cut(_ size: Int) -> [[StoreV1.ImportRecord]] {
      stride(from: 0, to: records.count, by: size).map {
        Array(records[$0..<min($0 + size, records.count)])
      }
    }
    func sum(_ answers: [StoreV1.ImportRecordsResponse]) -> StoreV1.ImportRecordsResponse {
      .init(
        imported: answers.map(\.imported).reduce(0, +),
        unchanged: answers.map(\.unchanged).reduce(0, +), problems: answers.flatMap(\.problems))
    }
    let first = sum(try await store.importing(cut(12), validateOnly: true))
    #expect(try await store.dataset().counts?.records == 0, "nothing is written")
    #expect(sum(try await store.importing(cut(5), validateOnly: true)) == first)
    #expect(first.imported == 5)
    #expect(first.problems.map(\.line) == [2, 3, 4, 5, 6, 7, 10])
    #expect(
      first.problems.map(\.field)
        == ["text", "txet", "id", "label", "metadata.empty", "split", "id"])
    #expect(first.problems[2].message.contains("line 1"))
    #expect(first.problems[3].message.contains("'positive', 'negative', 'neutral'"))
    #expect(first.problems[6].message.contains("line 9"))
    #expect(!"\(first.problems)".contains("SECRET"))

    let written = sum(try await store.importing(cut(3)))
    #expect(written == first)
    #expect(try await store.dataset().counts?.records == 5)
    var again = first
    (again.imported, again.unchanged) = (0, 5)
    #expect(sum(try await store.importing(cut(4))) == again, "once more is harmless")
    #expect(sum(try await store.importing(cut(4), validateOnly: true)) == again)
    #expect(try await store.dataset().counts?.records == 5)
  }

  @Test func aStoredIDWithOtherContentIsAProblem() async throws {
    _ = try await store.importing([importRecords(1...3)])
    var changed = importRecords(1...3)
    changed[1].fields["text"] = "SECRET"
    for validateOnly in [true, false] {
      let answer = try await store.importing([changed], validateOnly: validateOnly)[0]
      #expect(answer.unchanged == 2)
      #expect(answer.problems.map(\.line) == [2] && answer.problems[0].externalId == "r2")
      #expect(answer.problems[0].message.contains("record 2"))
      #expect(!answer.problems[0].message.contains("SECRET"))
    }
  }

  @Test func oneImportHasOneDataSet() async throws {
    await expect(.notFound) { _ = try await store.importing([importRecords(1...1)], into: "none") }
    await expect(.invalidArgument, naming: "dataset") {
      _ = try await store.importing([importRecords(1...1)], into: "")
    }
    let answers = Answers<StoreV1.ImportRecordsResponse>()
    await expect(.invalidArgument, naming: "'reviews'") {
      try await store.handlers.importRecords(
        RequestStream([
          .init(dataset: "reviews", records: importRecords(1...1)),
          .init(dataset: "other", records: importRecords(2...2)),
        ]), responses: answers.writer, context: context)
    }
    #expect(answers.all.count == 1, "what was acknowledged before stays so")
  }

  @Test func pages() async throws {
    _ = try await store.importing([importRecords(1...25)])
    var request = StoreV1.ListRecordsRequest(
      filter: .init(dataset: "reviews", split: .train), pageSize: 7)
    var ids: [Int64] = []
    repeat {
      let answer = try await store.handlers.listRecords(request, context: context)
      ids += answer.records.map(\.id)
      request.pageToken = answer.nextPageToken
      if !request.pageToken.isEmpty { #expect(answer.records.count == 7) }
    } while !request.pageToken.isEmpty
    #expect(ids == (1...25).filter { $0 % 4 != 0 })

    let token = try await store.handlers.listRecords(
      .init(filter: .init(dataset: "reviews"), pageSize: 5), context: context
    ).nextPageToken
    await expect(.invalidArgument, naming: "another filter") {
      _ = try await store.handlers.listRecords(
        .init(filter: .init(dataset: "reviews", status: .pending), pageToken: token),
        context: context)
    }
    for token in ["x", "..", "zz.!", "\(token)x.1"] {
      await expect(.invalidArgument, naming: "page_token") {
        _ = try await store.handlers.listRecords(
          .init(filter: .init(dataset: "reviews"), pageToken: token), context: context)
      }
    }
    await expect(.invalidArgument, naming: "page_size") {
      _ = try await store.handlers.listRecords(
        .init(filter: .init(dataset: "reviews"), pageSize: 1001), context: context)
    }
    await expect(.invalidArgument, naming: "filter.status") {
      _ = try await store.handlers.listRecords(
        .init(filter: .init(dataset: "reviews", status: .unrecognized(7))), context: context)
    }
  }

  @Test func exportsComeInBatches() async throws {
    let records = importRecords(1...1200)
    _ = try await store.importing([records])
    let answers = Answers<StoreV1.ExportRecordsResponse>()
    try await store.handlers.exportRecords(
      .init(filter: .init(dataset: "reviews")), responses: answers.writer, context: context)
    #expect(answers.all.map(\.records.count) == [500, 500, 200])
    let exported = answers.all.flatMap(\.records)
    #expect(exported.map(\.id) == Array(1...1200))
    #expect(exported.map(\.externalId) == records.map(\.externalId))
    #expect(exported.map(\.fields) == records.map(\.fields))
    #expect(exported.map(\.metadata) == records.map(\.metadata))
    #expect(exported.map(\.split) == records.map(\.split))
  }

  @Test func anExportWaitsForItsReader() async throws {
    _ = try await store.importing([importRecords(1...2000)])
    let gate = AsyncStream<Void>.makeStream()
    let written = Mutex(0)
    let writer = ResponseWriter<StoreV1.ExportRecordsResponse> { _ in
      written.withLock { $0 += 1 }
      var turns = gate.stream.makeAsyncIterator()
      _ = await turns.next()
    }
    async let export: Void = store.handlers.exportRecords(
      .init(filter: .init(dataset: "reviews")), responses: writer, context: context)
    // The writer is not held up by an export that stands still.
    _ = try await store.importing([importRecords(2001...2100)])
    #expect(written.withLock { $0 } <= 1)
    gate.continuation.finish()
    try await export
    let batches = written.withLock { $0 }
    #expect(batches == 4 || batches == 5, "2000 records, or 2100 if the import came first")
  }

  @Test func suggestionsAndResponses() async throws {
    _ = try await store.importing([importRecords(1...3)])
    _ = try await store.handlers.writeSuggestions(
      .init(
        dataset: "reviews",
        suggestions: [
          .init(recordId: 2, agent: "llm", outcome: .label("positive"), score: 0.75),
          .init(recordId: 2, agent: "llm", outcome: .label("negative")),
        ]), context: context)
    _ = try await store.handlers.writeResponses(
      .init(
        dataset: "reviews",
        responses: [.init(recordId: 2, user: "ann", label: "neutral", status: .submitted)]),
      context: context)
    let record = try #require(
      try await store.handlers.getRecord(
        .init(dataset: "reviews", key: .externalId("r2")), context: context
      ).record)
    #expect(record.status == .completed)
    #expect(record.suggestions.map(\.outcome) == [.label("negative")], "the later one counts")
    #expect(record.suggestions[0].score == nil && record.suggestions[0].recordId == 2)
    #expect(record.responses[0].createTimeMs > 0 && record.responses[0].recordId == 2)
    _ = try await store.handlers.deleteResponse(
      .init(dataset: "reviews", recordId: 2, user: "ann"), context: context)
    let after = try await store.handlers.getRecord(
      .init(dataset: "reviews", key: .id(2)), context: context
    ).record
    #expect(after?.status == .pending && after?.responses == [])

    await expect(.invalidArgument, naming: "suggestions[0], record 1", "'positive'") {
      _ = try await store.handlers.writeSuggestions(
        .init(
          dataset: "reviews", suggestions: [.init(recordId: 1, agent: "a", outcome: .label("x"))]),
        context: context)
    }
    await expect(.notFound, naming: "no record 9") {
      _ = try await store.handlers.writeResponses(
        .init(
          dataset: "reviews",
          responses: [.init(recordId: 9, user: "ann", label: "neutral", status: .submitted)]),
        context: context)
    }
    await expect(.invalidArgument, naming: "key") {
      _ = try await store.handlers.getRecord(.init(dataset: "reviews"), context: context)
    }
  }
}

@Suite struct JobHandlerTests {
  let folder: ScratchFolder
  let store: Store

  init() async throws {
    folder = try ScratchFolder()
    store = try Store(data: folder.path)
    try await store.create()
  }

  func label(limit: UInt64 = 0) async throws -> StoreV1.Job {
    try #require(
      try await store.handlers.createJob(
        .init(dataset: "reviews", spec: .labelling(.init(limit: limit))), context: context
      ).job)
  }

  func claim(_ kind: StoreV1.JobKind = .labelling, waitMs: UInt32 = 0) async throws
    -> StoreV1.ClaimJobResponse
  {
    try await store.handlers.claimJob(
      .init(kind: kind, worker: "w", waitMs: waitMs), context: context)
  }

  @Test func aJobsLifeIsWatched() async throws {
    let job = try await label(limit: 5)
    #expect(job.state == .queued && job.spec == .labelling(.init(limit: 5)))
    let answers = Answers<StoreV1.WatchJobResponse>()
    async let watching: Void = store.handlers.watchJob(
      .init(id: job.id), responses: answers.writer, context: context)
    var seen = answers.live
    #expect(await seen.next()?.job?.state == .queued)
    let claimed = try await claim()
    #expect(claimed.leaseMs == 30_000 && claimed.lease == .init(jobId: job.id, attempt: 1))
    #expect(await seen.next()?.job?.state == .running)
    let progress = StoreV1.JobProgress(phase: "labelling", done: 1, total: 5)
    _ = try await store.handlers.heartbeatJob(
      .init(lease: claimed.lease, progress: progress), context: context)
    #expect(await seen.next()?.job?.progress == progress)
    let result = StoreV1.LabellingResult(agent: "llm", suggested: 4, failed: 1)
    await expect(.invalidArgument, naming: "labelling job") {
      _ = try await store.handlers.finishJob(
        .init(lease: claimed.lease, state: .succeeded, result: .trainingResult(.init())),
        context: context)
    }
    for _ in 1...2 {
      _ = try await store.handlers.finishJob(
        .init(lease: claimed.lease, state: .succeeded, result: .labellingResult(result)),
        context: context)
    }
    try await watching
    let last = try #require(answers.all.last?.job)
    #expect(last.state == .succeeded && last.result == .labellingResult(result))
    #expect(last.worker == "w" && last.finishTimeMs >= last.startTimeMs)
    await expect(.aborted, naming: "attempt 1") {
      _ = try await store.handlers.heartbeatJob(.init(lease: claimed.lease), context: context)
    }
    let jobs = try await store.handlers.listJobs(.init(dataset: "reviews"), context: context).jobs
    #expect(jobs == [last])
  }

  @Test(.timeLimit(.minutes(1))) func aClaimWaitsForAJob() async throws {
    #expect(try await claim().job == nil, "no wait, no job")
    async let waiting = claim(waitMs: 30_000)
    async let other = claim(.training, waitMs: 50)
    let job = try await label()
    #expect(try await waiting.job?.id == job.id)
    #expect(try await other.job == nil, "another kind is not woken")
  }

  @Test(.timeLimit(.minutes(1))) func aLostJobGoesToTheNextWorker() async throws {
    let folder = try ScratchFolder()
    let store = try Store(data: folder.path, leaseDuration: .milliseconds(300))
    try await store.create()
    _ = try await store.handlers.createJob(
      .init(dataset: "reviews", spec: .labelling(.init())), context: context)
    let running = Task { try await store.run() }
    let first = try await store.handlers.claimJob(
      .init(kind: .labelling, worker: "dies"), context: context)
    let second = try await store.handlers.claimJob(
      .init(kind: .labelling, worker: "lives", waitMs: 30_000), context: context)
    #expect(first.lease?.attempt == 1 && second.lease?.attempt == 2)
    await expect(.aborted) {
      _ = try await store.handlers.writeSuggestions(
        .init(dataset: "reviews", lease: first.lease), context: context)
    }
    running.cancel()
    try await running.value
  }

  @Test func cancelling() async throws {
    let first = try await label()
    let second = try await label()
    let claimed = try await claim()
    let running = try await store.handlers.cancelJob(.init(id: first.id), context: context).job
    #expect(running?.state == .running && running?.cancelRequested == true)
    #expect(
      try await store.handlers.heartbeatJob(.init(lease: claimed.lease), context: context)
        .cancelRequested)
    _ = try await store.handlers.finishJob(
      .init(lease: claimed.lease, state: .cancelled), context: context)
    let queued = try await store.handlers.cancelJob(.init(id: second.id), context: context).job
    #expect(queued?.state == .cancelled)
    let answers = Answers<StoreV1.WatchJobResponse>()
    try await store.handlers.watchJob(
      .init(id: second.id), responses: answers.writer, context: context)
    #expect(answers.all.map(\.job?.state) == [.cancelled], "a finished job is told once")
  }

  @Test(.timeLimit(.minutes(1))) func whoWaitsGetsAJobThatIsHandedBack() async throws {
    let job = try await label()
    let lease = try await claim().lease
    async let waiting = claim(waitMs: 30_000)
    await expect(.invalidArgument, naming: "handed back") {
      _ = try await store.handlers.finishJob(
        .init(lease: lease, state: .queued, error: "tired"), context: context)
    }
    await expect(.invalidArgument, naming: "handed back") {
      _ = try await store.handlers.finishJob(
        .init(lease: lease, state: .running), context: context)
    }
    _ = try await store.handlers.finishJob(.init(lease: lease, state: .queued), context: context)
    let next = try await waiting
    #expect(next.job?.id == job.id && next.lease?.attempt == 2)
  }

  @Test func specificationsAreChecked() async throws {
    await expect(.invalidArgument, naming: "labelling or training") {
      _ = try await store.handlers.createJob(.init(dataset: "reviews"), context: context)
    }
    await expect(.notFound, naming: "'reviews'") {
      _ = try await store.handlers.createJob(
        .init(dataset: "x", spec: .labelling(.init())), context: context)
    }
    func train(_ spec: StoreV1.TrainingSpec) async throws -> StoreV1.Job? {
      try await store.handlers.createJob(
        .init(dataset: "reviews", spec: .training(spec)), context: context
      ).job
    }
    await expect(.failedPrecondition, naming: "no encoder yet: run lauter encoder pull") {
      _ = try await train(.init())
    }
    _ = try await store.handlers.registerEncoder(
      .init(name: "mini", files: store.files()), context: context)
    await expect(.notFound, naming: "'mini'") { _ = try await train(.init(encoder: "maxi")) }
    await expect(.invalidArgument, naming: "training.model") {
      _ = try await train(.init(model: "../m"))
    }
    await expect(.invalidArgument, naming: "warmup_proportion") {
      _ = try await train(.init(warmupProportion: 2))
    }
    await expect(.invalidArgument, naming: "body_learning_rate") {
      _ = try await train(.init(bodyLearningRate: .nan))
    }
    let job = try await train(.init(seed: 3))
    #expect(job?.spec == .training(.init(model: "reviews", encoder: "mini", seed: 3)))
    for id in ["", "x", "99", "-1"] {
      await expect(.notFound) {
        _ = try await store.handlers.getJob(.init(id: id), context: context)
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func waitingCallsEndWithTheStore() async throws {
    let job = try await label()
    let answers = Answers<StoreV1.WatchJobResponse>()
    let running = Task { try await store.run() }
    let watching = Task {
      try await store.handlers.watchJob(
        .init(id: job.id), responses: answers.writer, context: context)
    }
    var seen = answers.live
    _ = await seen.next()
    let claiming = Task { try await claim(.training, waitMs: 30_000) }
    running.cancel()
    try await running.value
    await expect(.unavailable, naming: "stopping") { try await watching.value }
    await expect(.unavailable, naming: "stopping") { _ = try await claiming.value }
  }
}
