import ArgumentParser
import Foundation
import Interop
import RPC

extension InteropCase: ExpressibleByArgument {}

@main
struct Client: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rpc-interop-client",
    abstract: "Runs gRPC's interoperability tests against a server.",
    discussion: """
      Prints a line a case, 'ok NAME' or 'FAILED NAME: why', and ends with 1 if any failed. What a case \
      does is in grpc/grpc doc/interop-test-descriptions.md.
      """)

  @Option var host = "127.0.0.1"
  @Option var port: Int

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp("The case to run; repeatable. Default: all.", valueName: "name"))
  var cases: [InteropCase] = []

  @Flag(help: "Speak TLS, trusting what the system trusts; implied by the options below.")
  var tls = false

  @Option(help: "Trust these authorities instead (PEM).")
  var tlsCa: String?

  @Option(help: "The client's certificate chain, for mTLS (PEM).")
  var tlsCert: String?

  @Option(help: "The key of --tls-cert (PEM).")
  var tlsKey: String?

  @Option(help: "The name the server's certificate must have. Default: the host.")
  var serverName: String?

  @Option(help: "How many seconds a case may take.")
  var timeout = 60

  func run() async throws {
    var configuration = RPCChannel.Configuration()
    if tls || tlsCa != nil || tlsCert != nil {
      configuration.tls = ChannelTLS(
        caFile: tlsCa, certificateFile: tlsCert, keyFile: tlsKey, serverName: serverName)
    }
    let channel = RPCChannel(target: "\(host):\(port)", configuration: configuration)
    var failed = false
    for each in cases.isEmpty ? InteropCase.allCases : cases {
      do {
        try await within(.seconds(timeout)) { try await each.run(on: channel) }
        print("ok \(each.rawValue)")
      } catch {
        failed = true
        print("FAILED \(each.rawValue): \(error)")
      }
    }
    await channel.close()
    if failed { throw ExitCode.failure }
  }

  /// A case that hangs is a case that failed.
  private func within(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask(operation: body)
      group.addTask {
        try await Task.sleep(for: limit)
        throw InteropFailure(description: "not done after \(limit)")
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
