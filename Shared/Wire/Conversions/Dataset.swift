public import RPC
public import Schema

extension StoreV1.Dataset {
  public init(
    _ dataset: Schema.Dataset, createTimeMs: Int64 = 0, counts: StoreV1.DatasetCounts? = nil
  ) {
    self.init(
      name: dataset.name.description, guidelines: dataset.guidelines,
      fields: dataset.fields.map { .init($0) }, question: .init(dataset.question),
      promptTemplate: dataset.promptTemplate ?? "", createTimeMs: createTimeMs, counts: counts)
  }
}

extension Dataset {
  /// - Throws: `RPCError` with `.invalidArgument`, naming the field that is wrong.
  public init(_ message: StoreV1.Dataset) throws(RPCError) {
    self = try refusing { () throws(SchemaError) in
      let name = try checked { try Name(message.name) }
      guard let question = message.question else {
        throw SchemaError(field: "question", "a data set needs a question with its labels")
      }
      let asked = try within("question") { () throws(SchemaError) in try Question(of: question) }
      return try checked {
        try Dataset(
          name: name, guidelines: message.guidelines, fields: message.fields.map { TextField($0) },
          question: asked,
          promptTemplate: message.promptTemplate.isEmpty ? nil : message.promptTemplate)
      }
    }
  }
}

extension StoreV1.TextField {
  public init(_ field: Schema.TextField) {
    self.init(name: field.name, title: field.title, optional: field.optional)
  }
}

extension TextField {
  /// A title that is not given is the name.
  public init(_ message: StoreV1.TextField) {
    self.init(
      name: message.name, title: message.title.isEmpty ? nil : message.title,
      optional: message.optional)
  }
}

extension StoreV1.Question {
  public init(_ question: Schema.Question) {
    self.init(
      name: question.name, title: question.title, kind: .label,
      labels: question.labels.map { .init($0) })
  }
}

extension Question {
  /// - Throws: `RPCError` with `.invalidArgument`, naming the field that is wrong.
  public init(_ message: StoreV1.Question) throws(RPCError) {
    self = try refusing { () throws(SchemaError) in try Question(of: message) }
  }

  init(of message: StoreV1.Question) throws(SchemaError) {
    switch message.kind {
    case .label: break
    case .unspecified: throw SchemaError(field: "kind", "none is given; it is label")
    case .unrecognized(let number): throw unknown("kind", number)
    }
    self = try checked {
      try Question(
        name: message.name.isEmpty ? "label" : message.name, title: message.title,
        labels: message.labels.map { Label($0) })
    }
  }
}

extension StoreV1.Label {
  public init(_ label: Schema.Label) {
    self.init(name: label.name, description: label.description)
  }
}

extension Label {
  public init(_ message: StoreV1.Label) {
    self.init(name: message.name, description: message.description)
  }
}
