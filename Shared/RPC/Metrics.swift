package import CoreMetrics

/// What one end of gRPC counts, as metrics: the numbers other implementations show through channelz.
///
/// Names start with `rpc_server_` or `rpc_client_`. From any thread.
package final class RPCMetrics: Sendable {
  package enum Side: String, Sendable { case server, client }

  private let callsStarted: Counter
  /// By status, OK first, in the order of the codes' numbers.
  private let callsEnded: [Counter]
  private let callsInProgress: Meter
  private let connectionsOpened: Counter
  private let connections: Meter
  private let messagesSent: Counter
  private let messagesReceived: Counter
  private let bytesSent: Counter
  private let bytesReceived: Counter
  private let keepalivePings: Counter
  private let resets: Counter

  package init(_ side: Side, factory: any MetricsFactory) {
    func counter(_ name: String, _ dimensions: [(String, String)] = []) -> Counter {
      Counter(label: "rpc_\(side.rawValue)_\(name)", dimensions: dimensions, factory: factory)
    }
    func meter(_ name: String) -> Meter {
      Meter(label: "rpc_\(side.rawValue)_\(name)", dimensions: [], factory: factory)
    }
    callsStarted = counter("calls_started")
    callsEnded = (["OK"] + RPCError.Code.allCases.map(\.description)).map {
      counter("calls_ended", [("code", $0)])
    }
    callsInProgress = meter("calls_in_progress")
    connectionsOpened = counter("connections_opened")
    connections = meter("connections")
    messagesSent = counter("messages_sent")
    messagesReceived = counter("messages_received")
    bytesSent = counter("message_bytes_sent")
    bytesReceived = counter("message_bytes_received")
    keepalivePings = counter("keepalive_pings")
    resets = counter("streams_reset")
  }

  package func callStarted() {
    callsStarted.increment()
    callsInProgress.increment()
  }

  /// - Parameter code: nil for OK.
  package func callEnded(_ code: RPCError.Code?) {
    callsEnded[code?.rawValue ?? 0].increment()
    callsInProgress.decrement()
  }

  package func connectionOpened() {
    connectionsOpened.increment()
    connections.increment()
  }

  package func connectionClosed() { connections.decrement() }

  /// - Parameter bytes: the message's, as on the wire, without its prefix.
  package func sentMessage(bytes: Int) {
    messagesSent.increment()
    bytesSent.increment(by: bytes)
  }

  /// - Parameter bytes: the message's, as on the wire, without its prefix.
  package func receivedMessage(bytes: Int) {
    messagesReceived.increment()
    bytesReceived.increment(by: bytes)
  }

  /// This side has asked a silent peer whether it is there.
  package func sentKeepalivePing() { keepalivePings.increment() }

  /// A stream has ended before both sides had said everything.
  package func streamReset() { resets.increment() }

  /// The status that stands for what a call was ended with; nil for OK.
  package static func code(of error: (any Error)?) -> RPCError.Code? {
    switch error {
    case nil: nil
    case let error as RPCError: error.code
    case is CancellationError: .cancelled
    default: .unknown
    }
  }
}
