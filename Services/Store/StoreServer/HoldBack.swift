import Artefacts
package import Schema

/// Decides which new records of one import go to the test split: a share of each label's, to within one record, and as
/// many of those without a label. Of every few of a label it is left to chance which, and chance to the records' ids,
/// so that the same import into two stores holds back the same. A record that is there stays where it is.
package struct HoldBack: Sendable {
  /// Of the new records that name no split, from 0 to 1.
  package let share: Double
  /// Records held back so far.
  package private(set) var held = 0
  private var strata: [String?: Stratum] = [:]

  private struct Stratum {
    var records = 0
    var held = 0
  }

  package init(share: Double) { self.share = share }

  /// Of a record that names none, if it is new.
  package func split(of record: NewRecord) -> Split {
    guard share > 0 else { return .train }
    let stratum = strata[record.label] ?? Stratum()
    // Selection sampling (Knuth, The Art of Computer Programming 3.4.2, algorithm S): of the stratum's first `end`
    // records `next` are held back, which is one more than should be of as many as there are.
    let next = Int(share * Double(stratum.records)) + 1
    // A share may be so small that no integer is its `end`.
    let records = Double(stratum.records)
    let end = max(records + 1, (Double(next) / share).rounded(.up))
    let wanted = Double(next - stratum.held) / (end - records)
    return Self.fraction(of: record.externalID) < wanted ? .test : .train
  }

  /// - Parameter split: where the record, which was new, is now.
  package mutating func count(_ record: NewRecord, in split: Split) {
    guard share > 0, record.split == nil else { return }
    strata[record.label, default: Stratum()].records += 1
    guard split == .test else { return }
    strata[record.label, default: Stratum()].held += 1
    held += 1
  }

  /// A number in [0, 1) that depends on the id alone.
  private static func fraction(of id: String) -> Double {
    let bits = UInt64(Digest(of: id.utf8).hex.prefix(16), radix: 16)!
    return Double(bits >> 11) / Double(1 << 53)
  }
}

extension NewRecord {
  /// What somebody has answered; of several the first.
  fileprivate var label: String? {
    responses.lazy.filter { $0.status == .submitted }.compactMap(\.label).first
  }
}
