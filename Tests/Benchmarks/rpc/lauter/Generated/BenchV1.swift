// Made by scripts/generate-protos.sh from bench.proto.
// swift-format-ignore-file

package import BenchmarkProtos
public import RPC
public import Wire

/// The contract `lauter.bench.v1`.
public enum BenchV1 {}

extension BenchV1 {
  /// `bench.proto`, for reflection.
  public static let benchProto = ProtoFile(
    "bench.proto", imports: [],
    descriptor: """
      CgtiZW5jaC5wcm90bxIPbGF1dGVyLmJlbmNoLnYxIh0KB1BheWxvYWQSEgoEZGF0YRgBIAEoDFIE\
      ZGF0YSI1CgVCYXRjaBIUCgV0ZXh0cxgBIAMoCVIFdGV4dHMSFgoGdmFsdWVzGAIgAygCUgZ2YWx1\
      ZXMyhQEKBEVjaG8SOwoFVW5hcnkSGC5sYXV0ZXIuYmVuY2gudjEuUGF5bG9hZBoYLmxhdXRlci5i\
      ZW5jaC52MS5QYXlsb2FkEkAKBlN0cmVhbRIYLmxhdXRlci5iZW5jaC52MS5QYXlsb2FkGhgubGF1\
      dGVyLmJlbmNoLnYxLlBheWxvYWQoATABYgZwcm90bzM=
      """)
}

extension BenchV1 {
  public struct Payload: Message, Hashable, Sendable {
    public var data: [UInt8]

    public init(data: [UInt8] = []) {
      self.data = data
    }
  }
}

extension BenchV1.Payload: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__bench__v1__payload__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Bench__V1__Payload>) throws {
    self.data = Decoded.bytes(c.pointee.data)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Bench__V1__Payload>, _ arena: Arena) throws {
    lauter__bench__v1__payload__init(c)
    c.pointee.data = try arena.bytes(data)
  }
}

extension BenchV1.Payload: ViewedMessage {
  /// A `Payload` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Bench__V1__Payload>

    package init(c: UnsafePointer<Lauter__Bench__V1__Payload>) { self.c = c }

    public var data: UnsafeBufferPointer<UInt8> {
      Viewed.bytes(c.pointee.data)
    }
  }
}

extension BenchV1 {
  /// What the benchmark of coding decodes and encodes.
  public struct Batch: Message, Hashable, Sendable {
    public var texts: [String]
    public var values: [Float]

    public init(texts: [String] = [], values: [Float] = []) {
      self.texts = texts
      self.values = values
    }
  }
}

extension BenchV1.Batch: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__bench__v1__batch__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Bench__V1__Batch>) throws {
    self.texts = Decoded.strings(c.pointee.texts, c.pointee.n_texts)
    self.values = Decoded.scalars(c.pointee.values, c.pointee.n_values)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Bench__V1__Batch>, _ arena: Arena) throws {
    lauter__bench__v1__batch__init(c)
    c.pointee.n_texts = texts.count
    c.pointee.texts = try arena.strings(texts, "lauter.bench.v1.Batch.texts")
    c.pointee.n_values = values.count
    c.pointee.values = try arena.scalars(values)
  }
}

extension BenchV1.Batch: ViewedMessage {
  /// A `Batch` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Bench__V1__Batch>

    package init(c: UnsafePointer<Lauter__Bench__V1__Batch>) { self.c = c }

    public var texts: ViewList<UnsafeBufferPointer<UInt8>> {
      Viewed.texts(c.pointee.texts, c.pointee.n_texts)
    }

    public var values: UnsafeBufferPointer<Float> {
      Viewed.scalars(c.pointee.values, c.pointee.n_values)
    }
  }
}

extension BenchV1 {
  /// What every server of the benchmark serves.
  public protocol Echo: Sendable {
    /// Answers with the request.
    func unary(_ request: BenchV1.Payload, context: CallContext) async throws -> BenchV1.Payload

    /// Answers every message with itself.
    func stream(
      _ requests: RequestStream<BenchV1.Payload>,
      responses: ResponseWriter<BenchV1.Payload>,
      context: CallContext
    ) async throws
  }
}

extension BenchV1 {
  /// Methods of `Echo` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum EchoSynchronous {
    public protocol Unary: Sendable {
      func unary(_ request: BenchV1.Payload, context: CallContext) throws -> BenchV1.Payload
    }
  }
}

extension BenchV1 {
  /// Methods of `Echo` that can be handled by looking at the request.
  ///
  /// Like `EchoSynchronous`, with a view in place of the request: no value is made of it.
  public enum EchoViewing {
    public protocol Unary: Sendable {
      func unary(_ request: BenchV1.Payload.View, context: CallContext) throws -> BenchV1.Payload
    }
  }
}

extension BenchV1.Echo {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.echo(_:)`.
  public var definition: ServiceDefinition { .echo(self) }
}

extension ServiceDefinition {
  /// `lauter.bench.v1.Echo`, handled by `handlers`.
  public static func echo(_ handlers: some BenchV1.Echo) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.bench.v1.Echo", file: BenchV1.benchProto,
      methods: [
        .unary(
          "Unary", synchronous: (handlers as? any BenchV1.EchoSynchronous.Unary)?.unary,
          viewing: viewing(
            BenchV1.Payload.self, (handlers as? any BenchV1.EchoViewing.Unary)?.unary)
        ) { try await handlers.unary($0, context: $1) },
        .bidirectional("Stream") {
          try await handlers.stream($0, responses: $1, context: $2)
        },
      ])
  }
}

extension BenchV1 {
  /// Calls `lauter.bench.v1.Echo`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct EchoClient: Sendable {
    private enum Method {
      static let unary = MethodDescriptor(
        service: "lauter.bench.v1.Echo", method: "Unary")
      static let stream = MethodDescriptor(
        service: "lauter.bench.v1.Echo", method: "Stream")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Answers with the request.
    public nonisolated(nonsending) func unary(
      _ request: BenchV1.Payload, options: CallOptions = CallOptions()
    ) async throws -> BenchV1.Payload {
      try await channel.unary(Method.unary, request, options: options)
    }

    /// Answers every message with itself.
    public nonisolated(nonsending) func stream<Result>(
      options: CallOptions = CallOptions(),
      _ produce: @escaping @Sendable (RequestWriter<BenchV1.Payload>) async throws -> Void,
      _ handle: nonisolated(nonsending) (ResponseStream<BenchV1.Payload>) async throws -> Result
    ) async throws -> Result {
      try await channel.bidirectional(Method.stream, options: options, produce, handle)
    }
  }
}
