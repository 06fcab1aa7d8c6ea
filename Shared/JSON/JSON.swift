// StrictJSON: JSON as data, not as a document.

/// A JSON value (RFC 8259) that keeps what matters to a data file: the order of members, the spelling of
/// numbers, and a refusal of what two parsers would read differently (a key given twice).
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// As it was spelled.
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  package struct Member: Sendable, Hashable {
    package var key: String
    package var value: JSON

    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  package struct ParseError: Error, Hashable, CustomStringConvertible {
    /// 1-based, in bytes.
    package var column: Int
    package var message: String
    package var description: String { "\(message) at column \(column)" }
  }

  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
  package var members: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// What it is, for an error message.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// - Throws: `ParseError`. The bytes must be UTF-8; deeper than 64 levels is refused.
  package init(parsing bytes: some Collection<UInt8>) throws(ParseError) {
    var parser = JSONParser(Array(bytes))
    self = try parser.document()
  }

  // MARK: Writing

  package static func of(_ value: Int) -> JSON { .number(String(value)) }
  package static func of(_ value: UInt64) -> JSON { .number(String(value)) }
  package static func of(_ value: Int64) -> JSON { .number(String(value)) }
  package static func of(_ value: UInt32) -> JSON { .number(String(value)) }
  /// The shortest spelling that reads back as the same number; whole numbers without ".0".
  package static func of(_ value: Double) -> JSON {
    guard value.isFinite else { return .null }
    if value == value.rounded(), abs(value) < 1e15 { return .number(String(Int64(value))) }
    return .number(String(value))
  }
  package static func of(_ value: Float) -> JSON {
    value.isFinite ? .number(String(value)) : .null
  }

  /// On one line.
  package var text: String {
    var output: [UInt8] = []
    write(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Over several lines, for a person to read.
  package var indented: String {
    var output: [UInt8] = []
    write(to: &output, indentation: 0)
    return String(decoding: output, as: UTF8.self)
  }

  private func write(to output: inout [UInt8], indentation: Int) {
    func newLine(_ depth: Int) { output += ("\n" + String(repeating: "  ", count: depth)).utf8 }
    switch self {
    case .array(let values) where !values.isEmpty:
      for (index, value) in values.enumerated() {
        output.append(UInt8(ascii: index == 0 ? "[" : ","))
        newLine(indentation + 1)
        value.write(to: &output, indentation: indentation + 1)
      }
      newLine(indentation)
      output.append(UInt8(ascii: "]"))
    case .object(let members) where !members.isEmpty:
      for (index, member) in members.enumerated() {
        output.append(UInt8(ascii: index == 0 ? "{" : ","))
        newLine(indentation + 1)
        Self.write(member.key, to: &output)
        output += ": ".utf8
        member.value.write(to: &output, indentation: indentation + 1)
      }
      newLine(indentation)
      output.append(UInt8(ascii: "}"))
    default: write(to: &output)
    }
  }

  package func write(to output: inout [UInt8]) {
    switch self {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .number(let spelling): output += spelling.utf8
    case .string(let text): Self.write(text, to: &output)
    case .array(let values):
      output.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        value.write(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        Self.write(member.key, to: &output)
        output.append(UInt8(ascii: ":"))
        member.value.write(to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, to output: inout [UInt8]) {
    let hex = Array("0123456789abcdef".utf8)
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output += "\\\"".utf8
      case UInt8(ascii: "\\"): output += "\\\\".utf8
      case 0x0a: output += "\\n".utf8
      case 0x0d: output += "\\r".utf8
      case 0x09: output += "\\t".utf8
      case 0..<0x20, 0x7f:
        output += "\\u00".utf8
        output.append(hex[Int(byte >> 4)])
        output.append(hex[Int(byte & 15)])
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByArrayLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int) { self = .of(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0, $1) })
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSON.ParseError) -> JSON {
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error("something follows the value") }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func error(_ message: String) -> JSON.ParseError {
    .init(column: position + 1, message: message)
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d {
      position += 1
    }
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSON.ParseError) -> JSON {
    guard depth < 64 else { throw error("nested deeper than 64 levels") }
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw error("it ends too early")
    case UInt8(ascii: "-")?: return try number()
    case let byte? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
      return try number()
    default: throw error("a value is expected")
    }
  }

  private mutating func word(_ word: String, _ value: JSON) throws(JSON.ParseError) -> JSON {
    guard bytes[position...].starts(with: word.utf8) else { throw error("a value is expected") }
    position += word.utf8.count
    return value
  }

  private mutating func object(_ depth: Int) throws(JSON.ParseError) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    var keys = Set<[UInt8]>()
    skipSpace()
    if take("}") { return .object([]) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a key in double quotes is expected") }
      let start = position
      let key = try string()
      guard keys.insert(Array(key.utf8)).inserted else {
        position = start
        throw error("the key '\(key.prefix(60))' is there twice")
      }
      skipSpace()
      guard take(":") else { throw error("a ':' is expected") }
      skipSpace()
      members.append(.init(key, try value(depth: depth + 1)))
      skipSpace()
      if take(",") { continue }
      if take("}") { return .object(members) }
      throw error(next == nil ? "it ends too early" : "a ',' or '}' is expected")
    }
  }

  private mutating func array(_ depth: Int) throws(JSON.ParseError) -> JSON {
    position += 1
    var values: [JSON] = []
    skipSpace()
    if take("]") { return .array([]) }
    while true {
      skipSpace()
      values.append(try value(depth: depth + 1))
      skipSpace()
      if take(",") { continue }
      if take("]") { return .array(values) }
      throw error(next == nil ? "it ends too early" : "a ',' or ']' is expected")
    }
  }

  private mutating func number() throws(JSON.ParseError) -> JSON {
    let start = position
    func isDigit(_ byte: UInt8?) -> Bool {
      byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }
    _ = take("-")
    if !take("0") {
      guard isDigit(next) else { throw error("a digit is expected") }
      while isDigit(next) { position += 1 }
    }
    if take(".") {
      guard isDigit(next) else { throw error("a digit is expected") }
      while isDigit(next) { position += 1 }
    }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard isDigit(next) else { throw error("a digit is expected") }
      while isDigit(next) { position += 1 }
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func string() throws(JSON.ParseError) -> String {
    position += 1
    var text: [UInt8] = []
    var plain = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        text += bytes[plain..<position]
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        text += bytes[plain..<position]
        try escape(into: &text)
        plain = position
      case 0..<0x20: throw error("a control character stands in a string")
      default: position += 1
      }
    }
    throw error("a string is not closed")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSON.ParseError) {
    position += 1
    guard let byte = next else { throw error("it ends too early") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try hex()
      if (0xd800..<0xdc00).contains(unit) {
        guard take("\\"), take("u") else { throw error("half a surrogate pair") }
        let low = try hex()
        guard (0xdc00..<0xe000).contains(low) else { throw error("half a surrogate pair") }
        unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(unit) else { throw error("half a surrogate pair") }
      text += UTF8.encode(scalar)!
    default:
      position -= 1
      throw error("an unknown escape")
    }
  }

  private mutating func hex() throws(JSON.ParseError) -> UInt32 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ Character(.init($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits are expected") }
    position += 4
    return value
  }
}
