package import Foundation

/// A JSON Lines file whose lines are objects of one shape.
package struct JSONLines: Sendable {
  /// How the source is called in messages.
  package let name: String
  private let data: Data
  /// What a line should look like, as messages say it.
  private let shape: String

  /// What is wrong with such a file, and where. Never holds a record's text.
  package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 where it is the file as a whole.
    package let line: Int
    package let message: String
    package var description: String {
      line == 0 ? "\(file): \(message)" : "\(file):\(line): \(message)"
    }
  }

  package init(_ data: Data, name: String, shape: String) {
    self.data = data
    self.name = name
    self.shape = shape
  }

  /// - Throws: `Problem` if the file cannot be read.
  package init(file: URL, shape: String) throws {
    let name = file.relativePath
    do { self.init(try Data(contentsOf: file), name: name, shape: shape) } catch {
      throw Problem(
        file: name, line: 0, message: "cannot be read: \(error.localizedDescription)")
    }
  }

  package func problem(_ line: Int, _ message: String) -> Problem {
    Problem(file: name, line: line, message: message)
  }

  /// Calls `body` with each line's number and value; blank lines are skipped.
  ///
  /// - Throws: `Problem`, at the first line that cannot be used; what `body` throws.
  package func forEach<Line: Decodable>(_ body: (Int, Line) throws -> Void) throws {
    let decoder = JSONDecoder()
    var number = 0
    for bytes in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard let line = String(validating: bytes, as: UTF8.self) else {
        throw problem(number, "is not UTF-8")
      }
      if line.allSatisfy(\.isWhitespace) { continue }
      let value: Line
      do {
        value = try decoder.decode(Line.self, from: Data(line.utf8))
      } catch DecodingError.keyNotFound(let key, _) {
        throw problem(number, "has no '\(key.stringValue)'; \(shape)")
      } catch DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(
        let type, let context)
      {
        guard let field = context.codingPath.first?.stringValue else {
          throw problem(number, "is not an object; \(shape)")
        }
        let wanted =
          type == String.self ? "a string" : "\(type)".hasPrefix("Array") ? "a list" : "an object"
        throw problem(
          number,
          context.codingPath.count == 1
            ? "'\(field)' is not \(wanted)" : "'\(field)' has an entry that is not \(wanted)")
      } catch {
        throw problem(number, "is not JSON; \(shape)")
      }
      try body(number, value)
    }
  }
}
