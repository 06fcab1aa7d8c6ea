import Artefacts
import Foundation
import Testing

@Suite("Digest")
struct DigestTests {
  /// FIPS 180-4's examples.
  @Test(
    "SHA-256 of the standard's examples",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ])
  func examples(_ text: String, _ hex: String) throws {
    let digest = Digest(of: text.utf8)
    #expect(digest.hex == hex)
    #expect(digest.description == "sha256:\(hex)")
    #expect(Digest(digest.description) == digest)
    var hasher = Digest.Hasher()
    for start in stride(from: 0, to: text.utf8.count, by: 1000) {
      hasher.update(Array(text.utf8.dropFirst(start).prefix(1000)))
    }
    #expect(hasher.finalize() == digest)
    #expect(hasher.finalize() == digest)
    try withFolder { folder in
      let file = folder.appending(path: "file")
      try Data(text.utf8).write(to: file)
      let ofFile = try Digest(ofFile: file)
      #expect(ofFile == digest)
    }
  }

  @Test(
    "Only the one spelling is a digest",
    arguments: [
      "", "sha256:", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
      "sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g",
    ])
  func spelling(_ text: String) {
    #expect(Digest(text) == nil)
  }
}

/// A new folder that is removed at the end of `body`.
func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
  let folder = try newFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

func withFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
  let folder = try newFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

private func newFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "lauter-\(UUID().uuidString)", directoryHint: .isDirectory)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}

/// Writes files below a folder, making the folders they are in.
func write(_ files: [String: String], _ folder: URL) throws {
  for (path, text) in files {
    let file = folder.appending(path: path, directoryHint: .notDirectory)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}
