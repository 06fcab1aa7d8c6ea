import Foundation
import RPC
import Schema
import StoreServer
import Testing
import Wire

/// What a training found worth a second look, from publication to review.
@Suite struct QueueTests {
  let folder: ScratchFolder
  let store: Store

  init() async throws {
    folder = try ScratchFolder()
    store = try Store(data: folder.path)
    try await store.create()
    _ = try await store.importing([
      (1...8).map {
        .init(
          line: UInt64($0), externalId: "r\($0)", fields: ["text": "review \($0)"],
          responses: $0 <= 4 ? [.init(user: "ann", label: "positive", status: .submitted)] : [])
      }
    ])
  }

  func publish(_ queues: [StoreV1.Queue], lease: StoreV1.Lease? = nil) async throws -> UInt64 {
    let answer = try await store.handlers.publishModel(
      .init(
        model: .init(
          name: "m", dataset: "reviews", labels: ["positive", "negative", "neutral"],
          files: try await store.files()), lease: lease, queues: queues), context: context)
    return answer.model?.version ?? 0
  }

  func entries(_ scores: [Int64: Double], _ label: String = "negative") -> [StoreV1.QueueEntry] {
    scores.sorted { $0.key < $1.key }.map { .init(recordId: $0, score: $1, label: label) }
  }

  func list(
    _ queue: String, size: UInt32 = 0, after token: String = ""
  ) async throws -> StoreV1.ListQueueResponse {
    try await store.handlers.listQueue(
      .init(dataset: "reviews", queue: queue, pageSize: size, pageToken: token), context: context)
  }

  @Test func aQueueStartsWithWhatIsMostWorthALook() async throws {
    await expect(.notFound, naming: "nor any other yet", "lauter train") {
      _ = try await list("label-errors")
    }
    let version = try await publish([
      .init(name: "label-errors", entries: entries([1: 0.6, 3: 0.9, 2: 0.6, 4: 0.75])),
      .init(name: "disagreements"),
    ])
    let all = try await list("label-errors")
    #expect(all.records.map(\.record?.externalId) == ["r3", "r4", "r1", "r2"])
    #expect(all.records.map(\.score) == [0.9, 0.75, 0.6, 0.6])
    #expect(all.records.allSatisfy { $0.label == "negative" && $0.record?.responses.count == 1 })
    #expect(all.model == "m" && all.version == version && all.nextPageToken.isEmpty)
    #expect(try await list("disagreements").records.isEmpty)

    var paged: [Int64] = []
    var token = ""
    repeat {
      let page = try await list("label-errors", size: 1, after: token)
      paged += page.records.compactMap(\.record?.id)
      token = page.nextPageToken
    } while !token.isEmpty
    #expect(paged == [3, 4, 1, 2])

    let counts = try await store.dataset().counts
    #expect(
      counts?.queues == [
        .init(queue: "disagreements"), .init(queue: "label-errors", records: 4),
      ])
    await expect(.notFound, naming: "'label-error'", "'disagreements', 'label-errors'") {
      _ = try await list("label-error")
    }
    await expect(.invalidArgument, naming: "page_token") {
      _ = try await list("label-errors", after: "7")
    }
  }

  @Test func whateverIsReviewedLeavesAndTheNextTrainingStartsAfresh() async throws {
    _ = try await publish([
      .init(name: "label-errors", entries: entries([1: 0.9, 2: 0.8])),
      .init(name: "disagreements", entries: entries([5: 0.9, 6: 0.8])),
    ])
    // Confirmed as it was: that is an answer too.
    for (record, label) in [(Int64(1), "positive"), (5, "negative")] {
      _ = try await store.handlers.writeResponses(
        .init(
          dataset: "reviews",
          responses: [.init(recordId: record, user: "ann", label: label, status: .submitted)]),
        context: context)
    }
    #expect(try await list("label-errors").records.compactMap(\.record?.id) == [2])
    #expect(try await list("disagreements").records.compactMap(\.record?.id) == [6])

    // One queue is replaced, the other, which this training says nothing of, stays.
    let second = try await publish([.init(name: "label-errors", entries: entries([4: 0.7]))])
    let errors = try await list("label-errors")
    #expect(errors.records.compactMap(\.record?.id) == [4] && errors.version == second)
    #expect(try await list("disagreements").records.compactMap(\.record?.id) == [6])
  }

  @Test func aPublicationThatIsRefusedChangesNoQueue() async throws {
    _ = try await publish([.init(name: "label-errors", entries: entries([1: 0.9]))])
    func refused(_ queue: StoreV1.Queue, _ code: RPCError.Code, _ words: String) async {
      await expect(code, naming: words) { _ = try await publish([queue]) }
    }
    await refused(.init(name: "Label Errors"), .invalidArgument, "queues.name")
    await refused(
      .init(name: "label-errors", entries: entries([2: 1.5])), .invalidArgument, "in [0, 1]")
    await refused(
      .init(name: "label-errors", entries: entries([2: 0.5], "good")), .invalidArgument, "good")
    await refused(
      .init(name: "label-errors", entries: entries([99: 0.5])), .notFound, "no record 99")
    await expect(.notFound, naming: "job") {
      _ = try await publish(
        [.init(name: "label-errors", entries: entries([2: 0.5]))],
        lease: .init(jobId: "1", attempt: 1))
    }
    #expect(try await list("label-errors").records.compactMap(\.record?.id) == [1])
    #expect(
      try await store.handlers.listModels(.init(name: "m"), context: context).models.count == 1)
  }
}
