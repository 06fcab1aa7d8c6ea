import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The signal handler's end of the pipe. A plain global: a handler may call nothing but `write`.
private nonisolated(unsafe) var writeEnd: Int32 = -1

private let wakeEnd: @convention(c) (Int32) -> Void = { signal in
  let saved = errno
  var byte = UInt8(truncatingIfNeeded: signal)
  _ = write(writeEnd, &byte, 1)
  errno = saved
}

/// SIGINT and SIGTERM as values. While somebody listens they do not end the process; a child started
/// meanwhile has the default actions (handlers do not survive exec, ignored signals would).
enum Interrupts {
  private static let subscribers = Mutex<[Int: AsyncStream<Int32>.Continuation]>([:])
  private static let numbers = Atomic<Int>(0)

  /// Signals that arrive until the stream's consumer is gone.
  static func stream(_ signals: [Int32] = [SIGINT, SIGTERM]) -> AsyncStream<Int32> {
    _ = pump
    let number = numbers.add(1, ordering: .relaxed).newValue
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    subscribers.withLock { $0[number] = continuation }
    for signal in signals { install(signal, handler: true) }
    continuation.onTermination = { _ in
      let last = subscribers.withLock { subscribers in
        subscribers[number] = nil
        return subscribers.isEmpty
      }
      if last { for signal in signals { install(signal, handler: false) } }
    }
    return stream
  }

  private static func install(_ signal: Int32, handler: Bool) {
    var action = sigaction()
    #if canImport(Glibc)
      action.__sigaction_handler.sa_handler = handler ? wakeEnd : SIG_DFL
    #else
      action.__sigaction_u.__sa_handler = handler ? wakeEnd : SIG_DFL
    #endif
    action.sa_flags = Int32(SA_RESTART)
    sigaction(signal, &action, nil)
  }

  /// The thread that hands signals on, started once.
  private static let pump: Void = {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let readEnd = ends[0]
    writeEnd = ends[1]
    let thread = Thread {
      var byte: UInt8 = 0
      while true {
        let count = read(readEnd, &byte, 1)
        if count == 1 {
          let signal = Int32(byte)
          let all = subscribers.withLock { Array($0.values) }
          for subscriber in all { subscriber.yield(signal) }
        } else if count == 0 || errno != EINTR {
          return
        }
      }
    }
    thread.name = "signals"
    thread.start()
  }()
}
