import Foundation
import Schema
import Testing
import TrainerServer

@Suite("Head from evidence")
struct EvidenceHeadTests {
  /// Two-dimensional, so that what is right can be seen: label 0 lies to the right, 1 upwards, 2 to the
  /// left.
  static let anchors: [Float] = [1, 0, 0, 1, -1, 0]
  static let probes: [[Float]] = [[0.9, 0.1], [0.1, 0.9], [-0.9, 0.1]]

  func evidence(
    _ x: [[Float]] = [], _ labels: [Int] = [], suggested: [Bool]? = nil, said: [Int?]? = nil,
    others: [[Float]] = []
  ) -> EvidenceHead.Evidence {
    EvidenceHead.Evidence(
      embeddings: x.flatMap { $0 }, width: 2, labels: labels,
      isSuggested: suggested ?? labels.map { _ in false },
      suggestions: said ?? labels.map { _ in nil }, anchors: Self.anchors,
      others: others.flatMap { $0 })
  }

  @Test("Label names alone classify by direction, and one answer does not undo them")
  func namesAlone() throws {
    for known in [evidence(), evidence([[1, 0]], [0]), evidence([[0, -1]], [1])] {
      let head = try EvidenceHead().fit(known)
      #expect(head.predictions(Self.probes.flatMap { $0 }) == [[0], [1], [2]])
    }
  }

  @Test("Many answers outvote the names")
  func answersOutvote() throws {
    // People use label 0 for what lies to the left, and 2 for what lies to the right.
    let x = (0..<60).map { i -> [Float] in [[-1, 0], [0, 1], [1, 0]][i % 3] }
    let head = try EvidenceHead().fit(evidence(x, (0..<60).map { $0 % 3 }))
    #expect(head.predictions(Self.probes.flatMap { $0 }) == [[2], [1], [0]])
  }

  @Test("Where two answers differ in two ways, the way in which other texts differ counts")
  func otherTexts() throws {
    let answers: [[Float]] = [[0.5, -0.5], [-0.5, 0.5]]
    // Between the two: of the first by one coordinate, of the second by the other.
    let probe: [Float] = [0.5, 0.5]
    var head = EvidenceHead()
    head.usesAnchors = false
    for (x, y, expected) in [(1, 0.02, 0), (0.02, 1, 2)] as [(Float, Float, Int)] {
      let others = (0..<2_000).map { i -> [Float] in
        [i % 2 == 0 ? x : -x, i / 2 % 2 == 0 ? y : -y]
      }
      let known = evidence(answers + [[0, -9]], [0, 2, 1], others: others)
      let probabilities = try head.fit(known).probabilities(probe)
      #expect(probabilities[expected] > probabilities[2 - expected])
    }
  }

  @Test("Embeddings of any length give the same answer")
  func scale() throws {
    let x: [[Float]] = [[0.8, 0.6], [0.6, 0.8], [-0.6, 0.8]]
    let head = try EvidenceHead().fit(evidence(x, [0, 1, 2]))
    let larger = try EvidenceHead().fit(evidence(x.map { $0.map { 7 * $0 } }, [0, 1, 2]))
    for probe in Self.probes {
      let a = head.probabilities(probe)
      let b = larger.probabilities(probe.map { 7 * $0 })
      for (a, b) in zip(a, b) { #expect(abs(a - b) < 1e-3) }
    }
  }

  @Test("A head without answers is the same whatever they are")
  func withoutAnswers() throws {
    let x = (0..<60).map { i -> [Float] in [[1, 0.1], [0.1, 1], [-1, 0.1]][i % 3] }
    let suggested = x.indices.map { $0 >= 12 }
    func known(_ answer: (Int) -> Int) -> EvidenceHead.Evidence {
      let labels = x.indices.map { suggested[$0] ? $0 % 3 : answer($0) }
      return evidence(
        x, labels, suggested: suggested,
        said: labels.indices.map { suggested[$0] ? labels[$0] : nil })
    }
    let (one, other) = (known { $0 % 3 }, known { ($0 + 1) % 3 })
    #expect(try EvidenceHead().withoutAnswers.fit(one) == EvidenceHead().withoutAnswers.fit(other))
    #expect(try EvidenceHead().fit(one) != EvidenceHead().fit(other))
  }

  @Test("An agent is as reliable as was found before a body followed it")
  func keptBeliefs() throws {
    // Now every text lies where the agent says.
    let x = (0..<60).map { i -> [Float] in [[1, 0], [0, 1], [-1, 0]][i % 3] }
    var known = evidence(
      x, (0..<60).map { $0 % 3 }, suggested: x.map { _ in true }, said: (0..<60).map { $0 % 3 })
    known.beliefs = try EvidenceHead().beliefs(in: known)
    #expect(known.reliability.accuracy > 0.9)
    let trusting = try EvidenceHead().fit(known).probabilities(Self.probes[0])
    // Before, every second text lay elsewhere.
    known.beliefs = (0..<60).map { $0 % 2 == 0 ? 0.98 : 0.01 }
    #expect(abs(known.reliability.accuracy - 0.5) < 0.1)
    #expect(try EvidenceHead().fit(known).probabilities(Self.probes[0])[0] < trusting[0])
  }

  @Test("Reliability shrinks: little evidence moves it little, much moves it to what was seen")
  func reliability() {
    let none = Reliability(labels: 3, answered: [])
    #expect(abs(none.accuracy - 0.7) < 1e-8)
    #expect(zip(none[1], [0.15, 0.7, 0.15]).allSatisfy { abs($0 - $1) < 1e-8 })

    let few = Reliability(labels: 3, answered: [(0, 1), (0, 1)])
    #expect(few.accuracy < none.accuracy && few[0].max() == few[0].first)

    // Says 0 for everything that is 1, and is right otherwise.
    let seen = (0..<1000).map { i in (suggested: i % 2 == 0 ? 0 : 2, actual: i % 2 == 0 ? 1 : 2) }
    let much = Reliability(labels: 3, answered: seen)
    #expect(abs(much.accuracy - 514.0 / 1020) < 1e-8)
    #expect(Array(much[0])[1] > 0.9 && Array(much[2])[2] > 0.9)
    for suggested in 0..<3 { #expect(abs(much[suggested].reduce(0, +) - 1) < 1e-8) }

    // Bayes' rule: 0 is suggested half as often as 2, and 1 never.
    let likelihoods = none.likelihoods(suggested: [10, 0, 20])
    #expect(abs(likelihoods[0] - 0.7 * 10 / (0.7 * 10 + 0.15 * 20)) < 1e-8)
    #expect(abs(likelihoods[6] - 0.15 * 20 / (0.7 * 10 + 0.15 * 20)) < 1e-8)
    #expect(likelihoods[3...5].allSatisfy { $0 == 0 } && abs(likelihoods[1] - 1.0 / 3) < 1e-8)
  }

  @Test(
    "What a head believes of the suggestions says how often they are right, where a few answers mislead"
  )
  func beliefs() {
    var random = RandomSource(seed: 1, purpose: .shots)
    func unit() -> Double { Double(random.below(1 << 30)) / Double(1 << 30) }
    let labels = 3
    // The answers happen to say 11 of 12.
    let answered = (0..<12).map { (suggested: 0, actual: $0 == 0 ? 1 : 0) }
    for right in [0.45, 0.6, 0.75, 0.9] {
      // A head that is right as often as it says, two times in three on the mean.
      let beliefs = (0..<2_000).map { _ -> Double in
        let sure = 1.0 / 3 + 2.0 / 3 * unit()
        let guesses = [sure, (1 - sure) / 2, (1 - sure) / 2]
        let draw = unit()
        let truth = draw < sure ? 0 : draw < sure + guesses[1] ? 1 : 2
        return unit() < right ? guesses[truth] : guesses[(truth + 1 + random.below(2)) % 3]
      }
      let reliability = Reliability(labels: labels, answered: answered, beliefs: beliefs)
      #expect(abs(reliability.accuracy - right) < 0.05, "\(reliability.accuracy) for \(right)")
    }
    // One that knows nothing says nothing.
    let ignorant = Reliability(
      labels: labels, answered: answered, beliefs: [Double](repeating: 1.0 / 3, count: 1_000))
    #expect(
      abs(ignorant.accuracy - Reliability(labels: labels, answered: answered).accuracy) < 1e-6)
  }

  @Test("A suggestion of two labels says nothing when it is right in half, of more it does")
  func bits() {
    func agent(_ labels: Int, right: Int, wrong: Int) -> Reliability {
      Reliability(
        labels: labels,
        answered: (0..<right).map { _ in (0, 0) } + (0..<wrong).map { _ in (0, 1) })
    }
    // With the prior's 14 and 6.
    #expect(abs(agent(2, right: 6, wrong: 14).bits) < 1e-9)
    #expect(abs(agent(2, right: 1, wrong: 0).bits - (1 - entropy(15.0 / 21))) < 1e-6)
    #expect(abs(agent(3, right: 6, wrong: 14).bits - (log2(3) - 1.5)) < 1e-6)
  }

  private func entropy(_ p: Double) -> Double { -p * log2(p) - (1 - p) * log2(1 - p) }

  @Test("Suggestions that proved wrong in a regular way are read for what they mean")
  func confusedAgent() throws {
    // The agent says 0 where the truth is 1 and 1 where it is 0; people's answers show it.
    let places: [[Float]] = [[0.7, 0.7], [0.5, -0.8], [-1, 0]]
    var (x, labels, suggested, said): ([[Float]], [Int], [Bool], [Int?]) = ([], [], [], [])
    for i in 0..<600 {
      let truth = i % 3
      let word = [1, 0, 2][truth]
      x.append(places[truth])
      suggested.append(i >= 300)
      labels.append(i >= 300 ? word : truth)
      said.append(word)
    }
    let head = try EvidenceHead().fit(evidence(x, labels, suggested: suggested, said: said))
    #expect(head.predictions(places.flatMap { $0 }) == [[0], [1], [2]])
  }

  @Test("Anchors carry names and descriptions, and their vectors are unit means")
  func labelAnchors() {
    let anchors = LabelAnchors([
      Label(name: "card_lost"), Label(name: "b", description: "what b means"),
    ])
    #expect(anchors.sentences[0].allSatisfy { $0.contains("card lost") })
    #expect(anchors.sentences.map(\.count) == [4, 6])
    #expect(anchors.sentences[1].contains("b: what b means"))
    let embeddings: [Float] =
      [3, 0, 0, 5, 3, 0, 0, 5] + (0..<6).flatMap { _ in [0, -2] as [Float] }
    let vectors = anchors.vectors(embeddings, width: 2)
    let diagonal = Float(0.5).squareRoot()
    for (a, b) in zip(vectors, [diagonal, diagonal, 0, -1]) { #expect(abs(a - b) < 1e-6) }
  }
}
