import Dispatch
import Foundation
import StrictJSON

/// Where a call's requests come from: words of the command line, a file or stdin.
enum RequestSource {
  case text(String)
  /// A file's path; nil is stdin.
  case file(String?)

  /// - Parameter argument: JSON, `@FILE` or `-`.
  init(_ argument: String) {
    if argument == "-" {
      self = .file(nil)
    } else if argument.hasPrefix("@") {
      self = .file(String(argument.dropFirst()))
    } else {
      self = .text(argument)
    }
  }

  /// The one request, which may stand on several lines.
  func single(_ console: Console) throws -> JSON {
    switch self {
    case .text(let text): return try Self.parse(Array(text.utf8), "the request")
    case .file(let path):
      let reader = try Self.reader(path, console)
      var bytes: [UInt8] = []
      while let byte = try reader.next() { bytes.append(byte) }
      return try Self.parse(bytes, path ?? "stdin")
    }
  }

  /// A request a line, as lines come in: a person may type them while answers arrive.
  func lines(_ console: Console) -> RequestLines { RequestLines(source: self, console: console) }

  fileprivate static func reader(
    _ path: String?, _ console: Console
  ) throws(Failure) -> ByteReader {
    guard let path else { return ByteReader(descriptor: console.input) }
    return try ByteReader(path: console.path(path), shown: path)
  }

  fileprivate static func parse(_ bytes: [UInt8], _ shown: String) throws(Failure) -> JSON {
    do throws(JSON.ParseError) {
      return try JSON(parsing: bytes)
    } catch {
      throw Failure(.badData, "\(shown) is no JSON: \(error)")
    }
  }
}

/// JSON Lines, read by a thread of its own, which stays a few lines ahead of the reader and no more.
struct RequestLines: AsyncSequence {
  let source: RequestSource
  let console: Console

  func makeAsyncIterator() -> Iterator {
    let room = DispatchSemaphore(value: 8)
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: JSON.self)
    let thread = Thread { [source, console] in
      continuation.finish(throwing: Self.read(source, console, room) { continuation.yield($0) })
    }
    thread.name = "requests"
    thread.start()
    return Iterator(base: stream.makeAsyncIterator(), room: room)
  }

  /// The error that ended the lines, if one did.
  private static func read(
    _ source: RequestSource, _ console: Console, _ room: DispatchSemaphore,
    _ yield: (JSON) -> Void
  ) -> (any Error)? {
    do {
      switch source {
      case .text(let text):
        for (index, line) in text.utf8.split(separator: 0x0a).enumerated() {
          yield(try RequestSource.parse(Array(line), "request \(index + 1)"))
        }
      case .file(let path):
        let reader = try RequestSource.reader(path, console)
        var number = 0
        while try reader.peek() != nil {
          var line: [UInt8] = []
          while let byte = try reader.next(), byte != 0x0a { line.append(byte) }
          number += 1
          guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) else { continue }
          room.wait()
          yield(try RequestSource.parse(line, "\(path ?? "stdin") line \(number)"))
        }
      }
      return nil
    } catch {
      return error
    }
  }

  struct Iterator: AsyncIteratorProtocol {
    fileprivate var base: AsyncThrowingStream<JSON, any Error>.Iterator
    fileprivate let room: DispatchSemaphore

    mutating func next() async throws -> JSON? {
      let next = try await base.next()
      room.signal()
      return next
    }
  }
}
