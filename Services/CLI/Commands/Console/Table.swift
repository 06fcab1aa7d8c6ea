/// Rows under headings. On a terminal: aligned columns, cut to its width. Elsewhere: tab-separated, so
/// that `cut` and `awk` read it; tabs and line breaks inside a cell become spaces.
package struct Table {
  package struct Column: Sendable {
    var title: String
    var alignsRight: Bool
    /// Where the terminal is too narrow this column gives way.
    var shrinks: Bool

    package init(_ title: String, alignsRight: Bool = false, shrinks: Bool = false) {
      self.title = title
      self.alignsRight = alignsRight
      self.shrinks = shrinks
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  package mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count, "a cell for every column")
    rows.append(cells.map { $0.printable() })
  }

  package func print(to console: Console = .current) {
    for line in lines(
      width: console.isOutputTerminal ? console.columns : nil, bold: console.colour)
    {
      console.out(line)
    }
  }

  /// - Parameter width: of the terminal, in cells; `nil` for tab-separated lines.
  package func lines(width: Int?, bold: Bool = false) -> [String] {
    guard let width else {
      return ([columns.map(\.title)] + rows).map { $0.joined(separator: "\t") }
    }
    var widths = columns.indices.map { column in
      max(columns[column].title.cells, rows.lazy.map { $0[column].cells }.max() ?? 0)
    }
    let excess = widths.reduce(0, +) + 2 * (columns.count - 1) - width
    if excess > 0 {
      var excess = excess
      for column in columns.indices where columns[column].shrinks {
        let cut = min(excess, max(0, widths[column] - max(8, columns[column].title.cells)))
        widths[column] -= cut
        excess -= cut
      }
    }
    func line(_ cells: [String]) -> String {
      var line = ""
      for column in columns.indices {
        let cell = cells[column].truncated(to: widths[column])
        let padding = String(repeating: " ", count: widths[column] - cell.cells)
        line += columns[column].alignsRight ? padding + cell : cell + padding
        if column < columns.count - 1 { line += "  " }
      }
      while line.last == " " { line.removeLast() }
      return line
    }
    return [Style.bold(line(columns.map(\.title)), bold)] + rows.map(line)
  }
}

extension String {
  /// How many terminal cells the text takes: two for wide characters (Unicode's East Asian Width W and
  /// F, and emoji), none for combining marks.
  package var cells: Int { reduce(0) { $0 + $1.cells } }

  /// The text, or as much of it as fits with an ellipsis.
  package func truncated(to width: Int) -> String {
    guard cells > width else { return self }
    var result = ""
    var used = 0
    for character in self {
      let next = used + character.cells
      if next > width - 1 { break }
      result.append(character)
      used = next
    }
    return width > 0 ? result + "…" : ""
  }

  /// Breaks the text into lines of at most `width` cells, at spaces where there are any.
  package func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    for paragraph in split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      var used = 0
      for word in paragraph.split(separator: " ", omittingEmptySubsequences: true) {
        var word = String(word)
        if used > 0, used + 1 + word.cells > width {
          lines.append(line)
          (line, used) = ("", 0)
        }
        while word.cells > width {
          var head = ""
          while let first = word.first, head.cells + first.cells <= max(width, 2) {
            head.append(first)
            word.removeFirst()
          }
          lines.append(head)
        }
        if used > 0 {
          line += " "
          used += 1
        }
        line += word
        used += word.cells
      }
      lines.append(line)
    }
    return lines
  }
}

extension Character {
  fileprivate var cells: Int {
    guard let first = unicodeScalars.first else { return 0 }
    let properties = first.properties
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    // An emoji by itself, or made one by the variation selector.
    if properties.isEmojiPresentation || unicodeScalars.contains("\u{fe0f}") { return 2 }
    return Self.isWide(first.value) ? 2 : 1
  }

  /// The blocks of EastAsianWidth.txt that are W or F throughout (Unicode 16, rounded to blocks).
  private static func isWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
      0xa000...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19,
      0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x16fe0...0x18aff, 0x1b000...0x1b2ff,
      0x1f200...0x1f2ff, 0x20000...0x3fffd:
      true
    default: false
    }
  }
}
