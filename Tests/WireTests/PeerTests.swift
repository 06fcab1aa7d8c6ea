// Round trips against Google's protobuf for Python. LAUTER_TEST_PYTHON names a python3 that has protobuf
// and grpcio-tools.

import Descriptors
import DynamicMessages
import Foundation
import RPC
import StrictJSON
import Testing
import Wire

private let python = ProcessInfo.processInfo.environment["LAUTER_TEST_PYTHON"]

private let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent()

struct Contract: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let protos: URL
  let types: [AnyMessageType]

  static let all = [
    Contract(
      testDescription: "features", protos: tests.appendingPathComponent("WireTestProtos"),
      types: AnyMessageType.features),
    Contract(
      testDescription: "lauter", protos: tests.appendingPathComponent("../Protos"),
      types: AnyMessageType.contracts),
  ]
}

@Suite(.enabled(if: python != nil, "LAUTER_TEST_PYTHON names no python with protobuf"))
struct PeerTests {
  /// Python makes messages, Swift decodes and encodes them, Python compares.
  @Test(arguments: Contract.all)
  func roundTrip(_ contract: Contract) throws {
    try inScratchFile { file in
      let choice = ["20261124", "1200"] + contract.types.map(\.name)
      try peer("make", contract, file, choice)
      let types = Dictionary(uniqueKeysWithValues: contract.types.map { ($0.name, $0) })
      var entries = try readEntries(file)
      #expect(entries.count == 1200)
      for index in entries.indices {
        let (name, bytes) = entries[index]
        entries[index].bytes = try #require(types[name]).recode(bytes)
      }
      try write(entries, to: file)
      try peer("check", contract, file, choice)
    }
  }

  /// As above, between JSON and bytes by descriptors alone.
  @Test func jsonRoundTrip() throws {
    let types = MessageTypes([try File(TestV1.featuresProto.descriptor[...])])
    try inScratchFile { file in
      let choice = ["20261126", "600"] + AnyMessageType.features.map(\.name)
      try peer("make-json", Contract.all[0], file, choice)
      var entries = try readEntries(file)
      #expect(entries.count == 1200)
      for index in stride(from: 0, to: entries.count, by: 2) {
        let (name, bytes) = entries[index]
        let json = try JSON(parsing: entries[index + 1].bytes)
        entries[index].bytes = try types.encode(json, as: name)
        entries[index + 1].bytes = Array(try types.decode(bytes, as: name).text.utf8)
      }
      try write(entries, to: file)
      try peer("check-json", Contract.all[0], file, choice)
    }
  }

  /// Whatever Swift accepts of mutilated messages, Python accepts too and understands alike.
  @Test(arguments: Contract.all)
  func agreeOnMutations(_ contract: Contract) throws {
    try inScratchFile { file in
      let choice = ["20261125", "300"] + contract.types.map(\.name)
      try peer("make", contract, file, choice)
      let types = Dictionary(uniqueKeysWithValues: contract.types.map { ($0.name, $0) })
      var generator = SeededGenerator(seed: 1)
      var accepted: [(name: String, bytes: [UInt8])] = []
      for (name, bytes) in try readEntries(file) {
        for _ in 0..<20 {
          let mutant = mutated(bytes, using: &generator)
          guard let recoded = try? types[name]?.recode(mutant) else { continue }
          accepted.append((name, mutant))
          accepted.append((name, recoded))
        }
      }
      #expect(accepted.count > 1000, "most mutations were refused, so this shows little")
      try write(accepted, to: file)
      try peer("agree", contract, file, [])
    }
  }

  private func peer(
    _ mode: String, _ contract: Contract, _ file: URL, _ arguments: [String]
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments =
      [
        tests.appendingPathComponent("WireTestProtos/peer.py").path, mode,
        contract.protos.standardizedFileURL.path, file.path,
      ] + arguments
    let output = Pipe()
    process.standardError = output
    try process.run()
    let message = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(String(decoding: message, as: UTF8.self))")
  }

  private func inScratchFile(_ body: (URL) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("wire-tests-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file)
  }

  private func readEntries(_ file: URL) throws -> [(name: String, bytes: [UInt8])] {
    var rest = [UInt8](try Data(contentsOf: file))[...]
    func take() -> [UInt8] {
      let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      defer { rest = rest.dropFirst(4 + count) }
      return Array(rest.dropFirst(4).prefix(count))
    }
    var entries: [(name: String, bytes: [UInt8])] = []
    while !rest.isEmpty { entries.append((String(decoding: take(), as: UTF8.self), take())) }
    return entries
  }

  private func write(_ entries: [(name: String, bytes: [UInt8])], to file: URL) throws {
    var data = Data()
    for (name, bytes) in entries {
      for part in [Array(name.utf8), bytes] {
        withUnsafeBytes(of: UInt32(part.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(contentsOf: part)
      }
    }
    try data.write(to: file)
  }
}

/// The bytes with one to four of them flipped, taken out, put in or doubled.
func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
  var bytes = bytes
  for _ in 0..<Int.random(in: 1...4, using: &generator) {
    let at = Int.random(in: 0...bytes.count, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1 where at < bytes.count: bytes[at] = .random(in: 0...255, using: &generator)
    case 2 where at < bytes.count: bytes.remove(at: at)
    case 3: bytes.insert(.random(in: 0...255, using: &generator), at: at)
    case 4: bytes.insert(contentsOf: bytes[at...].prefix(8), at: at)
    default: bytes.removeSubrange(at..<min(at + 3, bytes.count))
    }
  }
  return bytes
}
