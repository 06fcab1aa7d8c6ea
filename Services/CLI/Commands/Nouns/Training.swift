import ArgumentParser
import Foundation
import RPC
import Schema
import Serving
import StrictJSON
import Wire

struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fine-tune an encoder on the reviewed records and publish a model.",
    discussion: """
      The encoder's body is fine-tuned, and a head is fitted on its embeddings. The default recipe, \
      lauter, learns from the reviewed records, from the labels' names and descriptions, from how the \
      texts differ that are not reviewed, and from suggestions on those, for as much as they have \
      proved right and where cross-validation on the reviewed records does not speak against it. \
      Suggestions made by comparing texts with the labels' names add nothing to that and are left \
      out, unless named by --agent. --recipe setfit reproduces SetFit and its defaults.
      """)

  @Argument(help: "The data set.")
  var dataset: String

  @Option(help: "The model to publish a new version of. Default: the data set's name.")
  var model: String?

  @Option(help: "The encoder to start from. Default: the store's default.")
  var encoder: String?

  @Option(help: "Only this agent's suggestions. Default: the agent that suggested most.")
  var agent: String?

  @Flag(name: .customLong("no-wait"), help: "Queue the job and return.")
  var noWait = false

  @OptionGroup(title: "Recipe") var options: RecipeOptions

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let console = Console.current
    try await connection.withServices { services in
      var spec = options.spec
      spec.model = model ?? ""
      spec.encoder = encoder ?? ""
      spec.agent = agent ?? ""
      let training = spec
      let created = try await services.jobs {
        try await $0.createJob(.init(dataset: dataset, spec: .training(training)), options: .quick)
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
      if let validation = result.crossValidation { Show.printCrossValidation(validation) }
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

  @Option(
    help: ArgumentHelp(
      "A model to compare with on the same records.", valueName: "name[@version]"))
  var againstModel: String?

  @Option(help: "An agent to compare with on the same records.")
  var againstAgent: String?

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard (model == nil) != (agent == nil) else {
      throw ValidationError("name what to evaluate: either --model or --agent")
    }
    guard againstModel == nil || againstAgent == nil else {
      throw ValidationError("compare with --against-model or --against-agent, not both")
    }
    for model in [model, againstModel] { if let model { _ = try ModelArgument(model) } }
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
    var against: TrainerV1.EvaluateRequest.Against?
    if let againstModel {
      let reference = try ModelArgument(againstModel)
      against = .againstModel(.init(name: reference.name, version: reference.version))
    } else if let againstAgent {
      against = .againstAgent(againstAgent)
    }
    let request = TrainerV1.EvaluateRequest(
      dataset: dataset, split: .init(split), subject: subject, against: against)
    let answer = try await connection.withServices { services in
      try await services.call(.trainer) {
        try await TrainerV1.TrainerServiceClient($0).evaluate(request)
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
      if let comparison = answer.comparison {
        members.append(.init("comparison", Show.comparison(comparison)))
      }
      console.out(JSON.object(members).text)
    } else {
      if let model {
        console.out("\(try ModelArgument(model).name) version \(answer.version) on \(dataset)")
      } else {
        console.out("\(agent ?? "") on \(dataset)")
      }
      Show.printEvaluation(evaluation)
      if let comparison = answer.comparison {
        let other =
          try againstModel.map { "\(try ModelArgument($0).name) version \(comparison.version)" }
          ?? againstAgent ?? ""
        Show.printComparison(comparison, with: other)
      }
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
