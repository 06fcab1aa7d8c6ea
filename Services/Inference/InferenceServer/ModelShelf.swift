import Artefacts
import Foundation
import Logging
import RPC
import Schema
import Transformer
import Wire

/// The models and encoders in memory, and how they get there: on first use, and for a model in use as
/// soon as the store has a newer version, which takes the old one's place once it is loaded. Requests
/// keep the body they started with, so nothing fails in between.
///
/// While the store is away, what is in memory keeps answering.
actor ModelShelf {
  private enum Key: Hashable {
    case model(String, version: UInt64)
    case encoder(digest: String)
  }

  private struct Place {
    let body: LoadedBody
    var used: ContinuousClock.Instant
    /// Asked for by its version, so not dropped when a newer one comes.
    var pinned: Bool
  }

  private let models: StoreV1.ModelServiceClient
  private let encoders: StoreV1.EncoderServiceClient
  private let artefacts: ArtefactCache
  private let settings: ComputeSettings
  private let capacity: Int
  private let storeAddress: String
  private let logger: Logger

  private var places: [Key: Place] = [:]
  private var loading: [Key: Task<LoadedBody, any Error>] = [:]
  /// The version that answers for "the latest", by model.
  private var serving: [String: UInt64] = [:]
  /// The latest version in the store, by model, as far as the watch has told.
  private var published: [String: StoreV1.Model] = [:]
  /// What a name meant when the store was asked last.
  private var encoderNames: [String: (encoder: StoreV1.Encoder, asked: ContinuousClock.Instant)] =
    [:]

  private static let lookup = Duration.seconds(10)
  /// An encoder's name may come to mean another one; so often the store is asked.
  private static let encoderFreshness = Duration.seconds(1)

  /// - Parameters:
  ///   - capacity: how many models and encoders stay in memory; the least recently used go first.
  ///   - storeAddress: for messages.
  init(
    store: RPCChannel, storeAddress: String, artefacts: ArtefactCache, settings: ComputeSettings,
    capacity: Int, logger: Logger
  ) {
    models = StoreV1.ModelServiceClient(store)
    encoders = StoreV1.EncoderServiceClient(store)
    self.artefacts = artefacts
    self.settings = settings
    self.capacity = capacity
    self.storeAddress = storeAddress
    self.logger = logger
  }

  /// The most recently used first.
  var loaded: [LoadedBody] {
    places.values.sorted { $0.used > $1.used }.map(\.body)
  }

  // MARK: Models

  /// - Parameter version: 0 for the latest that is loaded, or, if none is, the latest there is.
  /// - Throws: `RPCError`: NOT_FOUND that names what there is, UNAVAILABLE while the store is away,
  ///   FAILED_PRECONDITION for a model that cannot be used.
  func model(_ name: String, version: UInt64) async throws -> LoadedBody {
    guard !name.isEmpty else {
      throw RPCError(code: .invalidArgument, message: "model: a model's name is needed")
    }
    if version == 0 {
      if let version = serving[name], let body = use(.model(name, version: version), pin: false) {
        return body
      }
      let model = try await find(name, version: 0)
      let body = try await load(model, pin: false)
      // A newer version may have been loaded meanwhile.
      serving[name] = max(serving[name] ?? 0, body.version)
      return body
    }
    if let body = use(.model(name, version: version), pin: true) { return body }
    return try await load(try await find(name, version: version), pin: true)
  }

  private func find(_ name: String, version: UInt64) async throws -> StoreV1.Model {
    if let model = published[name], version == 0 || version == model.version { return model }
    let answer = try await asking("load the model '\(name)'") {
      try await models.getModel(
        StoreV1.GetModelRequest(name: name, version: version),
        options: CallOptions(timeout: Self.lookup))
    }
    guard let model = answer.model else {
      throw RPCError(code: .internalError, message: "the store named no model in its answer")
    }
    return model
  }

  /// The watch's news: if the model is in use, loads the version and lets it take over.
  func published(_ model: StoreV1.Model) async {
    if let known = published[model.name], known.version > model.version { return }
    published[model.name] = model
    guard let old = serving[model.name], old < model.version else { return }
    do {
      _ = try await load(model, pin: false)
      guard let old = serving[model.name], old < model.version else { return }
      serving[model.name] = model.version
      let key = Key.model(model.name, version: old)
      if places[key]?.pinned == false { places[key] = nil }
      logger.info(
        "new version serving",
        metadata: ["model": "\(model.name)", "version": "\(model.version)", "before": "\(old)"])
    } catch {
      logger.error(
        "new version cannot be loaded, the old one stays",
        metadata: ["model": "\(model.name)", "version": "\(model.version)", "error": "\(error)"])
    }
  }

  private func load(_ model: StoreV1.Model, pin: Bool) async throws -> LoadedBody {
    try await load(
      .model(model.name, version: model.version), pin: pin, .model, name: model.name,
      version: model.version, digest: model.digest, files: model.files)
  }

  // MARK: Encoders

  /// - Parameter name: empty for the store's default.
  /// - Throws: as `model(_:version:)`.
  func encoder(_ name: String) async throws -> LoadedBody {
    let encoder = try await find(encoder: name)
    let key = Key.encoder(digest: encoder.digest)
    if let body = use(key, pin: false) { return body }
    return try await load(
      key, pin: false, .encoder, name: encoder.name, version: 0, digest: encoder.digest,
      files: encoder.files)
  }

  private func find(encoder name: String) async throws -> StoreV1.Encoder {
    let known = encoderNames[name]
    if let known, .now - known.asked < Self.encoderFreshness { return known.encoder }
    do {
      let what = name.isEmpty ? "load the default encoder" : "load the encoder '\(name)'"
      let answer = try await asking(what) {
        try await encoders.getEncoder(
          StoreV1.GetEncoderRequest(name: name),
          options: CallOptions(timeout: known == nil ? Self.lookup : .seconds(2)))
      }
      guard let encoder = answer.encoder else {
        throw RPCError(code: .internalError, message: "the store named no encoder in its answer")
      }
      encoderNames[name] = (encoder, .now)
      return encoder
    } catch let error as RPCError where error.code == .unavailable {
      guard let known else { throw error }
      encoderNames[name] = (known.encoder, .now)
      return known.encoder
    }
  }

  // MARK: Loading

  private func use(_ key: Key, pin: Bool) -> LoadedBody? {
    guard var place = places[key] else { return nil }
    place.used = .now
    place.pinned = place.pinned || pin
    places[key] = place
    return place.body
  }

  /// Whoever asks first loads; the others wait for the same.
  private func load(
    _ key: Key, pin: Bool, _ kind: LoadedBody.Kind, name: String, version: UInt64, digest: String,
    files: [StoreV1.File]
  ) async throws -> LoadedBody {
    if let body = use(key, pin: pin) { return body }
    if let running = loading[key] {
      let body = try await running.value
      _ = use(key, pin: pin)
      return body
    }
    let (artefacts, settings, logger) = (artefacts, settings, logger)
    // Detached: others may wait for it too, so the first call's deadline is not its own.
    let task = Task.detached {
      let clock = ContinuousClock()
      let start = clock.now
      let folder = try await artefacts.folder(files)
      let fetched = clock.now
      let body = try LoadedBody(
        kind, name: name, version: version, digest: digest, folder: folder, settings: settings)
      logger.info(
        "loaded",
        metadata: [
          "kind": "\(kind.rawValue)", "name": "\(name)", "version": "\(version)",
          "digest": "\(digest)", "precision": "\(body.precision.rawValue)",
          "fetch": "\(fetched - start)", "load": "\(clock.now - fetched)",
        ])
      return body
    }
    loading[key] = task
    defer { loading[key] = nil }
    let body: LoadedBody
    do {
      body = try await task.value
    } catch {
      throw explained(error, "load the \(kind.rawValue) '\(name)'")
    }
    places[key] = Place(body: body, used: .now, pinned: pin)
    makeRoom(keeping: key)
    return body
  }

  private func makeRoom(keeping kept: Key) {
    while places.count > capacity {
      guard
        let oldest = places.filter({ $0.key != kept }).min(by: { $0.value.used < $1.value.used })
      else { return }
      places[oldest.key] = nil
      if case .model(let name, let version) = oldest.key, serving[name] == version {
        serving[name] = nil
      }
    }
  }

  // MARK: Errors

  private func asking<R>(_ what: String, _ call: () async throws -> R) async throws -> R {
    do { return try await call() } catch { throw explained(error, what) }
  }

  private func explained(_ error: any Error, _ what: String) -> any Error {
    switch error {
    case let error as RPCError where [.unavailable, .deadlineExceeded].contains(error.code):
      return RPCError(
        code: .unavailable,
        message: "cannot \(what): the store at \(storeAddress) does not answer (\(error.message)); "
          + "what is loaded already keeps working")
    case let error as SchemaError:
      return RPCError(code: .failedPrecondition, message: "cannot \(what): \(error)")
    case let error as EncoderError:
      let file = URL(filePath: error.file).lastPathComponent
      return RPCError(
        code: .failedPrecondition, message: "cannot \(what): \(file): \(error.message)")
    default:
      return error
    }
  }
}
