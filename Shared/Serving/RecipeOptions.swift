public import ArgumentParser
public import Wire

/// How a model is trained, as flags: SetFit's training arguments under their own names, its two-phase
/// tuples told apart as body and head. A tuple's own name is the body's part, where SetFit takes one
/// number for both. `lauter train` and `lauter-trainer fit` take the same ones and
/// hand them on as the contract has them; ranges and combinations are the trainer's to check.
public struct RecipeOptions: ParsableArguments {
  @Option(
    help: """
      lauter: label names, suggestions and answers. setfit: SetFit's recipe and its defaults, and the \
      only one to take --loss and --head.
      """)
  public var recipe: String = "lauter"

  @Flag(help: "Learn from suggestions without asking whether they help.")
  public var useSuggestions = false

  @Flag(help: "Learn from no suggestions.")
  public var noSuggestions = false

  @Option(help: "At most so many answers per label; 0 takes all.")
  public var shots: UInt32 = 0

  @Option(help: "Decides the shots, the pairs' order and the dropout. Default: 42.")
  public var seed: UInt64?

  @Option(help: "Parts of the cross-validation on the answers; 0 leaves it out. Default: 5.")
  public var folds: UInt32?

  @Flag(help: "Leave the body as it is and train the head alone: fast, less accurate.")
  public var freezeBody = false

  @Option(
    name: [.customLong("body-epochs"), .customLong("epochs"), .customLong("num-epochs")],
    help: """
      Passes over the pairs while the body is tuned; of lauter five times as many over the texts, more of many \
      labels, in at most 96 steps. Default: 1.
      """)
  public var bodyEpochs: UInt32?

  @Option(
    name: [.customLong("body-batch-size"), .customLong("batch-size")],
    help: "Texts per step on the body; under setfit pairs, or texts with SupConLoss. Default: 16.")
  public var bodyBatchSize: UInt32?

  @Option(
    name: [.customLong("body-learning-rate"), .customLong("learning-rate")],
    help: """
      The peak of the body's learning rate; a third of it where the body learns from suggestions. \
      Default: 0.0003; of setfit 0.00002.
      """)
  public var bodyLearningRate: Double?

  @Option(
    help: """
      At most so many steps on the body, and under setfit exactly so many, whatever the epochs. Default: \
      as many as the epochs have, or the recipe's budget.
      """)
  public var maxSteps: UInt32?

  @Option(
    help: """
      Of setfit: oversampling, undersampling or unique, how many pairs of each kind an epoch has. Default: \
      oversampling.
      """)
  public var samplingStrategy: String?

  @Option(
    help: "Of setfit: so many positive and negative pairs per record, whatever the strategy says.")
  public var numIterations: UInt32?

  @Option(help: "CosineSimilarityLoss, ContrastiveLoss or SupConLoss. Default: the first.")
  public var loss: String?

  @Option(
    help: """
      Of ContrastiveLoss: cosine_distance, euclidean_distance or manhattan_distance. Default: the first.
      """)
  public var distanceMetric: String?

  @Option(
    help: "Of ContrastiveLoss: how far apart texts of different labels should be. Default: 0.5.")
  public var margin: Double?

  @Option(help: "The part of the steps over which the learning rate rises. Default: 0.1.")
  public var warmupProportion: Double?

  @Option(name: .customLong("l2-weight"), help: "Weight decay. Default: 0.01.")
  public var l2Weight: Double?

  @Flag(help: "Train without dropout.")
  public var noDropout = false

  @Option(help: "Tokens per text. Default: the encoder's own maximum.")
  public var maxLength: UInt32?

  @Option(
    help: """
      logistic-regression, or differentiable: SetFit's head trained in steps. Default: the first.
      """)
  public var head: String?

  @Option(
    help: """
      Smaller regularises the head more: the C of a logistic regression, under lauter a factor on its own. \
      Default: 1.
      """)
  public var headC: Double?

  @Flag(help: "Of a logistic regression: every label counts alike, however many records it has.")
  public var balanceLabels = false

  @Option(help: "Of a differentiable head: passes over the records. Default: 16.")
  public var headEpochs: UInt32?

  @Option(help: "Of a differentiable head: texts per step. Default: 2.")
  public var headBatchSize: UInt32?

  @Option(help: "Of a differentiable head: halved every five epochs. Default: 0.01.")
  public var headLearningRate: Double?

  @Option(help: "Of a differentiable head: what its scores are divided by. Default: 1.")
  public var headTemperature: Double?

  @Flag(help: "Of a differentiable head: the body learns along with it.")
  public var endToEnd = false

  @Option(help: "The body's learning rate with --end-to-end. Default: 0.00001.")
  public var bodyClassifierLearningRate: Double?

  public init() {}

  public mutating func validate() throws {
    func oneOf(_ known: [String], _ value: String?, _ flag: String) throws {
      guard let value, !known.contains(value) else { return }
      let listed = known.dropLast().joined(separator: ", ") + " or " + known.last!
      throw ValidationError("--\(flag) is \(listed), not '\(value)'")
    }
    try oneOf(["lauter", "setfit"], recipe, "recipe")
    try oneOf(Self.strategies.map(\.name), samplingStrategy, "sampling-strategy")
    try oneOf(Self.losses.map(\.name), loss, "loss")
    try oneOf(Self.metrics.map(\.name), distanceMetric, "distance-metric")
    try oneOf(Self.heads.map(\.name), head, "head")
    guard !useSuggestions || !noSuggestions else {
      throw ValidationError("--use-suggestions or --no-suggestions, not both")
    }
    // The contract's 0 stands for the default; who writes 0 means it.
    for (value, flag) in [
      (bodyLearningRate, "body-learning-rate"), (headC, "head-c"),
      (headLearningRate, "head-learning-rate"), (headTemperature, "head-temperature"),
      (bodyClassifierLearningRate, "body-classifier-learning-rate"),
    ] {
      guard let value, !(value > 0 && value.isFinite) else { continue }
      throw ValidationError("--\(flag) is above 0, not \(value)")
    }
    for (value, flag) in [
      (bodyEpochs, "body-epochs"), (bodyBatchSize, "body-batch-size"), (maxSteps, "max-steps"),
      (numIterations, "num-iterations"), (maxLength, "max-length"), (headEpochs, "head-epochs"),
      (headBatchSize, "head-batch-size"),
    ] where value == 0 {
      throw ValidationError("--\(flag) is above 0; leave it out for the default")
    }
  }

  private static let strategies: [(name: String, value: StoreV1.SamplingStrategy)] = [
    ("oversampling", .oversampling), ("undersampling", .undersampling), ("unique", .unique),
  ]
  private static let losses: [(name: String, value: StoreV1.Loss)] = [
    ("CosineSimilarityLoss", .cosineSimilarity), ("ContrastiveLoss", .contrastive),
    ("SupConLoss", .supervisedContrastive),
  ]
  private static let metrics: [(name: String, value: StoreV1.DistanceMetric)] = [
    ("cosine_distance", .cosine), ("euclidean_distance", .euclidean),
    ("manhattan_distance", .manhattan),
  ]
  private static let heads: [(name: String, value: StoreV1.HeadKind)] = [
    ("logistic-regression", .logisticRegression), ("differentiable", .differentiable),
  ]

  /// The specification of a training by these flags; what else there is to say is the caller's.
  public var spec: StoreV1.TrainingSpec {
    func value<T>(_ known: [(name: String, value: T)], _ name: String?, _ none: T) -> T {
      known.first { $0.name == name }?.value ?? none
    }
    var spec = StoreV1.TrainingSpec()
    spec.recipe = recipe
    spec.useSuggestions = useSuggestions
    spec.noSuggestions = noSuggestions
    spec.shots = shots
    spec.seed = seed
    spec.folds = folds
    spec.freezeBody = freezeBody
    spec.bodyEpochs = bodyEpochs ?? 0
    spec.bodyBatchSize = bodyBatchSize ?? 0
    spec.bodyLearningRate = bodyLearningRate ?? 0
    spec.maxSteps = maxSteps ?? 0
    spec.samplingStrategy = value(Self.strategies, samplingStrategy, .unspecified)
    spec.numIterations = numIterations ?? 0
    spec.loss = value(Self.losses, loss, .unspecified)
    spec.distanceMetric = value(Self.metrics, distanceMetric, .unspecified)
    spec.margin = margin
    spec.warmupProportion = warmupProportion
    spec.l2Weight = l2Weight
    spec.noDropout = noDropout
    spec.maxLength = maxLength ?? 0
    spec.head = value(Self.heads, head, .unspecified)
    spec.headC = headC ?? 0
    spec.balanceLabels = balanceLabels
    spec.headEpochs = headEpochs ?? 0
    spec.headBatchSize = headBatchSize ?? 0
    spec.headLearningRate = headLearningRate ?? 0
    spec.headTemperature = headTemperature ?? 0
    spec.endToEnd = endToEnd
    spec.bodyClassifierLearningRate = bodyClassifierLearningRate ?? 0
    return spec
  }
}
