import Foundation
import Testing
import Transformer

/// Folders in the manner of bge-micro-v2, bge-small, e5-small, gte-tiny and snowflake-arctic-embed-xs,
/// against what sentence-transformers made of them (scripts/make-encoder-fixtures.py). Their weights come
/// from a hash, so the fixture holds configuration and results only.
@Suite struct EncoderFamilyTests {
  struct Encoder: Decodable, Sendable, CustomTestStringConvertible {
    struct Case: Decodable {
      let prompt: String?
      let text: String
      let embedding: [Float]
    }
    let name: String
    let layers: Int
    /// Of the weight file: F32, F16 or BF16.
    let type: String
    /// Of the tensors' names.
    let prefix: String
    let cases: [Case]
    /// Files by path, in the layouts of sentence-transformers before version 6 and from it on.
    let before6: [String: String]
    let from6: [String: String]
    var testDescription: String { name }
  }

  static let encoders: [Encoder] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/encoders.json")
    return try! JSONDecoder().decode([Encoder].self, from: Data(contentsOf: file))
  }()

  @Test(arguments: encoders, [false, true])
  func agreesWithSentenceTransformers(encoder: Encoder, from6: Bool) throws {
    try TestFolders.withTemporary { folder in
      for (path, text) in from6 ? encoder.from6 : encoder.before6 {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      let directory = try EncoderDirectory(folder)
      #expect(directory.configuration.layers == encoder.layers)
      try weights(of: directory.configuration, encoder)
        .write(to: folder.appending(path: "model.safetensors"))
      let names = Set(encoder.cases.map(\.prompt))
      #expect(names.count == directory.prompts.count + 1)
      for name in names {
        let cases = encoder.cases.filter { $0.prompt == name }
        let found = try SentenceEncoder(directory, prompt: name, pool: ComputePool(threads: 1))
          .embed(cases.map(\.text))
        for (index, item) in cases.enumerated() {
          // Not all of them are scaled to length 1.
          let size = item.embedding.map(abs).max()!
          let difference = maxDifference(found[index], item.embedding)
          #expect(difference < 1e-5 * max(1, size), "prompt \(name ?? "default"), case \(index)")
        }
      }
    }
  }

  /// A weight file of the encoder's data type.
  private func weights(of c: EncoderConfiguration, _ encoder: Encoder) throws -> Data {
    let (H, I) = (c.hidden, c.intermediate)
    var shapes: [(String, [Int])] = [
      ("embeddings.word_embeddings.weight", [c.vocabulary, H]),
      ("embeddings.position_embeddings.weight", [c.positions, H]),
      ("embeddings.token_type_embeddings.weight", [c.types, H]),
    ]
    func norm(_ name: String) { shapes += [("\(name).weight", [H]), ("\(name).bias", [H])] }
    norm("embeddings.LayerNorm")
    for layer in (0..<c.layers).map({ "encoder.layer.\($0)" }) {
      for (name, outputs, inputs) in [
        ("attention.self.query", H, H), ("attention.self.key", H, H),
        ("attention.self.value", H, H), ("attention.output.dense", H, H),
        ("intermediate.dense", I, H), ("output.dense", H, I),
      ] {
        shapes.append(("\(layer).\(name).weight", [outputs, inputs]))
        shapes.append(("\(layer).\(name).bias", [outputs]))
      }
      norm("\(layer).attention.output.LayerNorm")
      norm("\(layer).output.LayerNorm")
    }
    var entries: [String] = []
    var body = Data()
    for (name, shape) in shapes {
      let start = body.count
      for value in values(name, shape.reduce(1, *)) { append(value, encoder.type, to: &body) }
      entries.append(
        #""\#(encoder.prefix)\#(name)":{"dtype":"\#(encoder.type)","shape":\#(shape),"#
          + #""data_offsets":[\#(start),\#(body.count)]}"#)
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + body
  }

  /// Multiples of 1/64 below 2, which F16 and BF16 hold exactly.
  private func values(_ name: String, _ count: Int) -> [Float] {
    let isGain = name.hasSuffix("LayerNorm.weight")
    return uniform(name, count).map {
      Float((($0 * (isGain ? 0.25 : 0.3) + (isGain ? 1 : 0)) * 64 + 0.5).rounded(.down) / 64)
    }
  }

  private func append(_ value: Float, _ type: String, to data: inout Data) {
    let bits = value.bitPattern
    switch type {
    case "F32": withUnsafeBytes(of: bits.littleEndian) { data.append(contentsOf: $0) }
    case "BF16":
      withUnsafeBytes(of: UInt16(bits >> 16).littleEndian) { data.append(contentsOf: $0) }
    default:
      // F16, for values that it holds exactly and that are not denormal there.
      let exponent = Int(bits >> 23 & 0xFF) - 127 + 15
      let half =
        value == 0
        ? UInt16(bits >> 16 & 0x8000)
        : UInt16(bits >> 16 & 0x8000) | UInt16(exponent) << 10 | UInt16(bits >> 13 & 0x3FF)
      withUnsafeBytes(of: half.littleEndian) { data.append(contentsOf: $0) }
    }
  }
}
