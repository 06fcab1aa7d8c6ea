/// How one call is to be made.
public struct CallOptions: Sendable {
  /// How long the whole call may take, messages included; nil waits as long as the caller does.
  ///
  /// Inside a handler the handler's own deadline bounds the call as well: the earlier one counts.
  public var timeout: Duration?

  /// Sent with the request.
  public var metadata: Metadata

  /// Whether the call waits for a connection (until its deadline) instead of failing with
  /// UNAVAILABLE when the server cannot be reached.
  public var waitForReady: Bool

  /// Whether the call is made again when it fails; nil leaves it to the channel's configuration.
  public var retryPolicy: RetryPolicy?

  /// How the request's messages are compressed. A server that cannot read it answers
  /// UNIMPLEMENTED.
  public var compression: Compression

  public init(
    timeout: Duration? = nil, metadata: Metadata = [:], waitForReady: Bool = false,
    retryPolicy: RetryPolicy? = nil, compression: Compression = .identity
  ) {
    self.timeout = timeout
    self.metadata = metadata
    self.waitForReady = waitForReady
    self.retryPolicy = retryPolicy
    self.compression = compression
  }
}

/// The deadline of the call being handled by the current task.
///
/// A server binds it around each handler; calls made from there inherit it, so a chain of services
/// gives up together. Bind it yourself to put a deadline on everything a task calls.
public enum CallDeadline {
  @TaskLocal public static var current: ContinuousClock.Instant?
}
