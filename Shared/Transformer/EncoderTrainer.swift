import Kernels

/// Fine-tunes a sentence encoder on the CPU: forward in training mode, backward, AdamW.
///
/// A step is `forward`, a loss of your own on the embeddings, `backward` with the loss's gradient,
/// `step`. Weights stay in the kernels' layout throughout. The same seed, texts and calls give the
/// same bits for any number of threads (within one instruction set).
///
/// Not Sendable: it belongs to one owner, who makes one call at a time. Calls block while they
/// compute.
public final class EncoderTrainer {
  public let configuration: EncoderConfiguration

  let forward: EncoderForward
  let pool: ComputePool
  let spare = SpareBuffers()
  private let tokenizer: Tokenizer?
  private let seed: UInt64
  private let dropout: Bool
  /// Tensors that training leaves alone but a saved encoder keeps: BERT's pooler.
  private let untouched: [(name: String, shape: [Int], values: [Float])]

  /// From the first `forward` on until its steps are forgotten: three times the weights.
  private var optimiser: EncoderOptimiser?
  private var passes: UInt64 = 0
  private var pass: TrainingPass?
  private var arena = FloatBuffer()

  /// Reads the weights of `directory`.
  ///
  /// - Parameters:
  ///   - seed: what the dropout masks are drawn from.
  ///   - dropout: whether `forward` drops at the rates the configuration names.
  /// - Throws: `EncoderError`.
  public convenience init(
    _ directory: EncoderDirectory, pool: ComputePool = .shared, seed: UInt64 = 42,
    dropout: Bool = true
  ) throws {
    let weights = try EncoderWeights(directory)
    try weights.checkValues(directory.configuration)
    try self.init(
      directory.configuration, tokenizer: directory.tokenizer(), pool: pool, seed: seed,
      dropout: dropout, untouched: weights.pooler(), source: weights)
  }

  /// A trainer whose tensors come from `tensor`, by Hugging Face name and shape.
  package convenience init(
    _ configuration: EncoderConfiguration, pool: ComputePool = .shared,
    kernels name: String? = nil, seed: UInt64 = 42, dropout: Bool = true,
    untouched: [(name: String, shape: [Int], values: [Float])] = [],
    tensor: (_ name: String, _ shape: [Int]) throws -> [Float]
  ) throws {
    try self.init(
      configuration, pool: pool, kernels: name, seed: seed, dropout: dropout,
      untouched: untouched, source: GivenTensors(configuration, tensor))
  }

  private init(
    _ configuration: EncoderConfiguration, tokenizer: Tokenizer? = nil, pool: ComputePool,
    kernels name: String? = nil, seed: UInt64, dropout: Bool,
    untouched: [(name: String, shape: [Int], values: [Float])], source: any TensorSource
  ) throws {
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.pool = pool
    self.seed = seed
    self.dropout = dropout
    self.untouched = untouched
    let parameters = try EncoderParameters(configuration, source: source, pool: pool)
    forward = EncoderForward(
      parameters: parameters, kernels: name.map { kernels_named($0)! } ?? kernels_best())
  }

  // MARK: Training

  /// The embeddings of `tokens` in training mode. Keeps what the backward pass needs until the next
  /// call. Each call draws its own dropout masks.
  /// Every text must have 1 to `configuration.positions` ids below `configuration.vocabulary`.
  public func forward(tokens: [[Int32]]) -> Embeddings {
    let batch = TokenBatch(tokens, configuration)
    let optimiser =
      self.optimiser ?? EncoderOptimiser(forward.parameters, forward.kernels, pool)
    self.optimiser = optimiser
    optimiser.bringUpToDate(batch.ids)
    let keys = DropoutKeys(
      seed: seed, step: passes, hiddenRate: configuration.hiddenDropout,
      attentionRate: configuration.attentionDropout)
    passes += 1
    let pass = TrainingPass(batch, configuration, arena, dropout: dropout ? keys : nil, pool)
    pass.run(forward, pool, spare)
    self.pass = pass
    return Embeddings(dimensions: configuration.hidden, values: pass.embeddings)
  }

  /// Computes the gradient of every parameter from `gradient`, the loss's derivative by the
  /// embeddings that the last `forward` returned, of the same shape.
  public func backward(_ gradient: [Float]) {
    guard let pass, let optimiser else { preconditionFailure("call forward before backward") }
    precondition(
      gradient.count == pass.embeddings.count,
      "the gradient has \(gradient.count) values, the embeddings \(pass.embeddings.count)")
    pass.backward(
      gradient, forward, optimiser.transposed, pool, spare,
      before: { optimiser.transpose(layer: $0) },
      after: { optimiser.computeGradients(layer: $0, pass) })
    optimiser.computeEmbeddingGradients(pass)
  }

  /// Changes the weights by one step of AdamW (betas 0.9 and 0.999, epsilon 1e-8) with the gradients
  /// of the last `backward`, which it uses up. Weight decay is decoupled and spares biases and
  /// LayerNorm; all word embeddings decay, also of words that no text has. The pooler has no
  /// gradient and does not change.
  ///
  /// - Parameters:
  ///   - decaysEverything: whether weight decay spares nothing after all.
  ///   - maxGradientNorm: gradients are scaled down to this norm, taken over all parameters, when
  ///     theirs is larger.
  /// - Returns: the gradients' norm before that.
  @discardableResult
  public func step(
    learningRate: Float, weightDecay: Float, decaysEverything: Bool = false, maxGradientNorm: Float
  ) -> Float {
    guard let optimiser else { preconditionFailure("call backward before every step") }
    return optimiser.step(
      learningRate: Double(learningRate), weightDecay: Double(weightDecay),
      decaysEverything: decaysEverything, maxGradientNorm: Double(maxGradientNorm))
  }

  /// Makes the next step the first of a new AdamW, with moments of zero, and gives back the memory that only
  /// training needs; the weights stay.
  public func forgetSteps() {
    pass = nil
    arena = FloatBuffer()
    optimiser?.bringAllUpToDate()
    optimiser = nil
  }

  /// Puts everything back to what it was before the first step, dropout's next draw included, with the weights
  /// of `directory`, which must be those it was made from.
  ///
  /// - Throws: `EncoderError`; then this trainer is of no further use.
  public func restore(_ directory: EncoderDirectory) throws {
    try forward.parameters.read(EncoderWeights(directory), pool: pool)
    optimiser?.restart()
    passes = 0
    pass = nil
  }

  /// Takes back a part of what all steps have done: every weight goes to a point on the straight line from what it is
  /// in `directory`, which must be what this was made from, to what it is now. The next step is the first of a new
  /// AdamW. Needs as much memory as the weights while it runs.
  ///
  /// - Parameter share: what stays of the way, from 0 to 1.
  /// - Throws: `EncoderError`; then this trainer is of no further use.
  public func keep(_ share: Float, since directory: EncoderDirectory) throws {
    forgetSteps()
    if share == 1 { return }
    try forward.parameters.keep(share, since: EncoderWeights(directory), pool: pool)
  }

  /// All weights, in an order of their own. Getting or setting them makes the next step the first of a new AdamW.
  public var weights: [Float] {
    get {
      forgetSteps()
      return forward.parameters.values
    }
    set {
      forgetSteps()
      forward.parameters.values = newValue
    }
  }

  // MARK: Evaluation

  /// The embeddings of `tokens` with the weights as they are now, without dropout: exactly those of
  /// a `SentenceEncoder` with the same weights.
  public func embed(tokens: [[Int32]]) -> Embeddings {
    let batch = TokenBatch(tokens, configuration)
    optimiser?.bringUpToDate(batch.ids)
    return forward.embeddings(batch, pool: pool, spare: spare)
  }

  /// The embeddings of `texts`, cut to `configuration.maxTokens`, with the weights as they are now
  /// and without dropout.
  public func embed(_ texts: [String]) -> Embeddings {
    guard let tokenizer else { preconditionFailure("this trainer was made without a tokenizer") }
    return tokenizer.encodeEachOnce(
      texts, maxTokens: configuration.maxTokens, pool, embed(tokens:))
  }

  // MARK: Saving

  /// Every tensor of the encoder, values row-major, under the names of a Hugging Face BertModel and
  /// in its order; what was never trained is as it was read.
  public func tensors() -> [(name: String, shape: [Int], values: [Float])] {
    optimiser?.bringAllUpToDate()
    let parameters = forward.parameters
    return parameters.tensors.map { tensor in
      (
        tensor.name, tensor.shape,
        parameters.values(of: tensor, dense: parameters.dense, word: parameters.word)
      )
    } + untouched
  }

  /// The gradients of the last `backward`, under the same names.
  package func gradients() -> [(name: String, shape: [Int], values: [Float])] {
    guard let optimiser else { preconditionFailure("call backward first") }
    let word = optimiser.wordGradients()
    let parameters = forward.parameters
    return parameters.tensors.map { tensor in
      (
        tensor.name, tensor.shape,
        parameters.values(of: tensor, dense: optimiser.gradient, word: word)
      )
    }
  }
}
