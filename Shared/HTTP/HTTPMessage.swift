import CCurl

/// A request as libcurl is to send it.
public struct HTTPRequest: Sendable {
  public enum Method: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  public enum RedirectPolicy: Sendable, Hashable {
    /// A 3xx answer is the response.
    case none
    /// Follows up to so many; never from `https` to `http`, and without `Authorization` to another host.
    case follow(maximum: Int)
  }

  public var method: Method
  /// Absolute, `http` or `https`. A certificate is always verified.
  public var url: String
  public var headers: HTTPHeaders
  public var body: [UInt8]
  /// From the first byte sent to the last received. In a download: the longest time without a byte.
  public var timeout: Duration
  public var connectTimeout: Duration
  /// Counted after decompression. Not applied to downloads, which have a limit of their own.
  public var maximumResponseBytes: Int
  public var redirects: RedirectPolicy

  public init(
    _ method: Method = .get, _ url: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
    timeout: Duration = .seconds(60), connectTimeout: Duration = .seconds(10),
    maximumResponseBytes: Int = 16 << 20, redirects: RedirectPolicy = .follow(maximum: 5)
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.connectTimeout = connectTimeout
    self.maximumResponseBytes = maximumResponseBytes
    self.redirects = redirects
  }
}

/// Header fields in the order they are sent or were received. Names are compared without regard to case.
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral, Sequence {
  public struct Field: Sendable, Hashable {
    public var name: String
    public var value: String
  }

  package private(set) var fields: [Field] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// The first value of the name. Setting replaces every value; setting `nil` removes them.
  public subscript(_ name: String) -> String? {
    get {
      let name = name.lowercased()
      return fields.first { $0.name.lowercased() == name }?.value
    }
    set {
      let lowercased = name.lowercased()
      fields.removeAll { $0.name.lowercased() == lowercased }
      if let newValue { add(name, newValue) }
    }
  }

  public func makeIterator() -> IndexingIterator<[Field]> { fields.makeIterator() }
}

/// The answer to a request, whatever its status: a 500 is a response, not an error.
public struct HTTPResponse: Sendable {
  public var status: Int
  /// Of the last response, if redirects were followed.
  public var headers: HTTPHeaders
  public var body: [UInt8]

  public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// How long the server asks to wait (RFC 9110, section 10.2.3: seconds or a date); `nil` where it
  /// does not say or what it says cannot be read. Never negative.
  ///
  /// - Parameter now: seconds since the Unix epoch, for a `Retry-After` that is a date.
  public func retryAfter(now: Double) -> Duration? {
    guard let value = headers["Retry-After"]?.trimmingSpaces, !value.isEmpty else { return nil }
    if let seconds = Double(value) {
      return seconds.isFinite ? .seconds(Swift.min(Swift.max(0, seconds), 1e9)) : nil
    }
    let date = curl_getdate(value, nil)
    return date < 0 ? nil : .seconds(Swift.max(0, Double(date) - now))
  }
}

/// What kept a request from being answered. The message names the host and path, never the query, the
/// user info or a header.
public struct HTTPError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: String, Sendable, Hashable {
    /// The request itself is wrong: the URL or a header.
    case invalidRequest
    /// The host's name is unknown.
    case resolve
    /// No connection: refused, unreachable.
    case connect
    /// No secure connection: the certificate or the handshake.
    case tls
    /// No complete answer in time.
    case timeout
    /// The connection broke before the answer was complete.
    case connectionLost
    /// The answer is larger than allowed.
    case tooLarge
    /// More redirects than allowed, or one to a place not allowed.
    case redirect
    /// The answer is not HTTP as it should be.
    case malformedResponse
    /// A download was answered with an error status.
    case status
    /// A download could not be written.
    case file
    /// The task was cancelled, or the client is gone.
    case cancelled
  }

  public var code: Code
  public var message: String
  /// The HTTP status, where the code is `status`.
  public var status: Int?

  public init(_ code: Code, _ message: String, status: Int? = nil) {
    self.code = code
    self.message = message
    self.status = status
  }

  public var description: String { message }
}

extension StringProtocol {
  var trimmingSpaces: String {
    var view = Substring(self)[...]
    while let first = view.unicodeScalars.first,
      first == " " || first == "\t" || first == "\r"
        || first == "\n"
    { view.unicodeScalars.removeFirst() }
    while let last = view.unicodeScalars.last,
      last == " " || last == "\t" || last == "\r"
        || last == "\n"
    { view.unicodeScalars.removeLast() }
    return String(view)
  }
}
