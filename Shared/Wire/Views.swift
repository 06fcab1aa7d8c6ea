// Views: messages that are only looked at. protobuf-c's structs are read where they are, and no value of
// Swift is made of them. `scripts/generate-protos.sh` says which messages have a view.

package import CProtobufC
package import RPC

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A message that has a `View`.
package protocol ViewedMessage: CodedMessage {
  associatedtype View: MessageView where View.C == C
}

package protocol MessageView {
  associatedtype C
  init(c: UnsafePointer<C>)
}

/// For generated code: a handler of views as a handler of bytes.
package func viewing<Request: ViewedMessage, Response>(
  _ request: Request.Type, _ handle: (@Sendable (Request.View, CallContext) throws -> Response)?
) -> (@Sendable (UnsafeRawBufferPointer, CallContext) throws -> Response)? {
  guard let handle else { return nil }
  return { bytes, context in
    try withUnpacked(bytes, as: Request.self) { try handle(Request.View(c: $0), context) }
  }
}

/// A repeated field of a view. Elements are made as they are read; like the view, they and the list are
/// valid during the call only.
public struct ViewList<Element>: RandomAccessCollection {
  private let start: UnsafeRawPointer?
  public let endIndex: Int
  private let read: (UnsafeRawPointer, Int) -> Element

  fileprivate init<C>(
    _ start: UnsafeMutablePointer<C>?, _ count: Int,
    _ read: @escaping (UnsafeRawPointer, Int) -> Element
  ) {
    self.start = UnsafeRawPointer(start)
    endIndex = count
    self.read = read
  }

  public var startIndex: Int { 0 }

  public subscript(index: Int) -> Element {
    precondition(index >= 0 && index < endIndex, "index out of range")
    return read(start!, index)
  }
}

/// Fields of protobuf-c's structs as views have them.
package enum Viewed {
  package static func text(_ text: UnsafePointer<CChar>) -> UnsafeBufferPointer<UInt8> {
    let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
    return UnsafeBufferPointer(start: start, count: strlen(text))
  }

  package static func bytes(_ data: ProtobufCBinaryData) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: data.data, count: data.len)
  }

  package static func scalars<T: BitwiseCopyable>(
    _ start: UnsafeMutablePointer<T>?, _ count: Int
  ) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(start: start, count: count)
  }

  package static func flags(
    _ start: UnsafeMutablePointer<protobuf_c_boolean>?, _ count: Int
  ) -> ViewList<Bool> {
    ViewList(start, count) { element($0, $1, protobuf_c_boolean.self) != 0 }
  }

  package static func texts(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
  ) -> ViewList<UnsafeBufferPointer<UInt8>> {
    ViewList(start, count) { text(element($0, $1, UnsafePointer<CChar>.self)) }
  }

  package static func byteStrings(
    _ start: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
  ) -> ViewList<UnsafeBufferPointer<UInt8>> {
    ViewList(start, count) { bytes(element($0, $1, ProtobufCBinaryData.self)) }
  }

  package static func enums<C: RawRepresentable, E: CodedEnum>(
    _ start: UnsafeMutablePointer<C>?, _ count: Int
  ) -> ViewList<E> where C.RawValue: BinaryInteger {
    ViewList(start, count) {
      E(rawValue: Int32(truncatingIfNeeded: element($0, $1, C.self).rawValue))
    }
  }

  package static func messages<V: MessageView>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<V.C>?>?, _ count: Int
  ) -> ViewList<V> {
    ViewList(start, count) { V(c: element($0, $1, UnsafePointer<V.C>.self)) }
  }

  /// A map's entries as they came: of several with one key the last counts.
  package static func entries<C, Key, Value>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<C>?>?, _ count: Int,
    _ read: @escaping (UnsafePointer<C>) -> (key: Key, value: Value)
  ) -> ViewList<(key: Key, value: Value)> {
    ViewList(start, count) { read(element($0, $1, UnsafePointer<C>.self)) }
  }

  private static func element<T>(_ start: UnsafeRawPointer, _ index: Int, _ type: T.Type) -> T {
    start.load(fromByteOffset: index * MemoryLayout<T>.stride, as: T.self)
  }
}
