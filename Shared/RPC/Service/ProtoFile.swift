/// A `.proto` file as reflection hands it out. RPC carries it and does not read it.
public struct ProtoFile: Sendable {
  /// As imports name it: `lauter/store/v1/store.proto`.
  public let name: String

  /// The files it imports.
  public let imports: [ProtoFile]

  private let base64: String

  /// - Parameter descriptor: the serialised `google.protobuf.FileDescriptorProto` in base64, which
  ///   generated code holds as text; anything else stops the program.
  public init(_ name: String, imports: [ProtoFile] = [], descriptor: String) {
    self.name = name
    self.imports = imports
    base64 = descriptor
  }

  /// The serialised `FileDescriptorProto`.
  public var descriptor: [UInt8] {
    guard let bytes = Base64.decode(base64) else {
      preconditionFailure("the descriptor of \(name) is no base64")
    }
    return bytes
  }
}
