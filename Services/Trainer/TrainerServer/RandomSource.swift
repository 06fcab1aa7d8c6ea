/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same numbers on every machine and in
/// every version of Swift, which `SystemRandomNumberGenerator` and the standard library's `shuffle`
/// do not promise.
package struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// - Parameter purpose: keeps the numbers drawn for one thing independent of those for another.
  package init(seed: UInt64, purpose: Purpose) {
    state = Self.mix(seed &+ Self.mix(purpose.rawValue))
  }

  package enum Purpose: UInt64, Sendable {
    case shots = 1
    case pairChoice, pairOrder, dropout, folds, bootstrap, minHash, suggestions, head, headOrder
    case otherTexts, parts
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// Uniform in 0 ..< bound, without bias (Lemire 2019).
  package mutating func below(_ bound: Int) -> Int {
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// Fisher and Yates.
  package mutating func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
    var result = Array(elements)
    for i in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(i, below(i + 1)) }
    return result
  }

  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A shuffled order of 0 ..< count that is never written down: element i is computed on demand, in
/// constant time and no memory, by a Feistel network over the next power of four, walked until it
/// falls inside.
package struct Permutation: Sendable {
  package let count: Int
  private let halfBits: UInt64
  private let keys: [UInt64]

  package init(count: Int, random: inout RandomSource) {
    precondition(count >= 0)
    self.count = count
    let bits = UInt64(UInt64.bitWidth - UInt64(max(count - 1, 1)).leadingZeroBitCount)
    halfBits = (bits + 1) / 2
    keys = (0..<8).map { _ in random.next() }
  }

  package subscript(_ index: Int) -> Int {
    precondition(index >= 0 && index < count)
    let mask = (UInt64(1) << halfBits) - 1
    var value = UInt64(index)
    repeat {
      var left = value >> halfBits
      var right = value & mask
      for key in keys { (left, right) = (right, left ^ (RandomSource.mix(right &+ key) & mask)) }
      value = left << halfBits | right
    } while value >= UInt64(count)
    return Int(value)
  }
}
