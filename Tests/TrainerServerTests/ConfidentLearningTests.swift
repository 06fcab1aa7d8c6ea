import Testing
import TrainerServer

@Suite("Confident learning")
struct ConfidentLearningTests {
  /// Records of three labels, predicted rightly with 0.7; those at `wrong` carry the next label.
  func planted(_ count: Int, wrong: Set<Int>) -> (labels: [Int], probabilities: [[Float]]) {
    var random = RandomSource(seed: 6, purpose: .shots)
    let probabilities = (0..<count).map { record -> [Float] in
      let sure = Float.random(in: 0.55...0.85, using: &random)
      return (0..<3).map { $0 == record % 3 ? sure : (1 - sure) / 2 }
    }
    let labels = (0..<count).map { wrong.contains($0) ? ($0 + 1) % 3 : $0 % 3 }
    return (labels, probabilities)
  }

  private let wrong: Set = [3, 17, 40, 41, 77, 100]

  @Test("Planted label errors are found, with what the label should be, and no others")
  func finds() {
    let (labels, probabilities) = planted(120, wrong: wrong)
    let suspects = ConfidentLearning.suspects(labels: labels, probabilities: probabilities)
    // How many there are is an estimate.
    #expect(Set(suspects.map(\.record)).isSubset(of: wrong) && suspects.count >= 5)
    for suspect in suspects {
      #expect(suspect.labels == [suspect.record % 3])
      #expect(suspect.score > 0.5 && suspect.score <= 1)
    }
    #expect(suspects.map(\.score) == suspects.map(\.score).sorted(by: >))
    let clean = planted(120, wrong: [])
    #expect(
      ConfidentLearning.suspects(labels: clean.labels, probabilities: clean.probabilities).isEmpty)
    #expect(ConfidentLearning.suspects(labels: [Int](), probabilities: []).isEmpty)
  }

  @Test("A classifier that always leans to one label does not accuse all others")
  func leaning() {
    // Label 0 gets 0.5 everywhere; records of label 1 are told apart by the rest alone.
    let probabilities: [[Float]] = (0..<60).map { $0 % 2 == 0 ? [0.8, 0.2] : [0.52, 0.48] }
    let labels = (0..<60).map { $0 % 2 }
    // By most probable label half of the records would be wrong; by what is believed beforehand, six.
    let suspects = ConfidentLearning.suspects(labels: labels, probabilities: probabilities)
    #expect(suspects.count <= 6)
  }

  @Test("A classifier that is often wrong, and knows it, accuses few")
  func unsure() {
    // Right in half of the cases, and as sure as that.
    let probabilities: [[Float]] = (0..<120).map { record in
      (0..<3).map { $0 == record % 3 ? 0.5 : 0.25 }
    }
    let labels = (0..<120).map { ($0 / 3) % 2 == 0 ? $0 % 3 : ($0 + 1 + $0 / 6 % 2) % 3 }
    let suspects = ConfidentLearning.suspects(labels: labels, probabilities: probabilities)
    // It contradicts 60. Its probabilities tell nobody apart, which leaves what is believed beforehand.
    #expect(suspects.count <= 12)
    // The same where a record may have several labels: as many answers, not as many of every label.
    let several = ConfidentLearning.suspects(
      labels: labels.map { [$0] }, probabilities: probabilities)
    #expect(several.count <= 12)
  }

  @Test("Where a record may have several labels, a label too many and one too few are both found")
  func severalLabels() {
    // Labels 0 and 1 by the record's number, each by itself; what is planted is the opposite for one of them.
    let probabilities: [[Float]] = (0..<120).map {
      [$0 % 2 == 0 ? 0.9 : 0.1, $0 % 3 == 0 ? 0.85 : 0.05]
    }
    let right = (0..<120).map { record in
      (record % 2 == 0 ? [0] : []) + (record % 3 == 0 ? [1] : [])
    }
    var labels = right
    for record in wrong {
      labels[record] =
        right[record].contains(0) ? right[record].filter { $0 != 0 } : [0] + right[record]
    }
    let suspects = ConfidentLearning.suspects(labels: labels, probabilities: probabilities)
    #expect(Set(suspects.map(\.record)).isSubset(of: wrong) && suspects.count >= 5)
    #expect(suspects.allSatisfy { $0.labels == right[$0.record] && $0.score > 0.5 })
    #expect(ConfidentLearning.suspects(labels: right, probabilities: probabilities).isEmpty)
  }

  @Test("Disagreements are those records where another label is most probable, the surest first")
  func disagreements() {
    let probabilities: [[Float]] = [[0.9, 0.1], [0.4, 0.6], [0.05, 0.95], [0.5, 0.5]]
    let found = ConfidentLearning.disagreements(labels: [0, 0, 0, 0], probabilities: probabilities)
    #expect(found.map(\.record) == [2, 1] && found.map(\.labels) == [[1], [1]])
    #expect(abs(found[0].score - 0.95) < 1e-6 && abs(found[1].score - 0.6) < 1e-6)
  }

  @Test("With several labels, disagreements are those whose labels differ at the thresholds")
  func disagreementsOfSeveral() {
    let found = ConfidentLearning.disagreements(
      labels: [[0], [0, 1], [], [1]],
      probabilities: [[0.9, 0.1], [0.8, 0.05], [0.3, 0.6], [0.1, 0.9]], thresholds: [0.25, 0.5])
    #expect(found.map(\.record) == [1, 2] && found.map(\.labels) == [[0], [0, 1]])
    #expect(abs(found[0].score - 0.95) < 1e-6 && abs(found[1].score - 0.6) < 1e-6)
  }
}
