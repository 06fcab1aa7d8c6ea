// Schema: the field's values, as every service and the command line speak of them. No I/O, no wire
// format, no database: a value here means the same in the proto, the tables and on the page.

/// A named collection of records with the one question asked of each.
public struct Dataset: Sendable, Hashable, Codable {
  public var name: Name
  /// How a person (and the LLM) should decide. May be empty.
  public var guidelines: String
  /// The text fields every record has, in order. At least one, names unique.
  public var fields: [TextField]
  public var question: Question
  /// Overrides the labeller's prompt template. `nil` means the default.
  public var promptTemplate: String?

  /// - Throws: `SchemaError` that names the offending field or label.
  public init(
    name: Name, guidelines: String = "", fields: [TextField], question: Question,
    promptTemplate: String? = nil
  ) throws {
    self.name = name
    self.guidelines = guidelines
    self.fields = fields
    self.question = question
    self.promptTemplate = promptTemplate
    guard !fields.isEmpty else {
      throw SchemaError(field: "fields", "a data set needs at least one text field")
    }
    for field in fields where field.name.isEmpty || field.name.utf8.count > 200 {
      throw SchemaError(field: "fields", "a field's name has 1 to 200 bytes")
    }
    if let twice = fields.map(\.name).firstRepeated {
      throw SchemaError(field: "fields", "the field '\(twice)' is there twice")
    }
  }
}

/// A text that every record of a data set has.
public struct TextField: Sendable, Hashable, Codable {
  public var name: String
  public var title: String
  /// A record may leave an optional field out; a required one must be there and not blank.
  public var optional: Bool

  public init(name: String, title: String? = nil, optional: Bool = false) {
    self.name = name
    self.title = title ?? name
    self.optional = optional
  }
}

/// What is asked of each record: exactly one of the labels.
public struct Question: Sendable, Hashable, Codable {
  public var name: String
  public var title: String
  /// In the order shown to people. At least two, names unique.
  public var labels: [Label]

  /// - Throws: `SchemaError` that names the offending label.
  public init(name: String = "label", title: String = "", labels: [Label]) throws {
    self.name = name
    self.title = title
    self.labels = labels
    guard labels.count >= 2 else {
      throw SchemaError(
        field: "labels",
        "a question needs at least two labels, and there \(labels.isEmpty ? "are none" : "is 1")")
    }
    guard labels.count <= 500 else {
      throw SchemaError(field: "labels", "a question has at most 500 labels, not \(labels.count)")
    }
    for label in labels {
      guard !label.name.isBlank, label.name.utf8.count <= 200 else {
        throw SchemaError(field: "labels", "a label's name has 1 to 200 bytes and is not blank")
      }
    }
    if let twice = labels.map(\.name).firstRepeated {
      throw SchemaError(field: "labels", "the label '\(twice)' is there twice")
    }
  }

  /// The position of the label, or an error that lists the labels there are.
  public func index(of label: String) throws -> Int {
    // Labels are compared as bytes: String's == would take two spellings of "é" for one label.
    guard let index = labels.firstIndex(where: { $0.name.utf8.elementsEqual(label.utf8) }) else {
      let known = labels.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ")
      throw SchemaError(
        field: name,
        "unknown label '\(label)'; the labels are \(known)\(labels.count > 20 ? ", …" : "")")
    }
    return index
  }
}

/// A class a record may have.
public struct Label: Sendable, Hashable, Codable {
  public var name: String
  /// Reaches the LLM, the zero-shot labeller and the reviewer. May be empty.
  public var description: String

  public init(name: String, description: String = "") {
    self.name = name
    self.description = description
  }
}

/// What a value got wrong: which field, and a sentence that says what was expected and found.
///
/// The message may name fields, labels and ids; it never holds a record's text.
public struct SchemaError: Error, Sendable, Hashable, CustomStringConvertible {
  public var field: String
  public var message: String

  public init(field: String, _ message: String) {
    self.field = field
    self.message = message
  }

  public var description: String { field.isEmpty ? message : "\(field): \(message)" }
}

extension String {
  /// Empty, or nothing but white space.
  public var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }
}

extension Array where Element == String {
  /// The first element that stands a second time, compared as bytes.
  fileprivate var firstRepeated: String? {
    var seen = Set<[UInt8]>()
    return first { !seen.insert(Array<UInt8>($0.utf8)).inserted }
  }
}
