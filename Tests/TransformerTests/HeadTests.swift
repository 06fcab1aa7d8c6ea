import Foundation
import Testing
import Transformer

@Suite("Classification head")
struct HeadTests {
  @Test("Coefficients and probabilities are scikit-learn's", arguments: Golden.all.cases)
  func golden(_ golden: Golden.Case) throws {
    let fit = try LogisticRegression(C: golden.C).fit(
      golden.x, hidden: golden.hidden, labels: golden.y, labelCount: golden.labels,
      weights: golden.balanced
        ? LogisticRegression.balanced(golden.y, labelCount: golden.labels) : golden.weights)
    #expect(fit.converged)
    #expect(abs(fit.iterations - golden.iterations) <= 1)
    let head = fit.head
    #expect(head.weight.count == golden.labels * golden.hidden && head.bias.count == golden.labels)
    if golden.labels == 2 {
      // One row for scikit-learn, two of half its size and opposite sign for us.
      for i in 0..<golden.hidden {
        #expect(abs(2 * Double(head.weight[golden.hidden + i]) - golden.coefficients[i]) < 1e-3)
        #expect(head.weight[i] == -head.weight[golden.hidden + i])
      }
      #expect(abs(2 * Double(head.bias[1]) - golden.intercepts[0]) < 1e-3)
      #expect(head.bias[0] == -head.bias[1])
    } else {
      for (ours, theirs) in zip(head.weight, golden.coefficients) {
        #expect(abs(Double(ours) - theirs) < 1e-3)
      }
      for (ours, theirs) in zip(head.bias, golden.intercepts) {
        #expect(abs(Double(ours) - theirs) < 1e-3)
      }
    }
    for record in 0..<3 {
      let embedding = golden.x[record * golden.hidden..<(record + 1) * golden.hidden]
      let probabilities = head.probabilities(embedding)
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-6)
      for label in 0..<golden.labels {
        let theirs = golden.probabilities[record * golden.labels + label]
        #expect(abs(Double(probabilities[label]) - theirs) < 1e-4)
      }
    }
  }

  @Test(
    "One-vs-rest coefficients and probabilities are scikit-learn's",
    arguments: Golden.all.several)
  func oneVsRest(_ golden: Golden.Several) throws {
    let head = try LogisticRegression(C: golden.C).fitOneVsRest(
      golden.x, hidden: golden.hidden, likelihoods: golden.y.flatMap { $0.map(Double.init) },
      labelCount: golden.labels)
    #expect(head.isMultiLabel && head.thresholds?.allSatisfy { $0 == 0.5 } == true)
    for (ours, theirs) in zip(head.weight, golden.coefficients) {
      #expect(abs(Double(ours) - theirs) < 1e-3)
    }
    for (ours, theirs) in zip(head.bias, golden.intercepts) {
      #expect(abs(Double(ours) - theirs) < 1e-3)
    }
    #expect(golden.coefficients.count == (golden.labels - 2) * golden.hidden)
    for record in 0..<3 {
      let probabilities = head.probabilities(
        golden.x[record * golden.hidden..<(record + 1) * golden.hidden])
      for label in 0..<golden.labels {
        // The last two are constant, for scikit-learn to the last bit.
        let theirs = golden.probabilities[record * golden.labels + label]
        #expect(abs(Double(probabilities[label]) - theirs) < 1e-4)
      }
    }
  }

  @Test("A head is the same to the bit on any number of threads", arguments: [2, 4])
  func threads(labelCount: Int) throws {
    // More than is computed at once, in columns that no number of threads divides.
    let (records, hidden) = (1_500, 203)
    var state: UInt64 = 7
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(UInt64(1) << 53)
    }
    let x = (0..<records * hidden).map { _ in Float(next() - 0.5) }
    let prior = try ClassificationHead(
      labels: labelCount, hidden: hidden,
      weight: (0..<labelCount * hidden).map { _ in Float(next() - 0.5) },
      bias: (0..<labelCount).map { _ in Float(next()) })
    let likelihoods = (0..<records * labelCount).map { _ in 0.01 + 0.9 * next() }
    let weights = (0..<records).map { $0 % 5 == 0 ? 0 : next() }
    let fits = try [1, 2, 3, 7].map { threads in
      try LogisticRegression().fit(
        x, hidden: hidden, likelihoods: likelihoods, labelCount: labelCount, weights: weights,
        prior: prior, pool: ComputePool(threads: threads))
    }
    #expect(fits[0].iterations > 3 && fits[0].head.weight != prior.weight)
    #expect(fits.allSatisfy { $0 == fits[0] })
  }

  @Test("A multi-label prior is where the weights stay, and a label need not occur with one")
  func oneVsRestPrior() throws {
    let prior = try ClassificationHead(
      labels: 3, hidden: 2, weight: [1, 0, 0, 2, -1, 1], bias: [0, 0, 0],
      thresholds: [0.5, 0.5, 0.5])
    let x: [Float] = [1, 0, 0, 1]
    func fit(_ C: Double, _ prior: ClassificationHead?) throws -> ClassificationHead {
      try LogisticRegression(C: C, tolerance: 1e-9, maxIterations: 1000, interceptPenalty: 1)
        .fitOneVsRest(x, hidden: 2, likelihoods: [1, 0, 0, 1, 1, 0], labelCount: 3, prior: prior)
    }
    let weak = try fit(1e-9, prior)
    for (a, b) in zip(weak.weight + weak.bias, prior.weight + prior.bias) {
      #expect(abs(a - b) < 1e-5)
    }
    // Without one a label that all have, or none has, is a constant.
    let constant = try fit(1, nil)
    #expect(constant.weight[..<2] == [0, 0] && constant.weight[4...] == [0, 0])
    #expect(constant.probabilities([9, 9])[0] > 0.999_999)
    #expect(constant.probabilities([9, 9])[2] < 0.000_001)
    #expect(throws: HeadError.self) {
      try fit(1, ClassificationHead(labels: 3, hidden: 2, weight: prior.weight, bias: prior.bias))
    }
  }

  @Test("A text has each label whose probability reaches its threshold, and otherwise the best one")
  func chosen() throws {
    func head(_ thresholds: [Float]?) throws -> ClassificationHead {
      try ClassificationHead(
        labels: 3, hidden: 1, weight: [0, 1, -1], bias: [0, 0, 0], thresholds: thresholds)
    }
    let several = try head([0.25, 0.5, 1])
    #expect(several.chosen([0.25, 0.4, 0.9]) == [0])
    #expect(several.chosen([0.3, 0.5, 1]) == [0, 1, 2])
    #expect(several.chosen([0, 0, 0]) == [])
    let probabilities = several.probabilities([2])
    for (ours, score) in zip(probabilities, [0.0, 2, -2]) {
      #expect(abs(Double(ours) - 1 / (1 + exp(-score))) < 1e-6)
    }
    #expect(try head(nil).chosen([0.3, 0.35, 0.35]) == [1])
    for wrong in [[0.5, 0.5], [0.5, 0.5, 1.5], [0.5, 0.5, .nan]] as [[Float]] {
      #expect(throws: HeadError.self) { try head(wrong) }
    }
  }

  @Test(
    "A prior is where the weights stay without records, and fades as records come",
    arguments: [2, 3])
  func prior(labels: Int) throws {
    let hidden = 3
    let x: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    let likelihoods = (0..<3 * labels).map { Double($0 / labels % labels == $0 % labels ? 1 : 0) }
    let prior = try ClassificationHead(
      labels: labels, hidden: hidden,
      weight: (0..<labels * hidden).map { Float(($0 * 5) % 7) - 3 },
      bias: [Float](repeating: 0, count: labels))
    func fit(_ C: Double, weight: Double, prior: ClassificationHead?) throws -> ClassificationHead {
      try LogisticRegression(C: C, tolerance: 1e-9, maxIterations: 1000, interceptPenalty: 1).fit(
        x, hidden: hidden, likelihoods: likelihoods, labelCount: labels,
        weights: [Double](repeating: weight, count: 3), prior: prior
      ).head
    }
    // Nothing to learn from: as it was. Two labels are one row, so only their difference is kept.
    let weak = try fit(1e-9, weight: 1, prior: prior)
    for record in 0..<3 {
      let row = x[record * hidden..<(record + 1) * hidden]
      for (a, b) in zip(weak.probabilities(row), prior.probabilities(row)) {
        #expect(abs(a - b) < 1e-5)
      }
    }
    // Much to learn from: as without.
    let (strong, without) = (
      try fit(1e4, weight: 1, prior: prior), try fit(1e4, weight: 1, prior: nil)
    )
    for record in 0..<3 {
      let row = x[record * hidden..<(record + 1) * hidden]
      for (a, b) in zip(strong.probabilities(row), without.probabilities(row)) {
        #expect(abs(a - b) < 2e-2)
      }
    }
    // The prior's own zero changes nothing.
    let zero = try ClassificationHead(
      labels: labels, hidden: hidden, weight: [Float](repeating: 0, count: labels * hidden),
      bias: [Float](repeating: 0, count: labels))
    let (a, b) = (try fit(1, weight: 1, prior: zero), try fit(1, weight: 1, prior: nil))
    for (a, b) in zip(a.weight + a.bias, b.weight + b.bias) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("A penalised intercept equals a constant feature")
  func interceptPenalty() throws {
    let x: [Float] = [1, 2, 0, 1, 2, 2, -1, 0, 1, -1]
    let labels = [0, 1, 2, 0, 0]
    var model = LogisticRegression(C: 2, tolerance: 1e-10, maxIterations: 1000)
    model.interceptPenalty = 4
    let penalised = try model.fit(x, hidden: 2, labels: labels, labelCount: 3).head
    // The feature is 1/√4, and the intercept left to itself is forced to nought.
    let wide = (0..<5).flatMap { [x[2 * $0], x[2 * $0 + 1], 0.5] as [Float] }
    model.interceptPenalty = 1e9
    let feature = try model.fit(wide, hidden: 3, labels: labels, labelCount: 3).head
    for label in 0..<3 {
      for i in 0..<2 {
        #expect(abs(penalised.weight[label * 2 + i] - feature.weight[label * 3 + i]) < 1e-3)
      }
      #expect(abs(penalised.bias[label] - 0.5 * feature.weight[label * 3 + 2]) < 1e-3)
    }
  }

  @Test("Uncertain labels' loss is that of the probabilities summed over them", arguments: [2, 3])
  func uncertainLabels(labels: Int) throws {
    let hidden = 4
    let x = (0..<7 * hidden).map { Float(($0 * 37) % 11) / 11 }
    var likelihoods = (0..<7).flatMap { record in
      (0..<labels).map { $0 == record % labels ? 1.0 : 0 }
    }
    for (i, value) in [0.6, 0.1, 0.3][..<labels].enumerated() { likelihoods[i] = value }
    for i in 0..<labels { likelihoods[6 * labels + i] = 0.25 }
    let C = 10.0
    let fit = try LogisticRegression(C: C, tolerance: 1e-9, maxIterations: 1000).fit(
      x, hidden: hidden, likelihoods: likelihoods, labelCount: labels)
    func loss(_ weight: [Double], _ bias: [Double]) -> Double {
      var sum = 0.0
      for record in 0..<7 {
        let scores = (0..<labels).map { label in
          (0..<hidden).reduce(bias[label]) {
            $0 + weight[label * hidden + $1] * Double(x[record * hidden + $1])
          }
        }
        let all = scores.reduce(0) { $0 + exp($1) }
        let known = (0..<labels).reduce(0) {
          $0 + likelihoods[record * labels + $1] * exp(scores[$1])
        }
        sum -= log(known / all)
      }
      // Two labels are one row, twice either of the two.
      let square = weight.reduce(0) { $0 + $1 * $1 } * (labels == 2 ? 2 : 1)
      return sum / 7 + square / (2 * C * 7)
    }
    let (weight, bias) = (fit.head.weight.map(Double.init), fit.head.bias.map(Double.init))
    let least = loss(weight, bias)
    #expect(abs(least - fit.loss) < 1e-5)
    // A minimum: whichever way one goes, it is up.
    for i in weight.indices {
      for step in [-0.05, 0.05] {
        var moved = weight
        moved[i] += step
        #expect(loss(moved, bias) > least)
      }
    }
    // A record of which nothing is known says nothing.
    let without = try LogisticRegression(C: C, tolerance: 1e-9, maxIterations: 1000).fit(
      Array(x[..<(6 * hidden)]), hidden: hidden,
      likelihoods: Array(likelihoods[..<(6 * labels)]), labelCount: labels)
    for (a, b) in zip(without.head.weight, fit.head.weight) { #expect(abs(a - b) < 1e-4) }
    #expect(throws: HeadError.self) {
      try LogisticRegression().fit(
        [1, 2], hidden: 1, likelihoods: [0, 0, 1, 0], labelCount: 2)
    }
  }

  @Test("A weight of two is the record twice")
  func weights() throws {
    let x: [Float] = [0.1, 0.9, 0.8, -0.3, -0.5, 0.4]
    let regression = LogisticRegression(tolerance: 1e-9)
    let weighted = try regression.fit(
      x, hidden: 2, labels: [0, 1, 2], labelCount: 3, weights: [1, 2, 1])
    let repeated = try regression.fit(
      x + x[2..<4], hidden: 2, labels: [0, 1, 2, 1], labelCount: 3)
    for (a, b) in zip(weighted.head.weight, repeated.head.weight) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("The minimum is where the finite-difference slope is zero")
  func stationary() throws {
    // Rosenbrock's valley, whose minimum is at (1, 1).
    let minimum = try LBFGS(gradientTolerance: 1e-8, maxIterations: 200)
      .minimise(from: [-1.2, 1]) { p, g in
        g[0] = -400 * p[0] * (p[1] - p[0] * p[0]) - 2 * (1 - p[0])
        g[1] = 200 * (p[1] - p[0] * p[0])
        let (a, b) = (1 - p[0], p[1] - p[0] * p[0])
        return a * a + 100 * b * b
      }
    #expect(minimum.converged)
    #expect(abs(minimum.point[0] - 1) < 1e-6 && abs(minimum.point[1] - 1) < 1e-6)
    #expect(minimum.iterations < 60)
  }

  @Test("A head written to a folder is read back bit for bit")
  func roundTrip() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "lauter-head-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let head = try ClassificationHead(
      labels: 2, hidden: 3, weight: [1, -2.5, .leastNonzeroMagnitude, 0.1, -0, 3], bias: [0.5, -1])
    try head.write(to: folder)
    #expect(try ClassificationHead(directory: folder) == head)
    let several = try ClassificationHead(
      labels: 2, hidden: 1, weight: [1, 2], bias: [3, 4], thresholds: [0.1, 0.25])
    try several.write(to: folder)
    #expect(try ClassificationHead(directory: folder) == several)
  }

  @Test("A folder without a head names the file that is missing")
  func missing() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lauter-no-such-folder")
    let error = #expect(throws: (any Error).self) { try ClassificationHead(directory: folder) }
    #expect("\(try #require(error))".contains("head.safetensors"))
  }

  @Test(
    "Probabilities do not depend on how the embedding is stored, and large scores do not overflow")
  func probabilities() throws {
    let weight: [Float] = (0..<30).map { Float($0 % 7) - 3 }
    let head = try ClassificationHead(labels: 3, hidden: 10, weight: weight, bias: [0, 0, 1])
    let embedding: [Float] = (0..<10).map { Float($0) * 300 }
    let fromArray = head.probabilities(embedding)
    #expect(fromArray == head.probabilities(([7] + embedding).dropFirst()))
    #expect(fromArray == head.probabilities(AnyCollection(embedding)))
    #expect(fromArray.allSatisfy { $0.isFinite })
    #expect(abs(fromArray.reduce(0, +) - 1) < 1e-6)
  }

  @Test("What cannot be fitted is refused with a sentence")
  func refusals() throws {
    func reason(_ x: [Float], _ labels: [Int], C: Double = 1) -> String {
      do {
        _ = try LogisticRegression(C: C).fit(x, hidden: 1, labels: labels, labelCount: 2)
        return ""
      } catch { return "\(error)" }
    }
    #expect(reason([1, 2], [0, 0]) == "no record has the label 1")
    #expect(reason([1, 2], [0, 2]) == "record 1 has the label 2 of only 2")
    #expect(reason([1, .nan], [0, 1]).contains("not a finite number"))
    #expect(reason([1, 2, 3], [0, 1]).contains("do not fit"))
    #expect(reason([1, 2], [0, 1], C: 0).contains("C is a positive number"))
    #expect(reason([1, 2], [0, 1]) == "")
  }
}

/// What scikit-learn made of fixed data.
struct Golden: Decodable, Sendable {
  let cases: [Case]
  /// Of records with several labels: the last label is every record's, the one before nobody's.
  let several: [Several]

  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let hidden, labels: Int
    let C: Double
    let x: [Float]
    let y: [Int]
    let weights: [Double]?
    let balanced: Bool
    let coefficients, intercepts: [Double]
    let iterations: Int
    let probabilities: [Double]
    var testDescription: String { name }
  }

  struct Several: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let hidden, labels: Int
    let C: Double
    let x: [Float]
    /// [records][labels], 0 or 1.
    let y: [[Int]]
    /// Of all labels but the last two.
    let coefficients, intercepts: [Double]
    /// Of the first three records.
    let probabilities: [Double]
    var testDescription: String { name }
  }

  static let all = try! JSONDecoder().decode(Golden.self, from: Data(headGolden.utf8))
}
