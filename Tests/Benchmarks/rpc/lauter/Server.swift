import Foundation
import Logging
import RPC
import Synchronization

/// `rpc-bench serve`.
func serve(_ options: [String]) async throws {
  let isFull = options.contains("full")
  let echo =
    options.contains("asynchronous") ? AsynchronousEcho().definition : Echo().definition
  var configuration = RPCServer.Configuration()
  let files = options.filter { !["asynchronous", "full"].contains($0) }
  if files.count == 2 {
    configuration.tls = ServerTLS(certificateFile: files[0], keyFile: files[1])
  }
  let server = RPCServer(
    services: [echo], observers: isFull ? [CallMetrics(), CallLog(), BearerToken()] : [],
    configuration: configuration)
  let address = try await server.start()
  print("listening on \(address.port)")
  fflush(nil)
  try await server.run()
}

struct Echo: BenchV1.Echo, BenchV1.EchoSynchronous.Unary {
  func unary(_ request: BenchV1.Payload, context: CallContext) -> BenchV1.Payload { request }

  func stream(
    _ requests: RequestStream<BenchV1.Payload>, responses: ResponseWriter<BenchV1.Payload>,
    context: CallContext
  ) async throws {
    for try await request in requests { try await responses.write(request) }
  }
}

struct AsynchronousEcho: BenchV1.Echo {
  func unary(_ request: BenchV1.Payload, context: CallContext) async -> BenchV1.Payload { request }

  func stream(
    _ requests: RequestStream<BenchV1.Payload>, responses: ResponseWriter<BenchV1.Payload>,
    context: CallContext
  ) async throws {
    for try await request in requests { try await responses.write(request) }
  }
}

// MARK: What a real service has around its handlers

/// Calls, failures and a histogram of durations for each method.
final class CallMetrics: ServerObserver {
  private struct Figures {
    var calls = 0
    var failures: [RPCError.Code: Int] = [:]
    /// By the number of bits of the microseconds.
    var durations = [Int](repeating: 0, count: 65)
  }

  private let figures = Mutex<[String: Figures]>([:])

  func callEnded(_ context: CallContext, status: RPCError?, after duration: Duration) {
    let microseconds = UInt64(max(0, duration / .microseconds(1)))
    figures.withLock { figures in
      figures[context.method.path, default: Figures()].calls += 1
      figures[context.method.path]?.durations[64 - microseconds.leadingZeroBitCount] += 1
      if let status { figures[context.method.path]?.failures[status.code, default: 0] += 1 }
    }
  }
}

/// A line for every call that fails, and with level debug for every call.
struct CallLog: ServerObserver {
  private let logger = Logger(label: "rpc-bench")

  func callEnded(_ context: CallContext, status: RPCError?, after duration: Duration) {
    if let status {
      logger.info(
        "call failed",
        metadata: [
          "method": "\(context.method)", "peer": "\(context.peer)", "code": "\(status.code)",
          "duration": "\(duration)",
        ])
    } else {
      logger.debug(
        "call", metadata: ["method": "\(context.method)", "peer": "\(context.peer)"])
    }
  }
}

/// Refuses calls without the token, compared in constant time.
struct BearerToken: ServerObserver {
  static let token = "Bearer benchmark-0123456789abcdef"

  private let expected = Array(token.utf8)

  func callBegan(_ context: inout CallContext) throws {
    let given = context.metadata["authorization"] ?? ""
    var difference = given.utf8.count ^ expected.count
    for (a, b) in zip(given.utf8, expected) { difference |= Int(a ^ b) }
    guard difference == 0 else {
      throw RPCError(code: .unauthenticated, message: "the call bears no valid token")
    }
  }
}
