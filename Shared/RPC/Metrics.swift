import CoreMetrics
import NIOCore
import Synchronization

/// What a channel counts, under the names of gRFC A66, A94 and A96, with their labels `grpc.method`,
/// `grpc.target` and `grpc.status`. Confined to the channel's event loop.
///
/// | metric | kind | counts |
/// | --- | --- | --- |
/// | `grpc.client.call.duration` | timer | calls, by method and status |
/// | `grpc.client.call.retries` | counter | attempts after the first, by policy |
/// | `grpc.client.call.transparent_retries` | counter | attempts after one no server has seen |
/// | `grpc.client.attempt.started` | counter | attempts |
/// | `grpc.client.attempt.sent_total_compressed_message_size` | recorder | bytes of one call |
/// | `grpc.client.attempt.rcvd_total_compressed_message_size` | recorder | bytes of one call |
/// | `grpc.subchannel.connection_attempts_succeeded`, `..._failed` | counter | attempts to connect |
/// | `grpc.subchannel.disconnections` | counter | connections lost |
/// | `grpc.subchannel.keepalive_pings` | counter | pings sent |
final class ChannelMetrics {
  private let target: String
  private let factory: any MetricsFactory
  private var calls: [MethodDescriptor: CallMetrics] = [:]

  let connectionsMade: Counter
  let connectionsFailed: Counter
  let connectionsLost: Counter
  let keepalivePings: Counter

  /// Nil when nobody collects.
  init?(target: String, factory: any MetricsFactory) {
    if factory is NOOPMetricsHandler { return nil }
    self.target = target
    self.factory = factory
    func counter(_ name: String) -> Counter {
      Counter(
        label: "grpc.subchannel.\(name)", dimensions: [("grpc.target", target)], factory: factory)
    }
    connectionsMade = counter("connection_attempts_succeeded")
    connectionsFailed = counter("connection_attempts_failed")
    connectionsLost = counter("disconnections")
    keepalivePings = counter("keepalive_pings")
  }

  /// What is counted for calls of `method`.
  func calls(of method: MethodDescriptor) -> CallMetrics {
    if let metrics = calls[method] { return metrics }
    let metrics = CallMetrics(
      dimensions: [("grpc.method", "\(method)"), ("grpc.target", target)], factory: factory)
    calls[method] = metrics
    return metrics
  }
}

/// What a channel counts for one method. Confined to the channel's event loop.
final class CallMetrics {
  let retries: Counter
  let transparentRetries: Counter
  let attempts: Counter
  private let sent: Recorder
  private let received: Recorder
  private var durations: DurationsByStatus

  init(dimensions: [(String, String)], factory: any MetricsFactory) {
    func counter(_ name: String) -> Counter {
      Counter(label: "grpc.client.\(name)", dimensions: dimensions, factory: factory)
    }
    func recorder(_ name: String) -> Recorder {
      Recorder(
        label: "grpc.client.attempt.\(name)_total_compressed_message_size", dimensions: dimensions,
        aggregate: true, factory: factory)
    }
    retries = counter("call.retries")
    transparentRetries = counter("call.transparent_retries")
    attempts = counter("attempt.started")
    sent = recorder("sent")
    received = recorder("rcvd")
    durations = DurationsByStatus(
      label: "grpc.client.call.duration", dimensions: dimensions, factory: factory)
  }

  func ended(_ code: RPCError.Code?, after duration: Duration, sent: Int, received: Int) {
    durations.record(duration, code)
    self.sent.record(Int64(sent))
    self.received.record(Int64(received))
  }
}

/// A timer for each status that has occurred.
struct DurationsByStatus {
  let label: String
  let dimensions: [(String, String)]
  let factory: any MetricsFactory
  private var timers = [Timer?](repeating: nil, count: RPCError.Code.allCases.count + 1)

  init(label: String, dimensions: [(String, String)], factory: any MetricsFactory) {
    self.label = label
    self.dimensions = dimensions
    self.factory = factory
  }

  /// `code` is nil for OK.
  mutating func record(_ duration: Duration, _ code: RPCError.Code?) {
    timer(code).recordNanoseconds(Int64(duration / .nanoseconds(1)))
  }

  private mutating func timer(_ code: RPCError.Code?) -> Timer {
    if let timer = timers[code?.rawValue ?? 0] { return timer }
    let timer = Timer(
      label: label,
      dimensions: dimensions + [("grpc.status", code?.description ?? "OK")], factory: factory)
    timers[code?.rawValue ?? 0] = timer
    return timer
  }
}

/// What a server counts, under the names of gRFC A66 where it has one, with their labels
/// `grpc.method` (`other` for methods there are none of) and `grpc.status`. From any thread.
///
/// | metric | kind | counts |
/// | --- | --- | --- |
/// | `grpc.server.call.started` | counter | calls, by method |
/// | `grpc.server.call.duration` | timer | calls that have ended, by method and status |
/// | `grpc.server.call.sent_total_compressed_message_size` | recorder | bytes of one call |
/// | `grpc.server.call.rcvd_total_compressed_message_size` | recorder | bytes of one call |
/// | `grpc.server.call.messages_sent`, `..._received` | counter | messages, by method |
/// | `grpc.server.connections_accepted`, `..._closed` | counter | connections |
/// | `grpc.server.keepalive_pings` | counter | pings sent |
/// | `grpc.server.streams_reset` | counter | calls that ended before both sides were done |
final class ServerMetrics: Sendable {
  private let factory: any MetricsFactory
  let connectionsAccepted: Counter
  let connectionsClosed: Counter
  let keepalivePings: Counter
  let streamsReset: Counter

  /// Nil when nobody collects.
  init?(factory: any MetricsFactory) {
    if factory is NOOPMetricsHandler { return nil }
    self.factory = factory
    func counter(_ name: String) -> Counter {
      Counter(label: "grpc.server.\(name)", dimensions: [], factory: factory)
    }
    connectionsAccepted = counter("connections_accepted")
    connectionsClosed = counter("connections_closed")
    keepalivePings = counter("keepalive_pings")
    streamsReset = counter("streams_reset")
  }

  /// What is counted for calls of one method.
  func calls(of method: String) -> Calls { Calls(method: method, factory: factory) }

  final class Calls: Sendable {
    let started: Counter
    private let messagesSent: Counter
    private let messagesReceived: Counter
    private let sent: Recorder
    private let received: Recorder
    private let durations: Mutex<DurationsByStatus>

    fileprivate init(method: String, factory: any MetricsFactory) {
      let dimensions = [("grpc.method", method)]
      func counter(_ name: String) -> Counter {
        Counter(label: "grpc.server.call.\(name)", dimensions: dimensions, factory: factory)
      }
      func recorder(_ name: String) -> Recorder {
        Recorder(
          label: "grpc.server.call.\(name)_total_compressed_message_size", dimensions: dimensions,
          aggregate: true, factory: factory)
      }
      started = counter("started")
      messagesSent = counter("messages_sent")
      messagesReceived = counter("messages_received")
      sent = recorder("sent")
      received = recorder("rcvd")
      durations = Mutex(
        DurationsByStatus(
          label: "grpc.server.call.duration", dimensions: dimensions, factory: factory))
    }

    /// - Parameters:
    ///   - code: nil for OK.
    ///   - sent: messages and their bytes, prefixes included; so is `received`.
    func ended(
      _ code: RPCError.Code?, after duration: Duration, sent: (messages: Int, bytes: Int),
      received: (messages: Int, bytes: Int)
    ) {
      messagesSent.increment(by: sent.messages)
      messagesReceived.increment(by: received.messages)
      self.sent.record(Int64(sent.bytes))
      self.received.record(Int64(received.bytes))
      durations.withLock { $0.record(duration, code) }
    }
  }
}
