import Foundation
import RPC
import Testing

/// The stock Python client against our server, and our client against the stock Python server.
///
/// `LAUTER_TEST_PYTHON` names a Python with grpcio installed.
@Suite(
  .enabled(if: GRPCIO.python != nil, "LAUTER_TEST_PYTHON names no Python with grpcio"),
  .timeLimit(.minutes(5)))
struct GRPCIOTests {
  @Test(arguments: Compression.allCases)
  func pythonClient(_ compression: Compression) async throws {
    let service = ServiceDefinition(
      "test.Interop",
      methods: [
        .unary("Sleep") { (text: Text, context) in
          await CallLifetimeTests.untilCancelled()
          return text
        },
        .serverStreaming("FailLate") {
          (text: Text, responses: ResponseWriter<Text>, context) in
          try await responses.write("one")
          throw RPCError(code: .dataLoss, message: text.value)
        },
        .bidirectional("EarlyError") {
          (texts: RequestStream<Blob>, responses: ResponseWriter<Blob>, context) in
          throw RPCError(code: .permissionDenied, message: "not you")
        },
      ])
    var configuration = RPCServer.Configuration()
    configuration.compression = compression
    try await withServer([Echo.service, service], configuration: configuration) { _, address in
      let result = try await GRPCIO.run(GRPCIO.client, ["\(address)"])
      print(result)
      #expect(result.hasSuffix("all passed\n"), "\(result)")
    }
  }

  @Test(arguments: Compression.allCases)
  func compressionWithAPythonServer(_ compression: Compression) async throws {
    let (server, port) = try await GRPCIO.startServer(arguments: [compression.name])
    defer { server.stop() }
    let channel = RPCChannel(target: "127.0.0.1:\(port)", configuration: .patient, logger: silent)
    let options = CallOptions(compression: compression)
    for size in [0, 1, 100_000, 4 * 1024 * 1024 - 1024] {
      let blob = Blob(count: size)
      let answer: Blob = try await channel.unary(Echo.method("Say"), blob, options: options)
      #expect(answer == blob)
    }
    let chatted = try await channel.bidirectional(
      Echo.method("Chat"), options: options,
      { (writer: RequestWriter<Blob>) in
        for round in 0..<50 {
          try await writer.write(Blob(count: 20_000), compressed: round % 2 == 0)
        }
      },
      { (responses: ResponseStream<Blob>) in
        var bytes = 0
        for try await response in responses { bytes += response.bytes.count }
        return bytes
      })
    #expect(chatted == 1_000_000)
    await channel.close()
  }

  @Test func pythonServer() async throws {
    let (server, port) = try await GRPCIO.startServer()
    defer { server.stop() }
    let channel = RPCChannel(target: "127.0.0.1:\(port)", configuration: .patient, logger: silent)

    for size in [0, 1, 100_000, 4 * 1024 * 1024 - 1024] {
      let answer: Blob = try await channel.unary(Echo.method("Say"), Blob(count: size))
      #expect(answer.bytes.count == size)
    }
    let joined: Text = try await channel.clientStreaming(Echo.method("Join")) {
      (writer: RequestWriter<Text>) in
      for text in ["a", "b", "c"] { try await writer.write(Text(text)) }
    }
    #expect(joined == "a,b,c")
    let counted = try await channel.serverStreaming(Echo.method("Count"), Text("1000")) {
      (responses: ResponseStream<Text>) in
      var count = 0
      for try await response in responses {
        #expect(response == Text("\(count)"))
        count += 1
      }
      return count
    }
    #expect(counted == 1000)
    let chatted = try await channel.bidirectional(
      Echo.method("Chat"),
      { (writer: RequestWriter<Blob>) in
        for _ in 0..<50 { try await writer.write(Blob(count: 200_000)) }
      },
      { (responses: ResponseStream<Blob>) in
        var bytes = 0
        for try await response in responses { bytes += response.bytes.count }
        return bytes
      })
    #expect(chatted == 10_000_000)

    let failed = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Fail"), Text("Größe 100% \n😀"))
    }
    #expect(failed?.code == .failedPrecondition)
    #expect(failed?.message == "Größe 100% \n😀")
    #expect(failed?.metadata["reason"] == "asked for")
    #expect(failed?.metadata[binary: "raw-bin"] == [[0, 255, 1]])

    let unknown = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Nope"), Text(""))
    }
    #expect(unknown?.code == .unimplemented)

    let late = await rpcError {
      let _: Text = try await channel.unary(
        Echo.method("Sleep"), Text(""), options: CallOptions(timeout: .milliseconds(100)))
    }
    #expect(late?.code == .deadlineExceeded)

    // The server tells whether it saw the cancellation.
    let sleeper = Task { () -> Text in
      try await channel.unary(Echo.method("Sleep"), Text("cancel me"))
    }
    var seen: Text = try await channel.unary(Echo.method("Sleeping"), Text("cancel me"))
    #expect(seen == "yes")
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { _ = try await sleeper.value }
    seen = try await channel.unary(Echo.method("Cancelled"), Text("cancel me"))
    #expect(seen == "yes")

    // An answer before the client has finished.
    let early: Text = try await channel.clientStreaming(Echo.method("First")) {
      (writer: RequestWriter<Text>) in
      while true { try await writer.write(Text(String(repeating: "a", count: 1000))) }
    }
    #expect(early.value.count == 1000)

    try await withThrowingTaskGroup(of: Text.self) { group in
      for number in 0..<100 {
        group.addTask { try await channel.unary(Echo.method("Say"), Text("\(number)")) }
      }
      var count = 0
      for try await _ in group { count += 1 }
      #expect(count == 100)
    }
    await channel.close()
  }
}

enum GRPCIO {
  static let python = ProcessInfo.processInfo.environment["LAUTER_TEST_PYTHON"]

  /// Whether that Python has `module`.
  static func has(_ module: String) -> Bool {
    guard let python else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", "import \(module)"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  static func run(_ script: String, _ arguments: [String]) async throws -> String {
    let (process, output, _) = try start(script, arguments)
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let data = output.readDataToEndOfFile()
        process.waitUntilExit()
        continuation.resume(returning: String(decoding: data, as: UTF8.self))
      }
    }
  }

  /// Ends when its standard input does, so it does not outlive the test.
  struct Server {
    let input: FileHandle

    func stop() { try? input.close() }
  }

  /// Starts the stock server; it prints its port. Arguments: the compression of its answers, the
  /// file of its key, of its certificate, of its clients' authority.
  static func startServer(
    _ script: String = server, arguments: [String] = []
  ) async throws -> (Server, Int) {
    let (_, output, input) = try start(script, arguments)
    let line = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var line = ""
        while let byte = try? output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
          line.unicodeScalars.append(UnicodeScalar(byte))
        }
        continuation.resume(returning: line)
      }
    }
    return (
      Server(input: input), try #require(Int(line), "the Python server said '\(line)'")
    )
  }

  private static func start(
    _ script: String, _ arguments: [String]
  ) throws -> (Process, output: FileHandle, input: FileHandle) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = ["-u", "-c", script] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    let input = Pipe()
    process.standardInput = input
    try process.run()
    return (process, pipe.fileHandleForReading, input.fileHandleForWriting)
  }

  static let client = #"""
    import sys, threading, time, traceback
    from concurrent.futures import ThreadPoolExecutor
    import grpc

    channel = grpc.insecure_channel(sys.argv[1], options=[
        ("grpc.max_receive_message_length", 8 << 20)])
    UU, US, SU, SS = (channel.unary_unary, channel.unary_stream, channel.stream_unary,
                      channel.stream_stream)
    E, I = "/test.Echo/", "/test.Interop/"

    def status(call, *arguments, **options):
        try:
            result = call(*arguments, **options)
            if hasattr(result, "__iter__") and not isinstance(result, bytes):
                list(result)
        except grpc.RpcError as error:
            return error
        raise AssertionError("no error")

    def unary():
        for size in [0, 1, 1000, 100_000, 4 << 20]:
            assert UU(E + "Size")(b"x" * size) == str(size).encode()
        assert len(UU(E + "Grow")(str(4 << 20).encode())) == 4 << 20

    def client_streaming():
        assert SU(E + "Join")(iter([b"a", b"b", b"c"])) == b"a,b,c"
        assert SU(E + "Join")(iter([])) == b""

    def server_streaming():
        assert list(US(E + "Count")(b"1000")) == [str(n).encode() for n in range(1000)]
        assert list(US(E + "Count")(b"0")) == []

    def ping_pong():
        gate = threading.Semaphore(1)
        def requests():
            for n in range(100):
                gate.acquire()
                yield str(n).encode()
        for n, answer in enumerate(SS(E + "Chat")(requests())):
            assert answer == str(n).encode()
            gate.release()
        assert n == 99

    def large_bidi():
        total = sum(len(b) for b in SS(E + "ChatBlobs")(b"x" * 200_000 for _ in range(50)))
        assert total == 10_000_000, total

    def slow_reader():
        total = 0
        for blob in SS(E + "ChatBlobs")(b"x" * 200_000 for _ in range(20)):
            time.sleep(0.01)
            total += len(blob)
        assert total == 4_000_000, total

    def too_large():
        error = status(UU(E + "Size"), b"x" * ((4 << 20) + 1))
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error

    def status_message():
        for text in ["plain", "Größe 100% falsch", "\t\ntest with whitespace\r\n and 😈\t\n"]:
            error = status(UU(E + "Fail"), text.encode())
            assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
            assert error.details() == text, error.details()
            assert ("reason", "asked for") in [tuple(m) for m in error.trailing_metadata()]

    def status_after_message():
        call = US(I + "FailLate")(b"lost")
        got = []
        try:
            for message in call: got.append(message)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.DATA_LOSS and error.details() == "lost"
        assert got == [b"one"]

    def internal_error():
        error = status(UU(E + "Fail"), b"secret")
        assert error.code() == grpc.StatusCode.INTERNAL, error
        assert "the secret" not in error.details()

    def invalid_message():
        error = status(UU(E + "Say"), b"\xff")
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error

    def early_error():
        # The status must win against the reset that follows it.
        for _ in range(50):
            error = status(SS(I + "EarlyError"), (b"x" * 10_000 for _ in range(1000)))
            assert error.code() == grpc.StatusCode.PERMISSION_DENIED, error
            assert error.details() == "not you"

    def unimplemented():
        for path in [E + "Nope", "/no.Such/Method", "/odd"]:
            error = status(UU(path), b"")
            assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error

    def metadata():
        answer, call = UU(E + "Metadata").with_call(
            b"x", metadata=[("plain", "value"), ("raw-bin", b"\x00\xff\n"), ("many", "1"),
                            ("many", "2")])
        initial, trailing = call.initial_metadata(), call.trailing_metadata()
        assert [m.value for m in initial if m.key == "many"] == ["1", "2"], initial
        assert ("plain", "value") in [tuple(m) for m in initial], initial
        assert ("raw-bin", b"\x00\xff\n") in [tuple(m) for m in trailing], trailing

    def large_metadata():
        error = status(UU(E + "Say"), b"", metadata=[("big", "x" * 20_000)])
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error

    def deadline():
        start = time.time()
        error = status(UU(I + "Sleep"), b"", timeout=0.2)
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
        assert time.time() - start < 5

    def cancel():
        call = UU(I + "Sleep").future(b"")
        call.cancel()
        assert call.cancelled()
        chat = SS(E + "Chat")(iter([b"a"] * 10))
        next(chat)
        chat.cancel()
        try:
            list(chat)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.CANCELLED, error

    def compressed():
        for how in [grpc.Compression.Gzip, grpc.Compression.Deflate]:
            for size in [0, 1, 1000, 4 << 20]:
                assert UU(E + "Size")(b"x" * size, compression=how) == str(size).encode()
            assert UU(E + "Say")(b"x" * 1000, compression=how) == b"x" * 1000
            assert list(SS(E + "ChatBlobs")((b"x" * n for n in range(0, 5000, 500)),
                                            compression=how)) == [b"x" * n
                                                                  for n in range(0, 5000, 500)]
            error = status(UU(E + "Size"), b"x" * ((4 << 20) + 1), compression=how)
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error

    def concurrent():
        with ThreadPoolExecutor(100) as pool:
            say = UU(E + "Say")
            answers = list(pool.map(lambda n: say(str(n).encode()), range(1000)))
        assert answers == [str(n).encode() for n in range(1000)]

    failed = 0
    for case in [unary, client_streaming, server_streaming, ping_pong, large_bidi, slow_reader,
                 too_large, status_message, status_after_message, internal_error, invalid_message,
                 early_error, unimplemented, metadata, large_metadata, deadline, cancel,
                 compressed, concurrent]:
        try:
            case()
            print("passed", case.__name__)
        except BaseException:
            failed += 1
            print("FAILED", case.__name__)
            traceback.print_exc(file=sys.stdout)
    start = time.time()
    say = UU(E + "Say")
    for _ in range(1000): say(b"x" * 100)
    print("%.0f calls/s one at a time" % (1000 / (time.time() - start)))
    channel.close()
    print("%d failed" % failed if failed else "all passed")
    """#

  static let server = #"""
    import os, sys, threading
    from concurrent import futures
    import grpc

    sleeping, cancelled = {}, {}
    lock = threading.Condition()

    def fail(request, context):
        context.set_trailing_metadata((("reason", "asked for"), ("raw-bin", b"\x00\xff\x01")))
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, request.decode())

    def sleep(request, context):
        done = threading.Event()
        context.add_callback(done.set)
        with lock:
            sleeping[request] = True
            lock.notify_all()
        done.wait()
        with lock:
            cancelled[request] = True
            lock.notify_all()
        return b""

    def waits_for(facts):
        def wait(request, context):
            with lock:
                return b"yes" if lock.wait_for(lambda: request in facts, 10) else b"no"
        return wait

    def count(request, context):
        for n in range(int(request)): yield str(n).encode()

    UU, US = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
    SU, SS = grpc.stream_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
    server = grpc.server(futures.ThreadPoolExecutor(20), compression={
        "gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate,
    }.get((sys.argv + [""])[1]))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {
        "Say": UU(lambda request, context: request),
        "Join": SU(lambda requests, context: b",".join(requests)),
        "First": SU(lambda requests, context: next(requests)),
        "Count": US(count),
        "Chat": SS(lambda requests, context: (r for r in requests)),
        "Fail": UU(fail),
        "Sleep": UU(sleep),
        "Sleeping": UU(waits_for(sleeping)),
        "Cancelled": UU(waits_for(cancelled)),
    }),))
    key, certificate, ca = (sys.argv[2:] + ["", "", ""])[:3]
    read = lambda name: open(name, "rb").read() if name else None
    print(server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(
        [(read(key), read(certificate))], read(ca), bool(ca)))
          if key else server.add_insecure_port("127.0.0.1:0"))
    server.start()
    sys.stdin.read()
    os._exit(0)
    """#
}
