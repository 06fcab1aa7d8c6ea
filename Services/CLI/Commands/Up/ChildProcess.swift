import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A program started by this one, in a process group of its own so that Ctrl-C in the terminal reaches
/// the parent alone, which then stops its children in order.
struct ChildProcess: Sendable {
  /// How a child ended.
  enum End: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    var description: String {
      switch self {
      case .exited(let status): "exit code \(status)"
      case .signalled(let signal): "signal \(signal)"
      }
    }
  }

  let id: pid_t

  /// - Parameters:
  ///   - program: a path, or a name to be found in PATH.
  ///   - input, output, error: descriptors; `nil` is /dev/null.
  ///   - newSession: away from the terminal, so that closing it does not end the child.
  ///   - whenEnded: called on a thread of its own, once.
  /// - Throws: `Failure` if the program cannot be started.
  init(
    _ program: String, _ arguments: [String], environment: [String: String], input: Int32? = nil,
    output: Int32? = nil, error: Int32? = nil, newSession: Bool = false,
    whenEnded: @escaping @Sendable (End) -> Void
  ) throws(Failure) {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    for (number, descriptor) in [(Int32(0), input), (1, output), (2, error)] {
      if let descriptor {
        posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      } else {
        posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
      }
    }
    var defaults = sigset_t()
    var none = sigset_t()
    sigemptyset(&none)
    sigemptyset(&defaults)
    // Networking libraries ignore SIGPIPE, and what is ignored stays ignored across exec.
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    #if canImport(Darwin)
      let session = Int32(POSIX_SPAWN_SETSID)
      let group = Int32(POSIX_SPAWN_SETPGROUP)
      let signals = Int32(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
    #else
      // POSIX_SPAWN_SETSID of glibc's spawn.h, which Swift does not import.
      let session: Int32 = 0x80
      let group = Int32(POSIX_SPAWN_SETPGROUP)
      let signals = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
    #endif
    posix_spawnattr_setflags(&attributes, Int16(signals | (newSession ? session : group)))

    var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid = pid_t()
    let status = posix_spawnp(&pid, program, &actions, &attributes, &argv, &envp)
    guard status == 0 else {
      throw Failure(.failed, "\(program) cannot be started: \(String(cString: strerror(status)))")
    }
    id = pid
    let child = pid
    Thread.detachNewThread {
      var status: Int32 = 0
      while waitpid(child, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7f
      whenEnded(signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal))
    }
  }

  func signal(_ number: Int32) { kill(id, number) }

  /// Runs a program to its end.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String], error: Int32? = nil
  ) async throws -> End {
    try await withCheckedThrowingContinuation { continuation in
      do throws(Failure) {
        _ = try ChildProcess(program, arguments, environment: environment, error: error) {
          continuation.resume(returning: $0)
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}

/// A pipe whose ends are not inherited by accident: an end that leaks into another child keeps the
/// pipe open after its owner is gone.
struct PrivatePipe {
  let readEnd: Int32
  let writeEnd: Int32

  init() throws(Failure) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else {
      throw Failure(.failed, "no pipe: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }
}
