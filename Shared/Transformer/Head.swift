public import Foundation

/// What turns a sentence embedding into label probabilities: softmax(W·x + b) where a text has one label,
/// sigmoid(W·x + b) row by row where it may have several or none.
///
/// There is one row per label, also for two labels, so that every reader does the same arithmetic.
/// A value: safe to share between threads.
public struct ClassificationHead: Sendable, Hashable {
  /// How many labels it tells apart.
  public let labels: Int
  /// The embedding's width.
  public let hidden: Int
  /// [labels, hidden], row-major.
  public let weight: [Float]
  /// [labels]
  public let bias: [Float]
  /// [labels]: how probable each label must be for a text to have it; `nil` where a text has exactly one.
  public let thresholds: [Float]?

  public var isMultiLabel: Bool { thresholds != nil }

  /// The file's name in a model's folder.
  public static let fileName = "head.safetensors"

  /// - Throws: `HeadError` if the sizes do not agree, a value is not finite or a threshold no probability.
  public init(
    labels: Int, hidden: Int, weight: [Float], bias: [Float], thresholds: [Float]? = nil
  ) throws {
    guard labels >= 2, hidden >= 1 else {
      throw HeadError("a head needs at least 2 labels and 1 dimension, not \(labels) and \(hidden)")
    }
    guard weight.count == labels * hidden, bias.count == labels else {
      throw HeadError(
        "a head of \(labels) labels and \(hidden) dimensions has \(labels * hidden) weights and "
          + "\(labels) biases, not \(weight.count) and \(bias.count)")
    }
    guard weight.allSatisfy(\.isFinite), bias.allSatisfy(\.isFinite) else {
      throw HeadError("the head holds a value that is not a finite number")
    }
    if let thresholds {
      guard thresholds.count == labels, thresholds.allSatisfy({ (0...1).contains($0) }) else {
        throw HeadError(
          "a head of \(labels) labels has \(labels) thresholds between 0 and 1, or none")
      }
    }
    self.labels = labels
    self.hidden = hidden
    self.weight = weight
    self.bias = bias
    self.thresholds = thresholds
  }

  /// Reads `head.safetensors` in a model's folder: `weight` [labels, hidden], `bias` [labels] and, of a
  /// multi-label model, `thresholds` [labels].
  ///
  /// - Throws: `EncoderError` that names the file.
  public init(directory: URL) throws {
    let url = directory.appending(path: Self.fileName, directoryHint: .notDirectory)
    let pickle = directory.appending(path: "model_head.pkl", directoryHint: .notDirectory)
    if !exists(url), exists(pickle) {
      throw EncoderError(
        pickle,
        "SetFit's head is a pickle, which is not read because it can run code; if you trust it, "
          + "write head.safetensors with `scripts/setfit_head.py convert FOLDER`")
    }
    let file = try SafetensorsFile(url)
    let shape = try file.shape(of: "weight")
    guard shape.count == 2, try file.shape(of: "bias") == [shape[0]] else {
      throw EncoderError(
        url,
        "a head has a weight of [labels, hidden] and a bias of [labels], not \(shape) and "
          + "\(try file.shape(of: "bias"))")
    }
    do {
      try self.init(
        labels: shape[0], hidden: shape[1], weight: try file.floats("weight"),
        bias: try file.floats("bias"),
        thresholds: file.names.contains("thresholds") ? try file.floats("thresholds") : nil)
    } catch let error as HeadError {
      throw EncoderError(url, error.description)
    }
  }

  /// Writes `head.safetensors` into a model's folder, whole or not at all.
  ///
  /// - Throws: `EncoderError` if writing fails.
  public func write(to directory: URL) throws {
    var tensors = [("weight", [labels, hidden], weight), ("bias", [labels], bias)]
    if let thresholds { tensors.append(("thresholds", [labels], thresholds)) }
    try Safetensors.write(
      tensors: tensors,
      to: directory.appending(path: Self.fileName, directoryHint: .notDirectory))
  }

  /// The probability of each label, in the head's order.
  ///
  /// - Precondition: `embedding.count == hidden`.
  public func probabilities(_ embedding: some Collection<Float>) -> [Float] {
    precondition(
      embedding.count == hidden, "a head of \(hidden) dimensions, not \(embedding.count)")
    if let direct = embedding.withContiguousStorageIfAvailable({ probabilities(of: $0) }) {
      return direct
    }
    return Array(embedding).withUnsafeBufferPointer { probabilities(of: $0) }
  }

  private func probabilities(of x: UnsafeBufferPointer<Float>) -> [Float] {
    var scores = [Float](unsafeUninitializedCapacity: labels) { out, count in
      weight.withUnsafeBufferPointer { weight in
        for label in 0..<labels {
          out[label] =
            bias[label] + dot(weight.baseAddress! + label * hidden, x.baseAddress!, hidden)
        }
      }
      count = labels
    }
    if isMultiLabel {
      for i in scores.indices { scores[i] = Float(1 / (1 + exp(-Double(scores[i])))) }
    } else {
      softmaxInPlace(&scores)
    }
    return scores
  }

  /// The labels that a text has by its probabilities, in the head's order: the most probable one (on a
  /// tie the first), or of a multi-label head every one that reaches its threshold, and so maybe none.
  ///
  /// - Precondition: `probabilities.count == labels`.
  public func chosen(_ probabilities: [Float]) -> [Int] {
    precondition(probabilities.count == labels, "\(labels) labels, not \(probabilities.count)")
    if let thresholds {
      return probabilities.indices.filter { probabilities[$0] >= thresholds[$0] }
    }
    return [probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0]
  }
}

/// What is wrong with a head, its file or the data it should be fitted to.
public struct HeadError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

/// Σ aᵢ·bᵢ in eight running sums, always in the same order.
private func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
  var sums = SIMD8<Float>.zero
  var i = 0
  while i + 8 <= count {
    let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Float>.self)
    let y = UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Float>.self)
    sums += x * y
    i += 8
  }
  var sum = sums.sum()
  while i < count {
    sum += a[i] * b[i]
    i += 1
  }
  return sum
}

private func softmaxInPlace(_ scores: inout [Float]) {
  let top = scores.max() ?? 0
  var sum: Float = 0
  for i in scores.indices {
    // Through Double: Foundation's exp(Float) is not the same bits on every platform.
    scores[i] = Float(exp(Double(scores[i] - top)))
    sum += scores[i]
  }
  for i in scores.indices { scores[i] /= sum }
}
