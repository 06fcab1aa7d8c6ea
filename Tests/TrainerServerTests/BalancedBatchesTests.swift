import Testing
import TrainerServer

@Suite("Balanced batches")
struct BalancedBatchesTests {
  private func batches(_ labels: [Int], size: Int = 16, seed: UInt64 = 1) -> BalancedBatches {
    BalancedBatches(labels: labels.map { [$0] }, size: size, seed: seed)
  }
  private func counts(_ batch: [Int], _ labels: [Int]) -> [Int: Int] {
    batch.reduce(into: [:]) { $0[labels[$1], default: 0] += 1 }
  }

  @Test("A batch has as many texts of one label as of another, and each text once")
  func balance() {
    for labels in [balanced(8, 3), balanced(40, 2), balanced(5, 6)] {
      for batch in batches(labels).prefix(20) {
        let counts = counts(batch, labels)
        #expect(batch.count == 16 && Set(batch).count == 16)
        #expect(counts.count == Set(labels).count)
        #expect(counts.values.max()! - counts.values.min()! <= 1)
      }
    }
  }

  @Test("A label's records come all in turn")
  func turns() {
    // Two batches take each of the 32 once.
    let labels = balanced(16, 2)
    var source = batches(labels)
    for _ in 0..<5 {
      #expect(Set(source.next()! + source.next()!) == Set(labels.indices))
    }
  }

  @Test("With more labels than a batch holds, labels come in turn, two texts of each")
  func manyLabels() {
    let labels = balanced(8, 77)
    var seen: [Int: Int] = [:]
    for batch in batches(labels).prefix(77) {
      let counts = counts(batch, labels)
      #expect(counts.count == 8 && counts.values.allSatisfy { $0 == 2 })
      for label in counts.keys { seen[label, default: 0] += 1 }
    }
    #expect(seen.count == 77 && seen.values.allSatisfy { abs($0 - 8) <= 1 })
  }

  @Test("Few records are all in every batch, and a rare label's come more often than others'")
  func fewRecords() {
    let labels = [0, 1, 1, 1, 1, 1, 1, 1, 1]
    for batch in batches(labels).prefix(9) { #expect(batch.sorted() == Array(labels.indices)) }
    for batch in batches(labels, size: 4).prefix(9) {
      #expect(batch.contains(0) && batch.count == 4 && Set(batch).count == 4)
    }
    #expect(batches([0, 1], size: 1).prefix(3).allSatisfy { $0.count == 2 })
    #expect(batches([0, 0, 0], size: 2).prefix(3).allSatisfy { Set($0).count == 2 })
  }

  @Test("The same seed gives the same batches, another one others")
  func seeds() {
    let labels = balanced(16, 3)
    let first = Array(batches(labels).prefix(8))
    #expect(first == Array(batches(labels).prefix(8)))
    #expect(first != Array(batches(labels, seed: 2).prefix(8)))
  }

  @Test("A step learns from every pair of its texts, of both kinds")
  func pairs() throws {
    let labels = balanced(4, 2).map { [$0] }
    let recipe = Recipe(.lauter)
    var body = LinearBody(vocabulary: 60, dimensions: 4)
    let texts = corpus(k: 4).texts
    let training = BodyTraining(recipe: recipe, labels: labels)
    let records = [0, 1, 2, 3]
    let batch = BodyTraining.Batch(everyPairOf: records, labels: labels)
    #expect(batch.texts == records)
    let loss = try training.step(&body, batch, texts: texts, number: 0)
    body.restore()
    var pairs: [ContrastivePair] = []
    for second in records {
      for first in 0..<second {
        pairs.append(
          ContrastivePair(
            first: first, second: second, sameLabel: labels[first] == labels[second]))
      }
    }
    let written = try training.step(&body, BodyTraining.Batch(pairs), texts: texts, number: 0)
    #expect(abs(loss - written) < 1e-9)
  }
}
