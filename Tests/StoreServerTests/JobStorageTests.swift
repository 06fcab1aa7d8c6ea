import Schema
import StoreServer
import Testing

@Suite struct JobStorageTests {
  let folder: ScratchFolder
  let clock = Clock()
  let database: Database
  let dataset: StoredDataset

  init() async throws {
    folder = try ScratchFolder()
    database = try Database(path: folder.database, now: clock.now)
    dataset = try await database.create(try reviews())
  }

  func claim(_ kind: JobKind = .labelling, worker: String = "w") async throws -> StoredJob? {
    try await database.claimJob(kind, worker: worker, lease: 30_000)
  }

  @Test func jobsAreClaimedInTheOrderTheyWereMade() async throws {
    let first = try await database.createJob(.labelling, spec: [1, 2], on: dataset)
    let other = try await database.createJob(.training, spec: [], on: dataset)
    let second = try await database.createJob(.labelling, spec: [], on: dataset)
    #expect(first.state == .queued && first.attempt == 0 && first.spec == [1, 2])
    let claimed = try #require(try await claim())
    #expect(claimed.id == first.id)
    #expect(claimed.state == .running && claimed.attempt == 1 && claimed.worker == "w")
    #expect(try await claim()?.id == second.id)
    #expect(try await claim() == nil)
    #expect(try await claim(.training)?.id == other.id)
    #expect(try await database.jobs().map(\.id) == [3, 2, 1])
    #expect(try await database.jobs(of: dataset).count == 3)
  }

  @Test func oneJobHasOneClaimant() async throws {
    for _ in 1...10 { _ = try await database.createJob(.labelling, spec: [], on: dataset) }
    let claimed = try await withThrowingTaskGroup(of: Int64?.self) { group in
      for number in 1...20 { group.addTask { try await claim(worker: "\(number)")?.id } }
      return try await group.reduce(into: [Int64]()) { if let id = $1 { $0.append(id) } }
    }
    #expect(claimed.sorted() == Array(1...10))
  }

  @Test func aStaleWorkerIsRefused() async throws {
    let job = try await database.createJob(.labelling, spec: [], on: dataset)
    _ = try await add(drafts(1...1), to: dataset, database)
    _ = try await claim()
    let stale = JobLease(job: job.id, attempt: 1)
    clock.advance(20_000)
    let alive = try await database.heartbeat(stale, progress: [7], extendingBy: 30_000)
    #expect(alive.progress == [7] && !alive.cancelRequested)
    clock.advance(29_999)
    #expect(try await database.sweepJobs().isEmpty)
    clock.advance(1)
    // Lost as soon as its time is over, swept or not.
    await expect(storage: .leaseLost) {
      _ = try await database.heartbeat(stale, progress: nil, extendingBy: 30_000)
    }
    #expect(try await database.sweepJobs().map(\.state) == [.queued])
    let again = try #require(try await claim(worker: "second"))
    #expect(again.id == job.id && again.attempt == 2)
    #expect(again.startTimeMs == alive.startTimeMs)
    let suggestion = (Int64(1), Suggestion(agent: "a", outcome: .label("positive")))
    await expect(storage: .leaseLost, naming: "attempt 1") {
      try await database.write([suggestion], to: dataset, lease: stale)
    }
    await expect(storage: .leaseLost) {
      _ = try await database.finishJob(stale, as: .succeeded, error: "", result: nil)
    }
    let fresh = JobLease(job: job.id, attempt: 2)
    try await database.write([suggestion], to: dataset, lease: fresh)
    let done = try await database.finishJob(fresh, as: .succeeded, error: "", result: [9])
    #expect(done.state == .succeeded && done.result == [9] && done.finishTimeMs != nil)
    // The answer may have been lost on its way.
    #expect(try await database.finishJob(fresh, as: .succeeded, error: "", result: [9]) == done)
    await expect(storage: .leaseLost) {
      _ = try await database.finishJob(fresh, as: .failed, error: "x", result: nil)
    }
    await expect(storage: .leaseLost) {
      try await database.write([suggestion], to: dataset, lease: fresh)
    }
  }

  @Test func aLeaseIsForOneDataSet() async throws {
    let other = try await database.create(try reviews("other"))
    _ = try await add(drafts(1...1), to: other, database)
    let job = try await database.createJob(.labelling, spec: [], on: dataset)
    _ = try await claim()
    await expect(storage: .invalid, naming: "'other'") {
      try await database.write(
        [(1, Suggestion(agent: "a", outcome: .label("positive")))], to: other,
        lease: JobLease(job: job.id, attempt: 1))
    }
  }

  @Test func aJobThatLosesFiveWorkersFails() async throws {
    _ = try await database.createJob(.training, spec: [], on: dataset)
    for attempt in 1...UInt32(5) {
      #expect(try await claim(.training)?.attempt == attempt)
      let lease = JobLease(job: 1, attempt: attempt)
      _ = try await database.heartbeat(lease, progress: [7], extendingBy: 30_000)
      clock.advance(30_000)
      let swept = try await database.sweepJobs()
      #expect(swept.map(\.state) == [attempt < 5 ? .queued : .failed])
      // How far the lost one was is no progress of the next; of the last it is the best that is known.
      #expect(swept.map(\.progress) == [attempt < 5 ? nil : [7]])
    }
    let job = try await database.job(1)
    #expect(job.error.contains("5 times") && job.error.contains("'w'"))
    #expect(try await claim(.training) == nil)
  }

  @Test func cancelling() async throws {
    for _ in 1...3 { _ = try await database.createJob(.labelling, spec: [], on: dataset) }
    #expect(try await claim()?.id == 1)
    #expect(try await claim()?.id == 2)
    let running = try await database.cancelJob(1)
    #expect(running.state == .running && running.cancelRequested)
    let lease = JobLease(job: 1, attempt: 1)
    #expect(try await database.heartbeat(lease, progress: nil, extendingBy: 1000).cancelRequested)
    #expect(try await database.cancelJob(3).state == .cancelled)
    #expect(try await claim() == nil, "a cancelled job is not handed out")
    _ = try await database.cancelJob(2)
    clock.advance(30_000)
    #expect(
      try await database.sweepJobs().map(\.state) == [.cancelled, .cancelled],
      "cancelled jobs whose workers are gone end there")
    let ended = try await database.job(1)
    #expect(try await database.cancelJob(1) == ended, "a finished job stays as it is")
    await expect(storage: .notFound, naming: "'9'") { _ = try await database.cancelJob(9) }
  }

  @Test func aJobThatIsHandedBackIsQueuedAgain() async throws {
    let id = try await database.createJob(.labelling, spec: [], on: dataset).id
    // Far oftener than a job may lose its worker.
    for attempt in 1...UInt32(12) {
      #expect(try await claim()?.attempt == attempt)
      let lease = JobLease(job: id, attempt: attempt)
      #expect(
        try await database.heartbeat(lease, progress: [7], extendingBy: 30_000).progress == [7])
      let queued = try await database.finishJob(lease, as: .queued, error: "", result: nil)
      #expect(queued.state == .queued && queued.finishTimeMs == nil && queued.progress == nil)
      // The answer may have been lost on its way.
      #expect(try await database.finishJob(lease, as: .queued, error: "", result: nil) == queued)
      await expect(storage: .leaseLost) {
        _ = try await database.heartbeat(lease, progress: nil, extendingBy: 30_000)
      }
    }
    for _ in 1...4 {
      _ = try await claim()
      clock.advance(30_000)
      #expect(try await database.sweepJobs().map(\.state) == [.queued])
    }
    let fifth = try await claim()
    #expect(fifth?.attempt == 17, "no lease is like an earlier one")
    clock.advance(30_000)
    #expect(try await database.sweepJobs().map(\.state) == [.failed])
    #expect(try await database.job(id).error.contains("5 times"))
  }

  @Test func aJobThatIsHandedBackCanBeCancelled() async throws {
    for _ in 1...2 { _ = try await database.createJob(.labelling, spec: [], on: dataset) }
    let before = JobLease(job: try #require(try await claim()).id, attempt: 1)
    _ = try await database.finishJob(before, as: .queued, error: "", result: nil)
    let cancelled = try await database.cancelJob(before.job)
    #expect(cancelled.state == .cancelled && cancelled.finishTimeMs != nil)
    // And the other way round.
    let lease = JobLease(job: try #require(try await claim()).id, attempt: 1)
    _ = try await database.cancelJob(lease.job)
    for _ in 1...2 {
      let ended = try await database.finishJob(lease, as: .queued, error: "", result: nil)
      #expect(ended.state == .cancelled && ended.finishTimeMs != nil)
    }
    #expect(try await claim() == nil)
  }

  @Test func leasesOutliveARestart() async throws {
    let job = try await database.createJob(.labelling, spec: [1], on: dataset)
    _ = try await claim()
    try database.close()
    let again = try Database(path: folder.database, now: clock.now)
    #expect(try await again.sweepJobs().isEmpty)
    let lease = JobLease(job: job.id, attempt: 1)
    #expect(try await again.heartbeat(lease, progress: nil, extendingBy: 30_000).spec == [1])
    clock.advance(30_000)
    #expect(try await again.sweepJobs().map(\.state) == [.queued])
  }
}

@Suite struct ModelStorageTests {
  let folder: ScratchFolder
  let clock = Clock()
  let database: Database
  let dataset: StoredDataset
  let files = [
    StoredFile(path: "config.json", digest: "sha256:aa", sizeBytes: 3),
    StoredFile(path: "model.safetensors", digest: "sha256:bb", sizeBytes: 5),
  ]

  init() async throws {
    folder = try ScratchFolder()
    database = try Database(path: folder.database, now: clock.now)
    dataset = try await database.create(try reviews())
  }

  func upload() async throws {
    for file in files {
      try await database.addArtefact(digest: file.digest, sizeBytes: file.sizeBytes)
    }
  }

  func register(_ name: String, digest: String = "d", makeDefault: Bool = false) async throws
    -> StoredEncoder
  {
    try await database.registerEncoder(
      Name(name), digest: digest, files: files, source: "here", makeDefault: makeDefault)
  }

  @Test func encoders() async throws {
    await expect(storage: .precondition, naming: "lauter encoder pull") {
      _ = try await database.encoder("")
    }
    await expect(storage: .precondition, naming: "'config.json'", "'model.safetensors'") {
      _ = try await register("mini")
    }
    try await upload()
    try await upload()
    let mini = try await register("mini")
    #expect(mini.isDefault, "the first is the default")
    #expect(mini.files == files)
    #expect(try await !register("bge").isDefault)
    #expect(try await database.encoder("").name == "mini")
    #expect(try await register("bge", digest: "e", makeDefault: true).isDefault)
    #expect(try await database.encoder("").digest == "e")
    #expect(try await register("bge", digest: "f").isDefault, "a replaced default stays it")
    #expect(try await database.encoders().map(\.isDefault) == [true, false])
    await expect(storage: .notFound, naming: "'x'", "'bge', 'mini'") {
      _ = try await database.encoder("x")
    }
    await expect(storage: .invalid, naming: "config.json", "3 bytes") {
      _ = try await database.registerEncoder(
        Name("z"), digest: "d",
        files: [StoredFile(path: "config.json", digest: "sha256:aa", sizeBytes: 4)], source: "",
        makeDefault: false)
    }
  }

  func model(_ name: String = "m") throws -> NewModel {
    NewModel(
      name: try Name(name), dataset: "reviews", labels: ["a", "b"], digest: "d", files: files,
      encoder: "mini", encoderDigest: "e", training: [1], evaluation: nil, trainRecords: 8)
  }

  @Test func versionsCountUpAndStay() async throws {
    await expect(storage: .notFound, naming: "lauter train") {
      _ = try await database.model("m", version: 0)
    }
    try await upload()
    let first = try await database.publish(model(), from: dataset)
    #expect(first.isNew && first.model.version == 1)
    #expect(try first.model.model == model())
    #expect(try await database.publish(model(), from: dataset).model.version == 2)
    #expect(try await database.publish(model("other"), from: dataset).model.version == 1)
    #expect(try await database.model("m", version: 0).version == 2)
    #expect(try await database.model("m", version: 1) == first.model)
    #expect(try await database.models("m").map(\.version) == [2, 1])
    #expect(try await database.models().count == 3)
    await expect(storage: .notFound, naming: "version 7", "1 to 2") {
      _ = try await database.model("m", version: 7)
    }
    await expect(storage: .notFound, naming: "'m', 'other'") {
      _ = try await database.model("x", version: 0)
    }
  }

  @Test func aJobPublishesOnce() async throws {
    try await upload()
    let job = try await database.createJob(.training, spec: [], on: dataset)
    _ = try await database.claimJob(.training, worker: "w", lease: 1000)
    let lease = JobLease(job: job.id, attempt: 1)
    let first = try await database.publish(model(), from: dataset, lease: lease)
    let second = try await database.publish(model(), from: dataset, lease: lease)
    #expect(first.isNew && !second.isNew && first.model == second.model)
    clock.advance(1000)
    await expect(storage: .leaseLost) {
      _ = try await database.publish(model(), from: dataset, lease: lease)
    }
    _ = try await database.sweepJobs()
    _ = try await database.claimJob(.training, worker: "w", lease: 1000)
    let third = try await database.publish(
      model(), from: dataset, lease: JobLease(job: job.id, attempt: 2))
    #expect(!third.isNew && third.model == first.model, "whatever worker it has by then")
  }
}
