import Foundation
import Kernels
import Synchronization
import Transformer

/// An encoder small enough to check by brute force, with weights and texts from a hash that
/// scripts/make-gradient-fixtures.py has too.
enum TinyEncoder {
  static func configuration(
    pooling: EncoderConfiguration.Pooling = .mean, normalizes: Bool = true,
    hiddenDropout: Float = 0.1, attentionDropout: Float = 0.1
  ) -> EncoderConfiguration {
    EncoderConfiguration(
      layers: 2, hidden: 64, heads: 2, intermediate: 96, vocabulary: 60, positions: 48, types: 2,
      layerNormEpsilon: 1e-12, hiddenDropout: hiddenDropout, attentionDropout: attentionDropout,
      pooling: pooling, normalizes: normalizes, maxTokens: 48)
  }

  static func tensor(_ name: String, _ shape: [Int]) -> [Float] {
    if let known = known.withLock({ $0[name] }) { return known }
    let isGain = name.hasSuffix("LayerNorm.weight")
    let values = uniform(name, shape.reduce(1, *)).map {
      Float($0 * (isGain ? 0.1 : 0.15) + (isGain ? 1 : 0))
    }
    known.withLock { $0[name] = values }
    return values
  }
  private static let known = Mutex<[String: [Float]]>([:])

  /// Five texts of 1 to 40 tokens; the words of one step are mostly not those of the next.
  static func batch(_ step: Int) -> [[Int32]] {
    zip(0..., [7, 40, 1, 16, 33]).map { text, length in
      uniform("tokens \(step) \(text)", length).map { Int32((Int(($0 + 1) * 10) + 7 * step) % 60) }
    }
  }

  static func direction(_ step: Int, _ count: Int, scale: Float = 1) -> [Float] {
    uniform("gradient \(step)", count).map { Float($0) * scale }
  }
}

/// Values in [-1, 1): splitmix64 from the FNV-1a hash of `name`.
func uniform(_ name: String, _ count: Int) -> [Double] {
  var state: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  return (0..<count).map { _ in
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    return Double(z >> 40) / 0x1p23 - 1
  }
}

func randomFloats(_ name: String, _ count: Int) -> [Float] {
  uniform(name, count).map { Float($0) }
}

/// The names of the kernels that this processor runs.
let supportedKernels: [String] = {
  var names: [String] = []
  var name = kernels_names()
  while let pointer = name.pointee {
    if kernels_named(pointer) != nil { names.append(String(cString: pointer)) }
    name += 1
  }
  return names
}()

/// The largest |a - b|; infinite when one of them is not a number.
func maxDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}
