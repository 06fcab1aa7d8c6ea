package import Foundation
import Schema
import Transformer

/// Training from files, without any service: the same core, for experiments, scripts and CI.
package struct LocalFit: Sendable {
  package var train: URL
  package var test: URL?
  package var encoder: URL
  /// A folder to write the model to.
  package var output: URL?
  package var recipe: Recipe
  /// By label, as far as there are any.
  package var descriptions: [String: String] = [:]

  package init(
    train: URL, test: URL? = nil, encoder: URL, output: URL? = nil, recipe: Recipe = Recipe()
  ) {
    self.train = train
    self.test = test
    self.encoder = encoder
    self.output = output
    self.recipe = recipe
  }

  /// What a run reports. The keys are promised to scripts.
  package struct Report: Sendable, Encodable {
    package typealias PerLabel = EvaluationReport.PerLabel

    package struct Seconds: Sendable, Encodable {
      /// Reading files and weights.
      package var load = 0.0
      package var tokenize = 0.0
      package var body = 0.0
      /// The next three are within `body`, and within `head` where a differentiable one is trained.
      package var forward = 0.0
      package var backward = 0.0
      package var optimiser = 0.0
      package var embedding = 0.0
      package var validation = 0.0
      package var head = 0.0
      package var evaluation = 0.0
      package var save = 0.0
      /// From the start of the run to its end.
      package var total = 0.0
    }

    package var labels: [String]
    package var trainRecords: Int
    package var testRecords: Int
    package var steps: Int
    /// Of the last step on the body; absent if there was none.
    package var loss: Double?
    /// On the test file; absent without one, as are the next six.
    package var accuracy: Double?
    package var accuracyLow: Double?
    package var accuracyHigh: Double?
    package var macroF1: Double?
    /// Where records may have several labels.
    package var microF1: Double?
    package var perLabel: [String: PerLabel]?
    /// Actual by predicted, in the order of `labels`.
    package var confusion: [[Int]]?
    /// The whole of it.
    package var evaluation: EvaluationReport?
    /// On the training records, each predicted by a head that has not learned from it; absent where
    /// there are too few.
    package var crossValidation: CrossValidationReport?
    package var seconds: Seconds
    package var peakRSSBytes: Int

    private enum CodingKeys: String, CodingKey {
      case labels, steps, loss, accuracy, confusion, evaluation, seconds
      case trainRecords = "train_records"
      case testRecords = "test_records"
      case accuracyLow = "accuracy_low"
      case accuracyHigh = "accuracy_high"
      case macroF1 = "macro_f1"
      case microF1 = "micro_f1"
      case perLabel = "per_label"
      case crossValidation = "cross_validation"
      case peakRSSBytes = "peak_rss_bytes"
    }
  }

  /// - Parameter threads: that compute; `nil`: one per core this process may use.
  /// - Throws: what is wrong with the files, `EncoderError`, `SchemaError` for the recipe,
  ///   `TrainingError`.
  package func run(
    threads: Int? = nil, report: @escaping (TrainingProgress) -> Void = { _ in }
  ) throws -> Report {
    try recipe.validate()
    if let output { try ModelFolder.requireNew(output) }
    let report = ProgressMeter(report).report
    let clock = ContinuousClock()
    let start = clock.now
    var seconds = Report.Seconds()
    var lap = start
    func elapsed() -> Double {
      let now = clock.now
      defer { lap = now }
      return (now - lap).seconds
    }

    let data = try TrainingData(train: train, test: test, descriptions: descriptions)
    let labels = data.labels.map(\.name)
    let set = try TrainingSet(
      labels: data.labels, isMultiLabel: data.isMultiLabel, lines: data.train, recipe: recipe)
    let pool = threads.map { ComputePool(threads: $0) } ?? .shared
    var body = try EncoderBody(folder: encoder, recipe: recipe, pool: pool)
    seconds.load = elapsed()

    let material = try body.material(set)
    let heldTexts = try body.tokens(data.test.map(\.text))
    seconds.tokenize = elapsed()

    let training = Training(recipe: recipe, pool: pool)
    let outcome = try training.run(&body, set, material, report: report)
    seconds.body = outcome.seconds.body
    seconds.embedding = outcome.seconds.embedding
    seconds.validation = outcome.seconds.validation
    seconds.head = outcome.seconds.head
    seconds.forward = body.stepSeconds.forward
    seconds.backward = body.stepSeconds.backward
    seconds.optimiser = body.stepSeconds.optimiser
    _ = elapsed()

    let probe = Probe(held: heldTexts, actual: data.test.map(\.labels), set, material)
    let embeddings =
      probe.isHeldBack || output != nil
      ? try training.embed(
        &body, texts: probe.texts, phase: .evaluation, steps: outcome.losses.count, report: report)
      : []
    var assessment: Assessment?
    if probe.isHeldBack {
      assessment = try Assessment(
        labels: labels, head: outcome.head, actual: probe.actual,
        probabilities: outcome.head.probabilities(rows: embeddings),
        temperature: outcome.temperature, metadata: data.test.map(\.metadata))
      try assessment?.findNearDuplicates(
        of: data.test.map { (id: $0.id, text: $0.text) },
        among: outcome.learned(set).map { (id: $0.externalID, text: $0.text) })
      seconds.evaluation = elapsed()
    }
    if let output {
      let manifest = ModelManifest(
        labels: labels, dataset: train.deletingPathExtension().lastPathComponent,
        encoder: encoder.lastPathComponent, maxLength: body.maxTokens,
        temperature: outcome.temperature)
      try ModelFolder.write(
        body, head: outcome.head, manifest: manifest,
        card: ModelCard(
          labels: data.labels, dataset: manifest.dataset, encoder: manifest.encoder,
          recipe: recipe, set: set, outcome: outcome, maxTokens: body.maxTokens,
          assessment: assessment), to: output
      ) { files in
        try PrecisionCheck.record(
          in: files, probe: probe, embeddings: embeddings, pool: pool, report: report)
      }
      seconds.save = elapsed()
    }
    seconds.total = (clock.now - start).seconds

    let evaluation = assessment.map {
      EvaluationReport($0, thresholds: outcome.head.thresholds)
    }
    return Report(
      labels: labels, trainRecords: outcome.learned(set).count, testRecords: heldTexts.count,
      steps: outcome.losses.count, loss: outcome.losses.last, accuracy: evaluation?.accuracy,
      accuracyLow: evaluation?.accuracyLow, accuracyHigh: evaluation?.accuracyHigh,
      macroF1: evaluation?.macroF1, microF1: evaluation?.microF1, perLabel: evaluation?.perLabel,
      confusion: evaluation?.confusion, evaluation: evaluation,
      crossValidation: try CrossValidationReport(outcome, set),
      seconds: seconds, peakRSSBytes: peakResidentBytes())
  }
}

/// What a run from files learns from and is measured on.
struct TrainingData: Sendable {
  /// Sorted by name.
  var labels: [Label]
  /// Whether a record may have several of them, or none.
  var isMultiLabel: Bool
  var train: [TrainingSet.Line]
  var test: [(id: String, text: String, labels: [Int], metadata: [String: MetadataValue])]

  /// - Throws: `JSONLines.Problem`.
  init(train: URL, test: URL?, descriptions: [String: String]) throws {
    let given = try LabelledTexts(jsonLines: train)
    let names = Set((given.labels + given.suggestions).flatMap { $0 ?? [] }).sorted()
    guard names.count >= 2 else {
      throw JSONLines.Problem(
        file: train.relativePath, line: 0,
        message: names.first.map {
          "has the single label '\($0)'; a classifier needs at least two"
        } ?? "has no label at all; a classifier needs at least two")
    }
    isMultiLabel = given.isMultiLabel
    for name in descriptions.keys.sorted() where !names.contains(name) {
      throw SchemaError(
        field: "describe", "'\(name)' is not a label of \(train.relativePath)")
    }
    labels = names.map { Label(name: $0, description: descriptions[$0] ?? "") }
    let answers = try given.indices(in: names, file: train)
    let suggestions = try given.suggestedIndices(in: names, file: train)
    self.train = given.texts.indices.map {
      .init(
        id: given.ids[$0], text: given.texts[$0], labels: answers[$0],
        suggestion: suggestions[$0])
    }
    self.test = []
    guard let test else { return }
    let held = try LabelledTexts(jsonLines: test)
    guard held.isMultiLabel == isMultiLabel else {
      throw JSONLines.Problem(
        file: test.relativePath, line: 0,
        message: "has '\(isMultiLabel ? "label" : "labels")' where \(train.relativePath) has "
          + "'\(isMultiLabel ? "labels" : "label")'; use one of them in both")
    }
    for (place, labels) in try held.indices(in: names, file: test).enumerated() {
      guard let labels else {
        throw JSONLines.Problem(
          file: test.relativePath, line: held.lines[place],
          message: "has no label to hold a prediction against; leave the line out, or label it")
      }
      self.test.append(
        (
          id: held.ids[place], text: held.texts[place], labels: labels,
          metadata: held.metadata[place]
        ))
    }
  }
}

/// The most memory this process has had resident.
package func peakResidentBytes() -> Int {
  var usage = rusage()
  #if canImport(Darwin)
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
  #else
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    // Linux counts in units of 1024 bytes.
    return usage.ru_maxrss * 1024
  #endif
}
