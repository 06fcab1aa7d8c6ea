import Commands
import Testing

@Suite struct ReviewerTests {
  private func press(
    _ keys: String, labels: Int = 3, suggested: String? = nil
  ) -> [Reviewer.Decision] {
    var reviewer = Reviewer(labels: (1...labels).map { "label\($0)" })
    reviewer.show(suggested: suggested)
    return keys.map { character in
      switch character {
      case "⏎": reviewer.press(.enter)
      case "⎋": reviewer.press(.escape)
      default:
        reviewer.press(
          character.wholeNumberValue.map(Key.digit) ?? .letter(character))
      }
    }
  }

  @Test func enterAcceptsAndOneDigitChooses() {
    #expect(press("⏎", suggested: "label2") == [.choose(1)])
    #expect(press("3") == [.choose(2)])
    #expect(press("dsugq?") == [.discard, .skip, .undo, .showGuidelines, .quit, .showHelp])
  }

  @Test func withoutASuggestionEnterSaysSo() {
    #expect(
      press("⏎") == [.none("there is no suggestion to accept; choose with a digit")])
    // A label the data set no longer has is none to accept.
    #expect(
      press("⏎", suggested: "gone") == [
        .none("there is no suggestion to accept; choose with a digit")
      ])
  }

  @Test func whatDoesNothingIsSaid() {
    #expect(press("4") == [.none("there is no label 4; the labels are 1 to 3")])
    #expect(press("0") == [.none("there is no label 0; the labels are 1 to 3")])
    #expect(press("x") == [.none("'x' does nothing here; ? shows the keys")])
  }

  @Test func moreThanNineLabelsTakeTwoDigits() {
    #expect(press("12", labels: 12) == [.none(nil), .choose(11)])
    #expect(press("1⏎", labels: 12) == [.none(nil), .choose(0)])
    #expect(press("2", labels: 12) == [.choose(1)])
    #expect(
      press("19", labels: 12) == [
        .none(nil), .none("there is no label 19; the labels are 1 to 12"),
      ]
    )
    #expect(press("1⎋2", labels: 12) == [.none(nil), .none("choice 1 taken back"), .choose(1)])
  }

  @Test func aLineOfAScriptIsAKey() {
    #expect(Key.keys(line: "") == [.enter])
    #expect(Key.keys(line: " 12 ") == [.digit(1), .digit(2)])
    #expect(Key.keys(line: "D") == [.letter("d")])
  }
}
