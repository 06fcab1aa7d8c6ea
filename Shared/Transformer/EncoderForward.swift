import Kernels
import Synchronization

/// Texts as one run of token ids: text i is ids[offsets[i] ..< offsets[i + 1]]. There is no padding
/// anywhere.
struct TokenBatch: Sendable {
  let ids: [Int32]
  let offsets: [Int]

  var texts: Int { offsets.count - 1 }
  var tokens: Int { ids.count }
  func length(_ text: Int) -> Int { offsets[text + 1] - offsets[text] }

  init(_ tokens: [[Int32]], _ configuration: EncoderConfiguration) {
    var ids: [Int32] = []
    var offsets = [0]
    ids.reserveCapacity(tokens.reduce(0) { $0 + $1.count })
    for text in tokens {
      precondition(
        !text.isEmpty && text.count <= configuration.positions,
        "a text has \(text.count) tokens; this encoder takes 1 to \(configuration.positions)")
      for id in text {
        precondition(
          id >= 0 && id < configuration.vocabulary,
          "token id \(id) is outside the encoder's vocabulary of \(configuration.vocabulary)")
      }
      ids += text
      offsets.append(ids.count)
    }
    self.ids = ids
    self.offsets = offsets
  }

  /// Consecutive texts of at most about 126 tokens together: enough rows for the matrix products to run
  /// at full speed, few enough for activations to stay in a core's cache. As many of about the same
  /// size for each thread, so that all are done at the same time. How a batch is cut changes no result.
  func chunks(threads: Int) -> [Range<Int>] {
    let forEach = (tokens + 126 * threads - 1) / (126 * threads)
    let count = min(texts, forEach * threads, max(1, tokens / 32))
    guard count > 0 else { return [] }
    var chunks: [Range<Int>] = []
    var start = 0
    var text = 0
    for chunk in 1...count {
      let end = tokens * chunk / count
      // Up to the boundary of a text that is nearest.
      while text < texts, offsets[text] + offsets[text + 1] <= 2 * end { text += 1 }
      guard text > start else { continue }
      chunks.append(start..<text)
      start = text
    }
    return chunks
  }
}

/// Where one layer's values go for a chunk of T tokens. Inference points several of them at the same
/// memory; training keeps them apart for the backward pass.
struct LayerActivations {
  /// The layer's input, [T][hidden].
  var x: UnsafeMutablePointer<Float>
  /// [T][3 · hidden].
  var qkv: UnsafeMutablePointer<Float>
  /// For each text [heads][n][n rounded up to 32]; nil when nobody will ask.
  var probabilities: UnsafeMutablePointer<Float>?
  /// [T][hidden].
  var context: UnsafeMutablePointer<Float>
  /// x + dropout(attention output), [T][hidden], its mean and inverse deviation, [T][2], and its
  /// LayerNorm.
  var attentionSum: UnsafeMutablePointer<Float>
  var attentionStatistics: UnsafeMutablePointer<Float>?
  var attended: UnsafeMutablePointer<Float>
  /// [T][intermediate], before and after GELU.
  var up: UnsafeMutablePointer<Float>
  var activated: UnsafeMutablePointer<Float>
  /// attended + dropout(output), [T][hidden], its statistics, and its LayerNorm.
  var outputSum: UnsafeMutablePointer<Float>
  var outputStatistics: UnsafeMutablePointer<Float>?
  var out: UnsafeMutablePointer<Float>
}

/// The random masks of one training step. Each place in the network that drops has a key of its own
/// and draws by row and column, so the masks do not depend on threads or chunks.
struct DropoutKeys: Sendable {
  let seed: UInt64
  let step: UInt64
  let hiddenRate: Float
  let attentionRate: Float

  enum Site: UInt64 {
    case embeddings, attention, attentionOutput, output
  }
  func key(_ site: Site, layer: Int = 0, text: Int = 0) -> UInt64 {
    kernels_mix(seed, step, UInt64(text) << 24 | UInt64(layer) << 2 | site.rawValue)
  }
}

/// The forward pass of a BERT encoder (Devlin et al., 2018, post-LayerNorm) over packed texts of
/// mixed length.
struct EncoderForward: Sendable {
  let parameters: EncoderParameters
  /// Points to a constant table; safe from any thread.
  nonisolated(unsafe) let kernels: UnsafePointer<Kernels>

  var configuration: EncoderConfiguration { parameters.configuration }
  var headSize: Int { configuration.hidden / configuration.heads }

  /// out[T][hidden] for the texts of `chunk`: word + type + position, before LayerNorm.
  func embed(_ batch: TokenBatch, _ chunk: Range<Int>, out: UnsafeMutablePointer<Float>) {
    let H = configuration.hidden
    let first = batch.offsets[chunk.lowerBound]
    batch.ids.withUnsafeBufferPointer { ids in
      for text in chunk {
        let start = batch.offsets[text]
        kernels.pointee.embed(
          out + (start - first) * H, ids.baseAddress! + start, parameters.word,
          parameters.dense + parameters.layout.position, parameters.dense + parameters.layout.type,
          Int32(batch.length(text)), Int32(H))
      }
    }
  }

  /// One layer over the texts of `chunk`. `probabilityOffsets`, one for each text of the batch,
  /// counts from `activations.probabilities`.
  func layer(
    _ index: Int, _ batch: TokenBatch, _ chunk: Range<Int>, _ a: LayerActivations,
    scratch: UnsafeMutablePointer<Float>, dropout: DropoutKeys?, probabilityOffsets: [Int] = []
  ) {
    let H = configuration.hidden
    let first = batch.offsets[chunk.lowerBound]
    let T = batch.offsets[chunk.upperBound] - first
    let layer = parameters.layout.layers[index]

    linear(layer.qkv, out: a.qkv, x: a.x, T, scratch)
    for text in chunk {
      let row = batch.offsets[text] - first
      let (context, qkv) = (a.context + row * H, a.qkv + row * 3 * H)
      guard let probabilities = a.probabilities else {
        attention(
          batch.length(text), heads: configuration.heads, context: context, qkv: qkv, scratch)
        continue
      }
      kernels.pointee.attention(
        context, probabilities + probabilityOffsets[text], qkv, scratch,
        Int32(batch.length(text)), Int32(configuration.heads), Int32(headSize), Int32(H),
        dropout?.attentionRate ?? 0, dropout?.key(.attention, layer: index, text: text) ?? 0)
    }
    residual(
      layer.attentionOutput, out: a.attentionSum, x: a.context, residual: a.x, T, first,
      dropout, dropout?.key(.attentionOutput, layer: index) ?? 0, scratch)
    norm(layer.attentionNorm, out: a.attended, a.attentionStatistics, x: a.attentionSum, T)
    linear(layer.up, out: a.up, activated: a.activated, x: a.attended, T, scratch)
    residual(
      layer.down, out: a.outputSum, x: a.activated, residual: a.attended, T, first,
      dropout, dropout?.key(.output, layer: index) ?? 0, scratch)
    norm(layer.outputNorm, out: a.out, a.outputStatistics, x: a.outputSum, T)
  }

  /// Self-attention of some heads of one text of n tokens, as inference needs it: those that `context` and
  /// `qkv` point to, in rows of [hidden] and [3 · hidden].
  func attention(
    _ n: Int, heads: Int, context: UnsafeMutablePointer<Float>, qkv: UnsafePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let (n, heads) = (Int32(n), Int32(heads))
    let (d, H) = (Int32(headSize), Int32(configuration.hidden))
    switch parameters.precision {
    case .fp32: kernels.pointee.attention(context, nil, qkv, scratch, n, heads, d, H, 0, 0)
    case .bf16, .int8: kernels.pointee.attention_compact(context, qkv, scratch, n, heads, d, H)
    }
  }

  /// Floats of scratch that a layer needs for a chunk whose longest text has `longest` tokens.
  func layerScratch(longest: Int) -> Int {
    let attention = kernels_attention_scratch(Int32(longest), Int32(headSize))
    guard parameters.precision != .fp32 else { return attention }
    let inputs = max(configuration.hidden, configuration.intermediate)
    return max(attention, kernels_compact_scratch(Int32(inputs)) / MemoryLayout<Float>.stride + 1)
  }

  /// out = x · W + b + residual, and its GELU where that is asked for; of the outputs in `columns`, a
  /// range of whole panels, or of all.
  func linear(
    _ linear: ParameterLayout.Linear, columns: Range<Int>? = nil,
    out: UnsafeMutablePointer<Float>, activated: UnsafeMutablePointer<Float>? = nil,
    x: UnsafePointer<Float>, residual: UnsafePointer<Float>? = nil, _ T: Int,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let first = columns?.lowerBound ?? 0
    let (out, activated) = (out + first, activated.map { $0 + first })
    let (bias, residual) = (parameters.dense + linear.bias + first, residual.map { $0 + first })
    let (T, inputs, ld) = (Int32(T), Int32(linear.inputs), Int32(linear.outputs))
    let outputs = Int32(columns?.count ?? linear.outputs)
    let compact =
      parameters.compact + linear.panels
      + first / Int(KERNELS_PANEL) * parameters.precision.panelBytes(inputs: linear.inputs)
    switch parameters.precision {
    case .fp32:
      kernels.pointee.matmul(
        out, activated, x, parameters.dense + linear.panels + first * linear.inputs, bias,
        residual, T, inputs, outputs, ld)
    case .bf16:
      kernels.pointee.matmul_bf16(
        out, activated, x, compact, bias, residual, scratch, T, inputs, outputs, ld)
    case .int8:
      kernels.pointee.matmul_int8(
        out, activated, x, compact, bias, residual, scratch, T, inputs, outputs, ld)
    }
  }

  /// out = residual + dropout(x · W + b); `first` is the chunk's first token within the batch.
  private func residual(
    _ linear: ParameterLayout.Linear, out: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>,
    residual: UnsafePointer<Float>, _ T: Int, _ first: Int, _ dropout: DropoutKeys?,
    _ key: UInt64, _ scratch: UnsafeMutablePointer<Float>
  ) {
    guard let dropout, dropout.hiddenRate > 0 else {
      self.linear(linear, out: out, x: x, residual: residual, T, scratch)
      return
    }
    self.linear(linear, out: out, x: x, T, scratch)
    kernels.pointee.dropout(
      out, out, residual, dropout.hiddenRate, key, Int32(first), Int32(T), Int32(linear.outputs))
  }

  func norm(
    _ norm: ParameterLayout.Norm, out: UnsafeMutablePointer<Float>,
    _ statistics: UnsafeMutablePointer<Float>?, x: UnsafePointer<Float>, _ T: Int
  ) {
    kernels.pointee.layernorm(
      out, statistics, x, parameters.dense + norm.gamma, parameters.dense + norm.beta,
      configuration.layerNormEpsilon, Int32(T), Int32(configuration.hidden))
  }

  /// out[hidden] for one text whose last hidden states are x[n][hidden]. Returns what `pool`
  /// divided by.
  @discardableResult
  func pool(_ n: Int, x: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>) -> Float {
    kernels.pointee.pool(
      out, x, configuration.pooling == .cls ? 1 : 0, configuration.normalizes ? 1 : 0, Int32(n),
      Int32(configuration.hidden))
  }

  // MARK: Inference

  /// The embeddings of a whole batch, chunks in parallel. Memory for activations comes from `spare`
  /// and returns there.
  func embeddings(_ batch: TokenBatch, pool: ComputePool, spare: SpareBuffers) -> Embeddings {
    let H = configuration.hidden
    let chunks = batch.chunks(threads: pool.threads)
    let values = [Float](unsafeUninitializedCapacity: batch.texts * H) { buffer, count in
      count = batch.texts * H
      nonisolated(unsafe) let out = buffer.baseAddress
      if chunks.count == 1, pool.threads > 1 {
        SplitForward(self, batch, threads: pool.threads).run(pool, spare, out: out!)
        return
      }
      pool.run(chunks.count) { index in
        spare.withBuffer { embeddings(batch, chunks[index], out: out!, $0) }
      }
    }
    return Embeddings(dimensions: H, values: values)
  }

  private func embeddings(
    _ batch: TokenBatch, _ chunk: Range<Int>, out: UnsafeMutablePointer<Float>,
    _ buffer: FloatBuffer
  ) {
    let H = configuration.hidden
    let first = batch.offsets[chunk.lowerBound]
    let T = batch.offsets[chunk.upperBound] - first
    let longest = chunk.map(batch.length).max()!
    buffer.reserve(
      T * (6 * H + configuration.intermediate) + layerScratch(longest: longest))
    let x = buffer.floats
    let attended = x + T * H
    let context = attended + T * H
    let qkv = context + T * H
    let up = qkv + T * 3 * H
    let scratch = up + T * configuration.intermediate

    embed(batch, chunk, out: x)
    norm(parameters.layout.norm, out: x, nil, x: x, T)
    let activations = LayerActivations(
      x: x, qkv: qkv, probabilities: nil, context: context, attentionSum: attended,
      attentionStatistics: nil, attended: attended, up: up, activated: up, outputSum: x,
      outputStatistics: nil, out: x)
    for index in 0..<configuration.layers {
      layer(index, batch, chunk, activations, scratch: scratch, dropout: nil)
    }
    for text in chunk {
      self.pool(
        batch.length(text), x: x + (batch.offsets[text] - first) * H, out: out + text * H)
    }
  }
}

/// Buffers that chunks borrow, so that a request does not pay for fresh pages. There are never more
/// than threads that computed at once.
final class SpareBuffers: Sendable {
  private struct Stack: @unchecked Sendable {
    var buffers: [FloatBuffer] = []
  }
  private let stack = Mutex(Stack())

  func withBuffer(_ body: (FloatBuffer) -> Void) {
    let spare = stack.withLock { stack in Stack(buffers: stack.buffers.popLast().map { [$0] } ?? [])
    }
    let buffer = spare.buffers.first ?? FloatBuffer()
    body(buffer)
    let back = Stack(buffers: [buffer])
    stack.withLock { $0.buffers += back.buffers }
  }
}
