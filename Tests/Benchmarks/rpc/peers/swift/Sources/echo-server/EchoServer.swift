import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import Messages

/// grpc-swift-2's echo server, as its own examples write one. Prints the port it listens on.
@main
struct EchoServer {
  static func main() async throws {
    let server = GRPCServer(
      transport: .http2NIOPosix(
        address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext),
      services: [EchoService()])
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await server.serve() }
      guard let port = try await server.listeningAddress?.ipv4?.port else {
        fatalError("the server has no IPv4 address")
      }
      print("listening on \(port)")
      fflush(nil)
    }
  }
}

private struct EchoService: Lauter_Bench_V1_Echo.SimpleServiceProtocol {
  func unary(
    request: Lauter_Bench_V1_Payload, context: ServerContext
  ) async throws -> Lauter_Bench_V1_Payload {
    request
  }

  func stream(
    request: RPCAsyncSequence<Lauter_Bench_V1_Payload, any Error>,
    response: RPCWriter<Lauter_Bench_V1_Payload>, context: ServerContext
  ) async throws {
    for try await message in request { try await response.write(message) }
  }
}
