package import Foundation
package import Transformer

/// A model as files: the encoder's folder with the fine-tuned weights in the old ones' place, the
/// head, and `lauter.json`. sentence-transformers reads the body as it stands.
package enum ModelFolder {
  /// Makes the folder (its parent must exist). An existing folder is refused unless it is empty.
  ///
  /// - Throws: `EncoderError`; errors of the file system, with the folder half written.
  package static func write(
    _ body: borrowing EncoderBody, head: ClassificationHead, manifest: ModelManifest,
    to folder: URL
  ) throws {
    let files = FileManager.default
    let path = folder.path(percentEncoded: false)
    if let found = try? files.contentsOfDirectory(atPath: path), !found.isEmpty {
      throw ModelFolderError(folder: path, message: "is not empty; name a folder that is new")
    }
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    let source = body.directory.url.standardizedFileURL
    let weights = try body.directory.weights().url.standardizedFileURL
    for file in try regularFiles(below: source) {
      let from = source.appending(path: file, directoryHint: .notDirectory)
      // The weights are written anew, and a readme would describe the encoder, not the model.
      if from.standardizedFileURL == weights || file == "README.md" || isOwn(file) { continue }
      let to = folder.appending(path: file, directoryHint: .notDirectory)
      try files.createDirectory(
        at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: from.resolvingSymlinksInPath(), to: to)
    }
    let relative = weights.pathComponents.dropFirst(source.pathComponents.count)
    try Safetensors.write(
      tensors: body.tensors(), metadata: ["format": "pt"],
      to: folder.appending(path: relative.joined(separator: "/"), directoryHint: .notDirectory))
    try head.write(to: folder)
    try manifest.write(to: folder)
  }

  /// A model may be the encoder of another; its head and description are then replaced.
  private static func isOwn(_ file: String) -> Bool {
    file == ClassificationHead.fileName || file == ModelManifest.fileName
  }

  /// Paths relative to the folder, sorted, hidden files and links left out.
  private static func regularFiles(below folder: URL) throws -> [String] {
    var found: [String] = []
    func visit(_ relative: String) throws {
      let url = relative.isEmpty ? folder : folder.appending(path: relative)
      for name in try FileManager.default.contentsOfDirectory(
        atPath: url.path(percentEncoded: false))
      where !name.hasPrefix(".") {
        let path = relative.isEmpty ? name : "\(relative)/\(name)"
        // Follows links: a cache may keep a folder's files as links to blobs.
        var isDirectory: ObjCBool = false
        let full = folder.appending(path: path).path(percentEncoded: false)
        guard FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory) else {
          continue
        }
        if isDirectory.boolValue { try visit(path) } else { found.append(path) }
      }
    }
    try visit("")
    return found.sorted()
  }
}

package struct ModelFolderError: Error, Sendable, Hashable, CustomStringConvertible {
  package let folder: String
  package let message: String
  package var description: String { "\(folder): \(message)" }
}
