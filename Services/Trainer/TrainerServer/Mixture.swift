import Foundation

/// Two explanations, each of which holds for a part of all cases, where it is known of every case how probable either
/// makes it.
struct Mixture {
  /// Of every case, how probable the one explanation makes it and how probable the other.
  var likelihoods: [(one: Double, other: Double)]
  /// As many cases more, of which it is known which explanation holds.
  var known: (one: Double, other: Double)

  /// The share of the cases for which the other explanation holds that is most probable.
  ///
  /// - Parameter range: within 0 and 1, exclusive.
  func share(in range: ClosedRange<Double>) -> Double {
    // The cost is convex in the share: a bisection of its slope.
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<30 {
      let share = (low + high) / 2
      let gain = likelihoods.reduce(known.other / share - known.one / (1 - share)) {
        $0 + ($1.other - $1.one) / probability($1, share)
      }
      if gain > 0 { low = share } else { high = share }
    }
    return (low + high) / 2
  }

  /// Of all cases, −log p.
  func cost(share: Double) -> Double {
    -known.other * log(share) - known.one * log(1 - share)
      - likelihoods.reduce(0) { $0 + log(probability($1, share)) }
  }

  /// Of each case, how probable it is that the other explanation holds.
  func others(share: Double) -> [Double] {
    likelihoods.map { share * $0.other / probability($0, share) }
  }

  private func probability(_ case: (one: Double, other: Double), _ share: Double) -> Double {
    (1 - share) * `case`.one + share * `case`.other
  }
}
