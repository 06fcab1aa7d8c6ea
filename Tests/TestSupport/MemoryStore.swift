public import RPC
import Synchronization
public import Wire

/// The store's artefacts, encoders and models in memory, served on loopback: for what fetches from a
/// store. It believes the digests it is told, and counts what is asked of it.
public final class MemoryStore: Sendable {
  struct State {
    var artefacts: [String: [UInt8]] = [:]
    var models: [StoreV1.Model] = []
    var encoders: [StoreV1.Encoder] = []
    var watchers: [Int: AsyncStream<StoreV1.Model>.Continuation] = [:]
    var nextWatcher = 0
    var downloads: [StoreV1.DownloadArtefactRequest] = []
    var uploads: [String] = []
    var calls: [String: Int] = [:]
    var chunkSize = 1000
    var held: AsyncStream<Void>?
  }

  let state = Mutex(State())

  public init() {}

  // MARK: What is in it

  public func put(_ bytes: [UInt8], digest: String) {
    state.withLock { $0.artefacts[digest] = bytes }
  }

  public func artefact(_ digest: String) -> [UInt8]? { state.withLock { $0.artefacts[digest] } }

  public func publish(_ model: StoreV1.Model) {
    let watchers = state.withLock { state in
      state.models.append(model)
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.yield(model) }
  }

  /// The default encoder from now on.
  public func register(_ encoder: StoreV1.Encoder) {
    state.withLock { state in
      state.encoders.removeAll { $0.name == encoder.name }
      state.encoders.insert(encoder, at: 0)
    }
  }

  /// Lets downloads wait from now on.
  ///
  /// - Returns: what lets them go on.
  public func holdDownloads() -> @Sendable () -> Void {
    let (held, continuation) = AsyncStream.makeStream(of: Void.self)
    state.withLock { $0.held = held }
    return { continuation.finish() }
  }

  // MARK: What was asked

  public var downloads: [StoreV1.DownloadArtefactRequest] { state.withLock { $0.downloads } }
  /// The digests sent to it, in order.
  public var uploads: [String] { state.withLock { $0.uploads } }
  public func calls(_ method: String) -> Int { state.withLock { $0.calls[method] ?? 0 } }

  func count(_ method: String) { state.withLock { $0.calls[method, default: 0] += 1 } }

  // MARK: Serving

  /// Serves on loopback while `body` runs.
  ///
  /// - Parameter body: is given the address, and a closure that takes the store down.
  public func serving<R>(
    _ body: (_ address: String, _ stop: @escaping @Sendable () async -> Void) async throws -> R
  ) async throws -> R {
    let server = RPCServer(
      services: [
        .artefactService(self), .encoderService(self), .modelService(self),
      ])
    let address = try await server.start()
    let running = Task { try await server.run() }
    let stop: @Sendable () async -> Void = {
      running.cancel()
      _ = await running.result
    }
    do {
      let result = try await body("\(address)", stop)
      await stop()
      return result
    } catch {
      await stop()
      throw error
    }
  }
}

extension MemoryStore: StoreV1.ArtefactService {
  public func uploadArtefact(
    _ requests: RequestStream<StoreV1.UploadArtefactRequest>, context: CallContext
  ) async throws -> StoreV1.UploadArtefactResponse {
    var digest = ""
    var bytes: [UInt8] = []
    for try await request in requests {
      if digest.isEmpty { digest = request.digest }
      bytes += request.chunk
    }
    state.withLock { state in
      state.uploads.append(digest)
      state.artefacts[digest] = bytes
    }
    return StoreV1.UploadArtefactResponse(digest: digest, sizeBytes: UInt64(bytes.count))
  }

  public func downloadArtefact(
    _ request: StoreV1.DownloadArtefactRequest,
    responses: ResponseWriter<StoreV1.DownloadArtefactResponse>, context: CallContext
  ) async throws {
    let (bytes, chunkSize, held) = state.withLock { state in
      state.downloads.append(request)
      return (state.artefacts[request.digest], state.chunkSize, state.held)
    }
    if let held { for await _ in held {} }
    guard let bytes else { throw RPCError(code: .notFound, message: "no such artefact") }
    var offset = Int(request.offset)
    repeat {
      let end = min(offset + chunkSize, bytes.count)
      try await responses.write(
        StoreV1.DownloadArtefactResponse(
          chunk: Array(bytes[offset..<end]), sizeBytes: UInt64(bytes.count)))
      offset = end
    } while offset < bytes.count
  }

  public func findArtefacts(
    _ request: StoreV1.FindArtefactsRequest, context: CallContext
  ) async throws -> StoreV1.FindArtefactsResponse {
    state.withLock { state in
      StoreV1.FindArtefactsResponse(found: request.digests.filter { state.artefacts[$0] != nil })
    }
  }
}

extension MemoryStore: StoreV1.EncoderService {
  public func registerEncoder(
    _ request: StoreV1.RegisterEncoderRequest, context: CallContext
  ) async throws -> StoreV1.RegisterEncoderResponse {
    throw RPCError(code: .unimplemented, message: "not in memory")
  }

  public func getEncoder(
    _ request: StoreV1.GetEncoderRequest, context: CallContext
  ) async throws -> StoreV1.GetEncoderResponse {
    count("GetEncoder")
    let encoder = state.withLock { state in
      request.name.isEmpty
        ? state.encoders.first : state.encoders.first { $0.name == request.name }
    }
    guard let encoder else { throw RPCError(code: .notFound, message: "no such encoder") }
    return StoreV1.GetEncoderResponse(encoder: encoder)
  }

  public func listEncoders(
    _ request: StoreV1.ListEncodersRequest, context: CallContext
  ) async throws -> StoreV1.ListEncodersResponse {
    StoreV1.ListEncodersResponse(encoders: state.withLock { $0.encoders })
  }
}

extension MemoryStore: StoreV1.ModelService {
  public func publishModel(
    _ request: StoreV1.PublishModelRequest, context: CallContext
  ) async throws -> StoreV1.PublishModelResponse {
    throw RPCError(code: .unimplemented, message: "not in memory")
  }

  public func getModel(
    _ request: StoreV1.GetModelRequest, context: CallContext
  ) async throws -> StoreV1.GetModelResponse {
    count("GetModel")
    let models = state.withLock { $0.models }
    let model = models.last {
      $0.name == request.name && (request.version == 0 || $0.version == request.version)
    }
    guard let model else {
      let names = Set(models.map(\.name)).sorted().joined(separator: ", ")
      throw RPCError(code: .notFound, message: "no model '\(request.name)'; there are \(names)")
    }
    return StoreV1.GetModelResponse(model: model)
  }

  public func listModels(
    _ request: StoreV1.ListModelsRequest, context: CallContext
  ) async throws -> StoreV1.ListModelsResponse {
    StoreV1.ListModelsResponse(models: state.withLock { $0.models.reversed() })
  }

  public func watchModels(
    _ request: StoreV1.WatchModelsRequest,
    responses: ResponseWriter<StoreV1.WatchModelsResponse>, context: CallContext
  ) async throws {
    let (changes, continuation) = AsyncStream.makeStream(of: StoreV1.Model.self)
    let watcher = state.withLock { state in
      var latest: [String: StoreV1.Model] = [:]
      for model in state.models { latest[model.name] = model }
      for model in latest.values { continuation.yield(model) }
      state.nextWatcher += 1
      state.watchers[state.nextWatcher] = continuation
      state.calls["WatchModels", default: 0] += 1
      return state.nextWatcher
    }
    defer { state.withLock { _ = $0.watchers.removeValue(forKey: watcher) } }
    for await model in changes {
      try await responses.write(StoreV1.WatchModelsResponse(model: model))
    }
    try Task.checkCancellation()
  }
}
