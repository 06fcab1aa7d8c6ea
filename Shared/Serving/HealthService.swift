public import RPC
import Synchronization
public import Wire

/// `grpc.health.v1`: tells probes and load balancers whether the server wants calls.
///
/// Every service of the server, and the empty name for the server as a whole, are SERVING until
/// ``drain()``, then NOT_SERVING. Safe to use from any thread.
public final class HealthService: HealthV1.Health, HealthV1.HealthSynchronous.Check {
  private typealias Status = HealthV1.HealthCheckResponse.ServingStatus

  private struct State {
    var draining = false
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextWatcher = 0
  }

  private let services: Set<String>
  private let state = Mutex(State())

  /// - Parameter services: full names, as in `lauter.store.v1.RecordService`.
  public init(services: [String]) {
    self.services = Set(services + [""])
  }

  /// From now on the answer is NOT_SERVING, and watches end once they have said so: a server that
  /// drains waits for them.
  public func drain() {
    let watchers = state.withLock { state in
      state.draining = true
      return state.watchers.values
    }
    for watcher in watchers { watcher.finish() }
  }

  public func check(
    _ request: HealthV1.HealthCheckRequest, context: CallContext
  ) throws -> HealthV1.HealthCheckResponse {
    let status = status(of: request.service)
    guard status != .serviceUnknown else {
      throw RPCError(
        code: .notFound,
        message: "this server has no service '\(request.service)'; it has "
          + services.filter { !$0.isEmpty }.sorted().joined(separator: ", "))
    }
    return HealthV1.HealthCheckResponse(status: status)
  }

  public func watch(
    _ request: HealthV1.HealthCheckRequest,
    responses: ResponseWriter<HealthV1.HealthCheckResponse>, context: CallContext
  ) async throws {
    let (changes, continuation) = AsyncStream.makeStream(of: Void.self)
    let watcher = state.withLock { state in
      state.nextWatcher += 1
      state.watchers[state.nextWatcher] = continuation
      if state.draining { continuation.finish() }
      return state.nextWatcher
    }
    defer { state.withLock { _ = $0.watchers.removeValue(forKey: watcher) } }

    let first = status(of: request.service)
    try await responses.write(HealthV1.HealthCheckResponse(status: first))
    for await _ in changes {}
    try Task.checkCancellation()
    let last = status(of: request.service)
    if last != first { try await responses.write(HealthV1.HealthCheckResponse(status: last)) }
  }

  private func status(of service: String) -> Status {
    guard services.contains(service) else { return .serviceUnknown }
    return state.withLock { $0.draining } ? .notServing : .serving
  }
}
