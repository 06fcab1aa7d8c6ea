import ArgumentParser
import Foundation
import Serving
import TrainerServer

struct Fit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains on a file and evaluates on another, without any service.",
    discussion: """
      Files are JSON Lines, an object with "text" and "label" on each line, or "labels", a list, where \
      a text may have several or none, or "suggestions", a list of {"label": …} as in what 'lauter \
      export' writes. With the same files, seed and machine the model is the same bit for bit.
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
    do { _ = try Recipe(options.spec) } catch { throw ValidationError("\(error)") }
  }

  func run() throws {
    var fit = LocalFit(
      train: URL(filePath: train), test: test.map { URL(filePath: $0) },
      encoder: URL(filePath: encoder, directoryHint: .isDirectory),
      output: output.map { URL(filePath: $0, directoryHint: .isDirectory) },
      recipe: try Recipe(options.spec))
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

/// One line on standard error that is written over, where that is a terminal.
private struct ProgressLine {
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func show(_ progress: TrainingProgress) {
    guard isTerminal else { return }
    var line = "\(progress.phase.rawValue) \(progress.done)/\(progress.total)"
    if let loss = progress.loss { line += String(format: "  loss %.4f", loss) }
    if let rate = progress.textsPerSecond { line += String(format: "  %.0f texts/s", rate) }
    if let left = progress.secondsLeft {
      line += String(format: "  %.0f s left", left.rounded(.up))
    }
    write("\r\u{1B}[K\(line)")
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
      func padded(_ label: String) -> String {
        let text = label.printable()
        return text + String(repeating: " ", count: max(0, width - text.count))
      }
      let several = evaluation.microF1 != nil
      lines.append(
        "\(padded("label"))  precision  recall     F1  support\(several ? "  threshold" : "")")
      for label in labels {
        guard let entry = perLabel[label] else { continue }
        lines.append(
          padded(label)
            + String(
              format: "  %9.3f  %6.3f  %5.3f  %7d", entry.precision, entry.recall, entry.f1,
              entry.support) + (entry.threshold.map { String(format: "  %9.3f", $0) } ?? ""))
      }
      if let confusion, labels.count <= 12 {
        lines += ["", "confusion, a row per true label, columns in the same order"]
        for (label, row) in zip(labels, confusion) {
          lines.append(padded(label) + row.map { String(format: "%7d", $0) }.joined())
        }
      }
    }
    let phases: [(String, Double)] = [
      ("load", seconds.load), ("tokenize", seconds.tokenize), ("embedding", seconds.embedding),
      ("validation", seconds.validation), ("body", seconds.body), ("(forward", seconds.forward),
      ("backward", seconds.backward),
      ("optimiser)", seconds.optimiser), ("head", seconds.head),
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
        format: "%@ %.1f%% (95%% interval %.1f to %.1f), macro F1 %.3f (%.3f to %.3f)",
        microF1 == nil ? "accuracy" : "subset accuracy", accuracy * 100, accuracyLow * 100,
        accuracyHigh * 100, macroF1, macroF1Low, macroF1High)
        + (microF1.map { String(format: ", micro F1 %.3f", $0) } ?? "")
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
          + nearDuplicates.prefix(5).map { "\($0.id.printable()) as \($0.of.printable())" }.joined(
            separator: ", ")
          + (nearDuplicates.count > 5 ? ", …" : ""))
    }
    for slice in slices where slice.records > 0 {
      lines.append(
        "  \(slice.key.printable()) = \(slice.value.printable()): "
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
          + (bodyTuned ? ", before the body was tuned" : "")
          + (evaluation.microF1 == nil ? ":" : ", on which the thresholds were found:")
      ] + evaluation.lines
    for (trial, what) in [
      (suggestions, "suggestions"), (labelNames, "label names"),
      (tuning, "tuning of the body on suggestions"),
    ] {
      guard let trial else { continue }
      lines.append(
        "\(what) \(trial.used ? "used" : "left out"): "
          + String(
            format: "accuracy %.1f%% with and %.1f%% without, log loss %.3f and %.3f",
            trial.with.accuracy * 100, trial.without.accuracy * 100, trial.with.logLoss,
            trial.without.logLoss))
    }
    for (suspects, count, what) in [
      (labelErrors, labelErrorCount, "records whose label is probably wrong"),
      (disagreements, disagreementCount, "records where the model contradicts the suggestion"),
    ] where count > 0 {
      lines.append(
        "\(count) \(what): "
          + suspects.prefix(5).map {
            "\($0.id.printable()) (\($0.given.printable()), rather \($0.rather.printable()))"
          }
          .joined(separator: ", ") + (suspects.count > 5 ? ", …" : ""))
    }
    return lines
  }
}

extension CrossValidationReport.Suspect {
  fileprivate var given: String { label ?? Self.list(labels) }
  fileprivate var rather: String { predicted ?? Self.list(predictedLabels) }

  private static func list(_ labels: [String]?) -> String {
    guard let labels, !labels.isEmpty else { return "no label" }
    return labels.joined(separator: " and ")
  }
}
