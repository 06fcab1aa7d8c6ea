import NIOCore
import NIOPosix
import Synchronization

/// One end of a connection within this process: a NIO channel whose bytes are handed, buffer by
/// buffer, to the channel at the other end. Confined to its event loop; the two ends may be on
/// different loops.
final class InProcessChannel: Channel, NIOCore.ChannelCore, @unchecked Sendable {
  let eventLoop: any EventLoop
  let allocator = ByteBufferAllocator()
  let parent: (any Channel)? = nil
  let localAddress: SocketAddress? = nil
  let remoteAddress: SocketAddress? = nil
  var pipeline: ChannelPipeline { ownPipeline }
  private var ownPipeline: ChannelPipeline!
  private let closePromise: EventLoopPromise<Void>
  private let active = Atomic(false)
  private let writable = Atomic(true)

  private var other: InProcessChannel?
  private var isClosed = false
  /// Received before this end was ready.
  private var early: [ByteBuffer] = []
  private var written: [ByteBuffer] = []
  private var writes: [EventLoopPromise<Void>] = []
  /// Bytes flushed that the other end has not been given yet.
  private var underway = 0

  private static let waterMarks = 64 * 1024...256 * 1024

  private init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    closePromise = eventLoop.makePromise()
    ownPipeline = ChannelPipeline(channel: self)
  }

  /// Joins a client's end on `loop`, set up by `initialize`, to a new connection of `server`.
  static func connect(
    _ loop: any EventLoop, to server: RPCServer,
    _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<Void> {
    let near = InProcessChannel(loop)
    let far = InProcessChannel(MultiThreadedEventLoopGroup.singleton.next())
    near.other = far
    far.other = near
    return loop.flatSubmit { initialize(near) }.flatMap {
      far.eventLoop.flatSubmit { server.accept(far).map { far.activate() } }.hop(to: loop)
    }.map { near.activate() }
  }

  private func activate() {
    guard !isClosed else { return }
    active.store(true, ordering: .relaxed)
    pipeline.fireChannelRegistered()
    pipeline.fireChannelActive()
    if !early.isEmpty { receive(early) }
    early = []
  }

  // MARK: Bytes

  func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !isClosed else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    written.append(unwrapData(data))
    if let promise { writes.append(promise) }
  }

  func flush0() {
    guard let other, !written.isEmpty else { return }
    let (buffers, promises) = (written, writes)
    written = []
    writes = []
    let count = buffers.reduce(0) { $0 + $1.readableBytes }
    underway += count
    if underway > InProcessChannel.waterMarks.upperBound { setWritable(false) }
    other.eventLoop.execute {
      other.receive(buffers)
      self.eventLoop.execute {
        for promise in promises { promise.succeed() }
        self.underway -= count
        if self.underway <= InProcessChannel.waterMarks.lowerBound { self.setWritable(true) }
      }
    }
  }

  private func receive(_ buffers: [ByteBuffer]) {
    guard !isClosed else { return }
    guard isActive else { return early += buffers }
    for buffer in buffers { pipeline.fireChannelRead(buffer) }
    pipeline.fireChannelReadComplete()
  }

  private func setWritable(_ isWritable: Bool) {
    guard writable.exchange(isWritable, ordering: .relaxed) != isWritable, !isClosed else { return }
    pipeline.fireChannelWritabilityChanged()
  }

  // MARK: The end

  func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all else {
      promise?.fail(ChannelError.operationUnsupported)
      return
    }
    guard !isClosed else {
      promise?.fail(ChannelError.alreadyClosed)
      return
    }
    isClosed = true
    active.store(false, ordering: .relaxed)
    for promise in writes { promise.fail(error) }
    written = []
    writes = []
    let other = self.other
    self.other = nil
    promise?.succeed()
    // In turns of their own, after what was flushed before: nobody is called back while calling.
    eventLoop.execute {
      self.pipeline.fireChannelInactive()
      self.pipeline.fireChannelUnregistered()
      self.removeHandlers(pipeline: self.pipeline)
      self.closePromise.succeed()
    }
    other?.eventLoop.execute {
      if !other!.isClosed { other!.close0(error: error, mode: .all, promise: nil) }
    }
  }

  var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
  var isActive: Bool { active.load(ordering: .relaxed) }
  var isWritable: Bool { writable.load(ordering: .relaxed) }

  // MARK: What this kind of channel does not have

  var _channelCore: any NIOCore.ChannelCore { self }

  func setOption<Option: ChannelOption>(
    _ option: Option, value: Option.Value
  ) -> EventLoopFuture<Void> {
    eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }

  func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
    if let value = true as? Option.Value, option is ChannelOptions.Types.AutoReadOption {
      return eventLoop.makeSucceededFuture(value)
    }
    return eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }

  func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
  func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
  func register0(promise: EventLoopPromise<Void>?) { promise?.succeed() }
  func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
  func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
  func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
  func read0() {}
  func channelRead0(_ data: NIOAny) {}
  func errorCaught0(error: any Error) {}
}
