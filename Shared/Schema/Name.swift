/// The name of a data set, encoder or model: safe in a path, a URL, a metric and a shell.
///
/// 1 to 63 characters of `a-z`, `0-9`, `.`, `_` and `-`, the first a letter or digit.
public struct Name: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  public let description: String

  /// - Throws: `SchemaError` that says which rule the name breaks.
  public init(_ text: String, field: String = "name") throws {
    let bytes = Array(text.utf8)
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard let first = bytes.first else { throw SchemaError(field: field, "a name is needed") }
    guard bytes.count <= 63 else {
      throw SchemaError(field: field, "a name has at most 63 characters, not \(bytes.count)")
    }
    guard isAlphanumeric(first), bytes.allSatisfy({ isAlphanumeric($0) || ".-_".utf8.contains($0) })
    else {
      throw SchemaError(
        field: field,
        "a name has lower-case letters, digits, '.', '_' and '-' and starts with a letter or digit")
    }
    description = text
  }

  public init(from decoder: any Decoder) throws {
    try self.init(String(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    try description.encode(to: encoder)
  }

  public static func < (a: Name, b: Name) -> Bool { a.description < b.description }
}
