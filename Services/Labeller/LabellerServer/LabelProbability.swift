import Foundation

/// A token of a reply, with the probabilities the model gave it and its rivals.
package struct TokenProbability: Sendable, Hashable {
  package struct Choice: Sendable, Hashable {
    package var bytes: [UInt8]
    package var probability: Double

    package init(bytes: [UInt8], probability: Double) {
      self.bytes = bytes
      self.probability = probability
    }
  }

  package var chosen: Choice
  /// The likeliest tokens at this place, usually the chosen one among them. May be empty.
  package var top: [Choice]

  package init(chosen: Choice, top: [Choice]) {
    self.chosen = chosen
    self.top = top
  }
}

/// The probability the model gave to the label it replied, out of the data set's labels.
///
/// Servers report probabilities before a grammar masks tokens, and a label may be several tokens, or
/// share a token with its neighbours. So the reply is followed token by token: at each, the mass of the
/// tokens that lead to the reply's label (and maybe to others with the same beginning) is divided by
/// the mass of those that lead to any label still possible; the product over the tokens is the answer.
/// Tokens that lead to no label, and those that leave open what the reply's token decides, count on
/// neither side.
///
/// - Parameters:
///   - range: where the label stands in `content`'s UTF-8 bytes.
///   - isJSON: within quotes.
/// - Returns: in [0, 1]; `nil` if the tokens do not spell the content or the label.
package func labelProbability(
  _ tokens: [TokenProbability], content: String, range: Range<Int>, isJSON: Bool, label: Int,
  labels: [String]
) -> Double? {
  // Letters' case carries no meaning unless two labels differ by nothing else.
  let isFolding = Set(labels.map { $0.lowercased() }).count == labels.count
  func fold(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    isFolding
      ? bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
      : Array(bytes)
  }
  let names = labels.map { name in
    fold(isJSON ? Array(Prompt.json(name).utf8.dropFirst().dropLast()) : Array(name.utf8))
  }
  let joined = tokens.flatMap(\.chosen.bytes)
  guard let shift = offset(of: Array(content.utf8), in: joined) else { return nil }
  let start = range.lowerBound + shift
  // The closing quote tells "neg" from "negative".
  let end = range.upperBound + shift + (isJSON ? 1 : 0)
  guard end <= joined.count, fold(joined[start..<range.upperBound + shift]) == names[label] else {
    return nil
  }

  var viable = Set(names.indices)
  var probability = 1.0
  var hasRivals = false
  var spelt = 1.0
  var position = 0
  for token in tokens {
    let tokenStart = position
    position += token.chosen.bytes.count
    guard position > start, tokenStart < end, viable.count > 1 || !hasRivals else { continue }
    let before = Array(token.chosen.bytes.prefix(max(0, start - tokenStart)))
    let consumed = max(0, tokenStart - start)

    func labels(after bytes: [UInt8]) -> Set<Int> {
      guard bytes.starts(with: before), bytes.count > before.count else { return [] }
      let rest = fold(bytes[before.count...])
      return viable.filter { index in
        let name = names[index].dropFirst(consumed)
        if rest.count <= name.count { return name.starts(with: rest) }
        guard rest.starts(with: name) else { return false }
        let next = rest[name.count]
        return isJSON ? next == UInt8(ascii: "\"") : !isLetterOrDigit(next)
      }
    }

    let group = labels(after: token.chosen.bytes)
    guard group.contains(label) else { return nil }
    spelt *= token.chosen.probability
    if !token.top.isEmpty { hasRivals = true }
    var mine = 0.0
    var all = 0.0
    let isListed = token.top.contains { $0.bytes == token.chosen.bytes }
    for choice in token.top + (isListed ? [] : [token.chosen]) {
      let reached = labels(after: choice.bytes)
      guard !reached.isEmpty else { continue }
      if reached.isSubset(of: group) {
        mine += choice.probability
        all += choice.probability
      } else if reached.isDisjoint(with: group) {
        all += choice.probability
      }
    }
    if all > 0 { probability *= mine / all }
    viable = group
  }
  let result = hasRivals ? probability : spelt
  return result.isFinite ? min(1, max(0, result)) : nil
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  byte >= 0x80 || Unicode.Scalar(byte).properties.isAlphabetic
    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// Some servers report tokens that are no part of the content: a leading space, an end mark.
private func offset(of content: [UInt8], in joined: [UInt8]) -> Int? {
  guard joined.count >= content.count else { return nil }
  return (0...joined.count - content.count).first { joined[$0...].starts(with: content) }
}
