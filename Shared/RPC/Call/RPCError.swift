/// The failure of one call, the only error that crosses a process.
///
/// A handler throws it to choose the status its caller sees; a client receives it when the call did
/// not end with status OK. Any other error a handler throws is reported as ``Code/internalError``
/// with an id, its text goes to the server's log only.
public struct RPCError: Error, Hashable, Sendable {
  public var code: Code

  /// For the developer at the other end: what was wrong, where, and what to do about it.
  public var message: String

  /// Metadata sent, or received, along with the status.
  public var metadata: Metadata

  /// Typed facts for a program at the other end: which field, which quota, when to try again. They
  /// travel as a `google.rpc.Status` in `grpc-status-details-bin`.
  public var details: [Detail]

  public init(
    code: Code, message: String, metadata: Metadata = [:], details: [Detail] = []
  ) {
    self.code = code
    self.message = message
    self.metadata = metadata
    self.details = details
  }

  /// The canonical status codes other than OK, with the numbers of grpc/grpc `doc/statuscodes.md`.
  public enum Code: Int, Hashable, Sendable, CaseIterable {
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
  }
}

extension RPCError: CustomStringConvertible {
  public var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }
}

extension RPCError.Code: CustomStringConvertible {
  /// The name in the specification: `NOT_FOUND`.
  public var description: String {
    switch self {
    case .cancelled: "CANCELLED"
    case .unknown: "UNKNOWN"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .deadlineExceeded: "DEADLINE_EXCEEDED"
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .permissionDenied: "PERMISSION_DENIED"
    case .resourceExhausted: "RESOURCE_EXHAUSTED"
    case .failedPrecondition: "FAILED_PRECONDITION"
    case .aborted: "ABORTED"
    case .outOfRange: "OUT_OF_RANGE"
    case .unimplemented: "UNIMPLEMENTED"
    case .internalError: "INTERNAL"
    case .unavailable: "UNAVAILABLE"
    case .dataLoss: "DATA_LOSS"
    case .unauthenticated: "UNAUTHENTICATED"
    }
  }
}
