import Commands
import Foundation
import RPC
import Schema
import StrictJSON
import Testing

@Suite struct TableTests {
  private var table: Table {
    var table = Table([.init("label"), .init("n", alignsRight: true), .init("text", shrinks: true)])
    table.add(["positive", "7", "It works.\tEvery\nday."])
    table.add(["好", "12", "e\u{301}t\u{e9} 👍🏽"])
    return table
  }

  @Test func onATerminalColumnsLineUp() {
    #expect(
      table.lines(width: 80) == [
        "label      n  text", "positive   7  It works. Every day.",
        "好        12  e\u{301}t\u{e9} 👍🏽",
      ])
    #expect(
      table.lines(width: 24) == [
        "label      n  text", "positive   7  It works.…", "好        12  e\u{301}t\u{e9} 👍🏽",
      ])
  }

  @Test func inAPipeTheyAreSeparatedByTabs() {
    #expect(
      table.lines(width: nil) == [
        "label\tn\ttext", "positive\t7\tIt works. Every day.", "好\t12\te\u{301}t\u{e9} 👍🏽",
      ])
  }

  @Test func cellsCountAsTerminalsDo() {
    #expect("abc".cells == 3)
    #expect("你好".cells == 4)
    #expect("e\u{301}".cells == 1)
    #expect("👨‍👩‍👧".cells == 2)
    #expect("你好吗".truncated(to: 4) == "你…")
    #expect("one two three".wrapped(to: 7) == ["one two", "three"])
    #expect("abcdefgh".wrapped(to: 3) == ["abc", "def", "gh"])
  }

  @Test func aTextCannotSteerTheTerminal() {
    #expect("a\u{1b}[2Jb\u{202e}c\r\nd".printable() == "a\u{fffd}[2Jb\u{fffd}c  d")
  }
}

@Suite struct JSONTests {
  @Test func whatIsWrittenReadsBack() throws {
    let value: JSON = [
      "a": .string("x\"\\\n\u{1}é😀"), "b": [true, .null, .of(-0.25), .of(1e300)], "c": .of(3.0),
    ]
    #expect(
      value.text == "{\"a\":\"x\\\"\\\\\\n\\u0001é😀\",\"b\":[true,null,-0.25,1e+300],\"c\":3}")
    #expect(try JSON(parsing: Array(value.text.utf8)) == value)
  }

  @Test func escapesAreUndone() throws {
    #expect(
      try JSON(parsing: Array("\"\\ud83d\\ude00\\u00e9\\/\\b\"".utf8)) == .string("😀é/\u{8}"))
    #expect(throws: JSON.ParseError.self) { try JSON(parsing: Array("\"\\u+123\"".utf8)) }
    let deep = String(repeating: "[", count: 10_000)
    #expect(
      #expect(throws: JSON.ParseError.self) { try JSON(parsing: Array(deep.utf8)) }?.message
        == "nested deeper than 64 levels")
  }
}

@Suite struct EndpointsTests {
  @Test func namedBeatsTheFolderBeatsTheDefaults() async throws {
    try await withFolder { folder in
      #expect(try Endpoints.resolve(named: [:], folder: folder.path) == .defaults)
      try Endpoints([.store: "127.0.0.1:1", .trainer: "127.0.0.1:2"]).write(folder: folder.path)
      let resolved = try Endpoints.resolve(named: [.store: "db:9"], folder: folder.path)
      #expect(resolved.addresses[.store] == "db:9")
      #expect(resolved.addresses[.trainer] == "127.0.0.1:2")
      #expect(resolved.addresses[.labeller] == "127.0.0.1:7512")
    }
  }

  @Test(arguments: ["", "host", "host:", ":80", "host:0", "host:70000", "http://h:80", "a b:1"])
  func whatIsNoAddressIsSaidSo(_ text: String) {
    #expect(
      #expect(throws: Failure.self) {
        try Endpoints.resolve(named: [.store: text], folder: "/nowhere")
      }?.lines(colour: false) == [
        "error: --store '\(text)' is not an address",
        "hint: an address is HOST:PORT, for example 127.0.0.1:7511",
      ])
  }

  @Test func aDamagedFileIsNamed() async throws {
    try await withFolder { folder in
      try Data("{".utf8).write(to: folder.appending(path: "endpoints.json"))
      #expect(
        #expect(throws: Failure.self) { try Endpoints(folder: folder.path) }?.message
          == "\(folder.path)/endpoints.json is damaged: it names no service's address")
    }
  }
}

@Suite struct FailureTests {
  private func seen(_ code: RPCError.Code, _ message: String = "") -> (Failure.Code, [String]) {
    let failure = Failure(
      RPCError(code: code, message: message), service: .store, address: "127.0.0.1:7511")
    return (failure.code, failure.lines(colour: false))
  }

  @Test func aCallsErrorBecomesASentenceAndAnExitCode() {
    #expect(
      seen(.unavailable) == (
        .unavailable,
        [
          "error: the store at 127.0.0.1:7511 cannot be reached",
          "hint: start the services with 'lauter up', or name another address with --store",
        ]
      ))
    #expect(
      seen(.deadlineExceeded) == (
        .temporary,
        [
          "error: the store at 127.0.0.1:7511 did not answer in time",
          "hint: look at its log, then try again",
        ]
      ))
    #expect(
      seen(.notFound, "no data set 'x'; there are 'a'") == (
        .failed, ["error: no data set 'x'; there are 'a'"]
      ))
    #expect(
      seen(.resourceExhausted, "too many") == (
        .temporary, ["error: too many", "hint: try again in a moment"]
      ))
    #expect(seen(.invalidArgument, "name: bad") == (.badData, ["error: name: bad"]))
    #expect(seen(.cancelled).0 == .interrupted)
    #expect(
      seen(.unimplemented) == (
        .failed,
        [
          "error: the store at 127.0.0.1:7511 does not know this call",
          "hint: are the client and the services of one version?",
        ]
      ))
  }
}

@Suite struct ProgressTests {
  @Test func aBarSaysHowFarAndHowLong() {
    #expect(
      Progress.text("body", 25, 100, elapsed: .seconds(10), detail: "loss 0.1", columns: 49)
        == "body [==      ] 25% (25/100), 30 s left, loss 0.1")
    #expect(
      Progress.text("body", 25, 100, elapsed: .seconds(10), detail: "loss 0.1", columns: 40)
        == "body 25% (25/100), 30 s left, loss 0.1", "words come first")
    #expect(
      Progress.text("body", 100, 100, elapsed: .seconds(10), detail: "", columns: 200)
        == "body [\(String(repeating: "=", count: 30))] 100% (100/100)")
    #expect(
      Progress.text("checking", 5, 0, elapsed: .seconds(1), detail: "", columns: nil)
        == "checking 5")
    #expect(Progress.duration(3700) == "1 h 1 min")
  }
}

@Suite struct ArgumentTests {
  @Test func labelsAreReadFromOneArgument() {
    #expect(
      LabelArgument.list("positive: liked it: a lot, negative") == [
        Label(name: "positive", description: "liked it: a lot"), Label(name: "negative"),
      ])
    #expect(
      LabelArgument.single("a:b=c=d") == Label(name: "a:b", description: "c=d"))
  }

  @Test func modelsMayNameAVersion() throws {
    #expect(try ModelArgument("reviews").version == 0)
    #expect(try ModelArgument("reviews@3").version == 3)
    #expect(try ModelArgument("reviews@latest").version == 0)
    #expect(throws: (any Error).self) { try ModelArgument("reviews@x") }
  }

  @Test(arguments: [
    ("=1+1", "'=1+1"), ("-1.5", "-1.5"), ("-x", "'-x"), ("@a", "'@a"), ("+49", "+49"),
    ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("=\"a\"", "\"'=\"\"a\"\"\""),
    ("a\nb", "\"a\nb\""), ("\t=1", "'\t=1"),
  ])
  func cellsAreNoFormulas(_ text: String, _ cell: String) {
    #expect(ExportWriter.cell(text) == cell)
  }
}
