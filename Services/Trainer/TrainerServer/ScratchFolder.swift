package import Foundation

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A folder for what is not whole yet. Its owner holds a lock on it, so that what a process that was killed has left
/// behind is known by the lock that nobody holds, and goes away when the next one is made beside it.
package final class ScratchFolder: Sendable {
  package let url: URL
  private let descriptor: Int32

  /// Between being made and being locked a folder is nobody's, so a younger one is let be. Seconds.
  private static let youth: TimeInterval = 60

  /// Makes a folder of a name of its own.
  ///
  /// - Parameters:
  ///   - parent: must exist.
  ///   - prefix: of the name; folders of other prefixes are left alone.
  /// - Throws: what the file system says.
  package init(in parent: URL, prefix: String) throws {
    Self.removeAbandoned(in: parent, prefix: prefix)
    url = parent.appending(path: prefix + UUID().uuidString, directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    } catch { throw Failure(reason: error.localizedDescription) }
    // Where a file system has no locks, abandoned folders stay.
    descriptor = Self.locked(url)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  package func remove() { try? FileManager.default.removeItem(at: url) }

  /// Why there is no folder.
  package struct Failure: Error, CustomStringConvertible {
    fileprivate let reason: String
    package var description: String { reason }
  }

  /// - Returns: an open descriptor that holds the lock; -1 if somebody else does, or it cannot be had.
  private static func locked(_ folder: URL) -> Int32 {
    let descriptor = open(folder.path(percentEncoded: false), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return -1 }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    close(descriptor)
    return -1
  }

  private static func removeAbandoned(in parent: URL, prefix: String) {
    let files = FileManager.default
    let names = (try? files.contentsOfDirectory(atPath: parent.path(percentEncoded: false))) ?? []
    for name in names where name.hasPrefix(prefix) {
      guard UUID(uuidString: String(name.dropFirst(prefix.count))) != nil else { continue }
      let folder = parent.appending(path: name, directoryHint: .isDirectory)
      let made = try? folder.resourceValues(forKeys: [.contentModificationDateKey])
        .contentModificationDate
      guard let made, -made.timeIntervalSinceNow > youth else { continue }
      let descriptor = locked(folder)
      guard descriptor >= 0 else { continue }
      try? files.removeItem(at: folder)
      close(descriptor)
    }
  }
}
