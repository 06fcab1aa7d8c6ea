import Artefacts
package import Foundation
package import Schema
import Transformer

/// What a model is, where it came from and how good it is, as Markdown with plots, in the model's own
/// folder. It holds no record's text and no time, so that the same training writes the same card.
package struct ModelCard: Sendable {
  package var labels: [Label]
  package var dataset: String
  package var encoder: String
  /// Of the encoder's content, where it is known.
  package var encoderDigest: String?
  package var recipe: Recipe
  package var set: TrainingSet
  package var outcome: Training.Outcome
  package var maxTokens: Int
  /// On the test split.
  package var assessment: Assessment?

  /// Identifies all that a training was given of the data set: SHA-256 over the labels with their descriptions, each
  /// record's id, text, labels and suggestion and whether people gave the labels, in the order of training, and the
  /// texts that were only looked at.
  package var snapshot: String {
    var hasher = Digest.Hasher()
    // Lists with their lengths before them, and texts with theirs, so that no two snapshots run together.
    func hash(_ fields: [String]) {
      hasher.update(Array("\(fields.count)[".utf8))
      for field in fields { hasher.update(Array("\(field.utf8.count):\(field)".utf8)) }
    }
    func names(_ places: [Int]) -> [String] { places.map { set.labels[$0] } }
    hash(labels.flatMap { [$0.name, $0.description] })
    for example in set.examples {
      hash([example.isSuggested ? "suggested" : "answered", example.externalID, example.text])
      hash(names(example.labels))
      hash(example.suggestion.map { ["suggestion"] + names($0) } ?? [])
    }
    hash(set.otherTexts)
    return hasher.finalize().description
  }

  /// Identifies the code: SHA-256 of this executable.
  private static let program: String? = {
    Bundle.main.executableURL.flatMap { try? Digest(ofFile: $0) }?.description
  }()

  package static let fileName = "README.md"

  /// Where the plots are, below the model's folder.
  static let plots = "card"

  /// Writes the card and its plots into a model's folder.
  package func write(to folder: URL) throws {
    let validation = try Assessment(crossValidated: outcome, set)
    var plots: [(file: String, title: String, svg: String)] = []
    if let shown = assessment ?? validation, !shown.evaluation.isMultiLabel {
      plots.append(
        (
          "confusion.svg", "Confusion: a row per true label, a column per predicted one",
          Plot.confusion(shown.evaluation)
        ))
      if let calibration = shown.calibration {
        plots.append(
          (
            "reliability.svg", "Reliability: how often predictions of a probability are right",
            Plot.reliability(calibration)
          ))
      }
    }
    if let curve = outcome.learningCurve, curve.points.count > 1 {
      plots.append(
        (
          "learning-curve.svg", "Learning curve: cross-validated accuracy by answers per label",
          Plot.learningCurve(curve)
        ))
    }
    try FileManager.default.createDirectory(
      at: folder.appending(path: Self.plots, directoryHint: .isDirectory),
      withIntermediateDirectories: true)
    for plot in plots {
      try Data(plot.svg.utf8).write(
        to: folder.appending(path: "\(Self.plots)/\(plot.file)", directoryHint: .notDirectory))
    }
    try Data(markdown(validation, plots: plots.map { ($0.file, $0.title) }).utf8).write(
      to: folder.appending(path: Self.fileName, directoryHint: .notDirectory))
  }

  private func markdown(
    _ validation: Assessment?, plots: [(file: String, title: String)]
  ) -> String {
    var lines = [
      "# A text classifier for \(escaped(dataset))", "",
      "Made by Lauter: a sentence encoder that sentence-transformers reads as it stands, with a linear "
        + "head in `head.safetensors`.", "",
    ]
    let thresholds = outcome.head.thresholds
    if thresholds != nil {
      lines += [
        "A text may have several labels, or none: each whose probability reaches its threshold.",
        "",
        "| label | description | records | threshold |", "|---|---|---|---|",
      ]
    } else {
      lines += ["| label | description | records |", "|---|---|---|"]
    }
    let learned = outcome.learned(set)
    for (place, label) in labels.enumerated() {
      let records = learned.count { $0.labels.contains(place) }
      lines.append(
        "| \(escaped(label.name)) | \(escaped(label.description)) | \(records) |"
          + (thresholds.map { " \(Self.decimal(Double($0[place]))) |" } ?? ""))
    }
    lines += ["", "## Where it came from", "", "| | |", "|---|---|"]
    let answers = set.answered.count
    var origin: [(String, String)] = [
      ("encoder", escaped(encoder) + (encoderDigest.map { ", \($0)" } ?? "")),
      ("answers by people", "\(answers)"),
      (
        "suggestions",
        outcome.usedSuggestions
          ? "\(learned.count - answers) by \(escaped(set.agent ?? ""))" : "none"
      ),
      ("snapshot of the records", snapshot), ("recipe", recipe.name.rawValue),
      ("arguments", recipe.arguments.map { "`\($0.name)` \($0.value)" }.joined(separator: ", ")),
      ("seed", "\(recipe.seed)"),
      ("steps on the body", "\(outcome.losses.count)"), ("tokens per text", "\(maxTokens)"),
      ("instruction set", ComputePool.instructionSet),
    ]
    if !set.isMultiLabel { origin.append(("temperature", Self.decimal(outcome.temperature))) }
    if let program = Self.program { origin.append(("program", program)) }
    lines += origin.map { "| \($0.0) | \($0.1) |" }
    if let assessment { lines += ["", "## On the test split", ""] + Self.lines(assessment) }
    if let validation {
      lines += ["", "## Cross-validated on the answers", ""]
      if outcome.isCrossValidatedUntuned {
        lines += [
          "Of heads on the encoder as it was before it was tuned, since a tuned one has seen every answer: the model "
            + "itself is usually better"
            + (assessment == nil ? ", and so are its plots." : "."),
          "",
        ]
      }
      if thresholds != nil {
        lines += [
          "The thresholds were found on these very predictions, so this is a little too good.", "",
        ]
      }
      lines += Self.lines(validation)
    }
    for plot in plots { lines += ["", "![\(plot.title)](\(Self.plots)/\(plot.file))"] }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines(_ assessment: Assessment) -> [String] {
    let evaluation = assessment.evaluation
    let accuracy = evaluation.accuracyInterval
    let f1 = assessment.macroF1Interval
    var lines = [
      "\(evaluation.records) records: \(evaluation.isMultiLabel ? "subset accuracy" : "accuracy") "
        + "\(decimal(evaluation.accuracy)) (95% interval \(decimal(accuracy.lowerBound)) to "
        + "\(decimal(accuracy.upperBound))), "
        + (evaluation.isMultiLabel ? "micro F1 \(decimal(evaluation.microF1)), " : "") + "macro F1 "
        + "\(decimal(evaluation.macroF1)) (\(decimal(f1.lowerBound)) to \(decimal(f1.upperBound)))."
    ]
    if let calibration = assessment.calibration {
      lines.append(
        "Expected calibration error \(decimal(calibration.expectedError)), log loss "
          + "\(decimal(calibration.logLoss)).")
    }
    if let found = assessment.nearDuplicates, !found.isEmpty {
      lines.append("\(found.count) of them are nearly the same as a record that was trained on.")
    }
    lines += ["", "| label | precision | recall | F1 | support |", "|---|---|---|---|---|"]
    for (place, label) in evaluation.labels.enumerated() {
      lines.append(
        "| \(escaped(label)) | \(decimal(evaluation.precision(place))) | "
          + "\(decimal(evaluation.recall(place))) | \(decimal(evaluation.f1(place))) | "
          + "\(evaluation.support(place)) |")
    }
    return lines
  }

  private static func decimal(_ value: Double) -> String { String(format: "%.3f", value) }
}

/// In a cell of a Markdown table.
private func escaped(_ text: String) -> String {
  text.replacing("\\", with: "\\\\").replacing("|", with: "\\|").replacing("\n", with: " ")
    .replacing("<", with: "&lt;")
}
