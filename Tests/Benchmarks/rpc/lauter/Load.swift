import Foundation
import NIOCore
import RPC
import Synchronization

/// `rpc-bench load`: our client against any server.
struct Load {
  let target: String
  let isStreaming: Bool
  let bytes: Int
  let connections: Int
  let streams: Int
  let calls: Int

  func run() async throws {
    let request = BenchV1.Payload(data: [UInt8](repeating: UInt8(ascii: "x"), count: bytes))
    // The benchmark gives a client one processor.
    NIOSingletons.groupLoopCountSuggestion = 1
    let channels = (0..<connections).map { _ in RPCChannel(target: target) }
    for channel in channels { _ = try await BenchV1.EchoClient(channel).unary(request) }
    let turns = Turns(calls)
    let start = ContinuousClock.now
    let before = cpuSeconds()
    let results = await withTaskGroup(of: Times.self) { group in
      for index in 0..<(connections * streams) {
        let client = BenchV1.EchoClient(channels[index % connections])
        group.addTask {
          isStreaming ? await chat(client, request, turns) : await call(client, request, turns)
        }
      }
      return await group.reduce(into: Times()) { $0.add($1) }
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    let cpu = cpuSeconds() - before
    for channel in channels { await channel.close() }
    let times = results.microseconds.sorted()
    try Main.print([
      "calls": times.count, "failed": results.failed, "seconds": seconds, "cpu": cpu,
      "p50": times.isEmpty ? 0 : times[times.count / 2],
      "p99": times.isEmpty ? 0 : times[times.count * 99 / 100],
    ])
  }

  /// The calls that are left to make, shared by all who make them.
  private final class Turns: Sendable {
    private let limit: Int
    private let taken = Atomic(0)

    init(_ limit: Int) { self.limit = limit }

    func next() -> Bool { taken.wrappingAdd(1, ordering: .relaxed).oldValue < limit }
  }

  private struct Times {
    var microseconds: [Double] = []
    var failed = 0

    mutating func add(_ other: Times) {
      microseconds += other.microseconds
      failed += other.failed
    }
  }

  private func call(
    _ client: BenchV1.EchoClient, _ request: BenchV1.Payload, _ turns: Turns
  ) async -> Times {
    var times = Times()
    while turns.next() {
      let start = ContinuousClock.now
      do {
        if try await client.unary(request).data.count != bytes { times.failed += 1 }
      } catch {
        times.failed += 1
      }
      times.microseconds.append(start.duration(to: .now) / .microseconds(1))
    }
    return times
  }

  /// One call, a message at a time: the next is written when the last has come back.
  private func chat(
    _ client: BenchV1.EchoClient, _ request: BenchV1.Payload, _ turns: Turns
  ) async -> Times {
    let (signals, signal) = AsyncStream.makeStream(of: Void.self)
    do {
      return try await client.stream { writer in
        for await _ in signals { try await writer.write(request) }
      } _: { responses in
        var times = Times()
        var answers = responses.makeAsyncIterator()
        while turns.next() {
          let start = ContinuousClock.now
          signal.yield()
          if try await answers.next()?.data.count != bytes { times.failed += 1 }
          times.microseconds.append(start.duration(to: .now) / .microseconds(1))
        }
        signal.finish()
        while try await answers.next() != nil { times.failed += 1 }
        return times
      }
    } catch {
      return Times(microseconds: [], failed: 1)
    }
  }
}

/// CPU time of this process so far.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
