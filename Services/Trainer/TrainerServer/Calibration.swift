import Foundation

/// Whether probabilities mean what they say: of predictions made with 0.8, are 80% right?
package struct Calibration: Sendable, Hashable, Codable {
  /// What the head's scores were divided by; 1 where they were left as they are.
  package var temperature: Double
  /// The mean of −log p(actual).
  package var logLoss: Double
  /// The expected calibration error: the mean distance between a prediction's probability and how often
  /// such predictions are right, over ten bins of equal width (Guo et al. 2017).
  package var expectedError: Double
  /// The reliability curve; empty bins are left out.
  package var bins: [Bin]

  package struct Bin: Sendable, Hashable, Codable {
    package var low, high: Double
    package var records: Int
    /// The mean probability of what was predicted.
    package var confidence: Double
    /// The share that was right.
    package var accuracy: Double
  }

  private enum CodingKeys: String, CodingKey {
    case temperature, bins
    case logLoss = "log_loss"
    case expectedError = "expected_calibration_error"
  }

  private static let binCount = 10

  /// - Parameters:
  ///   - probabilities: [records][labels], the temperature applied.
  ///   - actual: each record's label. At least one record.
  package init(probabilities: [[Float]], actual: [Int], temperature: Double = 1) {
    precondition(!actual.isEmpty && probabilities.count == actual.count)
    self.temperature = temperature
    logLoss = Self.logLoss(probabilities, actual, sharpness: 1) / Double(actual.count)
    var counts = [Int](repeating: 0, count: Self.binCount)
    var right = counts
    var sums = [Double](repeating: 0, count: Self.binCount)
    for (row, label) in zip(probabilities, actual) {
      let best = row.mostProbable
      let bin = min(Self.binCount - 1, Int(Double(row[best]) * Double(Self.binCount)))
      counts[bin] += 1
      sums[bin] += Double(row[best])
      if best == label { right[bin] += 1 }
    }
    let bound = Double(Self.binCount)
    bins = []
    expectedError = 0
    for bin in 0..<Self.binCount where counts[bin] > 0 {
      let records = Double(counts[bin])
      let confidence = sums[bin] / records
      let accuracy = Double(right[bin]) / records
      bins.append(
        Bin(
          low: Double(bin) / bound, high: Double(bin + 1) / bound, records: counts[bin],
          confidence: confidence, accuracy: accuracy))
      expectedError += abs(confidence - accuracy) * records / Double(actual.count)
    }
  }

  /// Fewer records than this say too little about a temperature.
  package static let fewestRecords = 20

  /// The temperature with which probabilities of records that were not trained on are most probable to
  /// be right (Guo et al. 2017), pulled towards 1 as by a record or two so that a few records that are
  /// all right do not make a model certain of everything; 1 with fewer than `fewest`.
  package static func temperature(
    probabilities: [[Float]], actual: [Int], fewest: Int = fewestRecords
  ) -> Double {
    guard actual.count >= fewest else { return 1 }
    func cost(_ logSharpness: Double) -> Double {
      logLoss(probabilities, actual, sharpness: exp(logSharpness)) + logSharpness * logSharpness
    }
    // Convex in the sharpness 1/T; a golden section search.
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (log(1.0 / 20), log(20.0))
    var (a, b) = (high - ratio * (high - low), low + ratio * (high - low))
    var (costA, costB) = (cost(a), cost(b))
    for _ in 0..<40 {
      if costA <= costB {
        (high, b, costB) = (b, a, costA)
        a = high - ratio * (high - low)
        costA = cost(a)
      } else {
        (low, a, costA) = (a, b, costB)
        b = low + ratio * (high - low)
        costB = cost(b)
      }
    }
    return exp(-(low + high) / 2)
  }

  /// How sure predictions are: the mean probability of what is predicted. 0 without any.
  package static func confidence(_ probabilities: [[Float]]) -> Double {
    probabilities.reduce(0) { $0 + Double($1.max() ?? 0) } / Double(max(1, probabilities.count))
  }

  /// The temperature at which predictions are as sure as that, between 1/20 and 20.
  ///
  /// - Parameter confidence: above one in the number of labels, below 1.
  package static func temperature(probabilities: [[Float]], confidence: Double) -> Double {
    // The hotter, the less sure: a bisection.
    var (low, high) = (log(1.0 / 20), log(20.0))
    for _ in 0..<30 {
      let middle = (low + high) / 2
      let sureness = Self.confidence(probabilities.map { $0.divided(by: exp(middle)) })
      if sureness > confidence { low = middle } else { high = middle }
    }
    return exp((low + high) / 2)
  }

  /// −log p(actual) of each record, with every row's scores multiplied by the sharpness.
  package static func logLosses(
    _ probabilities: [[Float]], _ actual: [Int], sharpness: Double
  ) -> [Double] {
    zip(probabilities, actual).map { row, label in
      let scores = row.map { sharpness * log(max(Double($0), 1e-30)) }
      let top = scores.max() ?? 0
      return top + log(scores.reduce(0) { $0 + exp($1 - top) }) - scores[label]
    }
  }

  private static func logLoss(
    _ probabilities: [[Float]], _ actual: [Int], sharpness: Double
  ) -> Double {
    logLosses(probabilities, actual, sharpness: sharpness).reduce(0, +)
  }
}

extension [Float] {
  /// Probabilities whose scores are divided by a temperature.
  package func divided(by temperature: Double) -> [Float] {
    guard temperature != 1 else { return self }
    let scores = map { log(Double(Swift.max($0, 1e-30))) / temperature }
    let top = scores.max() ?? 0
    let exponentials = scores.map { exp($0 - top) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { Float($0 / sum) }
  }
}
