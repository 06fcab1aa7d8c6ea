import Foundation
import Logging
import NIOCore
import RPC

/// `rpc-bench serve`.
func serve(_ options: [String]) async throws {
  let isFull = options.contains("full")
  let echo =
    options.contains("asynchronous") ? AsynchronousEcho().definition : Echo().definition
  // The benchmark gives a server one processor.
  NIOSingletons.groupLoopCountSuggestion = 1
  var configuration = RPCServer.Configuration()
  if isFull { configuration.metricsFactory = CollectingMetrics() }
  let files = options.filter { !["asynchronous", "full"].contains($0) }
  if files.count == 2 {
    configuration.tls = ServerTLS(certificateFile: files[0], keyFile: files[1])
  }
  let server = RPCServer(
    services: [echo],
    observers: isFull
      ? [
        ServerObservers.logging(Logger(label: "rpc-bench")),
        ServerObservers.bearer(tokens: ["benchmark-0123456789abcdef"]),
      ] : [],
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
