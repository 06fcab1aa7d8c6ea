import Testing
import TrainerServer

@Suite("Contrastive pairs")
struct ContrastivePairsTests {
  /// setfit 1.2 with its defaults: pairs per epoch, and steps at 16 pairs each, measured there.
  @Test(
    "An epoch has as many pairs and steps as SetFit's",
    arguments: [
      (1, 2, 4, 1), (1, 3, 6, 1), (1, 6, 30, 2), (2, 2, 12, 1), (2, 3, 24, 2), (2, 6, 120, 8),
      (4, 3, 96, 6), (6, 3, 216, 14), (8, 2, 144, 9), (8, 3, 384, 24), (8, 6, 1920, 120),
      (16, 3, 1536, 96), (32, 3, 6144, 384), (64, 2, 8320, 520), (64, 6, 122_880, 7680),
    ])
  func counts(k: Int, labels: Int, pairs: Int, steps: Int) {
    let training = BodyTraining(recipe: Recipe(.setfit), labels: balanced(k, labels))
    #expect(training.pairs?.count == pairs)
    #expect(training.steps == steps)
  }

  @Test("The code's count of unbalanced labels, not the documentation's")
  func unbalanced() {
    let labels = [8, 4, 8].enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
    let pairs = ContrastivePairs(labels: labels, seed: 1)
    #expect(pairs.positives == 82)
    #expect(pairs.negatives == 128)
    #expect(pairs.count == 256)
    #expect(ContrastivePairs(labels: labels, strategy: .undersampling, seed: 1).count == 164)
    #expect(ContrastivePairs(labels: labels, strategy: .unique, seed: 1).count == 210)
    #expect(ContrastivePairs(labels: labels, iterations: 5, seed: 1).count == 2 * 5 * 20)
  }

  @Test("'unique' is every pair i <= j once, with the right target")
  func unique() {
    let labels = [2, 0, 1, 0, 2, 2, 1]
    let pairs = Array(ContrastivePairs(labels: labels, strategy: .unique, seed: 3).epoch(0))
    var expected = Set<ContrastivePair>()
    for i in labels.indices {
      for j in i..<labels.count {
        expected.insert(
          ContrastivePair(first: i, second: j, sameLabel: labels[i] == labels[j]))
      }
    }
    #expect(pairs.count == expected.count)
    #expect(Set(pairs) == expected)
  }

  @Test("With several labels a record, those that share one are positive, and nothing shares none")
  func severalLabels() {
    let labels = [[0, 1], [], [2], [1, 2], [0], [], [1, 2], [0, 1], [3], [0, 3]]
    let all = ContrastivePairs(labels: labels, strategy: .unique, seed: 3)
    var expected = Set<ContrastivePair>()
    for i in labels.indices {
      for j in i..<labels.count {
        expected.insert(
          ContrastivePair(
            first: i, second: j, sameLabel: !Set(labels[i]).isDisjoint(with: labels[j])))
      }
    }
    let pairs = Array(all.epoch(0))
    #expect(pairs.count == expected.count && Set(pairs) == expected)
    #expect(all.positives == expected.count { $0.sameLabel })
    #expect(all.negatives == expected.count { !$0.sameLabel })
  }

  @Test(
    "The rarer kind is repeated evenly", arguments: ContrastivePairs.SamplingStrategy.allCases)
  func even(strategy: ContrastivePairs.SamplingStrategy) {
    let labels = balanced(5, 4)
    let pairs = ContrastivePairs(labels: labels, strategy: strategy, seed: 9)
    var seen: [ContrastivePair: Int] = [:]
    for pair in pairs.epoch(2) { seen[pair, default: 0] += 1 }
    let positive = seen.filter(\.key.sameLabel)
    let negative = seen.filter { !$0.key.sameLabel }
    #expect(positive.values.reduce(0, +) == pairs.positivesPerEpoch)
    #expect(negative.values.reduce(0, +) == pairs.negativesPerEpoch)
    #expect(positive.values.max()! - positive.values.min()! <= 1)
    #expect(negative.values.max()! - negative.values.min()! <= 1)
    #expect(positive.count == min(pairs.positives, pairs.positivesPerEpoch))
    #expect(positive.count == pairs.positives)
  }

  @Test("The seed decides the order, and each epoch has its own")
  func order() {
    let labels = balanced(6, 3)
    func pairs(_ seed: UInt64, _ epoch: Int) -> [ContrastivePair] {
      Array(ContrastivePairs(labels: labels, seed: seed).epoch(epoch))
    }
    #expect(pairs(1, 0) == pairs(1, 0))
    #expect(pairs(1, 0) != pairs(2, 0))
    #expect(pairs(1, 0) != pairs(1, 1))
    #expect(Set(pairs(1, 0)) == Set(pairs(1, 1)))
  }

  @Test("A limit keeps a random part of each kind")
  func limit() {
    let labels = balanced(16, 3)
    let pairs = ContrastivePairs(labels: labels, limit: 24, seed: 4)
    let epoch = Array(pairs.epoch(0))
    #expect(epoch.count == 48)
    #expect(epoch.count { $0.sameLabel } == 24)
    #expect(Set(epoch).count == 48)
    #expect(Set(epoch.flatMap { [$0.first, $0.second] }).count > 30)
    let other = ContrastivePairs(labels: labels, limit: 24, seed: 5)
    #expect(Set(other.epoch(0)) != Set(epoch))
  }

  @Test("Positions spread evenly over an epoch")
  func uniform() {
    // Where the first record's identity pair comes, over many seeds: a fair shuffle puts it in each
    // third equally often (binomial, n = 900, p = 1/3: five standard deviations are 71).
    let labels = balanced(3, 2)
    var thirds = [0, 0, 0]
    for seed in 0..<900 {
      let epoch = Array(
        ContrastivePairs(labels: labels, strategy: .unique, seed: UInt64(seed)).epoch(0))
      let at = epoch.firstIndex { $0.first == 0 && $0.second == 0 }!
      thirds[at * 3 / epoch.count] += 1
    }
    for third in thirds { #expect(abs(third - 300) < 71) }
  }

  @Test("A hundred thousand records cost memory for their number, not for their pairs")
  func large() {
    let labels = (0..<100_000).map { $0 % 3 }
    let pairs = ContrastivePairs(labels: labels, strategy: .unique, seed: 1)
    #expect(pairs.positives + pairs.negatives == 100_000 * 100_001 / 2)
    for pair in pairs.epoch(0).prefix(1000) {
      #expect(pair.first <= pair.second && pair.second < labels.count)
      #expect(pair.sameLabel == (labels[pair.first] == labels[pair.second]))
    }
  }

  @Test("A permutation holds every number once", arguments: [1, 2, 3, 4, 5, 6, 16, 17, 100, 1025])
  func permutation(count: Int) {
    var random = RandomSource(seed: 7, purpose: .pairOrder)
    let permutation = Permutation(count: count, random: &random)
    #expect(Set((0..<count).map { permutation[$0] }) == Set(0..<count))
  }
}

/// `k` of each of `labels` labels, interleaved.
func balanced(_ k: Int, _ labels: Int) -> [Int] { (0..<k * labels).map { $0 % labels } }
