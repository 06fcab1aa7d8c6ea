public import ArgumentParser
import Foundation
public import Schema
import StrictJSON
import Wire

extension Split: ExpressibleByArgument {}
extension RecordStatus: ExpressibleByArgument {}
extension RowFormat: ExpressibleByArgument {}

/// How values look in tables and in JSON, in one place so that every command agrees.
enum Show {
  /// `2026-11-24 09:30`, in the user's time zone.
  static func time(_ milliseconds: Int64) -> String {
    guard milliseconds > 0 else { return "" }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm"
    return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
  }

  static func decimal(_ value: Double, _ digits: Int = 3) -> String {
    String(format: "%.\(digits)f", value)
  }

  static func bytes(_ count: UInt64) -> String {
    switch count {
    case ..<1024: "\(count) B"
    case ..<(1 << 20): "\(decimal(Double(count) / 1024, 1)) KiB"
    case ..<(1 << 30): "\(decimal(Double(count) / 1_048_576, 1)) MiB"
    default: "\(decimal(Double(count) / 1_073_741_824, 1)) GiB"
    }
  }

  /// As long as a person needs to tell two apart.
  static func digest(_ digest: String) -> String { String(digest.prefix("sha256:".count + 12)) }

  static func split(_ split: StoreV1.Split) -> String {
    switch split {
    case .train: "train"
    case .validation: "validation"
    case .test: "test"
    case .unspecified: ""
    case .unrecognized(let number): "split \(number)"
    }
  }

  static func status(_ status: StoreV1.RecordStatus) -> String {
    switch status {
    case .pending: "pending"
    case .completed: "completed"
    case .discarded: "discarded"
    case .unspecified: ""
    case .unrecognized(let number): "status \(number)"
    }
  }

  static func status(_ status: StoreV1.ResponseStatus) -> String {
    switch status {
    case .draft: "draft"
    case .submitted: "submitted"
    case .discarded: "discarded"
    case .unspecified: ""
    case .unrecognized(let number): "status \(number)"
    }
  }

  static func state(_ state: StoreV1.JobState) -> String {
    switch state {
    case .queued: "queued"
    case .running: "running"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .cancelled: "cancelled"
    case .unspecified: ""
    case .unrecognized(let number): "state \(number)"
    }
  }

  static func failure(_ kind: StoreV1.SuggestionFailureKind) -> String {
    (try? Suggestion.Failure.Kind(kind).rawValue) ?? "unknown"
  }

  static func metadata(_ metadata: [String: StoreV1.MetadataValue]) -> JSON {
    .object(
      metadata.sorted { $0.key < $1.key }.map { key, value in
        switch value.kind {
        case .text(let text)?: .init(key, .string(text))
        case .number(let number)?: .init(key, .of(number))
        case .flag(let flag)?: .init(key, .bool(flag))
        case nil: .init(key, .null)
        }
      })
  }
}
