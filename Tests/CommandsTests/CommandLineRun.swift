import Commands
import Foundation
import Synchronization

/// A command as a user ran it: what they typed, and what they saw.
struct CommandLineRun {
  var code: Int32
  var out: String
  var err: String

  private final class Screen: Sendable {
    let bytes = Mutex<[UInt8]>([])
    func write(_ more: [UInt8]) { bytes.withLock { $0 += more } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  }

  /// Runs `lauter` with these words in this process.
  ///
  /// - Parameters:
  ///   - input: stdin.
  ///   - folder: where the user stands.
  ///   - columns: of a terminal; `nil` for output into a pipe.
  static func lauter(
    _ arguments: String..., input: String? = nil, in folder: URL, columns: Int? = nil,
    environment: [String: String] = [:]
  ) async throws -> Self {
    // A file, so that neither side waits for the other.
    let spool = folder.appending(path: "stdin-\(UUID().uuidString)")
    try Data((input ?? "").utf8).write(to: spool)
    let handle = try FileHandle(forReadingFrom: spool)
    try FileManager.default.removeItem(at: spool)
    let (out, err) = (Screen(), Screen())
    let console = Console(
      writeOut: { out.write($0) }, writeErr: { err.write($0) }, input: handle.fileDescriptor,
      environment: environment, isOutputTerminal: columns != nil, columns: columns ?? 80,
      directory: folder.path)
    let code = await Console.$current.withValue(console) { await Lauter.run(arguments) }
    try handle.close()
    return Self(code: code, out: out.text, err: err.text)
  }

  var lines: [String] { out.split(separator: "\n").map(String.init) }
  var notes: [String] { err.split(separator: "\n").map(String.init) }
}

/// A folder that is gone after the test.
func withFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "commands-\(UUID().uuidString)", directoryHint: .isDirectory)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

/// The services' executables, as they were built: in LAUTER_TEST_BIN, or beside the test's own.
enum Executables {
  static let folder: String? = {
    let named = ProcessInfo.processInfo.environment["LAUTER_TEST_BIN"]
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().path
    return [named, own].compactMap { $0 }.first {
      FileManager.default.isExecutableFile(atPath: $0 + "/lauter-store")
    }
  }()

  static let hasAll: Bool = {
    guard let folder else { return false }
    return ["lauter", "lauter-store", "lauter-inference", "lauter-labeller", "lauter-trainer"]
      .allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
  }()
}

/// A real store on a port the system chose, over an empty folder.
func withStore<R>(
  _ body: (_ environment: [String: String], _ folder: URL) async throws -> R
) async throws -> R {
  try await withFolder { folder in
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Executables.folder! + "/lauter-store")
    process.arguments = ["--data", folder.appending(path: "store").path, "--port", "0"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    var line = ""
    while !line.hasSuffix("\n"), let byte = try output.fileHandleForReading.read(upToCount: 1),
      !byte.isEmpty
    { line += String(decoding: byte, as: UTF8.self) }
    let address = line.split(separator: " ").last.map { $0.trimmingCharacters(in: .newlines) }
    return try await body(["LAUTER_STORE": address ?? ""], folder)
  }
}
