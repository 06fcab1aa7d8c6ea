import Kernels

/// Where each parameter of an encoder lies in one run of floats. Weights, gradients and AdamW's
/// moments are four such runs with the same offsets; the word embeddings stand apart, because a
/// training step touches only a few of their rows.
struct ParameterLayout: Sendable {
  /// A linear layer: panels[outputs/32][inputs][32] at `panels`, outputs biases at `bias`.
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

  init(_ configuration: EncoderConfiguration) {
    let H = configuration.hidden
    var next = 0
    func take(_ count: Int) -> Int {
      defer { next += count }
      return next
    }
    func linear(_ inputs: Int, _ outputs: Int) -> Linear {
      Linear(panels: take(inputs * outputs), bias: take(outputs), inputs: inputs, outputs: outputs)
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
  }
}

/// The weights of an encoder, packed for the kernels.
///
/// Sendable by convention: a `SentenceEncoder` never writes them once they are read, and an
/// `EncoderTrainer`, which does, has one owner.
final class EncoderParameters: @unchecked Sendable {
  let configuration: EncoderConfiguration
  let layout: ParameterLayout
  /// layout.count floats.
  let dense: UnsafeMutablePointer<Float>
  /// [vocabulary][hidden].
  let word: UnsafeMutablePointer<Float>

  private var wordCount: Int { configuration.vocabulary * configuration.hidden }

  /// Reads every tensor through `tensor`, which is given a Hugging Face name without any prefix and
  /// the shape it must have. The kernels must support the configuration; see `refusal(of:)`.
  init(
    _ configuration: EncoderConfiguration,
    tensor: (_ name: String, _ shape: [Int]) throws -> [Float]
  ) throws {
    if let refusal = Self.refusal(of: configuration) { preconditionFailure(refusal) }
    self.configuration = configuration
    layout = ParameterLayout(configuration)
    dense = allocateFloats(layout.count)
    word = allocateFloats(configuration.vocabulary * configuration.hidden)
    for entry in tensors {
      let values = try tensor(entry.name, entry.shape)
      precondition(values.count == entry.count, "\(entry.name) has the wrong number of values")
      write(values, to: entry)
    }
  }

  deinit {
    freeFloats(dense, layout.count)
    freeFloats(word, wordCount)
  }

  /// Why the kernels cannot compute an encoder of this shape; nil when they can.
  static func refusal(of c: EncoderConfiguration) -> String? {
    guard
      [c.layers, c.hidden, c.heads, c.intermediate, c.vocabulary, c.positions, c.types]
        .allSatisfy({ $0 > 0 })
    else { return "an encoder's sizes must be positive" }
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
      /// Panels in the dense run, `inputs` long.
      case panels(Int, inputs: Int)
      case word
    }
    let name: String
    let shape: [Int]
    let place: Place
    var count: Int { shape.reduce(1, *) }
  }

  /// All tensors, in the order of a Hugging Face model.
  var tensors: [Tensor] {
    let c = configuration
    let H = c.hidden
    var all: [Tensor] = []
    func norm(_ name: String, _ norm: ParameterLayout.Norm) {
      all.append(Tensor(name: "\(name).weight", shape: [H], place: .plain(norm.gamma)))
      all.append(Tensor(name: "\(name).bias", shape: [H], place: .plain(norm.beta)))
    }
    func linear(_ name: String, _ linear: ParameterLayout.Linear, part: Int = 0, of parts: Int = 1)
    {
      let outputs = linear.outputs / parts
      all.append(
        Tensor(
          name: "\(name).weight", shape: [outputs, linear.inputs],
          place: .panels(linear.panels + part * outputs * linear.inputs, inputs: linear.inputs)))
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
  /// `word`: the weights themselves, or their gradients.
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

  private func write(_ values: [Float], to tensor: Tensor) {
    values.withUnsafeBufferPointer { values in
      switch tensor.place {
      case .word:
        word.update(from: values.baseAddress!, count: tensor.count)
      case .plain(let offset):
        (dense + offset).update(from: values.baseAddress!, count: tensor.count)
      case .panels(let offset, let inputs):
        pack_panels(
          dense + offset, values.baseAddress!, Int32(tensor.count / inputs), Int32(inputs))
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
/// lost when it grows.
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
    floats = allocateFloats(wanted)
    count = wanted
  }
}
