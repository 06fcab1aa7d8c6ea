import Foundation
import RPC
import StoreServer
import Synchronization
import Testing
import Wire

/// A `lauter-store` process of the build, ended with the value.
final class StoreProcess: Sendable {
  static let folder = ProcessInfo.processInfo.environment["LAUTER_TEST_BIN"]
  static let skipped: Comment = "needs LAUTER_TEST_BIN, the folder of the built executables"

  private let process: Process
  let channel: RPCChannel

  init(data: String) throws {
    process = Self.process(data: data)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      let byte = output.fileHandleForReading.readData(ofLength: 1)
      try #require(!byte.isEmpty, "lauter-store ended without a line")
      line += byte
    }
    let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .newlines)
    try #require(text.hasPrefix("lauter-store listening on 127.0.0.1:"), "\(text)")
    channel = RPCChannel(target: String(text.split(separator: " ").last ?? ""))
  }

  /// Not started yet.
  static func process(data: String) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: (folder ?? "") + "/lauter-store")
    process.arguments = ["--port", "0", "--data", data, "--log-level", "error"]
    return process
  }

  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Asks the process to end and waits.
  ///
  /// - Returns: its exit status.
  func terminate() -> Int32 {
    process.terminate()
    process.waitUntilExit()
    return process.terminationStatus
  }

  deinit { if process.isRunning { kill() } }
}

@Suite struct ProcessTests {
  @Test(.enabled(if: StoreProcess.folder != nil, StoreProcess.skipped), .timeLimit(.minutes(1)))
  func aSignalEndsTheStoreInOrder() async throws {
    let folder = try ScratchFolder()
    let store = try StoreProcess(data: folder.path + "/data")
    let started = AsyncStream<Void>.makeStream()
    let models = StoreV1.ModelServiceClient(store.channel)
    _ = try await StoreV1.DatasetServiceClient(store.channel)
      .createDataset(.init(dataset: .init(try reviews())))
    let jobs = StoreV1.JobServiceClient(store.channel)
    let job = try await jobs.createJob(.init(dataset: "reviews", spec: .labelling(.init()))).job
    let watching = Task {
      try await jobs.watchJob(.init(id: job?.id ?? "")) { responses in
        for try await _ in responses { started.continuation.yield() }
      }
    }
    let claiming = Task { try await jobs.claimJob(.init(kind: .training, waitMs: 30_000)) }
    let watchingModels = Task { try await models.watchModels(.init()) { for try await _ in $0 {} } }
    var start = started.stream.makeAsyncIterator()
    _ = await start.next()
    #expect(store.terminate() == 0)
    // Whoever waits is told, or was cut off before it could be served: UNAVAILABLE either way.
    await expect(.unavailable) { try await watching.value }
    await expect(.unavailable) { _ = try await claiming.value }
    await expect(.unavailable) { try await watchingModels.value }
    await store.channel.close()
    let again = try StoreProcess(data: folder.path + "/data")
    let kept = try await StoreV1.JobServiceClient(again.channel).listJobs(.init()).jobs
    #expect(kept.map(\.state) == [.queued])
    await again.channel.close()
  }

  @Test(.enabled(if: StoreProcess.folder != nil, StoreProcess.skipped), .timeLimit(.minutes(1)))
  func aSecondStoreOnAFolderIsRefused() async throws {
    let folder = try ScratchFolder()
    let first = try StoreProcess(data: folder.path + "/data")
    let second = StoreProcess.process(data: folder.path + "/data")
    let errors = Pipe()
    second.standardError = errors
    second.standardOutput = FileHandle.nullDevice
    try second.run()
    let text = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    second.waitUntilExit()
    #expect(second.terminationStatus != 0)
    #expect(text.contains("another lauter-store") && text.contains("--data"), "\(text)")
    await first.channel.close()
  }
}

@Suite struct KillTests {
  static let batchSize = 40

  /// Batch n holds the records n.0, n.1, ...
  static func batch(_ number: Int) -> [StoreV1.ImportRecord] {
    (0..<batchSize).map {
      .init(externalId: "\(number).\($0)", fields: ["text": "record \($0) of batch \(number)"])
    }
  }

  @Test(
    .enabled(if: StoreProcess.folder != nil, StoreProcess.skipped),
    .timeLimit(.minutes(5)))
  func whatWasAcknowledgedSurvivesKill9() async throws {
    let folder = try ScratchFolder()
    let data = folder.path + "/data"
    var store = try StoreProcess(data: data)
    _ = try await StoreV1.DatasetServiceClient(store.channel)
      .createDataset(.init(dataset: .init(try reviews())))
    var acknowledged = 0
    var killedWithin = 0
    for _ in 1...12 {
      // Every cycle sends the batch again that was cut off in the last one, and one before it.
      let first = max(0, acknowledged - 1)
      let answered = Mutex(0)
      let delay = Duration.milliseconds(Int.random(in: 5...250))
      let importing = Task { [store] in
        try await StoreV1.RecordServiceClient(store.channel).importRecords { requests in
          for number in first... {
            try await requests.write(.init(dataset: "reviews", records: Self.batch(number)))
          }
        } _: { responses in
          for try await response in responses {
            #expect(response.problems.isEmpty)
            #expect(response.imported + response.unchanged == UInt64(Self.batchSize))
            answered.withLock { $0 += 1 }
          }
        }
      }
      try await Task.sleep(for: delay)
      store.kill()
      await #expect(throws: (any Error).self) { try await importing.value }
      await store.channel.close()
      let count = answered.withLock { $0 }
      if count > 0 { killedWithin += 1 }
      acknowledged = max(acknowledged, first + count)

      let database = try Database(path: data + "/store.sqlite")
      #expect(try await database.integrityCheck() == "ok")
      try database.close()

      store = try StoreProcess(data: data)
      let ids = try await StoreV1.RecordServiceClient(store.channel)
        .exportRecords(.init(filter: .init(dataset: "reviews"))) { responses in
          var ids: [String] = []
          for try await response in responses { ids += response.records.map(\.externalId) }
          return ids
        }
      // Batches came in order, each whole: so many ids, all different, make the first batches.
      #expect(Set(ids).count == ids.count, "no record twice")
      #expect(ids.count.isMultiple(of: Self.batchSize), "no half batch")
      let expected = (0..<ids.count / Self.batchSize).flatMap { number in
        Self.batch(number).map(\.externalId)
      }
      #expect(ids == expected)
      #expect(ids.count >= acknowledged * Self.batchSize, "every acknowledged batch")
    }
    store.kill()
    await store.channel.close()
    print("kill -9: 12 cycles, \(killedWithin) within the import, \(acknowledged) batches kept")
    #expect(killedWithin >= 6, "kills must hit imports to prove something")
  }
}
