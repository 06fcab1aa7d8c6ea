// HTTP: requests to the outside world (LLMs, the hub), on libcurl. One thread per client drives
// libcurl's multi interface; callers await. Certificates are always verified, answers are bounded in
// size and time, and no message repeats a secret.

public import Foundation

/// Sends HTTP requests, many at once, over connections that are kept and used again.
///
/// A client owns one thread and libcurl's handles, which only that thread touches. Cancelling the
/// calling task ends the transfer. The thread ends with the client.
public final class HTTPClient: Sendable {
  private let loop: TransferLoop

  /// - Parameter maximumConnectionsPerHost: further requests wait for one to be free.
  public init(maximumConnectionsPerHost: Int = 64) {
    loop = TransferLoop(maximumConnectionsPerHost: maximumConnectionsPerHost)
    loop.start()
  }

  deinit { loop.stop() }

  /// Sends the request and collects the answer, whatever its status.
  ///
  /// - Throws: `HTTPError`.
  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let sink = MemorySink(limit: request.maximumResponseBytes)
    let head = try await run(Transfer(request, sink: sink))
    return HTTPResponse(status: head.status, headers: head.headers, body: sink.bytes)
  }

  /// Streams a GET into a file, which appears under its name only when it is complete; until then the
  /// bytes are in `<file>.part`.
  ///
  /// - Parameters:
  ///   - resume: goes on where an earlier download into the same file stopped, provided that the
  ///     server can and still has the same version (`ETag` or `Last-Modified`, sent as `If-Range`);
  ///     otherwise starts again.
  ///   - maximumBytes: of the whole file.
  ///   - progress: bytes there and expected (`nil` if the server does not say), called on the
  ///     client's thread: return at once.
  /// - Returns: the file's size in bytes.
  /// - Throws: `HTTPError`; `status` where the server answers anything but 200 or 206. What has
  ///   arrived stays in `<file>.part`.
  @discardableResult
  public func download(
    _ request: HTTPRequest, to file: URL, resume: Bool = true, maximumBytes: Int64 = .max,
    progress: (@Sendable (_ received: Int64, _ total: Int64?) -> Void)? = nil
  ) async throws -> Int64 {
    let part = PartialFile(of: file)
    if !resume { try part.remove() }
    var attempts = 0
    while true {
      attempts += 1
      var request = request
      let offset = part.resumableSize
      if offset > 0, let validator = part.validator {
        request.headers["Range"] = "bytes=\(offset)-"
        request.headers["If-Range"] = validator
      }
      let sink = try FileSink(part, offset: offset, limit: maximumBytes, progress: progress)
      let transfer = Transfer(request, sink: sink, isDownload: true)
      let head = try await run(transfer)
      switch head.status {
      case 200, 206:
        try sink.finish()
        return try part.complete()
      case 416 where offset > 0 && head.headers["Content-Range"] == "bytes */\(offset)":
        return try part.complete()
      case 416 where offset > 0 && attempts == 1:
        try part.remove()
      default:
        throw HTTPError(
          .status, "\(transfer.place) answered HTTP \(head.status)", status: head.status)
      }
    }
  }

  private func run(_ transfer: Transfer) async throws -> Transfer.Head {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        loop.add(transfer, continuation)
      }
    } onCancel: {
      loop.cancel(transfer)
    }
  }
}
