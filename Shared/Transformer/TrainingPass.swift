import Kernels

/// One forward pass in training mode and the backward pass through its activations. Both run over
/// chunks of texts in parallel; every chunk writes rows of its own. Forward, a chunk goes through all
/// layers. Backward, all chunks go through a layer before the next, and what the layer's parameters need
/// for their gradients is there until then: memory for one layer's gradients serves them all.
final class TrainingPass: @unchecked Sendable {
  /// The gradients by which a layer's parameters' gradients are computed: for each linear layer that by
  /// its output, for each LayerNorm that by its output. Widths as in `LayerActivations`. `below` is that by
  /// the layer's input, which is the output of the layer before or of the embeddings' LayerNorm.
  struct LayerGradients {
    var qkv: UnsafeMutablePointer<Float>
    var attentionOutput: UnsafeMutablePointer<Float>
    var attended: UnsafeMutablePointer<Float>
    var up: UnsafeMutablePointer<Float>
    var down: UnsafeMutablePointer<Float>
    var out: UnsafeMutablePointer<Float>
    var below: UnsafeMutablePointer<Float>
  }

  let batch: TokenBatch
  let dropout: DropoutKeys?
  private(set) var embeddings: [Float]
  private var divisors: [Float]

  private let configuration: EncoderConfiguration
  private let chunks: [Range<Int>]
  private let probabilityOffsets: [Int]
  /// Row 0 of the batch in each buffer. `activated` is the same for all layers; backward, GELU is taken again.
  let layers: [LayerActivations]
  /// Of the layer that `backward` is at.
  private(set) var layerGradients: LayerGradients
  /// word + position + type, its LayerNorm's statistics; the gradient by that LayerNorm's output, once
  /// `backward` is through, is `layerGradients.out`; that by its input:
  let embeddingSum: UnsafeMutablePointer<Float>
  let embeddingStatistics: UnsafeMutablePointer<Float>
  let embeddingGradient: UnsafeMutablePointer<Float>

  /// Lays the pass's buffers out in `arena`, which must outlive it and hold nothing else.
  init(
    _ batch: TokenBatch, _ configuration: EncoderConfiguration, _ arena: FloatBuffer,
    dropout: DropoutKeys?, _ pool: ComputePool
  ) {
    self.batch = batch
    self.configuration = configuration
    self.dropout = dropout
    chunks = batch.chunks(threads: pool.threads)
    let (T, H, I) = (batch.tokens, configuration.hidden, configuration.intermediate)
    embeddings = [Float](repeating: 0, count: batch.texts * H)
    divisors = [Float](repeating: 1, count: batch.texts)

    var offsets: [Int] = []
    var probabilities = 0
    for text in 0..<batch.texts {
      offsets.append(probabilities)
      let n = batch.length(text)
      probabilities += configuration.heads * n * ((n + 31) / 32 * 32)
    }
    probabilityOffsets = offsets

    let perLayer = T * (8 * H + I + 4) + probabilities + 16 * 16
    arena.reserve(configuration.layers * perLayer + T * (11 * H + 2 * I + 2) + 16 * 16)
    var next = arena.floats
    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
      defer { next += (count + 15) / 16 * 16 }
      return next
    }
    embeddingSum = take(T * H)
    embeddingStatistics = take(T * 2)
    embeddingGradient = take(T * H)
    let activated = take(T * I)
    var x = take(T * H)
    layers = (0..<configuration.layers).map { _ in
      let layer = LayerActivations(
        x: x, qkv: take(T * 3 * H), probabilities: take(probabilities), context: take(T * H),
        attentionSum: take(T * H), attentionStatistics: take(T * 2), attended: take(T * H),
        up: take(T * I), activated: activated, outputSum: take(T * H),
        outputStatistics: take(T * 2), out: take(T * H))
      x = layer.out
      return layer
    }
    layerGradients = LayerGradients(
      qkv: take(T * 3 * H), attentionOutput: take(T * H), attended: take(T * H),
      up: take(T * I), down: take(T * H), out: take(T * H), below: take(T * H))
  }

  private func rows(_ chunk: Range<Int>) -> (first: Int, count: Int) {
    let first = batch.offsets[chunk.lowerBound]
    return (first, batch.offsets[chunk.upperBound] - first)
  }

  // MARK: Forward

  func run(_ forward: EncoderForward, _ pool: ComputePool, _ spare: SpareBuffers) {
    let H = configuration.hidden
    embeddings.withUnsafeMutableBufferPointer { embeddings in
      divisors.withUnsafeMutableBufferPointer { divisors in
        nonisolated(unsafe) let out = embeddings.baseAddress!
        nonisolated(unsafe) let divisors = divisors.baseAddress!
        pool.run(chunks.count) { index in
          let chunk = chunks[index]
          let (first, T) = rows(chunk)
          embed(forward, chunk, first, T)
          let longest = chunk.map(batch.length).max()!
          spare.withBuffer { buffer in
            buffer.reserve(
              kernels_attention_scratch(Int32(longest), Int32(forward.headSize)))
            for layer in 0..<configuration.layers {
              forward.layer(
                layer, batch, chunk, activations(layer, first), scratch: buffer.floats,
                dropout: dropout, probabilityOffsets: probabilityOffsets)
            }
          }
          let last = layers[configuration.layers - 1].out
          for text in chunk {
            divisors[text] = forward.pool(
              batch.length(text), x: last + batch.offsets[text] * H, out: out + text * H)
          }
        }
      }
    }
  }

  private func embed(_ forward: EncoderForward, _ chunk: Range<Int>, _ first: Int, _ T: Int) {
    let H = configuration.hidden
    let sum = embeddingSum + first * H
    let x = layers[0].x + first * H
    forward.embed(batch, chunk, out: sum)
    forward.norm(
      forward.parameters.layout.norm, out: x, embeddingStatistics + first * 2, x: sum, T)
    if let dropout {
      forward.kernels.pointee.dropout(
        x, x, nil, dropout.hiddenRate, dropout.key(.embeddings), Int32(first), Int32(T), Int32(H))
    }
  }

  /// The layer's buffers from row `first` on.
  private func activations(_ layer: Int, _ first: Int) -> LayerActivations {
    let (H, I) = (configuration.hidden, configuration.intermediate)
    var a = layers[layer]
    a.x += first * H
    a.qkv += first * 3 * H
    a.context += first * H
    a.attentionSum += first * H
    a.attentionStatistics! += first * 2
    a.attended += first * H
    a.up += first * I
    a.activated += first * I
    a.outputSum += first * H
    a.outputStatistics! += first * 2
    a.out += first * H
    return a
  }

  private func gradients(_ first: Int) -> LayerGradients {
    let (H, I) = (configuration.hidden, configuration.intermediate)
    var g = layerGradients
    g.qkv += first * 3 * H
    g.attentionOutput += first * H
    g.attended += first * H
    g.up += first * I
    g.down += first * H
    g.out += first * H
    g.below += first * H
    return g
  }

  // MARK: Backward

  /// Goes through the layers from the last to the first, given the loss's gradient by the embeddings, and
  /// leaves the gradients by the embeddings' LayerNorm.
  ///
  /// - Parameters:
  ///   - transposed: the weights of the layer that `before` was called with last.
  ///   - after: called after each layer, when `layerGradients` and `layers[layer].activated` are its.
  func backward(
    _ gradient: [Float], _ forward: EncoderForward, _ transposed: EncoderOptimiser.Transposed,
    _ pool: ComputePool, _ spare: SpareBuffers, before: (_ layer: Int) -> Void,
    after: (_ layer: Int) -> Void
  ) {
    nonisolated(unsafe) let transposed = transposed
    let H = configuration.hidden
    let last = configuration.layers - 1
    for layer in (0...last).reversed() {
      before(layer)
      pool.run(chunks.count) { index in
        let chunk = chunks[index]
        let (first, T) = rows(chunk)
        let longest = chunk.map(batch.length).max()!
        spare.withBuffer { buffer in
          buffer.reserve(
            2 * T * H + H
              + kernels_attention_backward_scratch(Int32(longest), Int32(forward.headSize)))
          let sum = buffer.floats
          let context = sum + T * H
          let row = context + T * H
          if layer == last { poolBackward(gradient, chunk, forward, row: row) }
          backward(
            layer, chunk, first, T, forward, transposed, sum: sum, context: context,
            scratch: row + H)
          if layer == 0 { embeddingBackward(forward, first, T) }
        }
      }
      after(layer)
      let out = layerGradients.out
      layerGradients.out = layerGradients.below
      layerGradients.below = out
    }
  }

  /// The gradient by the last layer's output.
  private func poolBackward(
    _ gradient: [Float], _ chunk: Range<Int>, _ forward: EncoderForward,
    row: UnsafeMutablePointer<Float>
  ) {
    let H = configuration.hidden
    gradient.withUnsafeBufferPointer { gradient in
      embeddings.withUnsafeBufferPointer { embeddings in
        for text in chunk {
          forward.kernels.pointee.pool_backward(
            layerGradients.out + batch.offsets[text] * H, gradient.baseAddress! + text * H,
            embeddings.baseAddress! + text * H, divisors[text], row,
            configuration.pooling == .cls ? 1 : 0, configuration.normalizes ? 1 : 0,
            Int32(batch.length(text)), Int32(H))
        }
      }
    }
  }

  /// One layer, from the gradient by its output to that by its input.
  private func backward(
    _ index: Int, _ chunk: Range<Int>, _ first: Int, _ T: Int, _ forward: EncoderForward,
    _ transposed: EncoderOptimiser.Transposed, sum: UnsafeMutablePointer<Float>,
    context: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let (H, I) = (configuration.hidden, configuration.intermediate)
    let kernels = forward.kernels.pointee
    let layer = forward.parameters.layout.layers[index]
    let a = activations(index, first)
    let g = gradients(first)
    let dense = forward.parameters.dense
    let rate = dropout?.hiddenRate ?? 0
    let tokens = Int32(T)
    let h = Int32(H)

    // out = LN(outputSum), outputSum = attended + dropout(down(gelu(up(attended))))
    kernels.layernorm_backward(
      sum, g.out, a.outputSum, a.outputStatistics!, dense + layer.outputNorm.gamma, tokens, h)
    kernels.dropout(
      g.down, sum, nil, rate, dropout?.key(.output, layer: index) ?? 0, Int32(first), tokens, h)
    kernels.matmul(g.up, nil, g.down, transposed.down, nil, nil, tokens, h, Int32(I), Int32(I))
    kernels.gelu_backward(g.up, g.up, a.up, T * I)
    kernels.gelu(a.activated, a.up, T * I)
    kernels.matmul(g.attended, nil, g.up, transposed.up, nil, sum, tokens, Int32(I), h, h)

    // attended = LN(attentionSum), attentionSum = x + dropout(attentionOutput(attention(qkv(x))))
    kernels.layernorm_backward(
      sum, g.attended, a.attentionSum, a.attentionStatistics!, dense + layer.attentionNorm.gamma,
      tokens, h)
    kernels.dropout(
      g.attentionOutput, sum, nil, rate, dropout?.key(.attentionOutput, layer: index) ?? 0,
      Int32(first), tokens, h)
    kernels.matmul(
      context, nil, g.attentionOutput, transposed.attentionOutput, nil, nil, tokens, h, h, h)
    for text in chunk {
      let row = batch.offsets[text] - first
      kernels.attention_backward(
        g.qkv + row * 3 * H, context + row * H, a.qkv + row * 3 * H,
        a.probabilities! + probabilityOffsets[text], scratch, Int32(batch.length(text)),
        Int32(configuration.heads), Int32(forward.headSize), dropout?.attentionRate ?? 0,
        dropout?.key(.attention, layer: index, text: text) ?? 0)
    }
    kernels.matmul(g.below, nil, g.qkv, transposed.qkv, nil, sum, tokens, 3 * h, h, h)
  }

  private func embeddingBackward(_ forward: EncoderForward, _ first: Int, _ T: Int) {
    let H = configuration.hidden
    let kernels = forward.kernels.pointee
    let gradient = layerGradients.below + first * H
    if let dropout {
      kernels.dropout(
        gradient, gradient, nil, dropout.hiddenRate, dropout.key(.embeddings), Int32(first),
        Int32(T), Int32(H))
    }
    kernels.layernorm_backward(
      embeddingGradient + first * H, gradient, embeddingSum + first * H,
      embeddingStatistics + first * 2,
      forward.parameters.dense + forward.parameters.layout.norm.gamma, Int32(T), Int32(H))
  }
}
