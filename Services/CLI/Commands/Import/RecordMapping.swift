package import Schema
package import StrictJSON
package import Wire

/// How the columns of a file become a record of a data set.
package struct RecordMapping: Sendable {
  package var dataset: Dataset
  /// The column with the user's own id.
  package var idColumn: String
  /// Field by column; a field that is not named here comes from the column of its name.
  package var fieldColumns: [String: String]
  /// The column with a label that becomes a submitted response by `user`.
  package var labelColumn: String?
  package var user: String
  /// For records without a `split` of their own; `nil` leaves it to the store.
  package var split: Split?

  private let columnOfField: [String: String]

  package init(
    dataset: Dataset, idColumn: String = "id", fieldColumns: [String: String] = [:],
    labelColumn: String? = nil, user: String = "import", split: Split? = nil
  ) throws(Failure) {
    self.dataset = dataset
    self.idColumn = idColumn
    self.fieldColumns = fieldColumns
    self.labelColumn = labelColumn
    self.user = user
    self.split = split
    let fields = dataset.fields.map(\.name)
    for (column, field) in fieldColumns where !fields.contains(field) {
      throw Failure(
        .usage,
        "--text-field \(column)=\(field): the data set '\(dataset.name)' has no field '\(field)'",
        hint: "its fields are \(fields.map { "'\($0)'" }.joined(separator: ", "))")
    }
    var columnOfField: [String: String] = [:]
    for (column, field) in fieldColumns { columnOfField[field] = column }
    for field in fields where columnOfField[field] == nil { columnOfField[field] = field }
    self.columnOfField = columnOfField
  }

  /// - Throws: `Problem` that names the column.
  package func record(_ row: Row) throws(Problem) -> StoreV1.ImportRecord {
    // What `lauter export` writes goes back in: texts below `fields`, and what was said of them.
    if case .object(let texts)? = row["fields"],
      !dataset.fields.contains(where: { $0.name == "fields" })
    {
      return try exported(row, texts: texts)
    }
    var record = StoreV1.ImportRecord(line: UInt64(row.line))
    var used: Set<String> = [idColumn]
    record.externalId = try id(row)
    for field in dataset.fields {
      let column = columnOfField[field.name]!
      used.insert(column)
      if let text = try text(row[column], column, field, row.line) {
        record.fields[field.name] = text
      }
    }
    if let labelColumn {
      used.insert(labelColumn)
      if let label = try label(row[labelColumn], labelColumn, row.line) {
        record.responses = [StoreV1.Response(user: user, label: label, status: .submitted)]
      }
    }
    var own: Split?
    if !used.contains("split"), let value = row["split"], value != .null, value != "" {
      own = try splitValue(value, row.line)
      used.insert("split")
    }
    for member in row.columns where !used.contains(member.key) {
      if let value = try metadata(member, row.line) { record.metadata[member.key] = value }
    }
    record.split = assigned(own)
    return record
  }

  // MARK: Parts of a record

  private func id(_ row: Row) throws(Problem) -> String {
    guard let value = row[idColumn] else {
      if idColumn == "id" { return "" }
      throw Problem(line: row.line, field: idColumn, "is missing, and --id-field names it")
    }
    let id: String
    switch value {
    case .string(let text): id = text
    case .number(let spelling): id = spelling
    default:
      throw Problem(
        line: row.line, field: idColumn, "is \(value.kind), where a text or number is expected")
    }
    guard !id.isBlank else { throw Problem(line: row.line, field: idColumn, "is empty") }
    try refuseNUL(id, idColumn, row.line)
    return id
  }

  private func text(
    _ value: JSON?, _ column: String, _ field: TextField, _ line: Int
  ) throws(Problem) -> String? {
    switch value {
    case .string(let text)?:
      try refuseNUL(text, column, line)
      if text.isBlank {
        guard field.optional else { throw Problem(line: line, field: column, "is empty") }
        return nil
      }
      return text
    case nil, .null?:
      guard field.optional else {
        throw Problem(
          line: line, field: column,
          value == nil ? "is missing" : "is null, where a text is expected"
        )
      }
      return nil
    case let other?:
      throw Problem(line: line, field: column, "is \(other.kind), where a text is expected")
    }
  }

  private func label(_ value: JSON?, _ column: String, _ line: Int) throws(Problem) -> String? {
    switch value {
    case nil, .null?, .string("")?: return nil
    case .string(let label)?, .number(let label)?: return try known(label, column, line)
    case let other?:
      throw Problem(line: line, field: column, "is \(other.kind), where a label is expected")
    }
  }

  private func known(_ label: String, _ column: String, _ line: Int) throws(Problem) -> String {
    do { _ = try dataset.question.index(of: label) } catch {
      let message = (error as? SchemaError)?.message ?? "\(error)"
      throw Problem(line: line, field: column, message)
    }
    return label
  }

  private func metadata(
    _ member: JSON.Member, _ line: Int
  ) throws(Problem) -> StoreV1.MetadataValue? {
    switch member.value {
    case .null, .string(""): return nil
    case .bool(let flag): return .init(kind: .flag(flag))
    case .number(let spelling):
      guard let number = Double(spelling), number.isFinite else {
        throw Problem(line: line, field: member.key, "is a number that is too large")
      }
      return .init(kind: .number(number))
    case .string(let text):
      try refuseNUL(text, member.key, line)
      return .init(kind: .text(text))
    case .array, .object:
      throw Problem(
        line: line, field: member.key,
        "is \(member.value.kind); metadata is a text, a number or a boolean")
    }
  }

  private func refuseNUL(_ text: String, _ column: String, _ line: Int) throws(Problem) {
    guard !text.utf8.contains(0) else {
      throw Problem(line: line, field: column, "has a NUL character (U+0000); remove it")
    }
  }

  private func splitValue(_ value: JSON, _ line: Int) throws(Problem) -> Split {
    guard let split = value.string.flatMap(Split.init(rawValue:)) else {
      let found = value.string.map { "'\($0.prefix(40))'" } ?? value.kind
      throw Problem(
        line: line, field: "split", "is \(found); a split is train, validation or test")
    }
    return split
  }

  private func assigned(_ own: Split?) -> StoreV1.Split {
    (own ?? split).map { StoreV1.Split($0) } ?? .unspecified
  }

  // MARK: What export wrote

  private func exported(_ row: Row, texts: [JSON.Member]) throws(Problem) -> StoreV1.ImportRecord {
    let line = row.line
    var record = StoreV1.ImportRecord(line: UInt64(line))
    record.externalId = try id(row)
    for field in dataset.fields {
      let value = texts.first { $0.key == field.name }?.value
      if let text = try text(value, field.name, field, line) { record.fields[field.name] = text }
    }
    for member in row["metadata"]?.members ?? [] {
      if let value = try metadata(member, line) { record.metadata[member.key] = value }
    }
    record.split = assigned(
      try row["split"].map { value throws(Problem) in try splitValue(value, line) })
    for value in row["suggestions"]?.array ?? [] {
      record.suggestions.append(try suggestion(value, line))
    }
    for value in row["responses"]?.array ?? [] {
      record.responses.append(try response(value, line))
    }
    if let labelColumn, let label = try label(row[labelColumn], labelColumn, line),
      !record.responses.contains(where: { $0.user == user })
    {
      record.responses.append(StoreV1.Response(user: user, label: label, status: .submitted))
    }
    return record
  }

  private func suggestion(_ value: JSON, _ line: Int) throws(Problem) -> StoreV1.Suggestion {
    guard let agent = value["agent"]?.string, !agent.isEmpty else {
      throw Problem(line: line, field: "suggestions", "one has no agent")
    }
    var suggestion = StoreV1.Suggestion(agent: agent)
    if let label = value["label"]?.string {
      suggestion.outcome = .label(try known(label, "suggestions", line))
    } else if let failure = value["failure"],
      let kind = failure["kind"]?.string.flatMap(Suggestion.Failure.Kind.init(rawValue:))
    {
      suggestion.outcome = .failure(
        .init(kind: .init(kind), detail: failure["detail"]?.string ?? ""))
    } else {
      throw Problem(line: line, field: "suggestions", "one has neither a label nor a failure")
    }
    if case .number(let spelling)? = value["score"] { suggestion.score = Double(spelling) }
    return suggestion
  }

  private func response(_ value: JSON, _ line: Int) throws(Problem) -> StoreV1.Response {
    guard let user = value["user"]?.string, !user.isEmpty else {
      throw Problem(line: line, field: "responses", "one has no user")
    }
    guard let status = value["status"]?.string.flatMap(ResponseStatus.init(rawValue:)) else {
      throw Problem(
        line: line, field: "responses", "one has no status; it is draft, submitted or discarded")
    }
    var label = ""
    if let named = value["label"]?.string { label = try known(named, "responses", line) }
    return StoreV1.Response(user: user, label: label, status: .init(status))
  }
}

extension Row {
  package subscript(column: String) -> JSON? {
    columns.first { $0.key.utf8.elementsEqual(column.utf8) }?.value
  }
}
