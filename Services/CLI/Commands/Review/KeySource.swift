import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keys from a terminal in raw mode, one press at a time, or from a pipe, one key a line.
final class KeySource {
  private let descriptor: Int32
  private let reader: ByteReader
  private var saved: termios?
  private var waiting: [Key] = []

  init(_ console: Console) {
    descriptor = console.input
    reader = ByteReader(descriptor: console.input)
    if console.isInputTerminal {
      var mode = termios()
      if tcgetattr(descriptor, &mode) == 0 {
        saved = mode
        // No line buffering, no echo, and Ctrl-C as a key: the terminal must be put back first.
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(descriptor, TCSADRAIN, &mode)
      }
    }
  }

  deinit { restore() }

  func restore() {
    if var mode = saved { tcsetattr(descriptor, TCSADRAIN, &mode) }
    saved = nil
  }

  /// Waits for a key. Blocks its thread.
  func next() throws(Failure) -> Key {
    if !waiting.isEmpty { return waiting.removeFirst() }
    if saved == nil {
      guard let line = try reader.line() else { return .end }
      waiting = Key.keys(line: String(decoding: line, as: UTF8.self))
      return waiting.removeFirst()
    }
    guard let byte = try reader.next() else { return .end }
    switch byte {
    case 0x0a, 0x0d: return .enter
    case 0x03, 0x04: return .end
    case 0x1b:
      // An arrow or function key sends more behind it, at once; alone it is Escape.
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      while poll(&ready, 1, 5) > 0, let more = try reader.next() {
        if (0x40...0x7e).contains(more), more != UInt8(ascii: "["), more != UInt8(ascii: "O") {
          break
        }
      }
      return .escape
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return .digit(Int(byte - UInt8(ascii: "0")))
    default:
      let letter = Character(Unicode.Scalar(byte))
      return .letter(Character(letter.lowercased()))
    }
  }
}
