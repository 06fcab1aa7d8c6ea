import Foundation
import HTTP
import TestSupport
import Testing

@Suite struct HTTPClientTests {
  @Test func sendsMethodHeadersAndBodyAndReturnsTheAnswer() async throws {
    let server = try ReplayServer { request in
      .http(
        request.path == "/missing" ? 404 : 200, headers: ["X-Answer": "yes"], body: request.body)
    }
    defer { server.stop() }
    let client = HTTPClient()
    for method in [HTTPRequest.Method.post, .put, .patch] {
      let answer = try await client.send(
        HTTPRequest(method, server.url + "/echo?x=1", headers: ["X-Ask": "é"], body: [1, 0, 2]))
      #expect(answer.status == 200)
      #expect(answer.headers["x-answer"] == "yes")
      #expect(answer.body == [1, 0, 2])
    }
    #expect(try await client.send(HTTPRequest(.get, server.url + "/missing")).status == 404)
    #expect(try await client.send(HTTPRequest(.post, server.url)).body == [])
    let head = try await client.send(HTTPRequest(.head, server.url))
    #expect(head.status == 200 && head.body.isEmpty)
    #expect(server.requests.map(\.method) == ["POST", "PUT", "PATCH", "GET", "POST", "HEAD"])
    #expect(server.requests[0].path == "/echo?x=1")
    #expect(server.requests[0].headers["x-ask"] == "é")
    #expect(server.requests[0].headers["expect"] == nil)
  }

  @Test func usesAConnectionAgain() async throws {
    let server = try ReplayServer { _ in .text(200, "ok") }
    defer { server.stop() }
    let client = HTTPClient()
    for _ in 0..<20 { _ = try await client.send(HTTPRequest(.get, server.url)) }
    #expect(server.connections == 1)
  }

  @Test func sendsManyAtOnce() async throws {
    let server = try ReplayServer { .http(200, body: $0.body) }
    defer { server.stop() }
    let client = HTTPClient(maximumConnectionsPerHost: 8)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for i in 0..<200 {
        group.addTask {
          let body = Array("\(i)".utf8)
          return try await client.send(HTTPRequest(.post, server.url, body: body)).body == body
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
    #expect(server.requests.count == 200)
    #expect(server.connections <= 8)
  }

  @Test func refusedConnectionSaysWhere() async throws {
    let server = try ReplayServer { _ in .hang }
    let url = server.url
    server.stop()
    let error = await failure { try await HTTPClient().send(HTTPRequest(.get, url + "/v1")) }
    #expect(error?.code == .connect)
    #expect(error?.message.contains("cannot connect to \(url)/v1") == true)
  }

  @Test func unknownHostIsAResolveError() async throws {
    let error = await failure {
      try await HTTPClient().send(HTTPRequest(.get, "http://no-such-host.invalid/"))
    }
    #expect(error?.code == .resolve)
  }

  @Test func plainTextBehindHTTPSIsATLSError() async throws {
    let server = try ReplayServer { _ in .text(200, "not secure") }
    defer { server.stop() }
    let url = "https://127.0.0.1:\(server.port)/"
    let error = await failure { try await HTTPClient().send(HTTPRequest(.get, url)) }
    #expect(error?.code == .tls)
  }

  @Test func aHangEndsInATimeout() async throws {
    let server = try ReplayServer { _ in .hang }
    defer { server.stop() }
    let error = await failure {
      try await HTTPClient().send(HTTPRequest(.get, server.url, timeout: .milliseconds(100)))
    }
    #expect(error?.code == .timeout)
  }

  @Test func cancellationEndsTheTransfer() async throws {
    let server = try ReplayServer { _ in .hang }
    defer { server.stop() }
    let client = HTTPClient()
    let task = Task { await failure { try await client.send(HTTPRequest(.get, server.url)) } }
    while server.requests.isEmpty { await Task.yield() }
    task.cancel()
    #expect(await task.value?.code == .cancelled)
    // Cancelled before it begins.
    let early = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await failure { try await client.send(HTTPRequest(.get, server.url)) }
    }
    #expect(await early.value?.code == .cancelled)
    #expect(server.requests.count == 1)
  }

  @Test func anAnswerIsBoundedAnnouncedOrNot() async throws {
    let server = try ReplayServer {
      $0.path == "/flood"
        ? .flood(bytes: 50 << 20) : .http(200, body: .init(repeating: 32, count: 1001))
    }
    defer { server.stop() }
    let client = HTTPClient()
    for path in ["/flood", "/announced"] {
      let error = await failure {
        try await client.send(
          HTTPRequest(.get, server.url + path, maximumResponseBytes: 1000))
      }
      #expect(error?.code == .tooLarge, "\(path)")
    }
    let whole = HTTPRequest(.get, server.url, maximumResponseBytes: 1001)
    #expect(try await client.send(whole).body.count == 1001)
  }

  @Test func aGzipBombIsBounded() async throws {
    // 1 MiB of zeros, compressed (gzip -9 of `head -c 1048576 /dev/zero`), is about a kilobyte.
    let bomb = try gzip(of: [UInt8](repeating: 0, count: 1 << 20))
    let server = try ReplayServer { _ in
      .http(200, headers: ["Content-Encoding": "gzip"], body: bomb)
    }
    defer { server.stop() }
    let client = HTTPClient()
    let error = await failure {
      try await client.send(HTTPRequest(.get, server.url, maximumResponseBytes: 100_000))
    }
    #expect(error?.code == .tooLarge)
    #expect(try await client.send(HTTPRequest(.get, server.url)).body.count == 1 << 20)
  }

  @Test func brokenConnectionsAndNonsense() async throws {
    let server = try ReplayServer {
      switch $0.path {
      case "/reset": .reset
      case "/cut": .cut(200, body: .init(repeating: 32, count: 100), sent: 10)
      default: .raw(Array("this is not HTTP\r\n\r\n".utf8))
      }
    }
    defer { server.stop() }
    let client = HTTPClient()
    for (path, code) in [
      ("/reset", HTTPError.Code.connectionLost), ("/cut", .connectionLost),
      ("/raw", .malformedResponse),
    ] {
      let error = await failure { try await client.send(HTTPRequest(.get, server.url + path)) }
      #expect(error?.code == code, "\(path)")
    }
  }

  @Test func followsRedirectsAsFarAsAllowed() async throws {
    let server = try ReplayServer {
      switch $0.path {
      case "/a": .http(302, headers: ["Location": "/b", "X-Hop": "a"], body: [1])
      case "/b": .text(200, "there")
      case "/file": .http(302, headers: ["Location": "file:///etc/passwd"], body: [])
      default: .http(302, headers: ["Location": "/loop"], body: [])
      }
    }
    defer { server.stop() }
    let client = HTTPClient()
    let answer = try await client.send(HTTPRequest(.get, server.url + "/a"))
    #expect(answer.status == 200 && answer.body == Array("there".utf8))
    #expect(answer.headers["X-Hop"] == nil)
    let stay = HTTPRequest(.get, server.url + "/a", redirects: .none)
    #expect(try await client.send(stay).status == 302)
    for path in ["/loop", "/file"] {
      let error = await failure { try await client.send(HTTPRequest(.get, server.url + path)) }
      #expect(error?.code == .redirect, "\(path)")
    }
  }

  @Test func malformedRequestsAreRefused() async throws {
    for request in [
      HTTPRequest(.get, "ftp://127.0.0.1/"), HTTPRequest(.get, "127.0.0.1"),
      HTTPRequest(.get, "http://127.0.0.1/a b"),
      HTTPRequest(.get, "http://127.0.0.1/", headers: ["X": "a\r\nY: b"]),
      HTTPRequest(.get, "http://127.0.0.1/", headers: ["X Y": "a"]),
    ] {
      let error = await failure { try await HTTPClient().send(request) }
      #expect(error?.code == .invalidRequest)
    }
  }

  @Test func messagesKeepSecrets() async throws {
    let server = try ReplayServer { _ in .hang }
    let port = server.port
    server.stop()
    for url in [
      "http://name:pass-word@127.0.0.1:\(port)/v1?key=query-secret#part",
      "https://name:pass-word@no-such-host.invalid/?key=query-secret",
      "gopher://name:pass-word@127.0.0.1/?key=query-secret", "http://name:pass-word@:bad/",
    ] {
      let error = await failure {
        try await HTTPClient().send(
          HTTPRequest(.get, url, headers: ["Authorization": "Bearer key-secret"]))
      }
      let message = try #require(error?.message)
      for secret in ["pass-word", "query-secret", "key-secret"] {
        #expect(!message.contains(secret), "\(message)")
      }
    }
  }

  @Test func retryAfterIsSecondsOrADate() {
    func wait(_ value: String?) -> Duration? {
      var headers = HTTPHeaders()
      headers["Retry-After"] = value
      return HTTPResponse(status: 429, headers: headers).retryAfter(now: 784_111_770)
    }
    #expect(wait("7") == .seconds(7))
    #expect(wait("0.5") == .milliseconds(500))
    #expect(wait("-3") == .zero)
    // RFC 9110's own example date is 784111777.
    #expect(wait("Sun, 06 Nov 1994 08:49:37 GMT") == .seconds(7))
    #expect(wait("Sun, 06 Nov 1994 08:49:20 GMT") == .zero)
    #expect(wait("soon") == nil)
    #expect(wait("nan") == nil)
    #expect(wait(nil) == nil)
  }
}

@Suite struct DownloadTests {
  let folder: URL
  let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 / 7) }

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("lauter-http-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Serves `content` with ranges; the first answer breaks after `firstSent` bytes.
  func server(firstSent: Int? = nil, tags: [String] = ["\"v1\""]) throws -> ReplayServer {
    try ReplayServer { [content] request in
      let tag = tags[min(request.index, tags.count - 1)]
      var headers = ["ETag": tag]
      if let firstSent, request.index == 0 {
        return .cut(200, headers: headers, body: content, sent: firstSent)
      }
      guard let range = request.headers["range"], request.headers["if-range"] == tag,
        let start = Int(range.dropFirst("bytes=".count).dropLast())
      else { return .http(200, headers: headers, body: content) }
      guard start < content.count else {
        return .http(416, headers: ["Content-Range": "bytes */\(content.count)"], body: [])
      }
      headers["Content-Range"] = "bytes \(start)-\(content.count - 1)/\(content.count)"
      return .http(206, headers: headers, body: Array(content[start...]))
    }
  }

  func bytes(_ file: URL) throws -> [UInt8] { Array(try Data(contentsOf: file)) }

  @Test func streamsIntoTheFile() async throws {
    let server = try server()
    defer { server.stop() }
    let file = folder.appendingPathComponent("whole")
    let last = Progress()
    let size = try await HTTPClient().download(HTTPRequest(.get, server.url), to: file) {
      last.set($0, $1)
    }
    #expect(size == 100_000)
    #expect(try bytes(file) == content)
    #expect(last.get() == [100_000, 100_000])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["whole"])
  }

  @Test func resumesWhereItStopped() async throws {
    let server = try server(firstSent: 40_000)
    defer { server.stop() }
    let file = folder.appendingPathComponent("resumed")
    let client = HTTPClient()
    let error = await failure { try await client.download(HTTPRequest(.get, server.url), to: file) }
    #expect(error?.code == .connectionLost)
    #expect(!FileManager.default.fileExists(atPath: file.path))
    #expect(try await client.download(HTTPRequest(.get, server.url), to: file) == 100_000)
    #expect(try bytes(file) == content)
    #expect(server.requests[1].headers["range"] == "bytes=40000-")
  }

  @Test func startsAgainWhenTheFileHasChanged() async throws {
    let server = try server(firstSent: 40_000, tags: ["\"v1\"", "\"v2\""])
    defer { server.stop() }
    let file = folder.appendingPathComponent("changed")
    let client = HTTPClient()
    _ = await failure { try await client.download(HTTPRequest(.get, server.url), to: file) }
    try await client.download(HTTPRequest(.get, server.url), to: file)
    #expect(server.requests[1].headers["if-range"] == "\"v1\"")
    #expect(try bytes(file) == content)
  }

  @Test func startsAgainWhenToldTo() async throws {
    let server = try server(firstSent: 40_000)
    defer { server.stop() }
    let file = folder.appendingPathComponent("again")
    let client = HTTPClient()
    _ = await failure { try await client.download(HTTPRequest(.get, server.url), to: file) }
    try await client.download(HTTPRequest(.get, server.url), to: file, resume: false)
    #expect(server.requests[1].headers["range"] == nil)
    #expect(try bytes(file) == content)
  }

  @Test func takesAPartThatIsWholeAlready() async throws {
    let server = try server()
    defer { server.stop() }
    let file = folder.appendingPathComponent("complete")
    try Data(content).write(to: file.appendingPathExtension("part"))
    try Data("\"v1\"".utf8).write(to: file.appendingPathExtension("part-version"))
    #expect(try await HTTPClient().download(HTTPRequest(.get, server.url), to: file) == 100_000)
    #expect(try bytes(file) == content)
  }

  @Test func anErrorStatusIsAnErrorAndKeepsThePart() async throws {
    let server = try ReplayServer { _ in .text(503, "a page that must not be in the file") }
    defer { server.stop() }
    let file = folder.appendingPathComponent("refused")
    let part = file.appendingPathExtension("part")
    try Data([1, 2, 3]).write(to: part)
    try Data("\"v1\"".utf8).write(to: file.appendingPathExtension("part-version"))
    let error = await failure {
      try await HTTPClient().download(HTTPRequest(.get, server.url), to: file)
    }
    #expect(error?.code == .status && error?.status == 503)
    #expect(try bytes(part) == [1, 2, 3])
    #expect(!FileManager.default.fileExists(atPath: file.path))
  }

  @Test func isBounded() async throws {
    let server = try ReplayServer {
      $0.path == "/flood"
        ? .flood(bytes: 50 << 20) : .http(200, body: .init(repeating: 1, count: 2000))
    }
    defer { server.stop() }
    for path in ["/flood", "/announced"] {
      let error = await failure {
        try await HTTPClient().download(
          HTTPRequest(.get, server.url + path), to: folder.appendingPathComponent("big"),
          maximumBytes: 1000)
      }
      #expect(error?.code == .tooLarge)
    }
  }

  @Test func anUnwritableFolderIsAFileError() async throws {
    let server = try server()
    defer { server.stop() }
    let error = await failure {
      try await HTTPClient().download(
        HTTPRequest(.get, server.url), to: folder.appendingPathComponent("missing/file"))
    }
    #expect(error?.code == .file)
    #expect(error?.message.contains("missing/file.part") == true)
  }
}

final class Progress: @unchecked Sendable {
  private let lock = NSLock()
  private var value: [Int64?] = []
  func set(_ received: Int64, _ total: Int64?) { lock.withLock { value = [received, total] } }
  func get() -> [Int64?] { lock.withLock { value } }
}

func failure(_ body: () async throws -> some Any) async -> HTTPError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? HTTPError
  }
}

func gzip(of bytes: [UInt8]) throws -> [UInt8] {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/gzip")
  process.arguments = ["-9", "-c"]
  let (input, output) = (Pipe(), Pipe())
  process.standardInput = input
  process.standardOutput = output
  try process.run()
  Thread.detachNewThread {
    input.fileHandleForWriting.write(Data(bytes))
    try? input.fileHandleForWriting.close()
  }
  let compressed = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return Array(compressed)
}
