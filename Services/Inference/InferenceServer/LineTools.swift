package import Foundation
package import Transformer

/// The tokenizer and encoder of a folder, for people and scripts, without any service: JSON Lines in,
/// one JSON line out for each.
package struct LineTools {
  /// Of a line that is not an object with a string "text".
  package struct LineError: Error, CustomStringConvertible {
    package let line: Int
    package var description: String {
      "standard input, line \(line): not a JSON object with a string \"text\""
    }
  }

  private struct Line: Decodable {
    let text: String
  }

  /// Writes `{"ids": [...]}` for each line, special tokens included, not cut to any length.
  package static func tokenize(
    _ folder: URL, prompt: String? = nil, neutralize: Bool, input: AnyIterator<String>,
    output: (String) -> Void
  ) throws {
    var tokenizer = try EncoderDirectory(folder).tokenizer(prompt: prompt)
    tokenizer.neutralizesSpecialTokens = neutralize
    try forEachBatch(input) { texts in
      for text in texts {
        let ids = tokenizer.encode(text, maxTokens: Int(Int32.max))
        output("{\"ids\":[\(ids.map(String.init).joined(separator: ","))]}")
      }
    }
  }

  /// Writes `{"embedding": [...]}` for each line.
  package static func embed(
    _ folder: URL, precision: Precision = .fp32, prompt: String? = nil, threads: Int?,
    input: AnyIterator<String>, output: (String) -> Void
  ) throws {
    let pool = threads.map { ComputePool(threads: $0) } ?? .shared
    let encoder = try SentenceEncoder(
      EncoderDirectory(folder), precision: precision, prompt: prompt, pool: pool)
    try forEachBatch(input) { texts in
      let embeddings = encoder.embed(texts)
      for index in texts.indices {
        let values = embeddings[index].map { "\($0)" }.joined(separator: ",")
        output("{\"embedding\":[\(values)]}")
      }
    }
  }

  /// The token ids of a file that `tokenize` wrote.
  ///
  /// - Throws: `EncoderError` that names the line.
  package static func ids(_ file: URL) throws -> [[Int32]] {
    struct Line: Decodable { let ids: [Int32] }
    let decoder = JSONDecoder()
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").enumerated().map {
      guard let line = try? decoder.decode(Line.self, from: Data($1.utf8)) else {
        throw EncoderError(file, "line \($0 + 1) is not an object with a list \"ids\"")
      }
      return line.ids
    }
  }

  private static func forEachBatch(
    _ input: AnyIterator<String>, _ body: ([String]) throws -> Void
  ) throws {
    let decoder = JSONDecoder()
    var batch: [String] = []
    var number = 0
    while let line = input.next() {
      number += 1
      if line.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      guard let parsed = try? decoder.decode(Line.self, from: Data(line.utf8)) else {
        try body(batch)
        throw LineError(line: number)
      }
      batch.append(parsed.text)
      if batch.count == 256 {
        try body(batch)
        batch = []
      }
    }
    try body(batch)
  }
}
