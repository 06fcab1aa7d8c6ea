import Logging
import NIOCore
import NIOSSL
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a server speaks TLS: at least version 1.2, with ALPN `h2` (RFC 9113 section 3.2).
///
/// The files are PEM. They are read when the server starts and again for the next connection after
/// one of them has changed; a change that cannot be used is logged and the old certificate kept.
/// Connections that are open go on with what they began with.
public struct ServerTLS: Hashable, Sendable {
  /// The server's certificate, then those of the authorities between it and the root.
  public var certificateFile: String

  /// The private key of the server's certificate, not encrypted.
  public var keyFile: String

  /// The authorities whose clients are let in: each client must show a certificate of one of them.
  /// Nil lets in everyone.
  public var clientCAFile: String?

  public init(certificateFile: String, keyFile: String, clientCAFile: String? = nil) {
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.clientCAFile = clientCAFile
  }
}

/// How a channel speaks TLS: at least version 1.2, with ALPN `h2` (RFC 9113 section 3.2).
///
/// The files are PEM; a changed file is used from the next connection on.
public struct ChannelTLS: Hashable, Sendable {
  /// The authorities whose servers are trusted; nil trusts those the system does.
  public var caFile: String?

  /// The client's certificate chain and its private key, for servers that ask for one.
  public var certificateFile: String?
  public var keyFile: String?

  /// The name the server's certificate must have; nil expects the target's host.
  public var serverName: String?

  public init(
    caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
    serverName: String? = nil
  ) {
    self.caFile = caFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.serverName = serverName
  }
}

/// Keys and certificates in files, read again when a file has changed. From any thread.
final class TLSCredentials: Sendable {
  private let files: [String]
  private let logger: Logger
  private let configure: @Sendable () throws -> TLSConfiguration
  private let state = Mutex<State?>(nil)

  private struct State {
    let context: NIOSSLContext
    /// What the files were when they were last looked at, usable or not.
    var stamps: [FileStamp?]
  }

  init(_ tls: ServerTLS, logger: Logger) {
    files = [tls.certificateFile, tls.keyFile] + [tls.clientCAFile].compactMap(\.self)
    self.logger = logger
    configure = {
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: try TLSCredentials.certificates(tls.certificateFile).map {
          .certificate($0)
        },
        privateKey: .privateKey(try TLSCredentials.key(tls.keyFile)))
      if let file = tls.clientCAFile {
        configuration.trustRoots = .certificates(try TLSCredentials.certificates(file))
        configuration.certificateVerification = .noHostnameVerification
        configuration.sendCANameList = true
      }
      return configuration
    }
  }

  init(_ tls: ChannelTLS, logger: Logger) {
    files = [tls.caFile, tls.certificateFile, tls.keyFile].compactMap(\.self)
    self.logger = logger
    configure = {
      var configuration = TLSConfiguration.makeClientConfiguration()
      if let file = tls.caFile {
        configuration.trustRoots = .certificates(try TLSCredentials.certificates(file))
      }
      switch (tls.certificateFile, tls.keyFile) {
      case (let certificate?, let key?):
        configuration.certificateChain = try TLSCredentials.certificates(certificate).map {
          .certificate($0)
        }
        configuration.privateKey = .privateKey(try TLSCredentials.key(key))
      case (nil, nil): break
      default:
        throw TLSCredentials.problem("a client certificate needs both its file and its key's file")
      }
      return configuration
    }
  }

  /// The context for a new connection.
  ///
  /// Throws an ``RPCError`` (FAILED_PRECONDITION) that names the file when there is none yet.
  func context() throws -> NIOSSLContext {
    try state.withLock { state in
      let stamps = files.map(FileStamp.init(path:))
      if let state, state.stamps == stamps { return state.context }
      do {
        let context = try load()
        if state != nil { logger.info("using the changed TLS certificates") }
        state = State(context: context, stamps: stamps)
        return context
      } catch {
        guard let old = state else { throw error }
        logger.error(
          "the TLS certificates have changed and cannot be used; keeping the old ones",
          metadata: ["reason": "\(error)"])
        state?.stamps = stamps
        return old.context
      }
    }
  }

  private func load() throws -> NIOSSLContext {
    var configuration = try configure()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["h2"]
    // What a peer that does not say goodbye costs.
    configuration.shutdownTimeout = .seconds(1)
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch NIOSSLError.failedToLoadPrivateKey {
      // Both are well-formed: that has been seen when they were read.
      throw TLSCredentials.problem(
        "the key does not belong to the certificate: "
          + files.map { "'\($0)'" }.joined(separator: ", "))
    } catch {
      throw TLSCredentials.problem(
        "the TLS certificate and key in \(files.map { "'\($0)'" }.joined(separator: ", ")) "
          + "cannot be used: \(reason(of: error))")
    }
  }

  private static func certificates(_ path: String) throws -> [NIOSSLCertificate] {
    do {
      let certificates = try NIOSSLCertificate.fromPEMBytes(read(path))
      if !certificates.isEmpty { return certificates }
    } catch let error as RPCError {
      throw error
    } catch {}
    throw problem("'\(path)' holds no PEM certificate: expected -----BEGIN CERTIFICATE-----")
  }

  private static func key(_ path: String) throws -> NIOSSLPrivateKey {
    do {
      return try NIOSSLPrivateKey(bytes: read(path), format: .pem)
    } catch let error as RPCError {
      throw error
    } catch {
      throw problem(
        "'\(path)' holds no PEM private key, or an encrypted one: "
          + "expected -----BEGIN PRIVATE KEY-----")
    }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw problem(
        "cannot read the TLS file '\(path)': \(String(cString: strerror(errno)).lowercased())")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      #if canImport(Darwin)
        let count = Darwin.read(descriptor, &part, part.count)
      #elseif canImport(Musl)
        let count = Musl.read(descriptor, &part, part.count)
      #else
        let count = Glibc.read(descriptor, &part, part.count)
      #endif
      guard count >= 0 else {
        throw problem(
          "cannot read the TLS file '\(path)': \(String(cString: strerror(errno)).lowercased())")
      }
      if count == 0 { return bytes }
      bytes += part[..<count]
    }
  }

  private static func problem(_ message: String) -> RPCError {
    RPCError(code: .failedPrecondition, message: message)
  }
}

/// Tells one state of a file from the next: replaced, or written to.
private struct FileStamp: Equatable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  private let seconds: Int
  private let nanoseconds: Int

  /// Nil when there is no such file. Follows links, as mounted secrets are replaced through them.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    seconds = time.tv_sec
    nanoseconds = time.tv_nsec
  }
}

/// What a peer is told, or a log says, about a TLS failure: `certificate verify failed`.
func tlsReason(of error: any Error) -> String? {
  switch error {
  case NIOSSLError.handshakeFailed(let cause): "the TLS handshake failed: \(words(of: cause))"
  case NIOSSLError.uncleanShutdown: "the TLS connection was cut"
  case let error as BoringSSLError: words(of: error)
  case let error as NIOSSLExtraError: error.description
  case let error as NIOSSLError: "\(error)"
  default: nil
  }
}

/// BoringSSL's reason out of `error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED
/// at FILE:LINE`, in words.
private func words(of error: BoringSSLError) -> String {
  let text = "\(error)"
  let marker = "OPENSSL_internal:"
  var rest = text[...]
  while let next = rest.firstIndex(of: "O") {
    rest = rest[next...]
    if rest.hasPrefix(marker) {
      let name = rest.dropFirst(marker.count).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      let words = name.lowercased().split(separator: "_").joined(separator: " ")
      return tlsHints[words] ?? words
    }
    rest = rest.dropFirst()
  }
  if text.contains("EOF during handshake") { return "the peer closed the connection" }
  return text
}

/// What BoringSSL's commonest reasons mean here.
private let tlsHints = [
  "wrong version number": "wrong version number (the peer does not speak TLS)",
  "http request": "http request (the peer does not speak TLS)",
  "certificate verify failed":
    "certificate verify failed (it is not signed by a trusted authority, or expired)",
  "peer did not return a certificate": "the client showed no certificate",
]
