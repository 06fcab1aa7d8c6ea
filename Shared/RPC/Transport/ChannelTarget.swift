import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a channel calls, and the endpoints behind it.
struct ChannelTarget: Sendable, CustomStringConvertible {
  /// The name of the server, for TLS and `:authority`.
  let host: String
  private let text: String
  private let place: Place

  private enum Place: Sendable {
    case host(port: Int)
    case resolver(@Sendable (String) async throws -> [RPCServer.Address])
    case inProcess(RPCServer)
    case nowhere
  }

  /// What is wrong with the text, if anything is.
  let problem: RPCError?

  /// Expects `name:port`, `1.2.3.4:port` or `[::1]:port`, or whatever `resolver` understands.
  init(
    _ text: String,
    resolver: (@Sendable (String) async throws -> [RPCServer.Address])? = nil
  ) {
    self.text = text
    let parts = ChannelTarget.parse(text)
    host = parts?.host ?? text
    if let resolver {
      place = .resolver(resolver)
    } else if let parts {
      place = .host(port: parts.port)
    } else {
      place = .nowhere
    }
    problem =
      if case .nowhere = place {
        RPCError(
          code: .invalidArgument,
          message: "'\(text)' is no address: expected host:port, such as 127.0.0.1:7511")
      } else { nil }
  }

  init(inProcess server: RPCServer) {
    text = "in-process"
    host = text
    place = .inProcess(server)
    problem = nil
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

  /// Every endpoint, in the order of preference, on `loop`.
  func resolve(on loop: any EventLoop) -> EventLoopFuture<[Endpoint]> {
    switch place {
    case .nowhere: return loop.makeSucceededFuture([])
    case .inProcess(let server): return loop.makeSucceededFuture([.inProcess(server)])
    case .resolver(let resolver):
      let text = self.text
      return loop.makeFutureWithTask {
        try await resolver(text).map { address in
          guard let address = try? SocketAddress(ipAddress: address.host, port: address.port) else {
            throw RPCError(
              code: .unavailable,
              message: "the resolver of '\(text)' gave '\(address)': expected an IP address")
          }
          return .socket(address)
        }
      }
    case .host(let port):
      if let address = try? SocketAddress(ipAddress: host, port: port) {
        return loop.makeSucceededFuture([.socket(address)])
      }
      return NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
        try lookUp(port: port).map(Endpoint.socket)
      }
    }
  }

  private func lookUp(port: Int) throws -> [SocketAddress] {
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

/// Where one connection of a channel leads.
enum Endpoint: Hashable, Sendable, CustomStringConvertible {
  case socket(SocketAddress)
  case inProcess(RPCServer)

  var isSocket: Bool { if case .socket = self { true } else { false } }

  static func == (left: Endpoint, right: Endpoint) -> Bool {
    switch (left, right) {
    case (.socket(let left), .socket(let right)): left == right
    case (.inProcess(let left), .inProcess(let right)): left === right
    default: false
    }
  }

  func hash(into hasher: inout Hasher) {
    switch self {
    case .socket(let address): hasher.combine(address)
    case .inProcess(let server): hasher.combine(ObjectIdentifier(server))
    }
  }

  var description: String {
    switch self {
    case .socket(let address): RPCServer.Address(address).description
    case .inProcess: "in-process"
    }
  }
}
