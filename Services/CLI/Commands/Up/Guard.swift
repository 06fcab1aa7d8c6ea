import ArgumentParser
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Ends the services when the process that started them is gone without having stopped them.
///
/// It reads `+PID` and `-PID` from a pipe whose other end only that process holds. The end of the input
/// means that it has died, however it died; what is left is told to stop.
struct Guard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ends services whose 'lauter up' is gone.", shouldDisplay: false)

  func run() throws {
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
    var children: [pid_t] = []
    while let line = readLine() {
      guard let child = pid_t(line.dropFirst()) else { continue }
      if line.hasPrefix("+") { children.append(child) } else { children.removeAll { $0 == child } }
    }
    for child in children.reversed() { kill(child, SIGTERM) }
    let deadline = ContinuousClock.now + .seconds(10)
    while !children.isEmpty, ContinuousClock.now < deadline {
      usleep(50_000)
      children.removeAll { kill($0, 0) != 0 }
    }
    for child in children { kill(child, SIGKILL) }
  }
}
