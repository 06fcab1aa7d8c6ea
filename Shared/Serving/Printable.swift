extension String {
  /// The text with control characters made visible, so that a record cannot move the cursor or restyle
  /// the terminal. Line breaks and tabs become spaces unless `multiline`.
  public func printable(multiline: Bool = false) -> String {
    var result = ""
    result.unicodeScalars.reserveCapacity(unicodeScalars.count)
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0x0a: result.unicodeScalars.append(multiline ? scalar : " ")
      case 0x09, 0x0d: result.unicodeScalars.append(" ")
      case 0..<0x20, 0x7f..<0xa0, 0x202a...0x202e, 0x2066...0x2069:
        result.unicodeScalars.append("\u{fffd}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
