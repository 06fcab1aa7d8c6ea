/// A JSON value read strictly, as model files need it: a key that occurs twice is an error, strings are
/// told apart by their UTF-8 bytes (a `Dictionary` keyed by `String` would merge "é" and "e\u{301}",
/// which are two entries of a vocabulary), and whole numbers keep all their digits.
enum JSON: Sendable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  /// In the order of the file.
  case object([Member])
  /// An object whose members are all tokens with their ids; see `init(parsing:tokens:)`. A name may
  /// occur twice.
  case tokens(TokenList)

  struct Member: Sendable {
    let key: String
    let value: JSON
  }

  /// Where the text stops being JSON, in bytes from its start.
  struct SyntaxError: Error, CustomStringConvertible {
    let offset: Int
    let reason: String
    var description: String { "not valid JSON at byte \(offset): \(reason)" }
  }

  /// - Parameter tokens: objects that are members of this name, wherever they are, must hold tokens
  ///   and their ids (whole numbers from 0); they are read as `.tokens`, which is many times as fast.
  /// - Throws: `SyntaxError`.
  init(parsing bytes: UnsafeRawBufferPointer, tokens: String? = nil) throws(SyntaxError) {
    var parser = JSONParser(bytes: bytes, tokens: tokens)
    self = try parser.document()
  }

  /// The member of that name; `nil` if there is none or this is not an object.
  subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  var isNull: Bool { if case .null = self { true } else { false } }
  var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  var intValue: Int? { if case .integer(let value) = self { value } else { nil } }
  var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
  var objectValue: [Member]? { if case .object(let value) = self { value } else { nil } }
  var tokensValue: TokenList? { if case .tokens(let value) = self { value } else { nil } }
  var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

private struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let tokens: String?
  var at = 0
  var depth = 0

  init(bytes: UnsafeRawBufferPointer, tokens: String?) {
    self.bytes = bytes
    self.tokens = tokens
  }

  mutating func document() throws(JSON.SyntaxError) -> JSON {
    skipSpace()
    let value = try self.value()
    skipSpace()
    guard at == bytes.count else { throw error("something follows the value") }
    return value
  }

  private func error(_ reason: String) -> JSON.SyntaxError { .init(offset: at, reason: reason) }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while at < bytes.count, case let b = bytes[at], b == 0x20 || b == 0x0A || b == 0x0D || b == 0x09
    {
      at += 1
    }
  }

  private mutating func expect(_ word: StaticString, _ value: JSON) throws(JSON.SyntaxError) -> JSON
  {
    let count = word.utf8CodeUnitCount
    guard bytes.count - at >= count,
      (0..<count).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] })
    else { throw error("an unknown word") }
    at += count
    return value
  }

  private mutating func value() throws(JSON.SyntaxError) -> JSON {
    switch next {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try expect("true", .bool(true))
    case UInt8(ascii: "f"): return try expect("false", .bool(false))
    case UInt8(ascii: "n"): return try expect("null", .null)
    case nil: throw error("the text ends where a value should be")
    default: return try number()
    }
  }

  private mutating func enter() throws(JSON.SyntaxError) {
    depth += 1
    guard depth <= 64 else { throw error("nested more than 64 deep") }
    at += 1
    skipSpace()
  }

  private mutating func object() throws(JSON.SyntaxError) -> JSON {
    try enter()
    var members: [JSON.Member] = []
    if next == UInt8(ascii: "}") {
      at += 1
    } else {
      while true {
        guard next == UInt8(ascii: "\"") else { throw error("a member's name should be here") }
        let key = try string()
        skipSpace()
        guard next == UInt8(ascii: ":") else { throw error("':' should be here") }
        at += 1
        skipSpace()
        members.append(
          JSON.Member(
            key: key,
            value: key == tokens && next == UInt8(ascii: "{")
              ? .tokens(try tokenList()) : try value()))
        skipSpace()
        if next == UInt8(ascii: ",") {
          at += 1
          skipSpace()
        } else if next == UInt8(ascii: "}") {
          at += 1
          break
        } else {
          throw error("',' or '}' should be here")
        }
      }
    }
    if let twice = firstDuplicate(members) { throw error("the name \"\(twice)\" occurs twice") }
    depth -= 1
    return .object(members)
  }

  /// The object of tokens and ids at the opening brace.
  private mutating func tokenList() throws(JSON.SyntaxError) -> TokenList {
    try enter()
    var list = TokenList()
    list.reserve(bytes: (bytes.count - at) / 2)
    if next == UInt8(ascii: "}") {
      at += 1
      depth -= 1
      return list
    }
    while true {
      guard next == UInt8(ascii: "\"") else { throw error("a token should be here") }
      let start = at + 1
      var end = start
      while end < bytes.count, case let b = bytes[end], b != 0x22, b != 0x5C, b >= 0x20 { end += 1 }
      let plain = end < bytes.count && bytes[end] == 0x22
      let escaped = plain ? nil : try string()
      if plain { at = end + 1 }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw error("':' should be here") }
      at += 1
      skipSpace()
      let id = try tokenID()
      if let escaped {
        list.append(escaped.utf8, id: id)
      } else {
        list.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), id: id)
      }
      skipSpace()
      if next == UInt8(ascii: ",") {
        at += 1
        skipSpace()
      } else if next == UInt8(ascii: "}") {
        at += 1
        break
      } else {
        throw error("',' or '}' should be here")
      }
    }
    guard list.firstInvalid == nil else { throw error("a token before here is not UTF-8") }
    depth -= 1
    return list
  }

  private mutating func tokenID() throws(JSON.SyntaxError) -> Int32 {
    let start = at
    var value: Int64 = 0
    while at < bytes.count, at - start < 11, case let b = bytes[at], b >= 0x30, b <= 0x39 {
      value = value * 10 + Int64(b - 0x30)
      at += 1
    }
    let leadsWithZero = at - start > 1 && bytes[start] == 0x30
    guard at > start, !leadsWithZero, let id = Int32(exactly: value) else {
      at = start
      throw error("a token's id, a whole number from 0, should be here")
    }
    return id
  }

  private func firstDuplicate(_ members: [JSON.Member]) -> String? {
    if members.count <= 8 {
      for i in members.indices {
        for j in members.indices.prefix(i)
        where members[i].key.utf8.elementsEqual(members[j].key.utf8) {
          return members[i].key
        }
      }
      return nil
    }
    var seen = Set<ByteKey>(minimumCapacity: members.count)
    return members.first { !seen.insert(ByteKey($0.key)).inserted }?.key
  }

  private mutating func array() throws(JSON.SyntaxError) -> JSON {
    try enter()
    var values: [JSON] = []
    if next == UInt8(ascii: "]") {
      at += 1
    } else {
      while true {
        values.append(try value())
        skipSpace()
        if next == UInt8(ascii: ",") {
          at += 1
          skipSpace()
        } else if next == UInt8(ascii: "]") {
          at += 1
          break
        } else {
          throw error("',' or ']' should be here")
        }
      }
    }
    depth -= 1
    return .array(values)
  }

  private mutating func number() throws(JSON.SyntaxError) -> JSON {
    let start = at
    func isDigit(_ b: UInt8?) -> Bool { b.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
    var whole = true
    if next == UInt8(ascii: "-") { at += 1 }
    guard isDigit(next) else { throw error("a value should be here") }
    if next == UInt8(ascii: "0") { at += 1 } else { while isDigit(next) { at += 1 } }
    if next == UInt8(ascii: ".") {
      whole = false
      at += 1
      guard isDigit(next) else { throw error("a digit should follow the point") }
      while isDigit(next) { at += 1 }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      whole = false
      at += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
      guard isDigit(next) else { throw error("a digit should follow the exponent sign") }
      while isDigit(next) { at += 1 }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if whole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("a number out of range") }
    return .number(value)
  }

  /// The string at the opening quote.
  private mutating func string() throws(JSON.SyntaxError) -> String {
    at += 1
    let start = at
    while let b = next, b != UInt8(ascii: "\""), b != UInt8(ascii: "\\"), b >= 0x20 { at += 1 }
    if next == UInt8(ascii: "\"") {
      let text = String(validating: bytes[start..<at], as: UTF8.self)
      guard let text else { throw error("a string that is not UTF-8") }
      at += 1
      return text
    }
    var units = [UInt8](bytes[start..<at])
    while let b = next {
      if b == UInt8(ascii: "\"") {
        guard let text = String(validating: units, as: UTF8.self) else {
          throw error("a string that is not UTF-8")
        }
        at += 1
        return text
      }
      if b == UInt8(ascii: "\\") {
        at += 1
        try escape(into: &units)
      } else if b < 0x20 {
        throw error("a control character in a string")
      } else {
        units.append(b)
        at += 1
      }
    }
    throw error("a string without an end")
  }

  private mutating func escape(into units: inout [UInt8]) throws(JSON.SyntaxError) {
    guard let b = next else { throw error("a string without an end") }
    at += 1
    switch b {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(b)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0C)
    case UInt8(ascii: "n"): units.append(0x0A)
    case UInt8(ascii: "r"): units.append(0x0D)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hex4()
      if (0xD800..<0xDC00).contains(code) {
        guard next == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u")
        else { throw error("half a surrogate pair") }
        at += 2
        let low = try hex4()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      units.append(contentsOf: UTF8.encode(scalar)!)
    default: throw error("an unknown escape")
    }
  }

  private mutating func hex4() throws(JSON.SyntaxError) -> UInt32 {
    guard bytes.count - at >= 4 else { throw error("four hexadecimal digits should be here") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch bytes[at] {
      case 0x30...0x39: digit = bytes[at] - 0x30
      case 0x41...0x46: digit = bytes[at] - 0x41 + 10
      case 0x61...0x66: digit = bytes[at] - 0x61 + 10
      default: throw error("four hexadecimal digits should be here")
      }
      code = code << 4 | UInt32(digit)
      at += 1
    }
    return code
  }
}

/// A string as a dictionary key, equal where the UTF-8 bytes are.
struct ByteKey: Hashable, Sendable {
  let text: String
  init(_ text: String) { self.text = text }

  static func == (a: ByteKey, b: ByteKey) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
