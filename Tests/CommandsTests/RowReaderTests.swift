import Commands
import Foundation
import Schema
import StrictJSON
import Testing
import Wire

/// Every row and every complaint, as `lauter import` would print them.
private func read(_ bytes: [UInt8], _ file: String = "reviews.jsonl") throws -> [String] {
  let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try Data(bytes).write(to: path)
  defer { try? FileManager.default.removeItem(at: path) }
  var rows = try RowReader(ByteReader(path: path.path, shown: file), file: file)
  var lines: [String] = []
  while let row = try rows.next() {
    do {
      let row = try row.get()
      lines.append("\(row.line) " + JSON.object(row.columns).text)
    } catch {
      lines.append(error.text(in: file))
    }
  }
  return lines
}

private func read(_ text: String, _ file: String = "reviews.jsonl") throws -> [String] {
  try read(Array(text.utf8), file)
}

@Suite struct RowReaderTests {
  @Test func jsonLinesKeepOrderNumbersAndLineNumbers() throws {
    #expect(
      try read("{\"b\": 1.50, \"a\": \"x\"}\r\n\n  \n{\"c\":null}") == [
        "1 {\"b\":1.50,\"a\":\"x\"}", "4 {\"c\":null}",
      ])
  }

  @Test func aByteOrderMarkIsSkipped() throws {
    #expect(try read([0xef, 0xbb, 0xbf] + Array("{\"a\":1}".utf8)) == ["1 {\"a\":1}"])
    #expect(
      try read([0xef, 0xbb, 0xbf] + Array("text\nfine".utf8), "r.csv") == ["2 {\"text\":\"fine\"}"])
  }

  @Test(arguments: [
    ("nope", "reviews.jsonl:1: not JSON: a value is expected at column 1"),
    ("{\"a\": 1", "reviews.jsonl:1: not JSON: it ends too early at column 8"),
    ("{\"a\": 1} {}", "reviews.jsonl:1: not JSON: something follows the value at column 10"),
    ("{\"a\": 1, \"a\": 2}", "reviews.jsonl:1: not JSON: the key 'a' is there twice at column 10"),
    ("{\"a\": \"\\ud800\"}", "reviews.jsonl:1: not JSON: half a surrogate pair at column 14"),
    (
      "{\"a\": \"x\u{0}\"}",
      "reviews.jsonl:1: not JSON: a control character stands in a string at column 9"
    ),
    ("\"text\"", "reviews.jsonl:1: a string, where a JSON object is expected"),
    ("{\"a\": 01}", "reviews.jsonl:1: not JSON: a ',' or '}' is expected at column 8"),
  ])
  func badJSONIsNamed(_ line: String, _ message: String) throws {
    #expect(try read(line + "\n{\"ok\":true}") == [message, "2 {\"ok\":true}"])
  }

  @Test func badUTF8IsNamedWithItsPlace() throws {
    let line = Array("{\"text\": \"caf".utf8) + [0xe9] + Array("\"}\n{\"ok\":1}".utf8)
    #expect(
      try read(line) == [
        "reviews.jsonl:1: not UTF-8: byte 0xe9 at column 14; save the file as UTF-8",
        "2 {\"ok\":1}",
      ])
    #expect(
      try read(Array("id,text\n1,caf".utf8) + [0xe9] + Array("\n2,fine\n".utf8), "r.csv") == [
        "r.csv:2: text: not UTF-8; save the file as UTF-8", "3 {\"id\":\"2\",\"text\":\"fine\"}",
      ])
  }

  @Test(arguments: ["", "\n\n", " \r\n", "\u{feff}"])
  func anEmptyFileIsRefused(_ text: String) {
    let failure = #expect(throws: Failure.self) { try read(text) }
    #expect(failure?.code == .badData)
    #expect(
      failure?.lines(colour: false) == [
        "error: reviews.jsonl: the file is empty",
        "hint: it should hold one JSON object per line, or CSV with a header",
      ])
  }

  @Test func anotherEncodingOrShapeOfFileIsRefused() {
    #expect(
      #expect(throws: Failure.self) { try read([0xff, 0xfe, 0x7b, 0x00]) }?.message
        == "reviews.jsonl:1: the file is UTF-16, not UTF-8")
    #expect(
      #expect(throws: Failure.self) { try read("[{\"text\": \"a\"}]") }?.message
        == "reviews.jsonl:1: a JSON array, where one JSON object per line is expected")
  }

  @Test func csvQuotesLineBreaksAndBothLineEndings() throws {
    #expect(
      try read("id,text\r\n1,\"a \"\"b\"\", c\nd\"\r\n2,\n\n3,\"\"\n", "r.csv") == [
        "2 {\"id\":\"1\",\"text\":\"a \\\"b\\\", c\\nd\"}", "4 {\"id\":\"2\",\"text\":\"\"}",
        "6 {\"id\":\"3\",\"text\":\"\"}",
      ])
  }

  @Test func badCSVRowsAreNamedAndReadingGoesOn() throws {
    #expect(
      try read("id,text\n1\n2,a,b\n3,\"x\" y\n4,fine\n5,\"open\n", "r.csv") == [
        "r.csv:2: 1 cells, where the header has 2",
        "r.csv:3: 3 cells, where the header has 2",
        "r.csv:4: something follows a closing quote; a quote inside is doubled",
        "5 {\"id\":\"4\",\"text\":\"fine\"}",
        "r.csv:6: a quoted cell starts here and is never closed",
      ])
  }

  @Test func aHeaderNamesEveryColumnOnce() {
    #expect(
      #expect(throws: Failure.self) { try read("id,text,id\n", "r.csv") }?.message
        == "r.csv:1: the column 'id' is there twice")
    #expect(
      #expect(throws: Failure.self) { try read("id,,text\n", "r.csv") }?.message
        == "r.csv:1: column 2 of the header has no name")
  }

  @Test func aFileThatIsNotThereIsNamed() {
    #expect(
      #expect(throws: Failure.self) { try ByteReader(path: "/nowhere/x", shown: "x") }?
        .lines(colour: false) == [
          "error: x: No such file or directory",
          "hint: give the path of a JSONL or CSV file, or '-' for stdin",
        ])
  }

  @Test func rowsOfAnySizeCrossTheChunks() throws {
    let long = String(repeating: "é,\"\"\n", count: 40_000)
    let rows = try read("id,text\n1,\"\(long)\"\n2,b\n", "r.csv")
    #expect(rows.count == 2)
    #expect(rows.last == "40003 {\"id\":\"2\",\"text\":\"b\"}")
  }
}

@Suite struct RecordMappingTests {
  private let dataset = try! Dataset(
    name: Name("reviews"),
    fields: [TextField(name: "text"), TextField(name: "title", optional: true)],
    question: Question(labels: [Label(name: "positive"), Label(name: "negative")]))

  private func record(
    _ json: String, _ mapping: RecordMapping? = nil
  ) throws -> StoreV1.ImportRecord {
    let columns = try JSON(parsing: Array(json.utf8)).members!
    return try (mapping ?? RecordMapping(dataset: dataset)).record(Row(line: 7, columns: columns))
  }

  @Test func columnsFindTheirPlaces() throws {
    let record = try record(
      "{\"id\": 12, \"text\": \"t\", \"split\": \"test\", \"stars\": 4.5, \"seen\": true, \"none\": null, \"by\": \"x\"}",
      RecordMapping(dataset: dataset, split: .train))
    #expect(record.line == 7)
    #expect(record.externalId == "12")
    #expect(record.fields == ["text": "t"])
    #expect(record.split == .test, "its own comes first")
    #expect(try self.record("{\"text\": \"t\"}").split == .unspecified, "left to the store")
    #expect(
      record.metadata == [
        "stars": .init(kind: .number(4.5)), "seen": .init(kind: .flag(true)),
        "by": .init(kind: .text("x")),
      ])
  }

  @Test func labelsBecomeResponses() throws {
    let mapping = try RecordMapping(
      dataset: dataset, fieldColumns: ["body": "text"], labelColumn: "gold", user: "ann")
    #expect(
      try record("{\"body\": \"t\", \"gold\": \"negative\"}", mapping).responses == [
        .init(user: "ann", label: "negative", status: .submitted)
      ])
    #expect(try record("{\"body\": \"t\", \"gold\": \"\"}", mapping).responses == [])
    #expect(try record("{\"body\": \"t\"}", mapping).metadata == [:])
  }

  @Test(arguments: [
    ("{\"id\": 1}", "f:7: text: is missing"),
    ("{\"text\": null}", "f:7: text: is null, where a text is expected"),
    ("{\"text\": 3}", "f:7: text: is a number, where a text is expected"),
    ("{\"text\": \" \\n\"}", "f:7: text: is empty"),
    ("{\"text\": \"a\\u0000b\"}", "f:7: text: has a NUL character (U+0000); remove it"),
    ("{\"text\": \"t\", \"id\": \"\"}", "f:7: id: is empty"),
    ("{\"text\": \"t\", \"id\": []}", "f:7: id: is an array, where a text or number is expected"),
    (
      "{\"text\": \"t\", \"split\": \"dev\"}",
      "f:7: split: is 'dev'; a split is train, validation or test"
    ),
    (
      "{\"text\": \"t\", \"tags\": [1]}",
      "f:7: tags: is an array; metadata is a text, a number or a boolean"
    ),
    ("{\"text\": \"t\", \"n\": 1e999}", "f:7: n: is a number that is too large"),
    (
      "{\"text\": \"t\", \"label\": \"maybe\"}",
      "f:7: label: unknown label 'maybe'; the labels are 'positive', 'negative'"
    ),
  ])
  func eachFaultIsNamedByItsColumn(_ json: String, _ message: String) throws {
    let mapping = try RecordMapping(dataset: dataset, labelColumn: "label")
    let problem = #expect(throws: Problem.self) { try record(json, mapping) }
    #expect(problem?.text(in: "f") == message)
  }

  @Test func aFieldThatIsNotThereIsAUsageError() {
    let failure = #expect(throws: Failure.self) {
      try RecordMapping(dataset: dataset, fieldColumns: ["body": "txt"])
    }
    #expect(failure?.code == .usage)
    #expect(
      failure?.lines(colour: false) == [
        "error: --text-field body=txt: the data set 'reviews' has no field 'txt'",
        "hint: its fields are 'text', 'title'",
      ])
  }
}
