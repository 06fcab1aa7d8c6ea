/// Two of the training records, and whether they have the same label.
package struct ContrastivePair: Sendable, Hashable {
  /// Positions in the training set; equal in an identity pair.
  package let first: Int
  package let second: Int
  package let sameLabel: Bool

  package init(first: Int, second: Int, sameLabel: Bool) {
    self.first = first
    self.second = second
    self.sameLabel = sameLabel
  }

  /// What the cosine of the two embeddings should be.
  package var target: Float { sameLabel ? 1 : 0 }
}

/// SetFit's contrastive pairs (setfit 1.2, `sampler.py`): of all pairs i ≤ j of the n records,
/// identity pairs included unless told otherwise, those with equal labels are positive and the rest
/// negative.
///
/// Where SetFit writes all n(n+1)/2 of them down, these are computed on demand: memory grows with n,
/// and any number of pairs can be taken.
package struct ContrastivePairs: Sendable {
  package enum SamplingStrategy: String, Sendable, Hashable, CaseIterable {
    /// As many of each as there are of the more frequent kind; the rarer kind is repeated.
    case oversampling
    /// As many of each as there are of the rarer kind.
    case undersampling
    /// Every pair once.
    case unique
  }

  /// How many distinct pairs there are.
  package let positives: Int
  package let negatives: Int
  /// How many positive and negative pairs an epoch has.
  package let positivesPerEpoch: Int
  package let negativesPerEpoch: Int
  package var count: Int { positivesPerEpoch + negativesPerEpoch }

  private let seed: UInt64
  private let identities: Bool
  /// Records, those of one label together.
  private let order: [Int]
  private let groups: [Group]
  private let positiveChoice: Permutation
  private let negativeChoice: Permutation
  /// Distinct pairs in use: all, or as many as the limit lets in.
  private let positivesInUse: Int
  private let negativesInUse: Int

  private struct Group {
    /// In `order`.
    var start, end: Int
    /// Pairs of the groups before this one.
    var positivesBefore, negativesBefore: Int
  }

  /// - Parameters:
  ///   - labels: each record's label.
  ///   - iterations: SetFit's `num_iterations`: so many positive and negative pairs per record,
  ///     whatever the strategy says.
  ///   - limit: at most so many pairs of each kind are used (SetFit's cap under `max_steps`).
  ///   - identities: whether a record makes a pair with itself, from which nothing can be learned.
  package init(
    labels: [Int], strategy: SamplingStrategy = .oversampling, iterations: Int? = nil,
    limit: Int? = nil, identities: Bool = true, seed: UInt64
  ) {
    self.seed = seed
    self.identities = identities
    order = labels.indices.sorted { (labels[$0], $0) < (labels[$1], $1) }
    var groups: [Group] = []
    var (start, positives, negatives) = (0, 0, 0)
    while start < order.count {
      let label = labels[order[start]]
      let end = order[start...].firstIndex { labels[$0] != label } ?? order.count
      groups.append(
        Group(start: start, end: end, positivesBefore: positives, negativesBefore: negatives))
      let size = end - start
      positives += identities ? size * (size + 1) / 2 : size * (size - 1) / 2
      negatives += size * (order.count - end)
      start = end
    }
    self.groups = groups
    self.positives = positives
    self.negatives = negatives
    positivesInUse = min(positives, limit ?? positives)
    negativesInUse = min(negatives, limit ?? negatives)

    if let iterations {
      positivesPerEpoch = positivesInUse == 0 ? 0 : iterations * labels.count
      negativesPerEpoch = negativesInUse == 0 ? 0 : iterations * labels.count
    } else {
      switch strategy {
      case .unique:
        positivesPerEpoch = positivesInUse
        negativesPerEpoch = negativesInUse
      case .undersampling:
        positivesPerEpoch = min(positivesInUse, negativesInUse)
        negativesPerEpoch = positivesPerEpoch
      case .oversampling:
        let most = max(positivesInUse, negativesInUse)
        positivesPerEpoch = positivesInUse == 0 ? 0 : most
        negativesPerEpoch = negativesInUse == 0 ? 0 : most
      }
    }
    var random = RandomSource(seed: seed, purpose: .pairChoice)
    positiveChoice = Permutation(count: positives, random: &random)
    negativeChoice = Permutation(count: negatives, random: &random)
  }

  /// The pairs of one epoch in that epoch's order, `count` of them.
  package func epoch(_ epoch: Int) -> some Sequence<ContrastivePair> {
    var random = RandomSource(seed: seed &+ UInt64(epoch), purpose: .pairOrder)
    let order = Permutation(count: count, random: &random)
    return (0..<count).lazy.map { pair(slot: order[$0]) }
  }

  /// Slots 0 ..< positivesPerEpoch are positive, the others negative.
  private func pair(slot: Int) -> ContrastivePair {
    if slot < positivesPerEpoch {
      return positive(positiveChoice[slot % positivesInUse])
    }
    return negative(negativeChoice[(slot - positivesPerEpoch) % negativesInUse])
  }

  /// The pair at a place in the enumeration group by group, (0,0) (0,1) (1,1) (0,2) …
  private func positive(_ rank: Int) -> ContrastivePair {
    let group = groups[lastGroup { $0.positivesBefore <= rank }]
    let local = rank - group.positivesBefore
    // The largest j with j(j+1)/2 <= local; the square root may be off by one for large numbers.
    var j = Int(((8 * Double(local) + 1).squareRoot() - 1) / 2)
    while j * (j + 1) / 2 > local { j -= 1 }
    while (j + 1) * (j + 2) / 2 <= local { j += 1 }
    let i = local - j * (j + 1) / 2
    return made(group.start + i, group.start + (identities ? j : j + 1), sameLabel: true)
  }

  /// A record of a group with each record of the groups after it.
  private func negative(_ rank: Int) -> ContrastivePair {
    let group = groups[lastGroup { $0.negativesBefore <= rank }]
    let local = rank - group.negativesBefore
    let others = order.count - group.end
    return made(group.start + local / others, group.end + local % others, sameLabel: false)
  }

  private func made(_ a: Int, _ b: Int, sameLabel: Bool) -> ContrastivePair {
    let (a, b) = (order[a], order[b])
    return ContrastivePair(first: min(a, b), second: max(a, b), sameLabel: sameLabel)
  }

  /// The last group that satisfies a predicate true up to some group (and of the first).
  private func lastGroup(_ isBefore: (Group) -> Bool) -> Int {
    var (low, high) = (0, groups.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if isBefore(groups[middle]) { low = middle } else { high = middle }
    }
    return low
  }
}
