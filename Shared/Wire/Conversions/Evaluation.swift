public import RPC
public import Schema

extension StoreV1.Evaluation {
  /// The counts, and everything that follows from them for those who read the message alone.
  public init(_ evaluation: Schema.Evaluation, split: Schema.Split) {
    let interval = evaluation.accuracyInterval
    self.init(
      split: .init(split), records: UInt64(evaluation.records), accuracy: evaluation.accuracy,
      accuracyLow: interval.lowerBound, accuracyHigh: interval.upperBound,
      macroF1: evaluation.macroF1,
      labels: evaluation.labels.enumerated().map { index, label in
        StoreV1.LabelEvaluation(
          label: label, precision: evaluation.precision(index), recall: evaluation.recall(index),
          f1: evaluation.f1(index), support: UInt64(evaluation.support(index)))
      }, confusion: evaluation.confusion.map(UInt64.init))
  }
}

extension Evaluation {
  /// From the labels and the confusion matrix; the measures are computed again.
  ///
  /// - Throws: `RPCError` with `.invalidArgument` if the matrix is not square or its sum overflows.
  public init(_ message: StoreV1.Evaluation) throws(RPCError) {
    let size = message.labels.count.multipliedReportingOverflow(by: message.labels.count)
    guard !size.overflow, message.confusion.count == size.partialValue else {
      throw RPCError(
        SchemaError(
          field: "confusion",
          "needs \(message.labels.count) × \(message.labels.count) counts, labels by labels, "
            + "not \(message.confusion.count)"
        ))
    }
    var total: UInt64 = 0
    for count in message.confusion {
      let (sum, overflow) = total.addingReportingOverflow(count)
      guard !overflow, sum <= UInt64(Int.max) else {
        throw RPCError(SchemaError(field: "confusion", "the counts add up to more than 2^63 - 1"))
      }
      total = sum
    }
    self.init(labels: message.labels.map(\.label), confusion: message.confusion.map { Int($0) })
  }
}
