public import RPC
public import Schema

extension StoreV1.Record {
  public init(_ record: Schema.Record, createTimeMs: Int64 = 0) {
    self.init(
      id: record.id, externalId: record.externalID, fields: record.fields,
      metadata: record.metadata.mapValues { .init($0) }, split: .init(record.split),
      status: .init(record.status),
      suggestions: record.suggestions.map { .init($0, recordID: record.id) },
      responses: record.responses.map { .init($0, recordID: record.id) }, createTimeMs: createTimeMs
    )
  }
}

extension Record {
  /// - Throws: `RPCError` with `.invalidArgument`, naming the field that is wrong.
  public init(_ message: StoreV1.Record) throws(RPCError) {
    self = try refusing { () throws(SchemaError) in
      Record(
        id: message.id, externalID: message.externalId, fields: message.fields,
        metadata: try metadataValues(message.metadata), split: try Split(required: message.split),
        status: try RecordStatus(required: message.status),
        suggestions: try each(message.suggestions, "suggestions", Suggestion.init(of:)),
        responses: try each(message.responses, "responses", Response.init(of:)))
    }
  }

  /// A record as it comes in: without an id, in the split train if none is given, its status as its
  /// responses say.
  ///
  /// - Throws: `SchemaError`, whose field and message make the record's `ImportProblem`.
  public init(_ message: StoreV1.ImportRecord) throws(SchemaError) {
    let responses = try each(message.responses, "responses", Response.init(of:))
    self.init(
      id: 0, externalID: message.externalId, fields: message.fields,
      metadata: try metadataValues(message.metadata), split: try message.split.optional() ?? .train,
      status: RecordStatus(responses: responses.map(\.status)),
      suggestions: try each(message.suggestions, "suggestions", Suggestion.init(of:)),
      responses: responses)
  }
}

extension StoreV1.ImportRecord {
  /// - Parameter line: where the record came from, from 1; 0 if that is unknown.
  public init(_ record: Schema.Record, line: UInt64 = 0) {
    self.init(
      line: line, externalId: record.externalID, fields: record.fields,
      metadata: record.metadata.mapValues { .init($0) }, split: .init(record.split),
      responses: record.responses.map { .init($0) },
      suggestions: record.suggestions.map { .init($0) })
  }
}

extension StoreV1.ImportProblem {
  public init(_ error: SchemaError, line: UInt64, externalID: String) {
    self.init(line: line, externalId: externalID, field: error.field, message: error.message)
  }
}

// MARK: Metadata

private func metadataValues(
  _ messages: [String: StoreV1.MetadataValue]
) throws(SchemaError) -> [String: MetadataValue] {
  var values: [String: MetadataValue] = [:]
  values.reserveCapacity(messages.count)
  for (key, message) in messages {
    values[key] = try within("metadata.\(key)") { () throws(SchemaError) in
      try MetadataValue(of: message)
    }
  }
  return values
}

extension StoreV1.MetadataValue {
  public init(_ value: Schema.MetadataValue) {
    switch value {
    case .text(let text): self.init(kind: .text(text))
    case .number(let number): self.init(kind: .number(number))
    case .flag(let flag): self.init(kind: .flag(flag))
    }
  }
}

extension MetadataValue {
  /// - Throws: `RPCError` with `.invalidArgument` if there is no value, or a number that is not finite.
  public init(_ message: StoreV1.MetadataValue) throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try MetadataValue(of: message) }
  }

  init(of message: StoreV1.MetadataValue) throws(SchemaError) {
    switch message.kind {
    case .text(let text): self = .text(text)
    case .number(let number):
      guard number.isFinite else { throw SchemaError(field: "", "a number must be finite") }
      self = .number(number)
    case .flag(let flag): self = .flag(flag)
    case nil: throw SchemaError(field: "", "no value is given; it is a text, a number or a flag")
    }
  }
}

// MARK: Suggestions

extension StoreV1.Suggestion {
  /// - Parameter recordID: the record it is about; 0 where it comes with its record.
  public init(_ suggestion: Schema.Suggestion, recordID: Int64 = 0, createTimeMs: Int64 = 0) {
    let outcome: Outcome =
      switch suggestion.outcome {
      case .label(let label): .label(label)
      case .failure(let failure): .failure(.init(failure))
      }
    self.init(
      recordId: recordID, agent: suggestion.agent, outcome: outcome, score: suggestion.score,
      createTimeMs: createTimeMs)
  }
}

extension Suggestion {
  /// The record's id and the time stay with the message.
  ///
  /// - Throws: `RPCError` with `.invalidArgument`, naming the field that is wrong.
  public init(_ message: StoreV1.Suggestion) throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try Suggestion(of: message) }
  }

  init(of message: StoreV1.Suggestion) throws(SchemaError) {
    guard (1...200).contains(message.agent.utf8.count) else {
      throw SchemaError(
        field: "agent", "an agent's name has 1 to 200 bytes, not \(message.agent.utf8.count)")
    }
    if let score = message.score, !(0...1).contains(score) {
      throw SchemaError(field: "score", "a score lies in [0, 1], not at \(score)")
    }
    let outcome: Outcome
    switch message.outcome {
    case .label(let label):
      guard !label.isEmpty else {
        throw SchemaError(
          field: "label", "an empty label; an agent that found none reports a failure")
      }
      outcome = .label(label)
    case .failure(let failure):
      outcome = .failure(
        try within("failure") { () throws(SchemaError) in try Suggestion.Failure(of: failure) })
    case nil: throw missing("outcome", "label and failure")
    }
    self.init(agent: message.agent, outcome: outcome, score: message.score)
  }
}

extension StoreV1.SuggestionFailure {
  public init(_ failure: Schema.Suggestion.Failure) {
    self.init(kind: .init(failure.kind), detail: failure.detail)
  }
}

extension Suggestion.Failure {
  /// - Throws: `RPCError` with `.invalidArgument` if the kind is unspecified or unknown.
  public init(_ message: StoreV1.SuggestionFailure) throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try Suggestion.Failure(of: message) }
  }

  init(of message: StoreV1.SuggestionFailure) throws(SchemaError) {
    self.init(kind: try Kind(required: message.kind), detail: message.detail)
  }
}

// MARK: Responses

extension StoreV1.Response {
  /// - Parameter recordID: the record it is about; 0 where it comes with its record.
  public init(_ response: Schema.Response, recordID: Int64 = 0, createTimeMs: Int64 = 0) {
    self.init(
      recordId: recordID, user: response.user, label: response.label ?? "",
      status: .init(response.status), createTimeMs: createTimeMs)
  }
}

extension Response {
  /// The record's id and the time stay with the message.
  ///
  /// - Throws: `RPCError` with `.invalidArgument`, naming the field that is wrong.
  public init(_ message: StoreV1.Response) throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try Response(of: message) }
  }

  init(of message: StoreV1.Response) throws(SchemaError) {
    guard (1...200).contains(message.user.utf8.count) else {
      throw SchemaError(
        field: "user", "a user's name has 1 to 200 bytes, not \(message.user.utf8.count)")
    }
    let status = try ResponseStatus(required: message.status)
    switch (status, message.label.isEmpty) {
    case (.submitted, true): throw SchemaError(field: "label", "a submitted response needs a label")
    case (.discarded, false):
      throw SchemaError(
        field: "label", "a discarded response has no label; submit it, or leave it out")
    default: break
    }
    self.init(
      user: message.user, label: message.label.isEmpty ? nil : message.label, status: status)
  }
}
