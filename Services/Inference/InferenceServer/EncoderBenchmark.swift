package import Foundation
package import Transformer

/// How fast an encoder is on this machine, against what the machine's multipliers can do at most.
package struct EncoderBenchmark {
  /// Texts in batches of one size.
  package struct Measurement: Codable, Sendable {
    package var precision: String
    package var threads: Int
    /// Of every text; nil for texts of several lengths.
    package var tokens: Int?
    package var batch: Int
    package var textsPerSecond: Double
    /// Of a whole batch, or of all texts of several lengths, in milliseconds.
    package var best: Double
    package var p50: Double
    package var p99: Double
    /// Of the peak measured in the same run, for the best time; attention, which is fp32 in every
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

  /// Measures every length, then `texts` if there are any, with every batch.
  ///
  /// - Parameters:
  ///   - lengths: of texts whose tokens are those of no text in particular.
  ///   - texts: token ids of real texts, computed in the order given; cut where they are too long.
  /// - Throws: `EncoderError`, also for an id the encoder does not have.
  package func run(
    lengths: [Int], batches: [Int], texts: [[Int32]] = [],
    _ report: (Measurement) -> Void = { _ in }
  ) throws -> Report {
    let clock = ContinuousClock()
    let pool = ComputePool(threads: threads)
    _ = try SentenceEncoder(EncoderDirectory(folder), precision: precision, pool: pool)
    let start = clock.now
    let encoder = try SentenceEncoder(EncoderDirectory(folder), precision: precision, pool: pool)
    let load = (clock.now - start) / .milliseconds(1)
    let configuration = encoder.configuration
    guard texts.allSatisfy({ $0.allSatisfy((0..<Int32(configuration.vocabulary)).contains) }),
      texts.allSatisfy({ !$0.isEmpty })
    else {
      throw EncoderError(folder, "does not have the tokens of these texts, or a text has none")
    }
    let peak = pool.peak(precision)
    var measurements: [Measurement] = []
    func measure(_ texts: [[Int32]], tokens: Int?, batch: Int) {
      let slices = stride(from: 0, to: texts.count, by: batch).map {
        Array(texts[$0..<min($0 + batch, texts.count)])
      }
      let times = times(clock) {
        for slice in slices { _ = encoder.embed(tokens: slice) }
      }
      let operations = texts.reduce(0) { $0 + self.operations(of: $1.count, configuration) }
      let measurement = Measurement(
        precision: precision.rawValue, threads: threads, tokens: tokens, batch: batch,
        textsPerSecond: Double(texts.count * times.count) / times.reduce(0, +),
        best: times[0] * 1e3, p50: times[times.count / 2] * 1e3,
        p99: times[min(times.count - 1, times.count * 99 / 100)] * 1e3,
        percentOfPeak: 100 * operations / times[0] / peak)
      measurements.append(measurement)
      report(measurement)
    }
    for length in lengths where length <= configuration.positions {
      for batch in batches {
        let ids = (0..<batch).map { text in
          (0..<length).map {
            Int32((($0 + 1) * 7919 + text * 104_729) % configuration.vocabulary)
          }
        }
        measure(ids, tokens: length, batch: batch)
      }
    }
    if !texts.isEmpty {
      let cut = texts.map { Array($0.prefix(configuration.maxTokens)) }
      for batch in batches { measure(cut, tokens: nil, batch: batch) }
    }
    return Report(
      encoder: folder.lastPathComponent, instructionSet: encoder.instructionSet,
      loadAverage: Self.loadAverage, load: load, peak: peak, measurements: measurements)
  }

  /// Seconds of every call, in ascending order.
  private func times(_ clock: ContinuousClock, _ body: () -> Void) -> [Double] {
    body()
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
