import ArgumentParser
import Foundation
package import Schema
import StrictJSON
import Wire

struct DatasetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Create data sets and look at them.",
    subcommands: [Create.self, List.self, ShowOne.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create a data set: the texts to come, and the one question asked of each.",
      discussion: "lauter dataset create reviews --labels 'positive:liked it,negative:did not'")

    @Argument(help: "Lower-case letters, digits, '.', '_' and '-'.")
    var name: String

    @Option(help: "Labels, separated by commas, each NAME or NAME:DESCRIPTION.")
    var labels: String?

    @Option(
      name: .customLong("label"),
      help: "A label as NAME or NAME=DESCRIPTION; may be given many times.")
    var label: [String] = []

    @Option(
      help: """
        A text field every record has, as NAME or NAME=TITLE, the title being what people see; may be given \
        many times. Default: text.
        """)
    var field: [String] = []

    @Option(help: "A text field a record may leave out, in the same way; may be given many times.")
    var optionalField: [String] = []

    @Option(help: "How to decide, in plain words; @FILE reads it from a file.")
    var guidelines: String?

    @Option(help: "The question as people see it.")
    var question: String?

    @Option(help: "A prompt template of your own for the LLM; @FILE reads it from a file.")
    var promptTemplate: String?

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let console = Console.current
      let parsed =
        LabelArgument.list(labels ?? "") + label.map { LabelArgument.single($0) }
      guard !parsed.isEmpty else {
        throw Failure(
          .usage, "a data set needs labels",
          hint: "for example --labels 'positive,negative' or --label positive --label negative")
      }
      let names = field.isEmpty && optionalField.isEmpty ? ["text"] : field
      let dataset: Dataset
      do {
        dataset = try Dataset(
          name: Name(name), guidelines: guidelines.map(Self.text) ?? "",
          fields: names.map { Self.field($0, optional: false) }
            + optionalField.map { Self.field($0, optional: true) },
          question: Question(title: question ?? "", labels: parsed),
          promptTemplate: promptTemplate.map(Self.text))
      } catch let error as SchemaError {
        throw Failure(.usage, error.description)
      }
      let created = try await connection.withServices { services in
        try await services.datasets {
          try await $0.createDataset(.init(dataset: .init(dataset)), options: .quick)
        }
      }
      if connection.json {
        console.out(DatasetOutput.json(created.dataset ?? .init(dataset)).text)
      } else {
        console.out("created the data set '\(name)' with \(parsed.count) labels")
        console.note("next: lauter import \(name) FILE")
      }
    }

    /// `NAME` or `NAME=TITLE`.
    private static func field(_ argument: String, optional: Bool) -> TextField {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return TextField(
        name: String(parts[0]), title: parts.count > 1 ? String(parts[1]) : nil,
        optional: optional)
    }

    /// The text itself, or the content of the file behind an '@'.
    static func text(_ argument: String) throws -> String {
      guard argument.hasPrefix("@") else { return argument }
      let path = String(argument.dropFirst())
      guard let data = FileManager.default.contents(atPath: Console.current.path(path)) else {
        throw Failure(.usage, "\(path): the file cannot be read")
      }
      guard let text = String(validating: data, as: UTF8.self) else {
        throw Failure(.badData, "\(path): the file is not UTF-8")
      }
      return text
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the data sets.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let console = Console.current
      let datasets = try await connection.withServices { services in
        try await services.datasets { try await $0.listDatasets(.init(), options: .quick) }.datasets
      }
      if connection.json {
        for dataset in datasets { console.out(DatasetOutput.json(dataset).text) }
        return
      }
      if datasets.isEmpty {
        console.note("no data sets yet; create one with 'lauter dataset create'")
        return
      }
      var table = Table([
        .init("name"), .init("labels", shrinks: true), .init("records", alignsRight: true),
        .init("pending", alignsRight: true), .init("completed", alignsRight: true),
        .init("discarded", alignsRight: true),
      ])
      for dataset in datasets {
        let counts = dataset.counts ?? .init()
        table.add([
          dataset.name, (dataset.question?.labels ?? []).map(\.name).joined(separator: ", "),
          "\(counts.records)", "\(counts.pending)", "\(counts.completed)", "\(counts.discarded)",
        ])
      }
      table.print()
    }
  }

  struct ShowOne: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show a data set: question, counts, agents.")

    @Argument(help: "The data set.")
    var name: String

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let dataset = try await connection.withServices { try await $0.dataset(name) }
      if connection.json {
        Console.current.out(DatasetOutput.json(dataset).text)
      } else {
        DatasetOutput.show(dataset)
      }
    }
  }
}

/// Labels as they are written on the command line.
package enum LabelArgument {
  /// `positive:liked it,negative`: commas between labels, the first colon before a description.
  package static func list(_ text: String) -> [Label] {
    text.split(separator: ",").map { part in
      let halves = part.split(separator: ":", maxSplits: 1)
      return Label(
        name: String(halves.first ?? "").trimmed,
        description: halves.count > 1 ? String(halves[1]).trimmed : "")
    }
  }

  /// `positive=liked it`.
  package static func single(_ text: String) -> Label {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return Label(
      name: String(halves[0]).trimmed,
      description: halves.count > 1 ? String(halves[1]).trimmed : "")
  }
}

enum DatasetOutput {
  static func json(_ dataset: StoreV1.Dataset) -> JSON {
    let counts = dataset.counts ?? .init()
    return [
      "name": .string(dataset.name), "guidelines": .string(dataset.guidelines),
      "fields": .array(
        dataset.fields.map {
          [
            "name": .string($0.name), "title": .string($0.title), "optional": .bool($0.optional),
          ]
        }),
      "question": .string(dataset.question?.title ?? ""),
      "labels": .array(
        (dataset.question?.labels ?? []).map {
          ["name": .string($0.name), "description": .string($0.description)]
        }),
      "records": .of(counts.records), "pending": .of(counts.pending),
      "completed": .of(counts.completed), "discarded": .of(counts.discarded),
      "splits": .array(
        counts.splits.map {
          [
            "split": .string(Show.split($0.split)), "records": .of($0.records),
            "completed": .of($0.completed),
          ]
        }),
      "agents": .array(
        counts.agents.map {
          [
            "agent": .string($0.agent), "suggestions": .of($0.suggestions),
            "failures": .of($0.failures),
          ]
        }),
      "responses": .array(
        counts.labels.map { ["label": .string($0.label), "responses": .of($0.responses)] }),
      "queues": .array(
        counts.queues.map { ["queue": .string($0.queue), "records": .of($0.records)] }),
      "create_time_ms": .of(dataset.createTimeMs),
    ]
  }

  static func show(_ dataset: StoreV1.Dataset) {
    let console = Console.current
    let counts = dataset.counts ?? .init()
    console.out(
      "\(Style.bold(dataset.name, console.colour)): \(counts.records) records, \(counts.pending) pending, \(counts.completed) completed, \(counts.discarded) discarded"
    )
    if let title = dataset.question?.title, !title.isEmpty {
      console.out("question: \(title.printable())")
    }
    if !dataset.guidelines.isEmpty {
      console.out("guidelines: \(dataset.guidelines.printable(multiline: true))")
    }
    let fields = dataset.fields.map { $0.optional ? "\($0.name) (optional)" : $0.name }
    console.out("fields: \(fields.joined(separator: ", ").printable())")
    console.out("")
    var labels = Table([
      .init("label"), .init("responses", alignsRight: true), .init("description", shrinks: true),
    ])
    for label in dataset.question?.labels ?? [] {
      let responses = counts.labels.first { $0.label == label.name }?.responses ?? 0
      labels.add([label.name, "\(responses)", label.description])
    }
    labels.print()
    if !counts.splits.isEmpty {
      console.out("")
      var splits = Table([
        .init("split"), .init("records", alignsRight: true), .init("completed", alignsRight: true),
      ])
      for split in counts.splits {
        splits.add([Show.split(split.split), "\(split.records)", "\(split.completed)"])
      }
      splits.print()
    }
    if !counts.agents.isEmpty {
      console.out("")
      var agents = Table([
        .init("agent", shrinks: true), .init("suggestions", alignsRight: true),
        .init("failures", alignsRight: true),
      ])
      for agent in counts.agents {
        agents.add([agent.agent, "\(agent.suggestions)", "\(agent.failures)"])
      }
      agents.print()
    }
    if !counts.queues.isEmpty {
      console.out("")
      var queues = Table([.init("queue"), .init("records", alignsRight: true)])
      for queue in counts.queues { queues.add([queue.queue, "\(queue.records)"]) }
      queues.print()
    }
  }
}
