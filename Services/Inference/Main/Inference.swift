import ArgumentParser
import Foundation
import InferenceServer
import Serving

@main
struct InferenceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lauter-inference",
    abstract: "Answers with labels and embeddings for texts.",
    discussion: "Without a subcommand it serves: it loads models and encoders from the store.",
    subcommands: [Serve.self, Tokenize.self, Embed.self], defaultSubcommand: Serve.self)
}

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves predictions and embeddings.",
    discussion: "Every flag has an environment variable: --store is LAUTER_STORE.")

  @OptionGroup var server: ServerOptions
  @OptionGroup var store: StoreOptions

  @Option(help: "Where encoders and models fetched from the store are kept.")
  var cache: String = Setting.value("cache", default: Inference.defaultCache)

  @Option(help: "Threads that compute; by default one per core this process may use.")
  var threads: Int?

  private var threadCount: Int? { threads ?? Setting.value("threads") }

  @Option(help: "How many models and encoders stay in memory; each takes about its file's size.")
  var maxLoaded: Int = Setting.value("max-loaded", default: 8)

  func validate() throws {
    try checkThreads(threadCount)
    guard (1...10_000).contains(maxLoaded) else {
      throw ValidationError("--max-loaded: a number from 1 to 10000, not \(maxLoaded)")
    }
  }

  func run() async throws {
    let logger = makeLogger("lauter-inference", server)
    let inference = try Inference(
      store: store.store, cache: URL(filePath: cache, directoryHint: .isDirectory),
      threads: threadCount, maxLoaded: maxLoaded, logger: logger)
    try await serve(
      "lauter-inference", options: server, defaultPort: 7514, services: inference.services,
      background: inference.background, logger: logger)
    await inference.close()
  }
}

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the token ids of texts.",
    discussion: """
      Reads {"text": ...} lines from standard input and writes {"ids": [...]} lines.
      """)

  @Argument(help: "The encoder's folder.", completion: .directory)
  var folder: String

  @Flag(help: "Take \"[SEP]\" and the like in a text as text.")
  var neutralizeSpecialTokens = false

  func run() throws {
    try LineTools.tokenize(
      URL(filePath: folder, directoryHint: .isDirectory), neutralize: neutralizeSpecialTokens,
      input: standardInput, output: { print($0) })
  }
}

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the embeddings of texts.",
    discussion: """
      Reads {"text": ...} lines from standard input and writes {"embedding": [...]} lines.
      """)

  @Argument(help: "The encoder's folder.", completion: .directory)
  var folder: String

  @Option(help: "Threads that compute; by default one per core this process may use.")
  var threads: Int?

  private var threadCount: Int? { threads ?? Setting.value("threads") }

  func validate() throws { try checkThreads(threadCount) }

  func run() throws {
    try LineTools.embed(
      URL(filePath: folder, directoryHint: .isDirectory), threads: threadCount,
      input: standardInput,
      output: { print($0) })
  }
}

private var standardInput: AnyIterator<String> { AnyIterator { readLine(strippingNewline: true) } }

private func checkThreads(_ threads: Int?) throws {
  if let threads, !(1...1024).contains(threads) {
    throw ValidationError("--threads: a number from 1 to 1024, not \(threads)")
  }
}
