import ArgumentParser
import Artefacts
import Foundation
import RPC
import Schema
import StrictJSON
import Wire

struct Models: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List published models; export and import them as folders.",
    subcommands: [List.self, ExportOne.self, ImportOne.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
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

    static func json(_ model: StoreV1.Model) -> JSON {
      [
        "name": .string(model.name), "version": .of(model.version),
        "dataset": .string(model.dataset), "labels": .array(model.labels.map { .string($0) }),
        "digest": .string(model.digest), "encoder": .string(model.encoder),
        "encoder_digest": .string(model.encoderDigest), "train_records": .of(model.trainRecords),
        "evaluation": model.evaluation.map { Show.evaluation($0) } ?? .null,
        "cross_validation": model.crossValidation.map { Show.crossValidation($0) } ?? .null,
        "create_time_ms": .of(model.createTimeMs),
      ]
    }
  }

  struct ExportOne: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Write a model's files into a new folder.",
      discussion: """
        Python's sentence_transformers reads the folder's body as it stands; scripts/setfit_head.py \
        makes a setfit model of body and head.
        """)

    @Argument(
      help: ArgumentHelp(
        "The model, the latest version unless named.", valueName: "name[@version]"))
    var model: String

    @Argument(help: ArgumentHelp("The folder to make.", valueName: "dir"))
    var output: String

    @OptionGroup var connection: ConnectionOptions

    func validate() throws { _ = try ModelArgument(model) }

    func run() async throws {
      let console = Console.current
      let reference = try ModelArgument(model)
      let folder = URL(fileURLWithPath: console.path(output), isDirectory: true)
      guard !FileManager.default.fileExists(atPath: folder.path) else {
        throw Failure(.usage, "\(output) exists already", hint: "name a folder that is new")
      }
      let scratch = folder.deletingLastPathComponent().appending(
        path: ".\(folder.lastPathComponent).part", directoryHint: .isDirectory)
      defer { try? FileManager.default.removeItem(at: scratch) }
      let published = try await connection.withServices { services in
        try await services.call(.store) { channel in
          let answer = try await StoreV1.ModelServiceClient(channel).getModel(
            .init(name: reference.name, version: reference.version), options: .quick)
          guard let model = answer.model else {
            throw Failure(.failed, "the store's answer has no model")
          }
          // Every file is checked against its digest, and what has arrived is kept if this breaks off.
          let made = try await ArtefactCache(directory: scratch, store: channel).folder(model.files)
          do { try FileManager.default.moveItem(at: made, to: folder) } catch {
            throw Failure(.failed, "\(output) cannot be made: \(error.localizedDescription)")
          }
          return model
        }
      }
      if connection.json {
        console.out(List.json(published).text)
      } else {
        console.out(
          "wrote \(published.name) version \(published.version), \(published.files.count) files, to \(output)"
        )
      }
    }
  }

  struct ImportOne: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Publish a folder as the next version of a model.",
      discussion: """
        The folder is one that 'lauter models export' or 'lauter-trainer fit --output' wrote, or one \
        that SetFit saved and 'scripts/setfit_head.py convert' has converted.
        """)

    @Argument(help: ArgumentHelp("The folder.", valueName: "dir"))
    var folder: String

    @Option(help: "The data set whose labels the model knows.")
    var dataset: String

    @Option(help: "The model's name. Default: the data set's.")
    var name: String?

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let console = Console.current
      let path = console.path(folder)
      try EncoderFolder(path: path, source: "").check()
      let description = try Self.description(path, shown: folder)
      let published = try await connection.withServices { services in
        let dataset = try Dataset(try await services.dataset(self.dataset))
        for label in description.labels {
          do { _ = try dataset.question.index(of: label) } catch {
            throw Failure(
              .badData,
              "the model has the label '\(label)', which the data set '\(dataset.name)' has not")
          }
        }
        let progress = Progress("storing")
        defer { progress.finish() }
        let files = try await services.artefacts { client in
          try await ArtefactClient(client).upload(
            folder: URL(fileURLWithPath: path, isDirectory: true)
          ) { progress.update($0, of: $1) }
        }
        return try await services.models {
          try await $0.publishModel(
            .init(
              model: .init(
                name: name ?? dataset.name.description, dataset: dataset.name.description,
                labels: description.labels, files: files, encoder: description.encoder)),
            options: .quick)
        }.model
      }
      guard let published else { throw Failure(.failed, "the store's answer has no model") }
      if connection.json {
        console.out(List.json(published).text)
      } else {
        console.out("published \(published.name) version \(published.version)")
        console.note("next: lauter predict --model \(published.name) 'a new text'")
      }
    }

    /// What a model's lauter.json says.
    private static func description(
      _ path: String, shown: String
    ) throws -> (labels: [String], encoder: String) {
      func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(file)") }
      guard has("head.safetensors"), has("lauter.json") else {
        throw Failure(
          .badData, "\(shown) has no head: neither head.safetensors nor lauter.json",
          hint: "a folder without a head is an encoder: 'lauter encoder pull --from \(shown)'")
      }
      let json: JSON
      do {
        json = try JSON(parsing: Data(contentsOf: URL(fileURLWithPath: "\(path)/lauter.json")))
      } catch { throw Failure(.badData, "\(shown)/lauter.json: \(error)") }
      let labels = json["labels"]?.array?.compactMap(\.string) ?? []
      guard labels.count >= 2 else {
        throw Failure(.badData, "\(shown)/lauter.json names fewer than two labels")
      }
      return (labels, json["encoder"]?.string ?? "")
    }
  }
}
