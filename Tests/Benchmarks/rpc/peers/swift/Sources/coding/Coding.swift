import Foundation
import Messages
import SwiftProtobuf

/// CPU time of decoding and encoding one message with swift-protobuf: `texts` 32 strings of 200
/// bytes, `values` 384 floats. Prints a JSON object of nanoseconds; the best round counts.
@main
struct Coding {
  static func main() throws {
    var texts = Lauter_Bench_V1_Batch()
    texts.texts = (0..<32).map { String(repeating: "a\($0 % 10)", count: 100) }
    var values = Lauter_Bench_V1_Batch()
    values.values = (0..<384).map { Float($0) * 0.01 }
    let results = [
      "texts": try measure(texts), "values": try measure(values),
    ]
    print(
      String(decoding: try JSONSerialization.data(withJSONObject: results), as: UTF8.self))
  }

  private static func measure(_ batch: Lauter_Bench_V1_Batch) throws -> [String: Double] {
    let bytes: [UInt8] = try batch.serializedBytes()
    var seen = 0
    let decode = try best {
      seen &+= try Lauter_Bench_V1_Batch(serializedBytes: bytes).texts.count
    }
    let encode = try best {
      let bytes: [UInt8] = try batch.serializedBytes()
      seen &+= bytes.count
    }
    precondition(seen != 1)
    return ["decode": decode, "encode": encode, "bytes": Double(bytes.count)]
  }

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
