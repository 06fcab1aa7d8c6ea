import Foundation
package import Schema

/// What an LLM's reply says: one of the labels, or why it says nothing usable.
///
/// Reads leniently, because not every server holds a model to a schema: prose or a code fence around
/// the object, a reasoning block before it, other keys in it, the bare label. The label itself must be
/// one of the set, up to the case of its letters.
package enum Reply: Sendable, Hashable {
  /// - Parameters:
  ///   - label: index into the labels.
  ///   - range: where its name stands in the content's UTF-8 bytes, without quotes.
  ///   - isJSON: as a JSON string.
  case label(Int, range: Range<Int>, isJSON: Bool)
  case failure(Suggestion.Failure)

  package init(_ completion: Completion, labels: [String]) {
    if completion.isRefusal {
      self = Self.failure(.empty, "the model refused to answer")
      return
    }
    guard let content = completion.content, !content.isBlank else {
      self = Self.failure(.empty, "the reply was empty\(Self.cut(completion))")
      return
    }
    let bytes = Array(content.utf8)
    let start = Self.end(ofReasoningIn: bytes)
    var isUnknown = false
    // Of several objects the last: a model that thinks aloud concludes at the end.
    for object in Self.labels(in: bytes, from: start).reversed() {
      guard let text = object.text else { continue }
      if let index = Self.match(text, labels) {
        self = .label(index, range: object.range, isJSON: true)
        return
      }
      isUnknown = true
    }
    if isUnknown {
      self = Self.failure(.unknownLabel, "the reply named a label that the data set does not have")
      return
    }
    let bare = Self.bare(bytes, from: start)
    if let index = Self.match(String(decoding: bytes[bare], as: UTF8.self), labels) {
      self = .label(index, range: bare, isJSON: false)
      return
    }
    self = Self.failure(
      .unparsable,
      "the reply, \(bytes.count) bytes, has no JSON object with a label\(Self.cut(completion))")
  }

  private static func failure(_ kind: Suggestion.Failure.Kind, _ detail: String) -> Reply {
    .failure(.init(kind: kind, detail: detail))
  }

  private static func cut(_ completion: Completion) -> String {
    completion.isCut ? "; it was cut off, so allow more tokens (--llm-max-tokens)" : ""
  }

  private static func match(_ text: String, _ labels: [String]) -> Int? {
    if let exact = labels.firstIndex(where: { $0.utf8.elementsEqual(text.utf8) }) { return exact }
    func fold(_ text: String) -> String {
      text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }
    let folded = fold(text)
    let matches = labels.indices.filter { fold(labels[$0]) == folded }
    return matches.count == 1 ? matches[0] : nil
  }

  private static func end(ofReasoningIn bytes: [UInt8]) -> Int {
    let mark = Array("</think>".utf8)
    guard bytes.count >= mark.count else { return 0 }
    for start in (0...bytes.count - mark.count).reversed()
    where bytes[start...].starts(with: mark) {
      return start + mark.count
    }
    return 0
  }

  /// The content without what people and models put around a word.
  private static func bare(_ bytes: [UInt8], from start: Int) -> Range<Int> {
    let around = Set(" \t\r\n\"'`*.".utf8)
    var range = start..<bytes.count
    while let first = range.first, around.contains(bytes[first]) {
      range = range.lowerBound + 1..<range.upperBound
    }
    while let last = range.last, around.contains(bytes[last]) {
      range = range.lowerBound..<range.upperBound - 1
    }
    return range
  }

  /// The values of `label` in the JSON objects that stand in the bytes; `text` is nil where the value
  /// is not a string.
  private static func labels(
    in bytes: [UInt8], from start: Int
  ) -> [(text: String?, range: Range<Int>)] {
    var found: [(String?, Range<Int>)] = []
    let scanner = JSONScanner(bytes: bytes)
    var position = start
    // An object that does not end is tried from every brace in it, so bound the work.
    var attempts = 0
    while attempts < 1000,
      let brace = bytes[position...].firstIndex(of: UInt8(ascii: "{"))
    {
      attempts += 1
      if let (end, members) = scanner.object(at: brace),
        let value = members.last(where: { $0.key == "label" })?.value
      {
        if bytes[value.lowerBound] == UInt8(ascii: "\"") {
          found.append(
            (scanner.string(value), value.lowerBound + 1..<value.upperBound - 1))
        } else {
          found.append((nil, value))
        }
        position = end
      } else {
        position = brace + 1
      }
    }
    return found
  }
}

/// Walks JSON in a byte array to find where values stand, which Foundation's parser does not tell.
private struct JSONScanner {
  let bytes: [UInt8]

  /// - Returns: `nil` if no complete object begins at the position.
  func object(
    at start: Int, depth: Int = 0
  ) -> (end: Int, members: [(key: String, value: Range<Int>)])? {
    guard depth < 32, peek(start) == "{" else { return nil }
    var members: [(String, Range<Int>)] = []
    var position = skipSpace(start + 1)
    if peek(position) == "}" { return (position + 1, []) }
    while true {
      guard let keyEnd = endOfString(position) else { return nil }
      let key = string(position..<keyEnd) ?? ""
      position = skipSpace(keyEnd)
      guard peek(position) == ":" else { return nil }
      position = skipSpace(position + 1)
      guard let valueEnd = endOfValue(position, depth + 1) else { return nil }
      members.append((key, position..<valueEnd))
      position = skipSpace(valueEnd)
      switch peek(position) {
      case ",": position = skipSpace(position + 1)
      case "}": return (position + 1, members)
      default: return nil
      }
    }
  }

  /// The string whose quotes the range includes; `nil` if an escape in it is malformed.
  func string(_ range: Range<Int>) -> String? {
    try? JSONDecoder().decode([String].self, from: Data("[".utf8 + bytes[range] + "]".utf8))[0]
  }

  private func peek(_ position: Int) -> Unicode.Scalar? {
    position < bytes.count ? Unicode.Scalar(bytes[position]) : nil
  }

  private func skipSpace(_ start: Int) -> Int {
    var position = start
    while position < bytes.count, " \t\r\n".utf8.contains(bytes[position]) { position += 1 }
    return position
  }

  private func endOfString(_ start: Int) -> Int? {
    guard peek(start) == "\"" else { return nil }
    var position = start + 1
    while let next = peek(position) {
      if next == "\"" { return position + 1 }
      position += next == "\\" ? 2 : 1
    }
    return nil
  }

  private func endOfValue(_ start: Int, _ depth: Int) -> Int? {
    guard depth < 32, let first = peek(start) else { return nil }
    switch first {
    case "\"": return endOfString(start)
    case "{": return object(at: start, depth: depth)?.end
    case "[":
      var position = skipSpace(start + 1)
      if peek(position) == "]" { return position + 1 }
      while let end = endOfValue(position, depth + 1) {
        position = skipSpace(end)
        switch peek(position) {
        case ",": position = skipSpace(position + 1)
        case "]": return position + 1
        default: return nil
        }
      }
      return nil
    default:
      var position = start
      while let next = peek(position), !",]} \t\r\n".unicodeScalars.contains(next) { position += 1 }
      return position > start ? position : nil
    }
  }
}
