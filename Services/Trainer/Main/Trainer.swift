import ArgumentParser
import Serving

@main
struct TrainerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lauter-trainer",
    abstract: "Fine-tunes sentence encoders into text classifiers.",
    discussion: "Without a subcommand it serves: it takes training jobs from the store.",
    subcommands: [Serve.self, Fit.self, Compare.self, Bench.self], defaultSubcommand: Serve.self)
}
