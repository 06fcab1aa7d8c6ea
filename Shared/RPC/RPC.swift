/// gRPC over HTTP/2: servers, channels and the four kinds of call, spoken on the wire as every
/// other gRPC implementation does. nghttp2 frames, SwiftNIO moves the bytes, everything that makes
/// it gRPC is here. Messages are whatever conforms to ``Message``; generated code declares
/// services, and this is what it generates:
///
/// ```swift
/// struct Text: Message {
///   var value: String
///   init(_ value: String) { self.value = value }
///   init(parsing bytes: UnsafeRawBufferPointer) { value = String(decoding: bytes, as: UTF8.self) }
///   func serialize(into output: inout MessageBuffer) { output.append(value.utf8) }
/// }
///
/// let greeter = ServiceDefinition(
///   "example.Greeter",
///   methods: [
///     .unary("Greet") { (name: Text, context: CallContext) -> Text in
///       guard !name.value.isEmpty else {
///         throw RPCError(code: .invalidArgument, message: "a greeting needs a name")
///       }
///       return Text("Hello, \(name.value)!")
///     },
///     .bidirectional("Chat") {
///       (names: RequestStream<Text>, answers: ResponseWriter<Text>, context: CallContext) in
///       for try await name in names { try await answers.write(Text("Hello, \(name.value)!")) }
///     },
///   ])
///
/// let server = RPCServer(services: [greeter])
/// let address = try await server.start()
/// async let _: Void = server.run()
///
/// let channel = RPCChannel(
///   target: "\(address)", interceptors: [ClientInterceptors.logging(logger)])
/// let greet = MethodDescriptor(service: "example.Greeter", method: "Greet")
/// let answer: Text = try await channel.unary(
///   greet, Text("world"), options: CallOptions(timeout: .seconds(60), waitForReady: true))
///
/// let chat = MethodDescriptor(service: "example.Greeter", method: "Chat")
/// let answers = try await channel.bidirectional(chat) { (names: RequestWriter<Text>) in
///   for name in ["Ada", "Alan"] { try await names.write(Text(name)) }
/// } _: { (answers: ResponseStream<Text>) in
///   var all: [String] = []
///   for try await answer in answers { all.append(answer.value) }
///   return all
/// }
/// await channel.close()
/// ```
///
/// Who knows another gRPC finds here:
///
/// | here | grpc-swift-2 | grpc-go |
/// | --- | --- | --- |
/// | ``ServiceDefinition`` | `RegistrableRPCService` | `ServiceDesc` |
/// | ``RPCServer`` | `GRPCServer` | `Server` |
/// | ``RPCChannel`` | `GRPCClient` | `ClientConn` |
/// | ``RPCChannel/init(inProcess:interceptors:configuration:logger:)`` | `InProcessTransport` | `bufconn` |
/// | ``RPCError``, ``RPCError/Detail`` | `RPCError`, `GoogleRPCStatus` | `status` |
/// | ``ServerInterceptor``, ``ClientInterceptor`` | the same | interceptors, for all four kinds at once |
/// | ``CallOptions``, ``RetryPolicy`` | `CallOptions`, `RetryPolicy` | `CallOption`, service config |
/// | ``CallDeadline`` | `RPCCancellationHandle` | the deadline of a `Context` |
///
/// Inside, from the wire upwards: `HTTP2/` is a session without I/O (bytes in, bytes out, events),
/// `Call/` the gRPC layer without I/O (framing, status, timeout, metadata), `Transport/` joins the
/// two to event loops, `Service/` is what services and clients see.
public enum RPC {}
