import ArgumentParser
import Foundation
import TrainerServer

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how long a step of training takes on this machine.",
    discussion: """
      A step is forward with dropout, SetFit's loss, backward, clipping and AdamW, over texts of which \
      no two are the same. Anything else that runs makes the numbers worse: keep the machine quiet.
      """)

  @Argument(help: "The encoder's folder.", completion: .directory)
  var folder: String

  @Option(
    help: "Texts to train on, as {\"text\": ...} lines.", completion: .file(extensions: ["jsonl"]))
  var texts: String

  @Option(help: "Texts of a step: two for each pair.")
  var batch = 32

  @Option(help: "Threads that compute.")
  var threads = 1

  @Option(help: "Seconds to measure for, and on to the end of a pass through the texts.")
  var seconds = 5.0

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads: a number from 1 to 1024, not \(threads)")
    }
    guard (2...4096).contains(batch), batch % 2 == 0 else {
      throw ValidationError("--batch: an even number from 2 to 4096, not \(batch)")
    }
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds: a number from 0 to 3600, not \(seconds)")
    }
  }

  func run() throws {
    struct Line: Decodable { let text: String }
    let file = URL(filePath: texts)
    var lines: [String] = []
    try JSONLines(file: file, shape: "a line is {\"text\": …}").forEach { (_, line: Line) in
      lines.append(line.text)
    }
    guard !lines.isEmpty else { throw ValidationError("\(texts) has no texts") }
    let report = try TrainingBenchmark(
      folder: URL(filePath: folder, directoryHint: .isDirectory), threads: threads, texts: batch,
      seconds: seconds
    ).run(lines)
    if json {
      print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
    } else {
      print(
        String(
          format:
            "%d threads, %d texts a step: mean %.1f ms, best %.1f, p50 %.1f, p99 %.1f of %d steps",
          report.threads, report.texts, report.mean, report.best, report.p50, report.p99,
          report.steps))
    }
  }
}
