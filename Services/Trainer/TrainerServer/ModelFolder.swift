package import Foundation
package import Transformer

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A model as files: the encoder's folder with the fine-tuned weights in the old ones' place, the
/// head, and `lauter.json`. sentence-transformers reads the body as it stands.
package enum ModelFolder {
  /// Makes the folder, whole or not at all (its parent must exist). An existing folder is refused unless
  /// it is empty.
  ///
  /// - Parameter finish: what is done to the folder's files before they are put in place.
  /// - Throws: `ModelFolderError`, `EncoderError`, `CancellationError`, what `finish` throws.
  package static func write(
    _ body: borrowing EncoderBody, head: ClassificationHead, manifest: ModelManifest,
    card: ModelCard, to folder: URL, finish: (_ files: URL) throws -> Void
  ) throws {
    try requireNew(folder)
    let path = folder.path(percentEncoded: false)
    let scratch: ScratchFolder
    do {
      scratch = try ScratchFolder(
        in: folder.deletingLastPathComponent(), prefix: ".\(folder.lastPathComponent).")
    } catch { throw ModelFolderError(folder: path, message: "cannot be written: \(error)") }
    let part = scratch.url
    do {
      try fill(part, body, head: head, manifest: manifest, card: card)
      try finish(part)
      // An empty folder may be in its place, and nothing else: whatever came meanwhile stays.
      guard rename(part.path(percentEncoded: false), path) == 0 else {
        let reason = errno
        throw ModelFolderError(
          folder: path,
          message: [ENOTEMPTY, EEXIST, ENOTDIR].contains(reason)
            ? notNew : "cannot be put in place: \(String(cString: strerror(reason)))")
      }
    } catch {
      scratch.remove()
      if error is CancellationError || error is ModelFolderError { throw error }
      if let error = error as? EncoderError, !error.file.hasPrefix(part.path(percentEncoded: false))
      {
        // What is read, not what is written.
        throw error
      }
      let reason = (error as? EncoderError)?.message ?? error.localizedDescription
      let full =
        (error as? CocoaError)?.code == .fileWriteOutOfSpace
        || reason.contains(String(cString: strerror(ENOSPC)))
      throw ModelFolderError(
        folder: path,
        message: full
          ? "the disk is full; nothing was kept. Free some space, or use a folder elsewhere"
          : "cannot be written: \(reason)")
    }
  }

  private static func fill(
    _ folder: URL, _ body: borrowing EncoderBody, head: ClassificationHead, manifest: ModelManifest,
    card: ModelCard
  ) throws {
    let files = FileManager.default
    let source = body.directory.url.standardizedFileURL
    let weights = try body.directory.weights().url.standardizedFileURL
    var copied: [String] = []
    for file in try regularFiles(below: source) {
      let from = source.appending(path: file, directoryHint: .notDirectory)
      // The weights are written anew.
      if from.standardizedFileURL == weights || isOwn(file) { continue }
      let to = folder.appending(path: file, directoryHint: .notDirectory)
      try files.createDirectory(
        at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: from.resolvingSymlinksInPath(), to: to)
      copied.append(file)
    }
    if body.maxTokens != body.directory.configuration.maxTokens {
      try cut(folder, files: copied, to: body.maxTokens)
    }
    let relative = weights.pathComponents.dropFirst(source.pathComponents.count)
    try Safetensors.write(
      tensors: body.tensors(), metadata: ["format": "pt"],
      to: folder.appending(path: relative.joined(separator: "/"), directoryHint: .notDirectory))
    try head.write(to: folder)
    try manifest.write(to: folder)
    try card.write(to: folder)
  }

  private static let notNew = "is there and not an empty folder; name one that is new"

  /// To be asked before training for minutes, too.
  ///
  /// - Throws: `ModelFolderError` if there is something already, or a folder cannot be made there.
  package static func requireNew(_ folder: URL) throws {
    let files = FileManager.default
    let path = folder.path(percentEncoded: false)
    func refuse(_ message: String) -> ModelFolderError {
      ModelFolderError(folder: path, message: message)
    }
    var status = stat()
    // Not what a link points to: the link would have to go.
    let bare = path.hasSuffix("/") ? String(path.dropLast()) : path
    if lstat(bare, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR,
        (try? files.contentsOfDirectory(atPath: path))?.isEmpty == true
      else { throw refuse(notNew) }
    }
    let parent = folder.standardizedFileURL.deletingLastPathComponent().path(percentEncoded: false)
    var isFolder: ObjCBool = false
    guard files.fileExists(atPath: parent, isDirectory: &isFolder), isFolder.boolValue else {
      throw refuse("cannot be made: there is no folder \(parent); make it first")
    }
    // Nothing can be renamed onto a mount point.
    var above = stat()
    let isMounted =
      lstat(bare, &status) == 0 && stat(parent, &above) == 0 && status.st_dev != above.st_dev
    if isMounted { throw refuse("is where another disk is mounted; name a folder in it") }
    guard access(parent, W_OK | X_OK) == 0 else {
      throw refuse("cannot be made: \(parent): \(String(cString: strerror(errno)))")
    }
  }

  /// A model may be the encoder of another, also one that SetFit saved; its head and description are
  /// then replaced. No pickle is ever passed on.
  private static func isOwn(_ file: String) -> Bool {
    [
      ClassificationHead.fileName, ModelManifest.fileName, ModelCard.fileName,
      "config_setfit.json",
    ].contains(file) || file.hasPrefix("\(ModelCard.plots)/") || file.hasSuffix(".pkl")
  }

  /// Writes the tokens per text where sentence-transformers looks for them: before its version 6 in the
  /// one file, from then on in the other.
  private static func cut(_ folder: URL, files: [String], to maxTokens: Int) throws {
    let keys = [
      "sentence_bert_config.json": "max_seq_length", "tokenizer_config.json": "model_max_length",
    ]
    for file in files {
      let url = folder.appending(path: file, directoryHint: .notDirectory)
      guard let key = keys[url.lastPathComponent],
        var settings = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
          as? [String: Any]
      else { continue }
      settings[key] = maxTokens
      try JSONSerialization.data(
        withJSONObject: settings, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      ).write(to: url)
    }
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
