import ArgumentParser
import Foundation
import RPC
import Schema
import StrictJSON
import Wire

struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fine-tune an encoder on the reviewed records and publish a model.",
    discussion: """
      Contrastive pairs fine-tune the body where there are enough records, then a logistic \
      regression is fitted on its embeddings. The default recipe, lauter, also learns from the \
      labels' names and descriptions, and takes suggestions for as much as they have proved right. \
      --recipe setfit reproduces SetFit and its defaults.
      """)

  @Argument(help: "The data set.")
  var dataset: String

  @Option(help: "The model to publish a new version of. Default: the data set's name.")
  var model: String?

  @Option(help: "The encoder to start from. Default: the store's default.")
  var encoder: String?

  @Option(help: "lauter or setfit: how the model learns.")
  var recipe: String = "lauter"

  @Option(help: "At most so many reviewed records per label; 0 takes all.")
  var shots: UInt32 = 0

  @Option(help: "Makes pairs and batches the same each time.")
  var seed: UInt64?

  @Flag(help: "Train on suggestions too, where a record is not reviewed.")
  var useSuggestions = false

  @Option(help: "Only this agent's suggestions. Default: the agent that suggested most.")
  var agent: String?

  @Option(help: "Passes over the pairs while the body is fine-tuned. Default: 1.")
  var epochs: UInt32?

  @Option(help: "Pairs per step. Default: 16.")
  var batchSize: UInt32?

  @Option(help: "Of the body. Default: 0.00002.")
  var learningRate: Double?

  @Option(
    help:
      "At most so many steps on the body. More take longer and rarely help. Default: no limit, or the recipe's budget."
  )
  var maxSteps: UInt32?

  @Option(help: "The head's inverse regularisation strength. Default: 1, or the recipe's.")
  var headC: Double?

  @Option(help: "Tokens per text. Default: the encoder's own maximum.")
  var maxLength: UInt32?

  @Flag(help: "Leave the body as it is and train the head alone: fast, less accurate.")
  var freezeBody = false

  @Flag(name: .customLong("no-wait"), help: "Queue the job and return.")
  var noWait = false

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard ["lauter", "setfit"].contains(recipe) else {
      throw ValidationError("--recipe is lauter or setfit, not '\(recipe)'")
    }
    if let learningRate, learningRate <= 0 || !learningRate.isFinite {
      throw ValidationError("--learning-rate is above 0, not \(learningRate)")
    }
    if let headC, headC <= 0 || !headC.isFinite {
      throw ValidationError("--head-c is above 0, not \(headC)")
    }
  }

  func run() async throws {
    let console = Console.current
    try await connection.withServices { services in
      let spec = StoreV1.TrainingSpec(
        model: model ?? "", encoder: encoder ?? "", useSuggestions: useSuggestions,
        agent: agent ?? "", shots: shots, seed: seed, bodyEpochs: epochs ?? 0,
        bodyBatchSize: batchSize ?? 0,
        bodyLearningRate: learningRate ?? 0, maxSteps: maxSteps ?? 0, maxLength: maxLength ?? 0,
        headC: headC ?? 0,
        freezeBody: freezeBody, recipe: recipe)
      let created = try await services.jobs {
        try await $0.createJob(.init(dataset: dataset, spec: .training(spec)), options: .quick)
      }
      guard let job = created.job else { throw Failure(.failed, "the store's answer has no job") }
      if noWait {
        console.out(connection.json ? JobOutput.json(job).text : "queued job \(job.id)")
        return
      }
      let finished = try await JobFollower(services: services).follow(job)
      if connection.json {
        console.out(JobOutput.json(finished).text)
        return
      }
      guard case .trainingResult(let result)? = finished.result else { return }
      let seconds = Double(finished.finishTimeMs - finished.startTimeMs) / 1000
      console.out(
        "published \(result.model) version \(result.version) after \(Show.decimal(seconds, 1)) s")
      if let evaluation = result.evaluation {
        Show.printEvaluation(evaluation)
      } else {
        console.note(
          "not evaluated: the test split has no reviewed records; hold some back with 'lauter import --hold-back'"
        )
      }
      console.note("next: lauter predict --model \(result.model) 'a new text'")
    }
  }
}

struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold a model, or an agent's suggestions, against what people said.")

  @Argument(help: "The data set.")
  var dataset: String

  @Option(
    help: ArgumentHelp("The model, the latest version unless named.", valueName: "name[@version]"))
  var model: String?

  @Option(help: "An agent, as 'lauter dataset show' names it.")
  var agent: String?

  @Option(help: "The split whose reviewed records count.")
  var split: Split = .test

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard (model == nil) != (agent == nil) else {
      throw ValidationError("name what to evaluate: either --model or --agent")
    }
    if let model { _ = try ModelArgument(model) }
  }

  func run() async throws {
    let console = Console.current
    let subject: TrainerV1.EvaluateRequest.Subject
    if let model {
      let reference = try ModelArgument(model)
      subject = .model(.init(name: reference.name, version: reference.version))
    } else {
      subject = .agent(agent ?? "")
    }
    let answer = try await connection.withServices { services in
      try await services.call(.trainer) {
        try await TrainerV1.TrainerServiceClient($0).evaluate(
          .init(dataset: dataset, split: .init(split), subject: subject))
      }
    }
    guard let evaluation = answer.evaluation else {
      throw Failure(
        .failed,
        "the \(split) split of '\(dataset)' has no reviewed records to hold it against",
        hint: "review some with 'lauter review \(dataset) --split \(split)'")
    }
    if connection.json {
      guard case .object(var members) = Show.evaluation(evaluation) else { return }
      members.insert(.init("dataset", .string(dataset)), at: 0)
      if let model { members.insert(.init("model", .string(try ModelArgument(model).name)), at: 1) }
      if let agent { members.insert(.init("agent", .string(agent)), at: 1) }
      if model != nil { members.insert(.init("version", .of(answer.version)), at: 2) }
      console.out(JSON.object(members).text)
    } else {
      if let model {
        console.out("\(try ModelArgument(model).name) version \(answer.version) on \(dataset)")
      } else {
        console.out("\(agent ?? "") on \(dataset)")
      }
      Show.printEvaluation(evaluation)
    }
  }
}

/// `NAME` or `NAME@VERSION`.
package struct ModelArgument: Hashable {
  package var name: String
  /// 0: the latest.
  package var version: UInt64

  package init(_ text: String) throws {
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(halves[0])
    version = 0
    if halves.count > 1, halves[1] != "latest" {
      guard let number = UInt64(halves[1]), number > 0 else {
        throw ValidationError(
          "'\(text)' is not a model; write NAME for the latest version, or NAME@VERSION")
      }
      version = number
    }
  }
}

struct Models: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List published models, newest version first.")

  @Argument(help: "Only this model's versions.")
  var name: String?

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let console = Console.current
    let models = try await connection.withServices { services in
      try await services.models {
        try await $0.listModels(.init(name: name ?? ""), options: .quick)
      }.models
    }
    if connection.json {
      for model in models { console.out(Self.json(model).text) }
      return
    }
    if models.isEmpty {
      console.note("no models yet; 'lauter train DATASET' publishes one")
      return
    }
    var table = Table([
      .init("name"), .init("version", alignsRight: true), .init("dataset"), .init("encoder"),
      .init("trained on", alignsRight: true), .init("accuracy", alignsRight: true),
      .init("created"), .init("labels", shrinks: true),
    ])
    for model in models {
      table.add([
        model.name, "\(model.version)", model.dataset, model.encoder, "\(model.trainRecords)",
        model.evaluation.map { Show.decimal($0.accuracy) } ?? "", Show.time(model.createTimeMs),
        model.labels.joined(separator: ", "),
      ])
    }
    table.print()
  }

  private static func json(_ model: StoreV1.Model) -> JSON {
    [
      "name": .string(model.name), "version": .of(model.version),
      "dataset": .string(model.dataset), "labels": .array(model.labels.map { .string($0) }),
      "digest": .string(model.digest), "encoder": .string(model.encoder),
      "encoder_digest": .string(model.encoderDigest), "train_records": .of(model.trainRecords),
      "evaluation": model.evaluation.map { Show.evaluation($0) } ?? .null,
      "create_time_ms": .of(model.createTimeMs),
    ]
  }
}
