import RPC
import Schema
import Wire

extension Handlers: StoreV1.RecordService {
  /// A page or batch ends before the record that would take it past this size, well below what a
  /// client accepts in one message (4 MiB) even with the records' suggestions and responses.
  private static let maxPageBytes = 1 << 20

  func importRecords(
    _ requests: RequestStream<StoreV1.ImportRecordsRequest>,
    responses: ResponseWriter<StoreV1.ImportRecordsResponse>,
    context: CallContext
  ) async throws {
    try await answering {
      var importing: (dataset: StoredDataset, check: ImportCheck)?
      var holdBack = HoldBack(share: 0)
      var validateOnly = false
      for try await request in requests {
        if importing == nil {
          let dataset = try await dataset(request.dataset)
          importing = (dataset, ImportCheck(dataset.dataset))
          guard (0...1).contains(request.holdBack) else {
            throw Self.invalid("hold_back: a share is from 0 to 1, not \(request.holdBack)")
          }
          holdBack = HoldBack(share: request.holdBack)
        }
        guard let (dataset, check) = importing else { return }
        guard request.dataset.isEmpty || request.dataset == dataset.dataset.name.description else {
          throw Self.invalid(
            "dataset: one import has one data set, '\(dataset.dataset.name)' here; "
              + "call again for another")
        }
        // Once asked to write nothing, an import writes nothing.
        validateOnly = validateOnly || request.validateOnly
        try await responses.write(
          importBatch(
            request.records, into: dataset, check, &holdBack, validateOnly: validateOnly))
      }
    }
  }

  private func importBatch(
    _ messages: [StoreV1.ImportRecord], into dataset: StoredDataset, _ check: ImportCheck,
    _ holdBack: inout HoldBack, validateOnly: Bool
  ) async throws -> StoreV1.ImportRecordsResponse {
    let checked = try await computing {
      messages.map { message in
        Result {
          var record = try check.check(Schema.Record(message), line: message.line)
          if message.split == .unspecified { record.split = nil }
          return record
        }
      }
    }
    let records = checked.compactMap { try? $0.get() }
    let before = holdBack.held
    var outcomes = try await database.add(
      records, to: dataset, holdBack: &holdBack, validateOnly: validateOnly)[...]
    var answer = StoreV1.ImportRecordsResponse(heldBack: UInt64(holdBack.held - before))
    for (message, result) in zip(messages, checked) {
      switch result {
      case .failure(let error as SchemaError):
        answer.problems.append(
          .init(error, line: message.line, externalID: shown(message.externalId)))
      case .failure(let error): throw error
      case .success(let record):
        switch outcomes.popFirst() {
        case .imported: answer.imported += 1
        case .unchanged: answer.unchanged += 1
        case .conflict(let id):
          let error = SchemaError(
            field: "id",
            "the id '\(record.externalID)' is stored with other content, as record \(id); "
              + "records are not changed by an import: give this one another id")
          answer.problems.append(.init(error, line: message.line, externalID: record.externalID))
        case nil: throw StorageError(.failed, "a batch lost a record")
        }
      }
    }
    return answer
  }

  func getRecord(
    _ request: StoreV1.GetRecordRequest, context: CallContext
  ) async throws -> StoreV1.GetRecordResponse {
    try await answering {
      let dataset = try await dataset(request.dataset)
      let record =
        switch request.key {
        case .id(let id): try await database.record(id, in: dataset)
        case .externalId(let id): try await database.record(externalID: id, in: dataset)
        case nil: throw Self.invalid("key: give the record's id or external_id")
        }
      return StoreV1.GetRecordResponse(record: .init(record))
    }
  }

  func listRecords(
    _ request: StoreV1.ListRecordsRequest, context: CallContext
  ) async throws -> StoreV1.ListRecordsResponse {
    try await answering {
      let (dataset, filter) = try await filter(request.filter)
      guard request.pageSize <= 1000 else {
        throw Self.invalid("page_size: a page has 1 to 1000 records, not \(request.pageSize)")
      }
      let token = PageToken(dataset.dataset.name, filter)
      let page = try await database.records(
        in: dataset, matching: filter, after: token.last(of: request.pageToken),
        limit: request.pageSize == 0 ? 100 : Int(request.pageSize), maxBytes: Self.maxPageBytes)
      let last = page.records.last?.record.id ?? 0
      return StoreV1.ListRecordsResponse(
        records: page.records.map { .init($0) },
        nextPageToken: page.more ? token.after(last) : "")
    }
  }

  func listQueue(
    _ request: StoreV1.ListQueueRequest, context: CallContext
  ) async throws -> StoreV1.ListQueueResponse {
    try await answering {
      let dataset = try await dataset(request.dataset)
      guard !request.queue.isEmpty else { throw Self.invalid("queue: name the queue") }
      guard request.pageSize <= 1000 else {
        throw Self.invalid("page_size: a page has 1 to 1000 records, not \(request.pageSize)")
      }
      let page = try await database.queue(
        request.queue, of: dataset, after: Self.queuePlace(request.pageToken),
        limit: request.pageSize == 0 ? 100 : Int(request.pageSize), maxBytes: Self.maxPageBytes)
      let last = page.entries.last
      return StoreV1.ListQueueResponse(
        records: zip(page.records, page.entries).map {
          .init(record: .init($0), score: $1.score, label: $1.label)
        },
        nextPageToken: page.more
          ? last.map { "\($0.score.bitPattern)-\($0.recordID)" } ?? "" : "",
        model: page.model, version: page.version)
    }
  }

  /// Where a page of a queue ended: the last entry's score, as bits, and record.
  private static func queuePlace(_ token: String) throws -> (score: Double, recordID: Int64)? {
    if token.isEmpty { return nil }
    let parts = token.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let bits = UInt64(parts[0]), let record = Int64(parts[1]) else {
      throw invalid("page_token: not one of this call's; leave it empty for the first page")
    }
    return (Double(bitPattern: bits), record)
  }

  func exportRecords(
    _ request: StoreV1.ExportRecordsRequest,
    responses: ResponseWriter<StoreV1.ExportRecordsResponse>,
    context: CallContext
  ) async throws {
    try await answering {
      let (dataset, filter) = try await filter(request.filter)
      var export = try await database.export(from: dataset, matching: filter)
      while true {
        let batch = try await export.next(limit: 500, maxBytes: Self.maxPageBytes)
        if batch.isEmpty { return }
        try await responses.write(.init(records: batch.map { .init($0) }))
      }
    }
  }

  private func filter(
    _ message: StoreV1.RecordFilter?
  ) async throws -> (StoredDataset, RecordFilter) {
    guard let message else { throw Self.invalid("filter: name at least the data set") }
    func given(_ name: String) -> String? { name.isEmpty ? nil : name }
    let filter = RecordFilter(
      status: try message.status.value("filter.status"),
      split: try message.split.value("filter.split"),
      withoutSuggestionBy: given(message.withoutSuggestionBy),
      withSuggestionBy: given(message.withSuggestionBy),
      withoutResponseBy: given(message.withoutResponseBy))
    return (try await dataset(message.dataset), filter)
  }

  func writeSuggestions(
    _ request: StoreV1.WriteSuggestionsRequest, context: CallContext
  ) async throws -> StoreV1.WriteSuggestionsResponse {
    try await answering {
      let dataset = try await dataset(request.dataset)
      let suggestions = try request.suggestions.enumerated().map { index, message in
        try Self.element("suggestions", index, message.recordId) {
          let suggestion = try Suggestion(message)
          try dataset.dataset.check(suggestion)
          return suggestion
        }
      }
      try await database.write(
        suggestions, to: dataset, lease: try request.lease.map { try JobLease($0) })
      return StoreV1.WriteSuggestionsResponse()
    }
  }

  func writeResponses(
    _ request: StoreV1.WriteResponsesRequest, context: CallContext
  ) async throws -> StoreV1.WriteResponsesResponse {
    try await answering {
      let dataset = try await dataset(request.dataset)
      let responses = try request.responses.enumerated().map { index, message in
        try Self.element("responses", index, message.recordId) {
          let response = try Response(message)
          try dataset.dataset.check(response)
          return response
        }
      }
      try await database.write(responses, to: dataset)
      return StoreV1.WriteResponsesResponse()
    }
  }

  func deleteResponse(
    _ request: StoreV1.DeleteResponseRequest, context: CallContext
  ) async throws -> StoreV1.DeleteResponseResponse {
    try await answering {
      let dataset = try await dataset(request.dataset)
      guard !request.user.isEmpty else { throw Self.invalid("user: say whose response it is") }
      try await database.deleteResponse(
        recordID: request.recordId, user: request.user, in: dataset)
      return StoreV1.DeleteResponseResponse()
    }
  }

  /// Converts one element of a repeated field, so that an error says which it was.
  private static func element<T>(
    _ field: String, _ index: Int, _ recordID: Int64, _ convert: () throws -> T
  ) throws -> (recordID: Int64, T) {
    do { return (recordID, try convert()) } catch let error as SchemaError {
      throw invalid("\(field)[\(index)], record \(recordID): \(error)")
    } catch let error as RPCError {
      throw RPCError(
        code: error.code, message: "\(field)[\(index)], record \(recordID): \(error.message)")
    }
  }
}

extension StoreV1.Record {
  fileprivate init(_ stored: StoredRecord) {
    self.init(stored.record, createTimeMs: stored.createTimeMs)
    for (index, time) in stored.suggestionTimesMs.enumerated() {
      suggestions[index].createTimeMs = time
    }
    for (index, time) in stored.responseTimesMs.enumerated() {
      responses[index].createTimeMs = time
    }
  }
}

/// Where a listing goes on: the last record's id, bound to the filter it was made for.
struct PageToken {
  private let filter: String

  init(_ dataset: Name, _ filter: RecordFilter) {
    let parts = [
      dataset.description, filter.status?.rawValue, filter.split?.rawValue,
      filter.withoutSuggestionBy, filter.withSuggestionBy, filter.withoutResponseBy,
    ]
    // FNV-1a: the same in every process, unlike Hasher. A token protects against mistakes, not attacks.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in parts.map({ $0 ?? "" }).joined(separator: "\0").utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    self.filter = String(hash, radix: 36)
  }

  func after(_ id: Int64) -> String { "\(filter).\(String(id, radix: 36))" }

  /// The id a token names: 0 for an empty one.
  func last(of token: String) throws -> Int64 {
    if token.isEmpty { return 0 }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let id = Int64(parts[1], radix: 36), id >= 0 else {
      throw Handlers.invalid("page_token: not a token of a listing; begin with an empty one")
    }
    guard parts[0] == filter else {
      throw Handlers.invalid(
        "page_token: the token belongs to a listing with another filter; begin with an empty one")
    }
    return id
  }
}
