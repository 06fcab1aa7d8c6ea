import Foundation
import Testing
import Transformer

/// Folders that tests may be given.
enum TestFolders {
  static func folder(_ variable: String) -> URL? {
    guard let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty else {
      return nil
    }
    return URL(filePath: path, directoryHint: .isDirectory)
  }

  static let encoders = folder("LAUTER_TEST_ENCODERS")
  static let shared = folder("LAUTER_TEST_SHARED")
  static let minilm = encoders?.appending(path: "all-MiniLM-L6-v2")
  static let hasMinilm = minilm != nil
  static let python = ProcessInfo.processInfo.environment["LAUTER_TEST_PYTHON"]

  /// A new folder that is removed at the end of `body`.
  static func withTemporary<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "lauter-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}

@Suite("Tokenizer")
struct TokenizerTests {
  struct Golden: Decodable {
    struct Case: Decodable {
      let text: String
      let ids: [Int32]
      let ids_256: [Int32]?
    }
    let cases: [Case]
  }

  @Test(
    "Golden ids", .enabled(if: TestFolders.hasMinilm && TestFolders.shared != nil, "no golden data")
  )
  func golden() throws {
    let tokenizer = try Tokenizer(directory: TestFolders.minilm!)
    let file = TestFolders.shared!.appending(path: "golden/tokens.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    #expect(golden.cases.count > 100)
    for (index, example) in golden.cases.enumerated() {
      #expect(tokenizer.encode(example.text, maxTokens: 100_000) == example.ids, "case \(index)")
      let cut = example.ids_256 ?? example.ids
      #expect(tokenizer.encode(example.text, maxTokens: 256) == cut, "case \(index), cut")
    }
  }
}
