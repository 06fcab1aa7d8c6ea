import Foundation

/// Texts of one set that are nearly the same as one of another: a test record that was trained on says
/// nothing about new texts.
///
/// Texts are compared as sets of five-character pieces, lower-cased, with anything but letters and digits
/// as one space, unless there is nothing else; those that share at least `threshold` of their
/// pieces (Jaccard) are near-duplicates.
/// MinHash with locality-sensitive bands (Broder 1997; Leskovec et al. 2020, section 3.4) finds the
/// candidates, so that time grows with the number of texts and not with its square: a pair at the
/// threshold is missed once in 4,500.
package enum NearDuplicates {
  package static let threshold = 0.8

  package struct Match: Sendable, Hashable {
    /// Places in the sets searched for and searched in.
    package var text, other: Int
    /// The share of pieces in common, from `threshold` to 1.
    package var similarity: Double
  }

  private static let bands = 16
  private static let rows = 4
  /// Of texts that fall together, so many are compared; more are copies of each other.
  private static let perBucket = 16

  /// A text, by its place, in a bucket.
  private struct Entry {
    var text: Int
    /// How many others it is still compared with that fall into the bucket.
    var left = perBucket
  }

  /// Others are looked at one after another and not kept, so memory grows with `texts` alone.
  ///
  /// - Throws: `CancellationError` within a text of the task's cancellation.
  /// - Returns: for each of `texts` that has near-duplicates among `others` the nearest, in order; on a tie
  ///   the first.
  package static func find(
    _ texts: [String], among others: some Sequence<String>
  ) throws -> [Match] {
    var random = RandomSource(seed: 0, purpose: .minHash)
    let keys = (0..<bands * rows).map { _ in random.next() }
    var buckets: [UInt64: [Entry]] = [:]
    let pieces = try texts.enumerated().map { place, text in
      try Task.checkCancellation()
      let set = Self.pieces(text)
      for bucket in bandHashes(set, keys) {
        buckets[bucket, default: []].append(Entry(text: place))
      }
      return set
    }
    var best = [Match?](repeating: nil, count: texts.count)
    for (other, text) in others.enumerated() {
      try Task.checkCancellation()
      let set = Self.pieces(text)
      var seen: Set<Int> = []
      for bucket in bandHashes(set, keys) {
        guard var entries = buckets[bucket] else { continue }
        for place in entries.indices {
          let text = entries[place].text
          entries[place].left -= 1
          guard seen.insert(text).inserted else { continue }
          let common = set.intersection(pieces[text]).count
          let similarity = Double(common) / Double(set.count + pieces[text].count - common)
          if similarity >= threshold, similarity > best[text]?.similarity ?? 0 {
            best[text] = Match(text: text, other: other, similarity: similarity)
          }
        }
        entries.removeAll { $0.left == 0 }
        buckets[bucket] = entries
      }
    }
    return best.compactMap(\.self)
  }

  /// Hashes of a text's five-character pieces; of a shorter text, of all of it.
  private static func pieces(_ text: String) -> Set<UInt64> {
    var scalars: [UInt32] = []
    for scalar in text.lowercased().unicodeScalars {
      let properties = scalar.properties
      if properties.isAlphabetic || properties.numericType != nil {
        scalars.append(scalar.value)
      } else if let last = scalars.last, last != 32 {
        scalars.append(32)
      }
    }
    if scalars.last == 32 { scalars.removeLast() }
    // Of a text of signs and pictures alone, those.
    if scalars.isEmpty { scalars = text.unicodeScalars.map(\.value) }
    func hash(_ piece: ArraySlice<UInt32>) -> UInt64 {
      piece.reduce(0) { RandomSource.mix($0 ^ UInt64($1)) }
    }
    guard scalars.count > 5 else { return [hash(scalars[...])] }
    return Set((0...scalars.count - 5).map { hash(scalars[$0..<$0 + 5]) })
  }

  private static func bandHashes(_ set: Set<UInt64>, _ keys: [UInt64]) -> [UInt64] {
    let signature = keys.map { key in set.reduce(UInt64.max) { min($0, RandomSource.mix($1 ^ key)) }
    }
    return (0..<bands).map { band in
      signature[band * rows..<(band + 1) * rows].reduce(UInt64(band)) { RandomSource.mix($0 ^ $1) }
    }
  }
}
