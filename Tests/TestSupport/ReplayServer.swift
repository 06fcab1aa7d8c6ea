import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An HTTP/1.1 server for tests that answers as a closure says: recorded replies of an LLM's API, and
/// every way such a server goes wrong.
///
/// Listens on loopback, on a port the system chooses; a thread per connection, blocking sockets. Stops
/// with `stop()`.
public final class ReplayServer: Sendable {
  public struct Request: Sendable {
    /// How many requests came before it.
    public let index: Int
    public let method: String
    public let path: String
    /// By lower-case name.
    public let headers: [String: String]
    public let body: [UInt8]
    /// Which of the server's connections it came over.
    public let connection: Int

    public var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as a JSON object; empty if it is none.
    public var json: [String: Any] {
      ((try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]) ?? [:]
    }
  }

  public enum Reply: Sendable {
    /// An ordinary answer.
    case http(Int, headers: [String: String] = [:], body: [UInt8])
    /// Announces the whole body and closes the connection after `sent` bytes of it.
    case cut(Int, headers: [String: String] = [:], body: [UInt8], sent: Int)
    /// So many bytes of filling, without a length.
    case flood(bytes: Int)
    /// Nothing, until the client or the server goes.
    case hang
    /// Closes the connection with a TCP reset.
    case reset
    /// These bytes, then closes the connection.
    case raw([UInt8])

    public static func text(_ status: Int, headers: [String: String] = [:], _ text: String) -> Reply
    {
      .http(status, headers: headers, body: Array(text.utf8))
    }
  }

  public typealias Script = @Sendable (Request) -> Reply

  private struct State {
    var requests: [Request] = []
    var connections = 0
    var open: Set<Int32> = []
    var stopped = false
  }

  private let listener: Int32
  public let port: Int
  private let state = Mutex(State())

  public init(_ script: @escaping Script) throws {
    signal(SIGPIPE, SIG_IGN)
    #if canImport(Glibc)
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      listener = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let result = withUnsafeMutableBytes(of: &address) { bytes -> Int32 in
      let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      guard bind(listener, pointer, length) == 0, listen(listener, 128) == 0 else { return -1 }
      return getsockname(listener, pointer, &length)
    }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in
      // Closed here and not by `stop`: its number could be another server's before this thread has
      // left `accept`, and that server's connections would be taken.
      defer { close(listener) }
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        let number = state.withLock { state -> Int? in
          guard !state.stopped else { return nil }
          state.open.insert(connection)
          state.connections += 1
          return state.connections
        }
        guard let number else {
          close(connection)
          return
        }
        Thread.detachNewThread { [self] in
          serve(connection, number, script)
          state.withLock {
            $0.open.remove(connection)
            // Under the lock, so that `stop` never shuts down a descriptor used again.
            close(connection)
          }
        }
      }
    }
  }

  public var url: String { "http://127.0.0.1:\(port)" }
  public var requests: [Request] { state.withLock(\.requests) }
  public var connections: Int { state.withLock(\.connections) }

  public func stop() {
    state.withLock {
      guard !$0.stopped else { return }
      $0.stopped = true
      shutdown(listener, Int32(SHUT_RDWR))
      for connection in $0.open { shutdown(connection, Int32(SHUT_RDWR)) }
    }
  }

  // MARK: A connection

  private func serve(_ socket: Int32, _ number: Int, _ script: Script) {
    var buffer: [UInt8] = []
    while let request = receive(socket, number, &buffer) {
      switch script(request) {
      case .http(let status, let headers, let body):
        let isHead = request.method == "HEAD"
        guard send(socket, head(status, headers, length: body.count) + (isHead ? [] : body)) else {
          return
        }
      case .cut(let status, let headers, let body, let sent):
        _ = send(socket, head(status, headers, length: body.count) + body.prefix(sent))
        return
      case .flood(let bytes):
        guard send(socket, head(200, ["Connection": "close"], length: nil)) else { return }
        let chunk = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 16)
        var left = bytes
        while left > 0, send(socket, Array(chunk.prefix(left))) { left -= chunk.count }
        return
      case .hang:
        var byte: UInt8 = 0
        while recv(socket, &byte, 1, 0) > 0 {}
        return
      case .reset:
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
          socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        return
      case .raw(let bytes):
        _ = send(socket, bytes)
        return
      }
    }
  }

  private func head(_ status: Int, _ headers: [String: String], length: Int?) -> [UInt8] {
    var text = "HTTP/1.1 \(status) Status\r\n"
    if let length { text += "Content-Length: \(length)\r\n" }
    if headers["Content-Type"] == nil { text += "Content-Type: application/json\r\n" }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
    return Array((text + "\r\n").utf8)
  }

  private func receive(_ socket: Int32, _ number: Int, _ buffer: inout [UInt8]) -> Request? {
    let blank = Array("\r\n\r\n".utf8)
    var headEnd: Int?
    while true {
      // A TLS handshake has no blank line to wait for.
      if buffer.first == 0x16 { return nil }
      headEnd = buffer.indices.first { buffer[$0...].starts(with: blank) }
      if headEnd != nil || !fill(socket, &buffer) { break }
    }
    guard let headEnd else { return nil }
    let lines = String(decoding: buffer[..<headEnd], as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let start = headEnd + blank.count
    let length = headers["content-length"].flatMap(Int.init) ?? 0
    while buffer.count < start + length { guard fill(socket, &buffer) else { return nil } }
    let body = Array(buffer[start..<start + length])
    buffer.removeFirst(start + length)
    return state.withLock {
      let request = Request(
        index: $0.requests.count, method: String(words[0]), path: String(words[1]),
        headers: headers, body: body, connection: number)
      $0.requests.append(request)
      return request
    }
  }

  private func fill(_ socket: Int32, _ buffer: inout [UInt8]) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer += chunk.prefix(count)
    return true
  }

  private func send(_ socket: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        #if canImport(Glibc)
          Glibc.send(socket, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        #else
          Darwin.send(socket, bytes.baseAddress! + sent, bytes.count - sent, 0)
        #endif
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
