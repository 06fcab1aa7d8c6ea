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
///     .unary("Greet") { (name: Text, context: CallContext) in Text("Hello, \(name.value)!") }
///   ])
///
/// let server = RPCServer(services: [greeter])
/// let address = try await server.start()
/// async let running: Void = server.run()
///
/// let channel = RPCChannel(target: "\(address)")
/// let greet = MethodDescriptor(service: "example.Greeter", method: "Greet")
/// let answer: Text = try await channel.unary(
///   greet, Text("world"), options: CallOptions(timeout: .seconds(1)))
/// ```
///
/// Inside, from the wire upwards: `HTTP2/` is a session without I/O (bytes in, bytes out, events),
/// `Call/` the gRPC layer without I/O (framing, status, timeout, metadata), `Transport/` joins the
/// two to event loops, `Service/` is what services and clients see.
public enum RPC {}
