import Foundation
import RPC
import Wire

/// `rpc-bench coding`: the CPU time of decoding, looking at and encoding one message, in nanoseconds;
/// the best round counts. `Sources/coding` of the Swift peers does the same with swift-protobuf.
enum Coding {
  static func run() throws {
    try Main.print([
      "texts": try measure(
        BenchV1.Batch(texts: (0..<32).map { String(repeating: "a\($0 % 10)", count: 100) })),
      "values": try measure(BenchV1.Batch(values: (0..<384).map { Float($0) * 0.01 })),
    ])
  }

  private static func measure(_ batch: BenchV1.Batch) throws -> [String: Double] {
    var buffer = MessageBuffer()
    try batch.serialize(into: &buffer)
    let bytes = buffer.withUnsafeBytes { Array($0) }
    var seen = 0
    let decode = try best {
      seen &+= try bytes.withUnsafeBytes { try BenchV1.Batch(parsing: $0) }.texts.count
    }
    let look = try best {
      seen &+= try bytes.withUnsafeBytes { try Coding.look($0, context) }
    }
    let encode = try best {
      var buffer = MessageBuffer()
      try batch.serialize(into: &buffer)
      seen &+= buffer.count
    }
    precondition(seen != 1)
    return [
      "decode": decode, "encode": encode, "look": look, "bytes": Double(bytes.count),
    ]
  }

  private static let context = CallContext(
    method: MethodDescriptor(service: "lauter.bench.v1.Echo", method: "Unary"))

  /// What a method costs that only looks at its request: every text's length is asked for.
  private static let look = viewing(BenchV1.Batch.self) { (view: BenchV1.Batch.View, _) in
    view.texts.reduce(view.values.count) { $0 &+ $1.count }
  }!

  /// Nanoseconds of this thread's CPU time a call takes.
  private static func best(_ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<15 {
      let start = threadTime()
      for _ in 0..<2000 { try body() }
      best = min(best, Double(threadTime() - start) / 2000)
    }
    return best
  }

  private static func threadTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
