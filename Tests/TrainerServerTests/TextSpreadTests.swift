import Testing
import TrainerServer
import Transformer

@Suite("Spread of the texts")
struct TextSpreadTests {
  private func random(_ count: Int, seed: UInt64 = 3) -> [Float] {
    var random = RandomSource(seed: seed, purpose: .dropout)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
  }

  /// Texts that differ in the first dimensions more than in the last, around a point.
  private func texts(_ count: Int, _ width: Int) -> [Float] {
    let noise = random(count * width)
    return noise.indices.map { noise[$0] / Float(1 + $0 % width) + 0.3 }
  }

  /// The shrunk covariance, written out in double precision.
  private func covariance(_ texts: [Float], _ width: Int) -> [[Double]] {
    let count = texts.count / width
    let rows = (0..<count).map { row in (0..<width).map { Double(texts[row * width + $0]) } }
    let mean = (0..<width).map { i in rows.reduce(0) { $0 + $1[i] } / Double(count) }
    var matrix = (0..<width).map { i in
      (0..<width).map { j in rows.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[j] - mean[j]) } }
    }
    let variance = (0..<width).reduce(0) { $0 + matrix[$1][$1] } / Double(count * width)
    for i in 0..<width { matrix[i][i] += 800 * variance }
    return matrix
  }

  @Test(
    "Inner products of directions are those under the shrunk covariance",
    arguments: [(5, 3), (40, 7), (2_000, 21)])
  func innerProducts(count: Int, width: Int) {
    let texts = texts(count, width)
    let matrix = covariance(texts, width)
    let spread = TextSpread(texts, width: width)
    let vectors = random(3 * width, seed: 9)
    func product(_ a: Int, _ b: Int) -> Double {
      (0..<width).reduce(0) { sum, i in
        sum
          + (0..<width).reduce(0) {
            $0 + Double(vectors[a * width + i]) * matrix[i][$1] * Double(vectors[b * width + $1])
          }
      }
    }
    let directions = spread.directions(vectors)
    for (a, b) in [(0, 0), (0, 1), (1, 2)] {
      let cosine = product(a, b) / (product(a, a) * product(b, b)).squareRoot()
      let found = (0..<width).reduce(0.0) {
        $0 + Double(directions[a * width + $1]) * Double(directions[b * width + $1])
      }
      #expect(abs(found - cosine) < 1e-5)
    }
  }

  @Test(
    "Coordinates have a mean length of 1, and a head on them says what its head on embeddings says")
  func heads() throws {
    let width = 19
    let texts = texts(300, width)
    let spread = TextSpread(texts, width: width)
    let coordinates = spread.coordinates(texts)
    let lengths = (0..<300).map { row in
      coordinates[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    #expect(abs(lengths.reduce(0, +) / 300 - 1) < 1e-4)
    let head = try ClassificationHead(
      labels: 3, hidden: width, weight: random(3 * width, seed: 5), bias: [0.1, -0.2, 0.3])
    let same = try spread.head(head)
    for (a, b) in zip(head.probabilities(rows: coordinates), same.probabilities(rows: texts)) {
      for (a, b) in zip(a, b) { #expect(abs(a - b) < 1e-5) }
    }
  }

  @Test("Without texts, or with texts that are all alike, nothing is preferred")
  func nothingKnown() {
    let x: [Float] = [3, 0, 0, 4]
    #expect(TextSpread([], width: 2).coordinates(x) == x)
    #expect(TextSpread([], width: 2).directions(x) == [1, 0, 0, 1])
    let alike = TextSpread([0.5, 0.5, 0.5, 0.5], width: 2)
    #expect(alike.directions(x) == [1, 0, 0, 1])
    #expect(alike.coordinates(x).allSatisfy { $0.isFinite })
  }
}
