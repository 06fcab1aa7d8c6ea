import CCurl
import Foundation
import Synchronization

/// The thread that drives libcurl's multi interface, and its mailbox.
///
/// The multi handle and every easy handle belong to the thread. Others append to the mailbox and wake
/// it; `curl_multi_wakeup` is the one call libcurl allows from elsewhere, made under the mailbox's lock
/// so that it never meets a handle that is gone.
final class TransferLoop: @unchecked Sendable {
  private enum Order {
    case add(Transfer, CheckedContinuation<Transfer.Head, any Error>)
    case cancel(Transfer)
  }

  private struct Mailbox {
    var orders: [Order] = []
    var stopping = false
    var closed = false
  }

  private let multi: UnsafeMutableRawPointer
  private let mailbox = Mutex(Mailbox())
  /// The loop's thread only, by the easy handle's address.
  private var running: [UnsafeMutableRawPointer: Transfer] = [:]

  private static let initialised: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init(maximumConnectionsPerHost: Int) {
    precondition(Self.initialised, "libcurl cannot be initialised")
    guard let multi = curl_multi_init() else { fatalError("libcurl has no memory for a client") }
    self.multi = multi
    _ = lauter_curl_multi_set_long(
      multi, CURLMOPT_MAX_HOST_CONNECTIONS, maximumConnectionsPerHost)
    _ = lauter_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 2 * maximumConnectionsPerHost)
  }

  func start() {
    let thread = Thread { self.run() }
    thread.name = "http"
    thread.start()
  }

  func stop() {
    mailbox.withLock {
      $0.stopping = true
      if !$0.closed { curl_multi_wakeup(multi) }
    }
  }

  func add(_ transfer: Transfer, _ continuation: CheckedContinuation<Transfer.Head, any Error>) {
    post(.add(transfer, continuation))
  }

  func cancel(_ transfer: Transfer) {
    transfer.cancelled.store(true, ordering: .releasing)
    post(.cancel(transfer))
  }

  private func post(_ order: Order) {
    mailbox.withLock {
      $0.orders.append(order)
      if !$0.closed { curl_multi_wakeup(multi) }
    }
  }

  private func run() {
    while true {
      let (orders, stopping) = mailbox.withLock { mailbox in
        defer { mailbox.orders = [] }
        return (mailbox.orders, mailbox.stopping)
      }
      for order in orders { obey(order) }
      if stopping { break }
      var active: Int32 = 0
      curl_multi_perform(multi, &active)
      reap()
      curl_multi_poll(multi, nil, 0, 10_000, nil)
    }
    for transfer in Array(running.values) { abandon(transfer) }
    mailbox.withLock { $0.closed = true }
    curl_multi_cleanup(multi)
  }

  private func obey(_ order: Order) {
    switch order {
    case .add(let transfer, let continuation):
      guard let easy = transfer.start(continuation) else { return }
      running[easy] = transfer
      if curl_multi_add_handle(multi, easy) != CURLM_OK {
        running[easy] = nil
        transfer.finish(throwing: HTTPError(.invalidRequest, "libcurl does not take the request"))
      }
    case .cancel(let transfer):
      abandon(transfer)
    }
  }

  private func abandon(_ transfer: Transfer) {
    // Not running: finished, or cancelled before it was added and then refused by `start`.
    guard let easy = transfer.handle, running.removeValue(forKey: easy) != nil else { return }
    curl_multi_remove_handle(multi, easy)
    transfer.finish(
      throwing: HTTPError(.cancelled, "the request to \(transfer.place) was cancelled"))
  }

  private func reap() {
    var queued: Int32 = 0
    while let message = curl_multi_info_read(multi, &queued) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else {
        continue
      }
      let code = message.pointee.data.result
      curl_multi_remove_handle(multi, easy)
      running.removeValue(forKey: easy)?.finish(code)
    }
  }
}
