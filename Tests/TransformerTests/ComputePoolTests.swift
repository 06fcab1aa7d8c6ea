import Synchronization
import Testing
import Transformer

@Suite struct ComputePoolTests {
  @Test(arguments: [1, 2, 5]) func everyIndexRunsOnce(threads: Int) {
    let pool = ComputePool(threads: threads)
    for count in [0, 1, 2, 3, 100, 10_000] {
      let seen = Mutex([Int](repeating: 0, count: count))
      pool.run(count) { index in seen.withLock { $0[index] += 1 } }
      #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
    }
  }

  @Test func workInsideWorkAndManyCallersFinish() async {
    let pool = ComputePool(threads: 3)
    let total = Total()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<50 {
            pool.run(4) { _ in pool.run(5) { _ in total.count.add(1, ordering: .relaxed) } }
          }
        }
      }
    }
    #expect(total.count.load(ordering: .relaxed) == 4 * 50 * 20)
  }

  private final class Total: Sendable {
    let count = Atomic<Int>(0)
  }
}
