import Schema

/// What a reviewer can press.
package enum Key: Sendable, Hashable {
  case enter
  case digit(Int)
  case letter(Character)
  case escape
  /// Ctrl-C, Ctrl-D or the end of the input.
  case end

  /// The keys a line of a script stands for: an empty line is Enter, digits make one choice.
  package static func keys(line: String) -> [Key] {
    let line = line.trimmed
    if line.isEmpty { return [.enter] }
    if line.lowercased() == "enter" { return [.enter] }
    return line.map { character in
      if let digit = character.wholeNumberValue, character.isASCII { return .digit(digit) }
      return .letter(Character(character.lowercased()))
    }
  }
}

/// The reviewer's keyboard as a value: keys in, decisions out. No terminal, no store.
///
/// Up to nine labels take one digit. More take two: the second digit, Enter, or a first digit that no
/// two-digit choice starts with completes the number.
package struct Reviewer: Sendable {
  package enum Decision: Sendable, Hashable {
    /// Nothing to do but show this, if it is anything.
    case none(String?)
    /// The label's position.
    case choose(Int)
    case discard
    case skip
    case undo
    case showGuidelines
    case showHelp
    case quit
  }

  private let labels: [String]
  /// The first digit of a choice that is not complete.
  package private(set) var pending: Int?
  /// The position of the suggested label of the record being shown.
  private var suggested: Int?

  package init(labels: [String]) { self.labels = labels }

  /// The next record is on the screen.
  package mutating func show(suggested label: String?) {
    pending = nil
    suggested = label.flatMap { label in
      labels.firstIndex { $0.utf8.elementsEqual(label.utf8) }
    }
  }

  package mutating func press(_ key: Key) -> Decision {
    if let tens = pending {
      pending = nil
      switch key {
      case .digit(let digit): return choose(tens * 10 + digit)
      case .enter: return choose(tens)
      case .end: return .quit
      case .escape, .letter: return .none("choice \(tens) taken back")
      }
    }
    switch key {
    case .enter:
      guard let suggested else {
        return .none("there is no suggestion to accept; choose with a digit")
      }
      return .choose(suggested)
    case .digit(let digit):
      if digit > 0, labels.count >= digit * 10 {
        pending = digit
        return .none(nil)
      }
      return choose(digit)
    case .letter("d"): return .discard
    case .letter("s"): return .skip
    case .letter("u"): return .undo
    case .letter("g"): return .showGuidelines
    case .letter("?"), .letter("h"): return .showHelp
    case .letter("q"), .end: return .quit
    case .escape: return .none(nil)
    case .letter(let letter): return .none("'\(letter)' does nothing here; ? shows the keys")
    }
  }

  private func choose(_ number: Int) -> Decision {
    guard (1...labels.count).contains(number) else {
      return .none("there is no label \(number); the labels are 1 to \(labels.count)")
    }
    return .choose(number - 1)
  }

  package static let help = """
    Enter    accept the suggestion
    1, 2, …  choose a label (two digits where there are more than nine)
    d        discard: this record cannot be labelled
    s        skip: leave it for later
    u        undo the last decision
    g        show the guidelines
    ?        show this
    q        quit; everything decided is saved already
    """
}

extension String {
  package var trimmed: String {
    var view = Substring(self)
    while let first = view.unicodeScalars.first, first.properties.isWhitespace {
      view.unicodeScalars.removeFirst()
    }
    while let last = view.unicodeScalars.last, last.properties.isWhitespace {
      view.unicodeScalars.removeLast()
    }
    return String(view)
  }
}
