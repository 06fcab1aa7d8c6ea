import Artefacts
package import Schema

/// Checks the records of one import, from its first to its last, against the data set and each other.
///
/// What it finds depends on the order of the records alone: not on where batches end, on what is stored
/// or on whether the import only validates.
///
/// Used by one task at a time, which is what makes it safe to send.
package final class ImportCheck: @unchecked Sendable {
  private let dataset: Dataset
  /// The lines of the ids there have been. Ids are kept as two keyed 64-bit hashes, 24 bytes each in
  /// place of a string: two ids that share both are not to be expected, nor to be made on purpose.
  private var lines: [Print: UInt64] = [:]

  package static let maxRecordBytes = 1 << 20

  private struct Print: Hashable {
    var first: Int
    var second: Int

    init(_ id: String) {
      // Hasher is SipHash with a key of the process. Bytes: equal Strings may differ in them.
      func hash(_ salt: UInt8) -> Int {
        var hasher = Hasher()
        hasher.combine(salt)
        var id = id
        id.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hasher.finalize()
      }
      first = hash(1)
      second = hash(2)
    }
  }

  package init(_ dataset: Dataset) { self.dataset = dataset }

  /// - Parameters:
  ///   - record: as given; an empty external id is derived from the fields.
  ///   - line: where it came from, from 1; 0 if that is unknown.
  /// - Throws: `SchemaError` that names the field, label or user that is wrong.
  package func check(_ record: Schema.Record, line: UInt64 = 0) throws -> NewRecord {
    try dataset.check(fields: record.fields)
    try Self.check(metadata: record.metadata)
    guard record.externalID.utf8.count <= 200 else {
      throw SchemaError(
        field: "id", "an id has at most 200 bytes, not \(record.externalID.utf8.count)")
    }
    guard !record.externalID.utf8.contains(0) else {
      throw SchemaError(field: "id", "the id holds U+0000; take it out")
    }
    let fields = CanonicalJSON.text(fields: record.fields)
    let metadata = CanonicalJSON.text(metadata: record.metadata)
    let bytes = fields.utf8.count + metadata.utf8.count
    guard bytes <= Self.maxRecordBytes else {
      throw SchemaError(
        field: "", "a record has at most \(Self.maxRecordBytes) bytes, and this one has \(bytes)")
    }
    for response in record.responses { try dataset.check(response) }
    for suggestion in record.suggestions { try dataset.check(suggestion) }

    let isDerived = record.externalID.isEmpty
    let id =
      isDerived ? String(Digest(of: fields.utf8).hex.prefix(32)) : record.externalID
    let print = Print(id)
    if let first = lines[print] {
      let place = first == 0 ? "earlier in this import" : "on line \(first)"
      throw SchemaError(
        field: "id",
        isDerived
          ? "the same fields stand \(place); give both records ids to keep both"
          : "the id '\(id)' stands \(place) already")
    }
    lines[print] = line
    return NewRecord(
      externalID: id, fields: fields, metadata: metadata, split: record.split,
      responses: record.responses, suggestions: record.suggestions)
  }

  private static func check(metadata: [String: MetadataValue]) throws {
    for (key, value) in metadata {
      guard !key.isEmpty, key.utf8.count <= 200, !key.utf8.contains(0) else {
        throw SchemaError(field: "metadata", "a key has 1 to 200 bytes and no U+0000")
      }
      switch value {
      case .text(let text):
        guard !text.utf8.contains(0) else {
          throw SchemaError(field: key, "the text holds U+0000; take it out")
        }
      case .number(let number):
        guard number.isFinite else {
          throw SchemaError(field: key, "a number is finite, not \(number)")
        }
      case .flag: break
      }
    }
  }
}

extension Dataset {
  func check(fields: [String: String]) throws {
    var expected = 0
    for field in self.fields {
      guard let text = fields[field.name] else {
        if field.optional { continue }
        throw SchemaError(field: field.name, "the field '\(field.name)' is missing")
      }
      expected += 1
      guard field.optional || !text.isBlank else {
        throw SchemaError(field: field.name, "the field '\(field.name)' is blank")
      }
      guard !text.utf8.contains(0) else {
        throw SchemaError(
          field: field.name, "the field '\(field.name)' holds U+0000; take it out")
      }
    }
    if expected == fields.count { return }
    let known = self.fields.map(\.name)
    let unknown = fields.keys.filter { !known.contains($0) }.min() ?? ""
    throw SchemaError(
      field: shown(unknown),
      "unknown field '\(shown(unknown))'; the fields are \(listing(known, none: "none"))")
  }

  package func check(_ response: Response) throws {
    try checkName(response.user, field: "user", "a user's name")
    switch (response.status, response.label) {
    case (.submitted, nil):
      throw SchemaError(
        field: question.name, "the response of '\(response.user)' is submitted without a label")
    case (.discarded, _?):
      throw SchemaError(
        field: question.name, "the response of '\(response.user)' is discarded and has a label")
    case (_, let label?): _ = try question.index(of: label)
    case (_, nil): break
    }
  }

  package func check(_ suggestion: Suggestion) throws {
    try checkName(suggestion.agent, field: "agent", "an agent's name")
    switch suggestion.outcome {
    case .label(let label): _ = try question.index(of: label)
    case .failure(let failure):
      guard failure.detail.utf8.count <= 10_000, !failure.detail.utf8.contains(0) else {
        throw SchemaError(
          field: "failure", "a failure's detail has at most 10000 bytes and no U+0000")
      }
    }
    if let score = suggestion.score, !(0...1).contains(score) {
      throw SchemaError(field: "score", "a score is between 0 and 1, not \(score)")
    }
  }

  private func checkName(_ name: String, field: String, _ what: String) throws {
    guard !name.isBlank, name.utf8.count <= 200, !name.utf8.contains(0) else {
      throw SchemaError(field: field, "\(what) has 1 to 200 bytes and is not blank")
    }
  }
}
