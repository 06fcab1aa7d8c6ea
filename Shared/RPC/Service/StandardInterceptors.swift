public import Logging

/// Interceptors that most clients want.
public enum ClientInterceptors {
  /// Logs every call when it is over, with method, status and duration: failures as info, the others
  /// as debug. Neither messages nor metadata are logged.
  public static func logging(_ logger: Logger) -> ClientInterceptor {
    { call, next in
      let start = ContinuousClock.now
      func log(_ level: Logger.Level, _ status: String) {
        logger.log(
          level: level, "call ended",
          metadata: [
            "method": "\(call.method)", "status": "\(status)",
            "duration": "\(start.duration(to: .now))",
          ])
      }
      do {
        try await next(call)
        log(.debug, "OK")
      } catch {
        log(.info, "\((error as? RPCError)?.code ?? .cancelled)")
        throw error
      }
    }
  }

  /// Sends `authorization: Bearer TOKEN`, with the token as it is when the call begins.
  public static func bearer(
    _ token: @escaping @Sendable () async throws -> String
  ) -> ClientInterceptor {
    { call, next in
      var call = call
      call.options.metadata["authorization"] = "Bearer \(try await token())"
      try await next(call)
    }
  }

  /// Passes ``TraceContext/current`` on, unless the call says something itself.
  public static let traceContext: ClientInterceptor = { call, next in
    var call = call
    if call.options.metadata["traceparent"] == nil, let context = TraceContext.current {
      call.options.metadata["traceparent"] = context.parent
      call.options.metadata["tracestate"] = context.state
    }
    try await next(call)
  }
}

/// Interceptors that most servers want.
public enum ServerInterceptors {
  /// Logs every call when its handler is done, with method, peer, status and duration: failures as
  /// info, the others as debug. Neither messages nor metadata are logged.
  public static func logging(_ logger: Logger) -> ServerInterceptor {
    { context, next in
      let start = ContinuousClock.now
      func log(_ level: Logger.Level, _ status: String) {
        logger.log(
          level: level, "call ended",
          metadata: [
            "method": "\(context.method)", "peer": "\(context.peer)", "status": "\(status)",
            "duration": "\(start.duration(to: .now))",
          ])
      }
      do {
        try await next(context)
        log(.debug, "OK")
      } catch {
        let code: RPCError.Code =
          switch error {
          case let error as RPCError: error.code
          case is CancellationError:
            context.deadline.map { $0 <= .now } == true ? .deadlineExceeded : .cancelled
          default: .internalError
          }
        log(.info, "\(code)")
        throw error
      }
    }
  }

  /// Refuses calls (UNAUTHENTICATED) that do not bear one of the tokens, `authorization: Bearer
  /// TOKEN` (RFC 6750 section 2.1).
  ///
  /// - Parameter openServices: the services, by full name, that everyone may call.
  public static func bearer(
    tokens: [String], openServices: Set<String> = ["grpc.health.v1.Health"]
  ) -> ServerInterceptor {
    let tokens = tokens.map { Array($0.utf8) }
    let scheme = "bearer "
    return { context, next in
      guard !openServices.contains(context.method.service) else { return try await next(context) }
      guard let field = context.metadata["authorization"],
        field.prefix(scheme.count).lowercased() == scheme
      else {
        throw RPCError(
          code: .unauthenticated,
          message: "\(context.method) needs a token: send metadata 'authorization: Bearer TOKEN'")
      }
      let given = Array(field.utf8.dropFirst(scheme.utf8.count))
      // Each token is looked at, and all of it: how long this takes says nothing about the tokens.
      var isKnown = false
      for token in tokens where ServerInterceptors.areEqual(token, given) { isKnown = true }
      guard isKnown else {
        throw RPCError(code: .unauthenticated, message: "\(context.method) refuses the token sent")
      }
      try await next(context)
    }
  }

  private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
  }

  /// Makes the client's trace context the handler's ``TraceContext/current``.
  public static let traceContext: ServerInterceptor = { context, next in
    guard let parent = context.metadata["traceparent"] else { return try await next(context) }
    let state = context.metadata[all: "tracestate"].joined(separator: ",")
    try await TraceContext.$current.withValue(
      TraceContext(parent: parent, state: state.isEmpty ? nil : state)
    ) { try await next(context) }
  }
}

/// Where a call stands in a distributed trace (W3C Trace Context). It is passed on as it came: whoever
/// records spans, a tracer or the mesh, makes new ones.
public struct TraceContext: Hashable, Sendable {
  @TaskLocal public static var current: TraceContext?

  /// `traceparent`: version, trace, span, flags.
  public var parent: String

  /// `tracestate`, if there is one.
  public var state: String?

  public init(parent: String, state: String? = nil) {
    self.parent = parent
    self.state = state
  }
}
