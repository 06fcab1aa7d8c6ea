import Foundation
import HTTP
import LabellerServer
import Schema
import Testing
import Wire

/// Asks a real LLM, where one is named: `LAUTER_TEST_LLM_URL` (an OpenAI-compatible API's base URL),
/// `LAUTER_TEST_LLM_MODEL`, and `LAUTER_TEST_SHARED` for real reviews. Prints what it found.
@Suite struct RealLLMTests {
  static let environment = ProcessInfo.processInfo.environment
  static let isConfigured =
    ["LAUTER_TEST_LLM_URL", "LAUTER_TEST_LLM_MODEL", "LAUTER_TEST_SHARED"].allSatisfy {
      environment[$0]?.isEmpty == false
    }

  struct Row: Decodable {
    var text: String
    var label: String
  }

  /// The first reviews of each label, in turn.
  func balanced(_ count: Int) throws -> [Row] {
    let folder = try #require(Self.environment["LAUTER_TEST_SHARED"])
    let file = URL(fileURLWithPath: folder)
      .appendingPathComponent("data/product-reviews-3/test.jsonl")
    let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Row.self, from: Data($0.utf8))
    }
    let groups = Dictionary(grouping: rows, by: \.label).sorted { $0.key < $1.key }.map(\.value)
    return (0..<count).map { groups[$0 % groups.count][$0 / groups.count] }
  }

  @Test(
    .enabled(
      if: isConfigured,
      "set LAUTER_TEST_LLM_URL, LAUTER_TEST_LLM_MODEL and LAUTER_TEST_SHARED to ask a real LLM"),
    .timeLimit(.minutes(30)))
  func labelsRealReviews() async throws {
    let rows = try balanced(100)
    let dataset = try Dataset(
      name: Name("reviews"),
      guidelines: "Judge what the sentence says about the product, not how it says it.",
      fields: [TextField(name: "text", title: "Review")],
      question: Question(
        title: "What does the writer say about the product?",
        labels: [
          Label(
            name: "positive",
            description: "The writer is satisfied with the product or praises something about it."),
          Label(
            name: "neutral",
            description: "The writer states facts or tells a story without praise or complaint."),
          Label(
            name: "negative",
            description: "The writer is dissatisfied with the product or complains about something."
          ),
        ]))
    let store = MemoryStore(
      dataset, rows.enumerated().map { record(Int64($0 + 1), $1.text) })
    let client = ChatClient(
      try ChatEndpoint(
        url: Self.environment["LAUTER_TEST_LLM_URL"] ?? "",
        model: Self.environment["LAUTER_TEST_LLM_MODEL"] ?? "",
        key: Self.environment["LAUTER_LLM_API_KEY"], timeout: .seconds(120)), http: HTTPClient())
    let agent = LLMAgent(client)
    let start = ContinuousClock.now
    let result = try await LabellingJob(store.job(), lease: nil, store: store, agent: agent)
      .run { _ in }
    let seconds = (.now - start) / .seconds(1)
    #expect(result.suggested + result.failed == UInt64(rows.count))

    var right = 0
    var scores: [(score: Double, isRight: Bool)] = []
    var confusion: [String: Int] = [:]
    for (i, row) in rows.enumerated() {
      let suggestion = try #require(store.suggestion(Int64(i + 1), by: agent.name))
      guard case .label(let label) = suggestion.outcome else { continue }
      confusion["\(row.label) -> \(label)", default: 0] += 1
      if label == row.label { right += 1 }
      if let score = suggestion.score { scores.append((score, label == row.label)) }
    }
    let interval = Evaluation.wilson(correct: right, of: rows.count)
    func mean(_ isRight: Bool) -> Double {
      let values = scores.filter { $0.isRight == isRight }.map(\.score)
      return values.reduce(0, +) / Double(max(1, values.count))
    }
    print(
      """
      \(agent.name): \(right) of \(rows.count) as gold \
      (95% \(interval.lowerBound) to \(interval.upperBound)), \(result.failed) failures, \
      \(scores.count) scored (mean \(mean(true)) where right, \(mean(false)) where wrong), \
      \(Double(rows.count) / seconds) records/s
      """)
    for (pair, count) in confusion.sorted(by: { $0.key < $1.key }) { print("  \(pair): \(count)") }
  }
}
