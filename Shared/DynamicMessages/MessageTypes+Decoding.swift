import Descriptors
import Foundation
package import StrictJSON

extension MessageTypes {
  /// A message's wire format as JSON: fields in the contract's order by their JSON names, 64-bit numbers
  /// as strings, enums by name, bytes as base64. What has no presence and its default is left out, as
  /// are fields the type does not have.
  package func decode(_ bytes: [UInt8], as name: String) throws(MessageError) -> JSON {
    try decode(bytes[...], message: name, at: Path(), depth: 0)
  }

  func hasPresence(_ field: Field, _ known: Known) -> Bool {
    if case .message = field.kind { return true }
    return field.oneof != nil || !known.isProto3
  }

  /// The type of a map's entries, where the field is a map.
  func mapEntry(of field: Field) -> MessageType? {
    guard field.isRepeated, case .message(let name) = field.kind,
      let entry = try? message(name, at: Path()), entry.type.isMapEntry
    else { return nil }
    return entry.type
  }

  func decode(
    _ bytes: ArraySlice<UInt8>, message name: String, at path: Path, depth: Int
  ) throws(MessageError) -> JSON {
    guard depth < depthLimit else { throw path.error("nested deeper than \(depthLimit) messages") }
    let known = try message(name, at: path)
    if let form = WellKnown(message: name) {
      return try decode(form, bytes, known, at: path, depth: depth)
    }
    let found = try members(bytes, known, at: path, depth: depth)
    return .object(
      known.type.fields.compactMap { field in
        found[field.number].map { .init(field.jsonName, $0) }
      })
  }

  /// The fields that are there, by number.
  func members(
    _ bytes: ArraySlice<UInt8>, _ known: Known, at path: Path, depth: Int
  ) throws(MessageError) -> [Int: JSON] {
    var values: [Int: [WireValue]] = [:]
    // Of a oneof the last field counts.
    var chosen: [Int: Int] = [:]
    var rest = bytes
    while !rest.isEmpty {
      guard let (number, value) = WireValue.next(&rest) else {
        throw path.error("the bytes are no \(known.type.fullName)")
      }
      guard let field = known.fieldsByNumber[number] else { continue }
      if let oneof = field.oneof { chosen[oneof] = number }
      values[number, default: []].append(value)
    }
    var members: [Int: JSON] = [:]
    for field in known.type.fields {
      guard let found = values[field.number] else { continue }
      if let oneof = field.oneof, chosen[oneof] != field.number { continue }
      let place = path.member(field.jsonName)
      if let json = try decode(found, field, known, at: place, depth: depth) {
        members[field.number] = json
      }
    }
    return members
  }

  func decode(zeroOf kind: Field.Kind, at path: Path) throws(MessageError) -> JSON {
    try decode(.zero(kind), kind, at: path, depth: 0)
  }

  private func decode(
    _ found: [WireValue], _ field: Field, _ known: Known, at path: Path, depth: Int
  ) throws(MessageError) -> JSON? {
    if let entry = mapEntry(of: field) {
      return try decodeMap(found, entry, at: path, depth: depth)
    }
    if field.isRepeated {
      var values: [JSON] = []
      for value in found {
        for single in try value.unpacked(field.kind, at: path) {
          values.append(try decode(single, field.kind, at: path.index(values.count), depth: depth))
        }
      }
      return values.isEmpty ? nil : .array(values)
    }
    if case .message(let name) = field.kind {
      // A message in several parts is their concatenation.
      var whole: [UInt8] = []
      for value in found {
        guard case .bytes(let bytes) = value else {
          throw path.error("of another type on the wire")
        }
        whole += bytes
      }
      return try decode(whole[...], message: name, at: path, depth: depth + 1)
    }
    let last = found[found.count - 1]
    if !hasPresence(field, known), last.isZero { return nil }
    return try decode(last, field.kind, at: path, depth: depth)
  }

  private func decodeMap(
    _ found: [WireValue], _ entry: MessageType, at path: Path, depth: Int
  ) throws(MessageError) -> JSON? {
    var members: [JSON.Member] = []
    var places: [[UInt8]: Int] = [:]
    for value in found {
      guard case .bytes(let bytes) = value else { throw path.error("of another type on the wire") }
      var parts: [Int: [WireValue]] = [:]
      var rest = bytes
      while !rest.isEmpty {
        guard let (number, value) = WireValue.next(&rest) else {
          throw path.error("the bytes are no \(entry.fullName)")
        }
        parts[number, default: []].append(value)
      }
      let (keyField, valueField) = (entry.fields[0], entry.fields[1])
      let keyValue = parts[1]?.last ?? .zero(keyField.kind)
      let key: String
      switch try decode(keyValue, keyField.kind, at: path.entry(), depth: depth) {
      case .string(let text), .number(let text): key = text
      case .bool(let flag): key = flag ? "true" : "false"
      default: throw path.entry().error("no key")
      }
      let json: JSON
      if case .message(let name) = valueField.kind {
        var whole: [UInt8] = []
        for case .bytes(let part) in parts[2] ?? [] { whole += part }
        json = try decode(whole[...], message: name, at: path.entry(), depth: depth + 2)
      } else {
        json = try decode(
          parts[2]?.last ?? .zero(valueField.kind), valueField.kind, at: path.entry(), depth: depth)
      }
      // Of equal keys the last counts.
      if let place = places[Array(key.utf8)] {
        members[place].value = json
      } else {
        places[Array(key.utf8)] = members.count
        members.append(.init(key, json))
      }
    }
    return members.isEmpty ? nil : .object(members)
  }

  private func decode(
    _ value: WireValue, _ kind: Field.Kind, at path: Path, depth: Int
  ) throws(MessageError) -> JSON {
    switch (kind, value) {
    case (.double, .eight(let bits)): return real(Double(bitPattern: bits))
    case (.float, .four(let bits)): return real(Float(bitPattern: bits))
    case (.int32, .varint(let bits)): return .of(Int(Int32(truncatingIfNeeded: bits)))
    case (.int64, .varint(let bits)): return .string(String(Int64(bitPattern: bits)))
    case (.uint32, .varint(let bits)): return .of(UInt32(truncatingIfNeeded: bits))
    case (.uint64, .varint(let bits)): return .string(String(bits))
    case (.sint32, .varint(let bits)):
      let bits = UInt32(truncatingIfNeeded: bits)
      return .of(Int(Int32(bitPattern: bits >> 1) ^ -Int32(bitPattern: bits & 1)))
    case (.sint64, .varint(let bits)):
      return .string(String(Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1)))
    case (.fixed32, .four(let bits)): return .of(bits)
    case (.fixed64, .eight(let bits)): return .string(String(bits))
    case (.sfixed32, .four(let bits)): return .of(Int(Int32(bitPattern: bits)))
    case (.sfixed64, .eight(let bits)): return .string(String(Int64(bitPattern: bits)))
    case (.bool, .varint(let bits)): return .bool(bits != 0)
    case (.string, .bytes(let bytes)):
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw path.error("text that is not UTF-8")
      }
      return .string(text)
    case (.bytes, .bytes(let bytes)): return .string(Data(bytes).base64EncodedString())
    case (.enumeration(let name), .varint(let bits)):
      let number = Int(Int32(truncatingIfNeeded: bits))
      if name == WellKnown.null { return .null }
      let type = try enumeration(name, at: path)
      // protoc gives a negative number all 64 bits.
      let value = type.values.first { Int32(truncatingIfNeeded: $0.number) == Int32(number) }
      return value.map { .string($0.name) } ?? .of(number)
    case (.message(let name), .bytes(let bytes)):
      return try decode(bytes, message: name, at: path, depth: depth + 1)
    default: throw path.error("of another type on the wire")
    }
  }

  /// The shortest spelling that reads back as the same number.
  private func real<Value: BinaryFloatingPoint & CustomStringConvertible>(_ value: Value) -> JSON {
    if value.isNaN { return .string("NaN") }
    if value.isInfinite { return .string(value < 0 ? "-Infinity" : "Infinity") }
    if value == value.rounded(), value.magnitude < 1e15, value != 0 || value.sign == .plus {
      return .of(Int(value))
    }
    return .number(value.description)
  }
}

/// One value as it lies on the wire.
enum WireValue {
  case varint(UInt64)
  case eight(UInt64)
  case four(UInt32)
  case bytes(ArraySlice<UInt8>)

  static func zero(_ kind: Field.Kind) -> WireValue {
    switch kind.wireType {
    case 0: .varint(0)
    case 1: .eight(0)
    case 5: .four(0)
    default: .bytes([])
    }
  }

  var isZero: Bool {
    switch self {
    case .varint(let bits), .eight(let bits): bits == 0
    case .four(let bits): bits == 0
    case .bytes(let bytes): bytes.isEmpty
    }
  }

  /// The next field's number and value; nil where the bytes are none.
  static func next(_ rest: inout ArraySlice<UInt8>) -> (number: Int, value: WireValue)? {
    guard let tag = varint(&rest), tag >> 3 > 0, tag >> 3 < 1 << 29,
      let value = value(wireType: tag & 7, &rest)
    else { return nil }
    return (Int(tag >> 3), value)
  }

  private static func value(wireType: UInt64, _ rest: inout ArraySlice<UInt8>) -> WireValue? {
    switch wireType {
    case 0: varint(&rest).map { .varint($0) }
    case 1: fixed(UInt64.self, &rest).map { .eight($0) }
    case 5: fixed(UInt32.self, &rest).map { .four($0) }
    case 2:
      if let count = varint(&rest), let length = Int(exactly: count), length <= rest.count {
        { () -> WireValue in
          defer { rest = rest.dropFirst(length) }
          return .bytes(rest.prefix(length))
        }()
      } else {
        nil
      }
    default: nil
    }
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
    }
    return nil
  }

  private static func fixed<Value: FixedWidthInteger>(
    _ type: Value.Type, _ rest: inout ArraySlice<UInt8>
  ) -> Value? {
    let size = MemoryLayout<Value>.size
    guard rest.count >= size else { return nil }
    defer { rest = rest.dropFirst(size) }
    return rest.prefix(size).reversed().reduce(0) { $0 << 8 | Value($1) }
  }

  /// The values of a repeated field, packed or not.
  func unpacked(_ kind: Field.Kind, at path: Path) throws(MessageError) -> [WireValue] {
    guard kind.isPackable, case .bytes(var rest) = self else { return [self] }
    var values: [WireValue] = []
    while !rest.isEmpty {
      guard let value = Self.value(wireType: kind.wireType, &rest) else {
        throw path.error("the bytes end within a number")
      }
      values.append(value)
    }
    return values
  }
}
