import Descriptors
import DynamicMessages
import RPC
import Wire

/// Asks a server what its services are (`grpc.reflection`, v1 or else v1alpha).
struct ReflectionClient {
  let channel: RPCChannel

  private typealias Request = ReflectionV1.ServerReflectionRequest
  private typealias Response = ReflectionV1.ServerReflectionResponse

  /// The types of the file that declares a service, and of all it imports.
  ///
  /// Throws `RPCError` as the server answers, NOT_FOUND if it does not know the service; `Failure`
  /// where it does not describe itself.
  func types(declaring service: String) async throws -> MessageTypes {
    do {
      return try await types(declaring: service, version: "v1")
    } catch let error as RPCError where error.code == .unimplemented {
      // The two are the same on the wire, and older servers have this one alone.
      do {
        return try await types(declaring: service, version: "v1alpha")
      } catch let error as RPCError where error.code == .unimplemented {
        throw Failure(
          .failed, "the server does not describe its services, so they cannot be called by name",
          hint: "it serves neither grpc.reflection.v1 nor v1alpha")
      }
    }
  }

  private func types(declaring service: String, version: String) async throws -> MessageTypes {
    var files: [String: File] = [:]
    var wanted: [Request.MessageRequest] = [.fileContainingSymbol(service)]
    // A server may send the file alone, or with all it imports.
    while !wanted.isEmpty {
      for file in try await ask(wanted, version: version) { files[file.name] = file }
      let missing = Set(files.values.flatMap(\.imports)).subtracting(files.keys)
      wanted = missing.sorted().map { .fileByFilename($0) }
    }
    return MessageTypes(Array(files.values))
  }

  private func ask(_ requests: [Request.MessageRequest], version: String) async throws -> [File] {
    let method = MethodDescriptor(
      service: "grpc.reflection.\(version).ServerReflection", method: "ServerReflectionInfo")
    return try await channel.bidirectional(
      method, options: .quick,
      { (writer: RequestWriter<Request>) in
        for request in requests { try await writer.write(.init(messageRequest: request)) }
      },
      { (responses: ResponseStream<Response>) in
        var files: [File] = []
        for try await response in responses {
          switch response.messageResponse {
          case .fileDescriptorResponse(let found):
            for bytes in found.fileDescriptorProto { files.append(try File(bytes[...])) }
          case .errorResponse(let error):
            throw RPCError(
              code: .init(rawValue: Int(error.errorCode)) ?? .unknown, message: error.errorMessage)
          default:
            throw Failure(.failed, "the server's reflection answers something else than asked")
          }
        }
        return files
      })
  }
}
