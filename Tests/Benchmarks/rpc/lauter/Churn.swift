import Foundation
import Logging
import RPC

/// `rpc-bench churn`: calls that end in every way there is, over connections that come and go. Client
/// and server are this process, so memory that either loses shows.
enum Churn {
  /// Calls between two looks at the memory.
  private static let chunk = 10_000

  static func run(calls: Int) async throws {
    let logger = Logger(label: "churn") { _ in SwiftLogNoOpLogHandler() }
    let server = RPCServer(services: [Echo().definition, misbehaving], logger: logger)
    let address = try await server.start()
    let running = Task { try await server.run() }
    var made = 0
    while made < calls {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<20 { group.addTask { await connection(to: "\(address)", logger) } }
      }
      made += chunk
      try Main.print(["calls": made, "rss_kb": residentKilobytes()])
    }
    running.cancel()
    _ = await running.result
  }

  /// A connection of 500 calls, 10 at a time.
  private static func connection(to target: String, _ logger: Logger) async {
    let channel = RPCChannel(target: target, logger: logger)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<10 {
        group.addTask { for turn in 0..<50 { await call(channel, turn) } }
      }
    }
    // The last calls lose their connection while they wait for an answer.
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<5 {
        group.addTask { let _: BenchV1.Payload? = try? await channel.unary(method("Hang"), small) }
      }
      await Task.yield()
      await channel.close()
    }
  }

  private static let small = BenchV1.Payload(data: [UInt8](repeating: 7, count: 100))
  private static let large = BenchV1.Payload(data: [UInt8](repeating: 7, count: 20_000))

  private static func call(_ channel: RPCChannel, _ turn: Int) async {
    let client = BenchV1.EchoClient(channel)
    do {
      switch turn % 10 {
      case 0...3: _ = try await client.unary(small)
      case 4: _ = try await client.unary(large)
      case 5:
        let _: BenchV1.Payload = try await channel.unary(method("Fail"), small)
      case 6:
        let _: BenchV1.Payload = try await channel.unary(
          method("Hang"), small, options: CallOptions(timeout: .milliseconds(1)))
      case 7:
        let task = Task {
          let _: BenchV1.Payload = try await channel.unary(method("Hang"), small)
        }
        await Task.yield()
        task.cancel()
        try await task.value
      case 8:
        // Left after two of the five messages that come back.
        try await client.stream { writer in
          for _ in 0..<5 { try await writer.write(large) }
        } _: { responses in
          var answers = responses.makeAsyncIterator()
          for _ in 0..<2 { _ = try await answers.next() }
        }
      default:
        try await client.stream { writer in
          for _ in 0..<5 { try await writer.write(small) }
        } _: { responses in
          for try await _ in responses {}
        }
      }
    } catch {
      // Most of these are meant to fail; what counts is what they leave behind.
    }
  }

  private static func method(_ name: String) -> MethodDescriptor {
    MethodDescriptor(service: "churn.Misbehaving", method: name)
  }

  private static let misbehaving = ServiceDefinition(
    "churn.Misbehaving",
    methods: [
      .unary("Fail") { (request: BenchV1.Payload, context) -> BenchV1.Payload in
        throw RPCError(code: .notFound, message: "there is no such thing")
      },
      .unary("Hang") { (request: BenchV1.Payload, context) -> BenchV1.Payload in
        try await Task.sleep(for: .seconds(60))
        return request
      },
    ])

  private static func residentKilobytes() -> Int {
    // The second field of statm: resident pages.
    let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE))) / 1024
  }
}
