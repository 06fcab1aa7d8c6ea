import ArgumentParser
import Foundation
import RPC
import StrictJSON
import Wire

struct Predict: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a model for the labels of new texts.",
    discussion: """
      lauter predict --model reviews 'Ran cool and quiet for a year.'
      lauter predict --model reviews --file new.txt --json > labels.jsonl
      """)

  @Option(
    help: ArgumentHelp("The model, the latest version unless named.", valueName: "name[@version]"))
  var model: String

  @Option(help: "A file with a text per line; '-' for stdin.")
  var file: String?

  @Argument(help: "Texts; '-' reads a text per line from stdin.")
  var texts: [String] = []

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    _ = try ModelArgument(model)
    guard texts.isEmpty || file == nil else {
      throw ValidationError("give texts or --file, not both")
    }
    guard !texts.isEmpty || file != nil else {
      throw ValidationError("no text to classify: give one, or --file FILE, or '-' for stdin")
    }
  }

  func run() async throws {
    let console = Console.current
    let source = texts == ["-"] ? "-" : file
    let reference = try ModelArgument(model)
    try await connection.withServices { services in
      let output = PredictionOutput(console: console, json: connection.json)
      // The first answer's version, so that one output is by one model.
      var version = reference.version
      func predict(_ batch: [String]) async throws {
        let asked = version
        let answer = try await services.call(.inference) {
          try await InferenceV1.InferenceServiceClient($0).predict(
            .init(model: reference.name, version: asked, texts: batch))
        }
        guard answer.predictions.count == batch.count else {
          throw Failure(.failed, "the inference service answered for another number of texts")
        }
        version = answer.version
        output.print(batch, answer)
      }
      guard let source else {
        try await predict(texts)
        output.finish()
        return
      }
      let shown = source == "-" ? "stdin" : source
      let reader =
        source == "-"
        ? ByteReader(descriptor: console.input)
        : try ByteReader(path: console.path(source), shown: shown)
      var batch: [String] = []
      var line = 0
      var any = false
      while let bytes = try reader.line() {
        line += 1
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw Failure(
            .badData, "\(shown):\(line): not UTF-8", hint: "save the file as UTF-8")
        }
        guard !text.utf8.contains(0) else {
          throw Failure(.badData, "\(shown):\(line): has a NUL character (U+0000); remove it")
        }
        if text.trimmed.isEmpty { continue }
        any = true
        batch.append(text.last == "\r" ? String(text.dropLast()) : text)
        if batch.count == 256 {
          try await predict(batch)
          batch = []
        }
      }
      guard any else {
        throw Failure(
          .badData, "\(shown): the file is empty", hint: "it should have a text per line")
      }
      if !batch.isEmpty { try await predict(batch) }
      output.finish()
    }
  }
}

/// JSON lines as they come; on a terminal one table at the end of each batch.
private final class PredictionOutput {
  private let console: Console
  private let json: Bool
  private var headed = false

  init(console: Console, json: Bool) {
    self.console = console
    self.json = json
  }

  func print(_ texts: [String], _ answer: InferenceV1.PredictResponse) {
    if json {
      for (text, prediction) in zip(texts, answer.predictions) {
        let verdict: [JSON.Member] =
          answer.multiLabel
          ? [.init("labels", .array(prediction.labels.map { .string($0) }))]
          : [.init("label", .string(prediction.label)), .init("score", .of(prediction.score))]
        let line = JSON.object(
          [.init("text", .string(text))] + verdict + [
            .init(
              "probabilities",
              .object(zip(answer.labels, prediction.probabilities).map { .init($0, .of($1)) })),
            .init("model", .string(answer.model)), .init("version", .of(answer.version)),
          ])
        console.out(line.text)
      }
      return
    }
    var table = Table(
      answer.multiLabel
        ? [.init("labels"), .init("text", shrinks: true)]
        : [.init("label"), .init("score", alignsRight: true), .init("text", shrinks: true)])
    for (text, prediction) in zip(texts, answer.predictions) {
      if answer.multiLabel {
        let probabilities = Dictionary(
          uniqueKeysWithValues: zip(answer.labels, prediction.probabilities))
        let labels = prediction.labels.map {
          "\($0) \(Show.decimal(Double(probabilities[$0] ?? 0)))"
        }
        table.add([labels.isEmpty ? "none" : labels.joined(separator: ", "), text])
      } else {
        table.add([prediction.label, Show.decimal(Double(prediction.score)), text])
      }
    }
    let lines = table.lines(
      width: console.isOutputTerminal ? console.columns : nil, bold: console.colour)
    for line in headed ? lines.dropFirst() : lines[...] { console.out(line) }
    headed = true
    self.model = "\(answer.model) version \(answer.version)"
  }

  private var model = ""

  func finish() { if !json, !model.isEmpty { console.note("by \(model)") } }
}
