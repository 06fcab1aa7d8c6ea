import Artefacts
import Foundation
import Schema
import Testing
import Wire

@Suite("File manifest")
struct FileManifestTests {
  @Test("A folder is its files in the order of their paths' bytes, hidden ones left out")
  func folder() throws {
    try withFolder { folder in
      try write(
        ["b.json": "B", "a/z.txt": "Z", "B.json": "b", "é": "e", ".git/config": "x", "a/.DS": "x"],
        folder)
      let manifest = try FileManifest(folder: folder)
      #expect(manifest.files.map(\.path) == ["B.json", "a/z.txt", "b.json", "é"])
      #expect(manifest.files[1].digest == Digest(of: "Z".utf8))
      #expect(manifest.sizeBytes == 4)
      let lines = manifest.files.map { "\($0.path) \($0.digest)\n" }.joined()
      #expect(manifest.digest == Digest(of: lines.utf8))
      let again = try FileManifest(manifest.messages.shuffled())
      #expect(again == manifest)
    }
  }

  @Test(
    "Paths that could lead out of a folder are refused",
    arguments: [
      "", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a/.", "a\\b", "a\nb", "a\u{7F}",
    ])
  func unsafe(_ path: String) {
    let file = StoreV1.File(path: path, digest: Digest(of: []).description)
    #expect { try FileManifest([file]) } throws: { error in
      (error as? SchemaError)?.field == "files[0].path"
    }
  }

  @Test("What cannot be a folder is refused")
  func impossible() {
    func file(_ path: String, _ digest: String = Digest(of: []).description) -> StoreV1.File {
      StoreV1.File(path: path, digest: digest)
    }
    #expect(throws: SchemaError.self) { try FileManifest([]) }
    #expect(throws: SchemaError.self) { try FileManifest([file("a"), file("a")]) }
    #expect(throws: SchemaError.self) { try FileManifest([file("a"), file("a/b")]) }
    #expect(throws: SchemaError.self) { try FileManifest([file("a-b"), file("a"), file("a/b/c")]) }
    #expect { try FileManifest([file("a"), file("b", "sha256:0")]) } throws: { error in
      (error as? SchemaError)?.field == "files[1].digest"
    }
  }

  @Test("Symbolic links are followed inside the folder, never out of it")
  func links() throws {
    try withFolder { outside in
      try write(["secret": "s"], outside)
      try withFolder { folder in
        try write(["real/file": "f"], folder)
        let link = folder.appending(path: "link").path()
        try FileManager.default.createSymbolicLink(
          atPath: link, withDestinationPath: folder.appending(path: "real/file").path())
        let paths = try FileManifest(folder: folder).files.map(\.path)
        #expect(paths == ["link", "real/file"])
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(
          atPath: link, withDestinationPath: outside.appending(path: "secret").path())
        #expect { try FileManifest(folder: folder) } throws: {
          "\($0)".contains("out of the folder")
        }
      }
    }
  }

  @Test("An empty folder and none are refused")
  func empty() throws {
    try withFolder { folder in
      #expect { try FileManifest(folder: folder) } throws: { "\($0)".contains("no file") }
      #expect { try FileManifest(folder: folder.appending(path: "none")) } throws: {
        "\($0)".contains("not a folder")
      }
    }
  }
}
