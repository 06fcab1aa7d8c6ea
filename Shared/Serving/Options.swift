// Serving: what every service's main has in common. Flags and their environment variables, logging,
// the RPC server with its health service, signals and an orderly end, and the loop that takes jobs from
// the store. A service's `Main` names its parts and calls `serve`; it holds no logic of its own.
public import ArgumentParser
import Foundation
public import Logging
public import RPC

/// A setting's value before flags: `LAUTER_<FLAG>` in the environment, else a default.
///
/// Use it as a flag's default value, so that flag beats variable beats default:
/// `@Option var store = Setting.value("store", default: "127.0.0.1:7511")`.
public enum Setting {
  /// The variable that stands for a flag: `llm-url` is `LAUTER_LLM_URL`.
  public static func variable(_ flag: String) -> String {
    "LAUTER_" + flag.uppercased().replacingOccurrences(of: "-", with: "_")
  }

  /// The variable's text; `nil` if it is unset or empty.
  public static func text(_ flag: String) -> String? {
    guard let text = ProcessInfo.processInfo.environment[variable(flag)], !text.isEmpty else {
      return nil
    }
    return text
  }

  /// The variable's value. A value that does not parse ends the program with status 64: to go on with
  /// another one than was asked for would hide the mistake.
  public static func value<Value: ExpressibleByArgument>(_ flag: String) -> Value? {
    guard let text = text(flag) else { return nil }
    guard let value = Value(argument: text) else {
      let message =
        "error: \(variable(flag)) is not a valid \(Value.self); set it right or unset it\n"
      FileHandle.standardError.write(Data(message.utf8))
      exit(EX_USAGE)
    }
    return value
  }

  public static func value<Value: ExpressibleByArgument>(_ flag: String, default: Value) -> Value {
    value(flag) ?? `default`
  }
}

/// Where a service listens and how much it says.
public struct ServerOptions: ParsableArguments {
  @Option(help: "The address to listen on.")
  public var host: String = Setting.value("host", default: "127.0.0.1")

  @Option(
    help: "The port to listen on; 0 lets the system choose. The default is the service's own.")
  public var port: Int?

  @Option(
    help: "The least severe log messages to write: trace, debug, info, notice, warning, error.")
  public var logLevel: Logger.Level = Setting.value("log-level", default: .info)

  /// How it calls other services; its certificate is also what it serves with.
  @OptionGroup public var tls: TLSOptions

  @Option(
    help: ArgumentHelp(
      "Serve those alone whose certificate is of these authorities (PEM): mTLS.", valueName: "file")
  )
  public var tlsClientCa: String?

  public init() {}

  public mutating func validate() throws {
    if let port, !(0...65535).contains(port) {
      throw ValidationError("--port: a port is a number from 0 to 65535, not \(port)")
    }
    if clientAuthorities != nil, try serverTLS() == nil {
      throw ValidationError("--tls-client-ca needs --tls-cert and --tls-key: what to serve with")
    }
  }

  private var clientAuthorities: String? { tlsClientCa ?? Setting.text("tls-client-ca") }

  /// What the service serves with; nil is cleartext.
  ///
  /// - Throws: as `channelTLS`.
  public func serverTLS() throws -> ServerTLS? {
    let settings = try tls.settings()
    guard let certificate = settings.certificate, let key = settings.key else { return nil }
    return ServerTLS(certificateFile: certificate, keyFile: key, clientCAFile: clientAuthorities)
  }

  /// How the service calls others; nil is cleartext.
  ///
  /// - Throws: `ValidationError` where flags and variables do not fit together.
  public func channelTLS() throws -> ChannelTLS? { try tls.channel() }
}

/// The one set of TLS flags, of services and of `lauter`: whom to trust and who to be. Each has its
/// variable: `--tls-ca` is `LAUTER_TLS_CA`. Files are read again when they change.
public struct TLSOptions: ParsableArguments {
  @Flag(
    help: "Call over TLS, trusting whom the system trusts; implied by the next four.")
  public var tls = false

  @Option(help: ArgumentHelp("Trust these authorities instead (PEM).", valueName: "file"))
  public var tlsCa: String?

  @Option(
    help: ArgumentHelp("The own certificate chain, shown to whoever asks (PEM).", valueName: "file")
  )
  public var tlsCert: String?

  @Option(help: ArgumentHelp("The key of --tls-cert (PEM).", valueName: "file"))
  public var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "The name a server's certificate must have. Default: the address's host.", valueName: "name"))
  public var serverName: String?

  public init() {}

  struct Settings {
    var isOn: Bool
    var authorities: String?
    var certificate: String?
    var key: String?
    var serverName: String?
  }

  func settings(_ environment: [String: String]? = nil) throws -> Settings {
    let environment = environment ?? ProcessInfo.processInfo.environment
    func text(_ flag: String) -> String? {
      environment[Setting.variable(flag)].flatMap { $0.isEmpty ? nil : $0 }
    }
    let settings = Settings(
      isOn: try tls || text("tls").map(Self.flag) ?? false, authorities: tlsCa ?? text("tls-ca"),
      certificate: tlsCert ?? text("tls-cert"), key: tlsKey ?? text("tls-key"),
      serverName: serverName ?? text("server-name"))
    if (settings.certificate == nil) != (settings.key == nil) {
      throw ValidationError("--tls-cert and --tls-key go together")
    }
    return settings
  }

  private static func flag(_ text: String) throws -> Bool {
    guard let value = Bool(text) else {
      throw ValidationError("\(Setting.variable("tls")) is true or false, not '\(text)'")
    }
    return value
  }

  public func validate() throws { _ = try settings() }

  /// How to call servers; nil is cleartext.
  ///
  /// Throws a `ValidationError` where flags and variables do not fit together.
  ///
  /// - Parameters:
  ///   - environment: where variables are looked up; nil is this process's.
  ///   - path: makes the path of a file given as flag or variable.
  public func channel(
    environment: [String: String]? = nil, path: (String) -> String = { $0 }
  ) throws -> ChannelTLS? {
    let settings = try settings(environment)
    guard
      settings.isOn || settings.authorities != nil || settings.certificate != nil
        || settings.serverName != nil
    else { return nil }
    return ChannelTLS(
      caFile: settings.authorities.map(path), certificateFile: settings.certificate.map(path),
      keyFile: settings.key.map(path), serverName: settings.serverName)
  }
}

/// Where the store is.
public struct StoreOptions: ParsableArguments {
  @Option(help: "The store's address, host:port.")
  public var store: String = Setting.value("store", default: "127.0.0.1:7511")

  public init() {}
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
