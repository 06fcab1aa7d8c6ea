import Foundation

/// Where an encoder's tensors come from, by Hugging Face name without any prefix.
protocol TensorSource: Sendable {
  /// Calls `body` with the values of a tensor, row-major.
  /// - Throws: if there is no tensor of that name and shape.
  func withTensor(_ name: String, _ shape: [Int], _ body: (UnsafePointer<Float>) -> Void) throws
  /// Copies the values of a tensor, row-major.
  /// - Throws: as `withTensor`.
  func copyTensor(
    _ name: String, _ shape: [Int], to destination: UnsafeMutablePointer<Float>) throws
  /// The values where they already are in memory, valid as long as the source; nil if they are not.
  func tensorInPlace(_ name: String, _ shape: [Int]) throws -> UnsafePointer<Float>?
}

/// Tensors given one by one.
struct GivenTensors: TensorSource {
  private let tensors: [String: [Float]]

  /// Asks `tensor` for every tensor of an encoder of this shape.
  init(
    _ configuration: EncoderConfiguration,
    _ tensor: (_ name: String, _ shape: [Int]) throws -> [Float]
  ) throws {
    var tensors: [String: [Float]] = [:]
    for entry in EncoderParameters.tensors(configuration, ParameterLayout(configuration)) {
      let values = try tensor(entry.name, entry.shape)
      precondition(values.count == entry.count, "\(entry.name) has the wrong number of values")
      tensors[entry.name] = values
    }
    self.tensors = tensors
  }

  func withTensor(_ name: String, _ shape: [Int], _ body: (UnsafePointer<Float>) -> Void) {
    tensors[name]!.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  func copyTensor(
    _ name: String, _ shape: [Int], to destination: UnsafeMutablePointer<Float>
  ) {
    destination.update(from: tensors[name]!, count: tensors[name]!.count)
  }

  func tensorInPlace(_ name: String, _ shape: [Int]) -> UnsafePointer<Float>? { nil }
}

/// The tensors of an encoder's weight file under their Hugging Face names, whatever prefix the
/// program that wrote it put before them.
struct EncoderWeights: TensorSource {
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

  /// Looks at every value of an encoder of this shape. Embeddings would show a NaN only where a text meets it, and a
  /// word's row may meet none before the model is served.
  ///
  /// - Throws: `EncoderError` if a tensor is missing, of another shape or holds NaN or infinity.
  func checkValues(_ configuration: EncoderConfiguration) throws {
    for tensor in EncoderParameters.tensors(configuration, ParameterLayout(configuration)) {
      try check(tensor.name, tensor.shape)
      guard let place = try file.firstNonFinite(prefix + tensor.name) else { continue }
      let columns = tensor.shape.last!
      throw EncoderError(
        file.url,
        "tensor \(prefix + tensor.name) holds NaN or infinity, first in row \(place / columns), column "
          + "\(place % columns); the file is damaged, or of a training that diverged: get it anew")
    }
  }

  /// What was copied or packed is not needed a second time, so the file's pages need not stay.
  func withTensor(_ name: String, _ shape: [Int], _ body: (UnsafePointer<Float>) -> Void) throws {
    try check(name, shape)
    try file.withFloats(prefix + name, body)
    file.forget(prefix + name)
  }

  func copyTensor(
    _ name: String, _ shape: [Int], to destination: UnsafeMutablePointer<Float>
  ) throws {
    try check(name, shape)
    try file.copyFloats(prefix + name, to: destination)
  }

  func tensorInPlace(_ name: String, _ shape: [Int]) throws -> UnsafePointer<Float>? {
    try check(name, shape)
    return try file.floatsInPlace(prefix + name)
  }

  private func check(_ name: String, _ shape: [Int]) throws {
    let found = try file.shape(of: prefix + name)
    guard found == shape else {
      throw EncoderError(
        file.url, "tensor \(prefix + name) has shape \(found), but config.json makes it \(shape)")
    }
  }

  /// BERT's pooler, which sentence embeddings do not use but a weight file may carry.
  func pooler() throws -> [(name: String, shape: [Int], values: [Float])] {
    try file.names.filter { $0.hasPrefix(prefix + "pooler.") }.sorted().map { name in
      (String(name.dropFirst(prefix.count)), try file.shape(of: name), try file.floats(name))
    }
  }
}
