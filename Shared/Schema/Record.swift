/// A text to classify, with its id and what machines and people said of it.
public struct Record: Sendable, Hashable {
  /// The store's own id: increasing within a data set, in import order.
  public var id: Int64
  /// The user's id, unique in the data set.
  public var externalID: String
  /// Text by field name.
  public var fields: [String: String]
  public var metadata: [String: MetadataValue]
  public var split: Split
  public var status: RecordStatus
  /// At most one per agent.
  public var suggestions: [Suggestion]
  /// At most one per user.
  public var responses: [Response]

  public init(
    id: Int64, externalID: String, fields: [String: String],
    metadata: [String: MetadataValue] = [:], split: Split = .train, status: RecordStatus = .pending,
    suggestions: [Suggestion] = [], responses: [Response] = []
  ) {
    self.id = id
    self.externalID = externalID
    self.fields = fields
    self.metadata = metadata
    self.split = split
    self.status = status
    self.suggestions = suggestions
    self.responses = responses
  }

  /// The text a classifier sees: the fields there are, in the data set's order, a line each.
  public func text(_ fields: [TextField]) -> String {
    fields.compactMap { self.fields[$0.name] }.filter { !$0.isBlank }.joined(separator: "\n")
  }

  /// The label people settled on: that of most submitted responses, on a tie the latest written.
  public var settledLabel: String? {
    var votes: [String: Int] = [:]
    var latest: String?
    let submitted = responses.filter { $0.status == .submitted }
    for response in submitted { votes[response.label ?? "", default: 0] += 1 }
    let most = votes.values.max() ?? 0
    for response in submitted where votes[response.label ?? ""] == most { latest = response.label }
    return latest
  }
}

public enum MetadataValue: Sendable, Hashable {
  case text(String)
  case number(Double)
  case flag(Bool)
}

/// The part of the data a record belongs to.
public enum Split: String, Sendable, Hashable, CaseIterable, Codable {
  case train, validation, test
}

/// Completed: at least one submitted response. Discarded: responses, all of them discarded.
/// A draft leaves a record pending.
public enum RecordStatus: String, Sendable, Hashable, CaseIterable, Codable {
  case pending, completed, discarded

  public init(responses: some Sequence<ResponseStatus>) {
    var any = false
    var allDiscarded = true
    for status in responses {
      if status == .submitted {
        self = .completed
        return
      }
      any = true
      allDiscarded = allDiscarded && status == .discarded
    }
    self = any && allDiscarded ? .discarded : .pending
  }
}

/// A machine's verdict on one record.
public struct Suggestion: Sendable, Hashable {
  /// The agent that compares texts with the labels' names and descriptions in an encoder's space, and
  /// so says nothing that those and the encoder do not.
  public static let zeroShotAgent = "encoder-zero-shot"

  /// Who: an LLM's or a model's name, 1 to 200 bytes.
  public var agent: String
  public var outcome: Outcome
  /// In [0, 1]; `nil` where the agent gives none.
  public var score: Double?

  public enum Outcome: Sendable, Hashable {
    case label(String)
    /// The agent was asked and gave nothing usable.
    case failure(Failure)
  }

  public struct Failure: Sendable, Hashable {
    public var kind: Kind
    /// Says what happened without quoting the record's text.
    public var detail: String

    public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
      /// The reply was not the JSON asked for.
      case unparsable
      /// The reply named a label the data set does not have.
      case unknownLabel = "unknown_label"
      /// The reply was empty or refused.
      case empty
      /// The provider answered with an error that retrying did not cure.
      case provider
      /// No answer in time, retries included.
      case timeout
    }

    public init(kind: Kind, detail: String) {
      self.kind = kind
      self.detail = detail
    }
  }

  public init(agent: String, outcome: Outcome, score: Double? = nil) {
    self.agent = agent
    self.outcome = outcome
    self.score = score
  }

  public var label: String? {
    if case .label(let label) = outcome { label } else { nil }
  }
}

/// A person's verdict on one record.
public struct Response: Sendable, Hashable {
  public var user: String
  /// There when submitted, maybe in a draft, never when discarded.
  public var label: String?
  public var status: ResponseStatus

  public init(user: String, label: String?, status: ResponseStatus) {
    self.user = user
    self.label = label
    self.status = status
  }
}

public enum ResponseStatus: String, Sendable, Hashable, CaseIterable, Codable {
  case draft, submitted, discarded
}
