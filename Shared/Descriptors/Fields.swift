/// Why a descriptor, or the contract it describes, cannot be used.
package struct DescriptorError: Error, CustomStringConvertible {
  package var description: String

  package init(description: String) { self.description = description }
}

/// One message of the wire format, field by field, whatever its type.
package struct Fields {
  private var values: [Int: [Value]] = [:]

  private enum Value {
    case integer(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  /// Throws `DescriptorError` where the bytes are no message.
  package init(_ bytes: ArraySlice<UInt8>) throws {
    var rest = bytes
    while let field = try Self.next(&rest) {
      values[field.number, default: []].append(field.value)
    }
  }

  /// The bytes of a message without its fields of that number.
  package static func removing(_ number: Int, from bytes: ArraySlice<UInt8>) throws -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes
    while true {
      let start = rest.startIndex
      guard let field = try next(&rest) else { return result }
      if field.number != number { result += bytes[start..<rest.startIndex] }
    }
  }

  package func integer(_ number: Int) -> Int? {
    guard case .integer(let value)? = values[number]?.last else { return nil }
    return Int(truncatingIfNeeded: value)
  }

  package func flag(_ number: Int) -> Bool { integer(number) == 1 }

  package func text(_ number: Int) -> String { texts(number).last ?? "" }

  package func texts(_ number: Int) -> [String] {
    bytes(number).map { String(decoding: $0, as: UTF8.self) }
  }

  package func messages(_ number: Int) throws -> [Fields] { try bytes(number).map(Fields.init) }

  package func packedIntegers(_ number: Int) throws -> [Int] {
    var result: [Int] = []
    for var rest in bytes(number) {
      while !rest.isEmpty { result.append(Int(truncatingIfNeeded: try Self.varint(&rest))) }
    }
    return result
  }

  package func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
    (values[number] ?? []).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
  }

  private static func next(
    _ rest: inout ArraySlice<UInt8>
  ) throws -> (number: Int, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let tag = try varint(&rest)
    let value: Value
    switch tag & 7 {
    case 0: value = .integer(try varint(&rest))
    case 1: value = .bytes(try take(8, &rest))
    case 2: value = .bytes(try take(Int(clamping: try varint(&rest)), &rest))
    case 5: value = .bytes(try take(4, &rest))
    default: throw DescriptorError(description: "the descriptor holds wire type \(tag & 7)")
    }
    return (Int(tag >> 3), value)
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { break }
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
    }
    throw DescriptorError(description: "the descriptor ends within a number")
  }

  private static func take(
    _ count: Int, _ rest: inout ArraySlice<UInt8>
  ) throws -> ArraySlice<UInt8> {
    guard rest.count >= count else {
      throw DescriptorError(description: "the descriptor ends within a field")
    }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
