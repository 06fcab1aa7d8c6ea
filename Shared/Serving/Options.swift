// Serving: what every service's main has in common. Flags and their environment variables, logging,
// the RPC server with its health service, signals and an orderly end, and the loop that takes jobs from
// the store. A service's `Main` names its parts and calls `serve`; it holds no logic of its own.
public import ArgumentParser
import Foundation
public import Logging

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

  public init() {}

  public mutating func validate() throws {
    if let port, !(0...65535).contains(port) {
      throw ValidationError("--port: a port is a number from 0 to 65535, not \(port)")
    }
  }
}

/// Where the store is.
public struct StoreOptions: ParsableArguments {
  @Option(help: "The store's address, host:port.")
  public var store: String = Setting.value("store", default: "127.0.0.1:7511")

  public init() {}
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
