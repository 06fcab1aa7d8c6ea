/// Two of the training records, and whether they have a label in common.
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
/// identity pairs included, those that share a label are positive and the rest
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
  /// Records, those with the same labels together.
  private let order: [Int]
  private let positiveBlocks: [Block]
  private let negativeBlocks: [Block]
  private let positiveChoice: Permutation
  private let negativeChoice: Permutation
  /// Distinct pairs in use: all, or as many as the limit lets in.
  private let positivesInUse: Int
  private let negativesInUse: Int

  /// Pairs of one kind: each record of some with each of others, or where both are the same records each two
  /// of them.
  private struct Block {
    /// In `order`. Either the same or without any in common.
    var rows, columns: Range<Int>
    /// Pairs of the blocks of its kind before this one.
    var before: Int
  }

  /// - Parameters:
  ///   - labels: each record's labels, ascending.
  ///   - iterations: SetFit's `num_iterations`: so many positive and negative pairs per record,
  ///     whatever the strategy says.
  ///   - limit: at most so many pairs of each kind are used (SetFit's cap under `max_steps`).
  package init(
    labels: [[Int]], strategy: SamplingStrategy = .oversampling, iterations: Int? = nil,
    limit: Int? = nil, seed: UInt64
  ) {
    self.seed = seed
    let order = labels.indices.sorted { a, b in
      labels[a] == labels[b] ? a < b : labels[a].lexicographicallyPrecedes(labels[b])
    }
    var groups: [Range<Int>] = []
    var start = 0
    while start < order.count {
      let own = labels[order[start]]
      let end = order[start...].firstIndex { labels[$0] != own } ?? order.count
      groups.append(start..<end)
      start = end
    }
    var (positives, negatives) = (0, 0)
    var (positiveBlocks, negativeBlocks): ([Block], [Block]) = ([], [])
    func add(_ rows: Range<Int>, _ columns: Range<Int>, sharing: Bool) {
      let size = rows.count
      let pairs = rows != columns ? size * columns.count : size * (size + 1) / 2
      if pairs == 0 { return }
      if sharing {
        positiveBlocks.append(Block(rows: rows, columns: columns, before: positives))
        positives += pairs
      } else {
        negativeBlocks.append(Block(rows: rows, columns: columns, before: negatives))
        negatives += pairs
      }
    }
    for (place, rows) in groups.enumerated() {
      let own = labels[order[rows.lowerBound]]
      // Records without labels share none, not even with themselves.
      add(rows, rows, sharing: !own.isEmpty)
      // The groups after it, as many at a time as are of one kind.
      var next = place + 1
      while next < groups.count {
        func shares(_ group: Int) -> Bool {
          labels[order[groups[group].lowerBound]].contains { own.contains($0) }
        }
        let sharing = shares(next)
        var last = next
        while last + 1 < groups.count, shares(last + 1) == sharing { last += 1 }
        add(rows, groups[next].lowerBound..<groups[last].upperBound, sharing: sharing)
        next = last + 1
      }
    }
    self.order = order
    self.positiveBlocks = positiveBlocks
    self.negativeBlocks = negativeBlocks
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
      return pair(positiveChoice[slot % positivesInUse], of: positiveBlocks, sameLabel: true)
    }
    return pair(
      negativeChoice[(slot - positivesPerEpoch) % negativesInUse], of: negativeBlocks,
      sameLabel: false)
  }

  /// The pair at a place in the enumeration block by block: of the same records (0,0) (0,1) (1,1) (0,2) …,
  /// of others row by row.
  private func pair(_ rank: Int, of blocks: [Block], sameLabel: Bool) -> ContrastivePair {
    let block = blocks[Self.last(blocks, before: rank)]
    let local = rank - block.before
    if block.rows != block.columns {
      let (row, column) = local.quotientAndRemainder(dividingBy: block.columns.count)
      return made(
        block.rows.lowerBound + row, block.columns.lowerBound + column, sameLabel: sameLabel)
    }
    // The largest j with j(j+1)/2 <= local; the square root may be off by one for large numbers.
    var j = Int(((8 * Double(local) + 1).squareRoot() - 1) / 2)
    while j * (j + 1) / 2 > local { j -= 1 }
    while (j + 1) * (j + 2) / 2 <= local { j += 1 }
    let i = local - j * (j + 1) / 2
    return made(
      block.rows.lowerBound + i, block.rows.lowerBound + j, sameLabel: sameLabel)
  }

  private func made(_ a: Int, _ b: Int, sameLabel: Bool) -> ContrastivePair {
    let (a, b) = (order[a], order[b])
    return ContrastivePair(first: min(a, b), second: max(a, b), sameLabel: sameLabel)
  }

  /// The last block with no more than so many pairs before it.
  private static func last(_ blocks: [Block], before rank: Int) -> Int {
    var (low, high) = (0, blocks.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if blocks[middle].before <= rank { low = middle } else { high = middle }
    }
    return low
  }
}
