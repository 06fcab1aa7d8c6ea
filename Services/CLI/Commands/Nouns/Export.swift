import ArgumentParser
import Foundation
import RPC
package import Schema
import StrictJSON
package import Wire

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a data set's records, with suggestions and responses, to JSON Lines or CSV.",
    discussion: """
      JSON Lines hold everything and can be imported again. CSV holds texts, metadata, split, status \
      and the label people settled on; a cell that a spreadsheet would take for a formula gets a \
      leading apostrophe.
      """)

  @Argument(help: "The data set.")
  var dataset: String

  @Option(help: "The format. Default: by --output's name, else jsonl.")
  var format: RowFormat?

  @Option(name: .shortAndLong, help: "A file, written whole or not at all. Default: stdout.")
  var output: String?

  @Option(help: "Only records of this status.")
  var status: RecordStatus?

  @Option(help: "Only records of this split.")
  var split: Split?

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let console = Console.current
    let format =
      self.format ?? (output?.lowercased().hasSuffix(".csv") == true ? RowFormat.csv : .jsonl)
    let sink = try ExportSink(output, console: console)
    do {
      let count = try await connection.withServices { services in
        let message = try await services.dataset(dataset)
        var writer = ExportWriter(format: format, dataset: try Dataset(message))
        if format == .csv {
          // A CSV's header names every metadata key, so they are gathered first.
          try await each(services) { writer.gather($0) }
          sink.write(writer.header())
        }
        var count = 0
        try await each(services) { record in
          sink.write(try writer.line(record))
          count += 1
        }
        return count
      }
      try sink.finish()
      if let output { console.note("wrote \(count) records to \(output)") }
    } catch {
      sink.abandon()
      throw error
    }
  }

  private func each(
    _ services: Services, _ body: (StoreV1.Record) throws -> Void
  ) async throws {
    try await services.records { client in
      try await client.exportRecords(
        .init(
          filter: .init(
            dataset: dataset, status: status.map { .init($0) } ?? .unspecified,
            split: split.map { .init($0) } ?? .unspecified))
      ) { responses in
        for try await response in responses {
          for record in response.records { try body(record) }
        }
      }
    }
  }
}

/// A file that appears under its name when it is complete, or stdout.
private final class ExportSink {
  private let console: Console
  private let path: String?
  private let temporary: String
  private var handle: FileHandle?
  private var buffer: [UInt8] = []
  private var failure: Failure?

  init(_ output: String?, console: Console) throws(Failure) {
    self.console = console
    path = output == "-" ? nil : output.map { console.path($0) }
    temporary = (path ?? "") + ".\(ProcessInfo.processInfo.processIdentifier).part"
    if path != nil {
      guard FileManager.default.createFile(atPath: temporary, contents: nil),
        let handle = FileHandle(forWritingAtPath: temporary)
      else {
        throw Failure(
          .failed, "\(output ?? ""): the file cannot be written",
          hint: "does its folder exist, and may you write there?")
      }
      self.handle = handle
    }
  }

  func write(_ bytes: [UInt8]) {
    buffer += bytes
    if buffer.count > 1 << 16 { flush() }
  }

  private func flush() {
    if let handle {
      do { try handle.write(contentsOf: Data(buffer)) } catch {
        failure = failure ?? Failure(.failed, "\(path ?? ""): writing failed (\(error))")
      }
    } else {
      console.writeOut(buffer)
    }
    buffer = []
  }

  func finish() throws {
    flush()
    if let failure { throw failure }
    guard let path, let handle else { return }
    try handle.synchronize()
    try handle.close()
    guard rename(temporary, path) == 0 else {
      throw Failure(.failed, "\(path): the finished file cannot be put there")
    }
  }

  func abandon() {
    if path != nil { unlink(temporary) }
  }
}

/// Records as lines of a file.
package struct ExportWriter {
  private let format: RowFormat
  private let dataset: Dataset
  private var metadataKeys: Set<String> = []
  private var columns: [String] = []

  package init(format: RowFormat, dataset: Dataset) {
    self.format = format
    self.dataset = dataset
  }

  package mutating func gather(_ record: StoreV1.Record) {
    metadataKeys.formUnion(record.metadata.keys)
  }

  package mutating func header() -> [UInt8] {
    columns = metadataKeys.sorted()
    let names =
      ["id"] + dataset.fields.map(\.name) + ["split", "status", "label"]
      + columns.map { "metadata.\($0)" }
    return Array((names.map(Self.cell).joined(separator: ",") + "\r\n").utf8)
  }

  package func line(_ record: StoreV1.Record) throws -> [UInt8] {
    switch format {
    case .jsonl: return Array((try json(record).text + "\n").utf8)
    case .csv:
      let cells =
        [record.externalId] + dataset.fields.map { record.fields[$0.name] ?? "" }
        + [
          Show.split(record.split), Show.status(record.status),
          try Record(record).settledLabel ?? "",
        ]
        + columns.map { key in
          switch record.metadata[key]?.kind {
          case .text(let text)?: text
          case .number(let number)?: JSON.of(number).text
          case .flag(let flag)?: flag ? "true" : "false"
          case nil: ""
          }
        }
      return Array((cells.map(Self.cell).joined(separator: ",") + "\r\n").utf8)
    }
  }

  /// RFC 4180 quoting, and an apostrophe before what a spreadsheet would run as a formula
  /// (OWASP, "CSV Injection"). A plain number keeps its sign.
  package static func cell(_ text: String) -> String {
    var text = text
    if let first = text.unicodeScalars.first,
      ["=", "+", "-", "@", "\t", "\r", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"]
        .contains(first), Double(text) == nil
    {
      text = "'" + text
    }
    guard text.unicodeScalars.contains(where: { ["\"", ",", "\n", "\r"].contains($0) }) else {
      return text
    }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  private func json(_ record: StoreV1.Record) throws -> JSON {
    [
      "id": .string(record.externalId),
      "fields": .object(
        dataset.fields.compactMap { field in
          record.fields[field.name].map { .init(field.name, .string($0)) }
        }),
      "metadata": Show.metadata(record.metadata),
      "split": .string(Show.split(record.split)),
      "status": .string(Show.status(record.status)),
      "label": try Record(record).settledLabel.map { .string($0) } ?? .null,
      "suggestions": .array(record.suggestions.map(Self.json)),
      "responses": .array(
        record.responses.map {
          [
            "user": .string($0.user), "label": $0.label.isEmpty ? .null : .string($0.label),
            "status": .string(Show.status($0.status)), "create_time_ms": .of($0.createTimeMs),
          ]
        }),
    ]
  }

  private static func json(_ suggestion: StoreV1.Suggestion) -> JSON {
    var members: [JSON.Member] = [.init("agent", .string(suggestion.agent))]
    switch suggestion.outcome {
    case .label(let label)?: members.append(.init("label", .string(label)))
    case .failure(let failure)?:
      members.append(
        .init(
          "failure",
          [
            "kind": .string(Show.failure(failure.kind)), "detail": .string(failure.detail),
          ]))
    case nil: break
    }
    if let score = suggestion.score { members.append(.init("score", .of(score))) }
    members.append(.init("create_time_ms", .of(suggestion.createTimeMs)))
    return .object(members)
  }
}
