import Foundation

/// Fits a `ClassificationHead`: multinomial logistic regression with scikit-learn's objective
/// (`sklearn.linear_model.LogisticRegression`, lbfgs, L2), in double precision.
///
///     1/S · Σᵢ sᵢ·loss(xᵢ, yᵢ) + 1/(2·C·S) · ‖W‖²,    S = Σᵢ sᵢ
///
/// The intercept is not penalised unless asked for. Two labels use scikit-learn's single row and sigmoid, which is
/// regularised differently from two softmax rows; the row w is then stored as −w/2 and w/2, whose
/// softmax gives the same probabilities.
public struct LogisticRegression: Sendable, Hashable {
  /// Inverse regularisation strength: smaller is stronger.
  public var C: Double
  /// Stops once no component of the gradient is larger.
  public var tolerance: Double
  public var maxIterations: Int
  /// How much of the weights' penalty the intercept gets; scikit-learn's is 0. With a record or two
  /// a label, a free intercept learns whose records happen to lie nearer to everything.
  public var interceptPenalty: Double

  public init(
    C: Double = 1, tolerance: Double = 1e-4, maxIterations: Int = 100, interceptPenalty: Double = 0
  ) {
    self.C = C
    self.tolerance = tolerance
    self.maxIterations = maxIterations
    self.interceptPenalty = interceptPenalty
  }

  /// A fitted head and how the fit went.
  public struct Fit: Sendable, Hashable {
    public let head: ClassificationHead
    public let iterations: Int
    /// False where `maxIterations` came first; the head is usable all the same.
    public let converged: Bool
    /// The objective's value, penalty included.
    public let loss: Double
  }

  /// Fits to hard labels.
  ///
  /// - Parameters:
  ///   - embeddings: [records, hidden], row-major.
  ///   - labels: each record's label, in 0 ..< `labelCount`.
  ///   - labelCount: at least 2. Every label must occur.
  ///   - weights: how much each record counts; `nil` means 1 each.
  ///   - pool: as below.
  /// - Throws: `HeadError`; `CancellationError` if the task is cancelled, within one evaluation.
  public func fit(
    _ embeddings: [Float], hidden: Int, labels: [Int], labelCount: Int, weights: [Double]? = nil,
    pool: ComputePool = .shared
  ) throws -> Fit {
    var likelihoods = [Double](repeating: 0, count: labels.count * max(labelCount, 0))
    for (record, label) in labels.enumerated() {
      guard (0..<labelCount).contains(label) else {
        throw HeadError("record \(record) has the label \(label) of only \(labelCount)")
      }
      likelihoods[record * labelCount + label] = 1
    }
    return try fit(
      embeddings, hidden: hidden, likelihoods: likelihoods, labelCount: labelCount,
      weights: weights, pool: pool)
  }

  /// How much each record counts where every label counts alike: scikit-learn's
  /// `class_weight="balanced"`, records / (labels · records of the label).
  ///
  /// - Parameter labels: each record's label, in 0 ..< `labelCount`.
  public static func balanced(_ labels: [Int], labelCount: Int) -> [Double] {
    var counts = [Int](repeating: 0, count: labelCount)
    for label in labels { counts[label] += 1 }
    return labels.map { Double(labels.count) / Double(labelCount * counts[$0]) }
  }

  /// Fits to what is known of each record's label, which may be uncertain: the loss is −log Σ pₗ·likelihoodₗ,
  /// where pₗ is how probable the head finds label l. With one label certain this is the loss above. Of
  /// labels that come from a noisy source it is the forward-corrected loss (Patrini et al. 2017, "Making Deep
  /// Neural Networks Robust to Label Noise"): the head may come to think otherwise than the source, and a record
  /// whose source it contradicts stops pulling. The loss is then not convex; the search starts at the prior.
  ///
  /// - Parameters:
  ///   - likelihoods: [records, labels], row-major: how probable what is known of the record is under each
  ///     label, up to a factor of the record's; 1 for its label and 0 for the others where that is certain.
  ///   - weights: how much each record counts, none negative; `nil` means 1 each.
  ///   - prior: what is believed before any record is seen. The penalty is then on the distance from
  ///     its weights instead of from 0, and a label need not occur.
  ///   - pool: computes along with the caller, where there is enough to do; the fit is the same, to the bit, on any.
  /// - Throws: `HeadError`; `CancellationError` if the task is cancelled, within one evaluation.
  public func fit(
    _ embeddings: [Float], hidden: Int, likelihoods: [Double], labelCount: Int,
    weights: [Double]? = nil, prior: ClassificationHead? = nil, pool: ComputePool = .shared
  ) throws -> Fit {
    guard labelCount >= 2 else {
      throw HeadError("a head needs at least 2 labels, not \(labelCount)")
    }
    guard C > 0, C.isFinite else { throw HeadError("C is a positive number, not \(C)") }
    guard interceptPenalty >= 0, interceptPenalty.isFinite else {
      throw HeadError("an intercept's penalty is not negative, unlike \(interceptPenalty)")
    }
    let records = likelihoods.count / labelCount
    guard records > 0, hidden > 0, likelihoods.count == records * labelCount,
      embeddings.count == records * hidden, weights == nil || weights?.count == records
    else {
      throw HeadError(
        "embeddings [\(embeddings.count)], likelihoods [\(likelihoods.count)] and weights "
          + "[\(weights?.count ?? records)] do not fit \(hidden) dimensions and \(labelCount) labels"
      )
    }
    guard embeddings.allSatisfy(\.isFinite) else {
      throw HeadError("an embedding holds a value that is not a finite number")
    }
    let weights = weights ?? [Double](repeating: 1, count: records)
    guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
      throw HeadError("record weights are finite, not negative and not all zero")
    }
    guard likelihoods.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw HeadError("likelihoods are probabilities, between 0 and 1")
    }
    for record in 0..<records {
      guard likelihoods[record * labelCount..<(record + 1) * labelCount].contains(where: { $0 > 0 })
      else { throw HeadError("record \(record) can have no label: all its likelihoods are 0") }
    }
    if let prior, prior.labels != labelCount || prior.hidden != hidden {
      throw HeadError(
        "a prior of \(prior.labels) labels and \(prior.hidden) dimensions for \(labelCount) and "
          + "\(hidden)")
    }
    for label in 0..<labelCount where prior == nil {
      let seen = (0..<records).contains { likelihoods[$0 * labelCount + label] * weights[$0] > 0 }
      guard seen else { throw HeadError("no record has the label \(label)") }
    }

    let objective = LogLoss(
      x: embeddings.map(Double.init), likelihoods: likelihoods, weights: weights, records: records,
      hidden: hidden, labels: labelCount, penalty: 1 / (C * weights.reduce(0, +)),
      interceptPenalty: interceptPenalty, prior: prior)
    let minimum = try LBFGS(gradientTolerance: tolerance, maxIterations: maxIterations)
      .minimise(from: [Double](repeating: 0, count: objective.rows * (hidden + 1))) {
        point, slope in
        try Task.checkCancellation()
        return objective.value(at: point, gradient: &slope, pool: pool)
      }

    // The point holds, row by row, the weights and then the intercept.
    var weight: [Float] = []
    var bias: [Float] = []
    let stride = hidden + 1
    if objective.rows == 1 {
      for sign in [-0.5, 0.5] {
        weight += minimum.point[..<hidden].map { Float(sign * $0) }
        bias.append(Float(sign * minimum.point[hidden]))
      }
    } else {
      for row in 0..<labelCount {
        weight += minimum.point[row * stride..<row * stride + hidden].map { Float($0) }
        bias.append(Float(minimum.point[row * stride + hidden]))
      }
    }
    if let prior {
      for i in weight.indices { weight[i] += prior.weight[i] }
      for i in bias.indices { bias[i] += prior.bias[i] }
    }
    return Fit(
      head: try ClassificationHead(labels: labelCount, hidden: hidden, weight: weight, bias: bias),
      iterations: minimum.iterations, converged: minimum.converged, loss: minimum.value)
  }
}

/// The objective and its gradient. Two labels have one row (the second label's), more have one each.
private struct LogLoss {
  /// [records, hidden]
  let x: [Double]
  /// [records, labels]
  let logLikelihoods: [Double]
  let weights: [Double]
  let records: Int
  let hidden: Int
  let labels: Int
  let penalty: Double
  let interceptPenalty: Double
  let weightSum: Double
  /// [records, rows]: what the prior says of each record; empty without one.
  let offsets: [Double]

  var rows: Int { labels == 2 ? 1 : labels }

  init(
    x: [Double], likelihoods: [Double], weights: [Double], records: Int, hidden: Int, labels: Int,
    penalty: Double, interceptPenalty: Double, prior: ClassificationHead?
  ) {
    self.x = x
    logLikelihoods = likelihoods.map { log($0) }
    self.weights = weights
    self.records = records
    self.hidden = hidden
    self.labels = labels
    self.penalty = penalty
    self.interceptPenalty = interceptPenalty
    weightSum = weights.reduce(0, +)
    guard let prior else {
      offsets = []
      return
    }
    var offsets: [Double] = []
    for record in 0..<records {
      let scores = (0..<labels).map { label in
        (0..<hidden).reduce(Double(prior.bias[label])) {
          $0 + Double(prior.weight[label * hidden + $1]) * x[record * hidden + $1]
        }
      }
      offsets += labels == 2 ? [scores[1] - scores[0]] : scores
    }
    self.offsets = offsets
  }

  /// On the threads of `pool`; which of them does what has no bearing on the result.
  func value(at point: [Double], gradient: inout [Double], pool: ComputePool) -> Double {
    let (rows, hidden, stride) = (rows, hidden, hidden + 1)
    // Of less work than this, sharing it out would take longer than doing it.
    let isSmall = records * rows * hidden < 1 << 18
    let blocks = isSmall ? 1 : min(records, 4 * pool.threads)
    let slices = isSmall ? 1 : min(pool.threads, (hidden + 7) / 8)
    // ∂loss/∂scores, [records, rows], and each record's share of the loss.
    var residuals = [Double](repeating: 0, count: records * rows)
    var losses = [Double](repeating: 0, count: records)
    let loss = x.withUnsafeBufferPointer { x in
      point.withUnsafeBufferPointer { w in
        gradient.withUnsafeMutableBufferPointer { g in
          residuals.withUnsafeMutableBufferPointer { residuals in
            losses.withUnsafeMutableBufferPointer { losses in
              nonisolated(unsafe) let (x, w) = (x.baseAddress!, w.baseAddress!)
              nonisolated(unsafe) let g = g.baseAddress!
              nonisolated(unsafe) let (residuals, losses) = (
                residuals.baseAddress!, losses.baseAddress!
              )
              pool.run(blocks) { block in
                for record in block * records / blocks..<(block + 1) * records / blocks {
                  let share = weights[record] / weightSum
                  if share == 0 { continue }
                  let row = x + record * hidden
                  let scores = residuals + record * rows
                  for k in 0..<rows {
                    scores[k] =
                      w[k * stride + hidden] + dot(w + k * stride, row, hidden)
                      + (offsets.isEmpty ? 0 : offsets[record * rows + k])
                  }
                  losses[record] = share * lossAndResiduals(record, scores)
                  for k in 0..<rows { scores[k] *= share }
                }
              }
              // Each slice takes some of the columns of all rows, the last one the intercepts too.
              pool.run(slices) { slice in
                let first = min(hidden, slice * ((hidden + 7) / 8) / slices * 8)
                let last = min(hidden, (slice + 1) * ((hidden + 7) / 8) / slices * 8)
                for k in 0..<rows {
                  for i in first..<last { g[k * stride + i] = 0 }
                  if last == hidden { g[k * stride + hidden] = 0 }
                }
                for record in 0..<records where weights[record] > 0 {
                  let row = x + record * hidden + first
                  for k in 0..<rows {
                    let residual = residuals[record * rows + k]
                    addProduct(residual, row, to: g + k * stride + first, last - first)
                    if last == hidden { g[k * stride + hidden] += residual }
                  }
                }
              }
              return (0..<records).reduce(0) { $0 + losses[$1] }
            }
          }
        }
      }
    }
    var square = 0.0
    for k in 0..<rows {
      for i in k * stride..<k * stride + hidden {
        square += point[i] * point[i]
        gradient[i] += penalty * point[i]
      }
      let intercept = point[k * stride + hidden]
      square += interceptPenalty * intercept * intercept
      gradient[k * stride + hidden] += penalty * interceptPenalty * intercept
    }
    return loss + 0.5 * penalty * square
  }

  /// The record's loss, log Σ eˢ − log Σ eˢ·likelihood; `scores` become ∂loss/∂scores. What cannot be has
  /// the logarithm −∞ and takes no part.
  private func lossAndResiduals(
    _ record: Int, _ scores: UnsafeMutablePointer<Double>
  ) -> Double {
    let first = record * labels
    if labels == 2 {
      // Written so that no exponential overflows.
      let z = scores[0]
      let (no, yes) = (logLikelihoods[first], z + logLikelihoods[first + 1])
      let e = exp(-abs(z))
      let p = z >= 0 ? 1 / (1 + e) : e / (1 + e)
      let known = exp(-abs(yes - no))
      scores[0] = p - (yes >= no ? 1 / (1 + known) : known / (1 + known))
      return max(z, 0) + log1p(e) - max(no, yes) - log1p(known)
    }
    let top = (0..<labels).reduce(-Double.infinity) { max($0, scores[$1]) }
    let knownTop = (0..<labels).reduce(-Double.infinity) {
      max($0, scores[$1] + logLikelihoods[first + $1])
    }
    var (sum, knownSum) = (0.0, 0.0)
    for k in 0..<labels {
      sum += exp(scores[k] - top)
      knownSum += exp(scores[k] + logLikelihoods[first + k] - knownTop)
    }
    for k in 0..<labels {
      scores[k] =
        exp(scores[k] - top) / sum
        - exp(scores[k] + logLikelihoods[first + k] - knownTop) / knownSum
    }
    return top + log(sum) - knownTop - log(knownSum)
  }
}

/// Limited-memory BFGS without bounds, with the stopping rules, first step and line search of
/// SciPy's L-BFGS-B (Byrd, Lu, Nocedal, Zhu 1995; Moré and Thuente 1994), so that an early stop
/// stops where scikit-learn's does.
package struct LBFGS: Sendable {
  package var gradientTolerance: Double
  package var maxIterations: Int
  package var relativeDecrease = 64 * Double.ulpOfOne
  package var memory = 10
  package var maxLineSearchSteps = 50

  package init(gradientTolerance: Double, maxIterations: Int) {
    self.gradientTolerance = gradientTolerance
    self.maxIterations = maxIterations
  }

  package struct Minimum {
    package var point: [Double]
    package var value: Double
    package var iterations: Int
    package var converged: Bool
  }

  /// - Parameter evaluate: the value at a point; fills in the gradient.
  package func minimise(
    from start: [Double],
    _ evaluate: (_ point: [Double], _ gradient: inout [Double]) throws -> Double
  ) throws -> Minimum {
    let n = start.count
    var x = start
    var g = [Double](repeating: 0, count: n)
    var f = try evaluate(x, &g)
    // Newest last: x and gradient differences, and 1 / (s·y).
    var pairs: [(s: [Double], y: [Double], rho: Double)] = []
    var iteration = 0
    while true {
      guard f.isFinite else { throw HeadError("the head's loss is not a finite number") }
      if maxNorm(g) <= gradientTolerance {
        return Minimum(point: x, value: f, iterations: iteration, converged: true)
      }
      if iteration == maxIterations {
        return Minimum(point: x, value: f, iterations: iteration, converged: false)
      }
      let d = direction(g, pairs)
      let slope = dot(g, d)
      let norm = dot(d, d).squareRoot()
      var search = LineSearch(
        value: f, slope: slope, step: iteration == 0 ? min(1 / norm, 1e10) : 1, maxStep: 1e10)
      var found = slope < 0
      var next = x
      var nextGradient = g
      var nextValue = f
      var steps = 0
      while found, !search.isDone {
        for i in 0..<n { next[i] = x[i] + search.step * d[i] }
        nextValue = try evaluate(next, &nextGradient)
        steps += 1
        search.advance(value: nextValue, slope: dot(nextGradient, d))
        found =
          !search.failed && nextValue.isFinite && (search.isDone || steps < maxLineSearchSteps)
      }
      guard found else {
        // As L-BFGS-B does: forget the curvature once and go down the gradient, then give up.
        if pairs.isEmpty {
          return Minimum(point: x, value: f, iterations: iteration, converged: false)
        }
        pairs = []
        continue
      }
      iteration += 1
      let decrease = (f - nextValue) / max(abs(f), abs(nextValue), 1)
      var s = d
      for i in 0..<n { s[i] *= search.step }
      var y = nextGradient
      for i in 0..<n { y[i] -= g[i] }
      let curvature = dot(s, y)
      let bound = -slope * search.step
      (x, g, f) = (next, nextGradient, nextValue)
      if maxNorm(g) <= gradientTolerance || decrease <= relativeDecrease {
        return Minimum(point: x, value: f, iterations: iteration, converged: true)
      }
      if curvature > Double.ulpOfOne * bound {
        if pairs.count == memory { pairs.removeFirst() }
        pairs.append((s, y, 1 / curvature))
      }
    }
  }

  /// −H·g by the two-loop recursion (Nocedal 1980).
  private func direction(_ g: [Double], _ pairs: [(s: [Double], y: [Double], rho: Double)])
    -> [Double]
  {
    var q = g.map { -$0 }
    guard let last = pairs.last else { return q }
    var alphas = [Double](repeating: 0, count: pairs.count)
    for k in pairs.indices.reversed() {
      alphas[k] = pairs[k].rho * dot(pairs[k].s, q)
      addProduct(-alphas[k], pairs[k].y, to: &q)
    }
    let scale = 1 / (last.rho * dot(last.y, last.y))
    for i in q.indices { q[i] *= scale }
    for k in pairs.indices {
      let beta = pairs[k].rho * dot(pairs[k].y, q)
      addProduct(alphas[k] - beta, pairs[k].s, to: &q)
    }
    return q
  }
}

/// Moré and Thuente's line search (MINPACK-2 `dcsrch` and `dcstep`): finds a step with sufficient
/// decrease (1e-3) and the strong curvature condition (0.9).
private struct LineSearch {
  private(set) var step: Double
  private(set) var isDone = false
  /// The bracket closed without a step that satisfies both conditions.
  private(set) var failed = false

  private let f0, slope0, maxStep: Double
  private let decrease = 1e-3
  private let curvature = 0.9
  private let widthTolerance = 0.1
  private var bracketed = false
  private var firstStage = true
  private var width, previousWidth: Double
  /// The best step so far, and the other end of the interval.
  private var best: Trial
  private var other: Trial
  private var low = 0.0
  private var high: Double

  private struct Trial {
    var step, f, slope: Double
  }

  init(value: Double, slope: Double, step: Double, maxStep: Double) {
    f0 = value
    slope0 = slope
    self.step = step
    self.maxStep = maxStep
    width = maxStep
    previousWidth = 2 * maxStep
    best = Trial(step: 0, f: value, slope: slope)
    other = best
    high = step + 4 * step
  }

  mutating func advance(value f: Double, slope g: Double) {
    let test = decrease * slope0
    let target = f0 + step * test
    if firstStage && f <= target && g >= 0 { firstStage = false }
    if f <= target && abs(g) <= curvature * -slope0 {
      isDone = true
      return
    }
    let stuck =
      bracketed && (step <= low || step >= high)
      || bracketed && high - low <= widthTolerance * high
      || step == maxStep && f <= target && g <= test
    if stuck {
      // SciPy takes such a step too (a warning, not an error), as long as it goes down.
      failed = f > f0
      isDone = !failed
      return
    }
    if firstStage && f <= best.f && f > target {
      // On the auxiliary function ψ(α) = f(α) − f(0) − decrease·α·f′(0).
      func lower(_ t: Trial) -> Trial {
        Trial(step: t.step, f: t.f - t.step * test, slope: t.slope - test)
      }
      func raise(_ t: Trial) -> Trial {
        Trial(step: t.step, f: t.f + t.step * test, slope: t.slope + test)
      }
      best = lower(best)
      other = lower(other)
      narrow(lower(Trial(step: step, f: f, slope: g)))
      best = raise(best)
      other = raise(other)
    } else {
      narrow(Trial(step: step, f: f, slope: g))
    }
    if bracketed {
      if abs(other.step - best.step) >= 0.66 * previousWidth {
        step = best.step + 0.5 * (other.step - best.step)
      }
      previousWidth = width
      width = abs(other.step - best.step)
      low = min(best.step, other.step)
      high = max(best.step, other.step)
    } else {
      low = step + 1.1 * (step - best.step)
      high = step + 4 * (step - best.step)
    }
    step = min(max(step, 0), maxStep)
    if bracketed && (step <= low || step >= high || high - low <= widthTolerance * high) {
      step = best.step
    }
  }

  /// `dcstep`: moves the interval and picks the next trial by safeguarded interpolation.
  private mutating func narrow(_ t: Trial) {
    let sign = t.slope * (best.slope < 0 ? -1 : 1)
    let theta = 3 * (best.f - t.f) / (t.step - best.step) + best.slope + t.slope
    let s = max(abs(theta), abs(best.slope), abs(t.slope))
    func root(_ clamp: Bool) -> Double {
      let square = (theta / s) * (theta / s) - (best.slope / s) * (t.slope / s)
      return s * (clamp ? max(0, square) : square).squareRoot()
    }
    var next: Double
    if t.f > best.f {
      // Higher value: the minimum is between the two.
      let gamma = t.step < best.step ? -root(false) : root(false)
      let r = ((gamma - best.slope) + theta) / (((gamma - best.slope) + gamma) + t.slope)
      let cubic = best.step + r * (t.step - best.step)
      let ratio = (best.f - t.f) / (t.step - best.step) + best.slope
      let quadratic = best.step + best.slope / ratio / 2 * (t.step - best.step)
      next =
        abs(cubic - best.step) < abs(quadratic - best.step)
        ? cubic : cubic + (quadratic - cubic) / 2
      bracketed = true
    } else if sign < 0 {
      // Lower value, the slope changed sign: between the two.
      let gamma = t.step > best.step ? -root(false) : root(false)
      let r = ((gamma - t.slope) + theta) / (((gamma - t.slope) + gamma) + best.slope)
      let cubic = t.step + r * (best.step - t.step)
      let secant = t.step + t.slope / (t.slope - best.slope) * (best.step - t.step)
      next = abs(cubic - t.step) > abs(secant - t.step) ? cubic : secant
      bracketed = true
    } else if abs(t.slope) < abs(best.slope) {
      // Lower value, same sign, the slope shrinks.
      let gamma = t.step > best.step ? -root(true) : root(true)
      let r = ((gamma - t.slope) + theta) / ((gamma + (best.slope - t.slope)) + gamma)
      let cubic =
        r < 0 && gamma != 0
        ? t.step + r * (best.step - t.step) : t.step > best.step ? high : low
      let secant = t.step + t.slope / (t.slope - best.slope) * (best.step - t.step)
      if bracketed {
        next = abs(cubic - t.step) < abs(secant - t.step) ? cubic : secant
        let edge = t.step + 0.66 * (other.step - t.step)
        next = t.step > best.step ? min(edge, next) : max(edge, next)
      } else {
        next = abs(cubic - t.step) > abs(secant - t.step) ? cubic : secant
        next = max(low, min(high, next))
      }
    } else if bracketed {
      // Lower value, same sign, the slope does not shrink.
      let theta = 3 * (t.f - other.f) / (other.step - t.step) + other.slope + t.slope
      let s = max(abs(theta), abs(other.slope), abs(t.slope))
      let square = (theta / s) * (theta / s) - (other.slope / s) * (t.slope / s)
      let gamma = (t.step > other.step ? -1 : 1) * s * square.squareRoot()
      let r = ((gamma - t.slope) + theta) / (((gamma - t.slope) + gamma) + other.slope)
      next = t.step + r * (other.step - t.step)
    } else {
      next = t.step > best.step ? high : low
    }
    if t.f > best.f {
      other = t
    } else {
      if sign < 0 { other = best }
      best = t
    }
    step = next
  }
}

// MARK: Vectors, in eight running sums and always in the same order

private func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sums = SIMD8<Double>.zero
  var i = 0
  while i + 8 <= count {
    let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Double>.self)
    let y = UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Double>.self)
    sums += x * y
    i += 8
  }
  var sum = sums.sum()
  while i < count {
    sum += a[i] * b[i]
    i += 1
  }
  return sum
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in dot(a.baseAddress!, b.baseAddress!, a.count) }
  }
}

private func addProduct(
  _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int
) {
  for i in 0..<count { y[i] += factor * x[i] }
}

private func addProduct(_ factor: Double, _ x: [Double], to y: inout [Double]) {
  for i in y.indices { y[i] += factor * x[i] }
}

private func maxNorm(_ x: [Double]) -> Double {
  x.reduce(0) { max($0, abs($1)) }
}
