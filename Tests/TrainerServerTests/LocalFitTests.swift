import Artefacts
import Foundation
import Testing
import TrainerServer
import Transformer

@Suite("Training from files")
struct LocalFitTests {
  static let encoders = ProcessInfo.processInfo.environment["LAUTER_TEST_ENCODERS"]
    .map { URL(filePath: $0, directoryHint: .isDirectory) }
  /// The smallest of the real ones there are.
  static let encoder: URL? = {
    let found = ["paraphrase-MiniLM-L3-v2", "all-MiniLM-L6-v2"].compactMap { named($0) }.first
    if found == nil {
      print("training a real encoder is skipped: LAUTER_TEST_ENCODERS names no folder with one")
    }
    return found
  }()
  static let hasEncoders = encoder != nil

  /// A real encoder's folder, if it is there.
  static func named(_ name: String) -> URL? {
    guard let folder = encoders?.appending(path: name, directoryHint: .isDirectory),
      FileManager.default.fileExists(
        atPath: folder.appending(path: "model.safetensors").path(percentEncoded: false))
    else { return nil }
    return folder
  }

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
    let encoder = Self.encoder!
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
    #expect(manifest.encoder == encoder.lastPathComponent)
    #expect(try manifest.maxLength == EncoderDirectory(encoder).configuration.maxTokens)
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
    let actual = try held.indices(in: report.labels, file: test).map { $0?.first }
    let predicted = try LocalClassifier(folder: output).probabilities(held.texts).map(
      \.mostProbable)
    let right = zip(actual, predicted).count { $0 == $1 }
    #expect(Double(right) / 6 == report.accuracy)

    // A line each, with the ids there are.
    let asked =
      "{\"id\": \"one\", \"text\": \"Rain\"}\n\n{\"text\": \"Goal\", \"label\": \"sport\"}\n"
    var written = Data()
    try LocalPrediction(LocalClassifier(folder: output)).run(
      JSONLines(Data(asked.utf8), name: "standard input", shape: LocalPrediction.shape)
    ) { written += $0 }
    struct Line: Decodable {
      var id: String?
      var label: String
      var score: Float
      var scores: [String: Float]
    }
    let lines = try String(decoding: written, as: UTF8.self).split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(lines.map(\.id) == ["one", nil])
    for line in lines {
      #expect(line.scores.keys.sorted() == report.labels)
      #expect(line.score == line.scores[line.label] && line.score == line.scores.values.max())
      #expect(abs(line.scores.values.reduce(0, +) - 1) < 1e-5)
    }

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
    let encoder = Self.encoder!
    var fit = LocalFit(train: train, test: test, encoder: encoder, recipe: Recipe(.lauter))
    fit.descriptions = ["weather": "rain, sun and wind"]
    fit.recipe.suggestions = nil
    let alone = try fit.run()
    #expect(alone.trainRecords == 3 && alone.steps == 0)
    fit.recipe.suggestions = .always(by: nil)
    let suggested = try fit.run()
    #expect(suggested.trainRecords == 12)
    #expect(try #require(suggested.accuracy) >= 5.0 / 6)
    fit.descriptions = ["politics": "not a label"]
    #expect(throws: (any Error).self) { try fit.run() }

    var rows: [LocalComparison.Row] = []
    let variants = ["lauter:no-suggestions", "lauter:use-suggestions"].compactMap {
      LocalComparison.Variant($0)
    }
    try LocalComparison(
      train: train, test: test, encoder: encoder, variants: variants, shots: [0, 1], seeds: [1, 2],
      descriptions: ["weather": "rain, sun and wind"]
    ).run { rows.append($0) }
    #expect(rows.map(\.shots) == [0, 0, 1, 1, 1, 1])
    #expect(rows.map(\.seed) == [1, 2, 1, 1, 2, 2])
    #expect(rows[2].accuracy == alone.accuracy && rows[3].accuracy == suggested.accuracy)
    #expect(LocalComparison.Variant("magic") == nil && LocalComparison.Variant("lauter:") == nil)
    #expect(LocalComparison.Variant("lauter:use-suggestions:no-suggestions") == nil)
    #expect(LocalComparison.Variant("lauter:frozen:frozen") == nil)
  }

  @Test("What scripts read of a fit's report is there", .enabled(if: hasEncoders))
  func reportKeys() throws {
    let scratch = try Scratch()
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)),
      test: try scratch.file("test.jsonl", Self.lines(4, 1)),
      encoder: Self.encoder!)
    fit.recipe.freezeBody = true
    let data = try JSONEncoder().encode(try fit.run())
    let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    for key in ["accuracy", "macro_f1", "per_label", "confusion", "seconds", "peak_rss_bytes"] {
      #expect(report[key] != nil, "\(key)")
    }
    let perLabel = try #require(report["per_label"] as? [String: [String: Any]])
    #expect(perLabel.keys.sorted() == ["cooking", "sport", "weather"])
    #expect(perLabel["sport"]?.keys.sorted() == ["f1", "precision", "recall", "support"])
  }

  @Test(
    "SetFit's folder: its pickle is refused, its body trains, and no pickle is passed on",
    .enabled(if: hasEncoders))
  func setFitFolder() throws {
    let scratch = try Scratch()
    let theirs = scratch.url.appending(path: "theirs", directoryHint: .isDirectory)
    try FileManager.default.copyItem(
      at: Self.encoder!.resolvingSymlinksInPath(),
      to: theirs)
    try Data([0x80, 4]).write(to: theirs.appending(path: "model_head.pkl"))
    try Data("{\"labels\": null}".utf8).write(to: theirs.appending(path: "config_setfit.json"))
    let error = #expect(throws: EncoderError.self) { try LocalClassifier(folder: theirs) }
    #expect("\(try #require(error))".contains("model_head.pkl: SetFit's head is a pickle"))
    #expect("\(try #require(error))".contains("scripts/setfit_head.py convert"))

    let output = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)), encoder: theirs, output: output)
    fit.recipe.freezeBody = true
    fit.recipe.maxLength = 32
    _ = try fit.run()
    let files = try FileManager.default.contentsOfDirectory(atPath: output.path)
    #expect(!files.contains { $0.hasSuffix(".pkl") || $0 == "config_setfit.json" })
    // Others that read the folder cut texts where training did.
    #expect(try EncoderDirectory(output).configuration.maxTokens == 32)
  }

  @Test("A record whose text holds no token is named", .enabled(if: hasEncoders))
  func emptyText() throws {
    let scratch = try Scratch()
    let line = "{\"text\": \"\u{200B} \", \"label\": \"sport\"}\n"
    let train = try scratch.file("train.jsonl", line + Self.lines(0, 2))
    let encoder = Self.encoder!
    #expect(throws: TrainingError.emptyTexts(externalIDs: ["1"], source: .file)) {
      try LocalFit(train: train, encoder: encoder).run()
    }
  }

  @Test(
    "The card says where a model comes from, holds no text, and is the same each time",
    .enabled(if: hasEncoders))
  func modelCard() throws {
    let scratch = try Scratch()
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 4)),
      test: try scratch.file("test.jsonl", Self.lines(4, 2)),
      encoder: Self.encoder!)
    fit.recipe.freezeBody = true
    fit.recipe.seed = 77
    fit.descriptions = ["weather": "rain | sun"]
    func card(_ name: String) throws -> (text: String, plots: [String: Data]) {
      let output = scratch.url.appending(path: name, directoryHint: .isDirectory)
      fit.output = output
      _ = try fit.run()
      let plots = output.appending(path: "card", directoryHint: .isDirectory)
      let files = try FileManager.default.contentsOfDirectory(atPath: plots.path)
      return (
        try String(contentsOf: output.appending(path: "README.md"), encoding: .utf8),
        Dictionary(
          uniqueKeysWithValues: try files.map {
            ($0, try Data(contentsOf: plots.appending(path: $0)))
          })
      )
    }
    let first = try card("first")
    for words in [
      "| seed | 77 |", "| recipe | lauter |", "`freeze_body` true", "`head_c` 1.0",
      "| answers by people | 12 |", "rain \\| sun", Self.encoder!.lastPathComponent,
      "## On the test split", "## Cross-validated on the answers",
      "(card/learning-curve.svg)",
    ] { #expect(first.text.contains(words), "\(words)") }
    #expect(first.text.contains(#/snapshot of the records \| sha256:[0-9a-f]{64} \|/#))
    for topic in Self.topics.values { for text in topic { #expect(!first.text.contains(text)) } }
    #expect(
      first.plots.keys.sorted() == ["confusion.svg", "learning-curve.svg", "reliability.svg"])
    for plot in first.plots.values {
      let text = String(decoding: plot, as: UTF8.self)
      #expect(text.hasPrefix("<svg xmlns=") && text.hasSuffix("</svg>\n"))
      #expect(!text.contains("nan") && !text.contains("inf"))
    }
    let second = try card("second")
    #expect(second.text == first.text && second.plots == first.plots)
    // Another record, another snapshot; and a model as the encoder of the next passes no card on.
    fit.train = try scratch.file("fewer.jsonl", Self.lines(0, 3))
    fit.encoder = scratch.url.appending(path: "first", directoryHint: .isDirectory)
    fit.test = nil
    let third = try card("third")
    #expect(third.text.contains("| answers by people | 9 |") && third.text != first.text)
    #expect(!third.text.contains("On the test split"))
  }

  @Test(
    "A card's snapshot is that of everything a training is given, its program that of the code",
    .enabled(if: hasEncoders))
  func provenance() throws {
    let scratch = try Scratch()
    let suggested = Self.lines(2, 1).replacing(
      "\"label\": ", with: "\"suggestions\": [{\"label\": "
    )
    .replacing("\"}\n", with: "\"}]}\n")
    let unlabelled = "{\"text\": \"Vote on Sunday\", \"label\": null}\n"
    let lines = Self.lines(0, 2) + suggested + unlabelled
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", lines), encoder: Self.encoder!)
    fit.recipe.freezeBody = true
    func origin() throws -> (snapshot: Substring, program: Substring) {
      let output = scratch.url.appending(path: UUID().uuidString, directoryHint: .isDirectory)
      fit.output = output
      _ = try fit.run()
      let card = try String(contentsOf: output.appending(path: "README.md"), encoding: .utf8)
      return (
        try #require(card.firstMatch(of: #/snapshot of the records \| (sha256:[0-9a-f]{64})/#)).1,
        try #require(card.firstMatch(of: #/program \| (sha256:[0-9a-f]{64})/#)).1
      )
    }
    let first = try origin()
    #expect(
      try first.program == Digest(ofFile: try #require(Bundle.main.executableURL)).description)
    // The recipe is not of the data.
    fit.recipe.headC = 2
    #expect(try origin().snapshot == first.snapshot)
    var seen: Set = [first.snapshot]
    for (found, other) in [
      ("Bake the bread", "Make the bread"), ("Chop the onions", "Chop some onions"),
      ("\"suggestions\": [{\"label\": \"cooking\"", "\"suggestions\": [{\"label\": \"sport\""),
      ("Vote on Sunday", "Vote on Monday"),
      // What an agent said of an answered record tells how reliable it is.
      (
        "brown.\", \"label\": \"cooking\"",
        "brown.\", \"suggestions\": [{\"label\": \"sport\"}], \"label\": \"cooking\""
      ),
    ] {
      let changed = lines.replacing(found, with: other, maxReplacements: 1)
      #expect(changed != lines)
      fit.train = try scratch.file("changed.jsonl", changed)
      #expect(try seen.insert(origin().snapshot).inserted, "\(other)")
    }
    fit.descriptions = ["weather": "rain, sun and wind"]
    #expect(try seen.insert(origin().snapshot).inserted)
  }

  @Test(
    "A label with a single record is learned from, and nothing is promised about it",
    .enabled(if: hasEncoders))
  func singleRecord() throws {
    let scratch = try Scratch()
    let lines = Self.lines(0, 2) + "{\"text\": \"Vote on Sunday\", \"label\": \"politics\"}\n"
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", lines),
      encoder: Self.encoder!)
    for kind in Recipe.Kind.allCases {
      fit.recipe = Recipe(kind)
      fit.recipe.freezeBody = true
      let report = try fit.run()
      #expect(report.labels.count == 4 && report.trainRecords == 7)
      // SetFit's head cannot be fitted without a record of each label, so no fold can be held back.
      #expect((report.crossValidation == nil) == (kind == .setfit))
    }
  }

  @Test(
    "An encoder whose weights are of another shape than it says is named",
    .enabled(if: hasEncoders))
  func wrongShape() throws {
    let scratch = try Scratch()
    let broken = try scratch.wrongShapeEncoder()
    let output = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    let fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)), encoder: broken, output: output)
    let error = #expect(throws: EncoderError.self) { try fit.run() }
    #expect("\(try #require(error))".contains("model.safetensors"))
    #expect(!FileManager.default.fileExists(atPath: output.path))
  }

  @Test(
    "Sizes that no weight file has are refused before memory is asked for",
    .enabled(if: hasEncoders),
    arguments: [
      ("num_hidden_layers", 1_000_000), ("num_hidden_layers", 1_000), ("vocab_size", 1 << 40),
      ("vocab_size", 10_000_000), ("max_position_embeddings", 9_000_000_000_000_000_000),
      ("intermediate_size", 1 << 20), ("type_vocab_size", 1 << 24), ("hidden_size", 1 << 19),
    ])
  func hugeEncoder(key: String, size: Int) throws {
    let scratch = try Scratch()
    let broken = try scratch.copiedEncoder()
    let file = broken.appending(path: "config.json")
    var config = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    config[key] = size
    try JSONSerialization.data(withJSONObject: config).write(to: file)
    #expect(throws: EncoderError.self) {
      try EncoderBody(folder: broken, recipe: Recipe(), pool: ComputePool(threads: 1))
    }
    #expect(throws: EncoderError.self) { try SentenceEncoder(EncoderDirectory(broken)) }
  }

  @Test("A folder that cannot become the model's is refused before training")
  func outputFolders() throws {
    let scratch = try Scratch()
    let taken = try scratch.file("file", "")
    let full = scratch.url.appending(path: "full", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: full, withIntermediateDirectories: true)
    try Data("x".utf8).write(to: full.appending(path: "thesis.txt"))
    let link = scratch.url.appending(path: "link")
    try FileManager.default.createSymbolicLink(
      at: link, withDestinationURL: scratch.url.appending(path: "none"))
    let empty = scratch.url.appending(path: "empty", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    func reason(_ folder: URL) -> String {
      do {
        try ModelFolder.requireNew(folder)
        return ""
      } catch { return "\(error)" }
    }
    for folder in [taken, full, link] {
      #expect(
        reason(URL(filePath: folder.path, directoryHint: .isDirectory))
          .contains("is there and not an empty folder"))
    }
    #expect(reason(scratch.url.appending(path: "a/b")).contains("make it first"))
    #expect(reason(taken.appending(path: "b")).contains("make it first"))
    #expect(reason(empty) == "" && reason(scratch.url.appending(path: "new")) == "")
  }

  @Test("What comes into the model's place while it is made stays", .enabled(if: hasEncoders))
  func outputTakenMeanwhile() throws {
    let scratch = try Scratch()
    let output = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)), encoder: Self.encoder!,
      output: output)
    fit.recipe.freezeBody = true
    let theirs = output.appending(path: "thesis.txt")
    let error = #expect(throws: ModelFolderError.self) {
      try fit.run { progress in
        guard progress.phase == .precisions else { return }
        try? FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        try? Data("x".utf8).write(to: theirs)
      }
    }
    #expect(try #require(error).message.contains("not an empty folder"))
    #expect(try Data(contentsOf: theirs) == Data("x".utf8))
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.url.path)
    #expect(left.sorted() == ["model", "train.jsonl"])
  }

  @Test("A scratch folder whose owner is gone goes away, and one that is in use does not")
  func scratchFolders() throws {
    let scratch = try Scratch()
    let files = FileManager.default
    func aged(_ name: String) throws -> URL {
      let folder = scratch.url.appending(path: name, directoryHint: .isDirectory)
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
      return folder
    }
    let abandoned = try aged("job-\(UUID().uuidString)")
    let others = [try aged("job-notes"), try aged("jobs-\(UUID().uuidString)")]
    let used = try ScratchFolder(in: scratch.url, prefix: "job-")
    let hourAgo = [FileAttributeKey.modificationDate: Date.now - 3_600]
    for folder in others + [abandoned, used.url] {
      try files.setAttributes(hourAgo, ofItemAtPath: folder.path(percentEncoded: false))
    }
    let young = try aged("job-\(UUID().uuidString)")
    let next = try ScratchFolder(in: scratch.url, prefix: "job-")
    let left = Set(try files.contentsOfDirectory(atPath: scratch.url.path))
    #expect(
      left == Set((others + [used.url, young, next.url]).map(\.lastPathComponent)))
    next.remove()
    #expect(!files.fileExists(atPath: next.url.path(percentEncoded: false)))
  }

  static let smallDisk = ProcessInfo.processInfo.environment["LAUTER_TEST_SMALL_DISK"]

  @Test(
    "A full disk ends a fit with words, and leaves nothing of the model",
    .enabled(if: hasEncoders && smallDisk != nil))
  func fullDisk() throws {
    let scratch = try Scratch()
    let disk = URL(filePath: try #require(Self.smallDisk), directoryHint: .isDirectory)
    let output = disk.appending(path: "model-\(UUID().uuidString)", directoryHint: .isDirectory)
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)),
      encoder: Self.encoder!, output: output)
    fit.recipe.freezeBody = true
    // Nothing can be put in the place of the disk itself.
    #expect(throws: ModelFolderError.self) { try ModelFolder.requireNew(disk) }
    let before = try FileManager.default.contentsOfDirectory(atPath: disk.path).sorted()
    let error = #expect(throws: ModelFolderError.self) { try fit.run() }
    #expect(try #require(error).message.hasPrefix("the disk is full"))
    // Others use the disk too; what counts is that no part of this model is there.
    let after = try FileManager.default.contentsOfDirectory(atPath: disk.path)
    #expect(after.allSatisfy { !$0.contains(output.lastPathComponent) }, "\(before) \(after)")
  }

  @Test("More tokens than the encoder has positions are refused", .enabled(if: hasEncoders))
  func tooLong() throws {
    let scratch = try Scratch()
    var fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)),
      encoder: Self.encoder!)
    fit.recipe.maxLength = 600
    let error = #expect(throws: (any Error).self) { try fit.run() }
    #expect("\(try #require(error))".hasPrefix("max_length: at most 512 tokens"))
  }

  @Test(
    "An encoder with NaN in its weights is refused before anything is written",
    .enabled(if: hasEncoders))
  func nanWeights() throws {
    let scratch = try Scratch()
    let broken = try scratch.nanEncoder()
    let output = scratch.url.appending(path: "model", directoryHint: .isDirectory)
    let fit = LocalFit(
      train: try scratch.file("train.jsonl", Self.lines(0, 2)), encoder: broken, output: output)
    let error = #expect(throws: EncoderError.self) { try fit.run() }
    #expect(
      "\(try #require(error))".contains(
        "word_embeddings.weight holds NaN or infinity, first in row 1, column 3;"))
    #expect(!FileManager.default.fileExists(atPath: output.path(percentEncoded: false)))
  }

  @Test(
    "A bad line is named by file, line and field",
    arguments: [
      ("{\"text\": \"a\", \"label\": \"x\"}\nnot json\n", ":2: is not JSON"),
      ("{\"label\": \"x\"}\n", ":1: has no 'text'"),
      ("\n\n{\"text\": \"a\"}\n", ":3: has no 'label'"),
      ("{\"text\": \"a\", \"lable\": \"x\"}\n", ":1: has no 'label'"),
      ("{\"text\": \"a\", \"label\": 7}\n", ":1: 'label' is not a string"),
      ("{\"text\": 7, \"label\": \"x\"}\n", ":1: 'text' is not a string"),
      ("{\"text\": null, \"label\": \"x\"}\n", ":1: 'text' is not a string"),
      ("{\"text\": \"a\", \"label\": \" \"}\n", ":1: has an empty 'label'"),
      ("{\"text\": \"a\", \"labels\": \"x\"}\n", ":1: 'labels' is not a list"),
      ("{\"text\": \"a\", \"labels\": [7]}\n", ":1: 'labels' has an entry that is not a string"),
      (
        "{\"text\": \"a\", \"suggestions\": [\"x\"]}\n",
        ":1: 'suggestions' has an entry that is not an object"
      ),
      ("{\"text\": \"a\", \"label\": \"x\", \"metadata\": 7}\n", ":1: 'metadata' is not an object"),
      ("[1]\n", ":1: is not an object"),
      ("", ": has no records"),
    ])
  func badLines(content: String, message: String) throws {
    let scratch = try Scratch()
    let file = try scratch.file("bad.jsonl", content)
    let error = #expect(throws: JSONLines.Problem.self) {
      try LabelledTexts(jsonLines: file)
    }
    #expect("\(try #require(error))".contains("bad.jsonl\(message)"))
  }

  @Test("Bytes that are not UTF-8 and files that are not there are named")
  func unreadable() throws {
    let scratch = try Scratch()
    let file = scratch.url.appending(path: "latin1.jsonl")
    try Data("{\"text\": \"a\", \"label\": \"x\"}\n".utf8 + [0xE9, 0x0A]).write(to: file)
    let error = #expect(throws: JSONLines.Problem.self) { try LabelledTexts(jsonLines: file) }
    #expect("\(try #require(error))".hasSuffix("latin1.jsonl:2: is not UTF-8"))
    #expect(throws: JSONLines.Problem.self) {
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
    let open = try scratch.file(
      "open.jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\", \"label\": null}\n")
    #expect(reason(two, open).contains("open.jsonl:2: has no label to hold a prediction against"))
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

extension Scratch {
  func copiedEncoder() throws -> URL {
    let folder = url.appending(path: "broken", directoryHint: .isDirectory)
    try FileManager.default.copyItem(
      at: LocalFitTests.encoder!
        .resolvingSymlinksInPath(), to: folder)
    return folder
  }

  /// An encoder whose weights are of another shape than its configuration says.
  func wrongShapeEncoder() throws -> URL {
    let folder = try copiedEncoder()
    let file = folder.appending(path: "config.json")
    let config = try String(contentsOf: file, encoding: .utf8)
    let changed = config.replacing(
      "\"intermediate_size\": 1536", with: "\"intermediate_size\": 1024")
    try #require(changed != config)
    try Data(changed.utf8).write(to: file)
    return folder
  }

  /// An encoder with one NaN among its weights, in the row of a word that no text has.
  func nanEncoder() throws -> URL {
    let folder = try copiedEncoder()
    let weights = folder.appending(path: "model.safetensors")
    var bytes = try Data(contentsOf: weights)
    let start = 8 + Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    let header = try #require(
      try JSONSerialization.jsonObject(with: bytes[8..<start]) as? [String: [String: Any]])
    let word = try #require(
      header.first { $0.key.hasSuffix("embeddings.word_embeddings.weight") }?.value)
    let offset = try #require(word["data_offsets"] as? [Int])[0]
    let width = try #require(word["shape"] as? [Int])[1]
    let place = start + offset + (width + 3) * 4
    bytes.replaceSubrange(place..<place + 4, with: [0, 0, 0xC0, 0x7F])
    try bytes.write(to: weights)
    return folder
  }
}
