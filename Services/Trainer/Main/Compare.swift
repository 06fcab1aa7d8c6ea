import ArgumentParser
import Foundation
import TrainerServer

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains many times on a file and says how each model does, to compare recipes.",
    discussion: """
      Prints a JSON object a line: recipe, shots, seed, accuracy, macro_f1, steps, seconds, \
      used_suggestions, answers (which records were the answers, from 1). A recipe \
      is 'lauter' or 'setfit', with ':frozen' to leave the body as it is, and ':use-suggestions' to \
      learn from the file's suggestions in any case, on all records beyond the shots, or \
      ':no-suggestions' never to.
      """)

  @Option(help: "The records to train on.", completion: .file(extensions: ["jsonl"]))
  var train: String

  @Option(help: "The records to evaluate on.", completion: .file(extensions: ["jsonl"]))
  var test: String

  @Option(help: "The encoder's folder, as sentence-transformers saves it.", completion: .directory)
  var encoder: String

  @Option(parsing: .upToNextOption, help: "Recipes, in the order in which they are trained.")
  var recipe: [String] = ["setfit", "lauter"]

  @Option(parsing: .upToNextOption, help: "Answers per label; 0 needs a recipe with suggestions.")
  var shots: [Int] = [1, 2, 4, 8, 16]

  @Option(parsing: .upToNextOption, help: "A training for each.")
  var seed: [UInt64] = [1, 2, 3, 4, 5]

  @Option(help: "LABEL=WORDS: what a label means. May be given once per label.")
  var describe: [Description] = []

  @Option(help: "Threads that compute; 0 is one per core this process may use.")
  var threads: Int = 0

  func validate() throws {
    for name in recipe where LocalComparison.Variant(name) == nil {
      throw ValidationError(
        "--recipe: lauter or setfit, with :frozen and one of :use-suggestions and :no-suggestions, not '\(name)'"
      )
    }
    if shots.contains(0),
      !recipe.contains(where: { LocalComparison.Variant($0)?.recipe.suggestions != nil })
    {
      throw ValidationError("--shots 0: none of the recipes learns from suggestions")
    }
    for k in shots where !(0...1_000_000).contains(k) {
      throw ValidationError("--shots: 0 or more, not \(k)")
    }
    guard (0...1024).contains(threads) else {
      throw ValidationError("--threads: a number from 0 to 1024, not \(threads)")
    }
  }

  func run() throws {
    let comparison = LocalComparison(
      train: URL(filePath: train), test: URL(filePath: test),
      encoder: URL(filePath: encoder, directoryHint: .isDirectory),
      variants: recipe.compactMap { LocalComparison.Variant($0) }, shots: shots, seeds: seed,
      descriptions: describe.byLabel)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try comparison.run(threads: threads == 0 ? nil : threads) { row in
      try FileHandle.standardOutput.write(contentsOf: encoder.encode(row) + Data("\n".utf8))
    }
  }
}

/// `LABEL=WORDS`.
struct Description: ExpressibleByArgument {
  let label, words: String

  init?(argument: String) {
    guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else { return nil }
    label = String(argument[..<sign])
    words = String(argument[argument.index(after: sign)...])
  }
}

extension [Description] {
  var byLabel: [String: String] {
    Dictionary(map { ($0.label, $0.words) }, uniquingKeysWith: { $1 })
  }
}
