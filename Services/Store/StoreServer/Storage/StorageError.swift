import GRDB

/// Why the storage layer did not do what was asked, in a sentence fit for the caller.
///
/// The message may name data sets, ids and labels; it never holds a record's text.
package struct StorageError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    case notFound
    case alreadyExists
    case invalid
    /// Right in itself, but not in the state the store is in.
    case precondition
    /// The lease of a job was lost, or never was the caller's.
    case leaseLost
    /// Bytes are not those that were promised.
    case corrupted
    case full
    case busy
    /// The disk or the database failed.
    case failed
  }

  package var kind: Kind
  package var message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { message }

  static let diskFull = StorageError(
    .full, "the disk that holds the store's data is full; free some space and try again")
}

extension StorageError {
  /// SQLite's message names tables and columns, never values; the SQL and its arguments stay out.
  init(_ error: DatabaseError) {
    switch error.resultCode {
    case .SQLITE_FULL:
      self = .diskFull
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(.busy, "the store's database is busy; try again")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        .failed, "the store's database is damaged; stop lauter-store and restore its data folder")
    default:
      self.init(
        .failed,
        "the store's database failed (SQLite \(error.extendedResultCode.rawValue): "
          + "\(error.message ?? "no message"))")
    }
  }
}

/// Lists names for a message: the first 20 of them, quoted, or what to say if there are none.
func listing(_ names: [String], none: String) -> String {
  if names.isEmpty { return none }
  let listed = names.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
  return names.count > 20 ? "\(listed), … (\(names.count) in all)" : listed
}
