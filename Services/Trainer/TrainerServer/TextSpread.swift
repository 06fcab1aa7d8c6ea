import Foundation
package import Transformer

/// In which directions a data set's texts differ, as far as any of them, labelled or not, show.
///
/// An encoder spreads texts of all kinds over its dimensions, those of one data set over few of them. What
/// tells its labels apart lies most likely where its texts differ, so a head on few answers looks there first:
/// with x̃ = Lᵀ(x − m), where L·Lᵀ is the texts' covariance Σ, a ridge penalty on the weights of x̃ is a
/// Gaussian prior with covariance Σ on those of x (the weights' "g-prior" turned round). Labels' names are
/// compared there as well.
///
/// Few texts say little: m and Σ are shrunk towards 0 and a multiple of the unit matrix, so that with one
/// text there is hardly a difference to x itself, and without any there is none.
package struct TextSpread: Sendable {
  package let width: Int
  /// m, [width].
  private let center: [Float]
  /// Lᵀ, upper triangular, [width, width], scaled so that the texts' x̃ have a mean length of 1.
  private let factor: [Float]

  /// Towards a sphere: as if so many texts lay in every direction alike.
  private static let sphericalTexts = 800.0
  /// Towards 0: as if so many texts lay there.
  private static let centralTexts = 100.0

  /// More change little, and would take time.
  private static let mostTexts = 2_000

  /// - Parameter embeddings: [texts, width], row-major; of very many, some are taken, by chance but
  ///   always the same.
  package init(_ embeddings: [Float], width: Int) {
    self.width = width
    precondition(embeddings.count.isMultiple(of: width), "whole embeddings")
    let embeddings = Self.some(of: embeddings, width: width)
    let count = embeddings.count / width
    var mean = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for i in 0..<width { mean[i] += Double(embeddings[row * width + i]) / Double(count) }
    }
    // [width, texts], so that a product of two dimensions runs along memory.
    var columns = [Float](repeating: 0, count: embeddings.count)
    for row in 0..<count {
      for i in 0..<width {
        columns[i * count + row] = Float(Double(embeddings[row * width + i]) - mean[i])
      }
    }
    var matrix = [Double](repeating: 0, count: width * width)
    for i in 0..<width {
      for j in 0...i {
        matrix[i * width + j] = Double(Self.product(columns, i * count, columns, j * count, count))
      }
    }
    let trace = (0..<width).reduce(0) { $0 + matrix[$1 * width + $1] }
    // Texts that are all alike differ in no direction: any does.
    let sphere =
      trace > 0 ? trace * Self.sphericalTexts / Double(count * width) : 1
    for i in 0..<width { matrix[i * width + i] += sphere }
    let lower = Self.cholesky(matrix, width)
    let share = Double(count) / (Double(count) + Self.centralTexts)
    center = mean.map { Float($0 * share) }
    var upper = [Float](repeating: 0, count: width * width)
    for i in 0..<width {
      for j in 0...i { upper[j * width + i] = Float(lower[i * width + j]) }
    }
    let lengths = Self.lengths(Self.transformed(embeddings, center, upper, width), width)
    let length = lengths.isEmpty ? 1 : lengths.reduce(0, +) / Double(count)
    factor = length > 0 ? upper.map { $0 / Float(length) } : upper
  }

  private static func some(of embeddings: [Float], width: Int) -> [Float] {
    let count = embeddings.count / width
    guard count > mostTexts else { return embeddings }
    var random = RandomSource(seed: 0, purpose: .otherTexts)
    let order = Permutation(count: count, random: &random)
    return (0..<mostTexts).flatMap { embeddings[order[$0] * width..<(order[$0] + 1) * width] }
  }

  /// x̃ of embeddings: [texts, width], row-major.
  package func coordinates(_ embeddings: [Float]) -> [Float] {
    Self.transformed(embeddings, center, factor, width)
  }

  /// Lᵀv of differences between embeddings, of length 1 each: [vectors, width].
  package func directions(_ differences: [Float]) -> [Float] {
    let zero = [Float](repeating: 0, count: width)
    var vectors = Self.transformed(differences, zero, factor, width)
    for (row, length) in Self.lengths(vectors, width).enumerated() where length > 0 {
      for i in row * width..<(row + 1) * width { vectors[i] /= Float(length) }
    }
    return vectors
  }

  /// The head on embeddings that says the same as this one on their coordinates.
  ///
  /// - Throws: `HeadError` if its weights are no longer numbers.
  package func head(_ head: ClassificationHead) throws -> ClassificationHead {
    var weight: [Float] = []
    weight.reserveCapacity(head.weight.count)
    var bias = head.bias
    for label in 0..<head.labels {
      // w = L·w̃; Lᵀ's columns are L's rows.
      var row = [Double](repeating: 0, count: width)
      for j in 0..<width {
        let value = Double(head.weight[label * width + j])
        for i in j..<width { row[i] += Double(factor[j * width + i]) * value }
      }
      bias[label] -= Float((0..<width).reduce(0) { $0 + row[$1] * Double(center[$1]) })
      weight += row.map { Float($0) }
    }
    return try ClassificationHead(
      labels: head.labels, hidden: width, weight: weight, bias: bias, thresholds: head.thresholds)
  }

  private static func transformed(
    _ rows: [Float], _ center: [Float], _ factor: [Float], _ width: Int
  ) -> [Float] {
    var result = [Float](repeating: 0, count: rows.count)
    var shifted = [Float](repeating: 0, count: width)
    for row in 0..<rows.count / width {
      for i in 0..<width { shifted[i] = rows[row * width + i] - center[i] }
      for j in 0..<width {
        result[row * width + j] = product(factor, j * width + j, shifted, j, width - j)
      }
    }
    return result
  }

  private static func lengths(_ rows: [Float], _ width: Int) -> [Double] {
    (0..<rows.count / width).map { row in
      rows[row * width..<(row + 1) * width]
        .reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
  }

  /// The lower triangle L with L·Lᵀ = `matrix`, which is positive definite; of it the lower triangle is read.
  private static func cholesky(_ matrix: [Double], _ size: Int) -> [Double] {
    var lower = matrix
    for i in 0..<size {
      for j in 0...i {
        let sum = product(lower, i * size, lower, j * size, j)
        let value = lower[i * size + j] - sum
        // Rounding may leave a little less than nothing.
        lower[i * size + j] =
          i == j ? max(value, .ulpOfOne).squareRoot() : value / lower[j * size + j]
      }
    }
    return lower
  }

  /// The inner product of `count` values from two places on.
  private static func product<T: SIMDScalar & BinaryFloatingPoint & BitwiseCopyable>(
    _ a: [T], _ i: Int, _ b: [T], _ j: Int, _ count: Int
  ) -> T {
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        let size = MemoryLayout<T>.stride
        var sum = SIMD16<T>()
        var k = 0
        while k + 16 <= count {
          sum +=
            a.loadUnaligned(fromByteOffset: (i + k) * size, as: SIMD16<T>.self)
            * b.loadUnaligned(fromByteOffset: (j + k) * size, as: SIMD16<T>.self)
          k += 16
        }
        var rest = sum.sum()
        while k < count {
          rest +=
            a.loadUnaligned(fromByteOffset: (i + k) * size, as: T.self)
            * b.loadUnaligned(fromByteOffset: (j + k) * size, as: T.self)
          k += 1
        }
        return rest
      }
    }
  }
}
