package import StrictJSON

/// One record's worth of input: a line of JSON or a row of CSV, as columns in order.
package struct Row: Sendable, Hashable {
  /// 1-based, where it starts.
  package var line: Int
  package var columns: [JSON.Member]

  package init(line: Int, columns: [JSON.Member]) {
    self.line = line
    self.columns = columns
  }
}

/// What is wrong with one line. The message names columns, labels and ids, never a text.
package struct Problem: Error, Sendable, Hashable {
  package var line: Int
  package var field: String
  package var message: String

  package init(line: Int, field: String = "", _ message: String) {
    self.line = line
    self.field = field
    self.message = message
  }

  /// As compilers do, so that editors jump there: `reviews.jsonl:12: text: is missing`.
  package func text(in file: String) -> String {
    "\(file):\(line): " + (field.isEmpty ? "" : "\(field): ") + message
  }

  package func json(in file: String) -> JSON {
    [
      "file": .string(file), "line": .of(line), "field": .string(field),
      "message": .string(message),
    ]
  }
}

package enum RowFormat: String, Sendable, CaseIterable { case jsonl, csv }

/// Reads rows one at a time, whatever the size of the input. A bad row is a `Problem` and reading goes
/// on behind it; what makes the rest unreadable is a `Failure`.
package struct RowReader {
  /// A line may have as much; a record's texts are far smaller.
  static let longest = 16 << 20

  private let reader: ByteReader
  private let file: String
  package let format: RowFormat
  private var line = 0
  private var header: [String] = []

  /// - Parameters:
  ///   - file: as the user spelled it, for messages.
  ///   - format: `nil` to tell from the name, or else from the first byte.
  package init(_ reader: ByteReader, file: String, format: RowFormat? = nil) throws(Failure) {
    self.reader = reader
    self.file = file
    let start = try reader.prefix(1024)
    if start.starts(with: [0xff, 0xfe]) || start.starts(with: [0xfe, 0xff]) {
      throw Failure(
        .badData, "\(file):1: the file is UTF-16, not UTF-8",
        hint: "convert it with 'iconv -f UTF-16 -t UTF-8'")
    }
    if start.starts(with: [0xef, 0xbb, 0xbf]) { reader.skip(3) }
    let first = try reader.prefix(1024).first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    guard let first else {
      throw Failure(
        .badData, "\(file): the file is empty",
        hint: "it should hold one JSON object per line, or CSV with a header")
    }
    let lowercased = file.lowercased()
    self.format =
      format
      ?? (lowercased.hasSuffix(".csv")
        ? .csv
        : [".jsonl", ".ndjson", ".json"].contains(where: lowercased.hasSuffix)
          || first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .jsonl : .csv)
    switch self.format {
    case .jsonl:
      if first == UInt8(ascii: "[") {
        throw Failure(
          .badData, "\(file):1: a JSON array, where one JSON object per line is expected",
          hint: "convert it with 'jq -c .[]'")
      }
    case .csv:
      try readHeader()
    }
  }

  package var consumed: Int { reader.consumed }

  /// The next row, or what is wrong with it; `nil` at the end.
  package mutating func next() throws(Failure) -> Result<Row, Problem>? {
    switch format {
    case .jsonl: try nextLine()
    case .csv: try nextRecord()
    }
  }

  // MARK: JSON Lines

  private mutating func nextLine() throws(Failure) -> Result<Row, Problem>? {
    while let bytes = try reader.line() {
      line += 1
      if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
      do throws(Problem) {
        return .success(Row(line: line, columns: try object(bytes)))
      } catch {
        return .failure(error)
      }
    }
    return nil
  }

  private func object(_ bytes: [UInt8]) throws(Problem) -> [JSON.Member] {
    guard bytes.count <= Self.longest else {
      throw Problem(line: line, "the line is longer than 16 MiB")
    }
    try checkUTF8(bytes)
    let value: JSON
    do { value = try JSON(parsing: bytes) } catch {
      throw Problem(line: line, "not JSON: \(error)")
    }
    guard case .object(let members) = value else {
      throw Problem(line: line, "\(value.kind), where a JSON object is expected")
    }
    return members
  }

  private func checkUTF8(_ bytes: [UInt8], field: String = "") throws(Problem) {
    guard String(validating: bytes, as: UTF8.self) == nil else { return }
    // Where: decode piece by piece until the first piece that is wrong.
    var decoder = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var column = 1
    scan: while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let scalar): column += scalar.count
      default: break scan
      }
    }
    let byte = column <= bytes.count ? String(bytes[column - 1], radix: 16) : "??"
    throw Problem(
      line: line, field: field,
      "not UTF-8: byte 0x\(byte) at column \(column); save the file as UTF-8")
  }

  // MARK: CSV (RFC 4180)

  private mutating func readHeader() throws(Failure) {
    var cells: [[UInt8]] = []
    while cells.isEmpty || cells == [[]] {
      guard let record = try record() else {
        throw Failure(.badData, "\(file): the file is empty", hint: "CSV needs a header")
      }
      do throws(Problem) { cells = try record.get() } catch {
        throw Failure(.badData, error.text(in: file))
      }
    }
    for cell in cells {
      guard let name = String(validating: cell, as: UTF8.self) else {
        throw Failure(.badData, "\(file):1: the header is not UTF-8", hint: "save it as UTF-8")
      }
      guard !name.isEmpty else {
        throw Failure(
          .badData, "\(file):1: column \(header.count + 1) of the header has no name",
          hint: "CSV needs a header that names every column")
      }
      guard !header.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
        throw Failure(.badData, "\(file):1: the column '\(name)' is there twice")
      }
      header.append(name)
    }
  }

  private var startLine = 1

  private mutating func nextRecord() throws(Failure) -> Result<Row, Problem>? {
    while let record = try record() {
      do throws(Problem) {
        let cells = try record.get()
        if cells == [[]] { continue }
        guard cells.count == header.count else {
          throw Problem(
            line: startLine,
            "\(cells.count) cells, where the header has \(header.count)")
        }
        var columns: [JSON.Member] = []
        for (name, cell) in zip(header, cells) {
          guard let text = String(validating: cell, as: UTF8.self) else {
            throw Problem(line: startLine, field: name, "not UTF-8; save the file as UTF-8")
          }
          columns.append(.init(name, .string(text)))
        }
        return .success(Row(line: startLine, columns: columns))
      } catch {
        return .failure(error)
      }
    }
    return nil
  }

  /// The cells of the next record; `nil` at the end.
  private mutating func record() throws(Failure) -> Result<[[UInt8]], Problem>? {
    guard try reader.peek() != nil else { return nil }
    line += 1
    startLine = line
    var cells: [[UInt8]] = []
    var cell: [UInt8] = []
    var size = 0
    var problem: Problem?
    while true {
      // At the start of a cell.
      var byte = try reader.next()
      if byte == UInt8(ascii: "\"") {
        quoted: while true {
          byte = try reader.next()
          switch byte {
          case UInt8(ascii: "\""):
            if try reader.peek() == UInt8(ascii: "\"") {
              _ = try reader.next()
              cell.append(UInt8(ascii: "\""))
            } else {
              byte = try reader.next()
              break quoted
            }
          case nil:
            return .failure(
              Problem(line: startLine, "a quoted cell starts here and is never closed"))
          case let other?:
            if other == 0x0a { line += 1 }
            cell.append(other)
          }
          if cell.count > Self.longest {
            throw Failure(
              .badData, "\(file):\(startLine): a cell is longer than 16 MiB",
              hint: "is a double quote not closed?")
          }
        }
        if byte == 0x0d, try reader.peek() == 0x0a { byte = try reader.next() }
        if let other = byte, other != UInt8(ascii: ","), other != 0x0a, other != 0x0d {
          problem =
            problem
            ?? Problem(
              line: startLine, "something follows a closing quote; a quote inside is doubled")
          while let other = byte, other != UInt8(ascii: ","), other != 0x0a {
            byte = try reader.next()
          }
        }
      } else {
        while let other = byte, other != UInt8(ascii: ","), other != 0x0a {
          if other == 0x0d {
            // CRLF, or a lone CR as old spreadsheets end a line with.
            if try reader.peek() == 0x0a { byte = try reader.next() }
            break
          }
          cell.append(other)
          byte = try reader.next()
        }
      }
      size += cell.count
      cells.append(cell)
      cell = []
      if byte != UInt8(ascii: ",") { break }
      if size > Self.longest {
        problem = problem ?? Problem(line: startLine, "the row is longer than 16 MiB")
        cells = []
      }
    }
    return problem.map { .failure($0) } ?? .success(cells)
  }
}
