import Foundation
import Schema
import Testing
import TrainerServer
import Transformer

@Suite("Assessments")
struct AssessmentTests {
  @Test(
    "McNemar's exact test",
    arguments: [
      (10, 2, 158.0 / 4096), (2, 10, 158.0 / 4096), (5, 5, 1), (0, 0, 1), (1, 0, 1),
      (0, 6, 2.0 / 64),
      // By the normal approximation, which is good here: z = 199 / √3800.
      (2000, 1800, 0.001_245),
    ] as [(Int, Int, Double)])
  func mcNemar(first: Int, second: Int, expected: Double) {
    // Both are right on three records, and both wrong on two.
    let right =
      [Int](repeating: 1, count: first) + [Int](repeating: 0, count: second) + [1, 1, 1, 0, 0]
    let other =
      [Int](repeating: 0, count: first) + [Int](repeating: 1, count: second) + [1, 1, 1, 0, 0]
    let comparison = Significance.Comparison(
      actual: right.map { _ in 1 }, first: right, second: other)
    #expect(comparison.onlyFirst == first && comparison.onlySecond == second)
    #expect(comparison.bothRight == 3 && comparison.bothWrong == 2)
    #expect(abs(comparison.pValue - expected) < 1e-5 + expected / 100)
  }

  @Test("The bootstrap's interval holds the macro F1, narrows with records, and is the seed's")
  func bootstrap() throws {
    func evaluation(_ times: Int) -> Evaluation {
      Evaluation(
        labels: ["a", "b", "c"], confusion: [8, 1, 1, 2, 6, 2, 0, 3, 7].map { $0 * times })
    }
    let (few, many) = (evaluation(1), evaluation(20))
    let narrow = try Significance.macroF1Interval(many, seed: 1)
    let wide = try Significance.macroF1Interval(few, seed: 1)
    #expect(wide.contains(few.macroF1) && narrow.contains(many.macroF1))
    #expect(narrow.upperBound - narrow.lowerBound < (wide.upperBound - wide.lowerBound) / 3)
    #expect(wide.upperBound - wide.lowerBound > 0.15)
    #expect(try Significance.macroF1Interval(few, seed: 1) == wide)
    #expect(try Significance.macroF1Interval(few, seed: 2) != wide)
    // A label that a resample has no record of says nothing in it.
    let single = Evaluation(
      labels: (0..<10).map { "\($0)" }, actual: Array(0..<10), predicted: Array(0..<10))
    #expect(try Significance.macroF1Interval(single, seed: 1) == 1...1)
    let perfect = Evaluation(labels: ["a", "b"], confusion: [50, 0, 0, 50])
    #expect(try Significance.macroF1Interval(perfect, seed: 1) == 1...1)
    #expect(
      try Significance.macroF1Interval(Evaluation(labels: ["a"], confusion: [0]), seed: 1) == 0...1)
  }

  /// Labels drawn from the very probabilities, and those probabilities made three times as sure.
  private func overconfident(_ count: Int) -> (honest: [[Float]], sure: [[Float]], actual: [Int]) {
    var random = RandomSource(seed: 3, purpose: .folds)
    var (honest, sure, actual): ([[Float]], [[Float]], [Int]) = ([], [], [])
    func softmax(_ z: [Double]) -> [Float] {
      let e = z.map { exp($0) }
      return e.map { Float($0 / e.reduce(0, +)) }
    }
    for _ in 0..<count {
      let z = (0..<3).map { _ in Double.random(in: -1.5...1.5, using: &random) }
      honest.append(softmax(z))
      sure.append(softmax(z.map { 3 * $0 }))
      var left = Float.random(in: 0..<1, using: &random)
      actual.append(
        honest.last!.firstIndex {
          left -= $0
          return left < 0
        } ?? 2)
    }
    return (honest, sure, actual)
  }

  @Test("A temperature undoes overconfidence, and leaves honest probabilities alone")
  func temperature() {
    let (honest, sure, actual) = overconfident(4000)
    let temperature = Calibration.temperature(probabilities: sure, actual: actual)
    #expect(abs(temperature - 3) < 0.3)
    #expect(abs(Calibration.temperature(probabilities: honest, actual: actual) - 1) < 0.1)
    let before = Calibration(probabilities: sure, actual: actual)
    let after = Calibration(probabilities: honest, actual: actual, temperature: temperature)
    #expect(before.expectedError > 0.15 && after.expectedError < 0.04)
    #expect(after.logLoss < before.logLoss)
    // A few records that are all right prove nothing, and even 30 only so much.
    let certain = [[Float]](repeating: [0.7, 0.2, 0.1], count: 30)
    let zeros = [Int](repeating: 0, count: 30)
    #expect(
      Calibration.temperature(probabilities: Array(certain[..<19]), actual: Array(zeros[..<19]))
        == 1)
    let pulled = Calibration.temperature(probabilities: certain, actual: zeros)
    #expect(pulled < 1 && pulled > 0.2)
  }

  @Test("A temperature makes predictions as sure as others are", arguments: [0.2, 1, 3.5])
  func sureness(temperature: Double) {
    let (honest, _, _) = overconfident(300)
    let confidence = Calibration.confidence(honest.map { $0.divided(by: temperature) })
    let found = Calibration.temperature(probabilities: honest, confidence: confidence)
    #expect(abs(found / temperature - 1) < 1e-3)
  }

  @Test("The reliability curve counts every record once, the surest in the last bin")
  func reliability() throws {
    let calibration = Calibration(
      probabilities: [[1, 0], [0.55, 0.45], [0.45, 0.55], [0.05, 0.95]], actual: [0, 0, 0, 1])
    #expect(calibration.bins.map(\.records) == [2, 2])
    let (middle, top) = (calibration.bins[0], calibration.bins[1])
    #expect(middle.low == 0.5 && abs(middle.confidence - 0.55) < 1e-6 && middle.accuracy == 0.5)
    #expect(top.low == 0.9 && top.high == 1 && abs(top.confidence - 0.975) < 1e-6)
    #expect(abs(calibration.expectedError - (0.05 + 0.025) / 2) < 1e-6)
  }

  @Test(
    "Near-duplicates are found whatever their case, spacing and punctuation, and others are not")
  func nearDuplicates() throws {
    let long =
      "The fan died after two days, and nobody at the shop has answered any of my letters yet"
    let train = [
      "Works as described.", long, "Nothing to complain about so far", "ok",
      "Großes Kino, sehr leise",
    ]
    let test = [
      "works as described", "  WORKS — as   described!!", long.replacing("two", with: "three"),
      "Something else entirely", "OK!", "no", "grosses Kino", "",
    ]
    let found = try NearDuplicates.find(test, among: train)
    #expect(found.map(\.text) == [0, 1, 2, 4])
    #expect(found.map(\.other) == [0, 0, 1, 3])
    #expect(found[0].similarity == 1 && found[1].similarity == 1 && found[3].similarity == 1)
    #expect(found[2].similarity >= NearDuplicates.threshold && found[2].similarity < 1)
    let copies = try NearDuplicates.find(
      Array(repeating: long, count: 40), among: Array(repeating: long, count: 30))
    #expect(copies.map(\.text) == Array(0..<40) && copies.allSatisfy { $0.other == 0 })
    #expect(try NearDuplicates.find([], among: train).isEmpty)
    #expect(try NearDuplicates.find(test, among: []).isEmpty)
    // Texts without a letter or digit are what their signs are.
    let signs = try NearDuplicates.find(
      ["\u{1F600}", "!!!", "...", "\u{1F92C}"], among: ["\u{1F92C}", "!!!"])
    #expect(signs.map(\.text) == [1, 3] && signs.map(\.other) == [1, 0])
  }

  @Test("Every planted near-duplicate among thousands is found, and nothing else")
  func nearDuplicatesAmongMany() throws {
    var random = RandomSource(seed: 1, purpose: .shots)
    let words = (0..<400).map { "w\($0 * 7919 % 1009)x" }
    func text() -> [String] { (0..<30).map { _ in words[random.below(words.count)] } }
    let train = (0..<2000).map { _ in text() }
    var test = (0..<300).map { _ in text() }
    for i in 0..<40 {
      var copy = train[i * 37]
      copy[15] = "changed"
      test[i * 7] = copy
    }
    let found = try NearDuplicates.find(
      test.map { $0.joined(separator: " ") }, among: train.map { $0.joined(separator: " ") })
    #expect(found.map(\.text) == (0..<40).map { $0 * 7 })
    #expect(found.map(\.other) == (0..<40).map { $0 * 37 })
  }

  @Test("Slices go by metadata value; keys that tell records apart are left out")
  func slices() throws {
    let metadata: [[String: MetadataValue]] = (0..<60).map { i in
      [
        "id": .text("\(i)"), "product": .text(i % 3 == 0 ? "fan" : "case"),
        "stars": .number(Double(i % 5)),
        "verified": .flag(i < 10),
      ]
    }
    let assessment = try Assessment(
      labels: ["a", "b"], actual: (0..<60).map { $0 % 2 },
      predicted: (0..<60).map { $0 % 3 == 0 ? 0 : $0 % 2 }, metadata: metadata)
    #expect(
      assessment.slices.map { "\($0.key) \($0.value) \($0.evaluation.records)" } == [
        "product case 40", "product fan 20", "stars 0 12", "stars 1 12", "stars 2 12", "stars 3 12",
        "stars 4 12", "verified false 50", "verified true 10",
      ])
    #expect(assessment.slices[0].evaluation.accuracy == 1)
    #expect(assessment.slices[1].evaluation.accuracy == 0.5)
  }

  @Test("Folds are of like size, and each label is dealt evenly over them")
  func folds() {
    let labels = (0..<103).map { $0 % 10 == 0 ? 2 : $0 % 2 }
    let folds = CrossValidation.folds(labels, count: 5, seed: 1)
    #expect(CrossValidation.folds(labels, count: 5, seed: 1) == folds)
    #expect(CrossValidation.folds(labels, count: 5, seed: 2) != folds)
    func sizes(_ label: Int?) -> [Int] {
      (0..<5).map { fold in
        labels.indices.count { folds[$0] == fold && (label == nil || labels[$0] == label) }
      }
    }
    for label in [nil, 0, 1, 2] {
      let sizes = sizes(label)
      #expect(sizes.max()! - sizes.min()! <= 1)
    }
  }

  @Test("Labels without rhyme or reason can be learned by heart, but not predicted out of fold")
  func outOfFold() throws {
    var random = RandomSource(seed: 8, purpose: .shots)
    let width = 64
    let x = (0..<90 * width).map { _ in Float.random(in: -1...1, using: &random) }
    let labels = (0..<90).map { _ in random.below(3) }
    let evidence = EvidenceHead.Evidence(
      embeddings: x, width: width, labels: labels, isSuggested: labels.map { _ in false },
      suggestions: labels.map { _ in nil },
      anchors: (0..<3).flatMap { label in (0..<width).map { $0 == label ? Float(1) : 0 } })
    var head = EvidenceHead(regularisation: 100)
    head.anchorScale = 0
    let known = try head.fit(evidence).predictions(x)
    #expect(zip(known, labels).count { $0 == [$1] } > 85)
    let validation = try #require(try head.crossValidation(evidence, folds: 5, seed: 1))
    let right = zip(validation.probabilities, labels).count { $0.mostProbable == $1 }
    #expect(right < 50)
    // Each row is a distribution.
    #expect(validation.probabilities.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-5 })
  }

  @Test(
    "An answer outranks two suggestions of an agent that has not been wrong yet", arguments: [0, 1])
  func answersOutrank(answer: Int) throws {
    // Twelve answers the agent agrees with, in directions of their own, then one text three times.
    let width = 16
    func unit(_ i: Int) -> [Float] { (0..<width).map { $0 == i ? 1 : 0 } }
    let agreed = (0..<12).map { $0 % 2 }
    let evidence = EvidenceHead.Evidence(
      embeddings: agreed.indices.flatMap { unit(2 + $0) } + (0..<3).flatMap { _ in unit(14) },
      width: width, labels: (agreed + [answer, 1 - answer, 1 - answer]).map { [$0] },
      isSuggested: agreed.map { _ in false } + [false, true, true],
      suggestions: agreed.map { [$0] } + [nil, [1 - answer], [1 - answer]],
      anchors: unit(0) + unit(1))
    let head = try EvidenceHead().fit(evidence)
    #expect(head.probabilities(unit(14)[...])[answer] > 0.5)
    // Two suggestions are something all the same.
    let alone = try EvidenceHead().fit(evidence.at(Array(0..<13)))
    #expect(head.probabilities(unit(14)[...])[answer] < alone.probabilities(unit(14)[...])[answer])
  }

  @Test(
    "A learning curve's heads learn from so many records a label, out of fold, and more teach more")
  func learningCurve() throws {
    // One feature tells the labels apart where noise lets it.
    var random = RandomSource(seed: 8, purpose: .shots)
    let labels = (0..<60).map { $0 % 3 == 0 ? 0 : 1 }
    let x = labels.flatMap { label in
      [Float(label) * 2 - 1] + (0..<6).map { _ in Float.random(in: -2...2, using: &random) }
    }
    let folds = CrossValidation.folds(labels, count: 5, seed: 1)
    var seen: [Int: Int] = [:]
    let curve = try LearningCurve(
      x, width: 7, labels: labels, labelCount: 2, folds: 5, seed: 1
    ) { records in
      let shots = max(records.count { labels[$0] == 0 }, records.count { labels[$0] == 1 })
      seen[shots, default: 0] += 1
      #expect(Set(records.map { folds[$0] }).count <= 4)
      return try LogisticRegression(C: 1).fit(
        records.flatMap { x[$0 * 7..<($0 + 1) * 7] }, hidden: 7, labels: records.map { labels[$0] },
        labelCount: 2
      ).head
    }
    #expect(curve.points.map(\.shots) == [1, 2, 4, 8, 16, 32])
    #expect(seen == [1: 5, 2: 5, 4: 5, 8: 5, 16: 5, 32: 5])
    #expect(curve.points[0].accuracy < 0.85 && curve.points[5].accuracy > 0.9)
    #expect(
      curve.points.allSatisfy { $0.low <= $0.accuracy && $0.accuracy <= $0.high + 1e-12 })
  }
}
