import StrictJSON
import Wire

/// Evaluations in tables and in JSON.
extension Show {
  static func evaluation(_ evaluation: StoreV1.Evaluation) -> JSON {
    let size = evaluation.labels.count
    return [
      "split": .string(split(evaluation.split)), "records": .of(evaluation.records),
      "accuracy": .of(evaluation.accuracy), "accuracy_low": .of(evaluation.accuracyLow),
      "accuracy_high": .of(evaluation.accuracyHigh), "macro_f1": .of(evaluation.macroF1),
      "macro_f1_low": .of(evaluation.macroF1Low), "macro_f1_high": .of(evaluation.macroF1High),
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
      "calibration": evaluation.calibration.map { calibration(_: $0) } ?? .null,
      "slices": .array(
        evaluation.slices.map {
          [
            "key": .string($0.key), "value": .string($0.value), "records": .of($0.records),
            "accuracy": .of($0.accuracy), "accuracy_low": .of($0.accuracyLow),
            "accuracy_high": .of($0.accuracyHigh), "macro_f1": .of($0.macroF1),
          ]
        }),
      "near_duplicates": evaluation.nearDuplicates.map { found in
        [
          "records": .of(found.records),
          "examples": .array(
            found.examples.map {
              [
                "id": .string($0.externalId), "of": .string($0.ofExternalId),
                "similarity": .of($0.similarity),
              ]
            }),
        ]
      } ?? .null,
    ]
  }

  private static func calibration(_ calibration: StoreV1.Calibration) -> JSON {
    [
      "temperature": .of(calibration.temperature), "log_loss": .of(calibration.logLoss),
      "expected_calibration_error": .of(calibration.expectedCalibrationError),
      "bins": .array(
        calibration.bins.map {
          [
            "low": .of($0.low), "high": .of($0.high), "records": .of($0.records),
            "confidence": .of($0.confidence), "accuracy": .of($0.accuracy),
          ]
        }),
    ]
  }

  static func crossValidation(_ validation: StoreV1.CrossValidation) -> JSON {
    func trial(_ trial: StoreV1.Trial?) -> JSON {
      guard let trial else { return .null }
      return [
        "used": .bool(trial.used), "accuracy_with": .of(trial.accuracyWith),
        "accuracy_without": .of(trial.accuracyWithout), "log_loss_with": .of(trial.logLossWith),
        "log_loss_without": .of(trial.logLossWithout),
      ]
    }
    return [
      "folds": .of(validation.folds), "body_tuned": .bool(validation.bodyTuned),
      "evaluation": validation.evaluation.map { evaluation($0) } ?? .null,
      "agent": .string(validation.agent), "suggestions": trial(validation.suggestions),
      "label_names": trial(validation.labelNames), "tuning": trial(validation.tuning),
    ]
  }

  static func comparison(_ comparison: TrainerV1.Comparison) -> JSON {
    [
      "both_right": .of(comparison.bothRight), "only_first": .of(comparison.onlyFirst),
      "only_second": .of(comparison.onlySecond), "both_wrong": .of(comparison.bothWrong),
      "p_value": .of(comparison.pValue), "version": .of(comparison.version),
    ]
  }

  static func printCrossValidation(
    _ validation: StoreV1.CrossValidation, console: Console = .current
  ) {
    if let evaluation = validation.evaluation {
      console.out(
        "cross-validated accuracy \(decimal(evaluation.accuracy)) (95% interval \(decimal(evaluation.accuracyLow)) to \(decimal(evaluation.accuracyHigh))) on \(evaluation.records) reviewed train records\(validation.bodyTuned ? ", before the body was tuned" : "")"
      )
    }
    for (trial, what) in [
      (validation.suggestions, "suggestions by \(validation.agent.printable())"),
      (validation.labelNames, "label names"),
      (validation.tuning, "tuning of the body on suggestions"),
    ] {
      guard let trial else { continue }
      console.out(
        "\(what) \(trial.used ? "used" : "left out"): cross-validated accuracy \(decimal(trial.accuracyWith)) with, \(decimal(trial.accuracyWithout)) without"
      )
    }
  }

  static func printComparison(
    _ comparison: TrainerV1.Comparison, with other: String, console: Console = .current
  ) {
    let records =
      comparison.bothRight + comparison.onlyFirst + comparison.onlySecond + comparison.bothWrong
    console.out("")
    console.out(
      "against \(other.printable()), on \(records) records: both right \(comparison.bothRight), only this \(comparison.onlyFirst), only that \(comparison.onlySecond), both wrong \(comparison.bothWrong)"
    )
    let verdict =
      comparison.pValue < 0.05
      ? (comparison.onlyFirst > comparison.onlySecond ? "this is better" : "that is better")
      : "no difference that chance would not explain"
    console.out("\(verdict) (McNemar's exact test, p = \(decimal(comparison.pValue, 4)))")
  }

  static func printEvaluation(_ evaluation: StoreV1.Evaluation, console: Console = .current) {
    console.out(
      "accuracy \(decimal(evaluation.accuracy)) (95% interval \(decimal(evaluation.accuracyLow)) to \(decimal(evaluation.accuracyHigh))), macro F1 \(decimal(evaluation.macroF1)) (\(decimal(evaluation.macroF1Low)) to \(decimal(evaluation.macroF1High))), on \(evaluation.records) reviewed \(split(evaluation.split)) records"
    )
    if let calibration = evaluation.calibration {
      console.out(
        "calibration error \(decimal(calibration.expectedCalibrationError)), log loss \(decimal(calibration.logLoss))"
      )
    }
    if let found = evaluation.nearDuplicates, found.records > 0 {
      let some = found.examples.prefix(3).map {
        "\($0.externalId.printable()) as \($0.ofExternalId.printable())"
      }
      console.note(
        "\(found.records) of these records are nearly the same as a train record (\(some.joined(separator: ", "))\(found.records > 3 ? ", …" : "")): they say little"
      )
    }
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
    if !evaluation.slices.isEmpty {
      console.out("")
      var slices = Table([
        .init("slice", shrinks: true), .init("records", alignsRight: true),
        .init("accuracy", alignsRight: true), .init("95% interval", alignsRight: true),
      ])
      for slice in evaluation.slices {
        slices.add([
          "\(slice.key) = \(slice.value)", "\(slice.records)", decimal(slice.accuracy),
          "\(decimal(slice.accuracyLow)) to \(decimal(slice.accuracyHigh))",
        ])
      }
      slices.print(to: console)
    }
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
