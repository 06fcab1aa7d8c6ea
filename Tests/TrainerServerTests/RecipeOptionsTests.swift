import ArgumentParser
import Serving
import Testing
import TrainerServer

/// The flags of `lauter train` and `lauter-trainer fit`.
@Suite("Recipe flags")
struct RecipeOptionsTests {
  @Test("No flag is the default recipe")
  func defaults() throws {
    #expect(try Recipe(RecipeOptions.parse([]).spec) == Recipe(.lauter))
    #expect(try Recipe(RecipeOptions.parse(["--recipe", "setfit"]).spec) == Recipe(.setfit))
    #expect(
      try made("--num-epochs 3 --batch-size 4") == made("--body-epochs 3 --body-batch-size 4"))
  }

  @Test("Every flag reaches the recipe")
  func all() throws {
    var recipe = Recipe(.setfit)
    recipe.suggestions = .always(by: nil)
    recipe.shots = 5
    recipe.seed = 0
    recipe.folds = 0
    recipe.bodyEpochs = 2
    recipe.bodyBatchSize = 8
    recipe.bodyLearningRate = 3e-5
    recipe.maxSteps = 9
    recipe.loss = .contrastive
    recipe.distanceMetric = .euclidean
    recipe.margin = 2
    recipe.warmupProportion = 0
    recipe.l2Weight = 0
    recipe.dropout = false
    recipe.maxLength = 40
    let common = """
      --recipe setfit --use-suggestions --shots 5 --seed 0 --folds 0 --body-epochs 2 \
      --body-batch-size 8 --body-learning-rate 3e-5 --max-steps 9 --loss ContrastiveLoss --distance-metric euclidean_distance --margin 2 \
      --warmup-proportion 0 --l2-weight 0 --no-dropout --max-length 40
      """
    var regression = recipe
    regression.headC = 3
    regression.balanceLabels = true
    regression.samplingStrategy = .unique
    #expect(
      try made(common + " --head-c 3 --balance-labels --sampling-strategy unique") == regression)
    recipe.numIterations = 4
    recipe.head = .differentiable
    recipe.headEpochs = 6
    recipe.headBatchSize = 4
    recipe.headLearningRate = 0.1
    recipe.headTemperature = 0.5
    recipe.endToEnd = true
    recipe.bodyClassifierLearningRate = 1e-6
    let differentiable = """
       --head differentiable --head-epochs 6 --head-batch-size 4 --head-learning-rate 0.1 \
      --head-temperature 0.5 --end-to-end --body-classifier-learning-rate 1e-6 \
      --num-iterations 4
      """
    #expect(try made(common + " " + differentiable) == recipe)
  }

  private func made(_ line: String) throws -> Recipe {
    try Recipe(RecipeOptions.parse(line.split(separator: " ").map(String.init)).spec)
  }

  @Test(
    "What is no value of a flag is refused, naming those there are",
    arguments: [
      ("--recipe magic", "--recipe is lauter or setfit, not 'magic'"),
      ("--loss mse", "--loss is CosineSimilarityLoss, ContrastiveLoss or SupConLoss, not 'mse'"),
      ("--head svm", "--head is logistic-regression or differentiable"),
      ("--sampling-strategy all", "--sampling-strategy is oversampling, undersampling or unique"),
      ("--distance-metric l3", "--distance-metric is cosine_distance"),
      ("--head-learning-rate 0", "--head-learning-rate is above 0, not 0.0"),
      ("--body-learning-rate=-1", "--body-learning-rate is above 0"),
      ("--use-suggestions --no-suggestions", "not both"),
      ("--max-steps 0", "--max-steps is above 0; leave it out for the default"),
      ("--num-epochs 0", "--body-epochs is above 0"),
      ("--head-batch-size 0", "--head-batch-size is above 0"),
    ])
  func refused(line: String, words: String) {
    do {
      _ = try RecipeOptions.parse(line.split(separator: " ").map(String.init))
      Issue.record("not refused: \(line)")
    } catch {
      let said = RecipeOptions.message(for: error)
      #expect(said.contains(words), "\(said)")
    }
  }
}
