import RPC
import ServiceLifecycle
import Synchronization
import Testing

extension HeavyTests {
  /// How connections end: age, idleness, silence, shutdown; and that no call is lost with them.
  @Suite struct ConnectionLifeTests {
    /// Answers pings until the server closes the connection; returns what was received.
    static func obey(_ peer: RawPeer, pings: Int = .max) -> [RawPeer.Frame] {
      var answered = 0
      peer.read { frame in
        if frame.type == RawPeer.ping, frame.flags == 0, answered < pings {
          answered += 1
          peer.send(RawPeer.ping, flags: 1, 0, frame.payload)
        }
        return false
      }
      return peer.readToEnd()
    }

    /// First that no stream should follow, a round trip later which was the last.
    static func isGraceful(_ frames: [RawPeer.Frame]) -> Bool {
      let goAways = frames.filter { $0.goAway != nil }
      return goAways.count == 2 && goAways.allSatisfy { $0.goAway == .noError }
        && goAways[0].payload.prefix(4) == [0x7f, 0xff, 0xff, 0xff]
        && goAways[1].payload.prefix(4) == [0, 0, 0, 0]
    }

    @Test func oldAndIdleConnectionsAreEnded() async throws {
      var old = RPCServer.Configuration()
      old.maxConnectionAge = .milliseconds(30)
      var idle = RPCServer.Configuration()
      idle.idleTimeout = .milliseconds(30)
      for configuration in [old, idle] {
        try await withServer(configuration: configuration) { _, address in
          let peer = try RawPeer(address)
          let frames = try await onThread {
            peer.start()
            return Self.obey(peer)
          }
          #expect(Self.isGraceful(frames), "\(frames)")
        }
      }
    }

    /// A call keeps an idle connection, and an old one until the grace is over.
    @Test func callsInProgressAreFinished() async throws {
      var configuration = RPCServer.Configuration()
      configuration.idleTimeout = .milliseconds(10)
      configuration.maxConnectionAge = .milliseconds(10)
      let go = Latch()
      let service = CallLifetimeTests.service(
        .unary("Wait") { (text: Text, context) in
          await go.wait()
          return text
        })
      try await withServer(service, configuration: configuration) { channel, address in
        async let answer: Text = channel.unary(Echo.method("Wait"), Text("done"))
        // Another connection comes and goes meanwhile.
        let peer = try RawPeer(address)
        _ = try await onThread {
          peer.start()
          return Self.obey(peer)
        }
        go.open()
        #expect(try await answer == Text("done"))
      }

      configuration.idleTimeout = nil
      configuration.maxConnectionAgeGrace = .milliseconds(10)
      let hasStarted = Atomic(false)
      let endless = CallLifetimeTests.service(
        .unary("Wait") { (text: Text, context) in
          hasStarted.store(true, ordering: .relaxed)
          await CallLifetimeTests.untilCancelled()
          return text
        })
      try await withServer(endless, configuration: configuration) { channel, _ in
        // Connections as short-lived as these may end before a call is seen.
        var error: RPCError?
        repeat {
          error = await rpcError {
            let _: Text = try await channel.unary(Echo.method("Wait"), Text(""))
          }
        } while !hasStarted.load(ordering: .relaxed)
        #expect(
          error
            == RPCError(code: .unavailable, message: "the connection reached its maximum age"))
      }
    }

    @Test func silentClientsAreClosed() async throws {
      var configuration = RPCServer.Configuration()
      configuration.keepaliveInterval = .milliseconds(10)
      configuration.keepaliveTimeout = .seconds(2)
      let log = LogRecorder()
      try await withServer(configuration: configuration, logger: log.logger) { _, address in
        let peer = try RawPeer(address)
        let frames = try await onThread {
          peer.start()
          return Self.obey(peer, pings: 5)
        }
        // Five were answered, the sixth was not.
        #expect(frames.filter { $0.type == RawPeer.ping && $0.flags == 0 }.count == 6)
        #expect(log.contains("the client does not answer pings"))
      }
    }

    @Test func clientsMayPingNowAndThen() async throws {
      var configuration = RPCServer.Configuration()
      configuration.minPingInterval = .zero
      try await withServer(configuration: configuration) { _, address in
        let peer = try RawPeer(address)
        let data = [UInt8](repeating: 1, count: 8)
        let frames = try await onThread {
          peer.start()
          for _ in 0..<100 {
            peer.send(RawPeer.ping, 0, data)
            peer.read { $0.type == RawPeer.ping && $0.flags == 1 }
          }
          peer.leave()
          return peer.readToEnd()
        }
        #expect(frames.filter { $0.type == RawPeer.ping && $0.flags == 1 }.count == 100)
        #expect(!frames.contains { $0.goAway != nil })
      }
    }

    /// Connections that reach their age every few milliseconds, and calls that never notice.
    @Test func noCallIsLostWithAnOldConnection() async throws {
      var configuration = RPCServer.Configuration()
      configuration.maxConnectionAge = .milliseconds(5)
      // Connections as short-lived as these make a client wait before the next.
      var impatient = RPCChannel.Configuration()
      impatient.initialBackoff = .milliseconds(1)
      impatient.maxBackoff = .milliseconds(1)
      try await withServer(configuration: configuration, channelConfiguration: impatient) {
        channel, _ in
        try await Self.callForever(channel, calls: 60)
      }
    }

    private static func callForever(_ channel: RPCChannel, calls: Int) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
          group.addTask {
            for number in 0..<calls {
              // Answers large enough to be under way, and windows opened for them, at the end.
              let count = number % 4 * 100_000 + task
              let answer: Blob = try await channel.unary(
                Echo.method("Grow"), Text("\(count)"), options: CallOptions(waitForReady: true))
              #expect(answer.bytes.count == count)
            }
          }
        }
        try await group.waitForAll()
      }
    }

    /// Servers that replace each other on one port, and calls that never notice.
    @Test func noCallIsLostWithAShutdown() async throws {
      var port = 0
      var configuration = RPCChannel.Configuration()
      configuration.initialBackoff = .milliseconds(1)
      configuration.maxBackoff = .milliseconds(10)
      var calls: Task<Void, any Error>?
      var channel: RPCChannel?
      for _ in 0..<8 {
        let server = RPCServer(
          port: port, services: [Echo.service], logger: silent)
        let address = try await server.start()
        port = address.port
        let ready = Signal()
        let group = ServiceGroup(services: [server, Announcer(ready)], logger: silent)
        let running = Task { try await group.run() }
        await ready.wait()
        if channel == nil {
          let new = RPCChannel(target: "\(address)", configuration: configuration, logger: silent)
          channel = new
          calls = Task {
            while !Task.isCancelled { try await Self.callForever(new, calls: 20) }
          }
        }
        // Calls are being served again.
        let answer: Text = try await channel!.unary(
          Echo.method("Say"), Text("alive"), options: CallOptions(waitForReady: true))
        #expect(answer == Text("alive"))
        await group.triggerGracefulShutdown()
        try await running.value
      }
      // The last rounds need a server to end on.
      let last = RPCServer(
        port: port, services: [Echo.service], logger: silent)
      try await last.start()
      let running = Task { try await last.run() }
      calls?.cancel()
      do { try await calls?.value } catch is CancellationError {}
      await channel?.close()
      running.cancel()
      try await running.value
    }

    @Test func runReturnsAfterEveryHandler() async throws {
      let started = Signal()
      let go = Latch()
      let hasReturned = Atomic(false)
      let service = CallLifetimeTests.service(
        .unary("Stubborn") { (text: Text, context) in
          started.raise()
          await go.wait()
          hasReturned.store(true, ordering: .relaxed)
          return text
        })
      let server = RPCServer(services: service, logger: silent)
      let address = try await server.start()
      let running = Task { try await server.run() }
      let channel = RPCChannel(target: "\(address)", logger: silent)
      let call = Task { () -> Text in try await channel.unary(Echo.method("Stubborn"), Text("")) }
      await started.wait()
      running.cancel()
      // The call has ended for its client, the handler has not noticed.
      #expect(await rpcError { _ = try await call.value }?.code == .unavailable)
      let early = hasReturned.load(ordering: .relaxed)
      #expect(!early)
      go.open()
      try await running.value
      let late = hasReturned.load(ordering: .relaxed)
      #expect(late)
      await channel.close()
    }
  }
}
