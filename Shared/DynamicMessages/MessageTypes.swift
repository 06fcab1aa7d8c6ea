// DynamicMessages: messages whose types are known by their descriptors alone, between the wire format and
// JSON as protobuf maps it (protobuf.dev, "ProtoJSON Format"). No generated code is involved, so a tool can
// call any service that describes itself.

package import Descriptors

/// The types of a set of files, by full name.
package struct MessageTypes: Sendable {
  struct Known: Sendable {
    let type: MessageType
    let isProto3: Bool
    /// By JSON name and by the contract's own; both are read.
    let fieldsByName: [String: Field]
    let fieldsByNumber: [Int: Field]
  }

  private var messages: [String: Known] = [:]
  private var enums: [String: EnumType] = [:]
  private var services: [String: ServiceType] = [:]

  package init(_ files: [File]) {
    for file in files {
      for message in file.messages { add(message, isProto3: file.syntax != "proto2") }
      for type in file.enums { enums[type.fullName] = type }
      for service in file.services { services[service.fullName] = service }
    }
  }

  private mutating func add(_ message: MessageType, isProto3: Bool) {
    var byName: [String: Field] = [:]
    for field in message.fields {
      byName[field.name] = field
      byName[field.jsonName] = field
    }
    messages[message.fullName] = Known(
      type: message, isProto3: isProto3, fieldsByName: byName,
      fieldsByNumber: Dictionary(message.fields.map { ($0.number, $0) }) { $1 })
    for nested in message.messages { add(nested, isProto3: isProto3) }
    for type in message.enums { enums[type.fullName] = type }
  }

  package func service(_ name: String) -> ServiceType? { services[name] }

  func message(_ name: String, at path: Path) throws(MessageError) -> Known {
    guard let known = messages[name] else {
      throw path.error("the type \(name) is not described")
    }
    return known
  }

  func enumeration(_ name: String, at path: Path) throws(MessageError) -> EnumType {
    guard let type = enums[name] else { throw path.error("the type \(name) is not described") }
    return type
  }
}

/// Why JSON is not the message it should be, or bytes are not.
package struct MessageError: Error, Hashable, CustomStringConvertible {
  /// The way to the value: `dataset.question.labels[2].name`. Empty for the message itself.
  package var path: String
  package var reason: String
  package var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}

/// The way to a value within a message.
struct Path {
  private(set) var text = ""

  func member(_ name: String) -> Path { Path(text: text.isEmpty ? name : "\(text).\(name)") }
  func index(_ index: Int) -> Path { Path(text: "\(text)[\(index)]") }
  /// Without the key, which may be a person's words.
  func entry() -> Path { Path(text: "\(text)[…]") }

  func error(_ reason: String) -> MessageError { MessageError(path: text, reason: reason) }
}

extension Field.Kind {
  /// The wire type of one value (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes).
  var wireType: UInt64 {
    switch self {
    case .double, .fixed64, .sfixed64: 1
    case .float, .fixed32, .sfixed32: 5
    case .string, .bytes, .message: 2
    default: 0
    }
  }

  var isPackable: Bool { wireType != 2 }
}

/// How deep messages may be nested, as in protobuf's own implementations.
let depthLimit = 100
