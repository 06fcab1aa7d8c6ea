import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where a command reads and writes: data to `out`, everything else to `err`, settings from
/// `environment`. A task-local value, so that a test runs a command as a user would and reads what the
/// user saw.
package struct Console: Sendable {
  @TaskLocal package static var current = Console.system

  package var writeOut: @Sendable ([UInt8]) -> Void
  package var writeErr: @Sendable ([UInt8]) -> Void
  /// The descriptor commands read from where the argument is `-`.
  package var input: Int32
  package var environment: [String: String]
  package var isInputTerminal: Bool
  package var isOutputTerminal: Bool
  package var isErrorTerminal: Bool
  /// Of the terminal, in cells.
  package var columns: Int
  /// Relative paths are below it.
  package var directory: String

  package init(
    writeOut: @escaping @Sendable ([UInt8]) -> Void,
    writeErr: @escaping @Sendable ([UInt8]) -> Void, input: Int32 = 0,
    environment: [String: String] = [:], isInputTerminal: Bool = false,
    isOutputTerminal: Bool = false, isErrorTerminal: Bool = false, columns: Int = 80,
    directory: String = FileManager.default.currentDirectoryPath
  ) {
    self.writeOut = writeOut
    self.writeErr = writeErr
    self.input = input
    self.environment = environment
    self.isInputTerminal = isInputTerminal
    self.isOutputTerminal = isOutputTerminal
    self.isErrorTerminal = isErrorTerminal
    self.columns = columns
    self.directory = directory
  }

  /// This process's own descriptors and environment.
  package static let system: Console = {
    let environment = ProcessInfo.processInfo.environment
    let dumb = environment["TERM"] == "dumb"
    var size = winsize()
    let width =
      [1, 2, 0].lazy.map { ioctl($0, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0 }
      .first { $0 > 0 }
    return Console(
      writeOut: { write($0, to: 1) }, writeErr: { write($0, to: 2) }, environment: environment,
      isInputTerminal: isatty(0) == 1, isOutputTerminal: isatty(1) == 1 && !dumb,
      isErrorTerminal: isatty(2) == 1 && !dumb,
      columns: width ?? environment["COLUMNS"].flatMap(Int.init) ?? 80)
  }()

  /// A line of data.
  package func out(_ line: String) { writeOut(Array((line + "\n").utf8)) }

  /// A line for the person: progress, problems, what to do next.
  package func note(_ line: String) { writeErr(Array((line + "\n").utf8)) }

  package var colour: Bool {
    isOutputTerminal && environment["NO_COLOR", default: ""].isEmpty
  }

  package var errorColour: Bool {
    isErrorTerminal && environment["NO_COLOR", default: ""].isEmpty
  }

  /// An absolute path for one given by the user.
  package func path(_ path: String) -> String {
    URL(
      fileURLWithPath: (path as NSString).expandingTildeInPath,
      relativeTo: URL(fileURLWithPath: directory, isDirectory: true)
    ).standardizedFileURL.path
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count > 0 {
        written += count
      } else if errno == EPIPE {
        // The reader has seen enough: `lauter export … | head`.
        exit(descriptor == 1 ? 0 : 1)
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } else if errno != EINTR {
        return
      }
    }
  }
}

/// ANSI styles, for terminals alone.
package enum Style: String {
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case cyan = "36"

  package func callAsFunction(_ text: String, _ on: Bool) -> String {
    on ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text
  }
}
