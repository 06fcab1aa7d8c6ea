import Kernels

/// Turns texts into embeddings: a BERT-family encoder, its pooling, and the normalisation its
/// directory asks for. Immutable; call it from any thread, many at once.
///
/// What a text yields does not depend on the texts it is encoded with, on their order or on the
/// number of threads: the same bits every time on processors with the same instruction set, in each
/// precision.
public final class SentenceEncoder: Sendable {
  public let configuration: EncoderConfiguration

  private let forward: EncoderForward
  private let pool: ComputePool
  private let spare = SpareBuffers()
  /// The tokenizer of the encoder's folder; nil where the encoder was made without one.
  public let tokenizer: Tokenizer?

  /// Reads and packs the weights of `directory`, on all threads of `pool`. The word embeddings are not
  /// copied: the weight file stays mapped and must not be changed in place (it may be replaced by
  /// renaming another over it, or removed).
  ///
  /// - Parameters:
  ///   - precision: of the matrix products; every processor computes each of them, and bf16 and int8
  ///     are faster than fp32 where it has instructions for them.
  ///   - prompt: the name of what is put before every text; nil for the encoder's default.
  /// - Throws: `EncoderError`, also for a shape that the kernels cannot compute.
  public convenience init(
    _ directory: EncoderDirectory, precision: Precision = .fp32, prompt: String? = nil,
    pool: ComputePool = .shared
  ) throws {
    let weights = try EncoderWeights(directory)
    try weights.checkValues(directory.configuration)
    try self.init(
      directory.configuration, tokenizer: directory.tokenizer(prompt: prompt),
      precision: precision, pool: pool, source: weights)
  }

  /// An encoder whose tensors come from `tensor`, by Hugging Face name and shape.
  package convenience init(
    _ configuration: EncoderConfiguration, precision: Precision = .fp32,
    pool: ComputePool = .shared, kernels name: String? = nil,
    tensor: (_ name: String, _ shape: [Int]) throws -> [Float]
  ) throws {
    try self.init(
      configuration, precision: precision, pool: pool, kernels: name,
      source: GivenTensors(configuration, tensor))
  }

  private init(
    _ configuration: EncoderConfiguration, tokenizer: Tokenizer? = nil, precision: Precision,
    pool: ComputePool, kernels name: String? = nil, source: any TensorSource
  ) throws {
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.pool = pool
    forward = EncoderForward(
      parameters: try EncoderParameters(
        configuration, precision: precision, source: source, isReadOnly: true, pool: pool),
      kernels: name.map { kernels_named($0)! } ?? kernels_best())
  }

  /// What the encoder's matrix products are computed in.
  public var precision: Precision { forward.parameters.precision }

  /// The instruction set whose kernels this encoder runs: "avx512bf16", "avx512vnni", "avx512",
  /// "avx2", "baseline", "neon-dot" or "neon".
  public var instructionSet: String { String(cString: forward.kernels.pointee.name) }

  /// The embeddings of texts given as token ids, [CLS] and [SEP] among them, in their order.
  /// Every text must have 1 to `configuration.positions` ids below `configuration.vocabulary`.
  /// Blocks while it computes.
  public func embed(tokens: [[Int32]]) -> Embeddings {
    forward.embeddings(TokenBatch(tokens, configuration), pool: pool, spare: spare)
  }

  /// The embeddings of `texts`, in their order. Texts are cut to `configuration.maxTokens`; a text
  /// that occurs more than once is encoded once. Blocks while it computes.
  public func embed(_ texts: [String]) -> Embeddings {
    guard let tokenizer else { preconditionFailure("this encoder was made without a tokenizer") }
    return tokenizer.encodeEachOnce(texts, maxTokens: configuration.maxTokens, pool, embed(tokens:))
  }
}

/// One vector for each text, one after another.
public struct Embeddings: Sendable, Hashable {
  public let dimensions: Int
  /// [count][dimensions].
  public let values: [Float]

  public init(dimensions: Int, values: [Float]) {
    precondition(
      dimensions > 0 && values.count % dimensions == 0,
      "\(values.count) values are not whole vectors of \(dimensions)")
    self.dimensions = dimensions
    self.values = values
  }

  public var count: Int { values.count / dimensions }

  /// The vector of text `index`; its indices are those of `values`.
  public subscript(index: Int) -> ArraySlice<Float> {
    values[index * dimensions..<(index + 1) * dimensions]
  }
}

extension Tokenizer {
  /// `embed` of the ids of `texts`, in their order; a text that occurs more than once goes in once.
  func encodeEachOnce(
    _ texts: [String], maxTokens: Int, _ pool: ComputePool, _ embed: ([[Int32]]) -> Embeddings
  ) -> Embeddings {
    var position: [String: Int] = [:]
    var distinct: [String] = []
    let places = texts.map { text in
      // Strings are equal when canonically equivalent, which a tokenizer may tell apart.
      if let known = position[text], distinct[known].utf8.elementsEqual(text.utf8) { return known }
      position[text] = distinct.count
      distinct.append(text)
      return distinct.count - 1
    }
    let embeddings = embed(encode(distinct, maxTokens: maxTokens, pool))
    guard distinct.count < texts.count else { return embeddings }
    var values: [Float] = []
    values.reserveCapacity(texts.count * embeddings.dimensions)
    for place in places { values += embeddings[place] }
    return Embeddings(dimensions: embeddings.dimensions, values: values)
  }

  /// The ids of every text, in their order, computed in parallel.
  private func encode(_ texts: [String], maxTokens: Int, _ pool: ComputePool) -> [[Int32]] {
    let perTask = 16
    var ids = [[Int32]](repeating: [], count: texts.count)
    ids.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let out = buffer
      pool.run((texts.count + perTask - 1) / perTask) { task in
        for index in task * perTask..<min(texts.count, (task + 1) * perTask) {
          out[index] = encode(texts[index], maxTokens: maxTokens)
        }
      }
    }
    return ids
  }
}
