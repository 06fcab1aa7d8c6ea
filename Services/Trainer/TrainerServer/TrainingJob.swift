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
    let plan = try await run.throughOutages { try await self.plan(run, spec) }
    // Lauter's recipe has a budget.
    let steps =
      plan.recipe.name == .lauter
      ? 0 : BodyTraining(recipe: plan.recipe, labels: plan.set.examples.map(\.labels)).steps
    if steps > Self.manySteps {
      // Pairs grow with the square of the records; SetFit's recipe has no limit of its own.
      logger.warning(
        "a long training: set max_steps, or fewer shots, to shorten it",
        metadata: ["job": "\(run.job.id)", "steps": "\(steps)"])
    }
    let scratch: ScratchFolder
    do {
      scratch = try ScratchFolder(
        in: FileManager.default.temporaryDirectory, prefix: "lauter-trainer-")
    } catch {
      throw TrainingFailure("the trainer's temporary folder (TMPDIR) cannot be used: \(error)")
    }
    defer { scratch.remove() }
    let model = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    _ = try await run.throughOutages { try await artefacts.folder(plan.encoder.files) }
    let made = try await artefacts.withFolder(plan.encoder.files) { source in
      try await executor.run {
        let meter = ProgressMeter { run.report(.init($0)) }
        return try compute(plan, encoder: source, into: model, report: meter.report)
      }
    }
    logger.info(
      "trained",
      metadata: [
        "job": "\(run.job.id)", "records": "\(made.records)", "steps": "\(made.steps)",
        "seconds": "\(made.seconds)",
      ])
    run.report(.init(phase: "publishing"))
    return .trainingResult(
      try await run.throughOutages { try await publish(plan, made, model, run) })
  }

  /// Everything a job needs to know before it computes.
  private struct Plan: Sendable {
    var recipe: Recipe
    var dataset: Dataset
    /// Of the model.
    var name: Name
    var encoder: StoreV1.Encoder
    var set: TrainingSet
    var held: Answered
  }

  private func plan(_ run: JobRun, _ spec: StoreV1.TrainingSpec) async throws -> Plan {
    let recipe = try Recipe(spec)
    let dataset = try await store.dataset(run.job.dataset)
    let name = try spec.model.isEmpty ? dataset.name : Name(spec.model, field: "model")
    let encoder = try await store.encoder(spec.encoder)
    run.report(.init(phase: "records"))
    let train = try await store.records(
      of: run.job.dataset, split: .train,
      completedOnly: recipe.name == .setfit && recipe.suggestions == nil)
    let test = try await store.records(of: run.job.dataset, split: .test, completedOnly: true)
    let set = try TrainingSet(dataset: dataset, records: train, recipe: recipe)
    let held = try Answered(dataset: dataset, records: test)
    run.report(.init(phase: "encoder"))
    return Plan(
      recipe: recipe, dataset: dataset, name: name, encoder: encoder, set: set, held: held)
  }

  private func publish(
    _ plan: Plan, _ made: Made, _ folder: URL, _ run: JobRun
  ) async throws -> StoreV1.TrainingResult {
    let files = try await artefacts.upload(folder: folder)
    try Task.checkCancellation()
    let published = try await store.publish(
      StoreV1.Model(
        name: plan.name.description, dataset: run.job.dataset, labels: plan.set.labels,
        files: files, encoder: plan.encoder.name, encoderDigest: plan.encoder.digest,
        training: StoreV1.TrainingSpec(
          plan.recipe, model: plan.name, encoder: plan.encoder.name, agent: made.agent,
          maxLength: made.maxLength),
        evaluation: made.evaluation, trainRecords: UInt64(made.records),
        crossValidation: made.crossValidation),
      queues: made.queues, lease: run.lease)
    return .init(
      model: published.name, version: published.version, evaluation: made.evaluation,
      crossValidation: made.crossValidation)
  }

  private struct Made: Sendable {
    var evaluation: StoreV1.Evaluation?
    var crossValidation: StoreV1.CrossValidation?
    var queues: [StoreV1.Queue]
    /// Whose suggestions were used, if any were.
    var agent: String?
    /// What was learned from.
    var records: Int
    var steps: Int
    var maxLength: Int
    var seconds: Training.Seconds
  }

  /// The part that computes.
  private func compute(
    _ plan: Plan, encoder source: URL, into folder: URL,
    report: @escaping (TrainingProgress) -> Void
  ) throws -> Made {
    do {
      var body = try EncoderBody(folder: source, recipe: plan.recipe, pool: pool)
      let training = Training(recipe: plan.recipe, pool: pool)
      let material = try body.material(plan.set)
      let heldTexts = try body.tokens(plan.held.texts)
      let outcome = try training.run(&body, plan.set, material, report: report)
      let probe = Probe(
        held: heldTexts, actual: plan.held.actual.map { [$0] }, plan.set, material)
      let embeddings = try training.embed(
        &body, texts: probe.texts, phase: .evaluation, steps: outcome.losses.count, report: report)
      var assessment: Assessment?
      if probe.isHeldBack {
        assessment = try Assessment(
          labels: plan.set.labels, actual: plan.held.actual,
          probabilities: outcome.head.probabilities(rows: embeddings),
          temperature: outcome.temperature, metadata: plan.held.records.map(\.metadata))
        try assessment?.findNearDuplicates(
          of: plan.held.named,
          among: outcome.learned(plan.set).map { (id: $0.externalID, text: $0.text) })
      }
      let manifest = ModelManifest(
        labels: plan.set.labels, dataset: plan.dataset.name.description, encoder: plan.encoder.name,
        maxLength: body.maxTokens, temperature: outcome.temperature)
      try ModelFolder.write(
        body, head: outcome.head, manifest: manifest,
        card: ModelCard(
          labels: plan.dataset.question.labels, dataset: plan.dataset.name.description,
          encoder: plan.encoder.name, encoderDigest: plan.encoder.digest, recipe: plan.recipe,
          set: plan.set, outcome: outcome, maxTokens: body.maxTokens, assessment: assessment),
        to: folder
      ) { files in
        try PrecisionCheck.record(
          in: files, probe: probe, embeddings: embeddings, pool: pool, report: report)
      }
      return Made(
        evaluation: assessment.map { .init($0, split: .test) },
        crossValidation: try .init(outcome, plan.set),
        queues: outcome.validation.map {
          SecondLooks($0, plan.set, thresholds: outcome.head.thresholds).queues(plan.set)
        } ?? [],
        agent: outcome.usedSuggestions ? plan.set.agent : nil,
        records: outcome.learned(plan.set).count,
        steps: outcome.losses.count, maxLength: body.maxTokens, seconds: outcome.seconds)
    } catch let error as EncoderError {
      // The cache's path says nothing to the user; the file's name does.
      let file = URL(filePath: error.file).lastPathComponent
      throw TrainingFailure(
        "the encoder '\(plan.encoder.name)' cannot be used: \(file): \(error.message)")
    } catch let error as HeadError {
      throw TrainingFailure("the head cannot be fitted: \(error)")
    } catch let error as ModelFolderError {
      throw TrainingFailure(
        "the model cannot be put together in the trainer's temporary folder (TMPDIR): \(error.message)"
      )
    }
  }
}

/// Those records of a split that people have answered, as an evaluation needs them.
package struct Answered: Sendable, Hashable {
  package var texts: [String] = []
  /// Indices into the data set's labels.
  package var actual: [Int] = []
  /// As they were given.
  package var records: [Record] = []

  /// The texts with their records' external ids.
  package var named: [(id: String, text: String)] {
    zip(records, texts).map { (id: $0.externalID, text: $1) }
  }

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
      loss: progress.loss, textsPerSecond: progress.textsPerSecond,
      secondsLeft: progress.secondsLeft)
  }
}
