import Foundation
import Logging
import RPC
import Testing

/// What the documentation shows, compiled and run.
@Suite(.timeLimit(.minutes(5)))
struct DocumentationTests {
  @Test func theExampleRuns() async throws {
    let logger = silent

    // The example begins.
    struct Text: Message {
      var value: String
      init(_ value: String) { self.value = value }
      init(parsing bytes: UnsafeRawBufferPointer) { value = String(decoding: bytes, as: UTF8.self) }
      func serialize(into output: inout MessageBuffer) { output.append(value.utf8) }
    }

    let greeter = ServiceDefinition(
      "example.Greeter",
      methods: [
        .unary("Greet") { (name: Text, context: CallContext) -> Text in
          guard !name.value.isEmpty else {
            throw RPCError(code: .invalidArgument, message: "a greeting needs a name")
          }
          return Text("Hello, \(name.value)!")
        },
        .bidirectional("Chat") {
          (names: RequestStream<Text>, answers: ResponseWriter<Text>, context: CallContext) in
          for try await name in names { try await answers.write(Text("Hello, \(name.value)!")) }
        },
      ])

    let server = RPCServer(services: [greeter])
    let address = try await server.start()
    async let _: Void = server.run()

    let channel = RPCChannel(
      target: "\(address)", interceptors: [ClientInterceptors.logging(logger)])
    let greet = MethodDescriptor(service: "example.Greeter", method: "Greet")
    let answer: Text = try await channel.unary(
      greet, Text("world"), options: CallOptions(timeout: .seconds(60), waitForReady: true))

    let chat = MethodDescriptor(service: "example.Greeter", method: "Chat")
    let answers = try await channel.bidirectional(chat) { (names: RequestWriter<Text>) in
      for name in ["Ada", "Alan"] { try await names.write(Text(name)) }
    } _: { (answers: ResponseStream<Text>) in
      var all: [String] = []
      for try await answer in answers { all.append(answer.value) }
      return all
    }
    await channel.close()
    // The example ends.

    #expect(answer.value == "Hello, world!")
    #expect(answers == ["Hello, Ada!", "Hello, Alan!"])
  }

  /// The module's documentation and the test above say the same.
  @Test func theExampleIsTheOneShown() throws {
    let here = URL(fileURLWithPath: #filePath)
    let module = here.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Shared/RPC/RPC.swift")
    let shown = try String(contentsOf: module, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .drop { $0 != "/// ```swift" }.dropFirst().prefix { $0 != "/// ```" }
      .map { $0.dropFirst(3).trimmingCharacters(in: .whitespaces) }
    let run = try String(contentsOf: here, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .drop { $0 != "// The example begins." }.dropFirst()
      .prefix { $0 != "// The example ends." }
    #expect(!shown.isEmpty)
    #expect(Array(run) == shown)
  }
}
