import CCurl
import Foundation
import Synchronization

/// One request on its way. Made by the caller, then touched by the loop's thread alone; only
/// `cancelled` is shared.
final class Transfer: @unchecked Sendable {
  struct Head: Sendable {
    var status: Int
    var headers: HTTPHeaders
  }

  let request: HTTPRequest
  /// The URL for messages: without user info, query and fragment.
  let place: String
  let cancelled = Atomic(false)

  private let sink: any Sink
  private let isDownload: Bool
  private var easy: OpaquePointerToCurl?
  private var headerList: UnsafeMutablePointer<curl_slist>?
  private var errorText: UnsafeMutablePointer<CChar>?
  private var continuation: CheckedContinuation<Head, any Error>?
  private var headers = HTTPHeaders()
  private var headerBytes = 0
  private var begun = false
  /// Why a callback of ours ended the transfer.
  private var refusal: HTTPError?

  init(_ request: HTTPRequest, sink: any Sink, isDownload: Bool = false) {
    self.request = request
    self.sink = sink
    self.isDownload = isDownload
    place = Self.redact(request.url)
  }

  deinit { release() }

  /// Takes the continuation and makes the handle ready to be added to the multi handle.
  ///
  /// - Returns: `nil` if the request is wrong; the caller has then been told.
  func start(_ continuation: CheckedContinuation<Head, any Error>) -> OpaquePointerToCurl? {
    self.continuation = continuation
    if cancelled.load(ordering: .acquiring) {
      finish(throwing: HTTPError(.cancelled, "the request to \(place) was cancelled"))
      return nil
    }
    do throws(HTTPError) {
      try checkRequest()
      guard let easy = curl_easy_init() else {
        throw HTTPError(.invalidRequest, "libcurl has no memory for a request")
      }
      self.easy = easy
      try configure(easy)
      return easy
    } catch {
      finish(throwing: error)
      return nil
    }
  }

  /// libcurl is done with the handle, which has been removed from the multi handle.
  func finish(_ code: CURLcode) {
    guard let easy else { return }
    if let refusal {
      return finish(
        throwing: HTTPError(refusal.code, "\(place): \(refusal.message)", status: refusal.status))
    }
    guard code == CURLE_OK else { return finish(throwing: error(code)) }
    if !begun {
      // A response without a body.
      do throws(HTTPError) { try begin() } catch { return finish(throwing: error) }
    }
    let head = Head(status: status(easy), headers: headers)
    release()
    continuation?.resume(returning: head)
    continuation = nil
  }

  func finish(throwing error: HTTPError) {
    release()
    continuation?.resume(throwing: error)
    continuation = nil
  }

  var handle: OpaquePointerToCurl? { easy }

  private func release() {
    if let easy { curl_easy_cleanup(easy) }
    easy = nil
    curl_slist_free_all(headerList)
    headerList = nil
    errorText?.deallocate()
    errorText = nil
  }

  // MARK: Setting up

  private func checkRequest() throws(HTTPError) {
    let url = request.url.lowercased()
    guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
      throw HTTPError(.invalidRequest, "the URL '\(place)' does not start with http:// or https://")
    }
    guard !request.url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else {
      throw HTTPError(.invalidRequest, "the URL '\(place)' has a space or control character")
    }
    for field in request.headers {
      guard !field.name.isEmpty,
        field.name.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ":") })
      else { throw HTTPError(.invalidRequest, "a header has a name that is not allowed in HTTP") }
      guard !field.value.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else {
        throw HTTPError(
          .invalidRequest, "the value of the header '\(field.name)' has a line break or NUL")
      }
    }
  }

  private func configure(_ easy: OpaquePointerToCurl) throws(HTTPError) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    func set(_ option: CURLoption, _ value: Int) { _ = lauter_curl_set_long(easy, option, value) }

    guard lauter_curl_set_string(easy, CURLOPT_URL, request.url) == CURLE_OK else {
      throw HTTPError(.invalidRequest, "libcurl does not take the URL '\(place)'")
    }
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    let isSecure = request.url.lowercased().hasPrefix("https://")
    _ = lauter_curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    _ = lauter_curl_set_string(
      easy, CURLOPT_REDIR_PROTOCOLS_STR, isSecure ? "https" : "http,https")
    if let file = ProcessInfo.processInfo.environment["SSL_CERT_FILE"], !file.isEmpty {
      _ = lauter_curl_set_string(easy, CURLOPT_CAINFO, file)
    }
    let environment = ProcessInfo.processInfo.environment
    let noProxy = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
    // A proxy for the outside world cannot reach this machine's loopback.
    _ = lauter_curl_set_string(
      easy, CURLOPT_NOPROXY, noProxy == "*" ? "*" : "localhost,127.0.0.1,::1,\(noProxy)")

    set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectTimeout.milliseconds))
    if isDownload {
      set(CURLOPT_LOW_SPEED_LIMIT, 1)
      set(CURLOPT_LOW_SPEED_TIME, max(1, request.timeout.milliseconds / 1000))
    } else {
      set(CURLOPT_TIMEOUT_MS, max(1, request.timeout.milliseconds))
      // Every encoding libcurl can undo. A download keeps the bytes as they are, for ranges and digests.
      _ = lauter_curl_set_string(easy, CURLOPT_ACCEPT_ENCODING, "")
    }

    switch request.redirects {
    case .none: set(CURLOPT_FOLLOWLOCATION, 0)
    case .follow(let maximum):
      set(CURLOPT_FOLLOWLOCATION, 1)
      set(CURLOPT_MAXREDIRS, maximum)
    }

    switch request.method {
    case .get: set(CURLOPT_HTTPGET, 1)
    case .head: set(CURLOPT_NOBODY, 1)
    case .post, .put, .patch, .delete:
      if request.method != .delete || !request.body.isEmpty {
        _ = lauter_curl_set_offset(
          easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
        request.body.withUnsafeBytes { bytes in
          // libcurl copies as many bytes as it was told, but refuses a null pointer.
          var nothing: UInt8 = 0
          withUnsafeMutablePointer(to: &nothing) { empty in
            let start = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:))
            _ = lauter_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start ?? .init(empty))
          }
        }
      }
      if request.method != .post {
        _ = lauter_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
      }
    }

    // "Expect: 100-continue" costs a round trip and some servers never answer it.
    headerList = curl_slist_append(headerList, "Expect:")
    for field in request.headers {
      headerList = curl_slist_append(
        headerList, field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
    }
    if request.headers["User-Agent"] == nil {
      headerList = curl_slist_append(headerList, "User-Agent: lauter")
    }
    _ = lauter_curl_set_list(easy, CURLOPT_HTTPHEADER, headerList)

    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    self.errorText = errorText
    _ = lauter_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    _ = lauter_curl_set_pointer(easy, CURLOPT_PRIVATE, context)

    _ = lauter_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
    _ = lauter_curl_set_callback(easy, CURLOPT_HEADERFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      let line = UnsafeRawBufferPointer(start: data, count: size * count)
      return transfer.receive(header: line) ? size * count : 0
    }
    _ = lauter_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
    _ = lauter_curl_set_callback(easy, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      guard let data, let context else { return 0 }
      let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      let chunk = UnsafeRawBufferPointer(start: data, count: size * count)
      return transfer.receive(body: chunk) ? size * count : 0
    }
  }

  // MARK: Receiving

  private func receive(header line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= 1 << 20 else {
      refusal = HTTPError(.tooLarge, "sent more than a megabyte of headers")
      return false
    }
    let text = String(decoding: line, as: UTF8.self)
    if text.hasPrefix("HTTP/") {
      // Another response: after "100 Continue" or a redirect.
      headers = HTTPHeaders()
      begun = false
    } else if let colon = text.firstIndex(of: ":") {
      headers.add(
        text[..<colon].trimmingSpaces, text[text.index(after: colon)...].trimmingSpaces)
    }
    return true
  }

  private func receive(body chunk: UnsafeRawBufferPointer) -> Bool {
    do throws(HTTPError) {
      if !begun { try begin() }
      try sink.write(chunk)
      return true
    } catch {
      refusal = error
      return false
    }
  }

  private func begin() throws(HTTPError) {
    guard let easy else { return }
    begun = true
    try sink.begin(Head(status: status(easy), headers: headers))
  }

  private func status(_ easy: OpaquePointerToCurl) -> Int {
    var status = 0
    _ = lauter_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  // MARK: Saying what went wrong

  private func error(_ code: CURLcode) -> HTTPError {
    let detail = detail(code)
    return switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
      HTTPError(.resolve, "\(place): the host's name is unknown")
    case CURLE_COULDNT_CONNECT:
      HTTPError(.connect, "cannot connect to \(place) (\(detail)); is the server running?")
    case CURLE_OPERATION_TIMEDOUT:
      HTTPError(
        .timeout,
        isDownload
          ? "\(place) sent nothing for \(request.timeout)" : "\(place) did not answer in time")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_INITFAILED:
      HTTPError(.tls, "no secure connection to \(place) (\(detail))")
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
      HTTPError(.connectionLost, "the connection to \(place) broke (\(detail))")
    case CURLE_TOO_MANY_REDIRECTS:
      HTTPError(.redirect, "\(place) redirects too often")
    case CURLE_UNSUPPORTED_PROTOCOL where (300..<400).contains(easy.map(status) ?? 0):
      HTTPError(.redirect, "\(place) redirects to a protocol that is not allowed")
    case CURLE_URL_MALFORMAT:
      HTTPError(.invalidRequest, "'\(place)' is not a URL")
    case CURLE_FILESIZE_EXCEEDED:
      HTTPError(.tooLarge, "\(place) sent more than allowed")
    default:
      HTTPError(.malformedResponse, "the request to \(place) failed (\(detail))")
    }
  }

  /// libcurl's own words, unless they repeat a header's value or something of the URL's that is secret.
  private func detail(_ code: CURLcode) -> String {
    let general = String(cString: curl_easy_strerror(code))
    guard let errorText, errorText.pointee != 0 else { return general }
    let text = String(cString: errorText)
    let userInfo = request.url.split(separator: "@").dropLast().joined(separator: "@")
    let secrets =
      request.headers.map(\.value)
      + userInfo.split(whereSeparator: { ":/".contains($0) })
      .map(String.init) + request.url.split(separator: "?").dropFirst().map(String.init)
    return secrets.contains { $0.utf8.count >= 4 && text.contains($0) } ? general : text
  }

  private static func redact(_ url: String) -> String {
    guard let parts = curl_url() else { return "the URL" }
    defer { curl_url_cleanup(parts) }
    guard curl_url_set(parts, CURLUPART_URL, url, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK
    else { return "the URL" }
    for part in [
      CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY, CURLUPART_FRAGMENT,
    ] {
      curl_url_set(parts, part, nil, 0)
    }
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK, let text else {
      return "the URL"
    }
    defer { curl_free(text) }
    return String(cString: text)
  }
}

/// `CURL *`, which is `void *`.
typealias OpaquePointerToCurl = UnsafeMutableRawPointer

extension Duration {
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue)
      + Int(attoseconds / 1_000_000_000_000_000)
  }
}
