import ArgumentParser
import Foundation
import TrainerServer

struct Fit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains on a file and evaluates on another, without any service.",
    discussion: """
      Files are JSON Lines, an object with "text" and "label" on each line, or "suggestions" as \
      'lauter export' writes them. With the same files, seed and machine the model is the same bit \
      for bit.
      """)

  @Option(help: "The records to train on.", completion: .file(extensions: ["jsonl"]))
  var train: String

  @Option(help: "The records to evaluate on.", completion: .file(extensions: ["jsonl"]))
  var test: String?

  @Option(help: "The encoder's folder, as sentence-transformers saves it.", completion: .directory)
  var encoder: String

  @Option(help: "A new folder for the model.", completion: .directory)
  var output: String?

  @Option(help: "LABEL=WORDS: what a label means. May be given once per label.")
  var describe: [Description] = []

  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @Option(help: "Threads that compute; 0 is one per core this process may use.")
  var threads: Int = 0

  @OptionGroup(title: "Recipe") var options: RecipeOptions

  func validate() throws {
    guard (0...1024).contains(threads) else {
      throw ValidationError("--threads: a number from 0 to 1024, not \(threads)")
    }
  }

  func run() throws {
    var fit = LocalFit(
      train: URL(filePath: train), test: test.map { URL(filePath: $0) },
      encoder: URL(filePath: encoder, directoryHint: .isDirectory),
      output: output.map { URL(filePath: $0, directoryHint: .isDirectory) },
      recipe: options.made())
    fit.descriptions = describe.byLabel
    let line = ProgressLine()
    let report: LocalFit.Report
    do { report = try fit.run(threads: threads == 0 ? nil : threads, report: line.show) } catch {
      line.clear()
      throw error
    }
    line.clear()
    print(json ? try report.json() : report.table())
  }
}

/// SetFit's training arguments under their own names.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: "lauter: label names, suggestions and answers. setfit: SetFit's recipe to the letter.")
  var recipe: Recipe.Kind = .lauter

  @Flag(
    help: """
      Learn from suggestions always, where there is no label and beyond the shots. Otherwise lauter \
      learns from them where cross-validation says that they help, and setfit never.
      """)
  var useSuggestions = false

  @Flag(help: "Learn from no suggestions.")
  var noSuggestions = false

  @Option(help: "Parts of the cross-validation on the training records; 0 leaves it out.")
  var folds: Int = 5

  @Option(help: "At most so many records per label; all of them if left out.")
  var shots: Int?

  @Option(help: "Decides the shots, the pairs' order and the dropout.")
  var seed: UInt64 = 42

  @Flag(help: "Leave the body as it is and train the head alone.")
  var freezeBody = false

  @Option(help: "Passes over the pairs.")
  var bodyEpochs: Int = 1

  @Option(help: "Pairs per step on the body.")
  var bodyBatchSize: Int = 16

  @Option(help: "The peak of the body's learning rate.")
  var bodyLearningRate: Double = 2e-5

  @Option(help: "At most so many steps on the body.")
  var maxSteps: Int?

  @Option(help: "oversampling, undersampling or unique: how many pairs of each kind an epoch has.")
  var samplingStrategy: ContrastivePairs.SamplingStrategy = .oversampling

  @Option(help: "So many positive and negative pairs per record, whatever the strategy says.")
  var numIterations: Int?

  @Option(help: "The part of the steps over which the learning rate rises.")
  var warmupProportion: Double = 0.1

  @Option(name: .customLong("l2-weight"), help: "The body's weight decay.")
  var l2Weight: Double = 0.01

  @Option(help: "Tokens per text; as many as the encoder takes if left out.")
  var maxLength: Int?

  @Option(help: "The head's C: smaller regularises more.")
  var headC: Double = 1

  func made() -> Recipe {
    var recipe = Recipe(self.recipe)
    if useSuggestions { recipe.suggestions = .always(by: nil) }
    if noSuggestions { recipe.suggestions = nil }
    recipe.folds = folds
    recipe.shots = shots
    recipe.seed = seed
    recipe.freezeBody = freezeBody
    recipe.bodyEpochs = bodyEpochs
    recipe.bodyBatchSize = bodyBatchSize
    recipe.bodyLearningRate = bodyLearningRate
    recipe.maxSteps = maxSteps
    recipe.samplingStrategy = samplingStrategy
    recipe.numIterations = numIterations
    recipe.warmupProportion = warmupProportion
    recipe.l2Weight = l2Weight
    recipe.maxLength = maxLength
    recipe.headC = headC
    return recipe
  }

  func validate() throws {
    if useSuggestions, noSuggestions {
      throw ValidationError("--use-suggestions or --no-suggestions, not both")
    }
    do { try made().validate() } catch { throw ValidationError("\(error)") }
  }
}

extension ContrastivePairs.SamplingStrategy: ExpressibleByArgument {}
extension Recipe.Kind: ExpressibleByArgument {}

/// One line on standard error that is written over, where that is a terminal.
private struct ProgressLine {
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func show(_ progress: TrainingProgress) {
    guard isTerminal else { return }
    let loss = progress.loss.map { String(format: "  loss %.4f", $0) } ?? ""
    write("\r\u{1B}[K\(progress.phase.rawValue) \(progress.done)/\(progress.total)\(loss)")
  }

  func clear() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

extension LocalFit.Report {
  fileprivate func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  fileprivate func table() -> String {
    var lines = [
      "trained on \(trainRecords) records, \(steps) steps"
        + (loss.map { String(format: ", last loss %.4f", $0) } ?? "")
    ]
    if let crossValidation { lines += [""] + crossValidation.lines }
    if let evaluation {
      let (perLabel, confusion) = (evaluation.perLabel, evaluation.confusion)
      lines += ["", "on the \(testRecords) test records:"] + evaluation.lines + [""]
      let width = max(5, labels.map(\.count).max() ?? 0)
      func padded(_ text: String) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
      }
      lines.append("\(padded("label"))  precision  recall     F1  support")
      for label in labels {
        guard let entry = perLabel[label] else { continue }
        lines.append(
          padded(label)
            + String(
              format: "  %9.3f  %6.3f  %5.3f  %7d", entry.precision, entry.recall, entry.f1,
              entry.support))
      }
      if labels.count <= 12 {
        lines += ["", "confusion, a row per true label, columns in the same order"]
        for (label, row) in zip(labels, confusion) {
          lines.append(padded(label) + row.map { String(format: "%7d", $0) }.joined())
        }
      }
    }
    let phases: [(String, Double)] = [
      ("load", seconds.load), ("tokenize", seconds.tokenize), ("embedding", seconds.embedding),
      ("validation", seconds.validation), ("body", seconds.body), ("head", seconds.head),
      ("evaluation", seconds.evaluation),
      ("save", seconds.save), ("total", seconds.total),
    ]
    lines += [
      "", "seconds: " + phases.map { String(format: "\($0.0) %.2f", $0.1) }.joined(separator: ", "),
      String(format: "peak memory %.0f MiB", Double(peakRSSBytes) / 1_048_576),
    ]
    return lines.joined(separator: "\n")
  }
}

extension EvaluationReport {
  fileprivate var lines: [String] {
    var lines = [
      String(
        format: "accuracy %.1f%% (95%% interval %.1f to %.1f), macro F1 %.3f (%.3f to %.3f)",
        accuracy * 100, accuracyLow * 100, accuracyHigh * 100, macroF1, macroF1Low, macroF1High)
    ]
    if let calibration {
      lines.append(
        String(
          format: "calibration error %.3f, log loss %.3f, temperature %.2f",
          calibration.expectedError, calibration.logLoss, calibration.temperature))
    }
    if let nearDuplicates, !nearDuplicates.isEmpty {
      lines.append(
        "\(nearDuplicates.count) of the records are nearly the same as one that was trained on: "
          + nearDuplicates.prefix(5).map { "\($0.id) as \($0.of)" }.joined(separator: ", ")
          + (nearDuplicates.count > 5 ? ", …" : ""))
    }
    for slice in slices where slice.records > 0 {
      lines.append(
        "  \(slice.key) = \(slice.value): "
          + String(
            format: "accuracy %.1f%% (%.1f to %.1f) on %d", slice.accuracy * 100,
            slice.accuracyLow * 100, slice.accuracyHigh * 100, slice.records))
    }
    return lines
  }
}

extension CrossValidationReport {
  fileprivate var lines: [String] {
    var lines =
      [
        "cross-validation on \(evaluation.records) training records, \(folds) folds"
          + (bodyTuned ? ", before the body was tuned:" : ":")
      ] + evaluation.lines
    for (trial, what) in [(suggestions, "suggestions"), (labelNames, "label names")] {
      guard let trial else { continue }
      lines.append(
        "\(what) \(trial.used ? "used" : "left out"): "
          + String(
            format: "accuracy %.1f%% with and %.1f%% without them, log loss %.3f and %.3f",
            trial.with.accuracy * 100, trial.without.accuracy * 100, trial.with.logLoss,
            trial.without.logLoss))
    }
    for (suspects, what) in [(labelErrors, "label"), (disagreements, "suggestion")]
    where !suspects.isEmpty {
      lines.append(
        "\(suspects.count) records whose \(what) is probably wrong: "
          + suspects.prefix(5).map { "\($0.id) (\($0.label), rather \($0.predicted))" }
          .joined(separator: ", ") + (suspects.count > 5 ? ", …" : ""))
    }
    return lines
  }
}
