import Foundation
package import Schema

/// How sure a measurement is: bootstrap intervals and paired tests.
package enum Significance {
  /// The 95% percentile interval of the macro F1 under resampling the records with replacement (Efron
  /// 1979). The same evaluation and seed give the same interval, so whoever evaluates says the same.
  ///
  /// - Throws: `CancellationError`.
  package static func macroF1Interval(
    _ evaluation: Evaluation, seed: UInt64 = 42, resamples: Int? = nil
  ) throws -> ClosedRange<Double> {
    let records = evaluation.records
    guard records > 0 else { return 0...1 }
    // Resampling records is resampling the confusion matrix's cells.
    var cells: [Int] = []
    cells.reserveCapacity(records)
    for (cell, count) in evaluation.confusion.enumerated() {
      cells += repeatElement(cell, count: count)
    }
    return try interval(records: records, seed: seed, resamples: resamples) { drawn in
      var confusion = [Int](repeating: 0, count: evaluation.confusion.count)
      for record in drawn { confusion[cells[record]] += 1 }
      return Evaluation(labels: evaluation.labels, confusion: confusion).macroF1
    }
  }

  /// As above, where the records' number says less than which they are.
  ///
  /// - Parameter evaluation: of records by their places, some of them several times.
  package static func macroF1Interval(
    records: Int, seed: UInt64 = 42, resamples: Int? = nil, _ evaluation: ([Int]) -> Evaluation
  ) throws -> ClosedRange<Double> {
    guard records > 0 else { return 0...1 }
    return try interval(records: records, seed: seed, resamples: resamples) {
      evaluation($0).macroF1
    }
  }

  private static func interval(
    records: Int, seed: UInt64, resamples: Int?, _ measure: (_ drawn: [Int]) -> Double
  ) throws -> ClosedRange<Double> {
    let count = resamples ?? min(1_000, max(200, 20_000_000 / records))
    var random = RandomSource(seed: seed, purpose: .bootstrap)
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      try Task.checkCancellation()
      values.append(measure((0..<records).map { _ in random.below(records) }))
    }
    values.sort()
    func quantile(_ share: Double) -> Double {
      let place = share * Double(count - 1)
      let (below, part) = (Int(place), place - place.rounded(.down))
      return values[below] + part * (values[min(below + 1, count - 1)] - values[below])
    }
    return quantile(0.025)...quantile(0.975)
  }

  /// Two classifiers on the same records, by who was right where.
  package struct Comparison: Sendable, Hashable {
    package var bothRight = 0
    package var onlyFirst = 0
    package var onlySecond = 0
    package var bothWrong = 0

    /// - Parameters: indices of labels, one per record, of equal length.
    package init(actual: [Int], first: [Int], second: [Int]) {
      for ((a, f), s) in zip(zip(actual, first), second) {
        switch (a == f, a == s) {
        case (true, true): bothRight += 1
        case (true, false): onlyFirst += 1
        case (false, true): onlySecond += 1
        case (false, false): bothWrong += 1
        }
      }
    }

    package var pValue: Double { Significance.mcNemar(onlyFirst, onlySecond) }
  }

  /// McNemar's test (1947) in its exact form: were both classifiers equally good, a record on which only
  /// one is right would be either's with probability one half. Two-sided.
  package static func mcNemar(_ onlyFirst: Int, _ onlySecond: Int) -> Double {
    let (n, fewer) = (onlyFirst + onlySecond, min(onlyFirst, onlySecond))
    if n == 0 { return 1 }
    // In logarithms: 2⁻ⁿ is 0 in a Double from n = 1075 on.
    var term = -Double(n) * log(2)
    var sum = exp(term)
    for i in 0..<fewer {
      term += log(Double(n - i) / Double(i + 1))
      sum += exp(term)
    }
    return min(1, 2 * sum)
  }
}
