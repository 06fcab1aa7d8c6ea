import Schema

/// An assessment as `lauter-trainer fit --json` writes it. The keys are promised to scripts.
package struct EvaluationReport: Sendable, Encodable {
  package struct PerLabel: Sendable, Encodable {
    package var precision, recall, f1: Double
    package var support: Int
    /// From which probability on the label counts; of a multi-label model.
    package var threshold: Float?
  }

  package struct Slice: Sendable, Encodable {
    package var key, value: String
    package var records: Int
    package var accuracy, accuracyLow, accuracyHigh, macroF1: Double

    private enum CodingKeys: String, CodingKey {
      case key, value, records, accuracy
      case accuracyLow = "accuracy_low"
      case accuracyHigh = "accuracy_high"
      case macroF1 = "macro_f1"
    }
  }

  package struct NearDuplicate: Sendable, Encodable {
    package var id, of: String
    package var similarity: Double
  }

  package var records: Int
  package var accuracy, accuracyLow, accuracyHigh: Double
  package var macroF1, macroF1Low, macroF1High: Double
  /// Where records may have several labels; the accuracy is then that of whole sets. With one label each it
  /// would be the accuracy.
  package var microF1: Double?
  package var perLabel: [String: PerLabel]
  /// Actual by predicted, in the order of the model's labels; absent where records may have several.
  package var confusion: [[Int]]?
  package var calibration: Calibration?
  package var slices: [Slice]
  package var nearDuplicates: [NearDuplicate]?

  private enum CodingKeys: String, CodingKey {
    case records, accuracy, confusion, calibration, slices
    case accuracyLow = "accuracy_low"
    case accuracyHigh = "accuracy_high"
    case microF1 = "micro_f1"
    case macroF1 = "macro_f1"
    case macroF1Low = "macro_f1_low"
    case macroF1High = "macro_f1_high"
    case perLabel = "per_label"
    case nearDuplicates = "near_duplicates"
  }

  /// - Parameter thresholds: of a multi-label model, [labels].
  package init(_ assessment: Assessment, thresholds: [Float]? = nil) {
    let evaluation = assessment.evaluation
    let labels = evaluation.labels
    records = evaluation.records
    accuracy = evaluation.accuracy
    accuracyLow = evaluation.accuracyInterval.lowerBound
    accuracyHigh = evaluation.accuracyInterval.upperBound
    macroF1 = evaluation.macroF1
    macroF1Low = assessment.macroF1Interval.lowerBound
    macroF1High = assessment.macroF1Interval.upperBound
    perLabel = Dictionary(
      uniqueKeysWithValues: labels.enumerated().map { index, label in
        let entry = PerLabel(
          precision: evaluation.precision(index), recall: evaluation.recall(index),
          f1: evaluation.f1(index), support: evaluation.support(index),
          threshold: thresholds?[index])
        return (label, entry)
      })
    if evaluation.isMultiLabel {
      microF1 = evaluation.microF1
    } else {
      confusion = labels.indices.map {
        Array(evaluation.confusion[$0 * labels.count..<($0 + 1) * labels.count])
      }
    }
    calibration = assessment.calibration
    slices = assessment.slices.map { slice in
      let interval = slice.evaluation.accuracyInterval
      return Slice(
        key: slice.key, value: slice.value, records: slice.evaluation.records,
        accuracy: slice.evaluation.accuracy, accuracyLow: interval.lowerBound,
        accuracyHigh: interval.upperBound, macroF1: slice.evaluation.macroF1)
    }
    nearDuplicates = assessment.nearDuplicates?.map {
      NearDuplicate(id: $0.record, of: $0.of, similarity: $0.similarity)
    }
  }
}

/// A cross-validation as `lauter-trainer fit --json` writes it.
package struct CrossValidationReport: Sendable, Encodable {
  package var folds: Int
  /// Whether the model's body was tuned and the cross-validated heads' were not.
  package var bodyTuned: Bool
  package var evaluation: EvaluationReport
  package var suggestions: Trial?
  package var labelNames: Trial?
  /// Of the body's following suggestions.
  package var tuning: Trial?
  package var learningCurve: [LearningCurve.Point]?
  /// Records whose label is probably wrong, and those without one where the model contradicts the suggestion; the
  /// first of each.
  package var labelErrors: [Suspect]
  package var disagreements: [Suspect]
  /// How many there are in all.
  package var labelErrorCount, disagreementCount: Int
  private static let suspects = 1_000

  package struct Suspect: Sendable, Encodable {
    package var id: String
    /// As given or suggested, and what the classifier says; where a record may have several, the lists instead.
    package var label, predicted: String?
    package var labels, predictedLabels: [String]?
    package var score: Double

    private enum CodingKeys: String, CodingKey {
      case id, label, predicted, labels, score
      case predictedLabels = "predicted_labels"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case folds, evaluation, suggestions, tuning, disagreements
    case bodyTuned = "body_tuned"
    case labelNames = "label_names"
    case learningCurve = "learning_curve"
    case labelErrors = "label_errors"
    case labelErrorCount = "label_error_count"
    case disagreementCount = "disagreement_count"
  }

  /// - Throws: `CancellationError`.
  init?(_ outcome: Training.Outcome, _ set: TrainingSet) throws {
    guard let validation = outcome.validation,
      let assessment = try Assessment(crossValidated: outcome, set)
    else { return nil }
    folds = validation.folds
    bodyTuned = outcome.isCrossValidatedUntuned
    evaluation = EvaluationReport(assessment, thresholds: outcome.head.thresholds)
    suggestions = outcome.suggestionTrial
    labelNames = outcome.labelNameTrial
    tuning = outcome.bodyTrial
    learningCurve = outcome.learningCurve?.points
    let looks = SecondLooks(validation, set, thresholds: outcome.head.thresholds)
    func named(_ suspects: [ConfidentLearning.Suspect]) -> [Suspect] {
      suspects.prefix(Self.suspects).map {
        let example = set.examples[$0.record]
        let given = example.labels.map { set.labels[$0] }
        let predicted = $0.labels.map { set.labels[$0] }
        return set.isMultiLabel
          ? Suspect(
            id: example.externalID, labels: given, predictedLabels: predicted, score: $0.score)
          : Suspect(
            id: example.externalID, label: given[0], predicted: predicted[0], score: $0.score)
      }
    }
    labelErrors = named(looks.labelErrors)
    disagreements = named(looks.disagreements)
    (labelErrorCount, disagreementCount) = (looks.labelErrors.count, looks.disagreements.count)
  }
}

extension Trial: Encodable {
  private enum CodingKeys: String, CodingKey {
    case used
    case accuracyWith = "accuracy_with"
    case accuracyWithout = "accuracy_without"
    case logLossWith = "log_loss_with"
    case logLossWithout = "log_loss_without"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(used, forKey: .used)
    try container.encode(with.accuracy, forKey: .accuracyWith)
    try container.encode(without.accuracy, forKey: .accuracyWithout)
    try container.encode(with.logLoss, forKey: .logLossWith)
    try container.encode(without.logLoss, forKey: .logLossWithout)
  }
}
