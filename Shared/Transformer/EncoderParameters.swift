import Kernels
import Synchronization

/// What an encoder's matrix products are computed in; everything around them is always fp32.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// The reference.
  case fp32
  /// Weights and activations rounded to bf16, sums in fp32. Cosine to fp32 at least 0.9999.
  case bf16
  /// Weights in int8 with a scale for each output, activations in uint8 with a scale and a zero for
  /// each token, sums exact. Cosine to fp32 at least 0.995 in the mean, 0.99 on hostile texts too.
  case int8

  /// Bytes of one panel of `inputs` weights for each of 32 outputs.
  package func panelBytes(inputs: Int) -> Int {
    switch self {
    case .fp32: inputs * Int(KERNELS_PANEL) * MemoryLayout<Float>.stride
    case .bf16: kernels_panel_bytes_bf16(Int32(inputs))
    case .int8: kernels_panel_bytes_int8(Int32(inputs))
    }
  }
}

/// Where each parameter of an encoder lies in one run of floats. Weights, gradients and AdamW's
/// moments are four such runs with the same offsets; the word embeddings stand apart, because a
/// training step touches only a few of their rows.
struct ParameterLayout: Sendable {
  /// A linear layer: panels[outputs/32][inputs][32] at `panels`, outputs biases at `bias`. In bf16 and
  /// int8 its panels are in a run of their own, and `panels` counts that run's bytes.
  struct Linear: Sendable {
    let panels: Int
    let bias: Int
    let inputs: Int
    let outputs: Int
    var count: Int { inputs * outputs }
  }
  /// LayerNorm: hidden gains at `gamma`, hidden offsets at `beta`.
  struct Norm: Sendable {
    let gamma: Int
    let beta: Int
  }
  struct Layer: Sendable {
    /// Queries, keys and values as one matrix of 3 · hidden outputs.
    let qkv: Linear
    let attentionOutput: Linear
    let attentionNorm: Norm
    let up: Linear
    let down: Linear
    let outputNorm: Norm
    var linears: [Linear] { [qkv, attentionOutput, up, down] }
  }

  let hidden: Int
  /// [positions][hidden] and [types][hidden].
  let position: Int
  let type: Int
  let norm: Norm
  let layers: [Layer]
  let count: Int
  /// Bytes of the panels in bf16 or int8; 0 in fp32.
  let compactBytes: Int

  init(_ configuration: EncoderConfiguration, precision: Precision = .fp32) {
    let H = configuration.hidden
    var next = 0
    var nextByte = 0
    func take(_ count: Int) -> Int {
      defer { next += count }
      return next
    }
    func linear(_ inputs: Int, _ outputs: Int) -> Linear {
      let panels: Int
      if precision == .fp32 {
        panels = take(inputs * outputs)
      } else {
        panels = nextByte
        nextByte += outputs / Int(KERNELS_PANEL) * precision.panelBytes(inputs: inputs)
      }
      return Linear(panels: panels, bias: take(outputs), inputs: inputs, outputs: outputs)
    }
    func norm() -> Norm { Norm(gamma: take(H), beta: take(H)) }
    hidden = H
    position = take(configuration.positions * H)
    type = take(configuration.types * H)
    self.norm = norm()
    layers = (0..<configuration.layers).map { _ in
      Layer(
        qkv: linear(H, 3 * H), attentionOutput: linear(H, H), attentionNorm: norm(),
        up: linear(H, configuration.intermediate), down: linear(configuration.intermediate, H),
        outputNorm: norm())
    }
    count = next
    compactBytes = nextByte
  }
}

/// The weights of an encoder, packed for the kernels.
///
/// Sendable by convention: a `SentenceEncoder` never writes them once they are read, and an
/// `EncoderTrainer`, which does, has one owner.
final class EncoderParameters: @unchecked Sendable {
  let configuration: EncoderConfiguration
  let precision: Precision
  let layout: ParameterLayout
  /// layout.count floats.
  let dense: UnsafeMutablePointer<Float>
  /// layout.compactBytes bytes.
  let compact: UnsafeMutableRawPointer
  /// [vocabulary][hidden]. Not to be written where it is in `source`.
  let word: UnsafeMutablePointer<Float>
  /// What holds `word`; nil where it is a copy.
  private let source: (any TensorSource)?

  private var wordCount: Int { configuration.vocabulary * configuration.hidden }

  /// Reads every tensor from `source`, on all threads of `pool`. The kernels must support the
  /// configuration; see `refusal(of:)`.
  ///
  /// - Parameter isReadOnly: that nobody will write to `word`, which then is not copied if it need not
  ///   be.
  init(
    _ configuration: EncoderConfiguration, precision: Precision = .fp32,
    source: any TensorSource, isReadOnly: Bool = false, pool: ComputePool
  ) throws {
    if let refusal = Self.refusal(of: configuration) { preconditionFailure(refusal) }
    self.configuration = configuration
    self.precision = precision
    layout = ParameterLayout(configuration, precision: precision)
    var tensors = Self.tensors(configuration, layout, precision)
    var wordInPlace: UnsafePointer<Float>?
    if isReadOnly, let index = tensors.firstIndex(where: \.isWord) {
      wordInPlace = try source.tensorInPlace(tensors[index].name, tensors[index].shape)
      if wordInPlace != nil { tensors.remove(at: index) }
    }
    self.source = wordInPlace == nil ? nil : source
    word =
      wordInPlace.map { UnsafeMutablePointer(mutating: $0) }
      ?? allocateFloats(configuration.vocabulary * configuration.hidden)
    dense = allocateFloats(layout.count)
    compact = kernels_allocate(layout.compactBytes)
    try read(tensors, source, pool)
  }

  /// Reads every tensor again, into the same memory.
  ///
  /// - Throws: what `source` throws; then some tensors are read and others not.
  func read(_ source: any TensorSource, pool: ComputePool) throws {
    try read(tensors, source, pool)
  }

  /// Puts every value on the straight line from what `source` holds to what it is now, `share` of the way.
  /// Of parameters in full precision.
  ///
  /// - Throws: what `source` throws; then some tensors are read and others not.
  func keep(_ share: Float, since source: any TensorSource, pool: ComputePool) throws {
    let now = (
      dense: Array(UnsafeBufferPointer(start: dense, count: layout.count)),
      word: Array(UnsafeBufferPointer(start: word, count: wordCount))
    )
    try read(source, pool: pool)
    for i in now.dense.indices { dense[i] += share * (now.dense[i] - dense[i]) }
    for i in now.word.indices { word[i] += share * (now.word[i] - word[i]) }
  }

  /// Every value, in full precision, the words' embeddings last.
  var values: [Float] {
    get {
      Array(UnsafeBufferPointer(start: dense, count: layout.count))
        + UnsafeBufferPointer(start: word, count: wordCount)
    }
    set {
      precondition(newValue.count == layout.count + wordCount, "every value")
      newValue.withUnsafeBufferPointer { values in
        dense.update(from: values.baseAddress!, count: layout.count)
        word.update(from: values.baseAddress! + layout.count, count: wordCount)
      }
    }
  }

  private func read(_ tensors: [Tensor], _ source: any TensorSource, _ pool: ComputePool) throws {
    let problem = Mutex<(any Error)?>(nil)
    pool.run(tensors.count) { index in
      do {
        try read(tensors[index], source)
      } catch {
        problem.withLock { $0 = $0 ?? error }
      }
    }
    if let error = problem.withLock({ $0 }) { throw error }
  }

  deinit {
    freeFloats(dense, layout.count)
    kernels_free(compact, layout.compactBytes)
    if source == nil { freeFloats(word, wordCount) }
  }

  /// Why the kernels cannot compute an encoder of this shape; nil when they can.
  static func refusal(of c: EncoderConfiguration) -> String? {
    guard
      [c.layers, c.hidden, c.heads, c.intermediate, c.vocabulary, c.positions, c.types]
        .allSatisfy({ $0 > 0 })
    else { return "an encoder's sizes must be positive" }
    // Far beyond any sentence encoder, and far below what overflows when it is multiplied.
    guard c.layers <= 1 << 10, c.hidden <= 1 << 20, c.intermediate <= 1 << 20,
      [c.vocabulary, c.positions, c.types].allSatisfy({ $0 <= 1 << 24 })
    else {
      return "config.json describes an encoder of \(c.layers) layers, hidden_size \(c.hidden), "
        + "intermediate_size \(c.intermediate), \(c.vocabulary) words, \(c.positions) positions and \(c.types) types; "
        + "that is too large for a sentence encoder"
    }
    guard c.hidden % 32 == 0, c.intermediate % 32 == 0 else {
      return
        "hidden_size \(c.hidden) and intermediate_size \(c.intermediate) must be multiples of 32"
    }
    guard c.hidden % c.heads == 0, (c.hidden / c.heads) % 32 == 0 else {
      return
        "\(c.heads) attention heads share a hidden_size of \(c.hidden); a head's size must be a"
        + " multiple of 32"
    }
    return nil
  }

  // MARK: Tensors by name

  /// One tensor of a weight file and where its values are.
  struct Tensor {
    enum Place {
      /// Row-major floats in the dense run.
      case plain(Int)
      /// Panels in the dense run, or in the compact one, `inputs` long.
      case panels(Int, inputs: Int)
      case word
    }
    let name: String
    let shape: [Int]
    let place: Place
    var count: Int { shape.reduce(1, *) }
    var isWord: Bool { if case .word = place { true } else { false } }
  }

  /// All tensors, in the order of a Hugging Face model.
  var tensors: [Tensor] { Self.tensors(configuration, layout, precision) }

  static func tensors(
    _ c: EncoderConfiguration, _ layout: ParameterLayout, _ precision: Precision = .fp32
  ) -> [Tensor] {
    let H = c.hidden
    var all: [Tensor] = []
    func norm(_ name: String, _ norm: ParameterLayout.Norm) {
      all.append(Tensor(name: "\(name).weight", shape: [H], place: .plain(norm.gamma)))
      all.append(Tensor(name: "\(name).bias", shape: [H], place: .plain(norm.beta)))
    }
    func linear(_ name: String, _ linear: ParameterLayout.Linear, part: Int = 0, of parts: Int = 1)
    {
      let outputs = linear.outputs / parts
      let size =
        precision == .fp32
        ? outputs * linear.inputs
        : outputs / Int(KERNELS_PANEL) * precision.panelBytes(inputs: linear.inputs)
      all.append(
        Tensor(
          name: "\(name).weight", shape: [outputs, linear.inputs],
          place: .panels(linear.panels + part * size, inputs: linear.inputs)))
      all.append(
        Tensor(
          name: "\(name).bias", shape: [outputs], place: .plain(linear.bias + part * outputs)))
    }
    all.append(
      Tensor(name: "embeddings.word_embeddings.weight", shape: [c.vocabulary, H], place: .word))
    all.append(
      Tensor(
        name: "embeddings.position_embeddings.weight", shape: [c.positions, H],
        place: .plain(layout.position)))
    all.append(
      Tensor(
        name: "embeddings.token_type_embeddings.weight", shape: [c.types, H],
        place: .plain(layout.type)))
    norm("embeddings.LayerNorm", layout.norm)
    for (index, layer) in layout.layers.enumerated() {
      let prefix = "encoder.layer.\(index)"
      for (part, name) in ["query", "key", "value"].enumerated() {
        linear("\(prefix).attention.self.\(name)", layer.qkv, part: part, of: 3)
      }
      linear("\(prefix).attention.output.dense", layer.attentionOutput)
      norm("\(prefix).attention.output.LayerNorm", layer.attentionNorm)
      linear("\(prefix).intermediate.dense", layer.up)
      linear("\(prefix).output.dense", layer.down)
      norm("\(prefix).output.LayerNorm", layer.outputNorm)
    }
    return all
  }

  /// The values of `tensor`, row-major, from a run laid out like `dense` and rows laid out like
  /// `word`: the weights themselves, or their gradients. In fp32 only.
  func values(
    of tensor: Tensor, dense: UnsafePointer<Float>, word: UnsafePointer<Float>
  ) -> [Float] {
    switch tensor.place {
    case .word:
      return Array(UnsafeBufferPointer(start: word, count: tensor.count))
    case .plain(let offset):
      return Array(UnsafeBufferPointer(start: dense + offset, count: tensor.count))
    case .panels(let offset, let inputs):
      return Array(unsafeUninitializedCapacity: tensor.count) { buffer, count in
        count = tensor.count
        unpack_panels(
          buffer.baseAddress!, dense + offset, Int32(tensor.count / inputs), Int32(inputs))
      }
    }
  }

  private func read(_ tensor: Tensor, _ source: any TensorSource) throws {
    switch tensor.place {
    case .word:
      try source.copyTensor(tensor.name, tensor.shape, to: word)
    case .plain(let offset):
      try source.copyTensor(tensor.name, tensor.shape, to: dense + offset)
    case .panels(let offset, let inputs):
      let (outputs, inputs) = (Int32(tensor.count / inputs), Int32(inputs))
      try source.withTensor(tensor.name, tensor.shape) { values in
        switch precision {
        case .fp32: pack_panels(dense + offset, values, outputs, inputs)
        case .bf16: pack_panels_bf16(compact + offset, values, outputs, inputs)
        case .int8: pack_panels_int8(compact + offset, values, outputs, inputs)
        }
      }
    }
  }
}

/// `count` floats, all zero, 64-byte aligned; to be returned to `freeFloats` with the same count.
func allocateFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
  kernels_allocate(count * MemoryLayout<Float>.stride)
    .bindMemory(to: Float.self, capacity: count)
}

func freeFloats(_ floats: UnsafeMutablePointer<Float>, _ count: Int) {
  kernels_free(floats, count * MemoryLayout<Float>.stride)
}

/// A block of floats that grows when asked for more and is freed with its owner. What it held is
/// lost when it grows. It grows by half at least: fresh pages cost time, and pages nobody writes nothing.
final class FloatBuffer {
  private(set) var floats: UnsafeMutablePointer<Float>
  private(set) var count: Int

  init(_ count: Int = 0) {
    floats = allocateFloats(count)
    self.count = count
  }

  deinit {
    freeFloats(floats, count)
  }

  func reserve(_ wanted: Int) {
    guard wanted > count else { return }
    freeFloats(floats, count)
    count = max(wanted, count + count / 2)
    floats = allocateFloats(count)
  }
}
