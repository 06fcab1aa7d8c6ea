import Kernels
import Synchronization

/// The forward pass of a few short texts, or of one text, on several threads at once: every matrix
/// product is split by its outputs, attention by heads. The same sums in the same order as on one thread,
/// so the same bits.
///
/// A layer has four stages, each of which needs all of the one before. One thread leads; others take part
/// as far as they come in time: whoever is there takes the next part of the stage. Nobody waits for a
/// thread that has not come, so a busy machine costs time but never stops anything.
final class SplitForward: Sendable {
  /// A part of a stage, numbered over all stages.
  private let next = Atomic<Int>(0)
  private let completed = Atomic<Int>(0)
  /// Stages whose parts may be taken.
  private let opened = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)

  private let forward: EncoderForward
  private let batch: TokenBatch
  private let parts: Int
  private let stages: Int

  /// So many tries last a millisecond or two; a stage's parts differ by less.
  private static let patience = 5_000
  /// More parts of so little work would not pay.
  private static let mostParts = 8

  init(_ forward: EncoderForward, _ batch: TokenBatch, threads: Int) {
    self.forward = forward
    self.batch = batch
    parts = min(threads, Self.mostParts)
    stages = 4 * forward.configuration.layers
  }

  /// out[texts][hidden].
  func run(_ pool: ComputePool, _ spare: SpareBuffers, out: UnsafeMutablePointer<Float>) {
    nonisolated(unsafe) let out = out
    spare.withBuffer { buffer in
      nonisolated(unsafe) let shared = Shared(forward.configuration, batch.tokens, buffer)
      pool.run(parts) { index in
        spare.withBuffer { buffer in
          var own = Own(forward, batch, buffer)
          if index == 0 {
            lead(shared, &own, out)
          } else {
            follow(shared, &own)
          }
        }
      }
    }
  }

  private func lead(_ shared: Shared, _ own: inout Own, _ out: UnsafeMutablePointer<Float>) {
    for stage in 0..<stages {
      opened.store(stage + 1, ordering: .releasing)
      while let ticket = take() { compute(ticket, shared, &own) }
      var tries = 0
      while completed.load(ordering: .acquiring) < (stage + 1) * parts {
        kernels_wait(Int32(clamping: tries))
        tries += 1
      }
    }
    isOver.store(true, ordering: .releasing)
    let H = forward.configuration.hidden
    let x = input(of: forward.configuration.layers, shared, &own)
    for text in 0..<batch.texts {
      forward.pool(batch.length(text), x: x + batch.offsets[text] * H, out: out + text * H)
    }
  }

  private func follow(_ shared: Shared, _ own: inout Own) {
    var tries = 0
    while !isOver.load(ordering: .acquiring), tries < Self.patience {
      if let ticket = take() {
        compute(ticket, shared, &own)
        tries = 0
      } else {
        kernels_wait(Int32(clamping: tries))
        tries += 1
      }
    }
  }

  /// The next part of the stages that are open.
  private func take() -> Int? {
    while true {
      let ticket = next.load(ordering: .relaxed)
      guard ticket < opened.load(ordering: .acquiring) * parts else { return nil }
      if next.weakCompareExchange(
        expected: ticket, desired: ticket + 1, ordering: .relaxed
      ).exchanged {
        return ticket
      }
    }
  }

  private func compute(_ ticket: Int, _ shared: Shared, _ own: inout Own) {
    let (index, part) = ((ticket / parts) / 4, ticket % parts)
    let layer = forward.parameters.layout.layers[index]
    let T = batch.tokens
    switch ticket / parts % 4 {
    case 0:
      attention(index, part, shared, &own)
    case 1:
      let x = input(of: index, shared, &own)
      forward.linear(
        layer.attentionOutput, columns: columns(part, layer.attentionOutput),
        out: shared.attentionSum, x: shared.context, residual: x, T, own.scratch)
    case 2:
      let attended = attended(in: index, shared, &own)
      forward.linear(
        layer.up, columns: columns(part, layer.up), out: shared.activated,
        activated: shared.activated, x: attended, T, own.scratch)
    default:
      let attended = attended(in: index, shared, &own)
      forward.linear(
        layer.down, columns: columns(part, layer.down), out: shared.outputSum,
        x: shared.activated, residual: attended, T, own.scratch)
    }
    completed.add(1, ordering: .acquiringAndReleasing)
  }

  /// Queries, keys, values and attention of some heads.
  private func attention(_ index: Int, _ part: Int, _ shared: Shared, _ own: inout Own) {
    let (H, d) = (forward.configuration.hidden, forward.headSize)
    let heads = share(part, of: forward.configuration.heads)
    guard !heads.isEmpty else { return }
    let x = input(of: index, shared, &own)
    for which in 0..<3 {
      let first = which * H + heads.lowerBound * d
      forward.linear(
        forward.parameters.layout.layers[index].qkv, columns: first..<first + heads.count * d,
        out: shared.qkv, x: x, batch.tokens, own.scratch)
    }
    for text in 0..<batch.texts {
      let row = batch.offsets[text]
      forward.attention(
        batch.length(text), heads: heads.count,
        context: shared.context + row * H + heads.lowerBound * d,
        qkv: shared.qkv + row * 3 * H + heads.lowerBound * d, own.scratch)
    }
  }

  /// [T][hidden], what goes into layer `index`. Each thread makes its own, which is quicker than waiting
  /// for another to make it.
  private func input(of index: Int, _ shared: Shared, _ own: inout Own) -> UnsafePointer<Float> {
    let layout = forward.parameters.layout
    if own.inputLayer != index {
      if index == 0 {
        forward.embed(batch, 0..<batch.texts, out: own.x)
        forward.norm(layout.norm, out: own.x, nil, x: own.x, batch.tokens)
      } else {
        forward.norm(
          layout.layers[index - 1].outputNorm, out: own.x, nil, x: shared.outputSum, batch.tokens)
      }
      own.inputLayer = index
    }
    return UnsafePointer(own.x)
  }

  private func attended(in index: Int, _ shared: Shared, _ own: inout Own)
    -> UnsafePointer<Float>
  {
    if own.attendedLayer != index {
      forward.norm(
        forward.parameters.layout.layers[index].attentionNorm, out: own.attended, nil,
        x: shared.attentionSum, batch.tokens)
      own.attendedLayer = index
    }
    return UnsafePointer(own.attended)
  }

  private func columns(_ part: Int, _ linear: ParameterLayout.Linear) -> Range<Int> {
    let panel = Int(KERNELS_PANEL)
    let panels = share(part, of: linear.outputs / panel)
    return panels.lowerBound * panel..<panels.upperBound * panel
  }

  private func share(_ part: Int, of count: Int) -> Range<Int> {
    part * count / parts..<(part + 1) * count / parts
  }

  /// What all threads write parts of.
  private struct Shared {
    /// [T][3 · hidden].
    let qkv: UnsafeMutablePointer<Float>
    /// [T][hidden] each.
    let context, attentionSum, outputSum: UnsafeMutablePointer<Float>
    /// [T][intermediate].
    let activated: UnsafeMutablePointer<Float>

    init(_ c: EncoderConfiguration, _ T: Int, _ buffer: FloatBuffer) {
      buffer.reserve(T * (6 * c.hidden + c.intermediate))
      qkv = buffer.floats
      context = qkv + T * 3 * c.hidden
      attentionSum = context + T * c.hidden
      outputSum = attentionSum + T * c.hidden
      activated = outputSum + T * c.hidden
    }
  }

  /// What one thread keeps for itself.
  private struct Own {
    /// [T][hidden] each.
    let x, attended: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutablePointer<Float>
    /// The layer that `x` is the input of, and that `attended` belongs to.
    var inputLayer = -1
    var attendedLayer = -1

    init(_ forward: EncoderForward, _ batch: TokenBatch, _ buffer: FloatBuffer) {
      let floats = batch.tokens * forward.configuration.hidden
      let longest = (0..<batch.texts).map(batch.length).max()!
      buffer.reserve(2 * floats + forward.layerScratch(longest: longest))
      x = buffer.floats
      attended = x + floats
      scratch = attended + floats
    }
  }
}
