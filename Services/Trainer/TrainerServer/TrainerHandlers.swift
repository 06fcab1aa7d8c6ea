package import Artefacts
package import Foundation
package import RPC
package import Schema
package import Transformer
package import Wire

/// The trainer's calls: what it computes with, and evaluation on demand.
package struct TrainerHandlers: TrainerV1.TrainerService {
  private let store: StoreReader
  private let artefacts: ArtefactCache
  private let pool: ComputePool
  /// Not the training job's: an evaluation need not wait until a training has ended.
  private let executor: ComputeExecutor

  package init(store: RPCChannel, artefacts: ArtefactCache, pool: ComputePool = .shared) {
    self.store = StoreReader(store)
    self.artefacts = artefacts
    self.pool = pool
    executor = ComputeExecutor("lauter.evaluation")
  }

  package func describeTrainer(
    _ request: TrainerV1.DescribeTrainerRequest, context: CallContext
  ) async throws -> TrainerV1.DescribeTrainerResponse {
    .init(
      instructionSet: ComputePool.instructionSet, threads: UInt32(pool.threads))
  }

  package func evaluate(
    _ request: TrainerV1.EvaluateRequest, context: CallContext
  ) async throws -> TrainerV1.EvaluateResponse {
    let split = try request.split.value() ?? .test
    guard let subject = request.subject else {
      throw RPCError(
        code: .invalidArgument, message: "name what to evaluate: a model or an agent")
    }
    let dataset = try await store.dataset(request.dataset)
    let records = try await store.records(
      of: request.dataset, split: split, completedOnly: true)
    let held = try HeldBack(dataset: dataset, records: records)
    guard !held.texts.isEmpty else {
      throw RPCError(
        code: .failedPrecondition,
        message: TrainingError.nothingToEvaluate(split: split.rawValue).description)
    }
    switch subject {
    case .agent(let agent):
      let evaluation = try Self.evaluate(agent: agent, held, dataset: dataset, split: split)
      return .init(evaluation: .init(evaluation, split: split))
    case .model(let reference):
      let model = try await store.model(reference.name, version: reference.version)
      let folder = try await artefacts.folder(model.files)
      let evaluation = try await executor.run {
        try self.evaluate(folder: folder, model, held, dataset: dataset)
      }
      return .init(evaluation: .init(evaluation, split: split), version: model.version)
    }
  }

  /// An agent's suggestions against people's answers. Records it has made no suggestion for, or failed
  /// on, are left out: the evaluation's number of records says how many were there.
  package static func evaluate(
    agent: String, _ held: HeldBack, dataset: Dataset, split: Split
  ) throws -> Evaluation {
    var actual: [Int] = []
    var predicted: [Int] = []
    var agents: Set<String> = []
    for (record, label) in zip(held.records, held.actual) {
      agents.formUnion(record.suggestions.map(\.agent))
      guard let suggested = record.suggestions.first(where: { $0.agent == agent })?.label else {
        continue
      }
      actual.append(label)
      predicted.append(try dataset.question.index(of: suggested))
    }
    guard !actual.isEmpty else {
      let known =
        agents.isEmpty
        ? "nobody has; `lauter label --all` labels reviewed records too"
        : "those who have are \(agents.sorted().prefix(10).map { "'\($0)'" }.joined(separator: ", "))"
      throw RPCError(
        code: .failedPrecondition,
        message: "the agent '\(agent)' has suggested no label for a reviewed record of the "
          + "\(split.rawValue) split; \(known).")
    }
    return Evaluation(
      labels: dataset.question.labels.map(\.name), actual: actual, predicted: predicted)
  }

  private func evaluate(
    folder: URL, _ model: StoreV1.Model, _ held: HeldBack, dataset: Dataset
  ) throws -> Evaluation {
    do {
      let classifier = try LocalClassifier(folder: folder, pool: pool)
      // The head's rows may be in another order than the data set's labels.
      let places = try classifier.manifest.labels.map { label in
        do { return try dataset.question.index(of: label) } catch {
          throw RPCError(
            code: .failedPrecondition,
            message: "the model '\(model.name)' has the label '\(label)', which the data set "
              + "'\(dataset.name)' has not; evaluate it on the data set it was trained on")
        }
      }
      let predicted = try classifier.predictions(held.texts).map { places[$0] }
      return Evaluation(
        labels: dataset.question.labels.map(\.name), actual: held.actual, predicted: predicted)
    } catch let error as EncoderError {
      let file = URL(filePath: error.file).lastPathComponent
      throw RPCError(
        code: .failedPrecondition,
        message: "the model '\(model.name)' cannot be used: \(file): \(error.message)")
    }
  }
}

/// A model's folder, loaded to predict with.
package struct LocalClassifier: Sendable {
  package let manifest: ModelManifest
  private let encoder: SentenceEncoder
  private let tokenizer: Tokenizer
  private let head: ClassificationHead

  /// - Throws: `EncoderError`, also where body, head and description do not fit each other.
  package init(folder: URL, pool: ComputePool = .shared) throws {
    manifest = try ModelManifest(directory: folder)
    head = try ClassificationHead(directory: folder)
    let directory = try EncoderDirectory(folder)
    guard head.labels == manifest.labels.count, head.hidden == directory.configuration.hidden else {
      throw EncoderError(
        folder.appending(path: ClassificationHead.fileName),
        "has \(head.labels) labels of \(head.hidden) dimensions; the model has "
          + "\(manifest.labels.count) of \(directory.configuration.hidden)")
    }
    encoder = try SentenceEncoder(directory, pool: pool)
    tokenizer = try directory.tokenizer()
  }

  /// The most probable label of each text, as an index into `manifest.labels`.
  ///
  /// - Throws: `CancellationError` within a chunk of the task's cancellation.
  package func predictions(_ texts: [String]) throws -> [Int] {
    let maxTokens = min(manifest.maxLength, encoder.configuration.positions)
    var predictions: [Int] = []
    for start in stride(from: 0, to: texts.count, by: Training.chunk) {
      try Task.checkCancellation()
      let chunk = texts[start..<min(start + Training.chunk, texts.count)]
      let tokens = chunk.map { tokenizer.encode($0, maxTokens: maxTokens) }
      predictions += head.predictions(encoder.embed(tokens: tokens).values)
    }
    return predictions
  }
}
