import Foundation
package import Schema

/// The model card's plots, as SVG that any browser shows.
package enum Plot {
  /// A square of counts, darker the more of a row's records are in a cell.
  package static func confusion(_ evaluation: Evaluation) -> String {
    let labels = evaluation.labels
    let cell = 44.0
    let left = 10 + 7 * Double(min(24, labels.map(\.count).max() ?? 0))
    let side = cell * Double(labels.count)
    var marks: [String] = []
    for row in labels.indices {
      let support = max(1, evaluation.support(row))
      for column in labels.indices {
        let count = evaluation.confusion[row * labels.count + column]
        let share = Double(count) / Double(support)
        let (x, y) = (left + Double(column) * cell, left + Double(row) * cell)
        marks.append(
          "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(cell))\" height=\"\(n(cell))\" "
            + "fill=\"#2b6cb0\" fill-opacity=\"\(n(share))\" stroke=\"#ccc\"/>")
        marks.append(
          text("\(count)", x + cell / 2, y + cell / 2 + 4, fill: share > 0.5 ? "#fff" : "#222"))
      }
      marks.append(
        text(short(labels[row]), left - 6, left + (Double(row) + 0.5) * cell + 4, anchor: "end"))
      let x = left + (Double(row) + 0.5) * cell
      marks.append(
        text(
          short(labels[row]), x, left - 6, anchor: "start",
          extra: " transform=\"rotate(-60 \(n(x)) \(n(left - 6)))\""))
    }
    return svg(left + side + 60, left + side + 10, marks)
  }

  /// What was promised against what came true, with the diagonal where both agree.
  package static func reliability(_ calibration: Calibration) -> String {
    let frame = Frame(xLabel: "probability", yLabel: "share that is right")
    var marks = frame.axes(xTicks: [0, 0.25, 0.5, 0.75, 1].map { ($0, n($0)) })
    marks.append(
      "<path d=\"M\(frame.point(0, 0)) L\(frame.point(1, 1))\" stroke=\"#999\" "
        + "stroke-dasharray=\"4 4\" fill=\"none\"/>")
    let most = max(1, calibration.bins.map(\.records).max() ?? 1)
    for bin in calibration.bins {
      let radius = 3 + 6 * (Double(bin.records) / Double(most)).squareRoot()
      marks.append(
        "<circle cx=\"\(n(frame.x(bin.confidence)))\" cy=\"\(n(frame.y(bin.accuracy)))\" "
          + "r=\"\(n(radius))\" fill=\"#2b6cb0\" fill-opacity=\"0.8\">"
          + "<title>\(bin.records) records</title></circle>")
    }
    if calibration.bins.count > 1 {
      marks.append(
        line(calibration.bins.map { frame.point($0.confidence, $0.accuracy) }))
    }
    return svg(frame.width, frame.height, marks)
  }

  /// Accuracy over answers per label, each doubling as far as the next, with 95% intervals.
  package static func learningCurve(_ curve: LearningCurve) -> String {
    let frame = Frame(xLabel: "answers per label", yLabel: "accuracy")
    let last = Double(max(1, curve.points.count - 1))
    let places = curve.points.indices.map { Double($0) / last }
    var marks = frame.axes(xTicks: zip(places, curve.points).map { ($0, "\($1.shots)") })
    for (x, point) in zip(places, curve.points) {
      marks.append(
        "<path d=\"M\(frame.point(x, point.low)) L\(frame.point(x, point.high))\" "
          + "stroke=\"#2b6cb0\" stroke-opacity=\"0.5\" fill=\"none\"/>")
      marks.append(
        "<circle cx=\"\(n(frame.x(x)))\" cy=\"\(n(frame.y(point.accuracy)))\" r=\"4\" "
          + "fill=\"#2b6cb0\"/>")
    }
    marks.append(line(zip(places, curve.points).map { frame.point($0, $1.accuracy) }))
    return svg(frame.width, frame.height, marks)
  }

  /// A square from 0 to 1 both ways, and room for what stands at its sides.
  private struct Frame {
    var xLabel, yLabel: String
    private let left = 56.0
    private let top = 12.0
    private let side = 280.0

    init(xLabel: String, yLabel: String) {
      self.xLabel = xLabel
      self.yLabel = yLabel
    }

    var width: Double { left + side + 20 }
    var height: Double { top + side + 46 }

    func x(_ value: Double) -> Double { left + side * value }
    func y(_ value: Double) -> Double { top + side * (1 - value) }
    func point(_ x: Double, _ y: Double) -> String { "\(n(self.x(x))) \(n(self.y(y)))" }

    func axes(xTicks: [(at: Double, text: String)]) -> [String] {
      var marks = [
        "<rect x=\"\(n(left))\" y=\"\(n(top))\" width=\"\(n(side))\" height=\"\(n(side))\" "
          + "fill=\"none\" stroke=\"#444\"/>"
      ]
      marks += xTicks.map { text($0.text, x($0.at), top + side + 16) }
      marks += [0, 0.25, 0.5, 0.75, 1].map { text(n($0), left - 6, y($0) + 4, anchor: "end") }
      marks.append(text(xLabel, left + side / 2, top + side + 36))
      marks.append(
        text(
          yLabel, 14, top + side / 2,
          extra: " transform=\"rotate(-90 14 \(n(top + side / 2)))\""))
      return marks
    }
  }

  private static func line(_ points: [String]) -> String {
    "<path d=\"M\(points.joined(separator: " L"))\" stroke=\"#2b6cb0\" stroke-width=\"2\" "
      + "fill=\"none\"/>"
  }

  private static func svg(_ width: Double, _ height: Double, _ marks: [String]) -> String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(n(width))\" height=\"\(n(height))\" "
      + "font-family=\"sans-serif\" font-size=\"12\">\n"
      + "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
      + marks.joined(separator: "\n") + "\n</svg>\n"
  }
}

/// A number with as many digits as a plot needs.
private func n(_ value: Double) -> String {
  let text = String(format: "%.2f", value)
  return text.hasSuffix(".00") ? String(text.dropLast(3)) : text
}

private func short(_ label: String) -> String {
  label.count > 24 ? String(label.prefix(23)) + "…" : label
}

private func text(
  _ content: String, _ x: Double, _ y: Double, anchor: String = "middle", fill: String = "#222",
  extra: String = ""
) -> String {
  let escaped = content.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  return "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\" fill=\"\(fill)\"\(extra)>"
    + "\(escaped)</text>"
}
