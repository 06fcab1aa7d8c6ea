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
