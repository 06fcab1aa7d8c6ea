import Logging
import RPC

/// Bytes as a message, enough to test everything below messages.
struct Text: Message, Hashable, ExpressibleByStringLiteral {
  struct NotText: Error {}

  var value: String

  init(_ value: String) { self.value = value }
  init(stringLiteral value: String) { self.value = value }

  init(parsing bytes: UnsafeRawBufferPointer) throws {
    guard let value = String(validating: bytes, as: UTF8.self) else { throw NotText() }
    self.value = value
  }

  func serialize(into output: inout MessageBuffer) throws { output.append(value.utf8) }
}

struct Blob: Message, Hashable {
  var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(count: Int) { bytes = [UInt8](repeating: 7, count: count) }
  init(parsing bytes: UnsafeRawBufferPointer) throws { self.bytes = [UInt8](bytes) }

  func serialize(into output: inout MessageBuffer) throws {
    output.append(count: bytes.count) { space in
      bytes.withUnsafeBytes { space.copyMemory(from: $0) }
    }
  }
}

struct SecretError: Error, CustomStringConvertible {
  var description: String { "the secret" }
}

/// One method of each kind, and some that misbehave.
enum Echo {
  static let name = "test.Echo"

  static func method(_ method: String) -> MethodDescriptor {
    MethodDescriptor(service: name, method: method)
  }

  static let service = ServiceDefinition(
    name,
    methods: [
      .unary("Say") { (text: Text, context) in text },
      .unary("Size") { (blob: Blob, context) in Text("\(blob.bytes.count)") },
      .unary("Grow") { (text: Text, context) in Blob(count: Int(text.value) ?? 0) },
      .unary("Fail") { (text: Text, context) -> Text in
        switch text.value {
        case "secret": throw SecretError()
        case "cancelled": throw CancellationError()
        default:
          throw RPCError(
            code: .failedPrecondition, message: text.value, metadata: ["reason": "asked for"])
        }
      },
      .unary("Metadata") { (text: Text, context) in
        for entry in context.metadata {
          switch entry.value {
          case .text(let value): context.initialMetadata.add(value, for: entry.key)
          case .binary(let value): context.trailingMetadata.add(binary: value, for: entry.key)
          }
        }
        return text
      },
      .unary("Deadline") { (text: Text, context) in
        Text(CallDeadline.current == nil ? "none" : "some")
      },
      .clientStreaming("Join") { (texts: RequestStream<Text>, context) in
        var all: [String] = []
        for try await text in texts { all.append(text.value) }
        return Text(all.joined(separator: ","))
      },
      .clientStreaming("First") { (texts: RequestStream<Text>, context) in
        for try await text in texts { return text }
        throw RPCError(code: .invalidArgument, message: "nothing came")
      },
      .serverStreaming("Count") { (text: Text, responses: ResponseWriter<Text>, context) in
        for number in 0..<(Int(text.value) ?? 0) { try await responses.write(Text("\(number)")) }
      },
      .bidirectional("Chat") {
        (texts: RequestStream<Text>, responses: ResponseWriter<Text>, context) in
        context.initialMetadata["started"] = "yes"
        for try await text in texts { try await responses.write(text) }
        context.trailingMetadata["finished"] = "yes"
      },
      .bidirectional("ChatBlobs") {
        (blobs: RequestStream<Blob>, responses: ResponseWriter<Blob>, context) in
        for try await blob in blobs { try await responses.write(blob) }
      },
    ])
}

let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }

extension RPCChannel.Configuration {
  /// For machines that have something else to do.
  static var patient: RPCChannel.Configuration {
    var configuration = RPCChannel.Configuration()
    configuration.connectTimeout = .seconds(300)
    return configuration
  }
}

/// How a test's channel reaches its server.
enum Transport: CaseIterable { case socket, inProcess }

/// A server on a port of the system's choice and a channel to it, during `body`.
func withServer<Result: Sendable>(
  over transport: Transport = .socket, _ services: [ServiceDefinition] = [Echo.service],
  observers: [any ServerObserver] = [], interceptors: [ServerInterceptor] = [],
  clientInterceptors: [ClientInterceptor] = [],
  configuration: RPCServer.Configuration = .init(),
  channelConfiguration: RPCChannel.Configuration = .patient, logger: Logger = silent,
  _ body: (RPCChannel, RPCServer.Address) async throws -> Result
) async throws -> Result {
  let server = RPCServer(
    services: services, observers: observers, interceptors: interceptors,
    configuration: configuration, logger: logger)
  let address = try await server.start()
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    let channel =
      switch transport {
      case .socket:
        RPCChannel(
          target: "\(address)", interceptors: clientInterceptors,
          configuration: channelConfiguration, logger: logger)
      case .inProcess:
        RPCChannel(
          inProcess: server, interceptors: clientInterceptors,
          configuration: channelConfiguration, logger: logger)
      }
    let result: Result
    do {
      result = try await body(channel, address)
    } catch {
      await channel.close()
      group.cancelAll()
      throw error
    }
    await channel.close()
    group.cancelAll()
    return result
  }
}

/// The error `body` throws as an `RPCError`, or nil.
func rpcError(_ body: () async throws -> Void) async -> RPCError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? RPCError
  }
}

/// What happened, for one task to record and another to await.
final class Signal: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func raise() { continuation.yield() }

  func wait() async { for await _ in stream { return } }
}
