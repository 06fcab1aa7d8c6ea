import Foundation
import Synchronization

/// Progress on stderr: a bar that redraws itself on a terminal, elsewhere a line every few seconds.
package final class Progress: Sendable {
  private struct State {
    var title: String
    var started = ContinuousClock.now
    var drawn: ContinuousClock.Instant?
    var barShown = false
    var lastText = ""
  }

  private let console: Console
  private let quiet: Bool
  private let state: Mutex<State>

  package init(_ title: String, console: Console = .current, quiet: Bool = false) {
    self.console = console
    self.quiet = quiet
    state = Mutex(State(title: title))
  }

  /// - Parameter total: 0 where it is unknown.
  package func update(_ done: UInt64, of total: UInt64, phase: String? = nil, detail: String = "") {
    guard !quiet else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if let phase, phase != state.title {
        state.title = phase
        state.started = now
        state.drawn = nil
      }
      if console.isErrorTerminal {
        if let drawn = state.drawn, now - drawn < .milliseconds(100), done != total || total == 0 {
          return
        }
      } else {
        // What is over soon needs no line.
        guard now - (state.drawn ?? state.started) >= .seconds(5) else { return }
      }
      let text = Self.text(
        state.title, done, total, elapsed: now - state.started, detail: detail,
        columns: console.isErrorTerminal ? console.columns - 1 : nil)
      if text == state.lastText { return }
      state.lastText = text
      state.drawn = now
      if console.isErrorTerminal {
        state.barShown = true
        console.writeErr(Array("\r\u{1b}[K\(text.truncated(to: console.columns - 1))".utf8))
      } else {
        console.note(text)
      }
    }
  }

  /// A line of its own, above the bar.
  package func note(_ line: String) {
    state.withLock { state in
      if state.barShown { console.writeErr(Array("\r\u{1b}[K".utf8)) }
      state.barShown = false
      console.note(line)
    }
  }

  /// Removes the bar.
  package func finish() {
    state.withLock { state in
      if state.barShown { console.writeErr(Array("\r\u{1b}[K".utf8)) }
      state.barShown = false
    }
  }

  /// - Parameter columns: of a terminal; the bar takes what the words leave of them. `nil`: no bar.
  package static func text(
    _ title: String, _ done: UInt64, _ total: UInt64, elapsed: Duration, detail: String,
    columns: Int?
  ) -> String {
    let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
    var words = ""
    if total > 0 {
      words = " \(Int(share * 100))% (\(done)/\(total))"
      let seconds = elapsed.seconds
      if done > 0, done < total, seconds > 2 {
        words += ", \(duration(seconds / Double(done) * Double(total - done))) left"
      }
    } else if done > 0 {
      words = " \(done)"
    }
    if !detail.isEmpty { words += ", \(detail)" }
    let brackets = 3
    let width = min(30, (columns ?? 0) - title.count - words.count - brackets)
    guard total > 0, width >= 4 else { return title + words }
    let full = Int(share * Double(width))
    return title + " [" + String(repeating: "=", count: full)
      + String(repeating: " ", count: width - full) + "]" + words
  }

  package static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}

extension Duration {
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
