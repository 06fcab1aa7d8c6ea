import Foundation
import Kernels
import Testing
import Transformer

/// Every kernel of every instruction set against the same thing written plainly in double precision.
@Suite struct KernelTests {
  typealias K = Kernels

  private func kernels(_ name: String) -> K { kernels_named(name)!.pointee }

  @Test func theBaselineIsAlwaysThere() {
    #expect(supportedKernels.contains { $0 == "baseline" || $0 == "neon" })
    #expect(kernels_named("quantum") == nil)
  }

  @Test func packingGoesThereAndBack() {
    let (N, K) = (96, 64)
    let weight = randomFloats("weight", N * K)
    var panels = [Float](repeating: 0, count: N * K)
    var back = panels
    var transposed = panels
    pack_panels(&panels, weight, Int32(N), Int32(K))
    unpack_panels(&back, panels, Int32(N), Int32(K))
    #expect(back == weight)
    for panel in 0..<N / 32 {
      transpose_panel(&transposed, panels, Int32(panel), Int32(N), Int32(K))
    }
    var wrong = 0
    for n in 0..<N {
      for k in 0..<K {
        if panels[(n / 32 * K + k) * 32 + n % 32] != weight[n * K + k] { wrong += 1 }
        if transposed[(k / 32 * N + n) * 32 + k % 32] != weight[n * K + k] { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: supportedKernels, [1, 2, 5, 6, 7, 13, 14, 15, 29, 127, 131, 260])
  func matmul(name: String, T: Int) {
    let (K, N) = (96, 64)
    let x = randomFloats("x", T * K)
    let weight = randomFloats("w", N * K)
    let bias = randomFloats("b", N)
    let residual = randomFloats("r", T * N)
    var panels = [Float](repeating: 0, count: N * K)
    pack_panels(&panels, weight, Int32(N), Int32(K))
    var out = [Float](repeating: .nan, count: T * N)
    var activated = out
    kernels(name).matmul(
      &out, &activated, x, panels, bias, residual, Int32(T), Int32(K), Int32(N), Int32(N))
    var bare = [Float](repeating: .nan, count: T * N)
    kernels(name).matmul(&bare, nil, x, panels, nil, nil, Int32(T), Int32(K), Int32(N), Int32(N))
    var (worstBare, worst, worstActivated) = (0.0, 0.0, 0.0)
    for t in 0..<T {
      for n in 0..<N {
        let product = (0..<K).reduce(0.0) {
          $0 + Double(x[t * K + $1]) * Double(weight[n * K + $1])
        }
        let y = product + Double(bias[n]) + Double(residual[t * N + n])
        let gelu = 0.5 * y * (1 + erf(y / 2.0.squareRoot()))
        worstBare = max(worstBare, distance(bare[t * N + n], product))
        worst = max(worst, distance(out[t * N + n], y))
        worstActivated = max(worstActivated, distance(activated[t * N + n], gelu))
      }
    }
    #expect(worstBare < 1e-5)
    #expect(worst < 1e-5)
    #expect(worstActivated < 1e-5)
  }

  /// Against the product of the same rounded numbers, which int8 reaches but for fp32's rounding at
  /// the end, and bf16 but for that of its sums.
  @Test(arguments: supportedKernels, [1, 2, 4, 5, 12, 13, 14, 15, 29, 127, 260])
  func compactMatmul(name: String, T: Int) {
    let (K, N) = (96, 64)
    let x = randomFloats("x", T * K)
    let weight = randomFloats("w", N * K)
    let bias = randomFloats("b", N)
    let residual = randomFloats("r", T * N)
    for precision in [Precision.bf16, .int8] {
      var panels = [UInt8](repeating: 0, count: N / 32 * precision.panelBytes(inputs: K))
      var scratch = [UInt8](repeating: 0, count: kernels_compact_scratch(Int32(K)))
      var out = [Float](repeating: .nan, count: T * N)
      var activated = out
      let wx: [Double]
      let ww: [Double]
      if precision == .bf16 {
        pack_panels_bf16(&panels, weight, Int32(N), Int32(K))
        kernels(name).matmul_bf16(
          &out, &activated, x, panels, bias, residual, &scratch, Int32(T), Int32(K), Int32(N),
          Int32(N))
        (wx, ww) = (x.map(roundedToBF16), weight.map(roundedToBF16))
      } else {
        pack_panels_int8(&panels, weight, Int32(N), Int32(K))
        kernels(name).matmul_int8(
          &out, &activated, x, panels, bias, residual, &scratch, Int32(T), Int32(K), Int32(N),
          Int32(N))
        wx = (0..<T).flatMap { quantised(x[$0 * K..<($0 + 1) * K], asymmetric: true) }
        ww = (0..<N).flatMap { quantised(weight[$0 * K..<($0 + 1) * K], asymmetric: false) }
      }
      var (worst, worstActivated) = (0.0, 0.0)
      for t in 0..<T {
        for n in 0..<N {
          let product = (0..<K).reduce(0.0) { $0 + wx[t * K + $1] * ww[n * K + $1] }
          let y = product + Double(bias[n]) + Double(residual[t * N + n])
          let gelu = 0.5 * y * (1 + erf(y / 2.0.squareRoot()))
          worst = max(worst, distance(out[t * N + n], y))
          worstActivated = max(worstActivated, distance(activated[t * N + n], gelu))
        }
      }
      // A value halfway between two steps may be rounded either way: one step of 2/255.
      let tolerance = precision == .int8 ? 8e-3 : 1e-5
      #expect(worst < tolerance, "\(precision)")
      #expect(worstActivated < tolerance, "\(precision)")
    }
  }

  /// Sums of bytes are exact: every instruction set gives the same, also where two products take all of
  /// sixteen bits. Each weight is then -64 steps of 2/127.
  @Test(arguments: supportedKernels) func int8SumsDoNotSaturate(name: String) {
    let (T, K, N) = (15, 1536, 32)
    let x = [Float](repeating: 1, count: T * K)
    let weight = [Float](repeating: -1, count: N * K)
    var panels = [UInt8](repeating: 0, count: Precision.int8.panelBytes(inputs: K))
    var scratch = [UInt8](repeating: 0, count: kernels_compact_scratch(Int32(K)))
    pack_panels_int8(&panels, weight, Int32(N), Int32(K))
    var out = [Float](repeating: .nan, count: T * N)
    kernels(name).matmul_int8(
      &out, nil, x, panels, nil, nil, &scratch, Int32(T), Int32(K), Int32(N), Int32(N))
    #expect(out.allSatisfy { abs($0 + Float(K) * 128 / 127) < 1e-2 })
  }

  /// A row's result does not change with the rows around it.
  @Test(arguments: supportedKernels) func matmulRowsAreIndependent(name: String) {
    let (T, K, N) = (131, 64, 32)
    let x = randomFloats("x", T * K)
    let panels = randomFloats("w", N * K)
    var all = [Float](repeating: 0, count: T * N)
    kernels(name).matmul(&all, nil, x, panels, nil, nil, Int32(T), Int32(K), Int32(N), Int32(N))
    for t in 0..<T {
      var one = [Float](repeating: 0, count: N)
      kernels(name).matmul(
        &one, nil, Array(x[t * K..<(t + 1) * K]), panels, nil, nil, 1, Int32(K), Int32(N), Int32(N))
      #expect(one == Array(all[t * N..<(t + 1) * N]))
    }
  }

  @Test(arguments: supportedKernels, [1, 9, 255, 256, 300])
  func matmulBackward(name: String, T: Int) {
    let (K, N, column) = (64, 96, 32)
    let x = randomFloats("x", T * K)
    let dy = randomFloats("dy", T * N)
    var panel = [Float](repeating: .nan, count: K * 32)
    var bias = [Float](repeating: .nan, count: 32)
    var scratch = [Float](repeating: .nan, count: 256 * 32)
    kernels(name).matmul_backward_panel(
      &panel, &bias, x, dy, &scratch, Int32(column), Int32(T), Int32(K), Int32(N))
    var worst = 0.0
    for c in 0..<32 {
      let db = (0..<T).reduce(0.0) { $0 + Double(dy[$1 * N + column + c]) }
      worst = max(worst, distance(bias[c], db))
      for k in 0..<K {
        let dw = (0..<T).reduce(0.0) {
          $0 + Double(x[$1 * K + k]) * Double(dy[$1 * N + column + c])
        }
        worst = max(worst, distance(panel[k * 32 + c], dw))
      }
    }
    #expect(worst < 4e-5)
  }

  @Test(arguments: supportedKernels, [1, 2, 14, 15, 31, 32, 33, 77])
  func attention(name: String, n: Int) {
    for (heads, d) in [(2, 32), (1, 64)] {
      let H = heads * d
      let qkv = randomFloats("qkv", n * 3 * H)
      let width = (n + 31) / 32 * 32
      var context = [Float](repeating: .nan, count: n * H)
      var probabilities = [Float](repeating: .nan, count: heads * n * width)
      var scratch = [Float](
        repeating: .nan, count: kernels_attention_scratch(Int32(n), Int32(d)))
      kernels(name).attention(
        &context, &probabilities, qkv, &scratch, Int32(n), Int32(heads), Int32(d), Int32(H), 0, 0)
      func at(_ part: Int, _ h: Int, _ i: Int, _ c: Int) -> Double {
        Double(qkv[i * 3 * H + part * H + h * d + c])
      }
      var (worst, worstProbability) = (0.0, 0.0)
      for h in 0..<heads {
        for i in 0..<n {
          let scores = (0..<n).map { j in
            (0..<d).reduce(0.0) { $0 + at(0, h, i, $1) * at(1, h, j, $1) } / Double(d).squareRoot()
          }
          let exps = scores.map { exp($0 - scores.max()!) }
          let p = exps.map { $0 / exps.reduce(0, +) }
          for j in 0..<width {
            let found = probabilities[(h * n + i) * width + j]
            worstProbability = max(worstProbability, distance(found, j < n ? p[j] : 0))
          }
          for c in 0..<d {
            let y = (0..<n).reduce(0.0) { $0 + p[$1] * at(2, h, $1, c) }
            worst = max(worst, distance(context[i * H + h * d + c], y))
          }
        }
      }
      #expect(worstProbability < 1e-6)
      #expect(worst < 1e-5)
    }
  }

  @Test(arguments: supportedKernels) func layerNorm(name: String) {
    let (T, H) = (5, 96)
    let x = randomFloats("x", T * H).map { $0 * 3 + 1 }
    let gamma = randomFloats("gamma", H)
    let beta = randomFloats("beta", H)
    var out = [Float](repeating: .nan, count: T * H)
    var statistics = [Float](repeating: .nan, count: T * 2)
    kernels(name).layernorm(&out, &statistics, x, gamma, beta, 1e-5, Int32(T), Int32(H))
    var worst = 0.0
    for t in 0..<T {
      let row = x[t * H..<(t + 1) * H].map { Double($0) }
      let mean = row.reduce(0, +) / Double(H)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(H)
      let inverse = 1 / (variance + 1e-5).squareRoot()
      #expect(abs(Double(statistics[2 * t]) - mean) < 1e-6)
      #expect(abs(Double(statistics[2 * t + 1]) - inverse) < 1e-6)
      for h in 0..<H {
        let y = (row[h] - mean) * inverse * Double(gamma[h]) + Double(beta[h])
        worst = max(worst, distance(out[t * H + h], y))
      }
    }
    #expect(worst < 1e-5)
  }

  @Test(arguments: supportedKernels) func geluIsExact(name: String) {
    var x = stride(from: -12.0, through: 12.0, by: 0.0037).map { Float($0) }
    x += [0, -0, 1e-20, -1e-20, 0.9277344, -0.9277344, 100, -100, 1e30, -1e30]
    var y = [Float](repeating: .nan, count: x.count)
    kernels(name).gelu(&y, x, x.count)
    var worst = 0.0
    for (x, y) in zip(x, y) {
      let expected = 0.5 * Double(x) * (1 + erf(Double(x) / 2.0.squareRoot()))
      worst = max(worst, distance(y, expected) / (5e-7 + 3e-7 * abs(expected)))
    }
    #expect(worst <= 1)
  }

  @Test(arguments: supportedKernels) func geluBackward(name: String) {
    let x = stride(from: -8.0, to: 8.0, by: 0.005).map { Float($0) }
    let dy = randomFloats("dy", x.count)
    var dx = [Float](repeating: .nan, count: x.count)
    kernels(name).gelu_backward(&dx, dy, x, x.count)
    var worst = 0.0
    for i in x.indices {
      let v = Double(x[i])
      let slope =
        0.5 * (1 + erf(v / 2.0.squareRoot())) + v * exp(-v * v / 2) / (2 * Double.pi).squareRoot()
      worst = max(worst, distance(dx[i], Double(dy[i]) * slope))
    }
    #expect(worst < 1e-6)
  }

  /// The rate and the scale are right, rows and keys differ, and a mask depends neither on where a
  /// call starts nor on the instruction set.
  @Test(arguments: supportedKernels) func dropout(name: String) {
    let (T, H) = (200, 384)
    let ones = [Float](repeating: 1, count: T * H)
    var out = [Float](repeating: .nan, count: T * H)
    kernels(name).dropout(&out, ones, nil, 0.1, 7, 0, Int32(T), Int32(H))
    let dropped = out.count { $0 == 0 }
    #expect(abs(Double(dropped) / Double(T * H) - 0.1) < 0.005)
    #expect(out.allSatisfy { $0 == 0 || abs($0 - 1 / 0.9) < 1e-6 })
    for row in 0..<T {
      let count = out[row * H..<(row + 1) * H].count { $0 == 0 }
      #expect((10..<80).contains(count))  // 38.4 expected, deviation 5.9
    }
    #expect(out[0..<H] != out[H..<2 * H])

    var part = [Float](repeating: .nan, count: 3 * H)
    kernels(name).dropout(&part, Array(ones[0..<3 * H]), nil, 0.1, 7, 50, 3, Int32(H))
    #expect(part == Array(out[50 * H..<53 * H]))
    var other = out
    kernels(name).dropout(&other, ones, nil, 0.1, 8, 0, Int32(T), Int32(H))
    #expect(other != out)
    var baseline = out
    kernels(supportedKernels.last!).dropout(
      &baseline, ones, nil, 0.1, 7, 0, Int32(T), Int32(H))
    #expect(baseline == out)
    let residual = randomFloats("residual", T * H)
    kernels(name).dropout(&other, ones, residual, 0.1, 7, 0, Int32(T), Int32(H))
    #expect(other == zip(out, residual).map { $0 + $1 })
  }

  @Test(arguments: supportedKernels) func pooling(name: String) {
    let (n, H) = (5, 64)
    let x = randomFloats("x", n * H)
    var out = [Float](repeating: .nan, count: H)
    let mean = (0..<H).map { c in
      (0..<n).reduce(0.0) { $0 + Double(x[$1 * H + c]) } / Double(n)
    }
    let norm = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(kernels(name).pool(&out, x, 0, 0, Int32(n), Int32(H)) == 1)
    #expect(maxDifference(out, mean.map { Float($0) }) < 1e-6)
    let divisor = kernels(name).pool(&out, x, 0, 1, Int32(n), Int32(H))
    #expect(abs(Double(divisor) - norm) < 1e-6)
    #expect(maxDifference(out, mean.map { Float($0 / norm) }) < 1e-6)
    _ = kernels(name).pool(&out, x, 1, 0, Int32(n), Int32(H))
    #expect(out == Array(x[0..<H]))
    let zeros = [Float](repeating: 0, count: n * H)
    _ = kernels(name).pool(&out, zeros, 0, 1, Int32(n), Int32(H))
    #expect(out == Array(zeros[0..<H]))
  }

  @Test(arguments: supportedKernels) func adamW(name: String) {
    let count = 96
    var w = randomFloats("w", count)
    var m = [Float](repeating: 0, count: count)
    var v = m
    var (w0, m0, v0) = (w.map { Double($0) }, m.map { Double($0) }, v.map { Double($0) })
    for t in 1...20 {
      let g = t % 3 == 0 ? [Float](repeating: 0, count: count) : randomFloats("g\(t)", count)
      let rate = 1e-3 * Double(t)
      var step = AdamWStep()
      step.decay = Float(1 - rate * 0.01)
      step.step_size = Float(rate / (1 - pow(0.9, Double(t))))
      step.bias2 = Float((1 - pow(0.999, Double(t))).squareRoot())
      (step.beta1, step.beta2, step.epsilon, step.gradient_scale) = (0.9, 0.999, 1e-8, 0.5)
      if t % 3 == 0 {
        kernels(name).adamw_catch_up(&w, &m, &v, &step, 1, count)
      } else {
        kernels(name).adamw(&w, &m, &v, g, &step, count)
      }
      for i in 0..<count {
        let gradient = Double(g[i]) * 0.5
        m0[i] = 0.9 * m0[i] + 0.1 * gradient
        v0[i] = 0.999 * v0[i] + 0.001 * gradient * gradient
        w0[i] *= 1 - rate * 0.01
        w0[i] -=
          rate * (m0[i] / (1 - pow(0.9, Double(t))))
          / ((v0[i] / (1 - pow(0.999, Double(t)))).squareRoot() + 1e-8)
      }
    }
    #expect(maxDifference(w, w0.map { Float($0) }) < 2e-6)
  }

  @Test(arguments: supportedKernels) func sumOfSquares(name: String) {
    let x = randomFloats("x", 1003)
    let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(kernels(name).sum_of_squares(x, x.count) - expected) < 1e-9)
  }
}

private func roundedToBF16(_ x: Float) -> Double {
  let bits = x.bitPattern
  return Double(Float(bitPattern: (bits + (bits >> 16 & 1) + 0x7FFF) & 0xFFFF_0000))
}

/// The values of a row in the steps of int8: from -127 to 127, or 0 to 255 between the row's ends.
private func quantised(_ row: ArraySlice<Float>, asymmetric: Bool) -> [Double] {
  let (low, high) = (Double(min(row.min()!, 0)), Double(max(row.max()!, 0)))
  // Neighbours of one sign share 127, so that instructions which add two products in 16 bits are exact.
  let pairs = stride(from: row.startIndex, to: row.endIndex, by: 2).map { i in
    let (a, b) = (Double(row[i]), Double(row[i + 1]))
    return max(max(a, 0) + max(b, 0), -min(a, 0) - min(b, 0))
  }.max()!
  let step = asymmetric ? (high - low) / 255 : pairs / 127
  let zero = asymmetric ? (-low / step).rounded() : 0
  return row.map { value in
    let q = (Double(value) / step).rounded() + zero
    return ((asymmetric ? min(max(q, 0), 255) : q) - zero) * step
  }
}

/// |found - expected|; infinite when `found` is not a number.
private func distance(_ found: Float, _ expected: Double) -> Double {
  found.isNaN ? .infinity : abs(Double(found) - expected)
}
