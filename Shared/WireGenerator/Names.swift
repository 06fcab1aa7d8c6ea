// Names: how a proto name is spelled in Swift, and how protoc-c spells it in C.

import Descriptors

enum SwiftName {
  /// `lauter.store.v1` is `StoreV1`, `grpc.health.v1` is `HealthV1`, `inference` is `Inference`.
  static func namespace(package: String) -> String {
    var parts = package.split(separator: ".")
    let version =
      parts.last.map { $0.first == "v" && $0.dropFirst().first?.isNumber == true } ?? false
    parts = parts.suffix(version ? 2 : 1)
    return parts.map { upperFirst(member(String($0), escaped: false)) }.joined()
  }

  /// `external_id` is `externalId`; what Swift reserves gets backticks.
  static func member(_ name: String, escaped: Bool = true) -> String {
    let parts = name.split(separator: "_").map(String.init)
    guard let first = parts.first else { return "_" }
    var camel =
      first.prefix(1).lowercased() + first.dropFirst() + parts.dropFirst().map(upperFirst).joined()
    if camel == "self" { camel += "_" }
    return escaped && reserved.contains(camel) ? "`\(camel)`" : camel
  }

  /// Only names that Swift cannot have even in backticks change: `Any` is `Any_`.
  static func type(_ name: String) -> String {
    ["Any", "Protocol", "Self", "Type"].contains(name) ? name + "_" : name
  }

  /// `UNKNOWN_LABEL` of `SuggestionFailureKind` is `unknownLabel`: without the enum's own name, where
  /// every value bears it.
  static func cases(of type: EnumType) -> [String] {
    let prefix = CName.lower(type.name).uppercased() + "_"
    let bare = type.values.map { $0.name.hasPrefix(prefix) ? $0.name.dropFirst(prefix.count) : "" }
    let strip = bare.allSatisfy { $0.first?.isLetter == true }
    return zip(type.values, bare).map { member((strip ? String($1) : $0.name).lowercased()) }
  }

  static func upperFirst(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  private static let reserved: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
    "deinit",
    "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func",
    "guard",
    "if", "import", "in", "init", "inout", "internal", "is", "let", "nil", "operator",
    "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return",
    "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias",
    "var", "where", "while",
  ]
}

/// As protoc-c 1.4 makes them (`c_helpers.cc`).
enum CName {
  /// `lauter.store.v1.Record` is `Lauter__Store__V1__Record`.
  static func type(_ fullName: String) -> String {
    fullName.split(separator: ".").map { part in
      part.split(separator: "_").map { SwiftName.upperFirst(String($0)) }.joined()
    }.joined(separator: "__")
  }

  /// The stem of its functions and descriptor: `lauter__store__v1__record`.
  static func symbol(_ fullName: String) -> String {
    fullName.split(separator: ".").map { lower(String($0)) }.joined(separator: "__")
  }

  static func member(_ name: String) -> String {
    let lower = name.lowercased()
    let c = keywords.contains(lower) ? lower + "_" : lower
    // The one C name that Swift reads otherwise even after a dot.
    return c == "init" || c == "self" ? "`\(c)`" : c
  }

  /// `ServingStatus` is `serving_status`.
  static func lower(_ name: String) -> String {
    var result = ""
    var wasUpper = true
    for character in name {
      if character.isUppercase && !wasUpper { result += "_" }
      wasUpper = character.isUppercase
      result += character.lowercased()
    }
    return result
  }

  private static let keywords: Set<String> = [
    "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "class",
    "compl", "const", "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast",
    "else", "enum", "explicit", "extern", "false", "float", "for", "friend", "goto", "if", "inline",
    "int", "long", "mutable", "namespace", "new", "not", "not_eq", "operator", "or", "or_eq",
    "private",
    "protected", "public", "register", "reinterpret_cast", "return", "short", "signed", "sizeof",
    "static", "static_cast", "struct", "switch", "template", "this", "throw", "true", "try",
    "typedef",
    "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
    "while", "xor", "xor_eq",
  ]
}
