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

  /// Texts that tell the released tokenizer's rules from what one might think they are.
  static let vectors: [(text: String, ids: [Int32])] = [
    ("Hello, world!", [7592, 1010, 2088, 999]),
    ("café naïve Ünïcödé", [7668, 15743, 27260]),
    ("东京2024年", [100, 1755, 16798, 2549, 1840]),
    ("ﬁne ①½", [1984, 2638, 100]),
    ("don't stop—now…", [2123, 1005, 1056, 2644, 1517, 2085, 1529]),
    ("a\0b\u{FFFD}c\u{200B}d\u{AD}e", [5925, 3207]),
    (
      "tab\tnl\ncr\rnbsp\u{A0}em\u{2003}zwnbsp\u{FEFF}x",
      [21628, 17953, 13675, 1050, 5910, 2361, 7861, 1062, 7962, 5910, 2361, 2595]
    ),
    ("İstanbul ǅ ß ẞ", [9960, 100, 1096, 1096]),
    (
      "안녕하세요",
      [1463, 30006, 30021, 29992, 30010, 30025, 30005, 30006, 29997, 30009, 29999, 30013]
    ),
    (
      "ひらがな カタカナ ｶﾀｶﾅ",
      [1673, 30211, 30177, 30193, 1700, 30235, 30226, 30241, 100]
    ),
    ("😀 ok 👍🏽", [100, 7929, 100]),
    (String(repeating: "x", count: 100), [22038] + [Int32](repeating: 20348, count: 49)),
    (String(repeating: "x", count: 101), [100]),
    ("[CLS] hi [SEP] [MASK] [UNK] [cls]", [101, 7632, 102, 103, 100, 1031, 18856, 2015, 1033]),
    (
      "price: $5.99 (50% off) <b>^_^`~|+=</b>",
      [
        3976, 1024, 1002, 1019, 1012, 5585, 1006, 2753, 1003, 2125, 1007, 1026, 1038, 1028, 1034,
        1035, 1034, 1036, 1066, 1064, 1009, 1027, 1026, 1013, 1038, 1028,
      ]
    ),
    ("e\u{301}clair E\u{301}", [14925, 19771, 2099, 1041]),
    ("don’t “quoted” ‘x’", [2123, 1521, 1056, 1523, 9339, 1524, 1520, 1060, 1521]),
    ("Ⅷ ⅷ ﷺ", [100, 100, 100]),
    ("", []),
    ("   ", []),
    (
      "a_b-c/d\\e@f.com",
      [1037, 1035, 1038, 1011, 1039, 1013, 1040, 1032, 1041, 1030, 1042, 1012, 4012]
    ),
    (
      "supercalifragilisticexpialidocious",
      [3565, 9289, 10128, 29181, 24411, 4588, 10288, 19312, 21273, 10085, 6313]
    ),
    ("qzxqzxqzx กข", [1053, 2480, 2595, 4160, 2480, 2595, 4160, 2480, 2595, 100]),
    ("١٢٣ ४५६", [100, 100]),
    ("🇫🇷 ❤️", [100, 100]),
    ("𝐛𝐨𝐥𝐝 Ｆｕｌｌ", [100, 100]),
    ("ΑΣΣ ς Σ", [1155, 29733, 29733, 1172, 1173]),
    ("a\u{378}b", [100]),
    ("a\u{E000}b", [11113]),
    ("a\u{85}b", [11113]),
    ("a\u{2028}b", [1037, 1038]),
    ("€5 °C ©", [1574, 2629, 6362, 1075]),
    ("ẞSS", [1096, 4757]),
    ("か\u{3099}", [1651]),
    ("\u{130}I\u{307}ı", [2462, 11722]),
    (
      String(repeating: "x", count: 99) + "é",
      [22038] + [Int32](repeating: 20348, count: 48) + [2595, 2063]
    ),
  ]

  @Test("Reference vectors", .enabled(if: TestFolders.hasMinilm, "LAUTER_TEST_ENCODERS is not set"))
  func vectors() throws {
    let tokenizer = try Tokenizer(directory: TestFolders.minilm!)
    for (text, ids) in Self.vectors {
      #expect(
        tokenizer.encode(text, maxTokens: 200) == [101] + ids + [102], "\(text.debugDescription)")
    }
  }

  @Test("Cutting keeps the first tokens and both ends")
  func truncation() throws {
    try TestFolders.withTemporary { folder in
      let tokenizer = try Self.small(in: folder)
      let whole = tokenizer.encode("abc ab c [SEP] abc", maxTokens: 50)
      for length in 2...whole.count {
        let cut = tokenizer.encode("abc ab c [SEP] abc", maxTokens: length)
        #expect(cut == whole.prefix(length - 1) + [tokenizer.separator])
      }
    }
  }

  @Test("Special tokens in a text are special, unless neutralised")
  func specialTokens() throws {
    try TestFolders.withTemporary { folder in
      var tokenizer = try Self.small(in: folder)
      #expect(tokenizer.encode("ab[SEP]c", maxTokens: 50) == [2, 5, 3, 7, 3])
      tokenizer.neutralizesSpecialTokens = true
      // "[", "sep" and "]" are not in this vocabulary.
      #expect(tokenizer.encode("ab[SEP]c", maxTokens: 50) == [2, 5, 1, 1, 1, 7, 3])
    }
  }

  @Test("Canonically equivalent tokens stay two tokens")
  func equivalentTokens() throws {
    try TestFolders.withTemporary { folder in
      let lines = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "é", "e\u{301}"]
      try Self.write(lines.joined(separator: "\n") + "\n", "vocab.txt", folder)
      try Self.write(#"{"do_lower_case": false}"#, "tokenizer_config.json", folder)
      let tokenizer = try Tokenizer(directory: folder)
      #expect(tokenizer.encode("é", maxTokens: 9) == [2, 4, 3])
      #expect(tokenizer.encode("e\u{301}", maxTokens: 9) == [2, 5, 3])
    }
  }

  @Test(
    "vocab.txt alone, tokenizer.json alone and both give the same ids",
    .enabled(if: TestFolders.hasMinilm, "LAUTER_TEST_ENCODERS is not set"))
  func eitherFile() throws {
    let both = try Tokenizer(directory: TestFolders.minilm!)
    for file in ["vocab.txt", "tokenizer.json"] {
      try TestFolders.withTemporary { folder in
        try FileManager.default.copyItem(
          at: TestFolders.minilm!.appending(path: file), to: folder.appending(path: file))
        let alone = try Tokenizer(directory: folder)
        #expect(alone.vocabularySize == both.vocabularySize)
        for (text, _) in Self.vectors {
          #expect(alone.encode(text, maxTokens: 200) == both.encode(text, maxTokens: 200))
        }
      }
    }
  }

  @Test("Files that disagree are refused with the line")
  func disagreement() throws {
    try TestFolders.withTemporary { folder in
      try Self.write(
        Self.json(vocabulary: #""[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"ab":4"#), "tokenizer.json",
        folder)
      try Self.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\nab\n", "vocab.txt", folder)
      #expect(throws: Never.self) { try Tokenizer(directory: folder) }
      try Self.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\nabc\n", "vocab.txt", folder)
      #expect { try Tokenizer(directory: folder) } throws: {
        "\($0)".contains("vocab.txt: line 5 ")
      }
    }
  }

  @Test(
    "Other tokenizers are refused by name",
    arguments: [
      (#""BertNormalizer""#, #""NFC""#, "normalizer 'NFC'"),
      (#""BertPreTokenizer""#, #""ByteLevel""#, "pre_tokenizer 'ByteLevel'"),
      (#""WordPiece""#, #""BPE""#, "model 'BPE'"),
      (#""BertProcessing""#, #""RobertaProcessing""#, "post_processor 'RobertaProcessing'"),
    ])
  func unsupported(_ old: String, _ new: String, _ named: String) throws {
    try TestFolders.withTemporary { folder in
      let json = Self.json(vocabulary: #""[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3"#)
      try Self.write(json.replacing(old, with: new), "tokenizer.json", folder)
      #expect { try Tokenizer(directory: folder) } throws: { "\($0)".contains(named) }
    }
  }

  @Test(
    "5,000 strings over all of Unicode against the tokenizers package",
    .enabled(
      if: TestFolders.hasMinilm && TestFolders.python != nil,
      "LAUTER_TEST_PYTHON (an interpreter with tokenizers) or LAUTER_TEST_ENCODERS is not set"))
  func reference() throws {
    var random = SplitMix(state: 20_260_101)
    let texts = (0..<5_000).map { _ in Self.randomText(&random) }
    let tokenizer = try Tokenizer(directory: TestFolders.minilm!)
    let script = """
      import json, sys, tokenizers
      t = tokenizers.Tokenizer.from_file(sys.argv[1])
      t.no_padding(); t.no_truncation()
      json.dump([e.ids for e in t.encode_batch(json.load(open(sys.argv[2])))], open(sys.argv[3], "w"))
      """
    try TestFolders.withTemporary { folder in
      let (input, output) = (
        folder.appending(path: "texts.json"), folder.appending(path: "ids.json")
      )
      try JSONEncoder().encode(texts).write(to: input)
      let python = Process()
      python.executableURL = URL(filePath: TestFolders.python!)
      python.arguments = [
        "-c", script, TestFolders.minilm!.appending(path: "tokenizer.json").path(),
        input.path(), output.path(),
      ]
      try python.run()
      python.waitUntilExit()
      #expect(python.terminationStatus == 0)
      let expected = try JSONDecoder().decode([[Int32]].self, from: Data(contentsOf: output))
      #expect(expected.count == texts.count)
      for (text, ids) in zip(texts, expected) {
        #expect(tokenizer.encode(text, maxTokens: 100_000) == ids, "\(text.debugDescription)")
      }
    }
  }

  // MARK: Making tokenizers and texts

  static func write(_ text: String, _ name: String, _ folder: URL) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  /// [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, ab 5, ##c 6, c 7.
  static func small(in folder: URL) throws -> Tokenizer {
    try write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nab\n##c\nc\n", "vocab.txt", folder)
    return try Tokenizer(directory: folder)
  }

  static func json(vocabulary: String) -> String {
    #"""
    {"normalizer": {"type": "BertNormalizer", "lowercase": true},
     "pre_tokenizer": {"type": "BertPreTokenizer"},
     "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
     "added_tokens": [], "model": {"type": "WordPiece", "vocab": {\#(vocabulary)}}}
    """#
  }

  private static func randomText(_ random: inout SplitMix) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 1...30, using: &random) {
      let range: ClosedRange<UInt32> =
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2: 0x20...0x7E
        case 3: 0...0x24F
        case 4: 0x300...0x36F
        case 5: 0x370...0x1FFF
        case 6: 0x2000...0x33FF
        case 7: 0xA000...0xFFFF
        case 8: 0x1_0000...0x1_FFFF
        default: 0...0x10_FFFF
        }
      guard let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) else { continue }
      text.append(scalar)
    }
    return String(text)
  }
}

/// Steele, Lea and Flood's SplitMix64: the same texts in every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
