import Commands
import Foundation
import Testing

@Suite struct UsageTests {
  @Test func aServiceThatIsNotThereIsSaidSo() async throws {
    try await withFolder { folder in
      let run = try await CommandLineRun.lauter(
        "dataset", "list", "--store", "127.0.0.1:1", in: folder)
      #expect(run.code == 69)
      #expect(run.out == "")
      #expect(
        run.notes == [
          "error: the store at 127.0.0.1:1 cannot be reached",
          "hint: start the services with 'lauter up', or name another address with --store",
        ])
    }
  }

  @Test func wrongUsageEndsWith64() async throws {
    try await withFolder { folder in
      let unknown = try await CommandLineRun.lauter("import", "a", "b", "--wat", in: folder)
      #expect(unknown.code == 64)
      #expect(unknown.notes.first?.hasPrefix("error: Unknown option '--wat'") == true)
      let nothing = try await CommandLineRun.lauter("predict", "--model", "m", in: folder)
      #expect(nothing.code == 64)
      #expect(
        nothing.notes.first
          == "error: no text to classify: give one, or --file FILE, or '-' for stdin")
      let labels = try await CommandLineRun.lauter("dataset", "create", "a", in: folder)
      #expect(labels.code == 64)
      #expect(
        labels.notes == [
          "error: a data set needs labels",
          "hint: for example --labels 'positive,negative' or --label positive --label negative",
        ])
    }
  }
}

@Suite(.enabled(if: Executables.folder != nil, "needs lauter-store, built or in LAUTER_TEST_BIN"))
struct StoreCommandTests {
  @Test func badLinesAreNamedAndStopOrSkipDecides() async throws {
    try await withStore { environment, folder in
      let created = try await CommandLineRun.lauter(
        "dataset", "create", "reviews", "--labels", "positive:liked it,negative", in: folder,
        environment: environment)
      #expect(created.code == 0, "\(created.err)")
      var bytes = Array(
        """
        {"id": 1, "text": "fine"}
        nope
        {"id": 1, "text": "again"}
        {"id": 2}
        {"id": 3, "text": "t", "label": "maybe"}
        {"id": 4, "text": "good", "label": "positive"}

        """.utf8)
      bytes += Array("{\"id\": 5, \"text\": \"".utf8) + [0xe9] + Array("\"}\n".utf8)
      try Data(bytes).write(to: folder.appending(path: "r.jsonl"))
      let problems = [
        "r.jsonl:2: not JSON: a value is expected at column 1",
        "r.jsonl:3: id: the id '1' is there already, on line 1", "r.jsonl:4: text: is missing",
        "r.jsonl:5: label: unknown label 'maybe'; the labels are 'positive', 'negative'",
        "r.jsonl:7: not UTF-8: byte 0xe9 at column 20; save the file as UTF-8",
      ]

      let stopped = try await CommandLineRun.lauter(
        "import", "reviews", "r.jsonl", "--label-field", "label", in: folder,
        environment: environment)
      #expect(stopped.code == 65)
      #expect(stopped.lines == ["imported 0, unchanged 0, rejected 5"])
      #expect(
        stopped.notes == problems + [
          "hint: nothing was imported; correct the lines above, or leave them out with --on-error skip"
        ])

      let skipped = try await CommandLineRun.lauter(
        "import", "reviews", "r.jsonl", "--label-field", "label", "--on-error", "skip", in: folder,
        environment: environment)
      #expect(skipped.code == 65)
      #expect(skipped.lines == ["imported 2, unchanged 0, rejected 5"])
      #expect(Array(skipped.notes.prefix(5)) == problems)

      // From stdin too, where the good lines are there already.
      let piped = try await CommandLineRun.lauter(
        "import", "reviews", "-", "--json", input: "{\"id\": 1, \"text\": \"fine\"}\n", in: folder,
        environment: environment)
      #expect(piped.code == 0)
      #expect(
        piped.lines == [
          "{\"dataset\":\"reviews\",\"imported\":0,\"unchanged\":1,\"held_back\":0,\"rejected\":0,\"problems\":[]}"
        ])
      let empty = try await CommandLineRun.lauter(
        "import", "reviews", "-", in: folder, environment: environment)
      #expect(empty.code == 65)
      #expect(empty.notes.first == "error: stdin: the file is empty")
    }
  }

  @Test func aReviewDecidesUndoesAndGoesOn() async throws {
    try await withStore { environment, folder in
      _ = try await CommandLineRun.lauter(
        "dataset", "create", "reviews", "--labels", "positive,negative", in: folder,
        environment: environment)
      _ = try await CommandLineRun.lauter(
        "import", "reviews", "-",
        input: (1...4).map { "{\"id\": \"r\($0)\", \"text\": \"text \($0)\"}\n" }.joined(),
        in: folder, environment: environment)
      let review = try await CommandLineRun.lauter(
        "review", "reviews", "--user", "ann", "--json", input: "1\nd\nu\n2\ns\nq\n", in: folder,
        environment: environment)
      #expect(review.code == 0, "\(review.err)")
      #expect(
        review.lines == [
          "{\"dataset\":\"reviews\",\"user\":\"ann\",\"reviewed\":2,\"accepted\":0,\"changed\":2,\"discarded\":0,\"skipped\":1}"
        ])
      let recorded = try await CommandLineRun.lauter(
        "review", "reviews", "--user", "ann", "--from", "-", "--on-error", "skip",
        input: """
          {"id": "r3", "discard": true}
          {"id": "r9", "label": "positive"}
          {"id": "r4", "label": "maybe"}
          {"id": "r4"}
          {"id": "r1", "label": "positive"}
          """, in: folder, environment: environment)
      #expect(recorded.code == 65)
      #expect(recorded.lines == ["applied 1, unchanged 1, rejected 3"])
      #expect(
        Array(recorded.notes.prefix(3)) == [
          "stdin:2: id: the data set 'reviews' has no record 'r9'",
          "stdin:3: label: unknown label 'maybe'; the labels are 'positive', 'negative'",
          "stdin:4: label: a line has either \"label\": a label, or \"discard\": true",
        ])
      let export = try await CommandLineRun.lauter(
        "export", "reviews", "--format", "csv", in: folder, environment: environment)
      #expect(
        export.out.replacing("\r\n", with: "\n") == """
          id,text,split,status,label
          r1,text 1,train,completed,positive
          r2,text 2,train,completed,negative
          r3,text 3,train,discarded,
          r4,text 4,train,pending,

          """)
      // JSON Lines go back into another data set as they were.
      _ = try await CommandLineRun.lauter(
        "export", "reviews", "-o", "out.jsonl", in: folder, environment: environment)
      _ = try await CommandLineRun.lauter(
        "dataset", "create", "copy", "--labels", "positive,negative", in: folder,
        environment: environment)
      let again = try await CommandLineRun.lauter(
        "import", "copy", "out.jsonl", in: folder, environment: environment)
      #expect(again.lines == ["imported 4, unchanged 0, rejected 0"], "\(again.err)")
      let copy = try await CommandLineRun.lauter(
        "export", "copy", "--format", "csv", in: folder, environment: environment)
      #expect(copy.out == export.out)
    }
  }
}
