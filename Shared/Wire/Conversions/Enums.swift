public import RPC
public import Schema

extension StoreV1.Split {
  public init(_ split: Schema.Split) {
    switch split {
    case .train: self = .train
    case .validation: self = .validation
    case .test: self = .test
    }
  }

  /// `nil` where it is unspecified, as in a filter that takes any.
  ///
  /// - Throws: `RPCError` with `.invalidArgument` for a number this version does not know.
  public func value(_ field: String = "split") throws(RPCError) -> Schema.Split? {
    try refusing { () throws(SchemaError) in try optional(field) }
  }

  func optional(_ field: String = "split") throws(SchemaError) -> Schema.Split? {
    switch self {
    case .unspecified: nil
    case .train: .train
    case .validation: .validation
    case .test: .test
    case .unrecognized(let number): throw unknown(field, number)
    }
  }
}

extension Split {
  /// - Throws: `RPCError` with `.invalidArgument` if it is unspecified or unknown.
  public init(_ message: StoreV1.Split, field: String = "split") throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try Split(required: message, field) }
  }

  init(required message: StoreV1.Split, _ field: String = "split") throws(SchemaError) {
    guard let value = try message.optional(field) else {
      throw missing(field, "train, validation and test")
    }
    self = value
  }
}

extension StoreV1.RecordStatus {
  public init(_ status: Schema.RecordStatus) {
    switch status {
    case .pending: self = .pending
    case .completed: self = .completed
    case .discarded: self = .discarded
    }
  }

  /// `nil` where it is unspecified, as in a filter that takes any.
  ///
  /// - Throws: `RPCError` with `.invalidArgument` for a number this version does not know.
  public func value(_ field: String = "status") throws(RPCError) -> Schema.RecordStatus? {
    try refusing { () throws(SchemaError) in try optional(field) }
  }

  func optional(_ field: String = "status") throws(SchemaError) -> Schema.RecordStatus? {
    switch self {
    case .unspecified: nil
    case .pending: .pending
    case .completed: .completed
    case .discarded: .discarded
    case .unrecognized(let number): throw unknown(field, number)
    }
  }
}

extension RecordStatus {
  /// - Throws: `RPCError` with `.invalidArgument` if it is unspecified or unknown.
  public init(_ message: StoreV1.RecordStatus, field: String = "status") throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try RecordStatus(required: message, field) }
  }

  init(required message: StoreV1.RecordStatus, _ field: String = "status") throws(SchemaError) {
    guard let value = try message.optional(field) else {
      throw missing(field, "pending, completed and discarded")
    }
    self = value
  }
}

extension StoreV1.ResponseStatus {
  public init(_ status: Schema.ResponseStatus) {
    switch status {
    case .draft: self = .draft
    case .submitted: self = .submitted
    case .discarded: self = .discarded
    }
  }
}

extension ResponseStatus {
  /// - Throws: `RPCError` with `.invalidArgument` if it is unspecified or unknown.
  public init(_ message: StoreV1.ResponseStatus, field: String = "status") throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try ResponseStatus(required: message, field) }
  }

  init(required message: StoreV1.ResponseStatus, _ field: String = "status") throws(SchemaError) {
    switch message {
    case .draft: self = .draft
    case .submitted: self = .submitted
    case .discarded: self = .discarded
    case .unspecified: throw missing(field, "draft, submitted and discarded")
    case .unrecognized(let number): throw unknown(field, number)
    }
  }
}

extension StoreV1.SuggestionFailureKind {
  public init(_ kind: Suggestion.Failure.Kind) {
    switch kind {
    case .unparsable: self = .unparsable
    case .unknownLabel: self = .unknownLabel
    case .empty: self = .empty
    case .provider: self = .provider
    case .timeout: self = .timeout
    }
  }
}

extension Suggestion.Failure.Kind {
  /// - Throws: `RPCError` with `.invalidArgument` if it is unspecified or unknown.
  public init(_ message: StoreV1.SuggestionFailureKind, field: String = "kind") throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try Self(required: message, field) }
  }

  init(
    required message: StoreV1.SuggestionFailureKind, _ field: String = "kind"
  ) throws(SchemaError) {
    switch message {
    case .unparsable: self = .unparsable
    case .unknownLabel: self = .unknownLabel
    case .empty: self = .empty
    case .provider: self = .provider
    case .timeout: self = .timeout
    case .unspecified:
      throw missing(field, "unparsable, unknown_label, empty, provider and timeout")
    case .unrecognized(let number): throw unknown(field, number)
    }
  }
}
