import ArgumentParser
import Foundation
import LabellerServer
import Serving

@main
struct LabellerMain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lauter-labeller",
    abstract: "Takes labelling jobs from the store and suggests a label for each record.",
    discussion: """
      With --llm-url an LLM is asked; without it the sentence encoder compares each text with the \
      labels' names and descriptions. Every flag has an environment variable: --llm-url is \
      LAUTER_LLM_URL. The API key is read from LAUTER_LLM_API_KEY or a file, never from a flag, \
      where other users of the machine would see it.
      """)

  @OptionGroup var server: ServerOptions
  @OptionGroup var store: StoreOptions

  @Option(
    help: "The inference service's address, host:port; the zero-shot labeller embeds with it.")
  var inference: String = Setting.value("inference", default: "127.0.0.1:7514")

  @Option(help: "The base URL of an OpenAI-compatible API, such as http://127.0.0.1:8080/v1.")
  var llmURL: String?

  @Option(help: "The model's name as the API knows it; suggestions are kept under this name.")
  var llmModel: String?

  @Option(
    help:
      "Calls at the same time. More is faster until the provider answers 429 or the server queues.")
  var llmConcurrency: Int = Setting.value("llm-concurrency", default: 8)

  @Option(help: "Seconds to wait for one answer.")
  var llmTimeout: Double = Setting.value("llm-timeout", default: 60)

  @Option(help: "Tokens a reply may have. Models that reason before they answer need more.")
  var llmMaxTokens: Int = Setting.value("llm-max-tokens", default: 256)

  @Option(help: "A file that holds the API key.", completion: .file())
  var llmApiKeyFile: String?

  mutating func validate() throws {
    llmURL = llmURL ?? Setting.text("llm-url")
    llmModel = llmModel ?? Setting.text("llm-model")
    llmApiKeyFile = llmApiKeyFile ?? Setting.text("llm-api-key-file")
    if llmURL != nil, llmModel == nil {
      throw ValidationError("--llm-url needs --llm-model: the model's name as the API knows it")
    }
    if llmURL == nil, llmModel != nil {
      throw ValidationError(
        "--llm-model needs --llm-url: the base URL of an OpenAI-compatible API")
    }
    guard llmTimeout > 0, llmTimeout <= 86_400 else {
      throw ValidationError("--llm-timeout is more than 0 and at most 86400 seconds")
    }
  }

  func run() async throws {
    try await Labeller.serve(
      server, store: store.store, inference: inference, llm: try llm())
  }

  private func llm() throws -> Labeller.LLM? {
    guard let llmURL, let llmModel else { return nil }
    return Labeller.LLM(
      url: llmURL, model: llmModel, key: try key(), concurrency: llmConcurrency,
      timeout: .seconds(llmTimeout), maxTokens: llmMaxTokens)
  }

  private func key() throws -> String? {
    guard let llmApiKeyFile else { return Setting.text("llm-api-key") }
    let text: String
    do {
      text = try String(contentsOfFile: llmApiKeyFile, encoding: .utf8)
    } catch {
      throw ValidationError(
        "--llm-api-key-file: cannot read \(llmApiKeyFile): \(error.localizedDescription)")
    }
    let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !key.isEmpty else {
      throw ValidationError("--llm-api-key-file: \(llmApiKeyFile) is empty")
    }
    return key
  }
}
