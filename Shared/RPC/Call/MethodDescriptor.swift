/// The name of one method: `lauter.store.v1.RecordService/GetRecord`.
public struct MethodDescriptor: Hashable, Sendable, CustomStringConvertible {
  /// The service's full name, package included: `lauter.store.v1.RecordService`.
  public let service: String

  /// The method's name as in the proto: `GetRecord`.
  public let method: String

  public init(service: String, method: String) {
    self.service = service
    self.method = method
    path = "/\(service)/\(method)"
  }

  /// The HTTP/2 `:path` of calls to this method.
  public let path: String

  /// A method from a `:path`, or nil unless it has the form `/service/method`.
  package init?(path: String) {
    guard path.utf8.first == UInt8(ascii: "/"),
      let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    else { return nil }
    let service = path[path.utf8.index(after: path.startIndex)...].prefix(
      upTo: max(slash, path.utf8.index(after: path.startIndex)))
    let method = path[path.utf8.index(after: slash)...]
    guard !service.isEmpty, !method.isEmpty else { return nil }
    self.service = String(service)
    self.method = String(method)
    self.path = path
  }

  public var description: String { "\(service)/\(method)" }
}
