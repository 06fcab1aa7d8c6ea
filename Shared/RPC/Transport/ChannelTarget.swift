import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A `host:port` and the addresses behind it.
struct ChannelTarget: Hashable, Sendable, CustomStringConvertible {
  let host: String
  let port: Int
  private let text: String

  /// What is wrong with the text, if anything is.
  let problem: RPCError?

  /// Expects `name:port`, `1.2.3.4:port` or `[::1]:port`.
  init(_ text: String) {
    self.text = text
    if let (host, port) = ChannelTarget.parse(text) {
      self.host = host
      self.port = port
      problem = nil
    } else {
      host = ""
      port = 0
      problem = RPCError(
        code: .invalidArgument,
        message: "'\(text)' is no address: expected host:port, such as 127.0.0.1:7511")
    }
  }

  private static func parse(_ text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...]), port > 0
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    return host.isEmpty ? nil : (String(host), Int(port))
  }

  var description: String { text }

  /// Every address of the host, in the system's order of preference, on `loop`.
  func resolve(on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
    if let address = try? SocketAddress(ipAddress: host, port: port) {
      return loop.makeSucceededFuture([address])
    }
    return NIOThreadPool.singleton.runIfActive(eventLoop: loop) { try lookUp() }
  }

  private func lookUp() throws -> [SocketAddress] {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, "\(port)", &hints, &list)
    guard result == 0 else {
      throw RPCError(
        code: .unavailable,
        message: "cannot resolve '\(host)': \(String(cString: gai_strerror(result)).lowercased())")
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ai_next
      guard let raw = UnsafeRawPointer(entry.ai_addr) else { continue }
      let address: SocketAddress? =
        switch entry.ai_family {
        case AF_INET: SocketAddress(raw.loadUnaligned(as: sockaddr_in.self), host: host)
        case AF_INET6: SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self), host: host)
        default: nil
        }
      if let address, !addresses.contains(address) { addresses.append(address) }
    }
    return addresses
  }
}
