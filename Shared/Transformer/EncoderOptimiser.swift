import Foundation
import Kernels

/// A part of the dense parameters that one thread computes the gradient of and updates.
struct ParameterBlock: Sendable {
  enum Kind: Sendable {
    /// 32 outputs of a linear layer: their weights and biases.
    case panel(layer: Int, Linear, panel: Int)
    /// 32 columns of a LayerNorm: layer -1 is the embeddings'.
    case norm(layer: Int, afterAttention: Bool, column: Int)
    /// Rows of the position embeddings.
    case positions(Range<Int>)
    /// The token type embeddings.
    case types
  }
  enum Linear: Int, Sendable, CaseIterable {
    case qkv, attentionOutput, up, down
  }
  /// Floats of the dense run that belong to the block, and whether weight decay applies to them.
  struct Run: Sendable {
    let offset: Int
    let count: Int
    let isDecayed: Bool
  }
  let kind: Kind
  let runs: [Run]
  /// The encoder's layer it belongs to; nil where it belongs to the embeddings.
  var layer: Int? {
    switch kind {
    case .panel(let layer, _, _): layer
    case .norm(let layer, _, _): layer < 0 ? nil : layer
    case .positions, .types: nil
    }
  }

  /// Blocks that together are every dense parameter once: as many of each layer, layer after layer, and then
  /// those of the embeddings.
  static func all(_ layout: ParameterLayout, _ configuration: EncoderConfiguration) -> [Self] {
    let H = layout.hidden
    var blocks: [Self] = []
    func norm(_ norm: ParameterLayout.Norm, layer: Int, afterAttention: Bool) {
      for column in stride(from: 0, to: H, by: 32) {
        blocks.append(
          Self(
            kind: .norm(layer: layer, afterAttention: afterAttention, column: column),
            runs: [norm.gamma, norm.beta].map {
              Run(offset: $0 + column, count: 32, isDecayed: false)
            }))
      }
    }
    for (index, layer) in layout.layers.enumerated() {
      for (kind, linear) in zip(Linear.allCases, layer.linears) {
        for panel in 0..<linear.outputs / 32 {
          blocks.append(
            Self(
              kind: .panel(layer: index, kind, panel: panel),
              runs: [
                Run(
                  offset: linear.panels + panel * 32 * linear.inputs, count: 32 * linear.inputs,
                  isDecayed: true),
                Run(offset: linear.bias + panel * 32, count: 32, isDecayed: false),
              ]))
        }
      }
      norm(layer.attentionNorm, layer: index, afterAttention: true)
      norm(layer.outputNorm, layer: index, afterAttention: false)
    }
    norm(layout.norm, layer: -1, afterAttention: false)
    for first in stride(from: 0, to: configuration.positions, by: 32) {
      let rows = first..<min(first + 32, configuration.positions)
      blocks.append(
        Self(
          kind: .positions(rows),
          runs: [
            Run(offset: layout.position + first * H, count: rows.count * H, isDecayed: true)
          ]))
    }
    blocks.append(
      Self(
        kind: .types,
        runs: [Run(offset: layout.type, count: configuration.types * H, isDecayed: true)]))
    return blocks
  }
}

/// Gradients, and AdamW (Loshchilov and Hutter, 2019) over them as torch.optim.AdamW computes it.
///
/// Word embeddings are updated lazily. A step changes only the rows its batch has; what dense AdamW
/// would have done to every other row meanwhile (decay it, and let its moments run out) is done when
/// the row is next needed, by `bringUpToDate`. The result is that of dense AdamW.
final class EncoderOptimiser: @unchecked Sendable {
  static let beta1 = 0.9
  static let beta2 = 0.999
  static let epsilon = 1e-8
  /// Steps after which a moment without gradients moves no weight by a bit of its last place:
  /// 0.9^256 is 2e-12.
  private static let memory = 256

  /// A layer's weights by panels of their inputs, for the gradient by its input.
  struct Transposed {
    var qkv, attentionOutput, up, down: UnsafeMutablePointer<Float>
    func linear(_ linear: ParameterBlock.Linear) -> UnsafeMutablePointer<Float> {
      switch linear {
      case .qkv: qkv
      case .attentionOutput: attentionOutput
      case .up: up
      case .down: down
      }
    }
  }

  private let parameters: EncoderParameters
  private let kernels: UnsafePointer<Kernels>
  private let pool: ComputePool
  private let blocks: [ParameterBlock]
  private var layout: ParameterLayout { parameters.layout }
  private var hidden: Int { layout.hidden }
  private var vocabulary: Int { parameters.configuration.vocabulary }

  /// Laid out like `parameters.dense`.
  let gradient: UnsafeMutablePointer<Float>
  private let first: UnsafeMutablePointer<Float>
  private let second: UnsafeMutablePointer<Float>
  /// Of the layer that was asked for last.
  let transposed: Transposed
  private let transposedFloats: FloatBuffer

  // Word embeddings.
  private let wordFirst: UnsafeMutablePointer<Float>
  private let wordSecond: UnsafeMutablePointer<Float>
  /// The steps that each row has been through.
  private var rowSteps: [Int32]
  /// Whether a row ever had a gradient, without which its moments are zero.
  private var hasMoments: [Bool]
  /// The batch's distinct ids, ascending, and their gradients.
  private var rows: [Int32] = []
  private let rowGradients = FloatBuffer()

  /// Every step taken, as applied to decayed parameters, and the product of their decays.
  private var history: [AdamWStep] = []
  private var decayProducts: [Double] = [1]
  private var squares: [Double] = []
  private var hasGradients = false

  init(
    _ parameters: EncoderParameters, _ kernels: UnsafePointer<Kernels>, _ pool: ComputePool
  ) {
    self.parameters = parameters
    self.kernels = kernels
    self.pool = pool
    blocks = ParameterBlock.all(parameters.layout, parameters.configuration)
    let layout = parameters.layout
    gradient = allocateFloats(layout.count)
    first = allocateFloats(layout.count)
    second = allocateFloats(layout.count)
    let words = parameters.configuration.vocabulary * layout.hidden
    wordFirst = zeroedSparseFloats(words)
    wordSecond = zeroedSparseFloats(words)
    rowSteps = [Int32](repeating: 0, count: parameters.configuration.vocabulary)
    hasMoments = [Bool](repeating: false, count: parameters.configuration.vocabulary)

    let linears = layout.layers[0].linears
    transposedFloats = FloatBuffer(linears.reduce(0) { $0 + $1.count })
    var next = transposedFloats.floats
    let places = linears.map { linear in
      defer { next += linear.count }
      return next
    }
    transposed = Transposed(
      qkv: places[0], attentionOutput: places[1], up: places[2], down: places[3])
  }

  deinit {
    for floats in [gradient, first, second] { freeFloats(floats, layout.count) }
    free(wordFirst)
    free(wordSecond)
  }

  /// Makes `transposed` of a layer's weights.
  func transpose(layer: Int) {
    let range = blocks(of: layer)
    pool.run(range.count) { index in
      guard case .panel(_, let kind, let panel) = blocks[range.lowerBound + index].kind else {
        return
      }
      let linear = layout.layers[layer].linears[kind.rawValue]
      transpose_panel(
        transposed.linear(kind), parameters.dense + linear.panels, Int32(panel),
        Int32(linear.outputs), Int32(linear.inputs))
    }
  }

  private func blocks(of layer: Int) -> Range<Int> {
    let perLayer = blocks.firstIndex { $0.layer != 0 } ?? blocks.count
    return layer * perLayer..<(layer + 1) * perLayer
  }

  // MARK: Gradients

  /// The gradients of a layer's parameters, and the sums of their squares, while `pass.backward` is at it.
  func computeGradients(layer: Int, _ pass: TrainingPass) {
    if layer == layout.layers.count - 1 {
      squares = [Double](repeating: 0, count: blocks.count)
    }
    computeGradients(of: blocks(of: layer), pass)
  }

  /// What is left when `pass.backward` is through all layers: the gradients of the embeddings.
  func computeEmbeddingGradients(_ pass: TrainingPass) {
    computeGradients(of: blocks.firstIndex { $0.layer == nil }!..<blocks.count, pass)
    let batch = pass.batch
    let H = hidden
    // Token positions by id, each id's in order of the batch.
    let order = batch.ids.indices.sorted { (batch.ids[$0], $0) < (batch.ids[$1], $1) }
    rows = []
    var starts: [Int] = []
    for (place, token) in order.enumerated() where rows.last != batch.ids[token] {
      rows.append(batch.ids[token])
      starts.append(place)
    }
    starts.append(order.count)
    rowGradients.reserve(rows.count * H)

    let perTask = 32
    let (rowCount, rowStarts) = (rows.count, starts)
    var rowSquares = [Double](repeating: 0, count: (rows.count + perTask - 1) / perTask)
    nonisolated(unsafe) let rowGradients = self.rowGradients.floats
    rowSquares.withUnsafeMutableBufferPointer { squares in
      nonisolated(unsafe) let squares = squares.baseAddress!
      pool.run((rowCount + perTask - 1) / perTask) { task in
        let firstRow = task * perTask
        let lastRow = min(firstRow + perTask, rowCount)
        for row in firstRow..<lastRow {
          let sum = rowGradients + row * H
          sum.update(repeating: 0, count: H)
          for token in order[rowStarts[row]..<rowStarts[row + 1]] {
            kernels.pointee.accumulate(sum, pass.embeddingGradient + token * H, H)
          }
        }
        squares[task] = kernels.pointee.sum_of_squares(
          rowGradients + firstRow * H, (lastRow - firstRow) * H)
      }
    }
    squares += rowSquares
    hasGradients = true
  }

  private func computeGradients(of range: Range<Int>, _ pass: TrainingPass) {
    squares.withUnsafeMutableBufferPointer { squares in
      nonisolated(unsafe) let squares = squares.baseAddress!
      pool.run(range.count) { task in
        let index = range.lowerBound + task
        computeGradient(blocks[index], pass)
        for run in blocks[index].runs {
          squares[index] += kernels.pointee.sum_of_squares(gradient + run.offset, run.count)
        }
      }
    }
  }

  private func computeGradient(_ block: ParameterBlock, _ pass: TrainingPass) {
    let batch = pass.batch
    let H = hidden
    let T = Int32(batch.tokens)
    switch block.kind {
    case .panel(let layer, let kind, let panel):
      let linear = layout.layers[layer].linears[kind.rawValue]
      let (a, g) = (pass.layers[layer], pass.layerGradients)
      let (x, dy) =
        switch kind {
        case .qkv: (a.x, g.qkv)
        case .attentionOutput: (a.context, g.attentionOutput)
        case .up: (a.attended, g.up)
        case .down: (a.activated, g.down)
        }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 256 * 32) { scratch in
        kernels.pointee.matmul_backward_panel(
          gradient + block.runs[0].offset, gradient + block.runs[1].offset, x, dy,
          scratch.baseAddress!, Int32(panel * 32), T, Int32(linear.inputs), Int32(linear.outputs))
      }
    case .norm(let layer, let afterAttention, let column):
      let dy: UnsafeMutablePointer<Float>
      let x: UnsafeMutablePointer<Float>
      let statistics: UnsafeMutablePointer<Float>
      if layer < 0 {
        dy = pass.layerGradients.out
        x = pass.embeddingSum
        statistics = pass.embeddingStatistics
      } else {
        let (a, g) = (pass.layers[layer], pass.layerGradients)
        dy = afterAttention ? g.attended : g.out
        x = afterAttention ? a.attentionSum : a.outputSum
        statistics = (afterAttention ? a.attentionStatistics : a.outputStatistics)!
      }
      kernels.pointee.layernorm_backward_parameters(
        gradient + block.runs[0].offset, gradient + block.runs[1].offset, dy, x, statistics,
        Int32(column), T, Int32(H))
    case .positions(let positions):
      let sum = gradient + block.runs[0].offset
      sum.update(repeating: 0, count: block.runs[0].count)
      for text in 0..<batch.texts {
        let count = min(positions.upperBound, batch.length(text)) - positions.lowerBound
        guard count > 0 else { continue }
        kernels.pointee.accumulate(
          sum, pass.embeddingGradient + (batch.offsets[text] + positions.lowerBound) * H, count * H)
      }
    case .types:
      let sum = gradient + block.runs[0].offset
      sum.update(repeating: 0, count: block.runs[0].count)
      for token in 0..<batch.tokens {
        kernels.pointee.accumulate(sum, pass.embeddingGradient + token * H, H)
      }
    }
  }

  /// [vocabulary][hidden], for tests.
  func wordGradients() -> [Float] {
    var all = [Float](repeating: 0, count: vocabulary * hidden)
    for (index, row) in rows.enumerated() {
      for column in 0..<hidden {
        all[Int(row) * hidden + column] = rowGradients.floats[index * hidden + column]
      }
    }
    return all
  }

  // MARK: Steps

  func step(
    learningRate: Double, weightDecay: Double, decaysEverything: Bool, maxGradientNorm: Double
  ) -> Float {
    precondition(hasGradients, "call backward before every step")
    hasGradients = false
    let norm = squares.reduce(0, +).squareRoot()
    let t = Double(history.count + 1)
    var decayed = AdamWStep()
    decayed.decay = Float(1 - learningRate * weightDecay)
    decayed.step_size = Float(learningRate / (1 - pow(Self.beta1, t)))
    decayed.bias2 = Float((1 - pow(Self.beta2, t)).squareRoot())
    decayed.beta1 = Float(Self.beta1)
    decayed.beta2 = Float(Self.beta2)
    decayed.epsilon = Float(Self.epsilon)
    // As torch.nn.utils.clip_grad_norm_ has it.
    decayed.gradient_scale = Float(min(1, maxGradientNorm / (norm + 1e-6)))
    var plain = decayed
    if !decaysEverything { plain.decay = 1 }
    history.append(decayed)
    decayProducts.append(decayProducts.last! * (1 - learningRate * weightDecay))

    let H = hidden
    let perTask = 32
    let rowTasks = (rows.count + perTask - 1) / perTask
    let rows = self.rows
    nonisolated(unsafe) let rowGradients = self.rowGradients.floats
    let (decayedStep, plainStep) = (decayed, plain)
    pool.run(blocks.count + rowTasks) { task in
      if task < blocks.count {
        let block = blocks[task]
        for run in block.runs {
          withUnsafePointer(to: run.isDecayed ? decayedStep : plainStep) { step in
            kernels.pointee.adamw(
              parameters.dense + run.offset, first + run.offset, second + run.offset,
              gradient + run.offset, step, run.count)
          }
        }
      } else {
        let firstRow = (task - blocks.count) * perTask
        for index in firstRow..<min(firstRow + perTask, rows.count) {
          let offset = Int(rows[index]) * H
          withUnsafePointer(to: decayedStep) { step in
            kernels.pointee.adamw(
              parameters.word + offset, wordFirst + offset, wordSecond + offset,
              rowGradients + index * H, step, H)
          }
        }
      }
    }
    for row in rows {
      rowSteps[Int(row)] = Int32(history.count)
      hasMoments[Int(row)] = true
    }
    return Float(norm)
  }

  /// Starts anew, steps and moments forgotten, with weights that somebody else has written.
  func restart() {
    pool.run(blocks.count) { index in
      for run in blocks[index].runs {
        (first + run.offset).update(repeating: 0, count: run.count)
        (second + run.offset).update(repeating: 0, count: run.count)
      }
    }
    for row in hasMoments.indices where hasMoments[row] {
      (wordFirst + row * hidden).update(repeating: 0, count: hidden)
      (wordSecond + row * hidden).update(repeating: 0, count: hidden)
      hasMoments[row] = false
    }
    for row in rowSteps.indices { rowSteps[row] = 0 }
    history = []
    decayProducts = [1]
  }

  /// Takes the rows of `ids` through the steps they have missed.
  func bringUpToDate(_ ids: [Int32]) {
    let now = Int32(history.count)
    var stale: [Int32] = []
    var from: [Int32] = []
    for id in ids where rowSteps[Int(id)] < now {
      stale.append(id)
      from.append(rowSteps[Int(id)])
      rowSteps[Int(id)] = now
    }
    guard !stale.isEmpty else { return }
    let (staleRows, steps) = (stale, from)
    let perTask = 32
    pool.run((stale.count + perTask - 1) / perTask) { task in
      for index in task * perTask..<min((task + 1) * perTask, staleRows.count) {
        bringUpToDate(row: Int(staleRows[index]), from: Int(steps[index]))
      }
    }
  }

  func bringAllUpToDate() {
    bringUpToDate((0..<Int32(vocabulary)).map { $0 })
  }

  private func bringUpToDate(row: Int, from: Int) {
    let w = parameters.word + row * hidden
    func decay(from: Int, to: Int) {
      let factor = decayProducts[from] == 0 ? 0 : decayProducts[to] / decayProducts[from]
      if factor == 1 { return }
      for column in 0..<hidden { w[column] = Float(Double(w[column]) * factor) }
    }
    guard hasMoments[row] else { return decay(from: from, to: history.count) }
    let m = wordFirst + row * hidden
    let v = wordSecond + row * hidden
    let near = min(history.count - from, Self.memory)
    history.withUnsafeBufferPointer { history in
      kernels.pointee.adamw_catch_up(w, m, v, history.baseAddress! + from, near, hidden)
    }
    let far = history.count - from - near
    guard far > 0 else { return }
    decay(from: from + near, to: history.count)
    let (m1, v1) = (pow(Self.beta1, Double(far)), pow(Self.beta2, Double(far)))
    for column in 0..<hidden {
      let moment = Float(Double(m[column]) * m1)
      m[column] = moment.isNormal ? moment : 0
      v[column] = Float(Double(v[column]) * v1)
    }
  }
}

/// `count` zeroed floats on small pages, so that rows nobody writes cost no memory. For `free`.
private func zeroedSparseFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
  guard let memory = calloc(count, MemoryLayout<Float>.stride) else {
    fatalError("out of memory: \(count) floats were asked for")
  }
  return memory.bindMemory(to: Float.self, capacity: count)
}
