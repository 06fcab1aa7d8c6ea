import ArgumentParser
import HTTP
package import RPC
import Schema

/// What ends a command: one sentence, what to do about it, and the exit code that scripts act on.
package struct Failure: Error, Hashable, Sendable {
  /// After `sysexits.h`.
  package enum Code: Int32, Sendable {
    /// The operation was tried and failed.
    case failed = 1
    /// The command line is wrong.
    case usage = 64
    /// The input is wrong.
    case badData = 65
    /// A service cannot be reached.
    case unavailable = 69
    /// It may well work if tried again.
    case temporary = 75
    /// The user stopped it.
    case interrupted = 130
  }

  package var code: Code
  /// Empty where everything has been said already.
  package var message: String
  package var hint: String?

  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  /// - Parameters:
  ///   - service: who was called.
  ///   - address: where, so that "cannot be reached" says where it was looked for.
  package init(_ error: RPCError, service: Service, address: String) {
    switch error.code {
    case .unavailable where Self.mentionsTLS(error):
      self.init(
        .unavailable, "the \(service.title) at \(address) cannot be reached: \(error.message)",
        hint: "do both sides speak TLS, and trust each other? See --tls, --tls-ca and --tls-cert")
    case .unavailable:
      self.init(
        .unavailable, "the \(service.title) at \(address) cannot be reached",
        hint:
          "start the services with 'lauter up', or name another address with --\(service.rawValue)")
    case .deadlineExceeded:
      self.init(
        .temporary, "the \(service.title) at \(address) did not answer in time",
        hint: "look at its log, then try again")
    case .resourceExhausted, .aborted:
      self.init(.temporary, error.message, hint: "try again in a moment")
    case .invalidArgument, .outOfRange:
      self.init(.badData, error.message)
    case .unimplemented:
      self.init(
        .failed, "the \(service.title) at \(address) does not know this call",
        hint: "are the client and the services of one version?")
    case .cancelled:
      self.init(.interrupted, "interrupted")
    case .dataLoss, .failedPrecondition, .notFound, .alreadyExists, .permissionDenied,
      .unauthenticated, .unknown, .internalError:
      self.init(
        .failed,
        error.message.isEmpty ? "the \(service.title) answered \(error.code)" : error.message)
    }
  }

  /// Whether somebody listens there, and the two do not understand each other: certificates, or TLS on
  /// one side alone.
  private static func mentionsTLS(_ error: RPCError) -> Bool {
    ["TLS", "certificate", "HTTP/2"].contains(where: error.message.contains)
  }

  /// Any error a command may end with.
  package init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as RPCError: self.init(.failed, error.message)
    case let error as SchemaError: self.init(.badData, error.description)
    case let error as HTTPError:
      self.init(
        error.code == .status || error.code == .invalidRequest ? .failed : .unavailable,
        error.message)
    case is CancellationError: self.init(.interrupted, "interrupted")
    default: self.init(.failed, "\(error)")
    }
  }

  /// The lines the user sees.
  package func lines(colour: Bool) -> [String] {
    guard !message.isEmpty else { return [] }
    return [Style.red("error:", colour) + " " + message.printable()]
      + (hint.map { [Style.cyan("hint:", colour) + " " + $0.printable()] } ?? [])
  }
}
