package import Foundation
import Transformer

/// How long a step of the body's training takes: forward with dropout, SetFit's loss, backward,
/// clipping and AdamW over every parameter.
package struct TrainingBenchmark {
  package struct Report: Codable, Sendable {
    package var threads: Int
    package var texts: Int
    package var steps: Int
    /// Of a step, in milliseconds; the mean over whole passes through the texts, since steps of longer texts
    /// take longer.
    package var mean, best, p50, p99: Double
  }

  package let folder: URL
  package let threads: Int
  /// Texts of a step, no two of them the same: twice as many as pairs.
  package let texts: Int
  package let seconds: Double

  package init(folder: URL, threads: Int, texts: Int, seconds: Double) {
    self.folder = folder
    self.threads = threads
    self.texts = texts
    self.seconds = seconds
  }

  /// - Parameter lines: real texts, cut to the encoder's length and used in their order, over again
  ///   where there are too few.
  /// - Throws: `EncoderError`.
  package func run(_ lines: [String]) throws -> Report {
    let directory = try EncoderDirectory(folder)
    let trainer = try EncoderTrainer(directory, pool: ComputePool(threads: threads))
    let tokenizer = try directory.tokenizer()
    let tokens = lines.map {
      tokenizer.encode($0, maxTokens: directory.configuration.maxTokens)
    }
    let pairs = (0..<texts / 2).map { pair -> (first: Int, second: Int, target: Float) in
      (2 * pair, 2 * pair + 1, Float(pair % 2))
    }
    let clock = ContinuousClock()
    let pass = (tokens.count + texts - 1) / texts
    var times: [Double] = []
    var next = 0
    var step = 0
    var end = clock.now
    while times.isEmpty || clock.now < end || times.count % pass != 0 {
      // The first pass meets fresh memory.
      if step == pass { end = clock.now + .seconds(seconds) }
      let batch = (0..<texts).map { tokens[(next + $0) % tokens.count] }
      next = (next + texts) % tokens.count
      let start = clock.now
      let embeddings = trainer.forward(tokens: batch)
      let (_, gradient) = cosineSimilarityLoss(
        embeddings.values, dimensions: embeddings.dimensions, pairs: pairs)
      trainer.backward(gradient)
      trainer.step(learningRate: 2e-5, weightDecay: 0.01, maxGradientNorm: 1)
      let time: Double = (clock.now - start) / .milliseconds(1)
      if step >= pass { times.append(time) }
      step += 1
    }
    times.sort()
    return Report(
      threads: threads, texts: texts, steps: times.count,
      mean: times.reduce(0, +) / Double(times.count), best: times[0],
      p50: times[times.count / 2], p99: times[min(times.count - 1, times.count * 99 / 100)])
  }
}
