import Foundation
import Glibc
import RPC
import Synchronization

/// A server that does what a script says and no more, for our client to cope with: a server core on
/// blocking sockets, a thread for each connection.
final class ScriptedServer: Sendable {
  /// One connection, in the hands of its thread.
  final class Connection {
    /// 0 for the first connection made to the server.
    let number: Int
    let session: HTTP2Session
    private let descriptor: Int32

    /// Pings received so far, and streams a script wants to come back to.
    fileprivate(set) var pings = 0
    var unanswered: [HTTP2Session.StreamID] = []

    fileprivate init(number: Int, session: HTTP2Session, descriptor: Int32) {
      self.number = number
      self.session = session
      self.descriptor = descriptor
    }

    /// Sends what the session has to say.
    func flush() {
      var bytes: [UInt8] = []
      while (try? session.send { bytes.append(contentsOf: $0) }) ?? nil != nil {}
      write(bytes)
    }

    /// Sends bytes behind the session's back.
    func write(_ bytes: [UInt8]) {
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }

    func goAway(lastStream: UInt8, code: UInt8 = 0, debugData: String = "") {
      flush()
      let length = 8 + UInt8(debugData.utf8.count)
      write(
        [0, 0, length, 7, 0, 0, 0, 0, 0, 0, 0, 0, lastStream, 0, 0, 0, code]
          + Array(debugData.utf8))
    }

    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  /// Called with the header list of each request, on its connection's thread.
  typealias Script = @Sendable (Connection, HTTP2Session.StreamID, [HTTP2Header]) -> Void

  let address: RPCServer.Address
  private let listener: Int32
  private let counts = Mutex((connections: 0, requests: 0))

  var connections: Int { counts.withLock { $0.connections } }
  var requests: Int { counts.withLock { $0.requests } }

  private struct Plan: Sendable {
    let speaks: Bool
    let readsAfterSettings: Bool
    let script: Script
    let onPing: @Sendable (Connection) -> Void
    let onClose: @Sendable (Connection) -> Void
  }

  /// - Parameters:
  ///   - speaks: whether it sends anything at all.
  ///   - readsAfterSettings: whether it reads on once it has the client's settings.
  ///   - script: answers requests.
  init(
    speaks: Bool = true, readsAfterSettings: Bool = true, _ script: @escaping Script,
    onPing: @escaping @Sendable (Connection) -> Void = { _ in },
    onClose: @escaping @Sendable (Connection) -> Void = { _ in }
  ) throws {
    let plan = Plan(
      speaks: speaks, readsAfterSettings: readsAfterSettings, script: script, onPing: onPing,
      onClose: onClose)
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = self.listener
    let isBound = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else { throw RPCError(code: .unavailable, message: "cannot bind") }
    address = RPCServer.Address(host: "127.0.0.1", port: Int(UInt16(bigEndian: name.sin_port)))
    Thread.detachNewThread { [weak self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        guard let self else {
          _ = Glibc.close(descriptor)
          return
        }
        let number = counts.withLock { counts in
          defer { counts.connections += 1 }
          return counts.connections
        }
        Thread.detachNewThread { [weak self] in
          ScriptedServer.serve(descriptor, number, self, plan)
          _ = Glibc.close(descriptor)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    _ = Glibc.close(listener)
  }

  private static func serve(
    _ descriptor: Int32, _ number: Int, _ server: ScriptedServer?, _ plan: Plan
  ) {
    let peer = SessionPair.Peer(.server)
    let connection = Connection(number: number, session: peer.session, descriptor: descriptor)
    defer { plan.onClose(connection) }
    weak let server = server
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      if plan.speaks { connection.flush() }
      let count = read(descriptor, &bytes, bytes.count)
      guard count > 0 else { return }
      if (try? bytes[..<count].withUnsafeBytes({ try peer.session.receive($0) })) == nil { return }
      let events = peer.events
      peer.events = []
      for event in events {
        switch event {
        case .headers(let id, let headers, _):
          server?.counts.withLock { $0.requests += 1 }
          plan.script(connection, id, headers)
        case .ping:
          connection.pings += 1
          plan.onPing(connection)
        default: break
        }
      }
      if !plan.readsAfterSettings, events.contains(.settings) {
        connection.flush()
        // Dead from here on, but for the socket.
        var poller = pollfd(fd: descriptor, events: 0, revents: 0)
        poll(&poller, 1, -1)
        return
      }
    }
  }

  static func trailersOnly(_ status: String, _ extra: [HTTP2Header] = []) -> [HTTP2Header] {
    [
      HTTP2Header(":status", "200"), HTTP2Header("content-type", "application/grpc"),
      HTTP2Header("grpc-status", status),
    ] + extra
  }
}
