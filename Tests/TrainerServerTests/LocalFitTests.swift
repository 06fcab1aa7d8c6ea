import Foundation
import Testing
import TrainerServer
import Transformer

@Suite("Training from files")
struct LocalFitTests {
  static let encoders = ProcessInfo.processInfo.environment["LAUTER_TEST_ENCODERS"]
    .map { URL(filePath: $0, directoryHint: .isDirectory) }
  static let hasEncoders: Bool = {
    let folder = encoders?.appending(path: "paraphrase-MiniLM-L3-v2/model.safetensors")
    let found = folder.map {
      FileManager.default.fileExists(atPath: $0.path(percentEncoded: false))
    }
    if found != true {
      print("training from files is skipped: LAUTER_TEST_ENCODERS names no encoders")
    }
    return found == true
  }()

  /// Three everyday topics, so that a real encoder has something to tell apart.
  static let topics = [
    "cooking": [
      "The soup needs more salt and a slow simmer.", "Bake the bread until the crust is brown.",
      "Chop the onions finely before frying them.", "This recipe calls for two eggs and butter.",
      "Let the dough rest for an hour.", "Grill the fish with lemon and herbs.",
    ],
    "sport": [
      "The striker scored twice in the second half.", "She won the marathon in record time.",
      "Our goalkeeper saved a late penalty.", "The coach changed the line-up after the defeat.",
      "He lost the tennis final in five sets.", "The team trains on the pitch every morning.",
    ],
    "weather": [
      "Heavy rain is expected along the coast tonight.", "A cold front brings snow to the hills.",
      "It will be sunny with a light breeze.", "The storm left the town without power.",
      "Fog covers the valley until noon.", "Temperatures drop below zero after midnight.",
    ],
  ]

  /// The first `count` texts of each topic from `from` on, as JSON Lines.
  static func lines(_ from: Int, _ count: Int) -> String {
    topics.keys.sorted().flatMap { topic in
      topics[topic]![from..<from + count].map { "{\"text\": \"\($0)\", \"label\": \"\(topic)\"}\n" }
    }.joined()
  }

  @Test(
    "A real encoder learns three topics, the model is written, and reads back the same",
    .enabled(if: hasEncoders))
  func realEncoder() throws {
    let scratch = try Scratch()
    let train = try scratch.file("train.jsonl", Self.lines(0, 4))
    let test = try scratch.file("test.jsonl", Self.lines(4, 2))
    let encoder = Self.encoders!.appending(path: "paraphrase-MiniLM-L3-v2")
    let output = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    var fit = LocalFit(
      train: train, test: test, encoder: encoder, output: output, recipe: Recipe(.setfit))
    fit.recipe.bodyLearningRate = 1e-4
    let report = try fit.run()
    #expect(report.labels == ["cooking", "sport", "weather"])
    #expect(report.trainRecords == 12 && report.testRecords == 6)
    #expect(report.steps == 6)
    #expect(try #require(report.accuracy) >= 5.0 / 6)
    #expect(report.confusion?.map { $0.reduce(0, +) } == [2, 2, 2])
    #expect(report.seconds.body > 0 && report.seconds.total >= report.seconds.body)
    #expect(report.peakRSSBytes > 10_000_000)

    let manifest = try ModelManifest(directory: output)
    #expect(manifest.labels == report.labels)
    #expect(manifest.encoder == "paraphrase-MiniLM-L3-v2")
    #expect(manifest.maxLength == 128)
    let precisions = try #require(manifest.precisions)
    #expect(precisions.map(\.precision) == [.bf16, .int8])
    for measured in precisions {
      #expect(measured.split == "test" && measured.texts == 6)
      #expect(measured.cosine > 0.99)
      // Six texts show nothing.
      #expect(!measured.isWithinTolerance)
    }
    // The model's own files predict what training evaluated.
    let held = try LabelledTexts(jsonLines: test)
    let actual = try held.indices(in: report.labels, file: test)
    let predicted = try LocalClassifier(folder: output).predictions(held.texts)
    let right = zip(actual, predicted).count { $0 == $1 }
    #expect(Double(right) / 6 == report.accuracy)

    // The tensors are those of the encoder's file, with other values.
    let before = try SafetensorsFile(encoder.appending(path: "model.safetensors"))
    let after = try SafetensorsFile(output.appending(path: "model.safetensors"))
    let name = "encoder.layer.0.attention.self.query.weight"
    #expect(try before.shape(of: name) == after.shape(of: name))
    #expect(try before.floats(name) != after.floats(name))

    // Once more gives the same bits, another seed others.
    let again = scratch.url.appending(path: "again", directoryHint: .isDirectory)
    fit.output = again
    _ = try fit.run()
    for file in ["model.safetensors", "head.safetensors", "lauter.json"] {
      let first = try Data(contentsOf: output.appending(path: file))
      #expect(try Data(contentsOf: again.appending(path: file)) == first)
    }
    let other = scratch.url.appending(path: "other", directoryHint: .isDirectory)
    fit.output = other
    fit.recipe.seed = 43
    _ = try fit.run()
    #expect(
      try Data(contentsOf: other.appending(path: "model.safetensors"))
        != Data(contentsOf: output.appending(path: "model.safetensors")))

    // A folder with something in it is not written over.
    #expect(throws: ModelFolderError.self) { try fit.run() }
  }

  @Test(
    "Names, suggestions and answers each teach a real encoder, and a comparison repeats no work",
    .enabled(if: hasEncoders))
  func lauter() throws {
    let scratch = try Scratch()
    // One answer a topic; the rest was suggested.
    let answers = Self.lines(0, 1)
    let rest = Self.lines(1, 3).replacing("\"label\": ", with: "\"suggestions\": [{\"label\": ")
      .replacing("\"}\n", with: "\"}]}\n")
    let train = try scratch.file("train.jsonl", answers + rest)
    let test = try scratch.file("test.jsonl", Self.lines(4, 2))
    let encoder = Self.encoders!.appending(path: "paraphrase-MiniLM-L3-v2")
    var fit = LocalFit(train: train, test: test, encoder: encoder, recipe: Recipe(.lauter))
    fit.descriptions = ["weather": "rain, sun and wind"]
    let alone = try fit.run()
    #expect(alone.trainRecords == 3 && alone.steps == 0)
    fit.recipe.suggestions = .byMostFrequentAgent
    let suggested = try fit.run()
    #expect(suggested.trainRecords == 12)
    #expect(try #require(suggested.accuracy) >= 5.0 / 6)
    fit.descriptions = ["politics": "not a label"]
    #expect(throws: (any Error).self) { try fit.run() }

    var rows: [LocalComparison.Row] = []
    let variants = ["lauter", "lauter:suggestions"].compactMap { LocalComparison.Variant($0) }
    try LocalComparison(
      train: train, test: test, encoder: encoder, variants: variants, shots: [0, 1], seeds: [1, 2],
      descriptions: ["weather": "rain, sun and wind"]
    ).run { rows.append($0) }
    #expect(rows.map(\.shots) == [0, 0, 1, 1, 1, 1])
    #expect(rows.map(\.seed) == [1, 2, 1, 1, 2, 2])
    #expect(rows[2].accuracy == alone.accuracy && rows[3].accuracy == suggested.accuracy)
    #expect(LocalComparison.Variant("magic") == nil && LocalComparison.Variant("lauter:") == nil)
  }

  @Test("A record whose text holds no token is named", .enabled(if: hasEncoders))
  func emptyText() throws {
    let scratch = try Scratch()
    let line = "{\"text\": \"\u{200B} \", \"label\": \"sport\"}\n"
    let train = try scratch.file("train.jsonl", line + Self.lines(0, 2))
    let encoder = Self.encoders!.appending(path: "paraphrase-MiniLM-L3-v2")
    #expect(throws: TrainingError.emptyTexts(externalIDs: ["1"])) {
      try LocalFit(train: train, encoder: encoder).run()
    }
  }

  @Test("More tokens than the encoder has positions are refused", .enabled(if: hasEncoders))
  func tooLong() throws {
    let scratch = try Scratch()
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)),
      encoder: Self.encoders!.appending(path: "paraphrase-MiniLM-L3-v2"))
    fit.recipe.maxLength = 600
    let error = #expect(throws: (any Error).self) { try fit.run() }
    #expect("\(try #require(error))".hasPrefix("max_length: at most 512 tokens"))
  }

  @Test(
    "An encoder with NaN in its weights is refused before anything is written",
    .enabled(if: hasEncoders))
  func nanWeights() throws {
    let scratch = try Scratch()
    let broken = scratch.url.appending(path: "broken", directoryHint: .isDirectory)
    try FileManager.default.copyItem(
      at: Self.encoders!.appending(path: "paraphrase-MiniLM-L3-v2").resolvingSymlinksInPath(),
      to: broken)
    let weights = broken.appending(path: "model.safetensors")
    var bytes = try Data(contentsOf: weights)
    // The last tensors' values: a NaN in each.
    for offset in stride(from: bytes.count / 2 & ~3, to: bytes.count - 4, by: 40_000) {
      bytes.replaceSubrange(offset..<offset + 4, with: [0, 0, 0xC0, 0x7F])
    }
    try bytes.write(to: weights)
    let output = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    let fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)), encoder: broken, output: output)
    let error = #expect(throws: TrainingError.self) { try fit.run() }
    #expect("\(try #require(error))".contains("may hold NaN"))
    #expect(!FileManager.default.fileExists(atPath: output.path(percentEncoded: false)))
  }

  @Test(
    "A bad line is named by file, line and field",
    arguments: [
      ("{\"text\": \"a\", \"label\": \"x\"}\nnot json\n", ":2: is not JSON"),
      ("{\"label\": \"x\"}\n", ":1: has no 'text'"),
      ("\n\n{\"text\": \"a\"}\n", ":3: has no 'label'"),
      ("{\"text\": 7, \"label\": \"x\"}\n", ":1: 'text' is not a string"),
      ("{\"text\": null, \"label\": \"x\"}\n", ":1: 'text' is not a string"),
      ("{\"text\": \"a\", \"label\": \" \"}\n", ":1: has an empty 'label'"),
      ("[1]\n", ":1: is not an object"),
      ("", ": has no records"),
    ])
  func badLines(content: String, message: String) throws {
    let scratch = try Scratch()
    let file = try scratch.file("bad.jsonl", content)
    let error = #expect(throws: LabelledTexts.Problem.self) {
      try LabelledTexts(jsonLines: file)
    }
    #expect("\(try #require(error))".contains("bad.jsonl\(message)"))
  }

  @Test("Bytes that are not UTF-8 and files that are not there are named")
  func unreadable() throws {
    let scratch = try Scratch()
    let file = scratch.url.appending(path: "latin1.jsonl")
    try Data("{\"text\": \"a\", \"label\": \"x\"}\n".utf8 + [0xE9, 0x0A]).write(to: file)
    let error = #expect(throws: LabelledTexts.Problem.self) { try LabelledTexts(jsonLines: file) }
    #expect("\(try #require(error))".hasSuffix("latin1.jsonl:2: is not UTF-8"))
    #expect(throws: LabelledTexts.Problem.self) {
      try LabelledTexts(jsonLines: scratch.url.appending(path: "none.jsonl"))
    }
  }

  @Test("One label only, and a test label no training record has, are refused")
  func labels() throws {
    let scratch = try Scratch()
    let one = try scratch.file("one.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n")
    let two = try scratch.file(
      "two.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\", \"label\": \"y\"}\n")
    let third = try scratch.file("third.jsonl", "{\"text\": \"a\", \"label\": \"z\"}\n")
    func reason(_ train: URL, _ test: URL?) -> String {
      do {
        _ = try LocalFit(train: train, test: test, encoder: scratch.url).run()
        return ""
      } catch { return "\(error)" }
    }
    #expect(reason(one, nil).contains("one.jsonl: has the single label 'x'"))
    #expect(reason(two, third).contains("third.jsonl:1: has the label 'z'"))
  }
}

/// A folder that goes away with its owner.
final class Scratch: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appending(path: "lauter-trainer-tests-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String, _ content: String) throws -> URL {
    let file = url.appending(path: name)
    try Data(content.utf8).write(to: file)
    return file
  }
}
