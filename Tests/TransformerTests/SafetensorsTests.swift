import Foundation
import Testing
import Transformer

@Suite("Safetensors")
struct SafetensorsTests {
  /// A file of that header and so many bytes of data.
  private func write(_ header: String, data: Int, length: UInt64? = nil, _ folder: URL) throws
    -> URL
  {
    let url = folder.appending(path: "x.safetensors")
    var bytes = Data()
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) {
      bytes.append(contentsOf: $0)
    }
    bytes.append(contentsOf: header.utf8)
    bytes.append(contentsOf: (0..<data).map { UInt8(truncatingIfNeeded: $0) })
    try bytes.write(to: url)
    return url
  }

  @Test("What was written is read back", arguments: [1, 3, 8])
  func roundTrip(_ count: Int) throws {
    try TestFolders.withTemporary { folder in
      let url = folder.appending(path: "head.safetensors")
      let values = (0..<count * 2).map { Float($0) * 0.1 - 1 }
      let special: [Float] = [.infinity, -0.0, .leastNonzeroMagnitude]
      try Safetensors.write(
        tensors: [
          ("weight", [count, 2], values), ("special \"\\\n", [3], special), ("none", [0, 4], []),
          ("scalar", [], [7]),
        ],
        metadata: ["format": "pt", "a": "b"], to: url)
      let file = try SafetensorsFile(url)
      #expect(file.metadata == ["format": "pt", "a": "b"])
      #expect(try file.shape(of: "weight") == [count, 2])
      #expect(try file.floats("weight") == values)
      #expect(try file.floats("special \"\\\n").map(\.bitPattern) == special.map(\.bitPattern))
      #expect(try file.floats("none").isEmpty)
      #expect(try file.shape(of: "none") == [0, 4])
      #expect(try file.floats("scalar") == [7])
      #expect(try file.shape(of: "scalar") == [])
      let bytes = try Data(contentsOf: url)
      #expect(bytes[0] % 8 == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["head.safetensors"])
    }
  }

  @Test("F16 and BF16 are widened exactly")
  func halves() throws {
    try TestFolders.withTemporary { folder in
      let patterns = (0...UInt16.max).map { $0 }
      let bytes = patterns.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
      let url = folder.appending(path: "x.safetensors")
      let header =
        #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]},"#
        + #""b":{"dtype":"BF16","shape":[256,256],"data_offsets":[131072,262144]}}"#
      var file = Data(withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init))
      file.append(contentsOf: header.utf8)
      file.append(contentsOf: bytes + bytes)
      try file.write(to: url)
      let tensors = try SafetensorsFile(url)
      for (pattern, value) in zip(patterns, try tensors.floats("h")) {
        #expect(value.bitPattern == Self.reference(half: pattern), "\(pattern)")
      }
      #expect(try tensors.floats("b").map(\.bitPattern) == patterns.map { UInt32($0) << 16 })
    }
  }

  /// By the definition of IEEE 754's binary16, through doubles.
  private static func reference(half: UInt16) -> UInt32 {
    let sign: Double = half & 0x8000 == 0 ? 1 : -1
    let exponent = Int(half >> 10 & 0x1F)
    let fraction = Double(half & 0x3FF)
    if exponent == 31 {
      return UInt32(half & 0x8000) << 16 | 0x7F80_0000 | UInt32(half & 0x3FF) << 13
    }
    let magnitude =
      exponent == 0
      ? fraction * 0x1p-24
      : (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    return Float(sign * magnitude).bitPattern
  }

  /// Each as the reference library rejects it.
  static let invalid: [(header: String, data: Int, says: String)] = [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "hole"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}"#,
      20, "hole"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      12, "overlaps"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "belong to no tensor"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "cut short"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "12 bytes by its shape"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}"#,
      8, "\"a\" occurs twice"
    ),
    (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown dtype 'F33'"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "dimension"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "too large"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "data_offsets"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, 8,
      "data_offsets"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"offsets":[0,8]}}"#, 8, "unknown field"),
    (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "no dtype"),
    (#"{"__metadata__":{"a":1}}"#, 0, "metadata"),
    (#"{"a":1}"#, 0, "not a JSON object"),
    (#"[]"#, 0, "not a JSON object"),
    (#"{"a":"#, 0, "not valid JSON"),
    ("", 0, "not valid JSON"),
  ]

  @Test("Invalid files are refused with the reason", arguments: 0..<invalid.count)
  func refused(_ index: Int) throws {
    let (header, data, says) = Self.invalid[index]
    try TestFolders.withTemporary { folder in
      let url = try write(header, data: data, folder)
      #expect { try SafetensorsFile(url) } throws: { "\($0)".contains(says) }
    }
  }

  @Test("A header length over the cap or the file is refused")
  func headerLength() throws {
    try TestFolders.withTemporary { folder in
      var url = try write("{}", data: 0, length: 100_000_001, folder)
      #expect { try SafetensorsFile(url) } throws: { "\($0)".contains("over the 100000000") }
      url = try write("{}", data: 0, length: .max, folder)
      #expect { try SafetensorsFile(url) } throws: { "\($0)".contains("over the 100000000") }
      url = try write("{}", data: 0, length: 3, folder)
      #expect { try SafetensorsFile(url) } throws: { "\($0)".contains("cut short") }
      try Data([1, 2, 3]).write(to: url)
      #expect { try SafetensorsFile(url) } throws: { "\($0)".contains("3 bytes") }
      #expect { try SafetensorsFile(folder.appending(path: "none")) } throws: {
        "\($0)".contains("cannot be opened")
      }
    }
  }

  @Test("Space round the header is padding, and prefixed names are found")
  func prefixes() throws {
    try TestFolders.withTemporary { folder in
      let url = try write(
        #"{"bert.a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
          + #""embeddings.position_ids":{"dtype":"I64","shape":[1],"data_offsets":[4,12]}}   "#,
        data: 12, folder)
      let file = try SafetensorsFile(url)
      #expect(try file.shape(of: "a") == [1])
      #expect(!file.contains("b"))
      #expect { try file.floats("embeddings.position_ids") } throws: {
        "\($0)".contains("holds I64")
      }
      #expect { try file.floats("b") } throws: { "\($0)".contains("no tensor 'b'") }
    }
  }

  @Test("Writing refuses what could not be read")
  func writing() throws {
    try TestFolders.withTemporary { folder in
      let url = folder.appending(path: "x.safetensors")
      #expect(throws: EncoderError.self) {
        try Safetensors.write(tensors: [("a", [2], [1])], to: url)
      }
      #expect(throws: EncoderError.self) {
        try Safetensors.write(tensors: [("a", [1], [1]), ("a", [1], [1])], to: url)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path())
      #expect(left.isEmpty)
    }
  }
}
