/// How often a call that failed is made again, and when (gRFC A6, "Retry policy").
///
/// A call is made again as long as the server has sent no response header, and what has been written
/// is still held; its deadline spans all attempts. Calls that no server application can have seen
/// are made again without a policy.
public struct RetryPolicy: Hashable, Sendable {
  /// Attempts in all, the first included; at most 5 are made.
  public var maxAttempts: Int

  /// The pause before the second attempt; each has 20% jitter.
  public var initialBackoff: Duration

  /// The longest pause.
  public var maxBackoff: Duration

  /// What each further pause is multiplied by.
  public var backoffMultiplier: Double

  /// Outcomes that another attempt may change.
  public var retryableCodes: Set<RPCError.Code>

  public init(
    maxAttempts: Int = 4, initialBackoff: Duration = .milliseconds(100),
    maxBackoff: Duration = .seconds(5), backoffMultiplier: Double = 2,
    retryableCodes: Set<RPCError.Code> = [.unavailable]
  ) {
    self.maxAttempts = maxAttempts
    self.initialBackoff = initialBackoff
    self.maxBackoff = maxBackoff
    self.backoffMultiplier = backoffMultiplier
    self.retryableCodes = retryableCodes
  }

  /// One attempt.
  public static let never = RetryPolicy(maxAttempts: 1, retryableCodes: [])

  /// The pause before a retry: 1 for the first, or the first after the server named a pause.
  ///
  /// `jitter` is between 0.8 and 1.2.
  package func backoff(before retry: Int, jitter: Double) -> Duration {
    var pause = initialBackoff / .seconds(1)
    for _ in 1..<max(1, retry) { pause = min(pause * backoffMultiplier, maxBackoff / .seconds(1)) }
    return .seconds(min(pause, maxBackoff / .seconds(1)) * jitter)
  }
}

/// Bounds the retries of a channel while its servers mostly fail (gRFC A6, "Throttling retry
/// attempts"): a bucket from which each failed attempt takes a token, and to which each success
/// gives `tokenRatio`. Calls are retried while it is more than half full.
public struct RetryThrottling: Hashable, Sendable {
  public var maxTokens: Double
  public var tokenRatio: Double

  public init(maxTokens: Double = 10, tokenRatio: Double = 0.1) {
    self.maxTokens = maxTokens
    self.tokenRatio = tokenRatio
  }
}

/// The tokens left of a channel's ``RetryThrottling``. Without one, retries are always allowed.
package struct RetryBudget {
  private let throttling: RetryThrottling?
  private var tokens: Double

  package init(_ throttling: RetryThrottling?) {
    self.throttling = throttling
    tokens = throttling?.maxTokens ?? 0
  }

  package var allowsRetry: Bool { throttling.map { tokens > $0.maxTokens / 2 } ?? true }

  package mutating func succeeded() {
    if let throttling { tokens = min(throttling.maxTokens, tokens + throttling.tokenRatio) }
  }

  package mutating func failed() { tokens = max(0, tokens - 1) }
}

/// The retries of one call: what to do after each failed attempt.
package struct RetryState {
  package enum Decision: Equatable {
    case giveUp
    case retry(after: Duration)
  }

  private let policy: RetryPolicy

  /// Failed attempts that were followed by another, sent as `grpc-previous-rpc-attempts`.
  package private(set) var previousAttempts = 0
  private var retriesSincePushback = 0

  /// The most attempts the specification lets a policy ask for.
  private static let attemptLimit = 5

  package init(_ policy: RetryPolicy) { self.policy = policy }

  /// What to do after an attempt failed with `error`; `canRepeat` is whether the call is not yet
  /// committed. Takes from `budget` what the failure costs.
  package mutating func failed(
    _ error: RPCError, canRepeat: Bool, budget: inout RetryBudget,
    jitter: Double = .random(in: 0.8...1.2)
  ) -> Decision {
    let pushback = error.metadata["grpc-retry-pushback-ms"]
    let pause = pushback.map { Int64($0).flatMap { $0 >= 0 ? Duration.milliseconds($0) : nil } }
    let isRetryable = policy.retryableCodes.contains(error.code)
    if isRetryable || pause == .some(nil) { budget.failed() }
    guard isRetryable, canRepeat, pause != .some(nil), budget.allowsRetry,
      previousAttempts + 1 < min(policy.maxAttempts, RetryState.attemptLimit)
    else { return .giveUp }
    previousAttempts += 1
    if case .some(.some(let pause)) = pause {
      retriesSincePushback = 0
      return .retry(after: pause)
    }
    retriesSincePushback += 1
    return .retry(after: policy.backoff(before: retriesSincePushback, jitter: jitter))
  }
}
