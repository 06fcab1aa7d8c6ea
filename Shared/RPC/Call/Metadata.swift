/// Key-value pairs that travel beside a call's messages: an ordered multimap.
///
/// Keys are lower-cased ASCII; keys that end in `-bin` carry bytes, all others printable ASCII
/// (grpc/grpc `doc/PROTOCOL-HTTP2.md`, "Custom-Metadata").
public struct Metadata: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
      case text(String)
      case binary([UInt8])
    }

    public let key: String
    public let value: Value
  }

  private var entries: [Entry] = []

  public init() {}

  /// Adds `value` under `key`, after what is already there.
  ///
  /// Precondition: `key` consists of letters, digits, `_`, `-` and `.`, and does not end in
  /// `-bin`. Characters of `value` that may not stand in an HTTP field are sent as `?`.
  public mutating func add(_ value: String, for key: String) {
    let key = Metadata.checked(key)
    precondition(
      !key.hasSuffix("-bin"), "metadata key '\(key)' carries bytes: use add(binary:for:)")
    entries.append(Entry(key: key, value: .text(value)))
  }

  /// Adds `value` under `key`. Precondition: `key` ends in `-bin`.
  public mutating func add(binary value: [UInt8], for key: String) {
    let key = Metadata.checked(key)
    precondition(key.hasSuffix("-bin"), "metadata key '\(key)' carries text: its name lacks '-bin'")
    entries.append(Entry(key: key, value: .binary(value)))
  }

  public mutating func add(contentsOf other: Metadata) {
    entries.append(contentsOf: other.entries)
  }

  /// Adds an entry as it came over the wire.
  mutating func append(_ entry: Entry) { entries.append(entry) }

  public mutating func removeAll(_ key: String) {
    let key = Metadata.normalized(key)
    entries.removeAll { $0.key == key }
  }

  /// The first text under `key`; setting replaces every value of the key.
  public subscript(key: String) -> String? {
    get {
      let key = Metadata.normalized(key)
      for entry in entries where entry.key == key {
        if case .text(let text) = entry.value { return text }
      }
      return nil
    }
    set {
      removeAll(key)
      if let newValue { add(newValue, for: key) }
    }
  }

  /// Every text under `key`, in the order sent.
  public subscript(all key: String) -> [String] {
    let key = Metadata.normalized(key)
    return entries.compactMap {
      if $0.key == key, case .text(let text) = $0.value { text } else { nil }
    }
  }

  /// Every byte value under `key`, in the order sent.
  public subscript(binary key: String) -> [[UInt8]] {
    let key = Metadata.normalized(key)
    return entries.compactMap {
      if $0.key == key, case .binary(let bytes) = $0.value { bytes } else { nil }
    }
  }

  private static func normalized(_ key: String) -> String {
    key.utf8.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
      ? key.lowercased() : key
  }

  private static func checked(_ key: String) -> String {
    let key = normalized(key)
    precondition(
      !key.isEmpty
        && key.utf8.allSatisfy {
          switch $0 {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
          default: false
          }
        },
      "metadata key '\(key)' may hold letters, digits, '_', '-' and '.' only")
    return key
  }
}

extension Metadata: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { entries.count }
  public subscript(position: Int) -> Entry { entries[position] }
}

extension Metadata: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    for (key, value) in elements { add(value, for: key) }
  }
}
