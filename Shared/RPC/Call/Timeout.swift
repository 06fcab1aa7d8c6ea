/// `grpc-timeout`: at most eight digits and a unit (grpc/grpc `doc/PROTOCOL-HTTP2.md`).
package enum Timeout {
  private static let units: [(letter: UInt8, attoseconds: Int128)] = [
    (UInt8(ascii: "n"), 1_000_000_000),
    (UInt8(ascii: "u"), 1_000_000_000_000),
    (UInt8(ascii: "m"), 1_000_000_000_000_000),
    (UInt8(ascii: "S"), 1_000_000_000_000_000_000),
    (UInt8(ascii: "M"), 60_000_000_000_000_000_000),
    (UInt8(ascii: "H"), 3_600_000_000_000_000_000_000),
  ]

  /// The finest unit that fits eight digits, rounded up; negative times become zero.
  package static func format(_ duration: Duration) -> String {
    let attoseconds = max(0, duration.attoseconds)
    for unit in units {
      let count = (attoseconds + unit.attoseconds - 1) / unit.attoseconds
      if count < 100_000_000 {
        return "\(count)\(Character(UnicodeScalar(unit.letter)))"
      }
    }
    return "99999999H"
  }

  /// Nil for anything the specification does not allow.
  package static func parse(_ text: String) -> Duration? {
    var digits = text.utf8[...]
    guard let letter = digits.popLast(), let unit = units.first(where: { $0.letter == letter }),
      (1...8).contains(digits.count)
    else { return nil }
    var count: Int128 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      count = count * 10 + Int128(digit - UInt8(ascii: "0"))
    }
    return Duration(attoseconds: count * unit.attoseconds)
  }
}
