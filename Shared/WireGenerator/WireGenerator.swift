// wire-generator: Swift for the contracts in Protos, on top of the C that protoc-c makes of them. Reads
// what `protoc --descriptor_set_out --include_imports --include_source_info` wrote and writes one Swift
// file per proto package. The same input gives the same bytes.

import Descriptors
import Foundation

@main
struct WireGenerator {
  static let usage = """
    usage: wire-generator [--view=<message>]... <descriptor set> <output folder> <C module> [<module>...]
    Writes <output folder>/<Namespace>.swift for every package in the descriptor set. <C module> is what
    protoc-c's output is compiled to; each further <module> is imported as well. With --view the message
    of that full name, and those in it, can be handled without making Swift values of them.

    """

  static func main() {
    var arguments = CommandLine.arguments.dropFirst()
    var views: [String] = []
    while let argument = arguments.first, argument.hasPrefix("--view=") {
      views.append(String(argument.dropFirst(7)))
      arguments.removeFirst()
    }
    guard arguments.count >= 3 else {
      FileHandle.standardError.write(Data(usage.utf8))
      exit(64)
    }
    do {
      let input = URL(fileURLWithPath: arguments[arguments.startIndex])
      let files = try File.read(descriptorSet: [UInt8](Data(contentsOf: input)))
      let output = URL(
        fileURLWithPath: arguments[arguments.startIndex + 1], isDirectory: true)
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
      let modules = Array(arguments.dropFirst(2))
      for (namespace, text) in try generate(files, importing: modules, viewing: views) {
        try Data(text.utf8).write(to: output.appendingPathComponent("\(namespace).swift"))
      }
    } catch {
      FileHandle.standardError.write(Data("wire-generator: \(error)\n".utf8))
      exit(1)
    }
  }

  /// Source text by namespace.
  static func generate(
    _ files: [File], importing modules: [String], viewing views: [String] = []
  ) throws -> [String: String] {
    for file in files { try file.checkSupport() }
    let types = try Types(files, viewing: views)
    var result: [String: String] = [:]
    for (package, files) in Dictionary(grouping: files, by: \.package) {
      let namespace = SwiftName.namespace(package: package)
      guard result[namespace] == nil else {
        throw DescriptorError(
          description: "two packages would both be called \(namespace) in Swift")
      }
      var out = SwiftWriter(types: types)
      out.line(
        "// Made by scripts/generate-protos.sh from \(files.map(\.name).joined(separator: ", ")).")
      out.line("// swift-format-ignore-file")
      out.line()
      out.line("package import \(modules[0])")
      for module in (modules.dropFirst() + ["RPC"]).sorted() { out.line("public import \(module)") }
      out.line()
      out.line("/// The contract `\(package)`.")
      out.line("public enum \(namespace) {}")
      for file in files {
        out.line()
        try out.block("extension \(namespace)") { try $0.write(file) }
        for type in file.enums {
          out.line()
          out.block("extension \(namespace)") { $0.write(type) }
        }
        for message in file.messages {
          out.line()
          try out.block("extension \(namespace)") { try $0.write(message) }
          try out.writeCoding(message)
        }
        for service in file.services { out.write(service, of: file, namespace: namespace) }
      }
      result[namespace] = out.text
    }
    return result
  }
}
