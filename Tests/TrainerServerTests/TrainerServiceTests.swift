import Artefacts
import Foundation
import Logging
import RPC
import Schema
import ServiceLifecycle
import Testing
import TrainerServer
import Transformer
import Wire

@Suite("Trainer service")
struct TrainerServiceTests {
  static let dataset = try! Dataset(
    name: Name("topics"), fields: [TextField(name: "text")],
    question: Question(labels: ["weather", "sport", "cooking"].map { Label(name: $0) }))

  /// Four reviewed records a label to train on and two to test on; an agent that is right but once.
  static func records() -> [Record] {
    var records: [Record] = []
    for topic in LocalFitTests.topics.keys.sorted() {
      for (index, text) in LocalFitTests.topics[topic]!.enumerated() {
        let wrong = topic == "sport" && index == 5
        records.append(
          Record(
            id: Int64(records.count + 1), externalID: "r\(records.count + 1)",
            fields: ["text": text], split: index < 4 ? .train : .test, status: .completed,
            suggestions: [
              Suggestion(agent: "llm", outcome: .label(wrong ? "weather" : topic), score: 0.5)
            ],
            responses: [Response(user: "ann", label: topic, status: .submitted)]))
      }
    }
    return records
  }

  static var encoder: URL { LocalFitTests.encoder! }

  /// A trainer at work on a store, until `body` returns.
  private func training<R: Sendable>(
    _ store: ScriptedStore, cache: URL, _ body: @Sendable (Trainer) async throws -> R
  ) async throws -> R {
    try await store.serving { address in
      let trainer = try Trainer(
        store: address, cache: cache, threads: nil, logger: Logger(label: "test"))
      let working = Task {
        try await withThrowingDiscardingTaskGroup { group in
          for service in trainer.background { group.addTask { try await service.run() } }
        }
      }
      do {
        let result = try await body(trainer)
        working.cancel()
        _ = await working.result
        await trainer.close()
        return result
      } catch {
        working.cancel()
        _ = await working.result
        await trainer.close()
        throw error
      }
    }
  }

  @Test(
    "A job is trained, published with its lease, and evaluated again on demand",
    .enabled(if: LocalFitTests.hasEncoders), .timeLimit(.minutes(5)))
  func publishes() async throws {
    let scratch = try Scratch()
    var records = Self.records()
    // A test record that was trained on, but for a capital.
    let copied = records.firstIndex { $0.split == .test }!
    records[copied].fields = ["text": records[0].fields["text"]!.uppercased()]
    let store = ScriptedStore(Self.dataset, records)
    try store.register(encoder: Self.encoder)
    store.queue(.init(shots: 4, seed: 7, bodyLearningRate: 1e-4, headC: 2))
    let cache = scratch.url.appending(path: "cache")
    let finish = try await training(store, cache: cache) { _ in try await store.finished() }
    #expect(finish.state == .succeeded, "\(finish.error)")
    guard case .trainingResult(let result) = finish.result else {
      Issue.record("no result")
      return
    }
    #expect(result.model == "topics" && result.version == 1)

    let model = try #require(store.state.withLock { $0.models.first })
    #expect(model.labels == ["weather", "sport", "cooking"])
    #expect(model.trainRecords == 12)
    #expect(model.encoder == "small")
    #expect(model.encoderDigest == store.state.withLock { $0.encoder.digest })
    #expect(model.evaluation?.records == 6)
    #expect(model.evaluation == result.evaluation)
    #expect(model.evaluation?.calibration?.bins.reduce(0) { $0 + $1.records } == 6)
    #expect(model.evaluation?.nearDuplicates?.records == 1)
    #expect(
      model.evaluation?.nearDuplicates?.examples == [
        .init(externalId: records[copied].externalID, ofExternalId: "r1", similarity: 1)
      ])
    let card = try #require(model.files.first { $0.path == "README.md" })
    #expect(
      String(decoding: store.state.withLock { $0.artefacts[card.digest]! }, as: UTF8.self)
        .contains("1 of them are nearly the same"))
    let validation = try #require(model.crossValidation)
    #expect(validation == result.crossValidation)
    #expect(validation.folds == 5 && validation.evaluation?.records == 12)
    #expect(validation.evaluation?.split == .train && validation.bodyTuned)
    let paths = model.files.map(\.path)
    for path in ["model.safetensors", "head.safetensors", "lauter.json", "modules.json"] {
      #expect(paths.contains(path))
    }
    #expect(
      store.state.withLock { state in model.files.allSatisfy { state.artefacts[$0.digest] != nil } }
    )
    // What it was trained with, defaults spelled out.
    let spec = try #require(model.training)
    #expect(spec.seed == 7 && spec.shots == 4 && spec.headC == 2 && spec.bodyLearningRate == 1e-4)
    #expect(spec.bodyBatchSize == 16 && spec.warmupProportion == 0.1)
    #expect(
      try spec.maxLength == EncoderDirectory(Self.encoder).configuration.maxTokens)
    #expect(spec.samplingStrategy == .oversampling)
    #expect(try Recipe(spec).bodyEpochs == 1)

    // The published files alone predict what the job evaluated.
    try await store.serving { address in
      let channel = RPCChannel(target: address)
      let artefacts = try ArtefactCache(
        directory: scratch.url.appending(path: "other-cache"), store: channel)
      let handlers = TrainerHandlers(store: channel, artefacts: artefacts)
      let context = CallContext()
      let evaluated = try await handlers.evaluate(
        .init(dataset: "topics", subject: .model(.init(name: "topics"))), context: context)
      #expect(evaluated.version == 1)
      #expect(evaluated.evaluation == model.evaluation)

      let compared = try await handlers.evaluate(
        .init(
          dataset: "topics", subject: .model(.init(name: "topics")), against: .againstAgent("llm")),
        context: context)
      #expect(compared.evaluation == model.evaluation)
      let comparison = try #require(compared.comparison)
      #expect(comparison.bothRight + comparison.onlyFirst == model.evaluation?.correct)
      #expect(comparison.bothRight + comparison.onlySecond == 5)
      #expect(comparison.pValue > 0.05 && comparison.pValue <= 1 && comparison.version == 0)

      let agent = try await handlers.evaluate(
        .init(
          dataset: "topics", subject: .agent("llm"), against: .againstModel(.init(name: "topics"))),
        context: context)
      #expect(agent.comparison?.version == 1)
      #expect(agent.comparison?.onlySecond == comparison.onlyFirst)
      #expect(agent.evaluation?.calibration == nil)
      #expect(agent.evaluation?.records == 6)
      #expect(try #require(agent.evaluation?.accuracy) == 5.0 / 6)
      // Rows are true labels in the data set's order; one sport was taken for weather.
      #expect(agent.evaluation?.confusion == [2, 0, 0, 1, 1, 0, 0, 0, 2])

      await Self.refuses(.failedPrecondition, "no submitted responses") {
        try await handlers.evaluate(
          .init(dataset: "topics", split: .validation, subject: .agent("llm")), context: context)
      }
      await Self.refuses(.failedPrecondition, "those who have are 'llm'") {
        try await handlers.evaluate(
          .init(dataset: "topics", subject: .agent("gpt")), context: context)
      }
      await Self.refuses(.invalidArgument, "a model or an agent") {
        try await handlers.evaluate(.init(dataset: "topics"), context: context)
      }
      await Self.refuses(.notFound, "no model 'none'") {
        try await handlers.evaluate(
          .init(dataset: "topics", subject: .model(.init(name: "none"))), context: context)
      }
      let described = try await handlers.describeTrainer(.init(), context: context)
      #expect(
        ["avx512bf16", "avx512vnni", "avx512", "avx2", "baseline", "neon"]
          .contains(described.instructionSet))
      #expect(described.threads >= 1)
      await channel.close()
    }
  }

  private static func refuses(
    _ code: RPCError.Code, _ words: String, _ call: () async throws -> TrainerV1.EvaluateResponse
  ) async {
    do {
      _ = try await call()
      Issue.record("not refused: \(words)")
    } catch let error as RPCError {
      #expect(error.code == code && error.message.contains(words), "\(error)")
    } catch { Issue.record("not an RPCError: \(error)") }
  }

  /// Each would take minutes.
  static let longPhases: [(phase: String, spec: StoreV1.TrainingSpec)] = [
    ("embedding", .init()),
    ("validation", .init(useSuggestions: true, freezeBody: true, folds: 100)),
    ("evaluation", .init(freezeBody: true, folds: 0)),
    ("precisions", .init(freezeBody: true, folds: 0)),
    ("publishing", .init(freezeBody: true, folds: 0)),
    ("body", .init(bodyEpochs: 1000, recipe: "setfit")),
    (
      "head",
      .init(
        freezeBody: true, recipe: "setfit", folds: 0, head: .differentiable, headEpochs: 5000)
    ),
    (
      "head",
      .init(
        maxSteps: 1, recipe: "setfit", folds: 0, head: .differentiable, headEpochs: 5000,
        headBatchSize: 64, endToEnd: true)
    ),
  ]

  @Test(
    "A running job stops within a second of its cancellation and publishes nothing",
    .enabled(if: LocalFitTests.hasEncoders), .timeLimit(.minutes(5)),
    arguments: longPhases.indices)
  func cancels(index: Int) async throws {
    let (phase, spec) = Self.longPhases[index]
    let scratch = try Scratch()
    var records = Self.records()
    let words = LocalFitTests.topics.values.joined().joined(separator: " ")
    func add(_ count: Int, _ text: String, _ split: Split, reviewed: Bool) {
      for id in 1...count {
        let label = Self.dataset.question.labels[id % 3].name
        records.append(
          Record(
            id: Int64(records.count + 1), externalID: "s\(records.count)",
            fields: ["text": "\(id) \(text)"],
            split: split, status: reviewed ? .completed : .pending,
            suggestions: [Suggestion(agent: "llm", outcome: .label(label), score: 0.5)],
            responses: reviewed ? [Response(user: "ann", label: label, status: .submitted)] : []))
      }
    }
    switch phase {
    case "embedding": add(20_000, words, .train, reviewed: false)
    case "validation":
      add(100, "", .train, reviewed: true)
      add(2_000, "", .train, reviewed: false)
    case "evaluation", "precisions": add(1_000, words, .test, reviewed: true)
    default: break
    }
    let store = ScriptedStore(Self.dataset, records)
    try store.register(encoder: Self.encoder)
    store.state.withLock {
      $0.cancelsIn = phase
      $0.holdsUploads = true
    }
    store.queue(spec)
    let finish = try await training(store, cache: scratch.url.appending(path: "cache")) { _ in
      try await store.finished()
    }
    #expect(finish.state == .cancelled)
    let state = store.state.withLock { ($0.models, $0.cancelledAt, $0.finishedAt, $0.heartbeats) }
    #expect(state.0.isEmpty)
    let delay = try #require(state.2) - (try #require(state.1))
    // Half of it may go by until the next heartbeat. Tests share their machine with others.
    let isQuiet = ProcessInfo.processInfo.environment["LAUTER_TEST_QUIET"] != nil
    #expect(delay < .seconds(isQuiet ? 1 : 5), "in \(phase)")
    let last = try #require(state.3.last)
    #expect(last.phase == phase)
    if phase == "publishing" { return }
    #expect(last.done < last.total)
    #expect((last.loss != nil) == ["body", "head"].contains(phase))
    if phase == "validation" { return }
    #expect(try #require(last.textsPerSecond) > 0 && (try #require(last.secondsLeft)) > 0)
  }

  @Test(
    "What a job cannot do fails it with words for the user",
    arguments: [
      (StoreV1.TrainingSpec(bodyLearningRate: -1), true, "body_learning_rate: above 0"),
      (
        StoreV1.TrainingSpec(agent: "llm", recipe: "setfit"), true,
        "agent: 'llm' is named, but no suggestions are used"
      ),
      (
        StoreV1.TrainingSpec(useSuggestions: true, noSuggestions: true), true,
        "no_suggestions: is set"
      ),
      (StoreV1.TrainingSpec(folds: 1), true, "folds: 0, or from 2"),
      (StoreV1.TrainingSpec(model: "Not A Name"), true, "model: "),
      (StoreV1.TrainingSpec(recipe: "magic"), true, "recipe: 'lauter' or 'setfit', not 'magic'"),
      (StoreV1.TrainingSpec(samplingStrategy: .unrecognized(9)), true, "sampling_strategy: "),
      (
        StoreV1.TrainingSpec(noSuggestions: true), false,
        "Review some records of each label (`lauter review`)"
      ),
      (
        StoreV1.TrainingSpec(useSuggestions: true, agent: "gpt"), true,
        "the agent 'gpt' has suggested no label on the train split"
      ),
    ])
  func fails(spec: StoreV1.TrainingSpec, reviewed: Bool, words: String) async throws {
    let scratch = try Scratch()
    var records = Self.records()
    if !reviewed {
      for i in records.indices {
        records[i].responses = []
        records[i].status = .pending
      }
    }
    let store = ScriptedStore(Self.dataset, records)
    store.queue(spec)
    let finish = try await training(store, cache: scratch.url.appending(path: "cache")) { _ in
      try await store.finished()
    }
    #expect(finish.state == .failed)
    #expect(finish.error.contains(words), "\(finish.error)")
    #expect(store.state.withLock { $0.models.isEmpty })
  }

  enum BadInput: String, CaseIterable {
    case nanWeights, wrongShape, emptyText, oneLabel, noAnswer
  }

  @Test(
    "A job on bad data fails with its reason, and nothing of it is published",
    .enabled(if: LocalFitTests.hasEncoders), .timeLimit(.minutes(5)), arguments: BadInput.allCases,
    Recipe.Kind.allCases)
  func badInput(_ bad: BadInput, recipe: Recipe.Kind) async throws {
    let scratch = try Scratch()
    var records = Self.records()
    var encoder = Self.encoder
    let words: String
    switch bad {
    case .nanWeights:
      encoder = try scratch.nanEncoder()
      words = "word_embeddings.weight holds NaN or infinity, first in row 1, column 3"
    case .wrongShape:
      encoder = try scratch.wrongShapeEncoder()
      words = "the encoder 'small' cannot be used: model.safetensors: "
    case .emptyText:
      records[1].fields = ["text": "\u{200B} "]
      words = "1 training record has no text the encoder can read: 'r2'"
    case .oneLabel:
      // Lauter's recipe knows a label without records by its name.
      if recipe == .lauter { return }
      records.removeAll { $0.split == .train && $0.settledLabel != "sport" }
      words = "the train split has no reviewed record with the labels 'weather', 'cooking'"
    case .noAnswer:
      for i in records.indices {
        (records[i].responses, records[i].suggestions, records[i].status) = ([], [], .pending)
      }
      words = "no record of the train split has been reviewed yet"
    }
    let store = ScriptedStore(Self.dataset, records)
    try store.register(encoder: encoder)
    let stored = store.state.withLock { Set($0.artefacts.keys) }
    store.queue(.init(recipe: recipe.rawValue))
    let finish = try await training(store, cache: scratch.url.appending(path: "cache")) { _ in
      try await store.finished()
    }
    #expect(finish.state == .failed)
    #expect(finish.error.contains(words), "\(finish.error)")
    #expect(!finish.error.contains(scratch.url.path))
    #expect(store.state.withLock { $0.models.isEmpty && Set($0.artefacts.keys) == stored })
  }

  @Test(
    "Labels of which one has a record or one has a single one are learned from by name",
    .enabled(if: LocalFitTests.hasEncoders), .timeLimit(.minutes(5)), arguments: [0, 1])
  func fewRecords(others: Int) async throws {
    let scratch = try Scratch()
    var records = Self.records()
    var left = ["weather": others, "cooking": others]
    records.removeAll { record in
      guard record.split == .train, let count = left[record.settledLabel!] else { return false }
      left[record.settledLabel!] = count - 1
      return count <= 0
    }
    let store = ScriptedStore(Self.dataset, records)
    try store.register(encoder: Self.encoder)
    store.queue(.init())
    let finish = try await training(store, cache: scratch.url.appending(path: "cache")) { _ in
      try await store.finished()
    }
    #expect(finish.state == .succeeded, "\(finish.error)")
    let model = try #require(store.state.withLock { $0.models.first })
    #expect(model.trainRecords == UInt64(4 + 2 * others) && model.labels.count == 3)
    // Six test records of three everyday topics, known by little more than their names.
    #expect(try #require(model.evaluation?.accuracy) >= 4.0 / 6)
  }

  @Test(
    "A store that has no room for a model fails the job in its own words, and nothing is published",
    .enabled(if: LocalFitTests.hasEncoders), .timeLimit(.minutes(5)))
  func storeIsFull() async throws {
    let scratch = try Scratch()
    let store = ScriptedStore(Self.dataset, Self.records())
    try store.register(encoder: Self.encoder)
    store.state.withLock { $0.isFull = true }
    store.queue(.init(maxSteps: 1))
    let finish = try await training(store, cache: scratch.url.appending(path: "cache")) { _ in
      try await store.finished()
    }
    #expect(finish.state == .failed && finish.error == ScriptedStore.full, "\(finish.error)")
    #expect(store.state.withLock { $0.models.isEmpty })
  }

  @Test(
    "A store that is away for a while, before and after a training, costs the job nothing",
    .enabled(if: LocalFitTests.hasEncoders), .timeLimit(.minutes(5)))
  func outages() async throws {
    let scratch = try Scratch()
    let store = ScriptedStore(Self.dataset, Self.records())
    try store.register(encoder: Self.encoder)
    // More often than a channel repeats a call by itself.
    store.state.withLock {
      $0.outages = ["GetDataset": 7, "FindArtefacts": 7, "UploadArtefact": 7, "PublishModel": 3]
    }
    store.queue(.init(freezeBody: true, folds: 0))
    let finish = try await training(store, cache: scratch.url.appending(path: "cache")) { _ in
      try await store.finished()
    }
    #expect(finish.state == .succeeded, "\(finish.error)")
    #expect(
      store.state.withLock { $0.models.count == 1 && $0.outages.values.allSatisfy { $0 == 0 } })
  }

  @Test("An encoder that cannot be read is named, without the cache's path")
  func brokenEncoder() async throws {
    let scratch = try Scratch()
    let folder = scratch.url.appending(path: "broken", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: folder.appending(path: "config.json"))
    let store = ScriptedStore(Self.dataset, Self.records())
    try store.register(encoder: folder)
    store.queue(.init())
    let finish = try await training(store, cache: scratch.url.appending(path: "cache")) { _ in
      try await store.finished()
    }
    #expect(finish.state == .failed)
    #expect(finish.error.hasPrefix("the encoder 'small' cannot be used: config.json: "))
  }

  @Test("A spec of zeros is the default recipe, and a recipe's spec is the recipe")
  func recipes() throws {
    #expect(try Recipe(StoreV1.TrainingSpec()) == Recipe(.lauter))
    #expect(try Recipe(StoreV1.TrainingSpec(recipe: "setfit")) == Recipe(.setfit))
    var recipe = Recipe(.setfit)
    recipe.seed = 3
    recipe.shots = 5
    recipe.suggestions = .always(by: "llm")
    recipe.bodyEpochs = 4
    recipe.maxSteps = 60
    recipe.samplingStrategy = .unique
    recipe.warmupProportion = 0
    recipe.l2Weight = 0
    recipe.maxLength = 64
    recipe.balanceLabels = true
    recipe.loss = .contrastive
    recipe.distanceMetric = .manhattan
    recipe.margin = 3
    recipe.dropout = false
    try #expect(again(recipe) == recipe)
    recipe.samplingStrategy = .oversampling
    recipe.numIterations = 2
    recipe.balanceLabels = false
    recipe.head = .differentiable
    recipe.headEpochs = 3
    recipe.headBatchSize = 7
    recipe.headLearningRate = 0.2
    recipe.headTemperature = 2
    recipe.endToEnd = true
    recipe.bodyClassifierLearningRate = 3e-5
    try #expect(again(recipe) == recipe)
  }

  /// What comes of a recipe that goes through the contract.
  private func again(_ recipe: Recipe) throws -> Recipe {
    let spec = StoreV1.TrainingSpec(
      recipe, model: try Name("m"), encoder: "e", agent: "llm", maxLength: 64)
    return try Recipe(spec)
  }
}

extension StoreV1.Evaluation {
  fileprivate var correct: UInt64 {
    labels.indices.reduce(0) { $0 + confusion[$1 * labels.count + $1] }
  }
}
