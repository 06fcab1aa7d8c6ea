import ArgumentParser
import Foundation
import RPC
import Schema
import StrictJSON
import Synchronization
import Wire

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Import records from JSON Lines or CSV.",
    discussion: """
      A record's texts come from the columns named like the data set's fields, its id from 'id', its \
      split from 'split'; every other column becomes metadata. Importing the same file again is \
      harmless. A file with a bad line imports nothing, unless --on-error skip leaves such lines out.
      """)

  enum OnError: String, ExpressibleByArgument, CaseIterable { case stop, skip }

  enum Format: String, ExpressibleByArgument, CaseIterable { case auto, jsonl, csv }

  @Argument(help: "The data set.")
  var dataset: String

  @Argument(help: "A file, or '-' for stdin.")
  var file: String

  @Option(help: "The format; auto tells by the name, or else by the first character.")
  var format: Format = .auto

  @Option(help: "On a bad line: stop imports nothing, skip imports the others.")
  var onError: OnError = .stop

  @Option(help: "The split of records that name none.")
  var split: Split?

  @Option(
    help:
      "Put this share (0 to 1) of the new records that name no split into the test split, of each label alike."
  )
  var holdBack: Double?

  @Option(help: "The column with your own id.")
  var idField = "id"

  @Option(
    help: ArgumentHelp(
      "Take a text field from a column of another name; may be given many times.",
      valueName: "column=field"))
  var textField: [String] = []

  @Option(help: "A column with labels that people gave; they become submitted responses.")
  var labelField: String?

  @Option(help: "Whose responses --label-field holds.")
  var user = "import"

  @Option(help: "Records per acknowledged batch.")
  var batch = 500

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if split != nil, holdBack != nil {
      throw ValidationError("--split and --hold-back exclude each other")
    }
    if let holdBack, !(0...1).contains(holdBack) {
      throw ValidationError("--hold-back is a share from 0 to 1, not \(holdBack)")
    }
    if !(1...5000).contains(batch) { throw ValidationError("--batch is 1 to 5000, not \(batch)") }
    for pair in textField where pair.split(separator: "=").count != 2 {
      throw ValidationError("--text-field is COLUMN=FIELD, not '\(pair)'")
    }
  }

  func run() async throws {
    let console = Console.current
    let shown = file == "-" ? "stdin" : file
    var path = file == "-" ? nil : console.path(file)
    var spool: SpoolFile?
    if path == nil, onError == .stop {
      // Two passes need the input twice.
      let copy = try SpoolFile(copying: console.input)
      spool = copy
      path = copy.path
    }
    defer { spool?.remove() }
    let tally = ImportTally(file: shown, console: console, json: connection.json)
    try await connection.withServices { services in
      let message = try await services.dataset(dataset)
      let mapping = try RecordMapping(
        dataset: Dataset(message), idColumn: idField,
        fieldColumns: Dictionary(
          textField.map { pair in
            let halves = pair.split(separator: "=").map(String.init)
            return (halves[0], halves[1])
          }, uniquingKeysWith: { $1 }),
        labelColumn: labelField, user: user, split: split)
      let source = ImportSource(
        path: path, input: console.input, shown: shown, format: .init(rawValue: format.rawValue),
        mapping: mapping, holdBack: holdBack ?? 0, batch: batch)
      if onError == .stop {
        try await source.send(to: services, validateOnly: true, tally)
        if tally.rejected > 0 { return }
      }
      try await source.send(to: services, validateOnly: false, tally)
    }
    tally.report(stopped: tally.acknowledged == 0 && onError == .stop, dataset: dataset)
    if tally.rejected > 0 { throw ExitCode(Failure.Code.badData.rawValue) }
  }
}

/// A copy of stdin in the temporary folder, readable by its owner alone.
private struct SpoolFile {
  let path: String

  init(copying descriptor: Int32) throws {
    var template = Array((NSTemporaryDirectory() + "/lauter-import-XXXXXX").utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else {
      throw Failure(.failed, "no temporary file can be made in \(NSTemporaryDirectory())")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let output = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    let reader = ByteReader(descriptor: descriptor)
    do {
      while true {
        let chunk = try reader.prefix(1 << 16)
        if chunk.isEmpty { break }
        try output.write(contentsOf: chunk)
        reader.skip(chunk.count)
      }
    } catch {
      remove()
      throw error
    }
  }

  func remove() { unlink(path) }
}

/// What an import has done so far; written by the sending and the receiving side at once.
final class ImportTally: Sendable {
  private struct State {
    var imported: UInt64 = 0
    var unchanged: UInt64 = 0
    var heldBack: UInt64 = 0
    var rejected = 0
    var problems: [Problem] = []
  }

  /// More problems than these are only counted.
  static let shown = 50

  private let state = Mutex(State())
  private let file: String
  private let console: Console
  private let json: Bool

  init(file: String, console: Console, json: Bool) {
    self.file = file
    self.console = console
    self.json = json
  }

  var rejected: Int { state.withLock { $0.rejected } }
  var acknowledged: UInt64 { state.withLock { $0.imported + $0.unchanged } }

  func add(_ problem: Problem) {
    let isShown = state.withLock { state in
      state.rejected += 1
      guard state.problems.count < Self.shown else { return false }
      state.problems.append(problem)
      return true
    }
    if isShown { console.note(problem.text(in: file)) }
  }

  func add(_ response: StoreV1.ImportRecordsResponse) {
    state.withLock {
      $0.imported += response.imported
      $0.unchanged += response.unchanged
      $0.heldBack += response.heldBack
    }
  }

  func report(stopped: Bool, dataset: String) {
    let state = state.withLock { $0 }
    if state.rejected > state.problems.count {
      console.note("… and \(state.rejected - state.problems.count) more")
    }
    if json {
      console.out(
        JSON.object([
          .init("dataset", .string(dataset)), .init("imported", .of(state.imported)),
          .init("unchanged", .of(state.unchanged)), .init("held_back", .of(state.heldBack)),
          .init("rejected", .of(state.rejected)),
          .init("problems", .array(state.problems.map { $0.json(in: file) })),
        ]).text)
    } else {
      let heldBack = state.heldBack > 0 ? " (\(state.heldBack) held back to test on)" : ""
      console.out(
        "imported \(state.imported)\(heldBack), unchanged \(state.unchanged), "
          + "rejected \(state.rejected)")
    }
    if stopped, state.rejected > 0 {
      console.note(
        "hint: nothing was imported; correct the lines above, or leave them out with --on-error skip"
      )
    } else if state.imported > 0 {
      console.note("next: lauter label \(dataset)")
    }
  }
}

/// The records of one input, sent once to be checked, once to be kept, or both.
struct ImportSource: Sendable {
  /// `nil`: read `input`, once.
  let path: String?
  let input: Int32
  let shown: String
  let format: RowFormat?
  let mapping: RecordMapping
  /// 0 to 1.
  let holdBack: Double
  let batch: Int

  func send(to services: Services, validateOnly: Bool, _ tally: ImportTally) async throws {
    let progress = Progress(validateOnly ? "checking" : "importing")
    defer { progress.finish() }
    // The client's own errors must come out as they are, not as the call's cancellation.
    let failure = Mutex<Failure?>(nil)
    do {
      try await services.records { client in
        try await client.importRecords { writer in
          do {
            try await produce(validateOnly: validateOnly, tally, progress) {
              try await writer.write($0)
            }
          } catch let error as Failure {
            failure.withLock { $0 = error }
            throw error
          }
        } _: { responses in
          for try await response in responses {
            // What was only checked is not imported.
            if !validateOnly { tally.add(response) }
            for problem in response.problems {
              tally.add(
                Problem(line: Int(problem.line), field: problem.field, problem.message))
            }
          }
        }
      }
    } catch {
      if let failure = failure.withLock({ $0 }) { throw failure }
      if var failure = error as? Failure, failure.code == .unavailable, tally.acknowledged > 0 {
        failure.message =
          "the store went away after it acknowledged \(tally.acknowledged) records"
        failure.hint =
          "run the same import again: records that are there already count as unchanged"
        throw failure
      }
      throw error
    }
  }

  private func produce(
    validateOnly: Bool, _ tally: ImportTally, _ progress: Progress,
    write: (StoreV1.ImportRecordsRequest) async throws -> Void
  ) async throws {
    let reader =
      try path.map { path throws(Failure) in try ByteReader(path: path, shown: shown) }
      ?? ByteReader(descriptor: input)
    let size = UInt64(reader.size ?? 0)
    var rows = try RowReader(reader, file: shown, format: format)
    var request = StoreV1.ImportRecordsRequest(
      dataset: mapping.dataset.name.description, validateOnly: validateOnly, holdBack: holdBack)
    var bytes = 0
    var any = false
    var lineOfID: [String: Int] = [:]
    while let row = try rows.next() {
      any = true
      do {
        let record = try mapping.record(row.get())
        if !record.externalId.isEmpty,
          let first = lineOfID.updateValue(Int(record.line), forKey: record.externalId)
        {
          lineOfID[record.externalId] = first
          throw Problem(
            line: Int(record.line), field: mapping.idColumn,
            "the id '\(record.externalId.prefix(100))' is there already, on line \(first)")
        }
        request.records.append(record)
        bytes += record.fields.values.reduce(200) { $0 + $1.utf8.count }
      } catch let problem as Problem {
        tally.add(problem)
      }
      if request.records.count >= batch || bytes > 1 << 20 {
        try await write(request)
        request.records = []
        bytes = 0
        progress.update(UInt64(rows.consumed), of: size)
      }
    }
    guard any else {
      throw Failure(
        .badData, "\(shown): the file has a header and no rows",
        hint: "each row below the header becomes a record")
    }
    if !request.records.isEmpty { try await write(request) }
  }
}
