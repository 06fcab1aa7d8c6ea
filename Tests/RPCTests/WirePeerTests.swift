import Foundation
import Glibc
import RPC
import Synchronization
import Testing

/// Our server against peers that are no well-behaved gRPC clients: bytes written by hand.
@Suite(.timeLimit(.minutes(5)))
struct WirePeerTests {
  @Test func theServerEnforcesTheDeadlineAlone() async throws {
    let cancelled = Signal()
    let service = CallLifetimeTests.service(
      .clientStreaming("Sleep") { (texts: RequestStream<Text>, context) in
        await CallLifetimeTests.untilCancelled()
        cancelled.raise()
        return Text("")
      })
    try await withServer(service) { _, address in
      let peer = try WirePeer(address)
      let id = try peer.request(
        "/test.Echo/Sleep", [HTTP2Header("grpc-timeout", "20m")], body: "\0\0\0\0\0")
      let answer = try await peer.headers(of: id)
      #expect(answer["grpc-status"] == "4")
      await cancelled.wait()
    }
  }

  @Test(
    arguments: [
      (HTTP2Header("content-type", "application/json"), "415"),
      (HTTP2Header(":method", "GET"), "405"),
    ])
  func requestsThatAreNotGRPC(_ header: HTTP2Header, _ status: String) async throws {
    try await withServer { _, address in
      let peer = try WirePeer(address)
      let id = try peer.request("/test.Echo/Say", [header], body: "{}")
      #expect(try await peer.headers(of: id)[":status"] == status)
      #expect(try await !peer.data(of: id).isEmpty)
    }
  }

  @Test(
    arguments: [
      ("", "13"), ("\0\0\0\0\u{1}", "13"), ("\0\0\0\0\0\0\0\0\0\0", "13"),
      ("\u{1}\0\0\0\0", "13"), ("\0\u{7f}\0\0\0", "8"),
    ])
  func bodiesThatAreNoMessage(_ body: String, _ status: String) async throws {
    try await withServer { _, address in
      let peer = try WirePeer(address)
      let id = try peer.request("/test.Echo/Say", body: body)
      #expect(try await peer.headers(of: id)["grpc-status"] == status)
    }
  }

  /// Garbage on some connections leaves the server serving others.
  @Test func garbage() async throws {
    try await withServer { channel, address in
      var random = SplitMix64(1)
      for round in 0..<60 {
        let peer = try WirePeer(address)
        if round % 2 == 0 {
          try peer.send(random.bytes(random.below(2000)))
        } else {
          _ = try peer.request("/test.Echo/Chat", body: "\0\0\0\0\u{1}x", staysOpen: true)
          try peer.send(random.bytes(random.below(2000)))
        }
        peer.close()
        let answer: Text = try await channel.unary(Echo.method("Say"), Text("alive"))
        #expect(answer == "alive")
      }
    }
  }
}

/// A client core on a blocking socket.
final class WirePeer: @unchecked Sendable {
  private let peer = SessionPair.Peer(.client)
  private let socket: BlockingSocket

  init(_ address: RPCServer.Address) throws { socket = try BlockingSocket(address) }

  func close() { socket.close() }

  func request(
    _ path: String, _ extra: [HTTP2Header] = [], body: String, staysOpen: Bool = false
  ) throws -> Int32 {
    try request(path, extra, body: Array(body.utf8), staysOpen: staysOpen)
  }

  func request(
    _ path: String, _ extra: [HTTP2Header] = [], body: [UInt8], staysOpen: Bool = false
  ) throws -> Int32 {
    let replaced = Set(extra.map(\.name)).union([":path"])
    let all =
      SessionPair.request.filter { !replaced.contains($0.name) } + [HTTP2Header(":path", path)]
      + extra
    // Pseudo-headers come first.
    let headers = all.filter { $0.name.hasPrefix(":") } + all.filter { !$0.name.hasPrefix(":") }
    let id = try peer.session.request(headers, body: Body(body, staysOpen: staysOpen))
    try send(peer.output())
    return id
  }

  /// The first header list of the answer.
  func headers(of id: Int32) async throws -> [HTTP2Header] {
    try await events { event in
      if case .headers(id, let headers, _) = event { headers } else { nil }
    }
  }

  /// The header list that carries the call's status.
  func status(of id: Int32) async throws -> [HTTP2Header] {
    try await events { event in
      if case .headers(id, let headers, _) = event, headers["grpc-status"] != nil {
        headers
      } else {
        nil
      }
    }
  }

  func data(of id: Int32) async throws -> String {
    try await events { event in
      if case .data(id, let text) = event { text } else { nil }
    }
  }

  private func events<Value: Sendable>(
    _ find: @escaping @Sendable (SessionPair.Peer.Event) -> Value?
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            while true {
              for event in self.peer.events { if let value = find(event) { return value } }
              try self.receive()
            }
          })
      }
    }
  }

  private func receive() throws {
    let bytes = try #require(socket.read(), "the server closed the connection")
    try bytes.withUnsafeBytes { try peer.session.receive($0) }
    try send(peer.output())
  }

  func send(_ bytes: [UInt8]) throws { _ = socket.send(bytes) }
}

/// A connected TCP socket whose calls block.
final class BlockingSocket: Sendable {
  private let descriptor: Mutex<Int32>

  init(_ address: RPCServer.Address) throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    descriptor = Mutex(socket)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = in_port_t(UInt16(address.port)).bigEndian
    name.sin_addr.s_addr = inet_addr(address.host)
    let result = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
  }

  deinit { close() }

  func close() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { _ = Glibc.close(descriptor) }
      descriptor = -1
    }
  }

  /// Nothing follows; the peer can still be read.
  func shutDown() { _ = shutdown(descriptor.withLock { $0 }, Int32(SHUT_WR)) }

  /// False when the peer does not take them: it may close a connection it has had enough of.
  func send(_ bytes: [UInt8]) -> Bool {
    let descriptor = descriptor.withLock { $0 }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// What has come, or nil when the connection is closed.
  func read() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    let count = Glibc.read(descriptor.withLock { $0 }, &bytes, bytes.count)
    return count > 0 ? Array(bytes[..<count]) : nil
  }
}
