import ArgumentParser
import Foundation
import RPC
import Schema
import StrictJSON
import Wire

struct LabelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Have a machine suggest a label for each record.",
    discussion: """
      Who suggests is the labeller's setting: an LLM, or the encoder's zero-shot labeller where no \
      LLM is configured. Records that agent has labelled already are left alone, so the command may \
      be repeated.
      """)

  @Argument(help: "The data set.")
  var dataset: String

  @Option(help: "Show the LLM so many reviewed records per label.")
  var shots: UInt32 = 0

  @Option(help: "Stop after so many records.")
  var limit: UInt64 = 0

  @Flag(help: "Label reviewed records too, to measure the agent against people.")
  var all = false

  @Option(help: "Only this split.")
  var split: Split?

  @Flag(name: .customLong("no-wait"), help: "Queue the job and return.")
  var noWait = false

  @Option(
    help: ArgumentHelp(
      "Print the prompt for this record (its id) and label nothing.", valueName: "id"))
  var preview: String?

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let console = Console.current
    try await connection.withServices { services in
      if let preview { return try await show(preview, services) }
      let agent = try? await services.call(.labeller) {
        try await LabellerV1.LabellerServiceClient($0).describeAgent(.init(), options: .quick)
      }
      if let agent {
        console.note("\(agent.agent): \(agent.description)")
      } else {
        console.note(
          "the labeller at \(services.endpoints.addresses[.labeller]!) cannot be reached; the job waits in the store until one takes it"
        )
      }
      let created = try await services.jobs {
        try await $0.createJob(
          .init(
            dataset: dataset,
            spec: .labelling(
              .init(
                shots: shots, limit: limit, includeReviewed: all,
                split: split.map { .init($0) } ?? .unspecified))), options: .quick)
      }
      guard let job = created.job else { throw Failure(.failed, "the store's answer has no job") }
      if noWait {
        console.out(connection.json ? JobOutput.json(job).text : "queued job \(job.id)")
        return
      }
      let finished = try await JobFollower(services: services).follow(job)
      if connection.json {
        console.out(JobOutput.json(finished).text)
      } else if case .labellingResult(let result)? = finished.result {
        let seconds = Double(finished.finishTimeMs - finished.startTimeMs) / 1000
        console.out(
          "\(result.agent) suggested a label for \(result.suggested) records, failed on \(result.failed), in \(Show.decimal(seconds, 1)) s"
        )
        console.note("next: lauter review \(dataset)")
      }
    }
  }

  private func show(_ id: String, _ services: Services) async throws {
    let console = Console.current
    let record = try await RecordLookup.record(id, in: dataset, services)
    let answer = try await services.call(.labeller) {
      try await LabellerV1.LabellerServiceClient($0).renderPrompt(
        .init(dataset: dataset, recordId: record.id, shots: shots), options: .quick)
    }
    if connection.json {
      console.out(
        JSON.object([
          .init("prompt", .string(answer.prompt)),
          .init("reply_schema", .string(answer.replySchema)),
        ]).text)
    } else {
      console.out(answer.prompt.printable(multiline: true))
      console.note("the reply is held to \(answer.replySchema)")
    }
  }
}

enum RecordLookup {
  /// By the user's id, or else, where it is a number, the store's.
  static func record(
    _ id: String, in dataset: String, _ services: Services
  ) async throws -> StoreV1.Record {
    do {
      let answer = try await services.records {
        try await $0.getRecord(.init(dataset: dataset, key: .externalId(id)), options: .quick)
      }
      if let record = answer.record { return record }
    } catch let failure as Failure where failure.code == .failed && Int64(id) != nil {
      // No such external id; perhaps the store's own.
    }
    guard let number = Int64(id) else {
      throw Failure(.failed, "the data set '\(dataset)' has no record '\(id)'")
    }
    let answer = try await services.records {
      try await $0.getRecord(.init(dataset: dataset, key: .id(number)), options: .quick)
    }
    guard let record = answer.record else {
      throw Failure(.failed, "the data set '\(dataset)' has no record '\(id)'")
    }
    return record
  }
}
