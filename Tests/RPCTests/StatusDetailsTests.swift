import RPC
import Testing

/// `google.rpc.Status` in `grpc-status-details-bin`.
@Suite struct StatusDetailsTests {
  static let details = [
    RPCError.Detail(
      typeURL: "type.googleapis.com/google.rpc.ErrorInfo", bytes: [0x0a, 3] + Array("why".utf8)),
    RPCError.Detail(typeURL: "", bytes: []),
    RPCError.Detail(typeURL: "type.googleapis.com/a.B", bytes: [UInt8](repeating: 7, count: 300)),
  ]

  @Test func survivesTheWire() {
    let error = RPCError(
      code: .notFound, message: "größer", metadata: ["a": "b"], details: Self.details)
    #expect(RPCError(trailers: error.fields) == error)
    // The status names code and message too, for readers that look at nothing else.
    let status = ProtobufFields.read(error.serializedStatus[...]) ?? []
    #expect(
      status.contains { if case (1, .number(5)) = $0 { true } else { false } }
        && status.contains {
          if case (2, .bytes(let text)) = $0 { text.elementsEqual("größer".utf8) } else { false }
        })
  }

  @Test func noDetailsNoField() {
    let error = RPCError(code: .notFound, message: "x")
    #expect(!error.fields.contains { $0.name == RPCError.detailsKey })
  }

  /// Bytes that are no status stay metadata; nothing traps.
  @Test(
    arguments: [
      [0x1a], [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      [0x1a, 2, 0x0a],
      [0x1a, 2, 0x0a, 9], [0x0b], [0x09, 1], [0x0d, 1], [0x80],
    ] as [[UInt8]])
  func malformed(_ bytes: [UInt8]) {
    #expect(RPCError.details(inStatus: bytes) == nil)
    let error = RPCError(trailers: [
      HTTP2Header("grpc-status", "5"), HTTP2Header(RPCError.detailsKey, Base64.encode(bytes)),
    ])
    #expect(error?.details == [])
    #expect(error?.metadata[binary: RPCError.detailsKey] == [bytes])
  }

  @Test func unknownFieldsAreSkipped() {
    let bytes: [UInt8] = [
      0x08, 5, 0x49, 1, 2, 3, 4, 5, 6, 7, 8, 0x4d, 1, 2, 3, 4, 0x1a, 2, 0x12, 0,
    ]
    #expect(
      RPCError.details(inStatus: bytes) == [RPCError.Detail(typeURL: "", bytes: [])])
    var random = SplitMix64(3)
    for _ in 0..<2000 { _ = RPCError.details(inStatus: random.bytes(random.below(40))) }
  }
}

/// The same against Google's own library, in both directions.
@Suite(
  .enabled(if: GRPCIO.has("grpc_status"), "LAUTER_TEST_PYTHON has no grpcio-status"),
  .timeLimit(.minutes(5)))
struct RichStatusPeerTests {
  @Test func pythonReadsOurs() async throws {
    let service = CallLifetimeTests.service(
      .unary("Fail") { (text: Text, context) -> Text in
        throw RPCError(
          code: .invalidArgument, message: text.value,
          details: [
            RPCError.Detail(
              typeURL: "type.googleapis.com/google.rpc.ErrorInfo",
              bytes: [0x0a, 3] + Array("why".utf8) + [0x12, 6] + Array("lauter".utf8))
          ])
      })
    try await withServer(service) { _, address in
      let result = try await GRPCIO.run(Self.client, ["\(address)"])
      #expect(result == "INVALID_ARGUMENT|größer|why|lauter\n", "\(result)")
    }
  }

  @Test func weReadPythons() async throws {
    let (server, port) = try await GRPCIO.startServer(Self.server)
    defer { server.stop() }
    let channel = RPCChannel(target: "127.0.0.1:\(port)", configuration: .patient, logger: silent)
    let error = await rpcError {
      let _: Text = try await channel.unary(Echo.method("Fail"), Text("größer"))
    }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message == "größer")
    #expect(
      error?.details == [
        RPCError.Detail(
          typeURL: "type.googleapis.com/google.rpc.ErrorInfo",
          bytes: [0x0a, 3] + Array("why".utf8) + [0x12, 6] + Array("lauter".utf8))
      ])
    await channel.close()
  }

  static let client = #"""
    import sys, grpc
    from grpc_status import rpc_status
    from google.rpc import error_details_pb2
    channel = grpc.insecure_channel(sys.argv[1])
    try:
        channel.unary_unary("/test.Echo/Fail")("größer".encode())
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        info = error_details_pb2.ErrorInfo()
        assert status.details[0].Unpack(info)
        assert status.code == error.code().value[0]
        print(error.code().name, status.message, info.reason, info.domain, sep="|")
    """#

  static let server = #"""
    import os, sys
    from concurrent import futures
    import grpc
    from google.protobuf import any_pb2
    from google.rpc import code_pb2, error_details_pb2, status_pb2
    from grpc_status import rpc_status

    def fail(request, context):
        any = any_pb2.Any()
        any.Pack(error_details_pb2.ErrorInfo(reason="why", domain="lauter"))
        context.abort_with_status(rpc_status.to_status(status_pb2.Status(
            code=code_pb2.FAILED_PRECONDITION, message=request.decode(), details=[any])))

    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {
        "Fail": grpc.unary_unary_rpc_method_handler(fail)}),))
    print(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    sys.stdin.read()
    os._exit(0)
    """#
}
