import Foundation

/// The folder everything the store keeps is in, held by one process at a time.
///
/// `lock`, `store.sqlite` and its companions, `artefacts/`.
package final class DataFolder: Sendable {
  package let path: String
  /// Open as long as this value lives; the kernel drops the lock with it, however the process ends.
  private let lock: Int32

  /// Creates the folder where it is missing and takes its lock.
  ///
  /// - Throws: `StorageError` if another process holds the lock or the folder cannot be used.
  package init(_ path: String) throws {
    self.path = path
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw StorageError(
        .failed, "the data folder \(path) cannot be created: choose another --data")
    }
    let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw StorageError(errno: errno, "opening", "\(path)/lock") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      var owner = [UInt8](repeating: 0, count: 32)
      let count = max(0, Foundation.read(lock, &owner, owner.count))
      close(lock)
      let pid = String(decoding: owner[..<count], as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      throw StorageError(
        .precondition,
        "another lauter-store\(pid.isEmpty ? "" : " (process \(pid))") is using the data folder "
          + "\(path); stop it, or give this one another folder with --data")
    }
    let pid = Array("\(getpid())\n".utf8)
    _ = ftruncate(lock, 0)
    _ = pwrite(lock, pid, pid.count, 0)
    self.lock = lock
  }

  deinit { close(lock) }

  package var databasePath: String { "\(path)/store.sqlite" }
  package var artefactsPath: String { "\(path)/artefacts" }
}

extension StorageError {
  /// - Parameter doing: what was attempted: "opening", "writing", ...
  init(errno code: Int32, _ doing: String, _ path: String) {
    if code == ENOSPC || code == EDQUOT {
      self = .diskFull
    } else {
      self.init(.failed, "\(doing) \(path) failed: \(String(cString: strerror(code)))")
    }
  }
}
