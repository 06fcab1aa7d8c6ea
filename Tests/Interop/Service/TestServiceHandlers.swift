// Interop: gRPC's own interoperability tests (grpc/grpc doc/interop-test-descriptions.md), the server's
// side here and the client's in InteropCase.swift.

import Foundation
package import RPC
import Wire

/// `grpc.testing.TestService` as the test descriptions want it.
package struct TestServiceHandlers: Testing.TestService {
  private static let echoInitial = "x-grpc-test-echo-initial"
  private static let echoTrailing = "x-grpc-test-echo-trailing-bin"

  package init() {}

  /// What a server registers. `UnaryCall` reads a stream of one, which says whether its message was
  /// compressed, and `UnimplementedCall` is left out, so that the server answers for it.
  package var services: [ServiceDefinition] {
    let declared = definition
    let unary = MethodDefinition.clientStreaming("UnaryCall") {
      (requests: RequestStream<Testing.SimpleRequest>, context: CallContext) in
      var iterator = requests.makeAsyncIterator()
      guard let request = try await iterator.next() else {
        throw RPCError(code: .invalidArgument, message: "UnaryCall needs a request")
      }
      try Self.check(request.expectCompressed, requests.isLastCompressed)
      return try await unaryCall(request, context: context)
    }
    let methods = declared.methods.filter { !["UnaryCall", "UnimplementedCall"].contains($0.name) }
    return [ServiceDefinition(declared.name, file: declared.file, methods: methods + [unary])]
  }

  package func emptyCall(
    _ request: Testing.Empty, context: CallContext
  ) async throws -> Testing.Empty {
    Self.echoMetadata(context)
    return request
  }

  package func unaryCall(
    _ request: Testing.SimpleRequest, context: CallContext
  ) async throws -> Testing.SimpleResponse {
    Self.echoMetadata(context)
    try Self.echo(request.responseStatus)
    if request.responseCompressed?.value == true { context.compression = .gzip }
    return .init(payload: try Self.payload(request.responseType, size: request.responseSize))
  }

  package func streamingOutputCall(
    _ request: Testing.StreamingOutputCallRequest,
    responses: ResponseWriter<Testing.StreamingOutputCallResponse>, context: CallContext
  ) async throws {
    Self.echoMetadata(context)
    try await Self.answer(request, responses, context)
  }

  package func streamingInputCall(
    _ requests: RequestStream<Testing.StreamingInputCallRequest>, context: CallContext
  ) async throws -> Testing.StreamingInputCallResponse {
    Self.echoMetadata(context)
    var size = 0
    for try await request in requests {
      try Self.check(request.expectCompressed, requests.isLastCompressed)
      size += request.payload?.body.count ?? 0
    }
    return .init(aggregatedPayloadSize: Int32(size))
  }

  package func fullDuplexCall(
    _ requests: RequestStream<Testing.StreamingOutputCallRequest>,
    responses: ResponseWriter<Testing.StreamingOutputCallResponse>, context: CallContext
  ) async throws {
    Self.echoMetadata(context)
    for try await request in requests { try await Self.answer(request, responses, context) }
  }

  package func unimplementedCall(
    _ request: Testing.Empty, context: CallContext
  ) async throws -> Testing.Empty {
    throw RPCError(code: .unimplemented, message: "no server has this method")
  }

  private static func answer(
    _ request: Testing.StreamingOutputCallRequest,
    _ responses: ResponseWriter<Testing.StreamingOutputCallResponse>, _ context: CallContext
  ) async throws {
    try echo(request.responseStatus)
    if request.responseParameters.contains(where: { $0.compressed?.value == true }) {
      context.compression = .gzip
    }
    for parameters in request.responseParameters {
      // The test descriptions ask for this pause.
      if parameters.intervalUs > 0 {
        try await Task.sleep(for: .microseconds(Int(parameters.intervalUs)))
      }
      let payload = try payload(request.responseType, size: parameters.size)
      try await responses.write(
        .init(payload: payload), compressed: parameters.compressed?.value == true)
    }
  }

  private static func payload(
    _ type: Testing.PayloadType, size: Int32
  ) throws(RPCError) -> Testing.Payload {
    guard type == .compressable, (0...(16 << 20)).contains(size) else {
      throw RPCError(
        code: .invalidArgument, message: "a payload is COMPRESSABLE and of 0 to 16 MiB")
    }
    return .init(type: type, body: Array(repeating: 0, count: Int(size)))
  }

  private static func echo(_ status: Testing.EchoStatus?) throws(RPCError) {
    guard let status, let code = RPCError.Code(rawValue: Int(status.code)) else { return }
    throw RPCError(code: code, message: status.message)
  }

  private static func check(
    _ expected: Testing.BoolValue?, _ isCompressed: Bool
  ) throws(RPCError) {
    guard let expected, expected.value != isCompressed else { return }
    throw RPCError(
      code: .invalidArgument,
      message: "the request is \(isCompressed ? "" : "not ")compressed, and says otherwise")
  }

  private static func echoMetadata(_ context: CallContext) {
    if let text = context.metadata[echoInitial] { context.initialMetadata[echoInitial] = text }
    for bytes in context.metadata[binary: echoTrailing] {
      context.trailingMetadata.add(binary: bytes, for: echoTrailing)
    }
  }
}
