package import Schema
package import Wire

extension StoreV1.Evaluation {
  /// How many near-duplicates are named.
  private static let examples = 20

  package init(_ assessment: Assessment, split: Split) {
    self.init(assessment.evaluation, split: split)
    macroF1Low = assessment.macroF1Interval.lowerBound
    macroF1High = assessment.macroF1Interval.upperBound
    calibration = assessment.calibration.map { calibration in
      .init(
        temperature: calibration.temperature, logLoss: calibration.logLoss,
        expectedCalibrationError: calibration.expectedError,
        bins: calibration.bins.map {
          .init(
            low: $0.low, high: $0.high, records: UInt64($0.records), confidence: $0.confidence,
            accuracy: $0.accuracy)
        })
    }
    slices = assessment.slices.map { slice in
      let interval = slice.evaluation.accuracyInterval
      return .init(
        key: slice.key, value: slice.value, records: UInt64(slice.evaluation.records),
        accuracy: slice.evaluation.accuracy, accuracyLow: interval.lowerBound,
        accuracyHigh: interval.upperBound, macroF1: slice.evaluation.macroF1)
    }
    nearDuplicates = assessment.nearDuplicates.map { found in
      .init(
        records: UInt64(found.count),
        examples: found.prefix(Self.examples).map {
          .init(externalId: $0.record, ofExternalId: $0.of, similarity: $0.similarity)
        })
    }
  }
}

extension StoreV1.CrossValidation {
  /// - Returns: `nil` where there was too little to hold any back.
  ///
  /// - Throws: `CancellationError`.
  package init?(_ outcome: Training.Outcome, _ set: TrainingSet) throws {
    guard let validation = outcome.validation,
      let assessment = try Assessment(crossValidated: outcome, set)
    else { return nil }
    self.init(
      folds: UInt32(validation.folds), evaluation: .init(assessment, split: .train),
      bodyTuned: outcome.isCrossValidatedUntuned,
      suggestions: outcome.suggestionTrial.map { .init($0) },
      agent: outcome.suggestionTrial == nil ? "" : set.agent ?? "",
      labelNames: outcome.labelNameTrial.map { .init($0) },
      tuning: outcome.bodyTrial.map { .init($0) })
  }
}

extension StoreV1.Trial {
  fileprivate init(_ trial: Trial) {
    self.init(
      used: trial.used, accuracyWith: trial.with.accuracy, accuracyWithout: trial.without.accuracy,
      logLossWith: trial.with.logLoss, logLossWithout: trial.without.logLoss)
  }
}

extension TrainerV1.Comparison {
  package init(_ comparison: Significance.Comparison, version: UInt64) {
    self.init(
      bothRight: UInt64(comparison.bothRight), onlyFirst: UInt64(comparison.onlyFirst),
      onlySecond: UInt64(comparison.onlySecond), bothWrong: UInt64(comparison.bothWrong),
      pValue: comparison.pValue, version: version)
  }
}

extension SecondLooks {
  /// So many a queue holds; whoever has reviewed them trains again.
  private static let perQueue = 1_000

  /// As the store keeps them, whose records have one label.
  package func queues(_ set: TrainingSet) -> [StoreV1.Queue] {
    [("label-errors", labelErrors), ("disagreements", disagreements)].map { name, suspects in
      .init(
        name: name,
        entries: suspects.prefix(Self.perQueue).map {
          .init(
            recordId: set.examples[$0.record].recordID, score: $0.score,
            label: set.labels[$0.labels[0]]
          )
        })
    }
  }
}
