public import ArgumentParser
import Foundation
public import Schema
import StrictJSON
import Wire

extension Split: ExpressibleByArgument {}
extension RecordStatus: ExpressibleByArgument {}
extension RowFormat: ExpressibleByArgument {}

/// How values look in tables and in JSON, in one place so that every command agrees.
enum Show {
  /// `2026-11-24 09:30`, in the user's time zone.
  static func time(_ milliseconds: Int64) -> String {
    guard milliseconds > 0 else { return "" }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm"
    return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
  }

  static func decimal(_ value: Double, _ digits: Int = 3) -> String {
    String(format: "%.\(digits)f", value)
  }

  static func bytes(_ count: UInt64) -> String {
    switch count {
    case ..<1024: "\(count) B"
    case ..<(1 << 20): "\(decimal(Double(count) / 1024, 1)) KiB"
    case ..<(1 << 30): "\(decimal(Double(count) / 1_048_576, 1)) MiB"
    default: "\(decimal(Double(count) / 1_073_741_824, 1)) GiB"
    }
  }

  /// As long as a person needs to tell two apart.
  static func digest(_ digest: String) -> String { String(digest.prefix("sha256:".count + 12)) }

  static func split(_ split: StoreV1.Split) -> String {
    switch split {
    case .train: "train"
    case .validation: "validation"
    case .test: "test"
    case .unspecified: ""
    case .unrecognized(let number): "split \(number)"
    }
  }

  static func status(_ status: StoreV1.RecordStatus) -> String {
    switch status {
    case .pending: "pending"
    case .completed: "completed"
    case .discarded: "discarded"
    case .unspecified: ""
    case .unrecognized(let number): "status \(number)"
    }
  }

  static func status(_ status: StoreV1.ResponseStatus) -> String {
    switch status {
    case .draft: "draft"
    case .submitted: "submitted"
    case .discarded: "discarded"
    case .unspecified: ""
    case .unrecognized(let number): "status \(number)"
    }
  }

  static func state(_ state: StoreV1.JobState) -> String {
    switch state {
    case .queued: "queued"
    case .running: "running"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .cancelled: "cancelled"
    case .unspecified: ""
    case .unrecognized(let number): "state \(number)"
    }
  }

  static func failure(_ kind: StoreV1.SuggestionFailureKind) -> String {
    (try? Suggestion.Failure.Kind(kind).rawValue) ?? "unknown"
  }

  static func metadata(_ metadata: [String: StoreV1.MetadataValue]) -> JSON {
    .object(
      metadata.sorted { $0.key < $1.key }.map { key, value in
        switch value.kind {
        case .text(let text)?: .init(key, .string(text))
        case .number(let number)?: .init(key, .of(number))
        case .flag(let flag)?: .init(key, .bool(flag))
        case nil: .init(key, .null)
        }
      })
  }

  // MARK: Evaluations

  static func evaluation(_ evaluation: StoreV1.Evaluation) -> JSON {
    let size = evaluation.labels.count
    return [
      "split": .string(split(evaluation.split)), "records": .of(evaluation.records),
      "accuracy": .of(evaluation.accuracy), "accuracy_low": .of(evaluation.accuracyLow),
      "accuracy_high": .of(evaluation.accuracyHigh), "macro_f1": .of(evaluation.macroF1),
      "labels": .array(
        evaluation.labels.map {
          [
            "label": .string($0.label), "precision": .of($0.precision), "recall": .of($0.recall),
            "f1": .of($0.f1), "support": .of($0.support),
          ]
        }),
      // Rows are actual, columns predicted.
      "confusion": .array(
        (0..<size).map { row in
          .array((0..<size).map { .of(evaluation.confusion[row * size + $0]) })
        }),
    ]
  }

  static func printEvaluation(_ evaluation: StoreV1.Evaluation, console: Console = .current) {
    console.out(
      "accuracy \(decimal(evaluation.accuracy)) (95% interval \(decimal(evaluation.accuracyLow)) to \(decimal(evaluation.accuracyHigh))), macro F1 \(decimal(evaluation.macroF1)), on \(evaluation.records) reviewed \(split(evaluation.split)) records"
    )
    console.out("")
    var table = Table([
      .init("label", shrinks: true), .init("precision", alignsRight: true),
      .init("recall", alignsRight: true), .init("f1", alignsRight: true),
      .init("support", alignsRight: true),
    ])
    for label in evaluation.labels {
      table.add([
        label.label, decimal(label.precision), decimal(label.recall), decimal(label.f1),
        String(label.support),
      ])
    }
    table.print(to: console)
    let size = evaluation.labels.count
    guard evaluation.confusion.count == size * size else { return }
    console.out("")
    if size <= 12 || !console.isOutputTerminal {
      var matrix = Table(
        [.init("actual \\ predicted", shrinks: true)]
          + evaluation.labels.map { .init($0.label, alignsRight: true) })
      for row in 0..<size {
        matrix.add(
          [evaluation.labels[row].label]
            + (0..<size).map { String(evaluation.confusion[row * size + $0]) })
      }
      matrix.print(to: console)
    } else {
      // Too wide for a terminal: the pairs that are confused most.
      var pairs = Table([
        .init("actual", shrinks: true), .init("predicted", shrinks: true),
        .init("records", alignsRight: true),
      ])
      let wrong = (0..<size * size).filter {
        $0 / size != $0 % size && evaluation.confusion[$0] > 0
      }
      for cell in wrong.sorted(by: { evaluation.confusion[$0] > evaluation.confusion[$1] }).prefix(
        15)
      {
        pairs.add([
          evaluation.labels[cell / size].label, evaluation.labels[cell % size].label,
          String(evaluation.confusion[cell]),
        ])
      }
      pairs.print(to: console)
    }
  }
}
