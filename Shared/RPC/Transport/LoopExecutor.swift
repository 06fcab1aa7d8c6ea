import NIOCore
import Synchronization

/// Runs tasks on an event loop, in turns that leave the loop to its sockets in between.
///
/// The global pool would cost two thread switches a call and several times the CPU. But an event
/// loop runs every job that is ready before it looks at its sockets, and a handler that always has
/// a next step would keep it from them for good: so jobs are queued here, and after a turn of
/// ``turn`` the loop is let go until it has been to its selector.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
  /// How long jobs may keep the loop from its sockets.
  private static let turn = TimeAmount.microseconds(500)

  /// Longer than the loop takes from running a job to its selector, where it is not slowed down.
  private static let pause = TimeAmount.microseconds(20)

  /// However slow the loop is, jobs go on after this.
  private static let longestPause = TimeAmount.milliseconds(10)

  let loop: any EventLoop

  /// Where the loop's connections collect their output.
  let output = OutputCollector()

  // Confined to the loop.
  private var jobs = CircularBuffer<UnownedJob>()
  private var isScheduled = false
  private var turnEnd: NIODeadline?

  private static let executors = Mutex<[ObjectIdentifier: LoopExecutor]>([:])

  /// The one executor of a loop. Loops live as long as the process.
  static func on(_ loop: any EventLoop) -> LoopExecutor {
    executors.withLock { executors in
      let id = ObjectIdentifier(loop)
      if let executor = executors[id] { return executor }
      let executor = LoopExecutor(loop)
      executors[id] = executor
      return executor
    }
  }

  private init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if loop.inEventLoop {
      append(job)
    } else {
      loop.execute {
        // What other threads have to say does not come from a turn of this loop.
        if !self.isScheduled { self.turnEnd = nil }
        self.append(job)
      }
    }
  }

  /// The loop has been to its sockets: a new turn begins.
  func polled() { turnEnd = nil }

  private func append(_ job: UnownedJob) {
    jobs.append(job)
    guard !isScheduled else { return }
    isScheduled = true
    if let turnEnd, NIODeadline.now() > turnEnd {
      pause()
    } else {
      loop.execute { self.run() }
    }
  }

  private func run() {
    let turnEnd = self.turnEnd ?? .now() + LoopExecutor.turn
    self.turnEnd = turnEnd
    // Those that come meanwhile wait for what the loop has to do besides, above all to send.
    for _ in 0..<jobs.count {
      guard let job = jobs.popFirst() else { break }
      job.runSynchronously(on: asUnownedTaskExecutor())
      if NIODeadline.now() > turnEnd { break }
    }
    if jobs.isEmpty {
      isScheduled = false
    } else if NIODeadline.now() > turnEnd {
      pause()
    } else {
      loop.execute { self.run() }
    }
  }

  /// Goes on after the selector: a timer that is not yet due when the loop has nothing else left
  /// sends it there. A processor that is shared, or instrumented code, may take longer over that than
  /// usual; what a job just took to get its turn says how much.
  private func pause() {
    let start = NIODeadline.now()
    loop.execute {
      let pause = max(LoopExecutor.pause, (.now() - start) * 8)
      self.loop.scheduleTask(in: min(pause, LoopExecutor.longestPause)) {
        self.turnEnd = nil
        self.run()
      }
    }
  }
}
