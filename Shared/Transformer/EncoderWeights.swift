import Foundation

/// The tensors of an encoder's weight file under their Hugging Face names, whatever prefix the
/// program that wrote it put before them.
struct EncoderWeights {
  let file: SafetensorsFile
  /// What stands before every name in the file, such as "bert."; often nothing.
  let prefix: String

  /// - Throws: `EncoderError` if the directory holds an encoder the kernels cannot compute.
  init(_ directory: EncoderDirectory) throws {
    if let refusal = EncoderParameters.refusal(of: directory.configuration) {
      throw EncoderError(directory.url, refusal)
    }
    file = try directory.weights()
    let first = "embeddings.word_embeddings.weight"
    guard let name = file.names.first(where: { $0.hasSuffix(first) }) else {
      throw EncoderError(file.url, "has no tensor \(first); it does not hold a BERT encoder")
    }
    prefix = String(name.dropLast(first.count))
  }

  func tensor(_ name: String, _ shape: [Int]) throws -> [Float] {
    let found = try file.shape(of: prefix + name)
    guard found == shape else {
      throw EncoderError(
        file.url, "tensor \(prefix + name) has shape \(found), but config.json makes it \(shape)")
    }
    return try file.floats(prefix + name)
  }

  /// BERT's pooler, which sentence embeddings do not use but a weight file may carry.
  func pooler() throws -> [(name: String, shape: [Int], values: [Float])] {
    try file.names.filter { $0.hasPrefix(prefix + "pooler.") }.sorted().map { name in
      (String(name.dropFirst(prefix.count)), try file.shape(of: name), try file.floats(name))
    }
  }
}
