import Foundation
import StrictJSON

/// The services a client may talk to. Each contract stands alone: any of them may be elsewhere.
package enum Service: String, Sendable, CaseIterable {
  case store, inference, labeller, trainer

  package var defaultPort: Int {
    switch self {
    case .store: 7511
    case .labeller: 7512
    case .trainer: 7513
    case .inference: 7514
    }
  }

  /// As a sentence calls it.
  package var title: String { self == .inference ? "inference service" : rawValue }

  package var executable: String { "lauter-\(rawValue)" }

  /// `LAUTER_STORE`
  package var variable: String { "LAUTER_\(rawValue.uppercased())" }
}

/// Where each service listens, as `lauter up` writes it into the data folder's `endpoints.json`.
package struct Endpoints: Sendable, Hashable {
  /// `host:port` by service.
  package var addresses: [Service: String]

  package init(_ addresses: [Service: String] = [:]) { self.addresses = addresses }

  package static let defaults = Endpoints(
    Dictionary(
      uniqueKeysWithValues: Service.allCases.map { ($0, "127.0.0.1:\($0.defaultPort)") }))

  /// What was named wins over `endpoints.json` in the data folder, and that over the default ports.
  ///
  /// - Parameter named: from flags or, where there is none, environment variables.
  /// - Throws: `Failure` for an address that is none, or an `endpoints.json` that cannot be read.
  package static func resolve(named: [Service: String], folder: String) throws(Failure) -> Endpoints
  {
    var endpoints = defaults
    if Set(named.keys) != Set(Service.allCases), let running = try Endpoints(folder: folder) {
      endpoints.addresses.merge(running.addresses) { $1 }
    }
    for (service, address) in named {
      guard isAddress(address) else {
        throw Failure(
          .usage, "--\(service.rawValue) '\(address)' is not an address",
          hint: "an address is HOST:PORT, for example 127.0.0.1:\(service.defaultPort)")
      }
      endpoints.addresses[service] = address
    }
    return endpoints
  }

  /// `nil` where the folder has no `endpoints.json`: nothing runs there.
  package init?(folder: String) throws(Failure) {
    let path = folder + "/endpoints.json"
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    var addresses: [Service: String] = [:]
    if let json = try? JSON(parsing: data) {
      for service in Service.allCases {
        if let address = json[service.rawValue]?.string, Self.isAddress(address) {
          addresses[service] = address
        }
      }
    }
    guard !addresses.isEmpty else {
      throw Failure(
        .failed, "\(path) is damaged: it names no service's address",
        hint: "run 'lauter down', then 'lauter up'")
    }
    self.addresses = addresses
  }

  package func write(folder: String) throws {
    let json = JSON.object(
      Service.allCases.compactMap { service in
        addresses[service].map { JSON.Member(service.rawValue, .string($0)) }
      })
    try Data((json.text + "\n").utf8).write(
      to: URL(fileURLWithPath: folder + "/endpoints.json"), options: .atomic)
  }

  package static func isAddress(_ text: String) -> Bool {
    guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
      let port = Int(text[text.index(after: colon)...])
    else { return false }
    return (1...65535).contains(port) && !text.contains { $0.isWhitespace || $0 == "/" }
  }
}
