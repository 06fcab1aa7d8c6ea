// A message's view: a struct that reads protobuf-c's in its place. What Wire/Views.swift has for a field is
// named as what Wire/Coding.swift has for it.

import Descriptors

extension SwiftWriter {
  mutating func writeView(_ message: MessageType) throws {
    let properties = try properties(of: message)
    let type = CName.type(message.fullName)
    line()
    block("extension \(swiftName(message.fullName)): ViewedMessage") { out in
      out.line(
        "/// A `\(SwiftName.type(message.name))` that is only looked at: fields are read where they are, strings"
      )
      out.line(
        "/// as UTF-8. The view and what it gives are gone after the call that was given the view; only"
      )
      out.line("/// copies may be kept.")
      out.block("public struct View: MessageView") { out in
        out.line("private let c: UnsafePointer<\(type)>")
        out.line()
        out.line("package init(c: UnsafePointer<\(type)>) { self.c = c }")
        for property in properties { out.writeViewed(property) }
      }
    }
  }

  private mutating func writeViewed(_ property: Property) {
    func member(_ field: Field) -> String { "c.pointee.\(CName.member(field.name))" }
    func count(_ field: Field) -> String { "c.pointee.n_\(CName.member(field.name))" }
    func getter(_ type: String, _ value: String) {
      line()
      comment(property.comment)
      block("public var \(property.name): \(type)") { $0.line(value) }
    }
    switch property.source {
    case .field(let field) where field.isRepeated:
      let (type, reader) = viewedList(field.shape)
      getter(type, "Viewed.\(reader)(\(member(field)), \(count(field)))")
    case .field(let field), .boxed(let field):
      guard isMessage(field) else {
        return getter(viewedType(field.shape), viewed(field.shape, member(field)))
      }
      getter(viewedType(field.shape) + "?", "\(member(field)).map { .init(c: $0) }")
    case .map(let field, let entry, let key, let value):
      // An entry may lack its message, which then has its initial value; a view has nothing to show for it.
      let optional = isMessage(value) ? "?" : ""
      let read =
        isMessage(value)
        ? "entry.pointee.value.map { .init(c: $0) }" : viewed(value.shape, "entry.pointee.value")
      line()
      comment(property.comment)
      block(
        "public var \(property.name): ViewList<(key: \(viewedType(key.shape)), "
          + "value: \(viewedType(value.shape))\(optional))>"
      ) { out in
        out.line("Viewed.entries(\(member(field)), \(count(field))) {")
        out.line("  (entry: UnsafePointer<\(CName.type(entry))>) in")
        out.line("  (\(out.viewed(key.shape, "entry.pointee.key")), \(read))")
        out.line("}")
      }
    case .optional(let field, let oneof):
      getter(
        viewedType(field.shape) + "?",
        "c.pointee.\(CName.lower(oneof))_case.rawValue == \(field.number) "
          + "? \(viewed(field.shape, member(field))) : nil")
    case .choice(let fields, let oneof, let type):
      line()
      comment(property.comment)
      block("public var \(property.name): \(type)?") { out in
        out.line("switch c.pointee.\(CName.lower(oneof))_case.rawValue {")
        for field in fields {
          out.line(
            "case \(field.number): .\(SwiftName.member(field.name))"
              + "(\(out.viewed(field.shape, member(field))))")
        }
        out.line("default: nil")
        out.line("}")
      }
      line()
      block("public enum \(type)") { out in
        for field in fields {
          out.comment(field.comment)
          out.line("case \(SwiftName.member(field.name))(\(out.viewedType(field.shape)))")
        }
      }
    }
  }

  private func viewedType(_ shape: Shape) -> String {
    switch shape {
    case .string, .bytes: "UnsafeBufferPointer<UInt8>"
    case .message(let name): swiftName(name) + ".View"
    case .scalar, .bool, .enumeration: elementType(shape)
    }
  }

  /// The type of a repeated field, and the function of `Viewed` that makes it.
  private func viewedList(_ shape: Shape) -> (type: String, function: String) {
    let element = viewedType(shape)
    return switch shape {
    case .scalar: ("UnsafeBufferPointer<\(element)>", "scalars")
    case .bool: ("ViewList<\(element)>", "flags")
    case .string: ("ViewList<\(element)>", "texts")
    case .bytes: ("ViewList<\(element)>", "byteStrings")
    case .message: ("ViewList<\(element)>", "messages")
    case .enumeration: ("ViewList<\(element)>", "enums")
    }
  }

  /// The expression that reads a single value.
  private func viewed(_ shape: Shape, _ source: String) -> String {
    switch shape {
    case .scalar: source
    case .bool: "\(source) != 0"
    case .string: "Viewed.text(\(source))"
    case .bytes: "Viewed.bytes(\(source))"
    case .enumeration: ".init(rawValue: .init(truncatingIfNeeded: \(source).rawValue))"
    case .message: ".init(c: \(source))"
    }
  }
}
