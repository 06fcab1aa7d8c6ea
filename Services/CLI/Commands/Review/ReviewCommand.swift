import ArgumentParser
import Foundation
import RPC
import Schema
import StrictJSON
import Wire

struct Review: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Settle records one by one: accept a suggestion, or choose a label.",
    discussion: """
      Shows each pending record with its suggestion. Every decision is saved at once; 'q' quits and \
      the next review goes on from there. Keys may come from a pipe, one a line. Keys:

      \(Reviewer.help)
      """)

  @Argument(help: "The data set.")
  var dataset: String

  @Option(help: "Whose responses these are (LAUTER_USER, else your login name).")
  var user: String?

  @Option(help: "Only this split.")
  var split: Split?

  @Option(
    help: ArgumentHelp(
      "Apply a recorded review instead: a line {\"id\": …, \"label\": …} or {\"id\": …, \"discard\": true} per record; '-' for stdin.",
      valueName: "file"))
  var from: String?

  @Option(help: "On a bad line of --from: stop applies nothing, skip applies the others.")
  var onError: Import.OnError = .stop

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let environment = Console.current.environment
    let name =
      user ?? environment["LAUTER_USER"].nonEmpty ?? environment["USER"].nonEmpty ?? "me"
    try await connection.withServices { services in
      let data = try Dataset(try await services.dataset(dataset))
      if let from {
        try await RecordedReview(
          file: from, onError: onError, user: name, dataset: data, json: connection.json
        ).apply(services)
      } else {
        let session = ReviewSession(
          services: services, dataset: data, user: name, split: split, json: connection.json)
        try await session.run()
      }
    }
  }
}

/// One sitting: shows records, obeys the reviewer's keys, writes each decision.
private final class ReviewSession {
  private struct Past {
    var index: Int
    var decision: Reviewer.Decision
  }

  private let services: Services
  private let dataset: Dataset
  private let user: String
  private let split: Split?
  private let json: Bool
  private let console = Console.current
  private let keys: KeySource

  private var records: [StoreV1.Record] = []
  private var pageToken: String?
  private var index = 0
  private var history: [Past] = []
  private var pending: UInt64 = 0
  private var counts = (accepted: 0, changed: 0, discarded: 0, skipped: 0)

  init(services: Services, dataset: Dataset, user: String, split: Split?, json: Bool) {
    self.services = services
    self.dataset = dataset
    self.user = user
    self.split = split
    self.json = json
    keys = KeySource(console)
  }

  func run() async throws {
    defer { keys.restore() }
    let message = try await services.dataset(dataset.name.description)
    let ofSplit = message.counts?.splits.first { entry in
      split.map { StoreV1.Split($0) == entry.split } ?? false
    }
    pending =
      ofSplit.map { $0.records - min($0.completed, $0.records) } ?? message.counts?.pending ?? 0
    if !dataset.guidelines.isEmpty { showGuidelines() }
    var reviewer = Reviewer(labels: dataset.question.labels.map(\.name))
    review: while let record = try await current() {
      let suggestion = Self.best(record)
      reviewer.show(suggested: suggestion?.label)
      show(record, suggestion)
      decide: while true {
        let decision = reviewer.press(try await nextKey())
        switch decision {
        case .none(let text):
          if let text {
            note(text)
          } else if let tens = reviewer.pending {
            console.writeErr(Array("\(tens)".utf8))
          }
        case .choose(let label):
          let name = dataset.question.labels[label].name
          try await write(
            record,
            .init(
              recordId: record.id, user: user, label: name, status: .submitted))
          if name == suggestion?.label { counts.accepted += 1 } else { counts.changed += 1 }
          note(Style.green("✓ \(name.printable())", console.errorColour))
          advance(decision)
          break decide
        case .discard:
          try await write(
            record, .init(recordId: record.id, user: user, status: .discarded))
          counts.discarded += 1
          note("discarded")
          advance(decision)
          break decide
        case .skip:
          counts.skipped += 1
          note("skipped")
          advance(decision)
          break decide
        case .undo:
          guard try await undo() else {
            note("there is nothing to undo")
            continue decide
          }
          break decide
        case .showGuidelines: showGuidelines()
        case .showHelp: note(Reviewer.help)
        case .quit: break review
        }
      }
    }
    keys.restore()
    finish()
  }

  // MARK: The queue

  private func current() async throws -> StoreV1.Record? {
    while index >= records.count {
      if pageToken == "" { return nil }
      let page = try await services.records {
        try await $0.listRecords(
          .init(
            filter: .init(
              dataset: dataset.name.description, status: .pending,
              split: split.map { .init($0) } ?? .unspecified, withoutResponseBy: user),
            pageSize: 50, pageToken: pageToken ?? ""), options: .quick)
      }
      records += page.records
      pageToken = page.nextPageToken
    }
    return records[index]
  }

  private func advance(_ decision: Reviewer.Decision) {
    history.append(Past(index: index, decision: decision))
    index += 1
  }

  /// Takes the last decision back and shows its record again.
  private func undo() async throws -> Bool {
    guard let past = history.popLast() else { return false }
    let record = records[past.index]
    switch past.decision {
    case .choose(let label):
      try await delete(record)
      if dataset.question.labels[label].name == Self.best(record)?.label {
        counts.accepted -= 1
      } else {
        counts.changed -= 1
      }
    case .discard:
      try await delete(record)
      counts.discarded -= 1
    default: counts.skipped -= 1
    }
    index = past.index
    note("undone")
    return true
  }

  private func write(_ record: StoreV1.Record, _ response: StoreV1.Response) async throws {
    _ = try await services.records {
      try await $0.writeResponses(
        .init(dataset: dataset.name.description, responses: [response]), options: .quick)
    }
  }

  private func delete(_ record: StoreV1.Record) async throws {
    _ = try await services.records {
      try await $0.deleteResponse(
        .init(dataset: dataset.name.description, recordId: record.id, user: user), options: .quick)
    }
  }

  /// The suggestion shown: that with a label and the highest score.
  private static func best(_ record: StoreV1.Record) -> (
    label: String, suggestion: StoreV1.Suggestion
  )? {
    var best: (label: String, suggestion: StoreV1.Suggestion)?
    for suggestion in record.suggestions {
      guard case .label(let label)? = suggestion.outcome else { continue }
      if best == nil || (suggestion.score ?? 0) > (best?.suggestion.score ?? 0) {
        best = (label, suggestion)
      }
    }
    return best
  }

  private func nextKey() async throws -> Key {
    // Reading blocks, and the pool of threads that runs tasks must not.
    nonisolated(unsafe) let keys = keys
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try keys.next() }) }
    }
  }

  // MARK: The screen

  private func note(_ text: String) { console.note(text) }

  private func showGuidelines() {
    note(Style.bold("Guidelines", console.errorColour))
    let text =
      dataset.guidelines.isEmpty
      ? "this data set has none" : dataset.guidelines.printable(multiline: true)
    for line in text.wrapped(to: max(20, console.columns - 2)) { note("  " + line) }
  }

  private func show(
    _ record: StoreV1.Record, _ suggestion: (label: String, suggestion: StoreV1.Suggestion)?
  ) {
    let colour = console.errorColour
    let settled = history.filter { $0.decision != .skip }.count
    note("")
    note(
      Style.dim(
        "── \(record.externalId.printable()) ── \(settled + 1) of \(max(pending, UInt64(settled + 1))) ──",
        colour))
    for field in dataset.fields {
      guard let text = record.fields[field.name] else { continue }
      if dataset.fields.count > 1 { note(Style.bold(field.title.printable(), colour)) }
      for line in text.printable(multiline: true).wrapped(to: max(20, console.columns - 2)) {
        note("  " + line)
      }
    }
    note("")
    if !dataset.question.title.isEmpty { note(dataset.question.title.printable()) }
    for (number, label) in dataset.question.labels.enumerated() {
      let mark = label.name == suggestion?.label ? Style.cyan("→", colour) : " "
      let description = label.description.isEmpty ? "" : "  " + label.description.printable()
      note(
        "\(mark) \(number + 1)  \(label.name.printable())"
          + Style.dim(description.truncated(to: max(10, console.columns - 30)), colour))
    }
    if let suggestion {
      let score = suggestion.suggestion.score.map { " (\(Show.decimal($0, 2)))" } ?? ""
      note(
        "Enter accepts \(Style.cyan(suggestion.label.printable(), colour))\(score), suggested by \(suggestion.suggestion.agent.printable()); ? shows the keys"
      )
    } else {
      note("no suggestion; choose with a digit, ? shows the keys")
    }
  }

  private func finish() {
    let reviewed = counts.accepted + counts.changed + counts.discarded
    if json {
      console.out(
        JSON.object([
          .init("dataset", .string(dataset.name.description)), .init("user", .string(user)),
          .init("reviewed", .of(reviewed)), .init("accepted", .of(counts.accepted)),
          .init("changed", .of(counts.changed)), .init("discarded", .of(counts.discarded)),
          .init("skipped", .of(counts.skipped)),
        ]).text)
      return
    }
    console.out(
      "reviewed \(reviewed): accepted \(counts.accepted), chose another label for \(counts.changed), discarded \(counts.discarded); skipped \(counts.skipped)"
    )
    if index >= records.count, reviewed == 0, counts.skipped == 0 {
      note("no record of '\(dataset.name)' is waiting for \(user)")
    } else {
      note("next: lauter train \(dataset.name)")
    }
  }
}

/// A review written down: the same decisions, applied without looking.
private struct RecordedReview {
  let file: String
  let onError: Import.OnError
  let user: String
  let dataset: Dataset
  let json: Bool

  func apply(_ services: Services) async throws {
    let console = Console.current
    let shown = file == "-" ? "stdin" : file
    let reader =
      file == "-"
      ? ByteReader(descriptor: console.input)
      : try ByteReader(path: console.path(file), shown: shown)
    var rows = try RowReader(reader, file: shown, format: .jsonl)
    var responses: [StoreV1.Response] = []
    var unchanged = 0
    var problems: [Problem] = []
    var lineOfID: [String: Int] = [:]
    while let row = try rows.next() {
      do {
        let row = try row.get()
        let (id, response) = try decision(row)
        if let first = lineOfID[id] {
          throw Problem(
            line: row.line, field: "id", "'\(id.prefix(100))' is there already, on line \(first)")
        }
        lineOfID[id] = row.line
        let record = try await record(id, line: row.line, services)
        if record.responses.contains(where: {
          $0.user == user && $0.status == response.status && $0.label == response.label
        }) {
          unchanged += 1
          continue
        }
        var addressed = response
        addressed.recordId = record.id
        responses.append(addressed)
      } catch let problem as Problem {
        problems.append(problem)
        if problems.count <= ImportTally.shown { console.note(problem.text(in: shown)) }
      }
    }
    if problems.count > ImportTally.shown {
      console.note("… and \(problems.count - ImportTally.shown) more")
    }
    let stopped = !problems.isEmpty && onError == .stop
    if stopped { (responses, unchanged) = ([], 0) }
    for start in stride(from: 0, to: responses.count, by: 500) {
      let batch = Array(responses[start..<min(responses.count, start + 500)])
      _ = try await services.records {
        try await $0.writeResponses(
          .init(dataset: dataset.name.description, responses: batch), options: .quick)
      }
    }
    if json {
      console.out(
        JSON.object([
          .init("dataset", .string(dataset.name.description)), .init("user", .string(user)),
          .init("applied", .of(responses.count)), .init("unchanged", .of(unchanged)),
          .init("rejected", .of(problems.count)),
          .init(
            "problems",
            .array(problems.prefix(ImportTally.shown).map { $0.json(in: shown) })),
        ]).text)
    } else {
      console.out(
        "applied \(responses.count), unchanged \(unchanged), rejected \(problems.count)")
    }
    if stopped {
      console.note(
        "hint: nothing was applied; correct the lines above, or leave them out with --on-error skip"
      )
    }
    if !problems.isEmpty { throw ExitCode(Failure.Code.badData.rawValue) }
    console.note("next: lauter train \(dataset.name)")
  }

  private func decision(_ row: Row) throws(Problem) -> (id: String, StoreV1.Response) {
    let id: String
    switch row["id"] {
    case .string(let text)? where !text.isBlank: id = text
    case .number(let spelling)?: id = spelling
    case nil: throw Problem(line: row.line, field: "id", "is missing")
    case let other?:
      throw Problem(
        line: row.line, field: "id",
        other.string == nil ? "is \(other.kind), where a text is expected" : "is empty")
    }
    switch (row["label"], row["discard"]) {
    case (.string(let label)?, nil), (.string(let label)?, .bool(false)?):
      do { _ = try dataset.question.index(of: label) } catch {
        throw Problem(
          line: row.line, field: "label", (error as? SchemaError)?.message ?? "\(error)")
      }
      return (id, .init(user: user, label: label, status: .submitted))
    case (nil, .bool(true)?), (.null?, .bool(true)?):
      return (id, .init(user: user, status: .discarded))
    default:
      throw Problem(
        line: row.line, field: "label",
        "a line has either \"label\": a label, or \"discard\": true")
    }
  }

  private func record(
    _ id: String, line: Int, _ services: Services
  ) async throws -> StoreV1.Record {
    do {
      let answer = try await services.records {
        try await $0.getRecord(
          .init(dataset: dataset.name.description, key: .externalId(id)), options: .quick)
      }
      if let record = answer.record { return record }
    } catch let failure as Failure where failure.code == .failed {
      // NOT_FOUND; anything that keeps the store from answering ends the command.
    }
    throw Problem(
      line: line, field: "id", "the data set '\(dataset.name)' has no record '\(id.prefix(100))'")
  }
}
