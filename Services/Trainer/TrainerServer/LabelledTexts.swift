package import Foundation
package import Schema

/// Texts with their labels from a JSON Lines file: an object with `text` and `label` on each line, or with
/// `labels`, a list, where a text may have several or none. A line may have `suggestions`, a list of objects with a
/// `label` or `labels` as in what `lauter export` writes, and then do without a label, as it may where its label is
/// `null`: nobody has answered. It may have an `id` and `metadata`.
package struct LabelledTexts: Sendable, Hashable {
  package var texts: [String] = []
  package var labels: [[String]?] = []
  /// The first label, or list of labels, that was suggested for each, by whomever.
  package var suggestions: [[String]?] = []
  /// Whether the file has `labels` rather than `label`.
  package private(set) var isMultiLabel = false
  /// Each record's id; without one, the number of its line.
  package var ids: [String] = []
  package var metadata: [[String: MetadataValue]] = []
  /// Where in the file each came from, from 1.
  package private(set) var lines: [Int] = []

  /// - Throws: `JSONLines.Problem`, at the first line that cannot be used. Blank lines are skipped.
  package init(jsonLines file: URL) throws {
    struct Line: Decodable {
      var text: String
      var label: String?
      var labels: [String]?
      var suggestions: [Suggestion]?
      var id: String?
      var metadata: [String: Value]?
      /// Whether the line says something of its label, be it that there is none.
      var hasLabelKey: Bool

      enum CodingKeys: String, CodingKey { case text, label, labels, suggestions, id, metadata }

      init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: CodingKeys.self)
        text = try line.decode(String.self, forKey: .text)
        label = try line.decodeIfPresent(String.self, forKey: .label)
        labels = try line.decodeIfPresent([String].self, forKey: .labels)
        suggestions = try line.decodeIfPresent([Suggestion].self, forKey: .suggestions)
        id = try line.decodeIfPresent(String.self, forKey: .id)
        metadata = try line.decodeIfPresent([String: Value].self, forKey: .metadata)
        hasLabelKey = line.contains(.label) || line.contains(.labels)
      }

      struct Suggestion: Decodable {
        var label: String?
        var labels: [String]?
      }

      struct Value: Decodable {
        var value: MetadataValue?

        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let flag = try? container.decode(Bool.self) {
            value = .flag(flag)
          } else if let number = try? container.decode(Double.self) {
            value = .number(number)
          } else {
            value = (try? container.decode(String.self)).map { .text($0) }
          }
        }
      }
    }
    let shape = "a line is {\"text\": …, \"label\": …} or {\"text\": …, \"labels\": [ … ]}"
    let source = try JSONLines(file: file, shape: shape)
    // Where the file first had one label a text, and a list.
    var (one, several): (Int?, Int?) = (nil, nil)
    func set(_ label: String?, _ labels: [String]?, _ number: Int) throws -> [String]? {
      if label != nil { one = one ?? number }
      if labels != nil { several = several ?? number }
      if let one, let several {
        throw source.problem(
          number,
          "has '\(label == nil ? "labels" : "label")' where line \(min(one, several)) has "
            + "'\(label == nil ? "label" : "labels")'; use one of them throughout")
      }
      guard let set = labels ?? label.map({ [$0] }) else { return nil }
      if set.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
        throw source.problem(number, "has an empty '\(label == nil ? "labels" : "label")'")
      }
      if Set(set).count < set.count { throw source.problem(number, "has a label twice") }
      return set
    }
    try source.forEach { (number, value: Line) in
      let label = try set(value.label, value.labels, number)
      var suggestion: [String]?
      for suggested in value.suggestions ?? [] where suggestion == nil {
        suggestion = try set(suggested.label, suggested.labels, number)
      }
      guard label != nil || suggestion != nil || value.hasLabelKey else {
        throw source.problem(
          number, "has no 'label'; \(shape), and {…, \"label\": null} where nobody has answered")
      }
      texts.append(value.text)
      labels.append(label)
      suggestions.append(suggestion)
      ids.append(value.id ?? "\(number)")
      metadata.append((value.metadata ?? [:]).compactMapValues(\.value))
      lines.append(number)
    }
    guard !texts.isEmpty else { throw source.problem(0, "has no records") }
    isMultiLabel = several != nil
  }

  /// Each text's labels as indices, ascending; `nil` where a line has none.
  ///
  /// - Throws: `JSONLines.Problem` naming a label that is not among those given.
  package func indices(in known: [String], file: URL) throws -> [[Int]?] {
    try indices(of: labels, in: known, file: file)
  }

  /// Each text's suggested labels as indices, ascending.
  ///
  /// - Throws: `JSONLines.Problem` naming a label that is not among those given.
  package func suggestedIndices(in known: [String], file: URL) throws -> [[Int]?] {
    try indices(of: suggestions, in: known, file: file)
  }

  private func indices(
    of labels: [[String]?], in known: [String], file: URL
  ) throws -> [[Int]?] {
    let position = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
    return try zip(labels, lines).map { labels, line in
      try labels?.map { label in
        guard let index = position[label] else {
          throw JSONLines.Problem(
            file: file.relativePath, line: line,
            message: "has the label '\(label)', which no training record has")
        }
        return index
      }.sorted()
    }
  }
}
