import RPC
import Synchronization
import Testing

/// Which connections a channel keeps, to whom, and what it does when they are lost.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionManagementTests {
  /// Addresses that a test may change, as a resolver gives them.
  final class Addresses: Sendable {
    private let list: Mutex<[RPCServer.Address]>
    private let count = Atomic(0)

    init(_ list: [RPCServer.Address]) { self.list = Mutex(list) }

    func set(_ list: [RPCServer.Address]) { self.list.withLock { $0 = list } }
    var resolutions: Int { count.load(ordering: .relaxed) }

    var configuration: RPCChannel.Configuration {
      var configuration = RPCChannel.Configuration.patient
      configuration.initialBackoff = .milliseconds(5)
      configuration.maxBackoff = .milliseconds(50)
      configuration.minResolutionInterval = .milliseconds(10)
      configuration.resolver = { _ in
        self.count.add(1, ordering: .relaxed)
        return self.list.withLock { $0 }
      }
      return configuration
    }

    func channel(_ configure: (inout RPCChannel.Configuration) -> Void = { _ in }) -> RPCChannel {
      var configuration = self.configuration
      configure(&configuration)
      return RPCChannel(target: "replicas", configuration: configuration, logger: silent)
    }
  }

  /// A server that answers with its name.
  static func named(
    _ name: String, _ others: [ServiceDefinition] = []
  ) -> RPCServer {
    RPCServer(
      services: CallLifetimeTests.service(.unary("Say") { (text: Text, context) in Text(name) })
        + others, logger: silent)
  }

  static func call(_ channel: RPCChannel, waits: Bool = true) async throws -> String {
    let answer: Text = try await channel.unary(
      Echo.method("Say"), Text(""),
      options: CallOptions(waitForReady: waits))
    return answer.value
  }

  /// Calls until `isRight` says so of the last answers.
  static func call(
    _ channel: RPCChannel, until isRight: ([String]) -> Bool
  ) async throws {
    var answers: [String] = []
    while !isRight(answers) {
      answers.append(try await call(channel))
      await Task.yield()
    }
  }

  static func running<Result>(
    _ servers: [RPCServer], _ body: ([RPCServer.Address]) async throws -> Result
  ) async throws -> Result {
    var addresses: [RPCServer.Address] = []
    for server in servers { addresses.append(try await server.start()) }
    let tasks = servers.map { server in Task { try await server.run() } }
    defer { for task in tasks { task.cancel() } }
    return try await body(addresses)
  }

  @Test func callsGoRoundEveryAddress() async throws {
    try await Self.running(["a", "b", "c"].map { Self.named($0) }) { addresses in
      let channel = Addresses(addresses).channel()
      // Once all are connected, they take turns.
      try await Self.call(channel) { Set($0.suffix(3)).count == 3 && $0.count >= 6 }
      var answers: [String] = []
      for _ in 0..<9 { answers.append(try await Self.call(channel)) }
      for name in ["a", "b", "c"] { #expect(answers.filter { $0 == name }.count == 3) }
      await channel.close()
    }
  }

  @Test func aLossResolvesAgain() async throws {
    let old = Self.named("old")
    let oldAddress = try await old.start()
    let oldTask = Task { try await old.run() }
    try await Self.running([Self.named("new")]) { addresses in
      let replicas = Addresses([oldAddress])
      let channel = replicas.channel()
      #expect(try await Self.call(channel) == "old")
      replicas.set(addresses)
      oldTask.cancel()
      try await oldTask.value
      #expect(try await Self.call(channel) == "new")
      await channel.close()
    }
  }

  @Test func goAwayResolvesAgain() async throws {
    // Says goodbye with its first answer, but stays.
    let leaving = try ScriptedServer { connection, id, _ in
      try? connection.session.respond(to: id, ScriptedServer.trailersOnly("5"), body: nil)
      connection.goAway(lastStream: UInt8(id))
    }
    try await Self.running([Self.named("new")]) { addresses in
      let replicas = Addresses([leaving.address])
      let channel = replicas.channel()
      let first = await rpcError { _ = try await Self.call(channel) }
      #expect(first?.code == .notFound)
      replicas.set(addresses)
      var answer: String?
      while answer == nil { answer = try? await Self.call(channel) }
      #expect(answer == "new")
      #expect(replicas.resolutions >= 2)
      await channel.close()
    }
  }

  @Test func addressesThatAreGoneAreCalledNoMore() async throws {
    try await Self.running(["a", "b"].map { Self.named($0) }) { addresses in
      // The third closes at once, which makes the channel ask again.
      let restless = try ScriptedServer { connection, _, _ in connection.close() }
      let replicas = Addresses(addresses + [restless.address])
      let channel = replicas.channel()
      func answer() async -> String? { try? await Self.call(channel) }
      var answers: [String?] = []
      while Set(answers).count < 3 { answers.append(await answer()) }
      replicas.set([addresses[0]])
      answers = []
      while answers.suffix(20) != Array(repeating: "a", count: 20)[...] {
        answers.append(await answer())
      }
      await channel.close()
    }
  }

  @Test func resolversThatFail() async throws {
    struct NoSuchThing: Error {}
    var configuration = RPCChannel.Configuration.patient
    configuration.initialBackoff = .milliseconds(5)
    let isBroken = Atomic(true)
    try await Self.running([Self.named("a")]) { addresses in
      configuration.resolver = { target in
        #expect(target == "replicas")
        if isBroken.load(ordering: .relaxed) { throw NoSuchThing() }
        return addresses
      }
      let channel = RPCChannel(target: "replicas", configuration: configuration, logger: silent)
      let error = await rpcError { _ = try await Self.call(channel, waits: false) }
      #expect(
        error
          == RPCError(code: .unavailable, message: "cannot resolve 'replicas': NoSuchThing()"))
      isBroken.store(false, ordering: .relaxed)
      let answer = try await Self.call(channel)
      #expect(answer == "a")
      await channel.close()
    }
    configuration.resolver = { _ in [RPCServer.Address(host: "not-a-number", port: 1)] }
    let channel = RPCChannel(target: "x", configuration: configuration, logger: silent)
    let error = await rpcError { _ = try await Self.call(channel, waits: false) }
    #expect(error?.message.contains("'not-a-number:1'") == true)
    await channel.close()
  }

  /// grpc/grpc `doc/connection-backoff.md`: grows by 1.6 up to the limit.
  @Test func pausesBetweenAttempts() {
    var configuration = RPCChannel.Configuration()
    configuration.initialBackoff = .milliseconds(100)
    configuration.maxBackoff = .milliseconds(300)
    var backoff = Backoff(configuration)
    #expect(backoff.isFresh)
    let pauses = (0..<5).map { _ in backoff.next(jitter: 1) / .milliseconds(1) }
    for (pause, expected) in zip(pauses, [100.0, 160, 256, 300, 300]) {
      #expect(abs(pause - expected) < 0.01)
    }
    #expect(!backoff.isFresh)
    backoff.reset()
    #expect(abs(backoff.next(jitter: 1.2) / .milliseconds(1) - 120) < 0.01)
    for _ in 0..<3 { _ = backoff.next() }
    for _ in 0..<100 { #expect((239...361).contains(backoff.next() / .milliseconds(1))) }
  }

  // MARK: Keepalive

  /// A peer that is dead but for its socket fails its calls, and the next ones go elsewhere.
  @Test func deadPeersAreLeft() async throws {
    let dead = try ScriptedServer(readsAfterSettings: false) { _, _, _ in }
    try await Self.running([Self.named("alive")]) { addresses in
      let channel = Addresses([dead.address]).channel {
        $0.keepalive = RPCChannel.Keepalive(
          interval: .milliseconds(20), timeout: .milliseconds(20))
        let configured = $0.resolver!
        let count = Atomic(0)
        $0.resolver = { target in
          _ = try await configured(target)
          return count.add(1, ordering: .relaxed).newValue == 1 ? [dead.address] : addresses
        }
      }
      let error = await rpcError { _ = try await Self.call(channel) }
      #expect(error?.code == .unavailable)
      #expect(
        error?.message
          == "the connection to \(dead.address) was lost: "
          + "it did not answer a keepalive ping within 0.02 seconds")
      var answer: String?
      while answer == nil { answer = try? await Self.call(channel) }
      #expect(answer == "alive")
      await channel.close()
    }
  }

  @Test func pingsKeepALivingConnection() async throws {
    let peer = try ScriptedServer { connection, id, _ in
      // Answers only after several pings, which the session answers by itself.
      if connection.pings >= 3 {
        try? connection.session.respond(to: id, ScriptedServer.trailersOnly("5"), body: nil)
      } else {
        connection.unanswered.append(id)
      }
    } onPing: { connection in
      guard connection.pings >= 3 else { return }
      for id in connection.unanswered {
        try? connection.session.respond(to: id, ScriptedServer.trailersOnly("5"), body: nil)
      }
      connection.unanswered = []
    }
    let channel = Addresses([peer.address]).channel {
      $0.keepalive = RPCChannel.Keepalive(interval: .milliseconds(10), timeout: .seconds(30))
    }
    let error = await rpcError { _ = try await Self.call(channel) }
    #expect(error?.code == .notFound)
    #expect(peer.connections == 1)
    await channel.close()
  }

  /// Without calls there are pings only where they are permitted.
  @Test func pingsWithoutCalls() async throws {
    let pinged = Signal()
    let peer = try ScriptedServer { connection, id, _ in
      try? connection.session.respond(to: id, ScriptedServer.trailersOnly("5"), body: nil)
    } onPing: { _ in
      pinged.raise()
    }
    let channel = Addresses([peer.address]).channel {
      $0.keepalive = RPCChannel.Keepalive(
        interval: .milliseconds(10), timeout: .seconds(30), permitWithoutCalls: true)
    }
    _ = await rpcError { _ = try await Self.call(channel) }
    await pinged.wait()
    await channel.close()
  }

  @Test func serversMaySlowPingsDown() async throws {
    let peer = try ScriptedServer { connection, id, _ in
      if connection.number > 0 {
        try? connection.session.respond(to: id, ScriptedServer.trailersOnly("5"), body: nil)
      }
    } onPing: { connection in
      guard connection.number == 0 else { return }
      connection.goAway(lastStream: 1, code: 11, debugData: "too_many_pings")
      connection.close()
    }
    let channel = Addresses([peer.address]).channel {
      $0.keepalive = RPCChannel.Keepalive(interval: .milliseconds(10), timeout: .seconds(30))
    }
    let first = await rpcError { _ = try await Self.call(channel) }
    #expect(first?.code == .unavailable)
    let second = await rpcError { _ = try await Self.call(channel) }
    #expect(second?.code == .notFound)
    await channel.close()
  }

  // MARK: Idleness and time limits

  @Test func anIdleChannelCloses() async throws {
    let closed = Signal()
    let peer = try ScriptedServer { connection, id, _ in
      try? connection.session.respond(to: id, ScriptedServer.trailersOnly("5"), body: nil)
    } onClose: { _ in
      closed.raise()
    }
    let replicas = Addresses([peer.address])
    let channel = replicas.channel { $0.idleTimeout = .milliseconds(20) }
    for round in 1...2 {
      let error = await rpcError { _ = try await Self.call(channel) }
      #expect(error?.code == .notFound)
      await closed.wait()
      #expect(peer.connections == round)
      #expect(replicas.resolutions == round)
    }
    await channel.close()
  }

  @Test func peersThatSayNothingAreNotConnections() async throws {
    let silentPeer = try ScriptedServer(speaks: false) { _, _, _ in }
    let channel = Addresses([silentPeer.address]).channel {
      $0.connectTimeout = .milliseconds(50)
    }
    let error = await rpcError { _ = try await Self.call(channel, waits: false) }
    #expect(error?.code == .unavailable)
    #expect(error?.message.hasPrefix("cannot connect to \(silentPeer.address): ") == true)
    await channel.close()
  }

  // MARK: Health

  /// `grpc.health.v1` Watch, as a test sets it.
  final class Health: Sendable {
    private let states = Mutex<(value: UInt8, watchers: [AsyncStream<UInt8>.Continuation])>((1, []))
    let watched = Mutex<[[UInt8]]>([])

    init(_ value: UInt8) { states.withLock { $0.value = value } }

    func set(_ value: UInt8) {
      states.withLock { states in
        states.value = value
        for watcher in states.watchers { watcher.yield(value) }
      }
    }

    var service: ServiceDefinition {
      ServiceDefinition(
        "grpc.health.v1.Health",
        methods: [
          .serverStreaming("Watch") { (request: Blob, responses: ResponseWriter<Blob>, context) in
            self.watched.withLock { $0.append(request.bytes) }
            let (stream, continuation) = AsyncStream<UInt8>.makeStream()
            self.states.withLock { states in
              continuation.yield(states.value)
              states.watchers.append(continuation)
            }
            for await value in stream { try await responses.write(Blob([8, value])) }
          }
        ])
    }
  }

  @Test func unhealthyServersLeaveTheRotation() async throws {
    let (a, b) = (Health(1), Health(1))
    try await Self.running([Self.named("a", [a.service]), Self.named("b", [b.service])]) {
      addresses in
      let channel = Addresses(addresses).channel { $0.healthService = "test.Echo" }
      try await Self.call(channel) { Set($0.suffix(2)).count == 2 }
      #expect(a.watched.withLock { $0.first } == [0x0a, 9] + Array("test.Echo".utf8))
      a.set(2)
      try await Self.call(channel) { $0.suffix(20) == Array(repeating: "b", count: 20)[...] }
      a.set(1)
      try await Self.call(channel) { Set($0.suffix(2)).count == 2 }
      // Nobody left: calls that do not wait learn who said so.
      a.set(2)
      b.set(3)
      var error: RPCError?
      while error == nil {
        error = await rpcError { _ = try await Self.call(channel, waits: false) }
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("reports 'test.Echo' as") == true)
      async let waiting = Self.call(channel)
      b.set(1)
      #expect(try await waiting == "b")
      await channel.close()
    }
  }

  @Test func serversWithoutHealthServiceAreHealthy() async throws {
    try await Self.running([Self.named("a")]) { addresses in
      let channel = Addresses(addresses).channel { $0.healthService = "" }
      let answer = try await Self.call(channel, waits: false)
      #expect(answer == "a")
      await channel.close()
    }
  }
}
