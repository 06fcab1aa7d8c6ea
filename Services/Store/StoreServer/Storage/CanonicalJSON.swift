import Foundation
package import Schema

/// The one spelling of a record's fields and metadata as JSON: keys in the order of their UTF-8 bytes,
/// no white space, only `"`, `\\` and control characters escaped.
///
/// Equal contents have equal bytes, which is what tells an unchanged record from a changed one and what
/// the id of a record without one is derived from.
package enum CanonicalJSON {
  package static func text(fields: [String: String]) -> String {
    object(fields) { write($1, to: &$0) }
  }

  /// - Precondition: numbers are finite.
  package static func text(metadata: [String: MetadataValue]) -> String {
    object(metadata) { out, value in
      switch value {
      case .text(let text): write(text, to: &out)
      case .number(let number): out.append(contentsOf: number.description.utf8)
      case .flag(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
      }
    }
  }

  static func fields(_ text: String) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
  }

  static func metadata(_ text: String) throws -> [String: MetadataValue] {
    if text == "{}" { return [:] }
    return try JSONDecoder().decode([String: DecodedValue].self, from: Data(text.utf8))
      .mapValues(\.value)
  }

  private struct DecodedValue: Decodable {
    var value: MetadataValue

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        value = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        value = .number(number)
      } else {
        value = .text(try container.decode(String.self))
      }
    }
  }

  private static func object<V>(
    _ values: [String: V], _ write: (inout [UInt8], V) -> Void
  ) -> String {
    var out: [UInt8] = [UInt8(ascii: "{")]
    let pairs = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (index, pair) in pairs.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      self.write(pair.key, to: &out)
      out.append(UInt8(ascii: ":"))
      write(&out, pair.value)
    }
    out.append(UInt8(ascii: "}"))
    return String(decoding: out, as: UTF8.self)
  }

  private static func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        out.append(UInt8(ascii: "\\"))
        out.append(byte)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        out.append(contentsOf: "\\u00".utf8)
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
      default:
        out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
