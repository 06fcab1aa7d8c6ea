// Commands: the client. It turns command lines into calls of the four services, and their answers into
// tables for people, JSON for scripts and exit codes for both. Data goes to stdout, everything else to
// stderr. What it knows of records is what the contracts say; it keeps no state but the data folder of
// `lauter up`.

public import ArgumentParser

/// The command `lauter`.
public struct Lauter: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "lauter",
    abstract: "Turns a pile of unlabelled text into a small text classifier you can trust.",
    discussion: """
      Unlabelled texts go in, a machine suggests labels, you review a few, a small encoder is \
      fine-tuned on the CPU, and a service answers predictions. Start with 'lauter up'.
      """,
    groupedSubcommands: [
      CommandGroup(
        name: "Services",
        subcommands: [Up.self, Down.self, Health.self, Call.self, Guard.self]),
      CommandGroup(
        name: "Data", subcommands: [DatasetCommand.self, Import.self, Export.self]),
      CommandGroup(name: "Labels", subcommands: [LabelCommand.self, Review.self, Jobs.self]),
      CommandGroup(
        name: "Models",
        subcommands: [EncoderCommand.self, Train.self, Evaluate.self, Models.self, Predict.self]),
    ])

  public init() {}

  /// Runs the command line.
  ///
  /// - Returns: the exit code: 0 done, 1 failed, 64 wrong usage, 65 bad data, 69 a service cannot be
  ///   reached, 75 worth another try, 130 interrupted.
  public static func run(_ arguments: [String]) async -> Int32 {
    do {
      let command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        var command = command
        try command.run()
      }
      return 0
    } catch {
      return report(error)
    }
  }

  private static func report(_ error: any Error) -> Int32 {
    let console = Console.current
    if let code = error as? ExitCode { return code.rawValue }
    switch exitCode(for: error) {
    case .success:
      console.out(fullMessage(for: error))
      return 0
    case .validationFailure:
      let message = fullMessage(for: error)
      console.note(
        message.hasPrefix("Error:") ? "error:" + message.dropFirst("Error:".count) : message)
      return Failure.Code.usage.rawValue
    default:
      let failure = Failure(error)
      for line in failure.lines(colour: console.errorColour) { console.note(line) }
      return failure.code.rawValue
    }
  }
}
