import CProtos
import RPC
import Testing
import Wire
import WireTestProtos

struct CodingTests {
  // MARK: Bytes that Google's protobuf for Python made (SerializeToString(deterministic=True))

  @Test func scalarsAsPythonWritesThem() throws {
    let message = TestV1.Scalars(
      doubleValue: -1.5, floatValue: 3.25, int32Value: -3, int64Value: 4, uint32Value: 5,
      uint64Value: .max, sint32Value: -7, sint64Value: -8, fixed32Value: 9, fixed64Value: 10,
      sfixed32Value: -11, sfixed64Value: -12, boolValue: true, stringValue: "ß",
      bytesValue: [0, 255], mood: .bad, kind: .kindOf)
    let python = hex(
      "09000000000000f8bf150000504018fdffffffffffffffff012004280530ffffffffffffffffff01380d400f"
        + "4d09000000510a000000000000005df5ffffff61f4ffffffffffffff68017202c39f7a0200ff"
        + "8001ffffffffffffffffff01f8ffffff0f01")
    #expect(try bytes(of: message) == python)
    #expect(try TestV1.Scalars(bytes: python) == message)
  }

  @Test func choicesAsPythonWritesThem() throws {
    // A chosen field is on the wire even where it is zero.
    let message = TestV1.Choices(
      any: .stringValue(""), score: 0, note: "n", blob: [], flag: true, feeling: .good,
      lonely: .only(0))
    let python = hex("320059000000000000000062016e6a0070017801800100")
    #expect(try bytes(of: message) == python)
    #expect(try TestV1.Choices(bytes: python) == message)
  }

  @Test func mapsAsPythonWritesThem() throws {
    let message = TestV1.Maps(
      texts: ["b": "2", "a": "1"], numbers: [-1: 0.5], nodes: [true: .init(name: "yes")])
    let python = hex(
      "0a060a01611201310a060a0162120132121408ffffffffffffffffff0111000000000000e03f"
        + "6209080112051a03796573")
    #expect(try bytes(of: message) == python)
    #expect(try TestV1.Maps(bytes: python) == message)
  }

  @Test func repeatsAsPythonWritesThem() throws {
    let message = TestV1.Repeats(
      floats: [1, 2], sint64s: [-1, 1], bools: [true, false], strings: ["", "a"],
      moods: [.bad, .unspecified], loose: [1, 2])
    let python = hex(
      "12080000803f00000040420201026a020100720072016182010bffffffffffffffffff0100900101900102")
    #expect(try bytes(of: message) == python)
    #expect(try TestV1.Repeats(bytes: python) == message)
  }

  // MARK: Round trips

  @Test func negativeZeroIsNotNothing() throws {
    let message = TestV1.Everything(
      scalars: .init(doubleValue: -0.0, floatValue: -0.0, uint32Value: 1),
      maps: .init(numbers: [1: -0.0], floats: [2: -0.0]))
    let copy = try TestV1.Everything(bytes: bytes(of: message))
    #expect(copy == message)
    #expect(copy.scalars?.doubleValue.sign == .minus)
    #expect(copy.scalars?.floatValue.sign == .minus)
    #expect(copy.maps?.numbers[1]?.sign == .minus)
    #expect(copy.maps?.floats[2]?.sign == .minus)
  }

  @Test func keysThatSwiftCannotTellApartAreRefused() throws {
    // "é" in one code point and in two, each a key of `texts`.
    let one = "0a070a02c3a9120131"
    let two = "0a080a0365cc81120132"
    let error = #expect(throws: RPCError.self) { try TestV1.Maps(bytes: hex(one + two)) }
    #expect(error?.code == .invalidArgument)
    #expect(
      error?.message
        == "lauter.test.v1.Maps.texts: two keys differ in Unicode normalisation alone; "
        + "normalise them (NFC), so that they are one or differ")
    // Either alone is kept byte for byte, and of one key given twice the last value counts.
    for key in [one, two] {
      #expect(try bytes(of: TestV1.Maps(bytes: hex(key))) == hex(key))
    }
    #expect(try TestV1.Maps(bytes: hex(one + "0a070a02c3a9120133")).texts == ["é": "3"])
  }

  @Test func everyFieldComesBack() throws {
    let sample = TestV1.Everything.sample
    #expect(try TestV1.Everything(bytes: bytes(of: sample)) == sample)
  }

  @Test func nothingIsNoBytes() throws {
    #expect(try bytes(of: TestV1.Nothing()) == [])
    #expect(try bytes(of: TestV1.Everything()) == [])
    #expect(try TestV1.Everything(bytes: []) == TestV1.Everything())
    // An empty message inside another is there all the same.
    let outer = TestV1.Everything(scalars: .init(), node: .init(next: .init()))
    #expect(try TestV1.Everything(bytes: bytes(of: outer)) == outer)
  }

  @Test func serializeAppends() throws {
    var buffer = MessageBuffer()
    buffer.append([1, 2, 3])
    try TestV1.Node(name: "n").serialize(into: &buffer)
    #expect(buffer.withUnsafeBytes { Array($0) } == [1, 2, 3] + hex("1a016e"))
  }

  @Test func mapsAreWrittenInTheOrderOfTheirKeys() throws {
    let keys = (0..<200).map { "key \($0)" }
    let forward = Dictionary(uniqueKeysWithValues: keys.map { ($0, $0) })
    var backward: [String: String] = [:]
    for key in keys.reversed() { backward[key] = key }
    #expect(
      try bytes(of: TestV1.Maps(texts: forward)) == bytes(of: TestV1.Maps(texts: backward)))
  }

  @Test func valuesOfALaterVersionSurvive() throws {
    let message = TestV1.Scalars(mood: .unrecognized(42))
    let decoded = try TestV1.Scalars(bytes: bytes(of: message))
    #expect(decoded.mood == .unrecognized(42))
    #expect(decoded.mood.rawValue == 42)
    #expect(TestV1.Mood(rawValue: -1) == .bad)
  }

  // MARK: What a decoder must take

  @Test func theLastOfAMapsEqualKeysCounts() throws {
    let entries = hex("0a060a0161120131" + "0a060a0161120132" + "0a060a0162120133")
    #expect(try TestV1.Maps(bytes: entries).texts == ["a": "2", "b": "3"])
  }

  @Test func mapEntriesMayLackKeyOrValue() throws {
    #expect(try TestV1.Maps(bytes: hex("0a00")).texts == ["": ""])
    #expect(try TestV1.Maps(bytes: hex("32020804")).inners == [2: .init()])
  }

  @Test func packedOrNotIsTheSame() throws {
    #expect(try TestV1.Repeats(bytes: hex("18011802")).int32s == [1, 2])
    #expect(try TestV1.Repeats(bytes: hex("9201020102")).loose == [1, 2])
    #expect(try TestV1.Repeats(bytes: hex("1a0101" + "1802" + "1a0103")).int32s == [1, 2, 3])
  }

  @Test func unknownFieldsAreSkipped() throws {
    // Number 1000 as a varint, eight bytes, a string that is no UTF-8, and four bytes.
    let unknown = hex("c03e01" + "c13e0000000000000000" + "c23e03ff00fe" + "c53e00000000")
    let node = try TestV1.Node(bytes: unknown + hex("1a016e") + unknown)
    #expect(node == TestV1.Node(name: "n"))
  }

  @Test func theLastOfAOneofCounts() throws {
    #expect(try TestV1.Choices(bytes: hex("1001" + "320161")).any == .stringValue("a"))
    #expect(try TestV1.Choices(bytes: hex("4a021801" + "1001")).any == .int64Value(1))
    #expect(
      try TestV1.Choices(bytes: hex("52021001" + "4a021801")).any == .inner(.init(number: 1)))
  }

  // MARK: What it must refuse, and how it says so

  @Test(arguments: [
    ("0f", "lauter.test.v1.Everything: scalars: malformed"),
    ("0b", "lauter.test.v1.Everything: scalars: malformed"),
    ("00", "lauter.test.v1.Everything: malformed"),
    ("ffffffffffffffffffffff01", "lauter.test.v1.Everything: malformed"),
    ("80", "lauter.test.v1.Everything: the bytes end too early"),
    ("0a05", "lauter.test.v1.Everything: scalars: the bytes end too early"),
    ("0a0309", "lauter.test.v1.Everything: scalars: the bytes end too early"),
    ("0a020900", "lauter.test.v1.Everything: scalars.double_value: the bytes end too early"),
    ("0801", "lauter.test.v1.Everything: scalars: of another type than the contract says"),
    (
      "0a021a00",
      "lauter.test.v1.Everything: scalars.int32_value: of another type than the contract says"
    ),
    ("0a047202c328", "lauter.test.v1.Everything: scalars.string_value: not valid UTF-8"),
    ("0a057203eda080", "lauter.test.v1.Everything: scalars.string_value: not valid UTF-8"),
    ("0a047202c080", "lauter.test.v1.Everything: scalars.string_value: not valid UTF-8"),
    ("0a067204f4908080", "lauter.test.v1.Everything: scalars.string_value: not valid UTF-8"),
    ("0a037201c3", "lauter.test.v1.Everything: scalars.string_value: not valid UTF-8"),
    (
      "0a057203610062",
      "lauter.test.v1.Everything: scalars.string_value: holds the character U+0000, which no text may hold"
    ),
    (
      // Eight bytes at once, the NUL among them.
      "0a0c720a61616161616100616161",
      "lauter.test.v1.Everything: scalars.string_value: holds the character U+0000, which no text may hold"
    ),
    ("120652030000000a", "lauter.test.v1.Everything: repeats.fixed64s[0]: the bytes end too early"),
    ("12031a0180", "lauter.test.v1.Everything: repeats.int32s[0]: the bytes end too early"),
    (
      // The second string of the repeats.
      "1206720161" + "7201ff",
      "lauter.test.v1.Everything: repeats.strings[1]: not valid UTF-8"
    ),
    (
      "0a021801" + "1200" + "0a026801",
      "lauter.test.v1.Everything: scalars: in several parts; write it once"
    ),
    (
      "1a0b" + "0a030a0161" + "0a041202c328",
      "lauter.test.v1.Everything: maps.texts[1].value: not valid UTF-8"
    ),
  ])
  func refusal(_ bytes: String, _ message: String) throws {
    let error = #expect(throws: RPCError.self) { try TestV1.Everything(bytes: hex(bytes)) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message == message)
  }

  @Test func nestingEndsAtAHundred() throws {
    // Each level is field 1 with the level below; the outermost message is level one.
    func nested(_ levels: Int) -> [UInt8] {
      var inner: [UInt8] = []
      for _ in 1..<levels {
        var length: [UInt8] = []
        var rest = inner.count
        repeat {
          length.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
          rest >>= 7
        } while rest > 0
        inner = [0x0a] + length + inner
      }
      return inner
    }
    var depth = 1
    var node = try TestV1.Node(bytes: nested(100))
    while let next = node.next {
      depth += 1
      node = next
    }
    #expect(depth == 100)
    let error = #expect(throws: RPCError.self) { try TestV1.Node(bytes: nested(101)) }
    #expect(error?.message.hasSuffix("nested more than 100 messages deep") == true)
    #expect(throws: RPCError.self) { try TestV1.Node(bytes: nested(100_000)) }
  }

  @Test func nulIsRefusedWhileEncoding() throws {
    let error = #expect(throws: RPCError.self) {
      try bytes(of: TestV1.Everything(repeats: .init(strings: ["fine", "cut\0here"])))
    }
    #expect(error?.code == .invalidArgument)
    #expect(
      error?.message
        == "lauter.test.v1.Repeats.strings: holds the character U+0000, which no text may hold")
    for message in [TestV1.Maps(texts: ["\0": ""]), TestV1.Maps(texts: ["": "\0"])] {
      #expect(throws: RPCError.self) { try bytes(of: message) }
    }
    // Bytes may hold what they like.
    let blob = TestV1.Scalars(bytesValue: [0, 1, 0])
    #expect(try TestV1.Scalars(bytes: bytes(of: blob)) == blob)
  }

  // MARK: Robustness

  @Test func arenaBlocks() throws {
    let arena = try #require(wire_arena_create(0))
    defer { wire_arena_destroy(arena) }
    var previous: [(UnsafeMutableRawPointer, Int)] = []
    for size in [0, 1, 7, 8, 9, 255, 256, 257, 100_000, 3, 1 << 21, 1] {
      let memory = try #require(wire_arena_allocate(arena, size))
      #expect(Int(bitPattern: memory) % 8 == 0)
      memory.initializeMemory(as: UInt8.self, repeating: 0xab, count: size)
      for (other, length) in previous {
        #expect(memory >= other + length || other >= memory + size)
      }
      previous.append((memory, size))
    }
    #expect(wire_arena_allocate(arena, Int.max) == nil)
    #expect(wire_arena_allocate(arena, -1) == nil)
  }

  // In a process of its own: what other tests allocate meanwhile would be counted too.
  @Test func mutilatedMessagesNeitherCrashNorLeak() async {
    await #expect(processExitsWith: .success) {
      var generator = SeededGenerator(seed: 7)
      let sample = try bytes(of: TestV1.Everything.sample)
      func round() {
        for type in AnyMessageType.features + AnyMessageType.contracts {
          let noise = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
          }
          _ = try? type.recode(noise)
        }
        for type in AnyMessageType.features {
          _ = try? type.recode(mutated(sample, using: &generator))
        }
      }
      for _ in 0..<50 { round() }
      let before = heap_bytes_in_use()
      for _ in 0..<1000 { round() }
      // Leaking one arena of 25 would be two megabytes and more.
      #expect(Int(heap_bytes_in_use()) - Int(before) < 1 << 20)
    }
  }
}

func hex(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = []
  var rest = text[...]
  while !rest.isEmpty {
    bytes.append(UInt8(rest.prefix(2), radix: 16)!)
    rest = rest.dropFirst(2)
  }
  return bytes
}
