import RPC
import Schema
import Wire

extension Handlers: StoreV1.JobService {
  func createJob(
    _ request: StoreV1.CreateJobRequest, context: CallContext
  ) async throws -> StoreV1.CreateJobResponse {
    try await answering {
      let dataset = try await dataset(request.dataset)
      let job: StoredJob
      switch request.spec {
      case .labelling(let spec):
        _ = try spec.split.value("labelling.split")
        job = try await database.createJob(.labelling, spec: spec.bytes, on: dataset)
      case .training(var spec):
        try Self.check(spec)
        // Defaults are resolved now, so that the job says what it will do.
        if spec.model.isEmpty { spec.model = dataset.dataset.name.description }
        spec.encoder = try await database.encoder(spec.encoder).name
        job = try await database.createJob(.training, spec: spec.bytes, on: dataset)
      case nil: throw Self.invalid("spec: say what to do, labelling or training")
      }
      changes.announce(job)
      return StoreV1.CreateJobResponse(job: try .init(job))
    }
  }

  private static func check(_ spec: StoreV1.TrainingSpec) throws {
    if !spec.model.isEmpty { _ = try Name(spec.model, field: "training.model") }
    func check(_ field: String, _ value: Double?, _ range: ClosedRange<Double>) throws {
      if let value, !range.contains(value) {
        throw invalid(
          "training.\(field): between \(range.lowerBound) and \(range.upperBound), not \(value)")
      }
    }
    try check("body_learning_rate", spec.bodyLearningRate, 0...1)
    try check("warmup_proportion", spec.warmupProportion, 0...1)
    try check("l2_weight", spec.l2Weight, 0...1)
    try check("head_c", spec.headC, 0...1e9)
    if case .unrecognized(let number) = spec.samplingStrategy {
      throw invalid("training.sampling_strategy: \(number) is not known to this version")
    }
  }

  func getJob(
    _ request: StoreV1.GetJobRequest, context: CallContext
  ) async throws -> StoreV1.GetJobResponse {
    try await answering {
      StoreV1.GetJobResponse(job: try await .init(database.job(Self.jobID(request.id))))
    }
  }

  func listJobs(
    _ request: StoreV1.ListJobsRequest, context: CallContext
  ) async throws -> StoreV1.ListJobsResponse {
    try await answering {
      let dataset = request.dataset.isEmpty ? nil : try await dataset(request.dataset)
      return StoreV1.ListJobsResponse(
        jobs: try await database.jobs(of: dataset).map { try .init($0) })
    }
  }

  func watchJob(
    _ request: StoreV1.WatchJobRequest, responses: ResponseWriter<StoreV1.WatchJobResponse>,
    context: CallContext
  ) async throws {
    try await answering {
      let id = try Self.jobID(request.id)
      var changed = changes.of(.job(id)).makeAsyncIterator()
      var last: StoredJob?
      repeat {
        let job = try await database.job(id)
        if job != last { try await responses.write(.init(job: .init(job))) }
        last = job
        if job.state.isFinal { return }
      } while await changed.next() != nil
      try Task.checkCancellation()
      throw Self.stopping
    }
  }

  func cancelJob(
    _ request: StoreV1.CancelJobRequest, context: CallContext
  ) async throws -> StoreV1.CancelJobResponse {
    try await answering {
      let job = try await database.cancelJob(Self.jobID(request.id))
      changes.announce(job)
      return StoreV1.CancelJobResponse(job: try .init(job))
    }
  }

  // MARK: For workers

  func claimJob(
    _ request: StoreV1.ClaimJobRequest, context: CallContext
  ) async throws -> StoreV1.ClaimJobResponse {
    try await answering {
      let kind: JobKind
      switch request.kind {
      case .labelling: kind = .labelling
      case .training: kind = .training
      case .unspecified, .unrecognized:
        throw Self.invalid("kind: say which jobs to claim, labelling or training")
      }
      guard request.worker.utf8.count <= 200 else {
        throw Self.invalid("worker: a worker's name has at most 200 bytes")
      }
      let end = ContinuousClock.now + .milliseconds(Int(min(request.waitMs, 30_000)))
      while true {
        // Listen first, look second: what is queued in between is not missed.
        let queued = changes.of(.queue(kind))
        try await sweep()
        // A caller that is gone must not be given a job.
        try Task.checkCancellation()
        let job = try await database.claimJob(
          kind, worker: request.worker, lease: leaseDuration.milliseconds)
        if let job {
          changes.announce(job)
          return StoreV1.ClaimJobResponse(
            job: try .init(job), lease: .init(jobId: "\(job.id)", attempt: job.attempt),
            leaseMs: UInt32(clamping: leaseDuration.milliseconds))
        }
        if changes.hasEnded { throw Self.stopping }
        let left = end - .now
        if left <= .zero { return StoreV1.ClaimJobResponse() }
        await withTaskGroup { group in
          group.addTask { for await _ in queued { break } }
          group.addTask { try? await Task.sleep(for: left) }
          await group.next()
          group.cancelAll()
        }
      }
    }
  }

  func heartbeatJob(
    _ request: StoreV1.HeartbeatJobRequest, context: CallContext
  ) async throws -> StoreV1.HeartbeatJobResponse {
    try await answering {
      let job = try await database.heartbeat(
        try Self.lease(request.lease), progress: request.progress?.bytes,
        extendingBy: leaseDuration.milliseconds)
      changes.announce(job)
      return StoreV1.HeartbeatJobResponse(cancelRequested: job.cancelRequested)
    }
  }

  func finishJob(
    _ request: StoreV1.FinishJobRequest, context: CallContext
  ) async throws -> StoreV1.FinishJobResponse {
    try await answering {
      let state: JobState
      switch request.state {
      case .succeeded: state = .succeeded
      case .failed: state = .failed
      case .cancelled: state = .cancelled
      case .queued: state = .queued
      case .running, .unspecified, .unrecognized:
        throw Self.invalid(
          "state: a job ends as succeeded, failed or cancelled, or is handed back as queued")
      }
      let lease = try Self.lease(request.lease)
      guard state != .queued || (request.result == nil && request.error.isEmpty) else {
        throw Self.invalid("state: a job that is handed back has neither a result nor an error")
      }
      let kind = try await database.job(lease.job).kind
      var result: [UInt8]?
      switch (request.result, kind) {
      case (.labellingResult(let message), .labelling): result = try message.bytes
      case (.trainingResult(let message), .training): result = try message.bytes
      case (nil, _): break
      default: throw Self.invalid("result: job \(lease.job) is a \(kind.rawValue) job")
      }
      let job = try await database.finishJob(
        lease, as: state, error: request.error, result: result)
      changes.announce(job)
      return StoreV1.FinishJobResponse()
    }
  }

  /// Takes jobs back from workers that are gone and tells who waits for them.
  func sweep() async throws {
    for job in try await database.sweepJobs() {
      logger.warning(
        "job \(job.id) lost its worker and is \(job.state.rawValue)",
        metadata: ["worker": "\(job.worker)", "attempt": "\(job.attempt)"])
      changes.announce(job)
    }
  }

  // MARK: Conversions

  static func jobID(_ id: String) throws -> Int64 {
    guard let number = Int64(id) else { throw Database.noJob(id) }
    return number
  }

  static func lease(_ message: StoreV1.Lease?) throws -> JobLease {
    guard let message else { throw invalid("lease: give the lease the claim gave") }
    return try JobLease(message)
  }
}

extension JobLease {
  init(_ message: StoreV1.Lease) throws {
    self.init(job: try Handlers.jobID(message.jobId), attempt: message.attempt)
  }
}

extension Duration {
  var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}

extension StoreV1.Job {
  fileprivate init(_ job: StoredJob) throws {
    let spec: Spec =
      switch job.kind {
      case .labelling: .labelling(try .init(stored: job.spec))
      case .training: .training(try .init(stored: job.spec))
      }
    let result = try job.result.map { bytes -> StoreV1.Job.Result in
      switch job.kind {
      case .labelling: .labellingResult(try .init(stored: bytes))
      case .training: .trainingResult(try .init(stored: bytes))
      }
    }
    let state: StoreV1.JobState =
      switch job.state {
      case .queued: .queued
      case .running: .running
      case .succeeded: .succeeded
      case .failed: .failed
      case .cancelled: .cancelled
      }
    self.init(
      id: "\(job.id)", dataset: job.dataset, spec: spec, state: state,
      progress: try job.progress.map { try .init(stored: $0) }, error: job.error, result: result,
      attempt: job.attempt, worker: job.worker, createTimeMs: job.createTimeMs,
      startTimeMs: job.startTimeMs ?? 0, finishTimeMs: job.finishTimeMs ?? 0,
      cancelRequested: job.cancelRequested)
  }
}
