// The types of google/protobuf/*.proto that have a JSON form of their own (protobuf.dev, "ProtoJSON Format").
import Descriptors
import StrictJSON

/// A type with a JSON form of its own.
enum WellKnown: String {
  case any = "Any"
  case timestamp = "Timestamp"
  case duration = "Duration"
  case fieldMask = "FieldMask"
  case object = "Struct"
  case value = "Value"
  case list = "ListValue"
  /// One value and its presence: `Int64Value` and the like.
  case wrapper

  private static let wrappers: Set<String> = [
    "DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value",
    "BoolValue", "StringValue", "BytesValue",
  ]

  init?(message name: String) {
    guard let short = WellKnown.shortName(name) else { return nil }
    if WellKnown.wrappers.contains(short) { self = .wrapper } else { self.init(rawValue: short) }
  }

  private static func shortName(_ name: String) -> String? {
    let package = "google.protobuf."
    return name.hasPrefix(package) ? String(name.dropFirst(package.count)) : nil
  }

  /// The enum whose one value is JSON's null.
  static let null = "google.protobuf.NullValue"

  /// Whether JSON's null is a value of the field, and not its absence.
  static func takesNull(_ kind: Field.Kind) -> Bool {
    switch kind {
    case .message("google.protobuf.Value"), .enumeration(WellKnown.null): true
    default: false
    }
  }
}

// MARK: From the wire

extension MessageTypes {
  func decode(
    _ form: WellKnown, _ bytes: ArraySlice<UInt8>, _ known: Known, at path: Path, depth: Int
  ) throws(MessageError) -> JSON {
    let fields = known.type.fields
    switch form {
    case .any: return try decodeAny(bytes, known, at: path, depth: depth)
    case .timestamp, .duration:
      let (seconds, nanos) = try time(bytes, known, at: path)
      let text =
        form == .timestamp
        ? Timestamp.text(seconds: seconds, nanos: nanos)
        : Seconds.text(seconds: seconds, nanos: nanos)
      guard let text else { throw path.error("out of the range of \(known.type.fullName)") }
      return .string(text)
    case .fieldMask:
      let paths = try members(bytes, known, at: path, depth: depth)[1]?.array ?? []
      var names: [String] = []
      for case .string(let name) in paths {
        guard let camel = FieldPath.camel(name) else {
          throw path.error("a path that has no form in JSON")
        }
        names.append(camel)
      }
      return .string(names.joined(separator: ","))
    case .object: return try members(bytes, known, at: path, depth: depth)[1] ?? .object([])
    case .list: return try members(bytes, known, at: path, depth: depth)[1] ?? .array([])
    case .value:
      guard let json = try members(bytes, known, at: path, depth: depth).values.first else {
        return .null
      }
      // JSON's own numbers know no infinity, and a string would be another value.
      guard !isSpecialNumber(json, bytes) else {
        throw path.error("a number that JSON cannot hold")
      }
      return json
    case .wrapper:
      if let json = try members(bytes, known, at: path, depth: depth)[1] { return json }
      return try decode(zeroOf: fields[0].kind, at: path)
    }
  }

  /// Whether a `Value` is NaN or infinite: its number, which was given as text.
  private func isSpecialNumber(_ json: JSON, _ bytes: ArraySlice<UInt8>) -> Bool {
    guard case .string = json else { return false }
    var rest = bytes
    var last = 0
    while let (number, _) = WireValue.next(&rest) { last = number }
    return last == 2
  }

  private func decodeAny(
    _ bytes: ArraySlice<UInt8>, _ known: Known, at path: Path, depth: Int
  ) throws(MessageError) -> JSON {
    var rest = bytes
    var url = ""
    var value: ArraySlice<UInt8> = []
    while !rest.isEmpty {
      guard let (number, found) = WireValue.next(&rest) else {
        throw path.error("the bytes are no \(known.type.fullName)")
      }
      guard case .bytes(let bytes) = found else { continue }
      switch number {
      case 1: url = String(decoding: bytes, as: UTF8.self)
      case 2: value = bytes
      default: break
      }
    }
    if url.isEmpty, value.isEmpty { return .object([]) }
    let name = try typeName(url, at: path)
    let json = try decode(value, message: name, at: path, depth: depth + 1)
    let type = JSON.Member("@type", .string(url))
    if WellKnown(message: name) != nil { return .object([type, .init("value", json)]) }
    return .object([type] + (json.members ?? []))
  }

  private func typeName(_ url: String, at path: Path) throws(MessageError) -> String {
    guard let slash = url.lastIndex(of: "/"), url.index(after: slash) < url.endIndex else {
      throw path.error("'@type' is a URL that ends in a message's full name")
    }
    return String(url[url.index(after: slash)...])
  }

  private func time(
    _ bytes: ArraySlice<UInt8>, _ known: Known, at path: Path
  ) throws(MessageError) -> (seconds: Int64, nanos: Int32) {
    var rest = bytes
    var (seconds, nanos) = (Int64(0), Int32(0))
    while !rest.isEmpty {
      guard let (number, value) = WireValue.next(&rest) else {
        throw path.error("the bytes are no \(known.type.fullName)")
      }
      guard case .varint(let bits) = value else { continue }
      if number == 1 { seconds = Int64(bitPattern: bits) }
      if number == 2 { nanos = Int32(truncatingIfNeeded: bits) }
    }
    return (seconds, nanos)
  }
}

// MARK: To the wire

extension MessageTypes {
  func encode(
    _ form: WellKnown, _ json: JSON, _ known: Known, at path: Path, depth: Int
  ) throws(MessageError) -> [UInt8] {
    let fields = known.type.fields
    var output: [UInt8] = []
    func append(_ number: Int, _ json: JSON) throws(MessageError) {
      guard let field = known.fieldsByNumber[number] else {
        throw path.error("the server describes another \(known.type.fullName)")
      }
      try self.append(json, field, of: known, at: path, depth: depth, to: &output)
    }
    switch form {
    case .any: return try encodeAny(json, known, at: path, depth: depth)
    case .timestamp, .duration:
      let time =
        json.string.flatMap {
          form == .timestamp ? Timestamp.parse($0) : Seconds.parse($0)
        }
      guard let time else {
        throw path.error(
          form == .timestamp
            ? "expected a time such as \"2026-01-31T12:00:00.5Z\""
            : "expected a duration in seconds such as \"1.5s\"")
      }
      try append(1, .of(time.seconds))
      try append(2, .of(Int64(time.nanos)))
    case .fieldMask:
      guard case .string(let text) = json else {
        throw path.error("expected a string of paths, found \(json.kind)")
      }
      try append(
        1, .array(text.split(separator: ",").map { .string(FieldPath.snake(String($0))) }))
    case .object, .list: try append(1, json)
    case .value:
      switch json {
      case .null: try append(1, .of(0))
      case .number: try append(2, json)
      case .string: try append(3, json)
      case .bool: try append(4, json)
      case .object: try append(5, json)
      case .array: try append(6, json)
      }
    case .wrapper: try append(fields[0].number, json)
    }
    return output
  }

  private func encodeAny(
    _ json: JSON, _ known: Known, at path: Path, depth: Int
  ) throws(MessageError) -> [UInt8] {
    guard case .object(var members) = json else {
      throw path.error("expected an object with '@type', found \(json.kind)")
    }
    if members.isEmpty { return [] }
    guard let place = members.firstIndex(where: { $0.key == "@type" }),
      case .string(let url) = members.remove(at: place).value
    else { throw path.error("expected an object with '@type'") }
    let name = try typeName(url, at: path)
    let content: JSON
    if WellKnown(message: name) != nil {
      guard members.count == 1, members[0].key == "value" else {
        throw path.error("\(name) goes into 'value' beside '@type'")
      }
      content = members[0].value
    } else {
      content = .object(members)
    }
    var output: [UInt8] = []
    let bytes = try encode(content, message: name, at: path, depth: depth + 1)
    output.append(tag: 1, 2)
    output.append(counted: Array(url.utf8))
    if !bytes.isEmpty {
      output.append(tag: 2, 2)
      output.append(counted: bytes)
    }
    return output
  }
}

// MARK: Spellings

/// `1.5s`: seconds and nanoseconds of one sign.
enum Seconds {
  private static let most: Int64 = 315_576_000_000

  static func text(seconds: Int64, nanos: Int32) -> String? {
    guard (-most...most).contains(seconds), nanos.magnitude < 1_000_000_000,
      seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0)
    else { return nil }
    let sign = seconds < 0 || nanos < 0 ? "-" : ""
    return "\(sign)\(seconds.magnitude)\(Fraction.text(Int64(nanos.magnitude)))s"
  }

  static func parse(_ text: String) -> (seconds: Int64, nanos: Int32)? {
    guard let match = text.wholeMatch(of: /(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s/),
      let seconds = Int64(match.2), seconds <= most
    else { return nil }
    let nanos = Fraction.nanos(match.3)
    return match.1.isEmpty ? (seconds, nanos) : (-seconds, -nanos)
  }
}

/// `2026-01-31T12:00:00.5Z` (RFC 3339), in the years 1 to 9999.
enum Timestamp {
  private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

  static func text(seconds: Int64, nanos: Int32) -> String? {
    guard range.contains(seconds), (0..<1_000_000_000).contains(nanos) else { return nil }
    let day = seconds.floorDivided(by: 86_400)
    let (year, month, date) = civil(day)
    let second = seconds - day * 86_400
    func pad(_ value: Int64, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(date, 2))T\(pad(second / 3600, 2)):"
      + "\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))\(Fraction.text(Int64(nanos)))Z"
  }

  static func parse(_ text: String) -> (seconds: Int64, nanos: Int32)? {
    let form =
      /([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+\-])([0-9]{2}):([0-9]{2}))/
    guard let match = text.wholeMatch(of: form),
      let year = Int64(match.1), let month = Int64(match.2), let date = Int64(match.3),
      let hour = Int64(match.4), let minute = Int64(match.5), let second = Int64(match.6),
      hour < 24, minute < 60, second < 60
    else { return nil }
    let day = days(year, month, date)
    guard civil(day) == (year, month, date) else { return nil }
    var seconds = day * 86_400 + hour * 3600 + minute * 60 + second
    if let sign = match.8, let hours = match.9.flatMap({ Int64($0) }),
      let minutes = match.10.flatMap({ Int64($0) })
    {
      guard hours < 24, minutes < 60 else { return nil }
      let offset = hours * 3600 + minutes * 60
      seconds += sign == "-" ? offset : -offset
    }
    guard range.contains(seconds) else { return nil }
    return (seconds, Fraction.nanos(match.7))
  }

  /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back (Howard Hinnant,
  /// "chrono-Compatible Low-Level Date Algorithms").
  private static func days(_ year: Int64, _ month: Int64, _ date: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year.floorDivided(by: 400)
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(_ day: Int64) -> (year: Int64, month: Int64, date: Int64) {
    let shifted = day + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    self >= 0 ? self / divisor : (self - divisor + 1) / divisor
  }
}

/// Nanoseconds after the point: none, three, six or nine digits.
private enum Fraction {
  static func text(_ nanos: Int64) -> String {
    guard nanos > 0 else { return "" }
    let digits = String(1_000_000_000 + nanos).dropFirst()
    let count = nanos % 1_000_000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9
    return "." + digits.prefix(count)
  }

  static func nanos(_ digits: Substring?) -> Int32 {
    guard let digits else { return 0 }
    return Int32(digits + String(repeating: "0", count: 9 - digits.count)) ?? 0
  }
}

/// A field's path: `user_name.id` in the contract, `userName.id` in JSON.
private enum FieldPath {
  /// Nil where the way back would not lead here.
  static func camel(_ path: String) -> String? {
    var result = ""
    var isUpper = false
    for character in path {
      if character == "_" {
        guard !isUpper else { return nil }
        isUpper = true
      } else if isUpper {
        guard character.isLowercase else { return nil }
        result += character.uppercased()
        isUpper = false
      } else {
        guard !character.isUppercase else { return nil }
        result.append(character)
      }
    }
    return isUpper ? nil : result
  }

  static func snake(_ path: String) -> String {
    path.reduce(into: "") { result, character in
      if character.isUppercase {
        result += "_" + character.lowercased()
      } else {
        result.append(character)
      }
    }
  }
}
