import Dispatch
import Foundation
import Kernels
import Synchronization

/// Threads that compute, one per usable core, shared by everything in the process that does, so that
/// concurrent requests become work in one queue rather than more threads than cores.
///
/// A thread with nothing to do is parked; it never spins. The thread that calls `run` computes too,
/// so work always advances, also inside work and also when every other thread is taken.
public final class ComputePool: Sendable {
  /// One thread for each core that the affinity mask and the cgroup's quota leave to this process.
  public static let shared = ComputePool(threads: Int(kernels_usable_cores()))

  /// Threads that compute at once, the caller of `run` among them.
  public let threads: Int

  /// The instruction set of the kernels this process runs: "avx512bf16" and "avx512vnni" (AVX-512 with
  /// dot products of these), "avx512", "avx2", "baseline", "neon-dot" (with dot products of bytes) or "neon".
  public static var instructionSet: String { String(cString: kernels_best().pointee.name) }

  /// The most operations a second (an addition and a multiplication are two) that this pool's threads
  /// reach together in `precision`, with everything in registers: the best of `windows` windows of
  /// a few milliseconds. On a machine with other work it is too low.
  public func peak(_ precision: Precision, windows: Int = 100) -> Double {
    nonisolated(unsafe) let kernels = kernels_best()
    let kind: BurnKind =
      switch precision {
      case .fp32: BURN_FP32
      case .bf16: BURN_BF16
      case .int8: BURN_INT8
      }
    var iterations = 1000
    var best = 0.0
    var window = 0
    while window < windows {
      let operations = Mutex(0.0)
      let start = ContinuousClock.now
      run(threads) { [iterations] _ in
        let done = kernels.pointee.burn(kind, iterations)
        operations.withLock { $0 += done }
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if seconds < 2e-3 {
        iterations *= 2
        continue
      }
      best = max(best, operations.withLock { $0 } / seconds)
      window += 1
    }
    return best
  }

  private let queue = Queue()

  public init(threads: Int) {
    precondition(threads > 0, "a compute pool needs at least one thread")
    self.threads = threads
    for index in 1..<max(threads, 1) {
      let thread = Thread { [queue] in queue.work() }
      thread.name = "compute-\(index)"
      thread.start()
    }
  }

  deinit {
    queue.close(threads: threads - 1)
  }

  /// Calls `body` with 0, 1, ..., `count` - 1, each once, in any order and on any of the threads;
  /// returns when all have returned. Blocks the caller: do not call it on an event loop.
  public func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
    if count <= 1 || threads == 1 {
      for index in 0..<max(count, 0) { body(index) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        let work = Work(count: count, body: body)
        queue.add(work, wake: min(count, threads) - 1)
        work.claimAll()
        queue.remove(work)
        work.finished.wait()
      }
    }
  }

  /// One call of `run`. A thread may hold on to it after that call has returned, so it points to the
  /// call's closure without keeping it; nobody follows the pointer once every index is claimed.
  private final class Work: Sendable {
    let count: Int
    nonisolated(unsafe) let body: UnsafePointer<@Sendable (Int) -> Void>
    let next = Atomic<Int>(0)
    let completed = Atomic<Int>(0)
    let finished = DispatchSemaphore(value: 0)

    init(count: Int, body: UnsafePointer<@Sendable (Int) -> Void>) {
      self.count = count
      self.body = body
    }

    func claimAll() {
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        call(index)
        if completed.add(1, ordering: .acquiringAndReleasing).newValue == count {
          finished.signal()
        }
      }
    }

    /// Apart, so that no reference to the closure outlives the call.
    @inline(never) private func call(_ index: Int) { body.pointee(index) }
  }

  /// What the threads share: work that may have unclaimed parts, oldest first.
  private final class Queue: Sendable {
    private struct State {
      var work: [Work] = []
      var isClosed = false
    }
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    func add(_ work: Work, wake count: Int) {
      state.withLock { $0.work.append(work) }
      for _ in 0..<count { wake.signal() }
    }

    func remove(_ work: Work) {
      state.withLock { state in state.work.removeAll { $0 === work } }
    }

    func close(threads: Int) {
      state.withLock { $0.isClosed = true }
      for _ in 0..<threads { wake.signal() }
    }

    func work() {
      while true {
        wake.wait()
        while let work = state.withLock({ $0.work.first }) {
          work.claimAll()
          remove(work)
        }
        if state.withLock({ $0.isClosed }) { return }
      }
    }
  }
}
