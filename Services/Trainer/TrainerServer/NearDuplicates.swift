import Foundation

/// Texts of one set that are nearly the same as one of another: a test record that was trained on says
/// nothing about new texts.
///
/// Texts are compared as sets of five-character pieces, lower-cased, with anything but letters and digits
/// as one space; those that share at least `threshold` of their pieces (Jaccard) are near-duplicates.
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

  /// - Throws: `CancellationError` within a text of the task's cancellation.
  /// - Returns: for each of `texts` that has near-duplicates among `others` the nearest, in order; on a tie
  ///   the first.
  package static func find(_ texts: [String], among others: [String]) throws -> [Match] {
    var random = RandomSource(seed: 0, purpose: .minHash)
    let keys = (0..<bands * rows).map { _ in random.next() }
    var buckets: [UInt64: [Int]] = [:]
    let pieces = others.map(pieces)
    for (place, set) in pieces.enumerated() {
      try Task.checkCancellation()
      for bucket in bandHashes(set, keys) where buckets[bucket, default: []].count < perBucket {
        buckets[bucket, default: []].append(place)
      }
    }
    return try texts.enumerated().compactMap { place, text in
      try Task.checkCancellation()
      let set = Self.pieces(text)
      var best: Match?
      var seen: Set<Int> = []
      for bucket in bandHashes(set, keys) {
        for other in buckets[bucket] ?? [] where seen.insert(other).inserted {
          let common = set.intersection(pieces[other]).count
          let similarity = Double(common) / Double(set.count + pieces[other].count - common)
          guard similarity >= threshold else { continue }
          if best == nil || (similarity, -other) > (best!.similarity, -best!.other) {
            best = Match(text: place, other: other, similarity: similarity)
          }
        }
      }
      return best
    }
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
