import Foundation
import Logging
import RPC
import Synchronization
import Testing

/// TLS and mTLS between our ends and with stock grpcio; what is refused and what is said about it.
@Suite(.enabled(if: TestAuthority.isPossible, "there is no openssl"), .timeLimit(.minutes(5)))
struct TLSTests {
  let authority: TestAuthority
  let server: TestAuthority.Leaf
  let client: TestAuthority.Leaf

  init() throws {
    authority = try TestAuthority()
    server = try authority.issue("localhost")
    client = try authority.issue("client")
  }

  func configuration(mutual: Bool = false) -> RPCServer.Configuration {
    var configuration = RPCServer.Configuration()
    configuration.tls = ServerTLS(
      certificateFile: server.certificate, keyFile: server.key,
      clientCAFile: mutual ? authority.certificate : nil)
    return configuration
  }

  func channel(
    _ address: RPCServer.Address, _ tls: ChannelTLS?
  ) -> RPCChannel {
    var configuration = RPCChannel.Configuration.patient
    configuration.tls = tls
    return RPCChannel(target: "\(address)", configuration: configuration, logger: silent)
  }

  var trusting: ChannelTLS { ChannelTLS(caFile: authority.certificate) }
  var known: ChannelTLS {
    ChannelTLS(
      caFile: authority.certificate, certificateFile: client.certificate, keyFile: client.key)
  }

  /// The error of a call over a channel with `tls`, if any.
  func failure(_ address: RPCServer.Address, _ tls: ChannelTLS?) async -> RPCError? {
    let channel = channel(address, tls)
    let error = await rpcError {
      let blob: Blob = try await channel.unary(Echo.method("Grow"), Text("300000"))
      #expect(blob.bytes.count == 300_000)
      let answer: Text = try await channel.clientStreaming(Echo.method("Join")) {
        (writer: RequestWriter<Text>) in
        for text in ["a", "b"] { try await writer.write(Text(text)) }
      }
      #expect(answer == "a,b")
    }
    await channel.close()
    return error
  }

  @Test func ourClientAndServer() async throws {
    try await withServer(configuration: configuration()) { _, address in
      #expect(await failure(address, trusting) == nil)
      #expect(await failure(address, known) == nil)
    }
    try await withServer(configuration: configuration(mutual: true)) { _, address in
      #expect(await failure(address, known) == nil)
    }
  }

  @Test func whoIsNotTrustedIsRefused() async throws {
    let stranger = try TestAuthority()
    let forged = try stranger.issue("client")
    try await withServer(configuration: configuration(mutual: true)) { channel, address in
      let wrongCA = await failure(
        address,
        ChannelTLS(
          caFile: stranger.certificate, certificateFile: client.certificate, keyFile: client.key))
      #expect(wrongCA?.code == .unavailable)
      #expect(wrongCA?.message.contains("certificate verify failed") == true, "\(wrongCA as Any)")

      let nobody = await failure(address, trusting)
      #expect(nobody?.code == .unavailable)
      #expect(nobody?.message.contains("certificate required") == true, "\(nobody as Any)")

      let other = await failure(
        address,
        ChannelTLS(
          caFile: authority.certificate, certificateFile: forged.certificate, keyFile: forged.key))
      #expect(other?.code == .unavailable)
      #expect(other?.message.contains("unknown ca") == true, "\(other as Any)")

      // `channel` talks cleartext.
      let plain = await rpcError {
        let _: Text = try await channel.unary(Echo.method("Say"), Text(""))
      }
      #expect(plain?.code == .unavailable)
      #expect(plain?.message.hasPrefix("cannot connect to \(address): ") == true)
      #expect(await failure(address, known) == nil)
    }
  }

  @Test func namesMustMatch() async throws {
    let elsewhere = try authority.issue("elsewhere", addresses: [])
    var configuration = configuration()
    configuration.tls = ServerTLS(
      certificateFile: elsewhere.certificate, keyFile: elsewhere.key)
    try await withServer(configuration: configuration) { _, address in
      let error = await failure(address, trusting)
      #expect(error?.code == .unavailable)
      #expect(error?.message.lowercased().contains("hostname") == true, "\(error as Any)")
      var tls = trusting
      tls.serverName = "elsewhere"
      #expect(await failure(address, tls) == nil)
    }
  }

  @Test func aServerWithoutTLS() async throws {
    try await withServer { _, address in
      let error = await failure(address, trusting)
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("does not speak TLS") == true, "\(error as Any)")
    }
  }

  @Test func filesThatCannotBeUsed() async throws {
    let text = authority.folder.appendingPathComponent("text.pem").path
    try Data("no certificate".utf8).write(to: URL(fileURLWithPath: text))
    for (certificate, key, part) in [
      ("/no/such.pem", server.key, "cannot read the TLS file '/no/such.pem': no such file"),
      (server.certificate, "/no/such.key", "cannot read the TLS file '/no/such.key': no such file"),
      (text, server.key, "'\(text)' holds no PEM certificate"),
      (server.certificate, text, "'\(text)' holds no PEM private key"),
      (server.certificate, client.key, "the key does not belong to the certificate"),
    ] {
      var configuration = RPCServer.Configuration()
      configuration.tls = ServerTLS(certificateFile: certificate, keyFile: key)
      let server = RPCServer(
        services: [Echo.service], configuration: configuration, logger: silent)
      let error = await rpcError { try await server.start() }
      #expect(error?.code == .failedPrecondition)
      #expect(error?.message.contains(part) == true, "\(error as Any)")
    }
    try await withServer(configuration: configuration()) { _, address in
      let missing = await failure(address, ChannelTLS(caFile: "/no/such.pem"))
      #expect(missing?.message.contains("'/no/such.pem'") == true, "\(missing as Any)")
      let half = await failure(address, ChannelTLS(certificateFile: client.certificate))
      #expect(half?.code == .failedPrecondition)
    }
  }

  @Test func certificatesAreReplacedWithoutRestart() async throws {
    let next = try TestAuthority()
    let successor = try next.issue("localhost")
    func replace(_ leaf: TestAuthority.Leaf) throws {
      for (new, old) in [(leaf.certificate, server.certificate), (leaf.key, server.key)] {
        try Data(contentsOf: URL(fileURLWithPath: new))
          .write(to: URL(fileURLWithPath: old), options: .atomic)
      }
    }
    let log = LogRecorder()
    try await withServer(configuration: configuration(), logger: log.logger) { _, address in
      let open = channel(address, trusting)
      let before: Text = try await open.unary(Echo.method("Say"), Text("before"))
      #expect(before == "before")
      try replace(successor)
      let trustsNext = ChannelTLS(caFile: next.certificate)
      #expect(await failure(address, trustsNext) == nil)
      #expect(await failure(address, trusting)?.code == .unavailable)
      #expect(log.contains("using the changed TLS certificates"))
      // A key without its certificate, then a text: the last that worked stays.
      try Data(contentsOf: URL(fileURLWithPath: client.key))
        .write(to: URL(fileURLWithPath: server.key))
      #expect(await failure(address, trustsNext) == nil)
      #expect(log.contains("cannot be used; keeping the old ones"))
      try FileManager.default.removeItem(atPath: server.certificate)
      #expect(await failure(address, trustsNext) == nil)
      let after: Text = try await open.unary(Echo.method("Say"), Text("after"))
      #expect(after == "after")
      await open.close()
    }
  }

  @Test(.enabled(if: GRPCIO.python != nil, "LAUTER_TEST_PYTHON names no Python with grpcio"))
  func pythonClient() async throws {
    let stranger = try TestAuthority()
    for mutual in [false, true] {
      try await withServer(configuration: configuration(mutual: mutual)) { _, address in
        let result = try await GRPCIO.run(
          Self.client,
          [
            "\(address)", mutual ? "mutual" : "", authority.certificate, client.certificate,
            client.key, stranger.certificate,
          ])
        #expect(result.hasSuffix("all passed\n"), "\(result)")
      }
    }
  }

  @Test(.enabled(if: GRPCIO.python != nil, "LAUTER_TEST_PYTHON names no Python with grpcio"))
  func pythonServer() async throws {
    for mutual in [false, true] {
      let (python, port) = try await GRPCIO.startServer(arguments: [
        "identity", server.key, server.certificate, mutual ? authority.certificate : "",
      ])
      defer { python.stop() }
      var configuration = RPCChannel.Configuration.patient
      for (tls, isFine) in [(trusting, !mutual), (known, true), (nil, false)] {
        configuration.tls = tls
        let channel = RPCChannel(
          target: "127.0.0.1:\(port)", configuration: configuration, logger: silent)
        let error = await rpcError {
          let answer: Blob = try await channel.unary(Echo.method("Say"), Blob(count: 300_000))
          #expect(answer.bytes.count == 300_000)
        }
        #expect((error == nil) == isFine, "\(error as Any)")
        await channel.close()
      }
    }
  }

  static let client = #"""
    import socket, ssl, sys
    import grpc

    address, mutual, ca, certificate, key, stranger = sys.argv[1:]
    read = lambda name: open(name, "rb").read()
    own = dict(private_key=read(key), certificate_chain=read(certificate))

    def call(credentials):
        with (grpc.secure_channel(address, credentials) if credentials
              else grpc.insecure_channel(address)) as channel:
            answers = list(channel.unary_stream("/test.Echo/Count")(b"1000"))
            assert answers == [str(n).encode() for n in range(1000)]

    def refused(credentials):
        try:
            call(credentials)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        else:
            raise AssertionError("not refused")

    call(grpc.ssl_channel_credentials(read(ca), **own))
    if mutual: refused(grpc.ssl_channel_credentials(read(ca)))
    else: call(grpc.ssl_channel_credentials(read(ca)))
    refused(grpc.ssl_channel_credentials(read(stranger), **own))
    refused(None)

    def tls(**options):
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(certificate, key)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        for name, value in options.items():
            if name == "alpn": context.set_alpn_protocols(value)
            else: setattr(context, name, value)
        host, port = address.split(":")
        return context.wrap_socket(socket.create_connection((host, int(port))),
                                   server_hostname=host)

    # HTTP/2 must have been agreed on.
    for options in [{}, {"alpn": ["http/1.1"]}]:
        assert tls(**options).recv(100) == b""
    assert tls(alpn=["http/1.1", "h2"]).selected_alpn_protocol() == "h2"
    assert tls(alpn=["h2"], maximum_version=ssl.TLSVersion.TLSv1_2).version() == "TLSv1.2"
    try:
        tls(alpn=["h2"], minimum_version=ssl.TLSVersion.TLSv1,
            maximum_version=ssl.TLSVersion.TLSv1_1)
    except ssl.SSLError: pass
    else: raise AssertionError("TLS 1.1 was accepted")
    print("all passed")
    """#
}

/// A certificate authority in a temporary folder, made by the openssl command.
final class TestAuthority: Sendable {
  static let isPossible = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

  struct Leaf {
    let certificate: String
    let key: String
  }

  let folder: URL
  var certificate: String { path("ca.pem") }

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("authority-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try openssl(
      ["req", "-x509", "-days", "2", "-subj", "/CN=Authority \(UUID().uuidString)"]
        + Self.newKey(path("ca.key")) + ["-out", path("ca.pem")])
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private static func newKey(_ path: String) -> [String] {
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]
  }

  func issue(_ name: String, addresses: [String] = ["127.0.0.1"]) throws -> Leaf {
    let names = ["DNS:\(name)"] + addresses.map { "IP:\($0)" }
    try openssl(
      ["req", "-new", "-subj", "/CN=\(name)"]
        + ["-addext", "subjectAltName=" + names.joined(separator: ",")]
        + Self.newKey(path("\(name).key")) + ["-out", path("\(name).csr")])
    try openssl(
      ["x509", "-req", "-days", "2", "-in", path("\(name).csr"), "-CA", path("ca.pem")]
        + ["-CAkey", path("ca.key"), "-CAcreateserial", "-copy_extensions", "copy"]
        + ["-out", path("\(name).pem")])
    return Leaf(certificate: path("\(name).pem"), key: path("\(name).key"))
  }

  private func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "openssl \(arguments.joined(separator: " "))")
  }
}

/// Keeps what is logged.
final class LogRecorder: Sendable {
  let lines = Mutex<[String]>([])

  var logger: Logger {
    Logger(label: "test") { _ in Handler(recorder: self) }
  }

  func contains(_ part: String) -> Bool { lines.withLock { $0.contains { $0.contains(part) } } }

  private struct Handler: LogHandler {
    let recorder: LogRecorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      recorder.lines.withLock {
        $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])")
      }
    }
  }
}
