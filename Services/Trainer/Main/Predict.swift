import ArgumentParser
import Foundation
import TrainerServer
import Transformer

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predicts with a model's folder, without any service.",
    discussion: """
      Reads JSON Lines, an object with "text" on each line, and writes one line for each: the most \
      probable "label" and its "score", or all "labels" where a text may have several, and the "scores" \
      of all labels. An "id" is repeated.
      """)

  @Option(
    help: "A model's folder, as 'lauter-trainer fit --output' writes it.", completion: .directory)
  var model: String

  @Option(help: "The records; '-' is standard input.", completion: .file(extensions: ["jsonl"]))
  var input: String = "-"

  @Option(help: "Threads that compute; 0 is one per core this process may use.")
  var threads: Int = 0

  func validate() throws {
    guard (0...1024).contains(threads) else {
      throw ValidationError("--threads: a number from 0 to 1024, not \(threads)")
    }
  }

  func run() throws {
    let classifier = try LocalClassifier(
      folder: URL(filePath: model, directoryHint: .isDirectory),
      pool: threads == 0 ? .shared : ComputePool(threads: threads))
    let source: JSONLines
    if input == "-" {
      let data = try FileHandle.standardInput.readToEnd() ?? Data()
      source = JSONLines(data, name: "standard input", shape: LocalPrediction.shape)
    } else {
      source = try JSONLines(file: URL(filePath: input), shape: LocalPrediction.shape)
    }
    try LocalPrediction(classifier).run(source) {
      try FileHandle.standardOutput.write(contentsOf: $0)
    }
  }
}
