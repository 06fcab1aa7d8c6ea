// Descriptors: what protoc writes with --descriptor_set_out, read from its own wire format (descriptor.proto
// of protobuf). A few field numbers are all that is needed, so the generator depends on no protobuf
// library and builds before any generated code exists.

struct DescriptorError: Error, CustomStringConvertible {
  var description: String
}

/// One message of the wire format, field by field.
struct Fields {
  private var values: [Int: [Value]] = [:]

  private enum Value {
    case integer(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  init(_ bytes: ArraySlice<UInt8>) throws {
    var rest = bytes
    while !rest.isEmpty {
      let tag = try Self.varint(&rest)
      let value: Value
      switch tag & 7 {
      case 0: value = .integer(try Self.varint(&rest))
      case 1: value = .bytes(try Self.take(8, &rest))
      case 2: value = .bytes(try Self.take(Int(clamping: try Self.varint(&rest)), &rest))
      case 5: value = .bytes(try Self.take(4, &rest))
      default: throw DescriptorError(description: "the descriptor set holds wire type \(tag & 7)")
      }
      values[Int(tag >> 3), default: []].append(value)
    }
  }

  func integer(_ number: Int) -> Int? {
    guard case .integer(let value)? = values[number]?.last else { return nil }
    return Int(truncatingIfNeeded: value)
  }

  func flag(_ number: Int) -> Bool { integer(number) == 1 }

  func text(_ number: Int) -> String {
    bytes(number).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  func messages(_ number: Int) throws -> [Fields] { try bytes(number).map(Fields.init) }

  func packedIntegers(_ number: Int) throws -> [Int] {
    var result: [Int] = []
    for var rest in bytes(number) {
      while !rest.isEmpty { result.append(Int(truncatingIfNeeded: try Self.varint(&rest))) }
    }
    return result
  }

  private func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
    (values[number] ?? []).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { break }
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
    }
    throw DescriptorError(description: "the descriptor set ends within a number")
  }

  private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws -> ArraySlice<
    UInt8
  > {
    guard rest.count >= count else {
      throw DescriptorError(description: "the descriptor set ends within a field")
    }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}

struct File {
  var name: String
  var package: String
  var messages: [MessageType]
  var enums: [EnumType]
  var services: [ServiceType]

  static func read(descriptorSet bytes: [UInt8]) throws -> [File] {
    try Fields(bytes[...]).messages(1).map(File.init)
  }

  private init(_ fields: Fields) throws {
    name = fields.text(1)
    package = fields.text(2)
    guard fields.text(12) == "proto3" else {
      throw DescriptorError(description: "\(name): only syntax = \"proto3\" is supported")
    }
    let comments = try Comments(fields.messages(9).first)
    let scope = package.isEmpty ? "" : package + "."
    messages = try fields.messages(4).enumerated().map {
      try MessageType($1, scope: scope, path: [4, $0], comments)
    }
    enums = try fields.messages(5).enumerated().map {
      try EnumType($1, scope: scope, path: [5, $0], comments)
    }
    services = try fields.messages(6).enumerated().map {
      try ServiceType($1, scope: scope, path: [6, $0], comments)
    }
  }
}

/// The comments before declarations, by their path in the file (SourceCodeInfo.Location.path).
struct Comments {
  private var leading: [[Int]: [String]] = [:]

  init(_ sourceCodeInfo: Fields?) throws {
    for location in try sourceCodeInfo?.messages(1) ?? [] {
      var lines = location.text(3).split(separator: "\n", omittingEmptySubsequences: false).map {
        String($0.hasPrefix(" ") ? $0.dropFirst() : $0)
      }
      while lines.last?.isEmpty == true { lines.removeLast() }
      leading[try location.packedIntegers(1)] = lines
    }
  }

  subscript(path: [Int]) -> [String] { leading[path] ?? [] }
}

struct MessageType {
  var name: String
  var fullName: String
  var comment: [String]
  var fields: [Field]
  var oneofs: [Oneof]
  var messages: [MessageType]
  var enums: [EnumType]
  var isMapEntry: Bool

  struct Oneof {
    var name: String
    var comment: [String]
  }

  init(_ fields: Fields, scope: String, path: [Int], _ comments: Comments) throws {
    name = fields.text(1)
    fullName = scope + name
    comment = comments[path]
    let scope = fullName + "."
    self.fields = try fields.messages(2).enumerated().map {
      try Field($1, message: scope, comment: comments[path + [2, $0]])
    }
    oneofs = try fields.messages(8).enumerated().map {
      Oneof(name: $1.text(1), comment: comments[path + [8, $0]])
    }
    messages = try fields.messages(3).enumerated().map {
      try MessageType($1, scope: scope, path: path + [3, $0], comments)
    }
    enums = try fields.messages(4).enumerated().map {
      try EnumType($1, scope: scope, path: path + [4, $0], comments)
    }
    isMapEntry = try fields.messages(7).first?.flag(7) ?? false
  }
}

struct Field {
  var name: String
  var number: Int
  var kind: Kind
  var isRepeated: Bool
  var oneof: Int?
  var comment: [String]

  enum Kind: Hashable {
    /// With the Swift type it becomes; protobuf-c gives sint, fixed and sfixed as plain integers.
    case scalar(String)
    case bool, string, bytes
    /// Full names without the leading dot.
    case message(String)
    case enumeration(String)
  }

  init(_ fields: Fields, message: String, comment: [String]) throws {
    name = fields.text(1)
    number = fields.integer(3) ?? 0
    isRepeated = fields.integer(4) == 3
    oneof = fields.integer(9)
    self.comment = comment
    guard !fields.flag(17) else {
      throw DescriptorError(
        description: "\(message)\(name): protoc-c does not know the keyword `optional` of proto3; "
          + "write `oneof \(name)_ { … \(name) = \(number); }`, which is the same on the wire")
    }
    let type = String(fields.text(6).drop { $0 == "." })
    switch fields.integer(5) {
    case 1: kind = .scalar("Double")
    case 2: kind = .scalar("Float")
    case 3, 16, 18: kind = .scalar("Int64")
    case 4, 6: kind = .scalar("UInt64")
    case 5, 15, 17: kind = .scalar("Int32")
    case 7, 13: kind = .scalar("UInt32")
    case 8: kind = .bool
    case 9: kind = .string
    case 11: kind = .message(type)
    case 12: kind = .bytes
    case 14: kind = .enumeration(type)
    default: throw DescriptorError(description: "\(message)\(name): groups are not supported")
    }
  }
}

struct EnumType {
  var name: String
  var fullName: String
  var comment: [String]
  var values: [(name: String, number: Int, comment: [String])]

  init(_ fields: Fields, scope: String, path: [Int], _ comments: Comments) throws {
    name = fields.text(1)
    fullName = scope + name
    comment = comments[path]
    values = try fields.messages(2).enumerated().map {
      ($1.text(1), $1.integer(2) ?? 0, comments[path + [2, $0]])
    }
    guard Set(values.map(\.number)).count == values.count else {
      throw DescriptorError(
        description: "\(fullName): two values have one number; `allow_alias` is not supported")
    }
  }
}

struct ServiceType {
  var name: String
  var fullName: String
  var comment: [String]
  var methods: [Method]

  struct Method {
    var name: String
    /// Full names without the leading dot.
    var input: String
    var output: String
    var clientStreams: Bool
    var serverStreams: Bool
    var comment: [String]
  }

  init(_ fields: Fields, scope: String, path: [Int], _ comments: Comments) throws {
    name = fields.text(1)
    fullName = scope + name
    comment = comments[path]
    methods = try fields.messages(2).enumerated().map {
      Method(
        name: $1.text(1), input: String($1.text(2).drop { $0 == "." }),
        output: String($1.text(3).drop { $0 == "." }), clientStreams: $1.flag(5),
        serverStreams: $1.flag(6), comment: comments[path + [2, $0]])
    }
  }
}
