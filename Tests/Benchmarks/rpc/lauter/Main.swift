import Foundation

/// Lauter's side of the RPC benchmark, driven by Tests/Benchmarks/rpc.py.
@main
struct Main {
  static let usage = """
    usage: rpc-bench serve [asynchronous] [full] [CERTIFICATE KEY]
                                prints "listening on PORT"; `full` has metrics, a log and authentication
           rpc-bench load HOST:PORT unary|stream BYTES CONNECTIONS STREAMS CALLS
                                keeps CONNECTIONS x STREAMS calls open until CALLS are answered
           rpc-bench coding     decodes and encodes 32 strings and 384 floats
           rpc-bench churn CALLS
                                makes calls that end in every way, and prints the memory used meanwhile

    """

  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    switch (arguments.first, arguments.count) {
    case ("serve", _): try await serve(Array(arguments.dropFirst()))
    case ("load", 7):
      let numbers = arguments.dropFirst(3).compactMap { Int($0) }
      guard numbers.count == 4 else { fail() }
      try await Load(
        target: arguments[2], isStreaming: arguments[3] == "stream", bytes: numbers[0],
        connections: numbers[1], streams: numbers[2], calls: numbers[3]
      ).run()
    case ("coding", 1): try Coding.run()
    case ("churn", 2):
      guard let calls = Int(arguments[2]) else { fail() }
      try await Churn.run(calls: calls)
    default: fail()
    }
  }

  static func fail() -> Never {
    FileHandle.standardError.write(Data(usage.utf8))
    exit(64)
  }

  /// One JSON object on a line of its own.
  static func print(_ object: [String: Any]) throws {
    var line = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
    line.append(UInt8(ascii: "\n"))
    FileHandle.standardOutput.write(line)
  }
}
