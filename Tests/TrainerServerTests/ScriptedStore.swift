import Artefacts
import Foundation
import RPC
import Schema
import Synchronization
import Wire

/// As much of a store as a trainer talks to: in memory, behind a real gRPC server.
final class ScriptedStore: Sendable {
  struct State {
    var dataset: Dataset
    var records: [Record] = []
    var encoder = StoreV1.Encoder(name: "small", digest: "sha256:encoder")
    var artefacts: [String: [UInt8]] = [:]
    var models: [StoreV1.Model] = []
    var queued: [StoreV1.Job] = []
    var heartbeats: [StoreV1.JobProgress] = []
    var finished: [StoreV1.FinishJobRequest] = []
    /// Wishes to cancel from just after a heartbeat in this phase, so that the next one is told.
    var cancelsIn: String?
    var cancelledAt: ContinuousClock.Instant?
    /// How often each of these methods is still answered as if nobody were there.
    var outages: [String: Int] = [:]
    /// Takes no upload before its call ends.
    var holdsUploads = false
    var finishedAt: ContinuousClock.Instant?
    /// Refuses every upload.
    var isFull = false

    mutating func beThere(for method: String) throws {
      guard let left = outages[method], left > 0 else { return }
      outages[method] = left - 1
      throw RPCError(code: .unavailable, message: "nobody is there")
    }
  }

  static let full = "the store's disk is full; free some space and try again"

  let state: Mutex<State>

  init(_ dataset: Dataset, _ records: [Record]) {
    state = Mutex(State(dataset: dataset, records: records))
  }

  /// Registers a folder as the store's only encoder.
  func register(encoder folder: URL) throws {
    let manifest = try FileManifest(folder: folder)
    try state.withLock { state in
      for file in manifest.files {
        state.artefacts[file.digest.description] = Array(
          try Data(contentsOf: folder.appending(path: file.path)))
      }
      state.encoder.files = manifest.messages
      state.encoder.digest = manifest.digest.description
    }
  }

  func queue(_ spec: StoreV1.TrainingSpec) {
    state.withLock { state in
      state.queued.append(
        StoreV1.Job(
          id: "job-\(state.queued.count)", dataset: state.dataset.name.description,
          spec: .training(spec)))
    }
  }

  /// Serves while `body` runs, which gets the address.
  func serving<R: Sendable>(_ body: @Sendable (String) async throws -> R) async throws -> R {
    let server = RPCServer(services: definitions)
    let address = try await server.start()
    let running = Task { try await server.run() }
    defer { running.cancel() }
    return try await body(address.description)
  }

  /// Waits until a job has ended.
  func finished() async throws -> StoreV1.FinishJobRequest {
    while true {
      if let finished = state.withLock({ $0.finished.first }) { return finished }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func unary<Q: Message, A: Message>(
    _ name: String, _ answer: @escaping @Sendable (inout State, Q) throws -> A
  ) -> MethodDefinition {
    .unary(name) { (request: Q, _) in
      try self.state.withLock {
        try $0.beThere(for: name)
        return try answer(&$0, request)
      }
    }
  }

  private var definitions: [ServiceDefinition] {
    [
      ServiceDefinition(
        "lauter.store.v1.DatasetService",
        methods: [
          unary("GetDataset") { state, request in
            let request: StoreV1.GetDatasetRequest = request
            guard request.name == state.dataset.name.description else {
              throw RPCError(code: .notFound, message: "no data set '\(request.name)'")
            }
            return StoreV1.GetDatasetResponse(dataset: .init(state.dataset))
          }
        ]),
      ServiceDefinition(
        "lauter.store.v1.RecordService",
        methods: [.serverStreaming("ExportRecords", exportRecords)]),
      ServiceDefinition(
        "lauter.store.v1.EncoderService",
        methods: [
          unary("GetEncoder") { state, request in
            let _: StoreV1.GetEncoderRequest = request
            return StoreV1.GetEncoderResponse(encoder: state.encoder)
          }
        ]),
      ServiceDefinition(
        "lauter.store.v1.ArtefactService",
        methods: [
          unary("FindArtefacts") { state, request in
            let request: StoreV1.FindArtefactsRequest = request
            return StoreV1.FindArtefactsResponse(
              found: request.digests.filter { state.artefacts[$0] != nil })
          },
          .serverStreaming("DownloadArtefact", downloadArtefact),
          .clientStreaming("UploadArtefact", uploadArtefact),
        ]),
      ServiceDefinition(
        "lauter.store.v1.ModelService",
        methods: [
          unary("PublishModel") { state, request in
            let request: StoreV1.PublishModelRequest = request
            guard request.lease?.attempt == 1, var model = request.model else {
              throw RPCError(code: .aborted, message: "the lease is lost")
            }
            model.version = UInt64(state.models.count + 1)
            state.models.append(model)
            return StoreV1.PublishModelResponse(model: model)
          },
          unary("GetModel") { state, request in
            let request: StoreV1.GetModelRequest = request
            guard
              let model = state.models.last(where: {
                $0.name == request.name && (request.version == 0 || $0.version == request.version)
              })
            else { throw RPCError(code: .notFound, message: "no model '\(request.name)'") }
            return StoreV1.GetModelResponse(model: model)
          },
        ]),
      ServiceDefinition("lauter.store.v1.JobService", methods: jobMethods),
    ]
  }

  private var jobMethods: [MethodDefinition] {
    [
      .unary("ClaimJob") { (_: StoreV1.ClaimJobRequest, _) in
        let job = self.state.withLock { $0.queued.isEmpty ? nil : $0.queued.removeFirst() }
        guard let job else {
          try await Task.sleep(for: .milliseconds(50))
          return StoreV1.ClaimJobResponse()
        }
        return StoreV1.ClaimJobResponse(
          job: job, lease: .init(jobId: job.id, attempt: 1), leaseMs: 30_000)
      },
      unary("HeartbeatJob") { state, request in
        let request: StoreV1.HeartbeatJobRequest = request
        if let progress = request.progress { state.heartbeats.append(progress) }
        let cancels = state.cancelledAt != nil
        if !cancels, state.cancelsIn != nil, request.progress?.phase == state.cancelsIn {
          state.cancelledAt = ContinuousClock().now
        }
        return StoreV1.HeartbeatJobResponse(cancelRequested: cancels)
      },
      unary("FinishJob") { state, request in
        let request: StoreV1.FinishJobRequest = request
        state.finished.append(request)
        state.finishedAt = ContinuousClock().now
        return StoreV1.FinishJobResponse()
      },
    ]
  }

  @Sendable private func exportRecords(
    _ request: StoreV1.ExportRecordsRequest,
    _ responses: ResponseWriter<StoreV1.ExportRecordsResponse>, _: CallContext
  ) async throws {
    let filter = request.filter ?? .init()
    let split = try filter.split.value()
    let status = try filter.status.value()
    let records = state.withLock { $0.records }.filter { record in
      (split == nil || record.split == split) && (status == nil || record.status == status)
    }
    for record in records {
      try await responses.write(.init(records: [.init(record)]))
    }
  }

  @Sendable private func downloadArtefact(
    _ request: StoreV1.DownloadArtefactRequest,
    _ responses: ResponseWriter<StoreV1.DownloadArtefactResponse>, _: CallContext
  ) async throws {
    guard let bytes = state.withLock({ $0.artefacts[request.digest] }) else {
      throw RPCError(code: .notFound, message: "no artefact \(request.digest)")
    }
    var start = Int(request.offset)
    repeat {
      let end = min(start + 1 << 20, bytes.count)
      try await responses.write(
        .init(chunk: Array(bytes[start..<end]), sizeBytes: UInt64(bytes.count)))
      start = end
    } while start < bytes.count
  }

  @Sendable private func uploadArtefact(
    _ requests: RequestStream<StoreV1.UploadArtefactRequest>, _: CallContext
  ) async throws -> StoreV1.UploadArtefactResponse {
    try state.withLock { try $0.beThere(for: "UploadArtefact") }
    if state.withLock({ $0.isFull }) {
      throw RPCError(code: .resourceExhausted, message: Self.full)
    }
    if state.withLock({ $0.holdsUploads }) { try await Task.sleep(for: .seconds(600)) }
    var bytes: [UInt8] = []
    for try await request in requests { bytes += request.chunk }
    let digest = Digest(of: bytes).description
    state.withLock { [bytes] in $0.artefacts[digest] = bytes }
    return .init(digest: digest, sizeBytes: UInt64(bytes.count))
  }
}
