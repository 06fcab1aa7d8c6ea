import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The folder `lauter up` works in, and the lock that makes it the only one there.
struct UpFolder: Sendable {
  let path: String

  var lockPath: String { path + "/up.lock" }
  var endpointsPath: String { path + "/endpoints.json" }

  func logPath(_ name: String) -> String { "\(path)/logs/\(name).log" }

  /// Makes the folder, readable by its owner alone: it will hold people's texts.
  func create() throws(Failure) {
    for folder in [path, path + "/logs", path + "/store", path + "/cache"] {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o700])
      } catch {
        throw Failure(
          .failed, "\(folder): the folder cannot be made",
          hint: "name one that you may write to with --data")
      }
    }
  }

  /// Takes the lock and writes this process's id into it. The system lets go of it when the process
  /// ends, however it ends.
  ///
  /// - Returns: the descriptor that holds it.
  func lock() throws(Failure) -> Int32 {
    let file = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Failure(.failed, "\(lockPath) cannot be written") }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw Failure(
        .failed, "the services run in \(path) already (process \(owner() ?? 0))",
        hint: "'lauter down' stops them, 'lauter health' looks at them")
    }
    ftruncate(file, 0)
    let text = "\(getpid())\n"
    _ = text.utf8CString.withUnsafeBytes { write(file, $0.baseAddress, $0.count - 1) }
    return file
  }

  /// Whether somebody holds the lock.
  func isLocked() -> Bool {
    let file = open(lockPath, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    if flock(file, LOCK_EX | LOCK_NB) == 0 {
      flock(file, LOCK_UN)
      return false
    }
    return true
  }

  /// The process that took the lock last.
  func owner() -> pid_t? {
    (try? String(contentsOfFile: lockPath, encoding: .utf8)).flatMap { pid_t($0.trimmed) }
  }

  /// The last lines of a log, for an error message.
  func logTail(_ name: String, lines: Int = 5) -> [String] {
    guard let handle = FileHandle(forReadingAtPath: logPath(name)) else { return [] }
    let size = (try? handle.seekToEnd()) ?? 0
    try? handle.seek(toOffset: size > 4096 ? size - 4096 : 0)
    let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    return text.split(separator: "\n").suffix(lines).map { String($0).printable() }
  }
}

/// Starts the services in order, starts again what ends, and stops them in reverse order.
///
/// One task runs it and owns its state; threads that wait for children and pipes only send it events.
final class Supervisor {
  struct Settings: Sendable {
    var folder: UpFolder
    /// Where the executables are.
    var programs: String
    /// Of the store, the others follow; 0 lets the system choose each.
    var portBase: Int
    var environment: [String: String]
    /// This program, for the guard.
    var client: String
  }

  enum Event: Sendable {
    case ready(Service, run: Int, address: String)
    case ended(Service, run: Int, ChildProcess.End)
    case restart(Service)
    case overdue(Service, run: Int)
    case signal(Int32)
  }

  private struct Child {
    var process: ChildProcess?
    var run = 0
    var started = ContinuousClock.now
    /// How often it has ended in a row within a minute of its start.
    var failures = 0
    var isReady = false
  }

  /// The store first: the others ask it for work.
  static let order: [Service] = [.store, .inference, .labeller, .trainer]

  private let settings: Settings
  private let console: Console
  private var children: [Service: Child] = [:]
  private var addresses: [Service: String] = [:]
  private let events: AsyncStream<Event>
  private let send: AsyncStream<Event>.Continuation
  private var guardPipe: PrivatePipe?

  init(_ settings: Settings, console: Console) {
    self.settings = settings
    self.console = console
    (events, send) = AsyncStream.makeStream(of: Event.self)
  }

  /// Returns when the services have been stopped, by SIGINT or SIGTERM.
  ///
  /// - Parameter whenReady: called once, with every service listening.
  /// - Throws: `Failure` when a service does not start; those that did have been stopped.
  func run(whenReady: (Endpoints) throws -> Void) async throws {
    let signals = Task { [send] in
      for await signal in Interrupts.stream() { send.yield(.signal(signal)) }
    }
    defer { signals.cancel() }
    try startGuard()
    var iterator = events.makeAsyncIterator()
    do {
      for service in Self.order {
        try start(service)
        wait: while let event = await iterator.next() {
          switch event {
          case .ready(let ready, _, let address):
            becomeReady(ready, address)
            if ready == service { break wait }
          case .ended(let ended, _, let end):
            forget(ended)
            throw didNotStart(ended, "ended with \(end)")
          case .overdue(let late, let run):
            if late == service, children[late]?.run == run, children[late]?.isReady == false {
              throw didNotStart(late, "is not ready after 60 s")
            }
          case .signal: throw Failure(.interrupted, "interrupted while the services were starting")
          case .restart: break
          }
        }
      }
      try whenReady(Endpoints(addresses))
    } catch {
      await stop(&iterator)
      throw error
    }
    watch: while let event = await iterator.next() {
      switch event {
      case .ready(let service, _, let address):
        becomeReady(service, address)
        console.note("\(service.executable) is back on \(address)")
      case .ended(let service, let run, let end):
        guard children[service]?.run == run else { continue }
        ended(service, end)
      case .restart(let service):
        do { try start(service) } catch {
          console.note("\(service.executable): \(error.message)")
          scheduleRestart(service, after: .seconds(30))
        }
      case .overdue(let service, let run):
        // Starting again and stuck: a new attempt may do better.
        if children[service]?.run == run, children[service]?.isReady == false {
          children[service]?.process?.signal(SIGKILL)
        }
      case .signal:
        console.note("stopping; press Ctrl-C again to stop at once")
        break watch
      }
    }
    await stop(&iterator)
  }

  // MARK: One child

  private func start(_ service: Service) throws(Failure) {
    let name = service.executable
    let program = settings.programs + "/" + name
    guard access(program, X_OK) == 0 else {
      throw Failure(
        .failed, "\(name) is not in \(settings.programs)",
        hint: "build it with 'swift build', or say where it is with --bin")
    }
    var arguments = ["--host", "127.0.0.1", "--port"]
    // After a restart the address must be the one in endpoints.json.
    if let address = addresses[service], let port = address.split(separator: ":").last {
      arguments.append(String(port))
    } else {
      arguments.append(
        String(
          settings.portBase == 0
            ? 0 : settings.portBase + service.defaultPort - Service.store.defaultPort))
    }
    var environment = settings.environment
    for variable in ["LAUTER_HOST", "LAUTER_PORT", "LAUTER_SERVER_NAME"] {
      environment[variable] = nil
    }
    // What they say to each other does not leave the machine.
    for variable in environment.keys where variable.hasPrefix("LAUTER_TLS") {
      environment[variable] = nil
    }
    environment["LAUTER_DATA"] = settings.folder.path + "/store"
    environment["LAUTER_CACHE"] = settings.folder.path + "/cache"
    for (other, address) in addresses { environment[other.variable] = address }

    if children[service] == nil {
      // This run's log begins here; the last run's stays beside it.
      rename(settings.folder.logPath(name), settings.folder.logPath(name) + ".1")
    }
    let log = open(settings.folder.logPath(name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else {
      throw Failure(.failed, "\(settings.folder.logPath(name)) cannot be written")
    }
    defer { close(log) }
    let output = try PrivatePipe()
    defer { close(output.writeEnd) }
    var child = children[service] ?? Child()
    child.run += 1
    child.started = .now
    child.isReady = false
    let run = child.run
    do throws(Failure) {
      child.process = try ChildProcess(
        program, arguments, environment: environment, output: output.writeEnd, error: log
      ) { [send] end in send.yield(.ended(service, run: run, end)) }
    } catch {
      close(output.readEnd)
      throw error
    }
    tellGuard("+\(child.process!.id)")
    children[service] = child
    follow(output.readEnd, service, run: run, log: dup(log))
    Task { [send] in
      try await Task.sleep(for: .seconds(60))
      send.yield(.overdue(service, run: run))
    }
  }

  /// Waits on a thread for the line that says where the service listens; what else it prints joins its
  /// log.
  private func follow(_ descriptor: Int32, _ service: Service, run: Int, log: Int32) {
    let prefix = "\(service.executable) listening on "
    Thread.detachNewThread { [send] in
      let reader = ByteReader(descriptor: descriptor)
      while let line = try? reader.line() {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix(prefix) {
          let address = String(text.dropFirst(prefix.count)).trimmed
          if Endpoints.isAddress(address) {
            send.yield(.ready(service, run: run, address: address))
            continue
          }
        }
        let bytes = line + [0x0a]
        _ = bytes.withUnsafeBytes { write(log, $0.baseAddress, $0.count) }
      }
      close(descriptor)
      close(log)
    }
  }

  private func becomeReady(_ service: Service, _ address: String) {
    addresses[service] = address
    children[service]?.isReady = true
  }

  private func didNotStart(_ service: Service, _ what: String) -> Failure {
    for line in settings.folder.logTail(service.executable) { console.note("  " + line) }
    return Failure(
      .failed, "\(service.executable) did not start: it \(what)",
      hint:
        "its log is \(settings.folder.logPath(service.executable)); if a port is taken, choose others with --port-base or --ephemeral"
    )
  }

  private func ended(_ service: Service, _ end: ChildProcess.End) {
    forget(service)
    guard var child = children[service] else { return }
    child.failures = ContinuousClock.now - child.started > .seconds(60) ? 0 : child.failures + 1
    children[service] = child
    // 0.25, 0.5, 1, … 30 s.
    let pause = min(30, 0.25 * pow(2, Double(max(0, child.failures - 1))))
    console.note(
      "\(service.executable) ended with \(end); starting it again in \(pause) s (its log is \(settings.folder.logPath(service.executable)))"
    )
    scheduleRestart(service, after: .milliseconds(Int(pause * 1000)))
  }

  /// The child is gone: its id may soon be another's.
  private func forget(_ service: Service) {
    if let process = children[service]?.process { tellGuard("-\(process.id)") }
    children[service]?.process = nil
  }

  private func scheduleRestart(_ service: Service, after pause: Duration) {
    Task { [send] in
      try await Task.sleep(for: pause)
      send.yield(.restart(service))
    }
  }

  // MARK: The end

  /// One after another, last started first, so that nobody misses a service it still needs. Each has
  /// 10 s; a further signal ends them at once.
  private func stop(_ iterator: inout AsyncStream<Event>.AsyncIterator) async {
    var hurry = false
    for service in Self.order.reversed() {
      guard let process = children[service]?.process, let run = children[service]?.run else {
        continue
      }
      process.signal(hurry ? SIGKILL : SIGTERM)
      let patience = Task { [send] in
        try await Task.sleep(for: .seconds(10))
        send.yield(.overdue(service, run: -run))
      }
      wait: while let event = await iterator.next() {
        switch event {
        case .ended(let ended, _, _):
          forget(ended)
          if ended == service { break wait }
        case .overdue(let late, let which) where late == service && which == -run:
          console.note("\(service.executable) does not stop; ending it")
          process.signal(SIGKILL)
        case .signal:
          hurry = true
          process.signal(SIGKILL)
        default: break
        }
      }
      patience.cancel()
    }
    if let guardPipe { close(guardPipe.writeEnd) }
    guardPipe = nil
  }

  private func startGuard() throws(Failure) {
    let pipe = try PrivatePipe()
    defer { close(pipe.readEnd) }
    _ = try ChildProcess(
      settings.client, ["guard"], environment: settings.environment, input: pipe.readEnd
    ) { _ in }
    guardPipe = pipe
  }

  private func tellGuard(_ line: String) {
    guard let guardPipe else { return }
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(guardPipe.writeEnd, $0.baseAddress, $0.count) }
  }
}
