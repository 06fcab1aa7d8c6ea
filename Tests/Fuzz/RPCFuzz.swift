// What libFuzzer calls with bytes of its own making: a conversation of a client with our server, or of a server
// with our client, over a connection without a socket and on an event loop whose time is the fuzzer's. Built by
// scripts/fuzz.sh together with the module's sources.
//
// Whatever the peer says, a connection that has ended has let go of everything: every handler has returned and
// every call has its outcome.
import Logging
import NIOCore
import NIOEmbedded
import Synchronization

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  var script = Script(UnsafeBufferPointer(start: start + 1, count: count - 1))
  switch start[0] % 4 {
  case 0, 1: playClient(&script)
  case 2: playServer(&script)
  default: readFields(&script)
  }
  return 0
}

/// The fuzzer's bytes, read as the steps of a conversation.
private struct Script {
  private var rest: UnsafeBufferPointer<UInt8>.SubSequence

  init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func bytes(_ count: UInt8) -> [UInt8] {
    defer { rest = rest.dropFirst(Int(count)) }
    return Array(rest.prefix(Int(count)))
  }
}

private let loop = EmbeddedEventLoop()
private let executor = LoopExecutor.on(loop)
private let silent = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }

/// Handlers, or calls, that have begun and not ended.
private let open = Atomic(0)

private struct Raw: Message {
  var bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(parsing bytes: UnsafeRawBufferPointer) throws { self.bytes = Array(bytes) }
  func serialize(into output: inout MessageBuffer) throws { output.append(bytes) }
}

/// Lets everything happen that is due within `time`.
private func run(_ channel: EmbeddedChannel, _ time: TimeAmount = .milliseconds(1)) {
  loop.advanceTime(by: time)
  while (try? channel.readOutbound(as: ByteBuffer.self)) != nil {}
}

private func feed(_ channel: EmbeddedChannel, _ bytes: [UInt8]) {
  guard channel.isActive else { return }
  // Errors are those of the pipeline, which closes the connection.
  _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
}

private func end(_ channel: EmbeddedChannel) {
  run(channel)
  if channel.isActive { _ = try? channel.finish(acceptAlreadyClosed: true) }
  // Longer than any deadline or timer there is: whatever still waits, waits for nothing.
  run(channel, .hours(3))
  run(channel)
  precondition(open.load(ordering: .relaxed) == 0, "something goes on after its connection's end")
}

// MARK: Frames

private func frame(_ type: UInt8, _ flags: UInt8, _ id: UInt8, _ payload: [UInt8]) -> [UInt8] {
  [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xff), type, flags, 0, 0, 0, id] + payload
}

/// Header fields in HPACK as they are, without table and Huffman code.
private func fields(_ fields: [([UInt8], [UInt8])]) -> [UInt8] {
  fields.flatMap { name, value in
    [0] + length(name.count) + name + length(value.count) + value
  }
}

private func length(_ count: Int) -> [UInt8] {
  guard count >= 127 else { return [UInt8(count)] }
  var result: [UInt8] = [127]
  var rest = count - 127
  while rest >= 128 {
    result.append(UInt8(rest & 127) | 128)
    rest >>= 7
  }
  return result + [UInt8(rest)]
}

private let names: [String] = [
  "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message",
  "grpc-status-details-bin", "key-bin", "key", "content-type", "te", ":path", ":status",
  "grpc-retry-pushback-ms", "user-agent", "", "content-length",
]

/// Fields of the script's: a well-known name, a value of its own.
private func more(_ script: inout Script) -> [([UInt8], [UInt8])] {
  (0..<script.byte() % 5).map { _ in
    let name = Array(names[Int(script.byte()) % names.count].utf8)
    return (name, script.bytes(script.byte() % 32))
  }
}

private func plain(_ pairs: KeyValuePairs<String, String>) -> [([UInt8], [UInt8])] {
  pairs.map { (Array($0.utf8), Array($1.utf8)) }
}

/// One step that either side may take.
private func step(_ kind: UInt8, _ script: inout Script, _ channel: EmbeddedChannel) {
  switch kind {
  case 0: feed(channel, script.bytes(script.byte()))
  case 1:
    let (type, flags, id) = (script.byte() % 12, script.byte(), script.byte() % 16)
    feed(channel, frame(type, flags, id, script.bytes(script.byte())))
  case 2, 3:
    // A message, whole or in part, with the script's word on compression and end.
    let (id, bits) = (script.byte() % 16, script.byte())
    let message = script.bytes(script.byte())
    let short = bits & 4 != 0 ? message.dropLast() : message[...]
    let prefix = [bits & 2 != 0 ? 1 : 0, 0, 0, 0, UInt8(message.count)]
    feed(channel, frame(0, bits & 1, id, prefix + short))
  default: run(channel, .milliseconds(Int64(script.byte()) * 40))
  }
}

// MARK: Our server

private let server = RPCServer(
  services: [
    ServiceDefinition(
      "fuzz.Service",
      methods: [
        .synchronousUnary("Now") { (message: Raw, context) in message },
        .unary("Unary") { (message: Raw, context) in
          open.add(1, ordering: .relaxed)
          defer { open.subtract(1, ordering: .relaxed) }
          context.initialMetadata["started"] = "yes"
          if message.bytes.first == 1 { throw RPCError(code: .notFound, message: "é%\n") }
          if message.bytes.first == 2 { throw CancellationError() }
          return message
        },
        .clientStreaming("Client") { (messages: RequestStream<Raw>, context) in
          open.add(1, ordering: .relaxed)
          defer { open.subtract(1, ordering: .relaxed) }
          var all: [UInt8] = []
          for try await message in messages {
            if message.bytes.first == 1 { break }
            all += message.bytes
          }
          return Raw(all)
        },
        .serverStreaming("Server") { (message: Raw, responses: ResponseWriter<Raw>, context) in
          open.add(1, ordering: .relaxed)
          defer { open.subtract(1, ordering: .relaxed) }
          context.compression = .gzip
          for byte in message.bytes {
            try await responses.write(Raw([UInt8](repeating: byte, count: Int(byte) * 200)))
          }
        },
        .bidirectional("Both") {
          (messages: RequestStream<Raw>, responses: ResponseWriter<Raw>, context) in
          open.add(1, ordering: .relaxed)
          defer { open.subtract(1, ordering: .relaxed) }
          for try await message in messages { try await responses.write(message) }
          context.trailingMetadata.add(binary: [0, 255], for: "end-bin")
        },
      ])
  ],
  configuration: {
    var configuration = RPCServer.Configuration()
    configuration.maxReceiveMessageSize = 100_000
    configuration.maxConcurrentStreams = 4
    configuration.maxConnectionAge = .seconds(60)
    configuration.maxConnectionAgeGrace = .seconds(5)
    configuration.idleTimeout = .seconds(30)
    configuration.keepaliveInterval = .seconds(20)
    return configuration
  }(), logger: silent)

private let paths = ["Now", "Unary", "Client", "Server", "Both", "None"]

private func playClient(_ script: inout Script) {
  let channel = EmbeddedChannel(loop: loop)
  try! server.accept(channel).wait()
  channel.connect(to: try! SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
  feed(channel, Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0, []))
  var next: UInt8 = 1
  while !script.isEmpty {
    let kind = script.byte() % 8
    guard kind > 4 else {
      step(kind, &script, channel)
      continue
    }
    // A request that a client would send.
    let bits = script.byte()
    let path = "/fuzz.Service/" + paths[Int(script.byte()) % paths.count]
    let head =
      plain([
        ":method": "POST", ":scheme": "http", ":path": path, ":authority": "fuzz",
        "te": "trailers", "content-type": "application/grpc",
      ]) + more(&script)
    feed(channel, frame(1, 4 | bits & 1, next, fields(head)))
    next = next &+ 2 & 15
    if bits & 2 != 0 { run(channel) }
  }
  end(channel)
}

// MARK: Our client

private let core: ChannelCore = {
  var configuration = RPCChannel.Configuration()
  configuration.maxReceiveMessageSize = 100_000
  return ChannelCore(
    target: ChannelTarget("127.0.0.1:1"), configuration: configuration, logger: silent, loop: loop)
}()

private func playServer(_ script: inout Script) {
  let connection = ClientConnection(
    address: "fuzz", usesTLS: false,
    keepalive: .init(interval: .seconds(20), permitWithoutCalls: true), metrics: nil)
  let channel = EmbeddedChannel(handler: connection, loop: loop)
  channel.connect(to: try! SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
  feed(channel, frame(4, 0, 0, []))
  while !script.isEmpty {
    let kind = script.byte() % 8
    switch kind {
    case 5:
      let bits = script.byte()
      start(bits, script.bytes(script.byte()), on: connection)
      run(channel)
    case 6:
      let (id, bits) = (script.byte() % 16, script.byte())
      let head =
        (bits & 2 != 0 ? [] : plain([":status": "200", "content-type": "application/grpc"]))
        + (bits & 4 != 0 ? plain(["grpc-status": "0"]) : []) + more(&script)
      feed(channel, frame(1, 4 | bits & 1, id, fields(head)))
    default: step(kind, &script, channel)
    }
  }
  end(channel)
}

private func start(_ bits: UInt8, _ bytes: [UInt8], on connection: ClientConnection) {
  guard connection.pump.isOpen else { return }
  var options = CallOptions(compression: bits & 1 != 0 ? .gzip : .identity)
  if bits & 2 != 0 { options.timeout = .seconds(5) }
  let outgoing = OutgoingCall(
    method: MethodDescriptor(service: "fuzz.Service", method: "Any"), options: options)
  let isStream = bits & 4 != 0
  let call = ClientCall(outgoing, core: core, expectsOne: !isStream, connection: connection)
  guard let request = try? Raw(bytes).framed(call.outbox.state.encoding.fix()) else { return }
  open.add(1, ordering: .relaxed)
  let task = Task(executorPreference: executor) {
    defer { open.subtract(1, ordering: .relaxed) }
    guard isStream else {
      _ = try? await call.unary(request)
      return
    }
    call.start(request)
    let responses = ResponseStream<Raw>(call.inbox, MessageInspectors(), call: call)
    _ = try? await responses.initialMetadata()
    do { for try await _ in responses {} } catch {}
    _ = try? await responses.trailingMetadata()
    call.cancel(with: CancellationError())
  }
  if bits & 8 != 0 { task.cancel() }
}

// MARK: What needs no connection

private func readFields(_ script: inout Script) {
  let headers = more(&script).map {
    HTTP2Header(String(decoding: $0, as: UTF8.self), String(decoding: $1, as: UTF8.self))
  }
  _ = try? RequestHead(headers)
  _ = RPCError(trailers: headers)
  let metadata = Metadata(fields: headers)
  precondition(Metadata(fields: metadata.fields) == metadata)
  let bytes = script.bytes(255)
  if let details = RPCError.details(inStatus: bytes) {
    let error = RPCError(code: .aborted, message: "again", details: details)
    precondition(RPCError.details(inStatus: error.serializedStatus) == details)
  }
  var deframer = MessageDeframer(limit: 100)
  bytes.withUnsafeBytes { deframer.append($0) }
  do { while try deframer.next() != nil {} } catch {}
}
