package import Artefacts
import Foundation
package import RPC
import Schema
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
    let held = try Answered(dataset: dataset, records: records)
    guard !held.texts.isEmpty else {
      throw RPCError(
        code: .failedPrecondition,
        message: TrainingError.nothingToEvaluate(split: split.rawValue).description)
    }
    let labels = dataset.question.labels.map(\.name)
    let first: Verdicts
    switch subject {
    case .agent(let agent):
      first = try Self.verdicts(of: agent, held, dataset: dataset, split: split)
    case .model(let reference):
      first = try await verdicts(of: reference, held, dataset: dataset)
    }
    var trained: [Record]?
    if case .model(let reference) = subject, split != .train {
      let spec = try await store.model(reference.name, version: first.version).training
      let agent = spec?.useSuggestions == true ? spec?.agent : nil
      trained = try await store.records(
        of: request.dataset, split: .train, completedOnly: agent == nil
      ).filter { record in
        // As `TrainingSet` takes them.
        record.settledLabel != nil
          || record.status == .pending
            && record.suggestions.contains { $0.agent == agent && $0.label != nil }
      }
    }
    let assessment = try await executor.run { [first, trained] in
      var assessment = try first.assessment(held, labels: labels)
      if let trained {
        try assessment.findNearDuplicates(
          of: held.named,
          among: trained.map { (id: $0.externalID, text: $0.text(dataset.fields)) })
      }
      return assessment
    }
    let second: Verdicts?
    switch request.against {
    case nil: second = nil
    case .againstAgent(let agent):
      second = try Self.verdicts(of: agent, held, dataset: dataset, split: split)
    case .againstModel(let reference):
      second = try await verdicts(of: reference, held, dataset: dataset)
    }
    return .init(
      evaluation: .init(assessment, split: split), version: first.version,
      comparison: second.map { second in
        let both = first.predicted.keys.filter { second.predicted[$0] != nil }
        return .init(
          Significance.Comparison(
            actual: both.map { held.actual[$0] }, first: both.map { first.predicted[$0]! },
            second: both.map { second.predicted[$0]! }), version: second.version)
      })
  }

  /// What a model or an agent says of records.
  private struct Verdicts: Sendable {
    /// By the record's place; whoever said nothing of a record is left out.
    var predicted: [Int: Int] = [:]
    /// [records][labels] in the data set's order; of a model alone.
    var probabilities: [[Float]]?
    /// Of the model, as is the next.
    var version: UInt64 = 0
    var temperature = 1.0

    /// - Throws: `CancellationError`.
    func assessment(_ held: Answered, labels: [String]) throws -> Assessment {
      let metadata = held.records.map(\.metadata)
      if let probabilities {
        return try Assessment(
          labels: labels, actual: held.actual, probabilities: probabilities,
          temperature: temperature, metadata: metadata)
      }
      let places = predicted.keys.sorted()
      return try Assessment(
        labels: labels, actual: places.map { held.actual[$0] },
        predicted: places.map { predicted[$0]! }, metadata: places.map { metadata[$0] })
    }
  }

  /// An agent's suggestions. Records it has made none for, or failed on, are left out: the evaluation's
  /// number of records says how many were there.
  private static func verdicts(
    of agent: String, _ held: Answered, dataset: Dataset, split: Split
  ) throws -> Verdicts {
    var verdicts = Verdicts()
    var agents: Set<String> = []
    for (place, record) in held.records.enumerated() {
      agents.formUnion(record.suggestions.map(\.agent))
      guard let suggested = record.suggestions.first(where: { $0.agent == agent })?.label else {
        continue
      }
      verdicts.predicted[place] = try dataset.question.index(of: suggested)
    }
    guard !verdicts.predicted.isEmpty else {
      let known =
        agents.isEmpty
        ? "nobody has; `lauter label --all` labels reviewed records too"
        : "those who have are \(agents.sorted().prefix(10).map { "'\($0)'" }.joined(separator: ", "))"
      throw RPCError(
        code: .failedPrecondition,
        message: "the agent '\(agent)' has suggested no label for a reviewed record of the "
          + "\(split.rawValue) split; \(known).")
    }
    return verdicts
  }

  private func verdicts(
    of reference: TrainerV1.ModelReference, _ held: Answered, dataset: Dataset
  ) async throws -> Verdicts {
    let model = try await store.model(reference.name, version: reference.version)
    let folder = try await artefacts.folder(model.files)
    let pool = pool
    return try await executor.run {
      do {
        let classifier = try LocalClassifier(folder: folder, pool: pool)
        guard !classifier.head.isMultiLabel else {
          throw RPCError(
            code: .failedPrecondition,
            message:
              "the model '\(model.name)' gives a text any number of labels, and the data set "
              + "'\(dataset.name)' asks for one; `lauter-trainer fit --test` evaluates it on a file"
          )
        }
        // The head's rows may be in another order than the data set's labels.
        let places = try classifier.manifest.labels.map { label in
          do { return try dataset.question.index(of: label) } catch {
            throw RPCError(
              code: .failedPrecondition,
              message: "the model '\(model.name)' has the label '\(label)', which the data set "
                + "'\(dataset.name)' has not; evaluate it on the data set it was trained on")
          }
        }
        let probabilities = try classifier.probabilities(held.texts).map { row in
          var ordered = [Float](repeating: 0, count: dataset.question.labels.count)
          for (place, probability) in zip(places, row) { ordered[place] = probability }
          return ordered
        }
        return Verdicts(
          predicted: Dictionary(
            uniqueKeysWithValues: probabilities.enumerated().map { ($0, $1.mostProbable) }),
          probabilities: probabilities, version: model.version,
          temperature: classifier.manifest.temperature ?? 1)
      } catch let error as EncoderError {
        let file = URL(filePath: error.file).lastPathComponent
        throw RPCError(
          code: .failedPrecondition,
          message: "the model '\(model.name)' cannot be used: \(file): \(error.message)")
      }
    }
  }
}
