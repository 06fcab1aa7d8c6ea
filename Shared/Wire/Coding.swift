// Wire: the contracts of Protos in Swift. `Generated` holds a value type for every message, a protocol
// and a client for every service; `Conversions` leads from them to the values of `Schema` and back.
// This file is what generated code stands on: it carries values to and from protobuf-c's structs, whose
// memory comes from an arena that lives for one call. No C type leaves the package.

package import CProtobufC
import CProtos
package import RPC

/// A message with a struct of protobuf-c.
package protocol CodedMessage: Message {
  associatedtype C
  static var descriptor: MessageDescriptor { get }
  /// Copies everything out of `c`.
  ///
  /// Throws `RPCError` with `.invalidArgument` for what protobuf-c can hold and Swift cannot.
  init(c: UnsafeMutablePointer<C>) throws
  /// Initialises `c`, which may be uninitialised, with what it refers to in `arena`.
  func fill(_ c: UnsafeMutablePointer<C>, _ arena: Arena) throws
}

package protocol CodedEnum {
  init(rawValue: Int32)
}

/// Refers to protobuf-c's description of a message, which is constant and lives as long as the program.
package struct MessageDescriptor: @unchecked Sendable {
  let pointer: UnsafePointer<ProtobufCMessageDescriptor>

  /// - Parameter initialize: the message's `…__init`, the one way to the descriptor that does not copy it.
  package init<C>(_ initialize: (UnsafeMutablePointer<C>?) -> Void) {
    pointer = withUnsafeTemporaryAllocation(of: C.self, capacity: 1) { c in
      initialize(c.baseAddress)
      return UnsafeRawPointer(c.baseAddress!).load(as: ProtobufCMessage.self).descriptor
    }
  }

  package var name: String { String(cString: pointer.pointee.name) }
}

/// - Throws: `RPCError` with `.invalidArgument`, naming the message and the way to the field that is
///   wrong: `lauter.store.v1.ImportRecordsRequest: records[17].external_id: …`.
package func decode<M: CodedMessage>(_ bytes: UnsafeRawBufferPointer) throws -> M {
  try withUnpacked(bytes, as: M.self) { try M(c: $0) }
}

/// Gives `body` the struct that protobuf-c makes of `bytes`, which is gone when it returns.
///
/// - Throws: What ``decode(_:)`` throws, and what `body` throws.
func withUnpacked<M: CodedMessage, Result>(
  _ bytes: UnsafeRawBufferPointer, as type: M.Type,
  _ body: (UnsafeMutablePointer<M.C>) throws -> Result
) throws -> Result {
  let descriptor = M.descriptor.pointer
  try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { place in
    let fault = wire_validate(
      descriptor, bytes.baseAddress, bytes.count, place.baseAddress, place.count)
    guard fault == WIRE_FAULT_NONE else {
      throw invalid(M.descriptor.name, String(cString: place.baseAddress!), fault)
    }
  }
  // Twice the bytes holds most messages in one block; the arena grows by itself.
  let arena = try Arena(capacity: min(bytes.count, 1 << 19) * 2 + 512)
  defer { arena.destroy() }
  let data = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
  guard
    let message = protobuf_c_message_unpack(descriptor, arena.allocator, bytes.count, data)
  else {
    throw RPCError(code: .invalidArgument, message: "\(M.descriptor.name): malformed message")
  }
  return try body(UnsafeMutableRawPointer(message).assumingMemoryBound(to: M.C.self))
}

/// - Throws: `RPCError` with `.invalidArgument` if a string holds U+0000, naming message and field.
package func encode<M: CodedMessage>(_ message: M, into output: inout MessageBuffer) throws {
  let arena = try Arena(capacity: 2048)
  defer { arena.destroy() }
  let c = UnsafeMutableRawPointer(try arena.message(message))
    .assumingMemoryBound(to: ProtobufCMessage.self)
  let size = protobuf_c_message_get_packed_size(c)
  guard size > 0 else { return }
  output.append(count: size) {
    _ = protobuf_c_message_pack(c, $0.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }
}

private func invalid(_ message: String, _ place: String, _ fault: WireFault) -> RPCError {
  let what =
    switch fault {
    case WIRE_FAULT_TRUNCATED: "the bytes end too early"
    case WIRE_FAULT_WIRE_TYPE: "of another type than the contract says"
    case WIRE_FAULT_NOT_UTF8: "not valid UTF-8"
    case WIRE_FAULT_NUL: "holds the character U+0000, which no text may hold"
    case WIRE_FAULT_TOO_DEEP: "nested more than \(WIRE_DEPTH_MAX) messages deep"
    case WIRE_FAULT_IN_PARTS: "in several parts; write it once"
    default: "malformed"
    }
  let path = place.isEmpty ? message : "\(message): \(place)"
  return RPCError(code: .invalidArgument, message: "\(path): \(what)")
}

// MARK: From Swift to C

/// Memory for one message's C structs; `destroy()` frees all of it.
@usableFromInline package struct Arena {
  private let arena: UnsafeMutablePointer<WireArena>

  fileprivate init(capacity: Int) throws {
    guard let arena = wire_arena_create(capacity) else { throw Self.outOfMemory }
    self.arena = arena
  }

  fileprivate func destroy() { wire_arena_destroy(arena) }

  fileprivate var allocator: UnsafeMutablePointer<ProtobufCAllocator> {
    wire_arena_allocator(arena)
  }

  private static var outOfMemory: RPCError {
    RPCError(code: .resourceExhausted, message: "no memory left for a message")
  }

  @usableFromInline func allocate(size: Int) throws -> UnsafeMutableRawPointer {
    guard let memory = wire_arena_allocate(arena, size) else { throw Self.outOfMemory }
    return memory
  }

  @inlinable func allocate<T>(_ count: Int, of type: T.Type) throws -> UnsafeMutablePointer<T> {
    try allocate(size: count * MemoryLayout<T>.stride).bindMemory(to: T.self, capacity: count)
  }

  /// An array of pointers or values; `nil` if empty, as protobuf-c has it.
  private func array<S: Collection, T>(
    _ values: S, _ convert: (S.Element) throws -> T
  ) throws -> UnsafeMutablePointer<T>? {
    guard !values.isEmpty else { return nil }
    let result = try allocate(values.count, of: T.self)
    var next = result
    for value in values {
      next.initialize(to: try convert(value))
      next += 1
    }
    return result
  }

  package func string(_ text: String, _ field: StaticString) throws -> UnsafeMutablePointer<CChar> {
    if let copy = try text.utf8.withContiguousStorageIfAvailable({ try copyText($0, field) }) {
      return copy
    }
    var text = text
    return try text.withUTF8 { try copyText($0, field) }
  }

  private func copyText(
    _ utf8: UnsafeBufferPointer<UInt8>, _ field: StaticString
  ) throws -> UnsafeMutablePointer<CChar> {
    // protobuf-c measures with strlen and would lose the rest in silence.
    guard wire_text_holds_nul(utf8.baseAddress, utf8.count) == 0 else {
      throw RPCError(
        code: .invalidArgument,
        message: "\(field): holds the character U+0000, which no text may hold")
    }
    guard let copy = wire_arena_copy_text(arena, utf8.baseAddress, utf8.count) else {
      throw Self.outOfMemory
    }
    return copy
  }

  package func strings(
    _ texts: [String], _ field: StaticString
  ) throws -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    try array(texts) { try string($0, field) }
  }

  package func bytes(_ bytes: [UInt8]) throws -> ProtobufCBinaryData {
    ProtobufCBinaryData(len: bytes.count, data: try scalars(bytes))
  }

  package func byteStrings(_ values: [[UInt8]]) throws -> UnsafeMutablePointer<ProtobufCBinaryData>?
  {
    try array(values, bytes)
  }

  @inlinable package func scalars<T: BitwiseCopyable>(_ values: [T]) throws -> UnsafeMutablePointer<
    T
  >? {
    guard !values.isEmpty else { return nil }
    let result = try allocate(values.count, of: T.self)
    values.withUnsafeBufferPointer { result.initialize(from: $0.baseAddress!, count: $0.count) }
    return result
  }

  package func message<M: CodedMessage>(_ message: M) throws -> UnsafeMutablePointer<M.C> {
    let result = try allocate(1, of: M.C.self)
    try message.fill(result, self)
    return result
  }

  /// Adds -0 to the message's unknown fields: protobuf-c leaves out a field that equals 0.
  package func keepNegativeZero<Value: BinaryFloatingPoint & BitwiseCopyable>(
    _ value: Value, _ number: UInt32, _ message: inout ProtobufCMessage
  ) throws {
    guard value == 0, value.sign == .minus else { return }
    let bytes = try allocate(1, of: Value.self)
    bytes.initialize(to: value)
    let size = MemoryLayout<Value>.size
    let count = Int(message.n_unknown_fields)
    let fields = try allocate(count + 1, of: ProtobufCMessageUnknownField.self)
    if let known = message.unknown_fields { fields.initialize(from: known, count: count) }
    (fields + count).initialize(
      to: ProtobufCMessageUnknownField(
        tag: number,
        wire_type: size == 4 ? PROTOBUF_C_WIRE_TYPE_32BIT : PROTOBUF_C_WIRE_TYPE_64BIT,
        len: size, data: UnsafeMutableRawPointer(bytes).assumingMemoryBound(to: UInt8.self)))
    message.n_unknown_fields = UInt32(count + 1)
    message.unknown_fields = fields
  }

  package func messages<M: CodedMessage>(
    _ messages: [M]
  ) throws -> UnsafeMutablePointer<UnsafeMutablePointer<M.C>?>? {
    try array(messages, message)
  }

  /// A map's entries, in the order of their keys, so that equal messages have equal bytes.
  package func entries<Key: Comparable, Value, C>(
    _ map: [Key: Value], _ fill: (UnsafeMutablePointer<C>, Key, Value) throws -> Void
  ) throws -> UnsafeMutablePointer<UnsafeMutablePointer<C>?>? {
    try entries(map.sorted { $0.key < $1.key }, fill)
  }

  package func entries<Value, C>(
    _ map: [Bool: Value], _ fill: (UnsafeMutablePointer<C>, Bool, Value) throws -> Void
  ) throws -> UnsafeMutablePointer<UnsafeMutablePointer<C>?>? {
    try entries(map.sorted { !$0.key && $1.key }, fill)
  }

  private func entries<Key, Value, C>(
    _ sorted: [(key: Key, value: Value)],
    _ fill: (UnsafeMutablePointer<C>, Key, Value) throws -> Void
  ) throws -> UnsafeMutablePointer<UnsafeMutablePointer<C>?>? {
    try array(sorted) { key, value in
      let entry = try allocate(1, of: C.self)
      try fill(entry, key, value)
      return entry
    }
  }
}

// MARK: From C to Swift

/// Repeated fields of protobuf-c: a pointer and a count.
@usableFromInline package enum Decoded {
  @inlinable package static func scalars<T: BitwiseCopyable>(
    _ start: UnsafeMutablePointer<T>?, _ count: Int
  ) -> [T] {
    Array(UnsafeBufferPointer(start: start, count: count))
  }

  package static func flags(_ start: UnsafeMutablePointer<protobuf_c_boolean>?, _ count: Int)
    -> [Bool]
  {
    UnsafeBufferPointer(start: start, count: count).map { $0 != 0 }
  }

  package static func strings(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
  ) -> [String] {
    UnsafeBufferPointer(start: start, count: count).map { String(cString: $0!) }
  }

  package static func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.len))
  }

  package static func byteStrings(
    _ start: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
  ) -> [[UInt8]] {
    UnsafeBufferPointer(start: start, count: count).map(bytes)
  }

  package static func messages<M: CodedMessage>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<M.C>?>?, _ count: Int
  ) throws -> [M] {
    try UnsafeBufferPointer(start: start, count: count).map { try M(c: $0!) }
  }

  /// The entries of a map; of several with one key the last counts.
  package static func map<C, Key: Hashable, Value>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int, _ field: StaticString,
    _ read: (UnsafeMutablePointer<C>) throws -> (Key, Value)
  ) throws -> [Key: Value] {
    var result: [Key: Value] = [:]
    for entry in UnsafeBufferPointer(start: start, count: count) {
      let (key, value) = try read(entry!)
      guard result.updateValue(value, forKey: key) != nil else { continue }
      // "é" in one code point and in two are one key to Swift and two to protobuf: neither may be lost.
      if let key = key as? String, let kept = result.index(forKey: key as! Key),
        let first = result[kept].key as? String, !first.utf8.elementsEqual(key.utf8)
      {
        throw RPCError(
          code: .invalidArgument,
          message: "\(field): two keys differ in Unicode normalisation alone; normalise them "
            + "(NFC), so that they are one or differ")
      }
    }
    return result
  }

  package static func enums<C: RawRepresentable, E: CodedEnum>(
    _ start: UnsafeMutablePointer<C>?, _ count: Int
  ) -> [E] where C.RawValue: BinaryInteger {
    UnsafeBufferPointer(start: start, count: count).map {
      E(rawValue: Int32(truncatingIfNeeded: $0.rawValue))
    }
  }
}
