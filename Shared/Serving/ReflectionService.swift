import Descriptors
public import RPC
import Synchronization
public import Wire

/// `grpc.reflection`, v1 and v1alpha: tells tools what a server's services are, so that they can list,
/// describe and call them without the contracts at hand (grpc/grpc `doc/server-reflection.md`).
///
/// Knows the files that declare the services it is given and what those import, and no others. A
/// service without a file is listed and cannot be described. Safe to use from any thread.
public struct ReflectionService: ReflectionV1.ServerReflection {
  private let services: [String]
  private let index: Index

  /// What a server registers beside `services`: reflection in both versions, which describe themselves too.
  public static func definitions(for services: [ServiceDefinition]) -> [ServiceDefinition] {
    let versions = [
      ("grpc.reflection.v1.ServerReflection", ReflectionV1.reflectionProto),
      ("grpc.reflection.v1alpha.ServerReflection", ReflectionV1alpha.reflectionProto),
    ]
    let reflection = ReflectionService(
      services: (services.map(\.name) + versions.map(\.0)).sorted(),
      index: Index(services.compactMap(\.file) + versions.map(\.1)))
    // The two versions are the same on the wire; only the package's name differs.
    let methods = reflection.definition.methods
    return versions.map { ServiceDefinition($0, file: $1, methods: methods) }
  }

  public func serverReflectionInfo(
    _ requests: RequestStream<ReflectionV1.ServerReflectionRequest>,
    responses: ResponseWriter<ReflectionV1.ServerReflectionResponse>, context: CallContext
  ) async throws {
    for try await request in requests {
      try await responses.write(
        .init(
          validHost: request.host, originalRequest: request, messageResponse: answer(to: request)))
    }
  }

  private typealias Answer = ReflectionV1.ServerReflectionResponse.MessageResponse

  private func answer(to request: ReflectionV1.ServerReflectionRequest) -> Answer {
    switch request.messageRequest {
    case .listServices:
      return .listServicesResponse(.init(service: services.map { .init(name: $0) }))
    case .fileByFilename(let name):
      return files(index.file(named: name), orNotFound: "file '\(name)'")
    case .fileContainingSymbol(let symbol):
      return files(index.file(declaring: symbol), orNotFound: "symbol '\(symbol)'")
    case .fileContainingExtension(let key):
      let name = "extension \(key.extensionNumber) of '\(key.containingType)'"
      return files(
        index.file(extending: key.containingType, number: Int(key.extensionNumber)),
        orNotFound: name)
    case .allExtensionNumbersOfType(let type):
      guard let numbers = index.extensionNumbers(of: type) else {
        return error(.notFound, "this server knows no message '\(type)'")
      }
      return .allExtensionNumbersResponse(
        .init(baseTypeName: type, extensionNumber: numbers.map(Int32.init)))
    case nil:
      return error(.invalidArgument, "the request asks for nothing: set one of message_request")
    }
  }

  /// The file with everything it imports, itself first.
  private func files(_ file: ProtoFile?, orNotFound what: String) -> Answer {
    guard let file else { return error(.notFound, "this server knows no \(what)") }
    return .fileDescriptorResponse(
      .init(fileDescriptorProto: closure(of: [file]).map(\.descriptor)))
  }

  private func error(_ code: RPCError.Code, _ message: String) -> Answer {
    .errorResponse(.init(errorCode: Int32(code.rawValue), errorMessage: message))
  }
}

/// The files and what they import, each once, in the order met.
private func closure(of files: [ProtoFile]) -> [ProtoFile] {
  var seen: Set<String> = []
  var result: [ProtoFile] = []
  var pending = files[...]
  while let file = pending.popFirst() {
    guard seen.insert(file.name).inserted else { continue }
    result.append(file)
    pending += file.imports
  }
  return result
}

/// Which file declares what. Made when first asked: few servers ever are.
private final class Index: Sendable {
  private struct Names {
    var files: [String: ProtoFile] = [:]
    var symbols: [String: ProtoFile] = [:]
    var extensions: [String: [Int: ProtoFile]] = [:]
  }

  private let roots: [ProtoFile]
  private let made = Mutex<Names?>(nil)

  init(_ roots: [ProtoFile]) { self.roots = roots }

  private var names: Names {
    made.withLock { made in
      if let made { return made }
      var names = Names()
      for file in closure(of: roots) {
        names.files[file.name] = file
        // Our generator wrote it, from what protoc had read.
        guard let contents = try? File(file.descriptor[...]) else { continue }
        for symbol in contents.symbols { names.symbols[symbol] = file }
        for each in contents.allExtensions {
          names.extensions[each.extendee, default: [:]][each.number] = file
        }
      }
      made = names
      return names
    }
  }

  func file(named name: String) -> ProtoFile? { names.files[name] }

  func file(declaring symbol: String) -> ProtoFile? { names.symbols[symbol] }

  func file(extending type: String, number: Int) -> ProtoFile? {
    names.extensions[type]?[number]
  }

  /// Nil where no file declares the type.
  func extensionNumbers(of type: String) -> [Int]? {
    guard names.symbols[type] != nil else { return nil }
    return names.extensions[type, default: [:]].keys.sorted()
  }
}
