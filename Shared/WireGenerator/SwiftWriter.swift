// SwiftWriter: one package's messages and enums as Swift source. Services are in
// SwiftWriter+Services.swift.

import Descriptors

/// Everything that protoc gave us, by full name, with the Swift name of each type.
struct Types {
  private(set) var files: [String: File] = [:]
  private(set) var messages: [String: MessageType] = [:]
  private(set) var swiftNames: [String: String] = [:]
  /// The Swift name of each enum's first case, which proto3 wants to be number 0.
  private(set) var zeroCases: [String: String] = [:]
  /// The messages that have a view: those asked for, and what they hold.
  private(set) var viewed: Set<String> = []

  init(_ files: [File], viewing names: [String]) throws {
    for file in files {
      self.files[file.name] = file
      let namespace = SwiftName.namespace(package: file.package)
      for message in file.messages { add(message, within: namespace) }
      for type in file.enums { add(type, within: namespace) }
    }
    var pending = names
    while let name = pending.popLast() {
      guard let message = messages[name] else {
        throw DescriptorError(description: "no message is called \(name), so it cannot have a view")
      }
      guard viewed.insert(name).inserted else { continue }
      for field in message.fields {
        if case .message(let type) = field.shape { pending.append(type) }
      }
    }
  }

  private mutating func add(_ message: MessageType, within scope: String) {
    let name = "\(scope).\(SwiftName.type(message.name))"
    messages[message.fullName] = message
    swiftNames[message.fullName] = name
    for type in message.enums { add(type, within: name) }
    for nested in message.messages { add(nested, within: name) }
  }

  private mutating func add(_ type: EnumType, within scope: String) {
    swiftNames[type.fullName] = "\(scope).\(SwiftName.type(type.name))"
    zeroCases[type.fullName] = SwiftName.cases(of: type).first
  }

  /// Whether a `from` can hold a `to` in itself, so that a struct of one would hold a struct of the other.
  /// Arrays and dictionaries break the chain.
  func isRecursive(_ from: String, to: String) -> Bool {
    var seen: Set<String> = []
    var pending = [to]
    while let next = pending.popLast() {
      if next == from { return true }
      guard seen.insert(next).inserted, let message = messages[next] else { continue }
      for field in message.fields where !field.isRepeated {
        if case .message(let type) = field.shape { pending.append(type) }
      }
    }
    return false
  }
}

struct SwiftWriter {
  let types: Types
  private(set) var text = ""
  private var depth = 0

  init(types: Types) { self.types = types }

  mutating func line(_ text: String = "") {
    self.text += text.isEmpty ? "\n" : String(repeating: "  ", count: depth) + text + "\n"
  }

  /// Writes `head {`, the body one level deeper, and `}`.
  mutating func block(_ head: String, _ body: (inout SwiftWriter) throws -> Void) rethrows {
    line(head + " {")
    depth += 1
    try body(&self)
    depth -= 1
    line("}")
  }

  mutating func comment(_ lines: [String]) {
    for text in lines { line(text.isEmpty ? "///" : "/// " + text) }
  }

  func swiftName(_ fullName: String) -> String { types.swiftNames[fullName] ?? fullName }

  // MARK: Enums

  mutating func write(_ type: EnumType) {
    let cases = Array(zip(SwiftName.cases(of: type), type.values))
    comment(type.comment)
    block("public enum \(SwiftName.type(type.name)): CodedEnum, Hashable, Sendable") { out in
      for (name, value) in cases {
        out.comment(value.comment)
        out.line("case \(name)")
      }
      out.line("/// A value this program does not know yet.")
      out.line("case unrecognized(Int32)")
      out.line()
      out.block("public init(rawValue: Int32)") { out in
        out.line("switch rawValue {")
        for (name, value) in cases { out.line("case \(value.number): self = .\(name)") }
        out.line("default: self = .unrecognized(rawValue)")
        out.line("}")
      }
      out.line()
      out.block("public var rawValue: Int32") { out in
        out.line("switch self {")
        for (name, value) in cases { out.line("case .\(name): \(value.number)") }
        out.line("case .unrecognized(let rawValue): rawValue")
        out.line("}")
      }
    }
  }

  // MARK: Messages

  /// A stored property of a struct: a field, or a oneof.
  struct Property {
    var name: String
    var type: String
    var initial: String
    var comment: [String]
    var source: Source

    /// Where a boxed field is kept.
    var box: String { "boxed" + SwiftName.upperFirst(name.filter { $0 != "`" }) }

    enum Source {
      case field(Field)
      /// A field in a struct that would contain itself: kept in an array of at most one.
      case boxed(Field)
      case map(Field, entry: String, key: Field, value: Field)
      /// A oneof with one field and the field's name plus `_`: the field, optional.
      case optional(Field, oneof: String)
      case choice([Field], oneof: String, type: String)
    }
  }

  mutating func write(_ message: MessageType) throws {
    let properties = try properties(of: message)
    comment(message.comment)
    try block("public struct \(SwiftName.type(message.name)): Message, Hashable, Sendable") { out in
      for property in properties {
        out.comment(property.comment)
        if case .boxed = property.source {
          let box = property.box
          out.block("public var \(property.name): \(property.type)") { out in
            out.line("get { \(box).first }")
            out.line("set { \(box) = newValue.map { [$0] } ?? [] }")
          }
          out.line("private var \(box): [\(property.type.dropLast())] = []")
        } else {
          out.line("public var \(property.name): \(property.type)")
        }
      }
      if !properties.isEmpty { out.line() }
      out.writeMemberwiseInit(properties)
      for property in properties {
        if case .choice(let fields, _, let type) = property.source {
          out.line()
          let recursive = fields.contains { out.isRecursive($0, in: message) }
          out.block("public \(recursive ? "indirect " : "")enum \(type): Hashable, Sendable") {
            out in
            for field in fields {
              out.comment(field.comment)
              out.line("case \(SwiftName.member(field.name))(\(out.elementType(field.shape)))")
            }
          }
        }
      }
      for type in message.enums {
        out.line()
        out.write(type)
      }
      for nested in message.messages where !nested.isMapEntry {
        out.line()
        try out.write(nested)
      }
    }
  }

  private mutating func writeMemberwiseInit(_ properties: [Property]) {
    let parameters = properties.map { "\($0.name): \($0.type) = \($0.initial)" }
    let oneLine = "public init(\(parameters.joined(separator: ", ")))"
    if oneLine.count + 2 * depth <= 96 {
      if properties.isEmpty { return line(oneLine + " {}") }
      line(oneLine + " {")
    } else {
      line("public init(")
      for (index, parameter) in parameters.enumerated() {
        line("  " + parameter + (index + 1 < parameters.count ? "," : ""))
      }
      line(") {")
    }
    for property in properties {
      if case .boxed = property.source {
        line("  self.\(property.box) = \(property.name).map { [$0] } ?? []")
      } else {
        line("  self.\(property.name) = \(property.name)")
      }
    }
    line("}")
  }

  func properties(of message: MessageType) throws -> [Property] {
    var result: [Property] = []
    var seen: Set<Int> = []
    for field in message.fields {
      let name = SwiftName.member(field.name)
      if let index = field.oneof {
        guard seen.insert(index).inserted else { continue }
        let oneof = message.oneofs[index]
        let fields = message.fields.filter { $0.oneof == index }
        if fields.count == 1, oneof.name == field.name + "_" {
          guard !isRecursive(field, in: message) else {
            throw DescriptorError(
              description:
                "\(message.fullName).\(field.name): a message that holds itself needs no "
                + "one-field oneof; a message field is optional anyway")
          }
          result.append(
            Property(
              name: name, type: elementType(field.shape) + "?", initial: "nil",
              comment: oneof.comment + field.comment, source: .optional(field, oneof: oneof.name)))
        } else {
          let type = SwiftName.type(
            SwiftName.upperFirst(SwiftName.member(oneof.name, escaped: false)))
          result.append(
            Property(
              name: SwiftName.member(oneof.name), type: "\(swiftName(message.fullName)).\(type)?",
              initial: "nil", comment: oneof.comment,
              source: .choice(fields, oneof: oneof.name, type: type)))
        }
        continue
      }
      var property = Property(
        name: name, type: elementType(field.shape), initial: "", comment: field.comment,
        source: .field(field))
      switch field.shape {
      case .message(let type) where field.isRepeated && types.messages[type]?.isMapEntry == true:
        let entry = types.messages[type]!
        property.type =
          "[\(elementType(entry.fields[0].shape)): \(elementType(entry.fields[1].shape))]"
        property.initial = "[:]"
        property.source = .map(field, entry: type, key: entry.fields[0], value: entry.fields[1])
      case _ where field.isRepeated:
        property.type = "[\(property.type)]"
        property.initial = "[]"
      case .message:
        property.type += "?"
        property.initial = "nil"
        if isRecursive(field, in: message) { property.source = .boxed(field) }
      case .scalar: property.initial = "0"
      case .bool: property.initial = "false"
      case .string: property.initial = "\"\""
      case .bytes: property.initial = "[]"
      case .enumeration(let type):
        property.initial = ".\(types.zeroCases[type] ?? "init(rawValue: 0)")"
      }
      result.append(property)
    }
    return result
  }

  private func isRecursive(_ field: Field, in message: MessageType) -> Bool {
    guard !field.isRepeated, case .message(let type) = field.shape else { return false }
    return types.isRecursive(message.fullName, to: type)
  }

  func elementType(_ kind: Shape) -> String {
    switch kind {
    case .scalar(let type): type
    case .bool: "Bool"
    case .string: "String"
    case .bytes: "[UInt8]"
    case .message(let name), .enumeration(let name): swiftName(name)
    }
  }

  // MARK: To and from C

  /// The conformance that carries a message between Swift and protobuf-c's struct, and those of the
  /// messages inside it.
  mutating func writeCoding(_ message: MessageType) throws {
    let properties = try properties(of: message)
    let type = CName.type(message.fullName)
    let symbol = CName.symbol(message.fullName)
    line()
    block("extension \(swiftName(message.fullName)): CodedMessage") { out in
      out.line("package static let descriptor = MessageDescriptor(\(symbol)__init)")
      out.line()
      out.line(
        "public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }")
      out.line()
      out.block("public func serialize(into output: inout MessageBuffer) throws") { out in
        out.line("try encode(self, into: &output)")
      }
      out.line()
      out.block("package init(c: UnsafeMutablePointer<\(type)>) throws") { out in
        for property in properties { out.writeDecoding(property, in: message) }
        if properties.isEmpty { out.line("self.init()") }
      }
      out.line()
      out.block("package func fill(_ c: UnsafeMutablePointer<\(type)>, _ arena: Arena) throws") {
        out in
        out.line("\(symbol)__init(c)")
        for property in properties { out.writeEncoding(property, in: message) }
      }
    }
    if types.viewed.contains(message.fullName) { try writeView(message) }
    for nested in message.messages where !nested.isMapEntry { try writeCoding(nested) }
  }

  private mutating func writeDecoding(_ property: Property, in message: MessageType) {
    let name = "self.\(property.name)"
    func member(_ field: Field) -> String { "c.pointee.\(CName.member(field.name))" }
    func count(_ field: Field) -> String { "c.pointee.n_\(CName.member(field.name))" }
    switch property.source {
    case .field(let field) where field.isRepeated:
      let attempt = isMessage(field) ? "try " : ""
      line(
        "\(name) = \(attempt)Decoded.\(plural(field.shape))(\(member(field)), \(count(field)))")
    case .field(let field):
      let attempt = isMessage(field) ? "try " : ""
      line("\(name) = \(attempt)\(decoded(field.shape, member(field), optional: true))")
    case .boxed(let field):
      line("self.\(property.box) = try \(member(field)).map { [try .init(c: $0)] } ?? []")
    case .map(let field, _, let key, let value):
      let decodedKey = decoded(key.shape, "entry.pointee.key", optional: false)
      var decodedValue = decoded(value.shape, "entry.pointee.value", optional: true)
      if isMessage(value) { decodedValue = "try \(decodedValue) ?? .init()" }
      line(
        "\(name) = try Decoded.map(\(member(field)), \(count(field)), \(place(field, in: message))) {"
      )
      line("  entry in")
      line("  (\(decodedKey), \(decodedValue))")
      line("}")
    case .optional(let field, let oneof):
      let attempt = isMessage(field) ? "try " : ""
      let value = decoded(field.shape, member(field), optional: false)
      line(
        "\(name) = \(attempt)c.pointee.\(CName.lower(oneof))_case.rawValue == \(field.number) ? \(value) : nil"
      )
    case .choice(let fields, let oneof, _):
      line("switch c.pointee.\(CName.lower(oneof))_case.rawValue {")
      for field in fields {
        let attempt = isMessage(field) ? "try " : ""
        let value = decoded(field.shape, member(field), optional: false)
        line(
          "case \(field.number): \(name) = \(attempt).\(SwiftName.member(field.name))(\(value))")
      }
      line("default: \(name) = nil")
      line("}")
    }
  }

  func isMessage(_ field: Field) -> Bool {
    if case .message = field.shape { true } else { false }
  }

  /// How errors name a field, as a literal.
  private func place(_ field: Field, in message: MessageType) -> String {
    "\"\(message.fullName).\(field.name)\""
  }

  /// The expression that reads a single value from C; a message's throws.
  private func decoded(_ kind: Shape, _ source: String, optional: Bool) -> String {
    switch kind {
    case .scalar: source
    case .bool: "\(source) != 0"
    case .string: "String(cString: \(source))"
    case .bytes: "Decoded.bytes(\(source))"
    case .enumeration: ".init(rawValue: .init(truncatingIfNeeded: \(source).rawValue))"
    case .message(let name):
      optional ? "\(source).map { try .init(c: $0) }" : "\(swiftName(name))(c: \(source))"
    }
  }

  private func plural(_ kind: Shape) -> String {
    switch kind {
    case .scalar: "scalars"
    case .bool: "flags"
    case .string: "strings"
    case .bytes: "byteStrings"
    case .message: "messages"
    case .enumeration: "enums"
    }
  }

  private mutating func writeEncoding(_ property: Property, in message: MessageType) {
    let name = property.name
    func place(_ field: Field) -> String { self.place(field, in: message) }
    func target(_ field: Field) -> String { "c.pointee.\(CName.member(field.name))" }
    switch property.source {
    case .field(let field) where field.isRepeated:
      line("c.pointee.n_\(CName.member(field.name)) = \(name).count")
      switch field.shape {
      case .scalar: line("\(target(field)) = try arena.scalars(\(name))")
      case .bool: line("\(target(field)) = try arena.scalars(\(name).map { $0 ? 1 : 0 })")
      case .string: line("\(target(field)) = try arena.strings(\(name), \(place(field)))")
      case .bytes: line("\(target(field)) = try arena.byteStrings(\(name))")
      case .message: line("\(target(field)) = try arena.messages(\(name))")
      case .enumeration:
        line("\(target(field)) = try arena.scalars(")
        line("  \(name).map { .init(rawValue: .init(truncatingIfNeeded: $0.rawValue)) })")
      }
    case .field(let field), .boxed(let field):
      if case .message = field.shape {
        line("if let \(name) { \(target(field)) = try arena.message(\(name)) }")
      } else {
        line("\(target(field)) = \(encoded(field.shape, name, place(field)))")
        if field.isFloatingPoint {
          line("try arena.keepNegativeZero(\(name), \(field.number), &c.pointee.base)")
        }
      }
    case .map(let field, let entry, let key, let value):
      line("c.pointee.n_\(CName.member(field.name)) = \(name).count")
      line("\(target(field)) = try arena.entries(\(name)) { entry, key, value in")
      line("  \(CName.symbol(entry))__init(entry)")
      line("  entry.pointee.key = \(encoded(key.shape, "key", place(field)))")
      line("  entry.pointee.value = \(encoded(value.shape, "value", place(field)))")
      if value.isFloatingPoint {
        line("  try arena.keepNegativeZero(value, \(value.number), &entry.pointee.base)")
      }
      line("}")
    case .optional(let field, let oneof):
      line("if let \(name) {")
      line("  c.pointee.\(CName.lower(oneof))_case = .init(\(field.number))")
      line("  \(target(field)) = \(encoded(field.shape, name, place(field)))")
      line("}")
    case .choice(let fields, let oneof, _):
      line("switch \(name) {")
      for field in fields {
        line("case .\(SwiftName.member(field.name))(let value):")
        line("  c.pointee.\(CName.lower(oneof))_case = .init(\(field.number))")
        line("  \(target(field)) = \(encoded(field.shape, "value", place(field)))")
      }
      line("case nil: break")
      line("}")
    }
  }

  /// The expression that makes a single value C's.
  private func encoded(_ kind: Shape, _ source: String, _ place: String) -> String {
    switch kind {
    case .scalar: source
    case .bool: "\(source) ? 1 : 0"
    case .string: "try arena.string(\(source), \(place))"
    case .bytes: "try arena.bytes(\(source))"
    case .enumeration: ".init(rawValue: .init(truncatingIfNeeded: \(source).rawValue))"
    case .message: "try arena.message(\(source))"
    }
  }
}
