package import Schema

/// Suggests labels by asking an LLM, a record a call.
package struct LLMAgent: Agent {
  private let client: ChatClient
  package let concurrency: Int

  /// - Parameter concurrency: calls at the same time, at most.
  package init(_ client: ChatClient, concurrency: Int = 8) {
    self.client = client
    self.concurrency = concurrency
  }

  package var name: String { client.endpoint.model }
  package var batchSize: Int { 1 }
  package var readsExamples: Bool { true }
  package var summary: String {
    "The LLM '\(client.endpoint.model)' behind an OpenAI-compatible API reads each text with the "
      + "guidelines and picks one of the labels; its suggestions can be wrong."
  }

  package func prepare(_ dataset: Dataset, shots: ShotPool) throws -> any PreparedAgent {
    try PreparedLLM(client: client, dataset: dataset, prompt: Prompt(dataset), shots: shots)
  }
}

private struct PreparedLLM: PreparedAgent {
  let client: ChatClient
  let labels: [String]
  let schema: ReplySchema
  let prompt: Prompt
  let shots: ShotPool

  init(client: ChatClient, dataset: Dataset, prompt: Prompt, shots: ShotPool) {
    self.client = client
    labels = dataset.question.labels.map(\.name)
    schema = ReplySchema(labels: labels)
    self.prompt = prompt
    self.shots = shots
  }

  func judge(_ records: [Record]) async throws -> [Verdict] {
    var verdicts: [Verdict] = []
    for record in records { verdicts.append(try await judge(record)) }
    return verdicts
  }

  private func judge(_ record: Record) async throws -> Verdict {
    let agent = client.endpoint.model
    let question = ChatMessage(
      role: .user, content: try prompt.render(record, shots: shots.shots(for: record)))
    guard question.content.utf8.count <= Prompt.largest else {
      let reason =
        "the prompt is larger than 1 MiB; shorten the record's text or show fewer examples"
      return Verdict(
        Suggestion(agent: agent, outcome: .failure(.init(kind: .provider, detail: reason))))
    }
    var messages = [question]
    var maxTokens = client.endpoint.maxTokens
    var failure = Suggestion.Failure(kind: .empty, detail: "")
    do {
      // An unusable reply is asked for again once, with what was wrong about it: at temperature 0 the
      // same question would get the same reply.
      for _ in 0..<2 {
        let completion = try await client.complete(messages, schema: schema, maxTokens: maxTokens)
        switch Reply(completion, labels: labels) {
        case .label(let index, let range, let isJSON):
          let score = labelProbability(
            completion.tokens, content: completion.content ?? "", range: range, isJSON: isJSON,
            label: index, labels: labels)
          return Verdict(Suggestion(agent: agent, outcome: .label(labels[index]), score: score))
        case .failure(let reason):
          failure = reason
          messages = reask(question, completion)
          if completion.isCut { maxTokens *= 2 }
        }
      }
      return Verdict(Suggestion(agent: agent, outcome: .failure(failure)))
    } catch let error as ChatError {
      switch error {
      case .unusable(let message): throw AgentError(message)
      case .provider(let message, let isOutage):
        return Verdict(
          Suggestion(
            agent: agent, outcome: .failure(.init(kind: .provider, detail: message))),
          isOutage: isOutage)
      case .timeout(let message):
        return Verdict(
          Suggestion(agent: agent, outcome: .failure(.init(kind: .timeout, detail: message))),
          isOutage: true)
      }
    }
  }

  private func reask(_ question: ChatMessage, _ completion: Completion) -> [ChatMessage] {
    let names = labels.map(Prompt.json).joined(separator: ", ")
    let correction =
      "Reply with the JSON object {\"label\": ...} alone, its label one of: \(names)."
    guard let content = completion.content, !content.isBlank else {
      return [ChatMessage(role: .user, content: "\(question.content)\n\(correction)")]
    }
    return [
      question, ChatMessage(role: .assistant, content: String(content.prefix(500))),
      ChatMessage(role: .user, content: "That reply cannot be used. \(correction)"),
    ]
  }
}
