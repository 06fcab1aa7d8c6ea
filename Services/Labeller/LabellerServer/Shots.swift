package import Schema

/// A reviewed record, shown in a prompt as an example.
package struct Shot: Sendable, Hashable {
  package var recordID: Int64
  package var fields: [String: String]
  package var label: String
}

/// The reviewed records examples are taken from: up to K a label, from the train split, the same ones
/// every time.
package struct ShotPool: Sendable {
  package let perLabel: Int
  /// By label, in the question's order; one more than `perLabel` each, so that a record that is itself
  /// among them has a substitute.
  private let byLabel: [[Shot]]

  package static let none = ShotPool(perLabel: 0, labels: [], reviewed: [])

  /// - Parameter reviewed: in any order; records of other splits and without a submitted response are
  ///   left out.
  package init(perLabel: Int, labels: [String], reviewed: some Sequence<Record>) {
    self.perLabel = perLabel
    var byLabel = [[(order: UInt64, shot: Shot)]](repeating: [], count: labels.count)
    if perLabel > 0 {
      for record in reviewed where record.split == .train {
        guard let label = record.settledLabel,
          let index = labels.firstIndex(where: { $0.utf8.elementsEqual(label.utf8) })
        else { continue }
        byLabel[index].append(
          (
            Self.order(record.externalID),
            Shot(recordID: record.id, fields: record.fields, label: labels[index])
          ))
      }
    }
    // By a hash of the user's id: neither the order of import nor of review decides.
    self.byLabel = byLabel.map { candidates in
      candidates.sorted { ($0.order, $0.shot.recordID) < ($1.order, $1.shot.recordID) }
        .prefix(perLabel + 1).map(\.shot)
    }
  }

  package var isEmpty: Bool { byLabel.allSatisfy(\.isEmpty) }

  /// The examples for a record, never itself: a round of one per label, then the next round begun one
  /// label further, so that no label is always the last word.
  package func shots(for record: Record) -> [Shot] {
    let byLabel = byLabel.map { $0.filter { $0.recordID != record.id }.prefix(perLabel) }
    var shots: [Shot] = []
    for round in 0..<perLabel {
      for offset in byLabel.indices {
        let label = byLabel[(offset + round) % byLabel.count]
        if round < label.count { shots.append(label[round]) }
      }
    }
    return shots
  }

  /// FNV-1a, 64 bits.
  private static func order(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
