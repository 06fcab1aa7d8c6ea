package import Schema

/// Who suggests labels: an LLM behind an HTTP API, or the encoder's zero-shot labeller.
package protocol Agent: Sendable {
  /// As it stands on suggestions, at most 200 bytes.
  var name: String { get }
  /// One honest sentence for people: what this agent is and is not.
  var summary: String { get }
  /// How many records it takes at a time, and how many times at once.
  var batchSize: Int { get }
  var concurrency: Int { get }
  /// Whether reviewed records change what it suggests. Where not, asking for them is refused.
  var readsExamples: Bool { get }

  /// Gets ready for a data set: everything that can be known to be wrong is said here, before any
  /// record is looked at.
  ///
  /// - Throws: `AgentError`.
  func prepare(_ dataset: Dataset, shots: ShotPool) async throws -> any PreparedAgent
}

/// An agent that knows the data set's question.
package protocol PreparedAgent: Sendable {
  /// One verdict per record, in order. A record that cannot be labelled has a failure for a verdict.
  ///
  /// - Throws: `AgentError` where no further record can be labelled either, `CancellationError`.
  func judge(_ records: [Record]) async throws -> [Verdict]
}

package struct Verdict: Sendable {
  package var suggestion: Suggestion
  /// The failure says more about the provider than about the record: many in a row end the job.
  package var isOutage: Bool

  package init(_ suggestion: Suggestion, isOutage: Bool = false) {
    self.suggestion = suggestion
    self.isOutage = isOutage
  }
}

/// Why an agent can label nothing at all, and what to do about it.
package struct AgentError: Error, Sendable, Hashable, CustomStringConvertible {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}
