// A service becomes four things: a protocol for whoever keeps the promise, one for each method that may be
// kept without waiting, the definition for the server, and a client. All four kinds of call have the shapes that module RPC gives them.

import Descriptors

extension SwiftWriter {
  mutating func write(_ service: ServiceType, of file: File, namespace: String) {
    let name = "\(namespace).\(service.name)"
    let lowerName = SwiftName.member(service.name)
    line()
    block("extension \(namespace)") { out in
      out.comment(service.comment.isEmpty ? ["Serves `\(service.fullName)`."] : service.comment)
      out.block("public protocol \(service.name): Sendable") { out in
        for (index, method) in service.methods.enumerated() {
          if index > 0 { out.line() }
          out.comment(method.comment)
          out.call(out.handler(method))
        }
      }
    }

    let unary = service.methods.filter { !$0.clientStreams && !$0.serverStreams }
    if !unary.isEmpty {
      line()
      block("extension \(namespace)") { out in
        out.line("/// Methods of `\(service.name)` that can be handled without waiting.")
        out.line("///")
        out.line(
          "/// A type that also conforms to one of these has its function called on the event loop")
        out.line("/// of the connection, without a task: it must not block nor compute for long.")
        out.block("public enum \(service.name)Synchronous") { out in
          for method in unary {
            out.block("public protocol \(SwiftName.type(method.name)): Sendable") {
              $0.call($0.handler(method, isSynchronous: true))
            }
          }
        }
      }
    }

    let viewing = unary.filter { types.viewed.contains($0.input) }
    if !viewing.isEmpty {
      line()
      block("extension \(namespace)") { out in
        out.line("/// Methods of `\(service.name)` that can be handled by looking at the request.")
        out.line("///")
        out.line(
          "/// Like `\(service.name)Synchronous`, with a view in place of the request: no value is made of it."
        )
        out.block("public enum \(service.name)Viewing") { out in
          for method in viewing {
            out.block("public protocol \(SwiftName.type(method.name)): Sendable") {
              $0.call($0.handler(method, isSynchronous: true, views: true))
            }
          }
        }
      }
    }

    line()
    block("extension \(name)") { out in
      out.line(
        "/// What a server registers. A type that keeps several services' promises has a definition for"
      )
      out.line("/// each: `ServiceDefinition.\(lowerName)(_:)`.")
      out.line("public var definition: ServiceDefinition { .\(lowerName)(self) }")
    }

    line()
    block("extension ServiceDefinition") { out in
      out.line("/// `\(service.fullName)`, handled by `handlers`.")
      out.block("public static func \(lowerName)(_ handlers: some \(name)) -> ServiceDefinition") {
        out in
        out.line("ServiceDefinition(")
        out.line("  \"\(service.fullName)\", file: \(out.swiftName(file)),")
        out.line("  methods: [")
        for method in service.methods {
          let handler = "handlers.\(SwiftName.member(method.name))"
          switch (method.clientStreams, method.serverStreams) {
          case (false, false):
            let type = "\(name)Synchronous.\(SwiftName.type(method.name))"
            let function = SwiftName.member(method.name)
            out.line("    .unary(")
            let isViewed = out.types.viewed.contains(method.input)
            out.line(
              "      \"\(method.name)\", synchronous: (handlers as? any \(type))?.\(function)"
                + (isViewed ? "," : ""))
            if isViewed {
              let type = "\(name)Viewing.\(SwiftName.type(method.name))"
              out.line("      viewing: viewing(")
              out.line(
                "        \(out.swiftName(method.input)).self, (handlers as? any \(type))?.\(function))"
              )
            }
            out.line("    ) { try await \(handler)($0, context: $1) },")
          case (true, false):
            out.line("    .clientStreaming(\"\(method.name)\") {")
            out.line("      try await \(handler)($0, context: $1)")
            out.line("    },")
          case (false, true), (true, true):
            let kind = method.clientStreams ? "bidirectional" : "serverStreaming"
            out.line("    .\(kind)(\"\(method.name)\") {")
            out.line("      try await \(handler)($0, responses: $1, context: $2)")
            out.line("    },")
          }
        }
        out.line("  ])")
      }
    }

    line()
    block("extension \(namespace)") { out in
      out.line(
        "/// Calls `\(service.fullName)`. Every call throws `RPCError`, or `CancellationError` when the"
      )
      out.line("/// task is cancelled.")
      out.block("public struct \(service.name)Client: Sendable") { out in
        out.block("private enum Method") { out in
          for method in service.methods {
            out.line("static let \(SwiftName.member(method.name)) = MethodDescriptor(")
            out.line("  service: \"\(service.fullName)\", method: \"\(method.name)\")")
          }
        }
        out.line()
        out.line("private let channel: RPCChannel")
        out.line()
        out.line("public init(_ channel: RPCChannel) { self.channel = channel }")
        for method in service.methods {
          out.line()
          out.comment(method.comment)
          out.writeClient(method)
        }
      }
    }
  }

  /// A function's parts, broken over lines where they do not fit on one.
  struct Signature {
    var head: String
    var parameters: [String]
    var tail: String
  }

  private func handler(
    _ method: ServiceType.Method, isSynchronous: Bool = false, views: Bool = false
  ) -> Signature {
    let input = swiftName(method.input) + (views ? ".View" : "")
    let output = swiftName(method.output)
    return Signature(
      head: "func \(SwiftName.member(method.name))",
      parameters: [
        method.clientStreams ? "_ requests: RequestStream<\(input)>" : "_ request: \(input)",
        method.serverStreams ? "responses: ResponseWriter<\(output)>" : nil,
        "context: CallContext",
      ].compactMap { $0 },
      tail: (isSynchronous ? "throws" : "async throws")
        + (method.serverStreams ? "" : " -> \(output)"))
  }

  private mutating func writeClient(_ method: ServiceType.Method) {
    let (input, output) = (swiftName(method.input), swiftName(method.output))
    let name = SwiftName.member(method.name)
    let isolation = method.serverStreams ? "@escaping @Sendable" : "nonisolated(nonsending)"
    let produce = "_ produce: \(isolation) (RequestWriter<\(input)>) async throws -> Void"
    let handle =
      "_ handle: nonisolated(nonsending) (ResponseStream<\(output)>) async throws -> Result"
    let options = "options: CallOptions = CallOptions()"
    let signature: Signature
    let body: String
    switch (method.clientStreams, method.serverStreams) {
    case (false, false):
      signature = Signature(
        head: "public nonisolated(nonsending) func \(name)",
        parameters: ["_ request: \(input)", options],
        tail: "async throws -> \(output)")
      body = "try await channel.unary(Method.\(name), request, options: options)"
    case (true, false):
      signature = Signature(
        head: "public nonisolated(nonsending) func \(name)", parameters: [options, produce],
        tail: "async throws -> \(output)")
      body = "try await channel.clientStreaming(Method.\(name), options: options, produce)"
    case (false, true):
      signature = Signature(
        head: "public nonisolated(nonsending) func \(name)<Result>",
        parameters: ["_ request: \(input)", options, handle],
        tail: "async throws -> Result")
      body = "try await channel.serverStreaming(Method.\(name), request, options: options, handle)"
    case (true, true):
      signature = Signature(
        head: "public nonisolated(nonsending) func \(name)<Result>",
        parameters: [options, produce, handle],
        tail: "async throws -> Result")
      body = "try await channel.bidirectional(Method.\(name), options: options, produce, handle)"
    }
    call(signature, opening: " {")
    line("  \(body)")
    line("}")
  }

  private mutating func call(_ signature: Signature, opening: String = "") {
    let parameters = signature.parameters.joined(separator: ", ")
    let oneLine = "\(signature.head)(\(parameters)) \(signature.tail)\(opening)"
    if oneLine.count <= 94 { return line(oneLine) }
    line("\(signature.head)(")
    line(
      "  \(parameters.count <= 92 ? parameters : signature.parameters.joined(separator: ",\n      "))"
    )
    line(") \(signature.tail)\(opening)")
  }
}
