import NIOCore

/// Follows what a server says of one service's health, over one connection (`grpc.health.v1`,
/// gRFC A17). Confined to the channel's event loop.
final class HealthWatch: @unchecked Sendable {
  private let service: String
  private unowned let connection: ClientConnection
  private weak var core: ChannelCore?
  private let report: (RPCError?) -> Void
  private var call: ClientCall?
  private var isStopped = false
  private var backoff: Backoff

  /// `report` is called with nil when calls may be made, else with the reason why not.
  init(
    of service: String, on connection: ClientConnection, core: ChannelCore,
    _ report: @escaping (RPCError?) -> Void
  ) {
    self.service = service
    self.connection = connection
    self.core = core
    self.report = report
    backoff = Backoff(core.configuration)
    watch()
  }

  func stop() {
    isStopped = true
    call?.cancel(with: CancellationError())
  }

  private func watch() {
    guard !isStopped, let core else { return }
    let outgoing = OutgoingCall(
      method: MethodDescriptor(service: "grpc.health.v1.Health", method: "Watch"),
      options: CallOptions(waitForReady: true, retryPolicy: .never))
    // Whose deadline should a watch have?
    let call = CallDeadline.$current.withValue(nil) {
      ClientCall(outgoing, core: core, expectsOne: false, connection: connection)
    }
    self.call = call
    var request = ProtobufFields()
    request.append(1, bytes: service.utf8)
    call.start(try! MessageBytes(request.bytes).framed(.identity))
    let loop = core.loop
    // Holds on to this watch until the call is over, which stopping brings about.
    Task.detached { [self] in
      var outcome: any Error = RPCError(code: .unavailable, message: "the watch ended")
      do {
        for try await message in ResponseStream<MessageBytes>(
          call.inbox, MessageInspectors(), call: call)
        {
          loop.now { self.received(message.bytes) }
        }
      } catch {
        outcome = error
      }
      loop.now { [outcome] in self.ended(outcome) }
    }
  }

  private func received(_ message: [UInt8]) {
    guard !isStopped else { return }
    var status: UInt64 = 0
    for case (1, .number(let number)) in ProtobufFields.read(message[...]) ?? [] { status = number }
    backoff.reset()
    let names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
    report(
      status == 1
        ? nil
        : RPCError(
          code: .unavailable,
          message:
            "\(connection.address) reports \(service.isEmpty ? "itself" : "'\(service)'") as "
            + (status < 4 ? names[Int(status)] : "\(status)")))
  }

  private func ended(_ error: any Error) {
    guard !isStopped, let core else { return }
    if let error = error as? RPCError, error.code == .unimplemented { return report(nil) }
    report(
      RPCError(
        code: .unavailable,
        message: "cannot learn the health of \(connection.address): \(error)"))
    core.loop.scheduleTask(in: TimeAmount(backoff.next())) { [weak self] in self?.watch() }
  }
}

/// A message as it is on the wire.
private struct MessageBytes: Message {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(parsing bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes) }
  func serialize(into output: inout MessageBuffer) { output.append(bytes) }
}
