// Descriptors: what a contract says of itself, read from the wire format of protobuf's descriptor.proto.
// A few field numbers are all that is needed, so this depends on no protobuf library: the generator of our
// code builds before any generated code exists, and reflection and `lauter call` read the same types.

/// A `.proto` file (`FileDescriptorProto`).
package struct File: Sendable {
  /// As imports name it: `lauter/store/v1/store.proto`.
  package var name: String
  package var package: String
  /// The names of the files it imports.
  package var imports: [String]
  /// `proto2`, `proto3` or `editions`.
  package var syntax: String
  package var messages: [MessageType]
  package var enums: [EnumType]
  package var services: [ServiceType]
  /// Those declared outside messages.
  package var extensions: [Extension]
  /// The `FileDescriptorProto` itself, comments left out.
  package var bytes: [UInt8]

  /// The files of a `FileDescriptorSet`, as `protoc --descriptor_set_out` writes it.
  package static func read(descriptorSet bytes: [UInt8]) throws -> [File] {
    try Fields(bytes[...]).bytes(1).map(File.init)
  }

  /// Reads a `FileDescriptorProto`; throws `DescriptorError` where the bytes are none.
  package init(_ bytes: ArraySlice<UInt8>) throws {
    let sourceCodeInfo = 9
    let fields = try Fields(bytes)
    name = fields.text(1)
    package = fields.text(2)
    imports = fields.texts(3)
    syntax = fields.text(12).isEmpty ? "proto2" : fields.text(12)
    self.bytes = try Fields.removing(sourceCodeInfo, from: bytes)
    let comments = try Comments(fields.messages(sourceCodeInfo).first)
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
    extensions = try fields.messages(7).map { Extension($0, scope: scope) }
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

package struct MessageType: Sendable {
  package var name: String
  /// With its package, without a leading dot.
  package var fullName: String
  package var comment: [String]
  package var fields: [Field]
  package var oneofs: [Oneof]
  package var messages: [MessageType]
  package var enums: [EnumType]
  package var extensions: [Extension]
  package var isMapEntry: Bool

  package struct Oneof: Sendable {
    package var name: String
    package var comment: [String]
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
    extensions = try fields.messages(6).map { Extension($0, scope: scope) }
    isMapEntry = try fields.messages(7).first?.flag(7) ?? false
  }
}

package struct Field: Sendable {
  package var name: String
  package var number: Int
  package var kind: Kind
  package var isRepeated: Bool
  /// Its place in the message's `oneofs`.
  package var oneof: Int?
  /// Whether it bears the keyword `optional` of proto3; its oneof is then one that protoc made up.
  package var isProto3Optional: Bool
  /// The option `packed`, where it is there.
  package var packed: Bool?
  /// Its name in JSON, `externalId` for `external_id` unless the contract says otherwise.
  package var jsonName: String
  package var comment: [String]

  package enum Kind: Hashable, Sendable {
    case double, float
    case int32, int64, uint32, uint64, sint32, sint64
    case fixed32, fixed64, sfixed32, sfixed64
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
    isProto3Optional = fields.flag(17)
    packed = try fields.messages(8).first?.integer(2).map { $0 == 1 }
    jsonName = fields.text(10).isEmpty ? Field.jsonName(of: name) : fields.text(10)
    self.comment = comment
    let type = String(fields.text(6).drop { $0 == "." })
    switch fields.integer(5) {
    case 1: kind = .double
    case 2: kind = .float
    case 3: kind = .int64
    case 4: kind = .uint64
    case 5: kind = .int32
    case 6: kind = .fixed64
    case 7: kind = .fixed32
    case 8: kind = .bool
    case 9: kind = .string
    case 11: kind = .message(type)
    case 12: kind = .bytes
    case 13: kind = .uint32
    case 14: kind = .enumeration(type)
    case 15: kind = .sfixed32
    case 16: kind = .sfixed64
    case 17: kind = .sint32
    case 18: kind = .sint64
    default: throw DescriptorError(description: "\(message)\(name): groups are not supported")
    }
  }

  /// As protoc makes it: an underscore goes, and the letter after it is upper case.
  private static func jsonName(of name: String) -> String {
    var result = ""
    var raise = false
    for character in name {
      if character == "_" {
        raise = true
      } else {
        result += raise ? character.uppercased() : String(character)
        raise = false
      }
    }
    return result
  }
}

package struct EnumType: Sendable {
  package var name: String
  package var fullName: String
  package var comment: [String]
  package var values: [(name: String, number: Int, comment: [String])]

  init(_ fields: Fields, scope: String, path: [Int], _ comments: Comments) throws {
    name = fields.text(1)
    fullName = scope + name
    comment = comments[path]
    values = try fields.messages(2).enumerated().map {
      ($1.text(1), $1.integer(2) ?? 0, comments[path + [2, $0]])
    }
  }
}

/// A field that a file adds to a message of another.
package struct Extension: Sendable {
  package var fullName: String
  package var number: Int
  /// The message it belongs to, by full name.
  package var extendee: String

  init(_ fields: Fields, scope: String) {
    fullName = scope + fields.text(1)
    number = fields.integer(3) ?? 0
    extendee = String(fields.text(2).drop { $0 == "." })
  }
}

package struct ServiceType: Sendable {
  package var name: String
  package var fullName: String
  package var comment: [String]
  package var methods: [Method]

  package struct Method: Sendable {
    package var name: String
    /// Full names without the leading dot.
    package var input: String
    package var output: String
    package var clientStreams: Bool
    package var serverStreams: Bool
    package var comment: [String]
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

extension File {
  /// Every name the file declares, in full: messages, fields, oneofs, enums and their values, services
  /// and their methods, extensions.
  package var symbols: [String] {
    let scope = package.isEmpty ? "" : package + "."
    var result = enums.flatMap { $0.symbols(scope: scope) } + extensions.map(\.fullName)
    for message in messages { message.addSymbols(to: &result) }
    for service in services {
      result.append(service.fullName)
      result += service.methods.map { "\(service.fullName).\($0.name)" }
    }
    return result
  }

  /// Every extension the file declares, those inside messages as well.
  package var allExtensions: [Extension] {
    extensions + messages.flatMap(\.allExtensions)
  }
}

extension MessageType {
  fileprivate func addSymbols(to result: inout [String]) {
    result.append(fullName)
    result += fields.map { "\(fullName).\($0.name)" }
    result += oneofs.map { "\(fullName).\($0.name)" }
    result += enums.flatMap { $0.symbols(scope: fullName + ".") } + extensions.map(\.fullName)
    for message in messages { message.addSymbols(to: &result) }
  }

  fileprivate var allExtensions: [Extension] { extensions + messages.flatMap(\.allExtensions) }
}

extension EnumType {
  /// An enum's values are named beside it, not inside it.
  fileprivate func symbols(scope: String) -> [String] {
    [fullName] + values.map { scope + $0.name }
  }
}
