package import Foundation

/// Texts with their labels from a JSON Lines file: an object with `text` and `label` on each line. A
/// line may have `suggestions`, as `lauter export` writes them, and then do without a label.
package struct LabelledTexts: Sendable, Hashable {
  package var texts: [String] = []
  package var labels: [String?] = []
  /// The first label that was suggested for each, by whomever.
  package var suggestions: [String?] = []
  /// Where in the file each came from, from 1.
  private var lines: [Int] = []

  /// What is wrong with such a file, and where.
  package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 where it is the file as a whole.
    package let line: Int
    package let message: String
    package var description: String {
      line == 0 ? "\(file): \(message)" : "\(file):\(line): \(message)"
    }
  }

  /// - Throws: `Problem`, at the first line that cannot be used. Blank lines are skipped.
  package init(jsonLines file: URL) throws {
    let name = file.relativePath
    func problem(_ line: Int, _ message: String) -> Problem {
      Problem(file: name, line: line, message: message)
    }
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw problem(0, "cannot be read: \(error.localizedDescription)")
    }
    struct Line: Decodable {
      var text: String
      var label: String?
      var suggestions: [Suggestion]?
      struct Suggestion: Decodable { var label: String? }
    }
    let decoder = JSONDecoder()
    for (index, bytes) in data.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    )
    .enumerated() {
      let number = index + 1
      guard let line = String(validating: bytes, as: UTF8.self) else {
        throw problem(number, "is not UTF-8")
      }
      if line.allSatisfy(\.isWhitespace) { continue }
      let value: Line
      do {
        value = try decoder.decode(Line.self, from: Data(line.utf8))
      } catch DecodingError.keyNotFound(let key, _) {
        throw problem(number, "has no '\(key.stringValue)'; a line is {\"text\": …, \"label\": …}")
      } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(
        _, let context)
      {
        let field = context.codingPath.last.map { "'\($0.stringValue)' is not a string" }
        throw problem(number, field ?? "is not an object; a line is {\"text\": …, \"label\": …}")
      } catch {
        throw problem(number, "is not JSON; a line is {\"text\": …, \"label\": …}")
      }
      let suggestion = value.suggestions?.lazy.compactMap(\.label).first
      for label in [value.label, suggestion] where label?.allSatisfy(\.isWhitespace) == true {
        throw problem(number, "has an empty 'label'")
      }
      guard value.label != nil || suggestion != nil else {
        throw problem(number, "has no 'label'; a line is {\"text\": …, \"label\": …}")
      }
      texts.append(value.text)
      labels.append(value.label)
      suggestions.append(suggestion)
      lines.append(number)
    }
    guard !texts.isEmpty else { throw problem(0, "has no records") }
  }

  /// Each text's label as an index; `nil` where a line has none.
  ///
  /// - Throws: `Problem` naming a label that is not among those given.
  package func indices(in known: [String], file: URL) throws -> [Int?] {
    try indices(of: labels, in: known, file: file)
  }

  /// Each text's suggested label as an index.
  ///
  /// - Throws: `Problem` naming a label that is not among those given.
  package func suggestedIndices(in known: [String], file: URL) throws -> [Int?] {
    try indices(of: suggestions, in: known, file: file)
  }

  private func indices(
    of labels: [String?], in known: [String], file: URL
  ) throws -> [Int?] {
    let position = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
    return try zip(labels, lines).map { label, line in
      guard let label else { return nil }
      guard let index = position[label] else {
        throw Problem(
          file: file.relativePath, line: line,
          message: "has the label '\(label)', which no training record has")
      }
      return index
    }
  }
}
