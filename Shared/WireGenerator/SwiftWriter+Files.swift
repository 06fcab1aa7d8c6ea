// A file's own description, which servers hand out through reflection.

import Descriptors
import Foundation

extension SwiftWriter {
  /// `StoreV1.storeProto`
  func swiftName(_ file: File) -> String {
    "\(SwiftName.namespace(package: file.package)).\(fileMember(file))"
  }

  mutating func write(_ file: File) throws {
    let imports = try file.imports.map { name in
      guard let imported = types.files[name] else {
        throw DescriptorError(description: "\(file.name) imports \(name), which is not there")
      }
      return swiftName(imported)
    }
    comment(["`\(file.name)`, for reflection."])
    line("public static let \(fileMember(file)) = ProtoFile(")
    line("  \"\(file.name)\", imports: [\(imports.joined(separator: ", "))],")
    line("  descriptor: \"\"\"")
    let text = Data(file.bytes).base64EncodedString(options: [
      .lineLength76Characters, .endLineWithLineFeed,
    ])
    let lines = text.split(separator: "\n")
    for part in lines.dropLast() { line("    \(part)\\") }
    line("    \(lines.last ?? "")")
    line("    \"\"\")")
  }

  private func fileMember(_ file: File) -> String {
    let base = file.name.split(separator: "/").last ?? ""
    let stem = base.hasSuffix(".proto") ? base.dropLast(6) : base[...]
    return SwiftName.member(stem.replacing("-", with: "_") + "_proto", escaped: false)
  }
}
