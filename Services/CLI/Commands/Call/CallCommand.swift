import ArgumentParser
import Descriptors
import DynamicMessages
import Foundation
import RPC
import StrictJSON

struct Call: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Call any method of any gRPC server, in JSON.",
    discussion: """
      The server's reflection says what the messages are, so any server that has it can be called. \
      Requests are JSON as protobuf maps it; a method that takes a stream takes a request a line, and \
      every answer is a line. A call that fails prints its status on stderr.
      For example: lauter call lauter.store.v1.DatasetService/GetDataset '{"name": "reviews"}'
      """)

  @Argument(help: ArgumentHelp("The method, by full name.", valueName: "service/method"))
  var method: String

  @Argument(
    help: ArgumentHelp(
      "The request: JSON, @FILE, or - for stdin. Default: {}, and stdin for a stream of requests.",
      valueName: "request"))
  var request: String?

  @OptionGroup var endpoint: EndpointOptions

  @Option(
    name: [.customShort("H"), .customLong("header")],
    help: ArgumentHelp(
      "Metadata to send, as 'key: value'; the value of a key that ends in -bin is base64. Repeatable.",
      valueName: "key: value"))
  var headers: [String] = []

  @Option(help: ArgumentHelp("How long the whole call may take.", valueName: "seconds"))
  var timeout: Double?

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if let timeout, !(timeout > 0 && timeout < 1e9) {
      throw ValidationError("--timeout is a number of seconds above 0, not \(timeout)")
    }
  }

  func run() async throws {
    let console = Console.current
    let method = try parsedMethod()
    let metadata = try parsedMetadata()
    let channel = try connection.channel(to: try target(method))
    do {
      try await call(method, metadata, channel, console)
    } catch let error as RPCError {
      await channel.close()
      throw Failure(status: error)
    } catch {
      await channel.close()
      throw error
    }
    await channel.close()
  }

  private func call(
    _ method: MethodDescriptor, _ metadata: Metadata, _ channel: RPCChannel, _ console: Console
  ) async throws {
    let types = try await ReflectionClient(channel: channel).types(declaring: method.service)
    guard
      let described = types.service(method.service)?.methods.first(where: {
        $0.name == method.method
      })
    else {
      let names = types.service(method.service)?.methods.map(\.name).joined(separator: ", ") ?? ""
      throw Failure(
        .usage, "\(method.service) has no method '\(method.method)'", hint: "it has \(names)")
    }
    let source = RequestSource(request ?? (described.clientStreams ? "-" : "{}"))
    // Before the call is made, where that is possible.
    let single =
      described.clientStreams
      ? nil : try Self.encode(source.single(console), described.input, types)
    try await channel.bidirectional(
      method,
      options: CallOptions(timeout: timeout.map { .seconds($0) }, metadata: metadata),
      { (writer: RequestWriter<RawMessage>) in
        if let single {
          try await writer.write(single)
        } else {
          for try await json in source.lines(console) {
            try await writer.write(Self.encode(json, described.input, types))
          }
        }
      },
      { (responses: ResponseStream<RawMessage>) in
        for try await response in responses {
          do throws(MessageError) {
            let json = try types.decode(response.bytes, as: described.output)
            console.out(
              console.isOutputTerminal && !connection.json && !described.serverStreams
                ? json.indented : json.text)
          } catch {
            throw Failure(.failed, "the answer is no \(described.output): \(error)")
          }
        }
      })
  }

  private static func encode(
    _ json: JSON, _ type: String, _ types: MessageTypes
  ) throws(Failure) -> RawMessage {
    do throws(MessageError) {
      return RawMessage(bytes: try types.encode(json, as: type))
    } catch {
      throw Failure(.badData, "the request is no \(type): \(error)")
    }
  }

  private func parsedMethod() throws(Failure) -> MethodDescriptor {
    let parts = method.split(separator: "/", omittingEmptySubsequences: true)
    guard parts.count == 2 else {
      throw Failure(
        .usage, "'\(method)' is no method",
        hint: "a method is SERVICE/METHOD, for example grpc.health.v1.Health/Check")
    }
    return MethodDescriptor(service: String(parts[0]), method: String(parts[1]))
  }

  private func target(_ method: MethodDescriptor) throws -> String {
    if let address = try endpoint.checkedAddress() { return address }
    let parts = method.service.split(separator: ".")
    guard parts.first == "lauter", parts.count > 2,
      let service = Service(rawValue: String(parts[1]))
    else {
      throw Failure(
        .usage, "whose \(method.service)?", hint: "name the server with --address HOST:PORT")
    }
    return try connection.endpoints().addresses[service]!
  }

  private func parsedMetadata() throws(Failure) -> Metadata {
    var metadata = Metadata()
    for header in headers {
      let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let key = parts[0].trimmingCharacters(in: .whitespaces).lowercased()
      let isKey = key.wholeMatch(of: /[0-9a-z_.\-]+/) != nil && !key.hasPrefix("grpc-")
      guard parts.count == 2, isKey else {
        throw Failure(
          .usage, "-H '\(parts[0])' is no metadata",
          hint: "it is 'key: value'; a key has letters, digits, '_', '-' and '.'")
      }
      let value = parts[1].trimmingCharacters(in: .whitespaces)
      if key.hasSuffix("-bin") {
        guard let bytes = Data(base64Encoded: value) else {
          throw Failure(.usage, "-H '\(key)' needs base64", hint: "its name ends in -bin")
        }
        metadata.add(binary: Array(bytes), for: key)
      } else {
        metadata.add(value, for: key)
      }
    }
    return metadata
  }
}

/// A message's bytes as they are.
private struct RawMessage: Message {
  var bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }
  init(parsing bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes) }
  func serialize(into output: inout MessageBuffer) { output.append(bytes) }
}

extension Failure {
  /// A status as it came, for a person who speaks gRPC.
  init(status error: RPCError) {
    let code: Code =
      switch error.code {
      case .unavailable: .unavailable
      case .deadlineExceeded, .resourceExhausted, .aborted: .temporary
      case .invalidArgument, .outOfRange: .badData
      case .cancelled: .interrupted
      default: .failed
      }
    self.init(code, "\(error)")
  }
}
