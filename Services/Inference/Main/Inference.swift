import ArgumentParser
import Foundation
import InferenceServer
import Serving
import Transformer

@main
struct InferenceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lauter-inference",
    abstract: "Answers with labels and embeddings for texts.",
    discussion: "Without a subcommand it serves: it loads models and encoders from the store.",
    subcommands: [Serve.self, Tokenize.self, Embed.self, Bench.self], defaultSubcommand: Serve.self)
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

  @Option(
    help: """
      What texts are computed in: fp32, bf16, int8, or auto, which takes the fastest that a model was \
      measured to bear when it was published.
      """)
  var precision: String = Setting.value("precision", default: "auto")

  @Flag(help: "Take \"[SEP]\" and the like in a text as text.")
  var neutralizeSpecialTokens = Setting.value("neutralize-special-tokens", default: false)

  func validate() throws {
    try checkThreads(threadCount)
    guard PrecisionChoice(precision) != nil else {
      throw ValidationError("--precision: auto, fp32, bf16 or int8, not \(precision)")
    }
    guard (1...10_000).contains(maxLoaded) else {
      throw ValidationError("--max-loaded: a number from 1 to 10000, not \(maxLoaded)")
    }
  }

  func run() async throws {
    let logger = makeLogger("lauter-inference", server)
    let inference = try Inference(
      store: store.store, tls: try server.channelTLS(),
      cache: URL(filePath: cache, directoryHint: .isDirectory),
      threads: threadCount, maxLoaded: maxLoaded, precision: PrecisionChoice(precision) ?? .auto,
      neutralize: neutralizeSpecialTokens, logger: logger)
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

  @Option(help: "The name of the encoder's prompt to put before every text.")
  var prompt: String?

  @Flag(help: "Take \"[SEP]\" and the like in a text as text.")
  var neutralizeSpecialTokens = false

  func run() throws {
    try LineTools.tokenize(
      URL(filePath: folder, directoryHint: .isDirectory), prompt: prompt,
      neutralize: neutralizeSpecialTokens,
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

  @Option(
    help: "What matrix products are computed in: fp32 (the default), bf16 or int8.",
    transform: readPrecision)
  var precision = Precision.fp32

  @Option(help: "The name of the encoder's prompt to put before every text.")
  var prompt: String?

  @Option(help: "Threads that compute; by default one per core this process may use.")
  var threads: Int?

  private var threadCount: Int? { threads ?? Setting.value("threads") }

  func validate() throws { try checkThreads(threadCount) }

  func run() throws {
    try LineTools.embed(
      URL(filePath: folder, directoryHint: .isDirectory), precision: precision, prompt: prompt,
      threads: threadCount, input: standardInput, output: { print($0) })
  }
}

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how fast an encoder is on this machine.",
    discussion: """
      Texts of 16, 64 and 256 tokens, alone and in batches, tokenizing not included. \
      Percent is of what this machine's multipliers reach on registers in the same run. Anything else \
      that runs makes the numbers worse: keep the machine quiet.
      """)

  @Argument(help: "The encoder's folder.", completion: .directory)
  var folder: String

  @Option(help: "fp32, bf16 or int8; by default one after another.", transform: readPrecision)
  var precision: Precision?

  @Option(help: "Threads that compute; by default first one, then one per core.")
  var threads: Int?

  @Option(parsing: .upToNextOption, help: "Tokens of each text.")
  var tokens = [16, 64, 256]

  @Option(parsing: .upToNextOption, help: "Texts computed together.")
  var batch = [1, 8, 32]

  @Option(
    help: "Texts to measure instead, as {\"ids\": [...]} lines, which 'tokenize' writes.",
    completion: .file(extensions: ["jsonl"]))
  var ids: String?

  @Option(help: "Seconds for each measurement.")
  var seconds = 1.0

  @Flag(help: "Print one JSON object for each precision and number of threads instead of a table.")
  var json = false

  func validate() throws {
    try checkThreads(threads)
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds: a number from 0 to 3600, not \(seconds)")
    }
    for (name, values) in [("tokens", tokens), ("batch", batch)] {
      guard !values.isEmpty, values.allSatisfy((1...100_000).contains) else {
        throw ValidationError("--\(name): numbers from 1 to 100000")
      }
    }
  }

  func run() throws {
    let url = URL(filePath: folder, directoryHint: .isDirectory)
    let cores = ComputePool.shared.threads
    let texts = try ids.map { try LineTools.ids(URL(filePath: $0)) } ?? []
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if !json {
      print(
        "\(url.lastPathComponent), \(ComputePool.instructionSet), \(cores) cores, "
          + "load average \(EncoderBenchmark.loadAverage)")
      print(row("precision", "threads", "tokens", "batch", "texts/s", "p50 ms", "p99 ms", "% peak"))
    }
    for precision in precision.map({ [$0] }) ?? Precision.allCases {
      for threads in threads.map({ [$0] }) ?? (cores > 1 ? [1, cores] : [1]) {
        let benchmark = EncoderBenchmark(
          folder: url, precision: precision, threads: threads, seconds: seconds)
        let report = try benchmark.run(
          lengths: texts.isEmpty ? tokens : [], batches: batch, texts: texts
        ) { measurement in
          if !json { print(row(measurement)) }
        }
        if json {
          print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
          print(
            String(
              format: "  loaded in %.0f ms; peak %.0f G operations/s; load average now %.1f",
              report.load, report.peak / 1e9, report.loadAverage))
        }
      }
    }
  }

  private func row(_ m: EncoderBenchmark.Measurement) -> String {
    func number(_ value: Double, _ digits: Int) -> String {
      String(format: "%.\(digits)f", value)
    }
    return row(
      m.precision, "\(m.threads)", m.tokens.map(String.init) ?? "mixed", "\(m.batch)",
      number(m.textsPerSecond, 1),
      number(m.p50, 2), number(m.p99, 2), number(m.percentOfPeak, 0))
  }

  private func row(_ cells: String...) -> String {
    cells.map { String(repeating: " ", count: max(0, 9 - $0.count)) + $0 }.joined(separator: " ")
  }
}

private var standardInput: AnyIterator<String> { AnyIterator { readLine(strippingNewline: true) } }

private func checkThreads(_ threads: Int?) throws {
  if let threads, !(1...1024).contains(threads) {
    throw ValidationError("--threads: a number from 1 to 1024, not \(threads)")
  }
}

private func readPrecision(_ name: String) throws -> Precision {
  guard let precision = Precision(rawValue: name) else {
    throw ValidationError("--precision: fp32, bf16 or int8, not \(name)")
  }
  return precision
}
