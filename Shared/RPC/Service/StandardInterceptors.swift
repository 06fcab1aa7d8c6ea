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

/// Observers that most servers want. Where nothing else stands around a synchronous method, it stays on
/// the event loop.
public enum ServerObservers {
  /// Logs every call when its outcome is decided, with method, peer, status and duration: failures as
  /// info, the others as debug. Neither messages nor metadata are logged.
  public static func logging(_ logger: Logger) -> any ServerObserver { CallLog(logger: logger) }

  private struct CallLog: ServerObserver {
    let logger: Logger

    func callEnded(_ context: CallContext, status: RPCError?, after duration: Duration) {
      let level: Logger.Level = status == nil ? .debug : .info
      guard logger.logLevel <= level else { return }
      logger.log(
        level: level, "call ended",
        metadata: [
          "method": "\(context.method)", "peer": "\(context.peer)",
          "status": "\(status?.code.description ?? "OK")", "duration": "\(duration)",
        ])
    }
  }

  /// Refuses calls (UNAUTHENTICATED) that do not bear one of the tokens, `authorization: Bearer
  /// TOKEN` (RFC 6750 section 2.1).
  ///
  /// - Parameter openServices: the services, by full name, that everyone may call.
  public static func bearer(
    tokens: [String], openServices: Set<String> = ["grpc.health.v1.Health"]
  ) -> any ServerObserver {
    BearerTokens(tokens: tokens.map { Array($0.utf8) }, openServices: openServices)
  }

  private struct BearerTokens: ServerObserver {
    let tokens: [[UInt8]]
    let openServices: Set<String>

    func callBegan(_ context: inout CallContext) throws {
      let field = context.metadata["authorization"] ?? ""
      if isKnown(field) { return }
      guard !openServices.contains(context.method.service) else { return }
      throw RPCError(
        code: .unauthenticated,
        message: BearerTokens.isBearer(field.utf8)
          ? "\(context.method) refuses the token sent"
          : "\(context.method) needs a token: send metadata 'authorization: Bearer TOKEN'")
    }

    private static let scheme = Array("bearer ".utf8)

    private static func isBearer(_ field: some Collection<UInt8>) -> Bool {
      field.count >= scheme.count && zip(field, scheme).allSatisfy { $0 | 0x20 == $1 }
    }

    /// Each token is looked at, and all of it: how long this takes says nothing about the tokens.
    private func isKnown(_ field: String) -> Bool {
      var field = field
      return field.withUTF8 { field in
        guard BearerTokens.isBearer(field) else { return false }
        let given = UnsafeBufferPointer(rebasing: field[BearerTokens.scheme.count...])
        var isKnown = false
        for token in tokens where token.count == given.count {
          var difference: UInt8 = 0
          for index in token.indices { difference |= token[index] ^ given[index] }
          if difference == 0 { isKnown = true }
        }
        return isKnown
      }
    }
  }
}

/// Interceptors that some servers want.
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
