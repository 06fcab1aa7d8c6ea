/// What Lauter's recipe takes a step on: records of several labels, as many of each as of any other, and
/// several of each, so that the pairs among them are of both kinds. A label's records come all in turn before
/// one comes again, and where there are more labels than a batch has room for, so do the labels.
///
/// The sequence does not end, and is the same for the same labels and seed.
package struct BalancedBatches: Sequence, IteratorProtocol, Sendable {
  /// Texts of a label in a batch, at least, where the label has as many.
  private static let fewestOfLabel = 2

  private let size: Int
  private let labelsPerBatch: Int
  private var labels: Deck
  /// Of each label its records.
  private var records: [Deck]
  private var random: RandomSource

  /// Cards dealt in a random order, all of them before it begins anew.
  private struct Deck {
    let cards: [Int]
    private var rest: [Int] = []

    init(_ cards: [Int]) { self.cards = cards }

    /// A card that is not in `hand`, which must not hold all of them.
    mutating func draw(without hand: [Int], _ random: inout RandomSource) -> Int {
      while true {
        if rest.isEmpty { rest = random.shuffled(cards) }
        let card = rest.removeLast()
        if !hand.contains(card) { return card }
      }
    }
  }

  /// - Parameters:
  ///   - labels: of each record, ascending; what has the same labels belongs together.
  ///   - size: of a batch, unless there are fewer records; at least 2, for a pair.
  package init(labels: [[Int]], size: Int, seed: UInt64) {
    let groups = Dictionary(grouping: labels.indices) { labels[$0] }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    self.size = Swift.min(Swift.max(size, 2), labels.count)
    labelsPerBatch = Swift.min(groups.count, Swift.max(2, size / Self.fewestOfLabel))
    self.labels = Deck(Array(groups.indices))
    records = groups.map { Deck($0) }
    random = RandomSource(seed: seed, purpose: .pairOrder)
  }

  /// Places of records, each once.
  package mutating func next() -> [Int]? {
    var chosen: [Int] = []
    while chosen.count < labelsPerBatch {
      chosen.append(labels.draw(without: chosen, &random))
    }
    var hands = chosen.map { _ in [Int]() }
    var left = Swift.min(size, chosen.reduce(0) { $0 + records[$1].cards.count })
    while left > 0 {
      for (place, label) in chosen.enumerated()
      where left > 0 && hands[place].count < records[label].cards.count {
        hands[place].append(records[label].draw(without: hands[place], &random))
        left -= 1
      }
    }
    return hands.flatMap { $0 }
  }
}
