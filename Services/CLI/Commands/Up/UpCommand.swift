import ArgumentParser
import Foundation
import RPC
import StrictJSON
import Wire

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct Up: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start every service on this machine, and keep it running.",
    discussion: """
      Needs nothing but a folder: records, encoders and models live below it, and without an LLM the \
      encoder's zero-shot labeller suggests. Listens on loopback alone. Ctrl-C stops everything.
      """)

  @Option(
    help: ArgumentHelp("The folder for everything (LAUTER_DATA, else ./.lauter).", valueName: "dir")
  )
  var data: String?

  @Option(help: "The store's port; the others follow it.")
  var portBase = 7511

  @Flag(help: "Let the system choose free ports; other commands find them through the folder.")
  var ephemeral = false

  @Option(
    help: ArgumentHelp(
      "An LLM's OpenAI-compatible API, for example http://127.0.0.1:8080/v1 (LAUTER_LLM_URL). Its key, if it needs one, goes into LAUTER_LLM_API_KEY.",
      valueName: "url"))
  var llmUrl: String?

  @Option(help: "The LLM's name, as its API knows it (LAUTER_LLM_MODEL).")
  var llmModel: String?

  @Option(
    help: ArgumentHelp(
      "Where the services' executables are. Default: beside this one.", valueName: "dir"))
  var bin: String?

  @Flag(help: "Return when the services are ready; 'lauter down' stops them.")
  var detach = false

  @Flag(help: "Print the addresses as JSON.")
  var json = false

  func validate() throws {
    if !(1...65000).contains(portBase) {
      throw ValidationError("--port-base is a port from 1 to 65000, not \(portBase)")
    }
  }

  func run() async throws {
    let console = Console.current
    let folder = UpFolder(path: ConnectionOptions.folder(data))
    try folder.create()
    let client = Self.executable
    if detach { return try await runDetached(folder, client) }

    let lock = try folder.lock()
    defer { close(lock) }
    try? FileManager.default.removeItem(atPath: folder.endpointsPath)
    defer { try? FileManager.default.removeItem(atPath: folder.endpointsPath) }
    var environment = console.environment
    if let llmUrl { environment["LAUTER_LLM_URL"] = llmUrl }
    if let llmModel { environment["LAUTER_LLM_MODEL"] = llmModel }
    let settings = Supervisor.Settings(
      folder: folder,
      programs: bin.map { console.path($0) } ?? (client as NSString).deletingLastPathComponent,
      portBase: ephemeral ? 0 : portBase, environment: environment, client: client)
    console.note("starting the services in \(folder.path)")
    try await Supervisor(settings, console: console).run { endpoints in
      try endpoints.write(folder: folder.path)
      announce(endpoints, folder)
    }
    console.note("stopped")
  }

  private func announce(_ endpoints: Endpoints, _ folder: UpFolder) {
    let console = Console.current
    if json {
      console.out(
        JSON.object(
          Supervisor.order.map { .init($0.rawValue, .string(endpoints.addresses[$0] ?? "")) }
        ).text)
    } else {
      var table = Table([.init("service"), .init("address")])
      for service in Supervisor.order {
        table.add([service.rawValue, endpoints.addresses[service] ?? ""])
      }
      table.print()
    }
    console.note("logs are in \(folder.path)/logs")
    console.note("next: lauter encoder pull")
    console.note("      lauter dataset create reviews --labels positive,negative")
    console.note("any call by hand: lauter call lauter.store.v1.DatasetService/ListDatasets")
  }

  /// This program's own file.
  private static var executable: String {
    if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      return path
    }
    return Bundle.main.executablePath ?? CommandLine.arguments[0]
  }

  private func runDetached(_ folder: UpFolder, _ client: String) async throws {
    let console = Console.current
    if folder.isLocked() {
      // Says whose it is.
      close(try folder.lock())
    }
    try? FileManager.default.removeItem(atPath: folder.endpointsPath)
    var arguments = ["up", "--data", folder.path]
    arguments += ephemeral ? ["--ephemeral"] : ["--port-base", String(portBase)]
    if let llmUrl { arguments += ["--llm-url", llmUrl] }
    if let llmModel { arguments += ["--llm-model", llmModel] }
    if let bin { arguments += ["--bin", console.path(bin)] }
    let log = open(folder.logPath("up"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard log >= 0 else { throw Failure(.failed, "\(folder.logPath("up")) cannot be written") }
    defer { close(log) }
    let (ends, ended) = AsyncStream.makeStream(of: ChildProcess.End.self)
    let child = try ChildProcess(
      client, arguments, environment: console.environment, output: log, error: log,
      newSession: true
    ) {
      ended.yield($0)
      ended.finish()
    }
    let endpoints = try await withThrowingTaskGroup(of: Endpoints?.self) { group in
      group.addTask {
        for await end in ends { if Task.isCancelled == false { return try nothing(end) } }
        return nil
      }
      group.addTask {
        while !Task.isCancelled {
          if let endpoints = try Endpoints(folder: folder.path) { return endpoints }
          try await Task.sleep(for: .milliseconds(50))
        }
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let endpoints else { throw Failure(.failed, "the services did not start") }
    announce(endpoints, folder)
    console.note(
      "the services run in the background (process \(child.id)); 'lauter down' stops them")

    @Sendable func nothing(_ end: ChildProcess.End) throws -> Endpoints? {
      for line in folder.logTail("up", lines: 12) { console.note(line) }
      throw Failure(.failed, "the services did not start (\(end))")
    }
  }
}

struct Down: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stop the services that 'lauter up' started.")

  @Option(
    help: ArgumentHelp("The folder they run in (LAUTER_DATA, else ./.lauter).", valueName: "dir"))
  var data: String?

  func run() async throws {
    let console = Console.current
    let folder = UpFolder(path: ConnectionOptions.folder(data))
    guard folder.isLocked(), let owner = folder.owner() else {
      console.note("no services run in \(folder.path)")
      return
    }
    kill(owner, SIGTERM)
    let deadline = ContinuousClock.now + .seconds(45)
    while folder.isLocked() {
      guard ContinuousClock.now < deadline else {
        throw Failure(
          .temporary, "process \(owner) does not stop",
          hint: "its log is \(folder.logPath("up")); 'kill -9 \(owner)' ends it and its services")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    console.note("stopped the services in \(folder.path)")
  }
}

extension Service: ExpressibleByArgument {}
