package import Artefacts
import Foundation
package import Logging
package import RPC
package import Schema
package import Serving
package import Transformer
package import Wire

/// A training job from claim to published version.
///
/// Nothing is published half: a folder is made in a temporary place, its files are uploaded by digest,
/// and the version appears with the last call, which the store refuses once the lease is lost.
package struct TrainingJob: Sendable {
  private let store: StoreReader
  private let artefacts: ArtefactCache
  private let pool: ComputePool
  private let executor: ComputeExecutor
  private let logger: Logger
  /// A quarter of an hour or so on two cores, with six layers.
  private static let manySteps = 5_000

  package init(
    store: RPCChannel, artefacts: ArtefactCache, pool: ComputePool = .shared, logger: Logger
  ) {
    self.store = StoreReader(store)
    self.artefacts = artefacts
    self.pool = pool
    executor = ComputeExecutor("lauter.training")
    self.logger = logger
  }

  /// - Throws: `TrainingFailure` or `SchemaError` with what the user should know, the store's
  ///   `RPCError`, or `CancellationError`.
  package func run(_ run: JobRun) async throws -> StoreV1.FinishJobRequest.Result {
    guard case .training(let spec) = run.job.spec else {
      throw TrainingFailure("the job is not a training job")
    }
    let plan = try await plan(run, spec)
    // Lauter's recipe has a budget.
    let steps =
      plan.recipe.name == .lauter
      ? 0 : BodyTraining(recipe: plan.recipe, labels: plan.set.examples.map(\.label)).steps
    if steps > Self.manySteps {
      // Pairs grow with the square of the records; SetFit's recipe has no limit of its own.
      logger.warning(
        "a long training: set max_steps, or fewer shots, to shorten it",
        metadata: ["job": "\(run.job.id)", "steps": "\(steps)"])
    }
    let source = try await artefacts.folder(plan.encoder.files)
    let scratch = try ScratchFolder()
    defer { scratch.remove() }

    let made = try await executor.run {
      try compute(plan, encoder: source, into: scratch.url, report: { run.report(.init($0)) })
    }
    logger.info(
      "trained",
      metadata: [
        "job": "\(run.job.id)", "records": "\(plan.set.examples.count)", "steps": "\(made.steps)",
        "seconds": "\(made.seconds)",
      ])
    run.report(.init(phase: "publishing"))
    return .trainingResult(try await publish(plan, made, scratch.url, run))
  }

  /// Everything a job needs to know before it computes.
  private struct Plan: Sendable {
    var recipe: Recipe
    var dataset: Dataset
    /// Of the model.
    var name: Name
    var encoder: StoreV1.Encoder
    var set: TrainingSet
    var held: HeldBack
  }

  private func plan(_ run: JobRun, _ spec: StoreV1.TrainingSpec) async throws -> Plan {
    let recipe = try Recipe(spec)
    let dataset = try await store.dataset(run.job.dataset)
    let name = try spec.model.isEmpty ? dataset.name : Name(spec.model, field: "model")
    let encoder = try await store.encoder(spec.encoder)
    run.report(.init(phase: "records"))
    let train = try await store.records(
      of: run.job.dataset, split: .train, completedOnly: recipe.suggestions == nil)
    let test = try await store.records(of: run.job.dataset, split: .test, completedOnly: true)
    let set = try TrainingSet(dataset: dataset, records: train, recipe: recipe)
    let held = try HeldBack(dataset: dataset, records: test)
    run.report(.init(phase: "encoder"))
    return Plan(
      recipe: recipe, dataset: dataset, name: name, encoder: encoder, set: set, held: held)
  }

  private func publish(
    _ plan: Plan, _ made: Made, _ folder: URL, _ run: JobRun
  ) async throws -> StoreV1.TrainingResult {
    let files = try await artefacts.upload(folder: folder)
    try Task.checkCancellation()
    let evaluation = made.evaluation.map { StoreV1.Evaluation($0, split: .test) }
    let published = try await store.publish(
      StoreV1.Model(
        name: plan.name.description, dataset: run.job.dataset, labels: plan.set.labels,
        files: files, encoder: plan.encoder.name, encoderDigest: plan.encoder.digest,
        training: StoreV1.TrainingSpec(
          plan.recipe, model: plan.name, encoder: plan.encoder.name, agent: plan.set.agent,
          maxLength: made.maxLength),
        evaluation: evaluation, trainRecords: UInt64(plan.set.examples.count)),
      lease: run.lease)
    return .init(model: published.name, version: published.version, evaluation: evaluation)
  }

  private struct Made: Sendable {
    var evaluation: Evaluation?
    var steps: Int
    var maxLength: Int
    var seconds: Training.Seconds
  }

  /// On the records held back, or without any on the answers trained on.
  private func checkPrecisions(_ plan: Plan, _ body: borrowing EncoderBody, _ folder: URL) throws {
    let answered = plan.set.examples.filter { !$0.isSuggested }
    let held = !plan.held.texts.isEmpty
    try PrecisionCheck.record(
      in: folder, tokens: body.tokens(held ? plan.held.texts : answered.map(\.text)),
      actual: held ? plan.held.actual : answered.map(\.label), split: held ? "test" : "train",
      pool: pool)
  }

  /// The part that computes.
  private func compute(
    _ plan: Plan, encoder source: URL, into folder: URL, report: (TrainingProgress) -> Void
  ) throws -> Made {
    do {
      var body = try EncoderBody(folder: source, recipe: plan.recipe, pool: pool)
      let training = Training(recipe: plan.recipe)
      let outcome = try training.run(
        &body, plan.set, try body.material(plan.set), report: report)
      var evaluation: Evaluation?
      if !plan.held.texts.isEmpty {
        evaluation = try training.evaluate(
          &body, head: outcome.head, texts: body.tokens(plan.held.texts), actual: plan.held.actual,
          labels: plan.set.labels, report: report)
      }
      let manifest = ModelManifest(
        labels: plan.set.labels, dataset: plan.dataset.name.description, encoder: plan.encoder.name,
        maxLength: body.maxTokens)
      try ModelFolder.write(body, head: outcome.head, manifest: manifest, to: folder)
      try checkPrecisions(plan, body, folder)
      return Made(
        evaluation: evaluation, steps: outcome.losses.count, maxLength: body.maxTokens,
        seconds: outcome.seconds)
    } catch let error as EncoderError {
      // The cache's path says nothing to the user; the file's name does.
      let file = URL(filePath: error.file).lastPathComponent
      throw TrainingFailure(
        "the encoder '\(plan.encoder.name)' cannot be used: \(file): \(error.message)")
    } catch let error as HeadError {
      throw TrainingFailure("the head cannot be fitted: \(error)")
    }
  }
}

/// The records of a split that people have answered, as an evaluation needs them.
package struct HeldBack: Sendable, Hashable {
  package var texts: [String] = []
  /// Indices into the data set's labels.
  package var actual: [Int] = []
  /// As they were given.
  package var records: [Record] = []

  /// - Throws: `SchemaError` if a response's label is not one of the data set's.
  package init(dataset: Dataset, records: [Record]) throws {
    for record in records.sorted(by: { $0.id < $1.id }) {
      guard let label = record.settledLabel else { continue }
      texts.append(record.text(dataset.fields))
      actual.append(try dataset.question.index(of: label))
      self.records.append(record)
    }
  }
}

/// Why a training job failed, for the user.
package struct TrainingFailure: JobFailure, Hashable {
  package let description: String
  package init(_ description: String) { self.description = description }
}

extension TrainingError: JobFailure {}

extension StoreV1.JobProgress {
  init(_ progress: TrainingProgress) {
    self.init(
      phase: progress.phase.rawValue, done: UInt64(progress.done), total: UInt64(progress.total),
      loss: progress.loss)
  }
}

/// A folder that is there for one job.
struct ScratchFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appending(path: "lauter-trainer-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: url) }
}
