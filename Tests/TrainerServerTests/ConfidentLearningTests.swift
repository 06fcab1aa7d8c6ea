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

  @Test("Planted label errors are found, with what the label should be, and no others")
  func finds() {
    let wrong: Set = [3, 17, 40, 41, 77, 100]
    let (labels, probabilities) = planted(120, wrong: wrong)
    let suspects = ConfidentLearning.suspects(labels: labels, probabilities: probabilities)
    // How many there are is an estimate, from those the classifier is sure of.
    #expect(Set(suspects.map(\.record)).isSubset(of: wrong) && suspects.count >= 5)
    for suspect in suspects {
      #expect(suspect.label == suspect.record % 3)
      #expect(suspect.score > 0.5 && suspect.score <= 1)
    }
    #expect(suspects.map(\.score) == suspects.map(\.score).sorted(by: >))
    let clean = planted(120, wrong: [])
    #expect(
      ConfidentLearning.suspects(labels: clean.labels, probabilities: clean.probabilities).isEmpty)
    #expect(ConfidentLearning.suspects(labels: [], probabilities: []).isEmpty)
  }

  @Test("A classifier that always leans to one label does not accuse all others")
  func leaning() {
    // Label 0 gets 0.5 everywhere; records of label 1 are told apart by the rest alone.
    let probabilities: [[Float]] = (0..<60).map { $0 % 2 == 0 ? [0.8, 0.2] : [0.52, 0.48] }
    let labels = (0..<60).map { $0 % 2 }
    // By most probable label half of the records would be wrong.
    #expect(ConfidentLearning.suspects(labels: labels, probabilities: probabilities).isEmpty)
  }

  @Test("A label that no record carries accuses nobody")
  func unusedLabel() {
    let probabilities: [[Float]] = [[0.3, 0.2, 0.5], [0.2, 0.3, 0.5], [0.6, 0.2, 0.2]]
    let suspects = ConfidentLearning.suspects(labels: [0, 1, 0], probabilities: probabilities)
    #expect(suspects.allSatisfy { $0.label != 2 })
  }

  @Test("Disagreements are those records where another label is most probable, the surest first")
  func disagreements() {
    let probabilities: [[Float]] = [[0.9, 0.1], [0.4, 0.6], [0.05, 0.95], [0.5, 0.5]]
    let found = ConfidentLearning.disagreements(labels: [0, 0, 0, 0], probabilities: probabilities)
    #expect(found.map(\.record) == [2, 1] && found.map(\.label) == [1, 1])
    #expect(abs(found[0].score - 0.95) < 1e-6 && abs(found[1].score - 0.6) < 1e-6)
  }
}
