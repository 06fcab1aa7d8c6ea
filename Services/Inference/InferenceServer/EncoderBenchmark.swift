package import Foundation
package import Transformer

/// How fast an encoder is on this machine, against what the machine's multipliers can do at most.
package struct EncoderBenchmark {
  /// One length of text and one size of batch.
  package struct Measurement: Codable, Sendable {
    package var precision: String
    package var threads: Int
    /// Tokens of every text.
    package var tokens: Int
    package var batch: Int
    package var textsPerSecond: Double
    /// Of a whole batch, in milliseconds.
    package var best: Double
    package var p50: Double
    package var p99: Double
    /// Of the peak measured in the same run, for the best batch; attention, which is fp32 in every
    /// precision, counts in full.
    package var percentOfPeak: Double
  }

  package struct Report: Codable, Sendable {
    package var encoder: String
    package var instructionSet: String
    package var loadAverage: Double
    /// Milliseconds from the folder to an encoder that can be called, files in the cache.
    package var load: Double
    /// Operations a second, measured on registers, for the number of threads.
    package var peak: Double
    package var measurements: [Measurement]
  }

  package let folder: URL
  package let precision: Precision
  package let threads: Int
  /// Seconds for each measurement.
  package let seconds: Double

  package init(folder: URL, precision: Precision, threads: Int, seconds: Double) {
    self.folder = folder
    self.precision = precision
    self.threads = threads
    self.seconds = seconds
  }

  /// Measures every length with every batch; tokens are those of no text in particular.
  package func run(
    lengths: [Int] = [16, 64, 256], batches: [Int] = [1, 8, 32],
    _ report: (Measurement) -> Void = { _ in }
  ) throws -> Report {
    let clock = ContinuousClock()
    let pool = ComputePool(threads: threads)
    _ = try SentenceEncoder(EncoderDirectory(folder), precision: precision, pool: pool)
    let start = clock.now
    let encoder = try SentenceEncoder(EncoderDirectory(folder), precision: precision, pool: pool)
    let load = (clock.now - start) / .milliseconds(1)
    let peak = pool.peak(precision)
    var measurements: [Measurement] = []
    for length in lengths where length <= encoder.configuration.positions {
      for batch in batches {
        let ids = (0..<batch).map { text in
          (0..<length).map {
            Int32((($0 + 1) * 7919 + text * 104_729) % encoder.configuration.vocabulary)
          }
        }
        let times = measure(clock) { _ = encoder.embed(tokens: ids) }
        let operations = Double(batch) * operations(of: length, encoder.configuration)
        let total = times.reduce(0, +)
        let measurement = Measurement(
          precision: precision.rawValue, threads: threads, tokens: length, batch: batch,
          textsPerSecond: Double(batch * times.count) / total, best: times[0] * 1e3,
          p50: times[times.count / 2] * 1e3, p99: times[(times.count - 1) * 99 / 100] * 1e3,
          percentOfPeak: 100 * operations / times[0] / peak)
        measurements.append(measurement)
        report(measurement)
      }
    }
    return Report(
      encoder: folder.lastPathComponent, instructionSet: encoder.instructionSet,
      loadAverage: Self.loadAverage, load: load, peak: peak, measurements: measurements)
  }

  /// Seconds of every call, in ascending order.
  private func measure(_ clock: ContinuousClock, _ body: () -> Void) -> [Double] {
    for _ in 0..<3 { body() }
    var times: [Double] = []
    let end = clock.now + .seconds(seconds)
    repeat {
      let start = clock.now
      body()
      times.append((clock.now - start) / .seconds(1))
    } while clock.now < end
    return times.sorted()
  }

  /// Multiplications and additions of one text.
  private func operations(of tokens: Int, _ c: EncoderConfiguration) -> Double {
    let (n, H, I) = (Double(tokens), Double(c.hidden), Double(c.intermediate))
    return Double(c.layers) * n * (8 * H * H + 4 * H * I + 4 * n * H)
  }

  /// Of the last minute; how much else the machine had to do.
  package static var loadAverage: Double {
    var averages = [Double](repeating: 0, count: 3)
    return getloadavg(&averages, 3) == 3 ? averages[0] : .nan
  }
}
