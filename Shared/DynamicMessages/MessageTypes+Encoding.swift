import Descriptors
import Foundation
package import StrictJSON

extension MessageTypes {
  /// The wire format of a message given as JSON.
  ///
  /// Takes what the mapping tells parsers to take: fields by JSON name or the contract's name, `null`
  /// for "not set", 64-bit numbers and floats as numbers or strings, enums by name or number, bytes in
  /// either base64 alphabet. A field the type does not have is an error.
  package func encode(_ json: JSON, as name: String) throws(MessageError) -> [UInt8] {
    try encode(json, message: name, at: Path(), depth: 0)
  }

  func encode(
    _ json: JSON, message name: String, at path: Path, depth: Int
  ) throws(MessageError) -> [UInt8] {
    guard depth < depthLimit else { throw path.error("nested deeper than \(depthLimit) messages") }
    let known = try message(name, at: path)
    if let form = WellKnown(message: name) {
      return try encode(form, json, known, at: path, depth: depth)
    }
    guard case .object(let members) = json else {
      throw path.error("expected an object (\(name)), found \(json.kind)")
    }
    var output: [UInt8] = []
    var seen: Set<Int> = []
    var chosen: [Int: String] = [:]
    for member in members {
      guard let field = known.fieldsByName[member.key] else {
        let names = known.type.fields.map(\.jsonName).joined(separator: ", ")
        throw path.error(
          "\(name) has no field '\(member.key.prefix(60))'; it has \(names.isEmpty ? "none" : names)"
        )
      }
      let place = path.member(member.key)
      guard seen.insert(field.number).inserted else { throw place.error("given twice") }
      if case .null = member.value, field.isRepeated || !WellKnown.takesNull(field.kind) {
        continue
      }
      if let oneof = field.oneof {
        if let other = chosen.updateValue(member.key, forKey: oneof) {
          throw place.error("only one of '\(other)' and '\(member.key)' can be set")
        }
      }
      try append(member.value, field, of: known, at: place, depth: depth, to: &output)
    }
    return output
  }

  func append(
    _ json: JSON, _ field: Field, of known: Known, at path: Path, depth: Int,
    to output: inout [UInt8]
  ) throws(MessageError) {
    if let entry = mapEntry(of: field) {
      guard case .object(let members) = json else {
        throw path.error("expected an object (a map), found \(json.kind)")
      }
      for member in members {
        var body: [UInt8] = []
        try append(key: member.key, entry.fields[0], at: path.entry(), to: &body)
        guard member.value != .null || WellKnown.takesNull(entry.fields[1].kind) else {
          throw path.entry().error("null is no value of a map")
        }
        try appendTagged(
          member.value, entry.fields[1], at: path.entry(), depth: depth + 1, to: &body)
        output.append(tag: field.number, 2)
        output.append(counted: body)
      }
    } else if field.isRepeated {
      guard case .array(let values) = json else {
        throw path.error("expected an array, found \(json.kind)")
      }
      if field.kind.isPackable, field.packed ?? known.isProto3 {
        var body: [UInt8] = []
        for (index, value) in values.enumerated() {
          try append(value, field.kind, at: path.index(index), depth: depth, to: &body)
        }
        guard !body.isEmpty else { return }
        output.append(tag: field.number, 2)
        output.append(counted: body)
      } else {
        for (index, value) in values.enumerated() {
          try appendTagged(value, field, at: path.index(index), depth: depth, to: &output)
        }
      }
    } else {
      let start = output.count
      try appendTagged(json, field, at: path, depth: depth, to: &output)
      // Without presence, a default is not on the wire.
      if !hasPresence(field, known), isDefault(output[start...], field) {
        output.removeSubrange(start...)
      }
    }
  }

  private func appendTagged(
    _ json: JSON, _ field: Field, at path: Path, depth: Int, to output: inout [UInt8]
  ) throws(MessageError) {
    output.append(tag: field.number, field.kind.wireType)
    try append(json, field.kind, at: path, depth: depth, to: &output)
  }

  private func isDefault(_ bytes: ArraySlice<UInt8>, _ field: Field) -> Bool {
    var tag: [UInt8] = []
    tag.append(tag: field.number, field.kind.wireType)
    return bytes.dropFirst(tag.count).allSatisfy { $0 == 0 }
  }

  private func append(
    key: String, _ field: Field, at path: Path, to output: inout [UInt8]
  ) throws(MessageError) {
    let value: JSON
    switch field.kind {
    case .string: value = .string(key)
    case .bool:
      guard key == "true" || key == "false" else { throw path.error("a key is true or false") }
      value = .bool(key == "true")
    default: value = .number(key)
    }
    try appendTagged(value, field, at: path, depth: 0, to: &output)
  }

  private func append(
    _ json: JSON, _ kind: Field.Kind, at path: Path, depth: Int, to output: inout [UInt8]
  ) throws(MessageError) {
    switch kind {
    case .double: output.append(fixed: try real(json, at: path).bitPattern)
    case .float: output.append(fixed: try single(json, at: path).bitPattern)
    case .int32:
      let value: Int32 = try integer(json, at: path)
      output.append(varint: UInt64(bitPattern: Int64(value)))
    case .int64:
      let value: Int64 = try integer(json, at: path)
      output.append(varint: UInt64(bitPattern: value))
    case .uint32:
      let value: UInt32 = try integer(json, at: path)
      output.append(varint: UInt64(value))
    case .uint64: output.append(varint: try integer(json, at: path))
    case .sint32:
      let value: Int32 = try integer(json, at: path)
      output.append(varint: UInt64(UInt32(bitPattern: (value << 1) ^ (value >> 31))))
    case .sint64:
      let value: Int64 = try integer(json, at: path)
      output.append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    case .fixed32:
      let value: UInt32 = try integer(json, at: path)
      output.append(fixed: value)
    case .fixed64:
      let value: UInt64 = try integer(json, at: path)
      output.append(fixed: value)
    case .sfixed32:
      let value: Int32 = try integer(json, at: path)
      output.append(fixed: value)
    case .sfixed64:
      let value: Int64 = try integer(json, at: path)
      output.append(fixed: value)
    case .bool:
      guard case .bool(let value) = json else {
        throw path.error("expected true or false, found \(json.kind)")
      }
      output.append(value ? 1 : 0)
    case .string:
      guard case .string(let text) = json else {
        throw path.error("expected a string, found \(json.kind)")
      }
      output.append(counted: Array(text.utf8))
    case .bytes:
      guard case .string(let text) = json, let bytes = base64(text) else {
        throw path.error("expected a string of base64")
      }
      output.append(counted: bytes)
    case .enumeration(WellKnown.null) where json == .null: output.append(varint: 0)
    case .enumeration(let name):
      let number = try self.number(json, of: enumeration(name, at: path), at: path)
      output.append(varint: UInt64(bitPattern: Int64(number)))
    case .message(let name):
      output.append(counted: try encode(json, message: name, at: path, depth: depth + 1))
    }
  }

  private func number(
    _ json: JSON, of type: EnumType, at path: Path
  ) throws(MessageError) -> Int32 {
    guard case .string(let name) = json else { return try integer(json, at: path) }
    guard let value = type.values.first(where: { $0.name == name }) else {
      let names = type.values.map(\.name).joined(separator: ", ")
      throw path.error("\(type.fullName) has no value '\(name.prefix(60))'; it has \(names)")
    }
    return Int32(truncatingIfNeeded: value.number)
  }

  private func integer<Value: FixedWidthInteger>(
    _ json: JSON, at path: Path
  ) throws(MessageError) -> Value {
    switch json {
    case .number(let spelling), .string(let spelling):
      if let value = Value(spelling), spelling.first != "+" { return value }
      // `1e3` and `2.0` are whole numbers too.
      if spelling.utf8.contains(where: { $0 == 0x2e || $0 | 0x20 == 0x65 }),
        let double = Double(spelling), let value = Value(exactly: double)
      {
        return value
      }
      throw path.error("expected a whole number from \(Value.min) to \(Value.max)")
    default: throw path.error("expected a whole number, found \(json.kind)")
    }
  }

  private func real(_ json: JSON, at path: Path) throws(MessageError) -> Double {
    switch json {
    case .string("NaN"): return .nan
    case .string("Infinity"): return .infinity
    case .string("-Infinity"): return -.infinity
    case .number(let spelling), .string(let spelling):
      let isPlain = spelling.utf8.allSatisfy {
        (0x30...0x39).contains($0) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains($0)
      }
      guard isPlain, let value = Double(spelling), value.isFinite else {
        throw path.error("expected a number that fits")
      }
      return value
    default: throw path.error("expected a number, found \(json.kind)")
    }
  }

  private func single(_ json: JSON, at path: Path) throws(MessageError) -> Float {
    let value = try real(json, at: path)
    let single = Float(value)
    guard single.isFinite || !value.isFinite else {
      throw path.error("expected a number that fits")
    }
    return single
  }

  private func base64(_ text: String) -> [UInt8]? {
    var standard = text.replacing("-", with: "+").replacing("_", with: "/")
    while standard.utf8.count % 4 != 0 { standard += "=" }
    return Data(base64Encoded: standard).map(Array.init)
  }
}

extension [UInt8] {
  fileprivate mutating func append(varint value: UInt64) {
    var value = value
    while value > 0x7f {
      append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    append(UInt8(value))
  }

  mutating func append(tag number: Int, _ wireType: UInt64) {
    append(varint: UInt64(number) << 3 | wireType)
  }

  mutating func append(counted bytes: [UInt8]) {
    append(varint: UInt64(bytes.count))
    self += bytes
  }

  fileprivate mutating func append(fixed value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { self += $0 }
  }
}
