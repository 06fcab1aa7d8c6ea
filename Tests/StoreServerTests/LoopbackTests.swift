import RPC
import StoreServer
import Testing
import Wire

/// The same handlers behind a real server, over a socket.
@Suite(.timeLimit(.minutes(1))) struct LoopbackTests {
  @Test func oneOfEachKindOfCall() async throws {
    let folder = try ScratchFolder()
    let store = try Store(data: folder.path)
    let server = RPCServer(services: store.services)
    let address = try await server.start()
    let running = Task { try await server.run() }
    let channel = RPCChannel(target: "\(address)")
    do { try await calls(channel) } catch { Issue.record(error) }
    await channel.close()
    running.cancel()
    try? await running.value
  }

  func calls(_ channel: RPCChannel) async throws {
    let datasets = StoreV1.DatasetServiceClient(channel)
    let records = StoreV1.RecordServiceClient(channel)
    _ = try await datasets.createDataset(.init(dataset: .init(try reviews())))
    await expect(.notFound, naming: "'reviews'") {
      _ = try await datasets.getDataset(.init(name: "x"))
    }
    let answers = try await records.importRecords { requests in
      for batch in [1...300, 301...600, 1...1] {
        try await requests.write(.init(dataset: "reviews", records: importRecords(batch)))
      }
    } _: { responses in
      var answers: [StoreV1.ImportRecordsResponse] = []
      for try await response in responses { answers.append(response) }
      return answers
    }
    #expect(answers.map(\.imported) == [300, 300, 0])
    #expect(answers.last?.problems.count == 1)
    let exported = try await records.exportRecords(
      .init(filter: .init(dataset: "reviews", split: .test))
    ) { responses in
      var ids: [Int64] = []
      for try await response in responses { ids += response.records.map(\.id) }
      return ids
    }
    #expect(exported == (1...600).filter { $0 % 4 == 0 })

    let artefacts = StoreV1.ArtefactServiceClient(channel)
    let bytes = [UInt8](repeating: 9, count: 1_000_000)
    let uploaded = try await artefacts.uploadArtefact { requests in
      for _ in 1...3 { try await requests.write(.init(chunk: bytes)) }
    }
    #expect(uploaded.sizeBytes == 3_000_000)
    let size = try await artefacts.downloadArtefact(.init(digest: uploaded.digest, offset: 1)) {
      var size = 0
      for try await response in $0 { size += response.chunk.count }
      return size
    }
    #expect(size == 2_999_999)
  }
}
