import Schema
import StoreServer
import Testing

@Suite struct ImportCheckTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var field: String
    var words: String
    var change: @Sendable (inout Record) -> Void
    var testDescription: String { name }
  }

  static let secret = "SECRET"

  static let cases: [Case] = [
    Case(name: "missing field", field: "text", words: "missing") { $0.fields = [:] },
    Case(name: "blank field", field: "text", words: "blank") { $0.fields["text"] = " \n\t" },
    Case(name: "unknown field", field: "txt", words: "'text', 'title'") { $0.fields["txt"] = "x" },
    Case(name: "NUL in a field", field: "text", words: "U+0000") { $0.fields["text"] = "SECRET\0" },
    Case(name: "large record", field: "", words: "1048576") {
      $0.fields["text"] = String(repeating: "SECRET", count: 200_000)
    },
    Case(name: "long id", field: "id", words: "200") {
      $0.externalID = String(repeating: "i", count: 201)
    },
    Case(name: "infinite number", field: "n", words: "finite") {
      $0.metadata["n"] = .number(.infinity)
    },
    Case(name: "NUL in metadata", field: "n", words: "U+0000") { $0.metadata["n"] = .text("a\0") },
    Case(name: "unknown label", field: "label", words: "'positive', 'negative', 'neutral'") {
      $0.responses = [Response(user: "a", label: "positiv", status: .submitted)]
    },
    Case(name: "no label", field: "label", words: "'ann'") {
      $0.responses = [Response(user: "ann", label: nil, status: .submitted)]
    },
    Case(name: "discarded with a label", field: "label", words: "discarded") {
      $0.responses = [Response(user: "ann", label: "positive", status: .discarded)]
    },
    Case(name: "no user", field: "user", words: "blank") {
      $0.responses = [Response(user: "", label: "positive", status: .submitted)]
    },
    Case(name: "no agent", field: "agent", words: "1 to 200") {
      $0.suggestions = [Suggestion(agent: "", outcome: .label("positive"))]
    },
    Case(name: "suggested label", field: "label", words: "unknown label 'x'") {
      $0.suggestions = [Suggestion(agent: "a", outcome: .label("x"))]
    },
    Case(name: "score", field: "score", words: "between 0 and 1") {
      $0.suggestions = [Suggestion(agent: "a", outcome: .label("positive"), score: 1.5)]
    },
    Case(name: "not a score", field: "score", words: "between 0 and 1") {
      $0.suggestions = [Suggestion(agent: "a", outcome: .label("positive"), score: .nan)]
    },
  ]

  @Test(arguments: cases) func problems(_ test: Case) throws {
    let check = ImportCheck(try reviews())
    var record = draft("a", ["text": "SECRET words"])
    test.change(&record)
    let error = try #require(throws: SchemaError.self) { try check.check(record) }
    #expect(error.field == test.field)
    #expect(error.message.contains(test.words), "\(error)")
    #expect(!error.message.contains(Self.secret), "a record's text stays out of errors")
    // A record that was refused does not take its id.
    _ = try check.check(draft("a", ["text": "fine"]))
  }

  @Test func idsStandOnce() throws {
    let check = ImportCheck(try reviews())
    _ = try check.check(draft("a", ["text": "x"]), line: 3)
    let error = try #require(throws: SchemaError.self) {
      try check.check(draft("a", ["text": "y"]), line: 9)
    }
    #expect(error.description == "id: the id 'a' stands on line 3 already")
  }

  @Test func idsAreDerivedFromFields() throws {
    let check = ImportCheck(try reviews())
    let id = try check.check(
      draft("", ["title": "t", "text": "x"], metadata: ["n": .number(1)]), line: 4
    ).externalID
    // The first 16 bytes of the SHA-256 of {"text":"x","title":"t"}.
    #expect(id == "4e16ba5cc3522ae212dc372daaa694c0")
    let error = try #require(throws: SchemaError.self) {
      try check.check(draft("", ["text": "x", "title": "t"]), line: 5)
    }
    #expect(error.message.contains("line 4"))
    _ = try check.check(draft("", ["text": "x"]), line: 5)
  }

  @Test func canonicalJSON() {
    #expect(
      CanonicalJSON.text(fields: ["b": "\u{1}\"\\\n", "a": "é/"])
        == #"{"a":"é/","b":"\u0001\"\\\u000a"}"#)
    #expect(
      CanonicalJSON.text(metadata: ["n": .number(0.1), "f": .flag(false), "t": .text("1")])
        == #"{"f":false,"n":0.1,"t":"1"}"#)
  }
}
