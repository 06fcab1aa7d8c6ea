public import Foundation
import Schema
public import Wire

/// The files of an encoder or model: their paths below its folder, and what each holds.
public struct FileManifest: Sendable, Hashable {
  public struct File: Sendable, Hashable {
    /// Relative, with '/': "1_Pooling/config.json".
    public let path: String
    public let digest: Digest
    public let sizeBytes: UInt64
  }

  /// In the order of their paths' bytes.
  public let files: [File]
  /// Names the content as a whole: of the lines "path digest\n" in the order of `files`.
  public let digest: Digest

  /// - Throws: `SchemaError` if there is no file, a digest is malformed, or a path is not safe below a
  ///   folder: absolute, with "..", twice, or a file where another has a folder.
  public init(_ files: [StoreV1.File]) throws {
    try self.init(
      checking: files.enumerated().map { index, file in
        guard let digest = Digest(file.digest) else {
          throw SchemaError(
            field: "files[\(index)].digest",
            "a digest is \"sha256:\" and 64 hexadecimal digits in lower case")
        }
        return File(path: file.path, digest: digest, sizeBytes: file.sizeBytes)
      })
  }

  private init(checking files: [File]) throws {
    guard !files.isEmpty else { throw SchemaError(field: "files", "at least one file is needed") }
    for (index, file) in files.enumerated() {
      if let problem = Self.problem(file.path) {
        throw SchemaError(field: "files[\(index)].path", problem)
      }
    }
    let sorted = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    var paths = Set<[UInt8]>()
    for file in sorted where !paths.insert(Array(file.path.utf8)).inserted {
      throw SchemaError(field: "files", "the path '\(file.path)' is there twice")
    }
    for file in sorted {
      var parent = Array(file.path.utf8)
      while let slash = parent.lastIndex(of: UInt8(ascii: "/")) {
        parent.removeSubrange(slash...)
        if paths.contains(parent) {
          throw SchemaError(
            field: "files", "'\(file.path)' lies below a file of this list, which is no folder")
        }
      }
    }
    self.files = sorted
    digest = Digest(of: sorted.flatMap { Array("\($0.path) \($0.digest)\n".utf8) })
  }

  /// Reads and hashes the files below `folder`, hidden ones (".git", ".DS_Store") left out. Blocks.
  ///
  /// - Throws: `SchemaError` if there is nothing in it, or something that is neither file nor folder, or
  ///   a symbolic link that leads out of it; `RPCError` that names a file that cannot be read.
  public init(folder: URL) throws {
    var files: [File] = []
    for (path, url) in try Self.walk(folder) {
      let file = try OpenFile(reading: url)
      var hasher = Digest.Hasher()
      var size: UInt64 = 0
      try file.readAll {
        hasher.update($0)
        size += UInt64($0.count)
      }
      files.append(File(path: path, digest: hasher.finalize(), sizeBytes: size))
    }
    guard !files.isEmpty else {
      throw SchemaError(
        field: folder.path(percentEncoded: false), "there is no file in this folder")
    }
    try self.init(checking: files)
  }

  /// As the store's contract spells them.
  public var messages: [StoreV1.File] {
    files.map {
      StoreV1.File(path: $0.path, digest: $0.digest.description, sizeBytes: $0.sizeBytes)
    }
  }

  public var sizeBytes: UInt64 { files.reduce(0) { $0 &+ $1.sizeBytes } }

  /// What is wrong with a path, if anything is.
  private static func problem(_ path: String) -> String? {
    let rule = "a path is relative to the folder, without '..', such as \"1_Pooling/config.json\""
    guard !path.isEmpty, path.utf8.count <= 1024 else { return "\(rule), of 1 to 1024 bytes" }
    guard !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) else {
      return "\(rule), without control characters and '\\'"
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    for part in parts where part.isEmpty || part == "." || part == ".." || part.utf8.count > 255 {
      return rule
    }
    return nil
  }

  private static func walk(_ folder: URL) throws -> [(path: String, url: URL)] {
    let root = folder.resolvingSymlinksInPath().path(percentEncoded: false)
    var found: [(String, URL)] = []
    func visit(_ url: URL, _ prefix: String, depth: Int) throws {
      let path = url.path(percentEncoded: false)
      guard depth <= 16 else { throw SchemaError(field: path, "is over 16 folders deep") }
      let names: [String]
      do {
        names = try FileManager.default.contentsOfDirectory(atPath: path)
      } catch {
        throw SchemaError(field: path, "is not a folder that can be read")
      }
      for name in names.sorted() where !name.hasPrefix(".") {
        let child = url.appending(path: name, directoryHint: .notDirectory)
        let resolved = child.resolvingSymlinksInPath()
        let target = resolved.path(percentEncoded: false)
        guard target.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
          throw SchemaError(
            field: prefix + name, "is a symbolic link out of the folder; put a copy in its place")
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: target, isDirectory: &isFolder) else {
          throw SchemaError(field: prefix + name, "is a symbolic link to nothing")
        }
        if isFolder.boolValue {
          try visit(child, prefix + name + "/", depth: depth + 1)
        } else {
          let type = try FileManager.default.attributesOfItem(atPath: target)[.type]
          guard type as? FileAttributeType == .typeRegular else {
            throw SchemaError(field: prefix + name, "is neither a file nor a folder")
          }
          found.append((prefix + name, resolved))
        }
      }
    }
    try visit(folder, "", depth: 0)
    return found
  }
}
