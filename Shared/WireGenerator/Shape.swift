import Descriptors

/// What a field's value is in Swift and in protobuf-c, to which sint, fixed and sfixed are plain integers.
enum Shape: Hashable {
  /// With its Swift type.
  case scalar(String)
  case bool, string, bytes
  /// Full names.
  case message(String)
  case enumeration(String)
}

extension Field {
  var shape: Shape {
    switch kind {
    case .double: .scalar("Double")
    case .float: .scalar("Float")
    case .int64, .sint64, .sfixed64: .scalar("Int64")
    case .uint64, .fixed64: .scalar("UInt64")
    case .int32, .sint32, .sfixed32: .scalar("Int32")
    case .uint32, .fixed32: .scalar("UInt32")
    case .bool: .bool
    case .string: .string
    case .bytes: .bytes
    case .message(let name): .message(name)
    case .enumeration(let name): .enumeration(name)
    }
  }

  /// Whether 0 and -0 are two values of it.
  var isFloatingPoint: Bool { kind == .double || kind == .float }
}

extension File {
  /// Throws `DescriptorError` for what protoc-c or this generator cannot do.
  func checkSupport() throws {
    guard syntax == "proto3" else {
      throw DescriptorError(description: "\(name): only syntax = \"proto3\" is supported")
    }
    for message in messages { try message.checkSupport() }
    for type in enums { try type.checkSupport() }
  }
}

extension MessageType {
  fileprivate func checkSupport() throws {
    for field in fields where field.isProto3Optional {
      throw DescriptorError(
        description: "\(fullName).\(field.name): protoc-c does not know the keyword `optional` of "
          + "proto3; write `oneof \(field.name)_ { … \(field.name) = \(field.number); }`, which is "
          + "the same on the wire")
    }
    for type in enums { try type.checkSupport() }
    for message in messages { try message.checkSupport() }
  }
}

extension EnumType {
  fileprivate func checkSupport() throws {
    guard Set(values.map(\.number)).count == values.count else {
      throw DescriptorError(
        description: "\(fullName): two values have one number; `allow_alias` is not supported")
    }
  }
}
