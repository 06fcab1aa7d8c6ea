import RPC
import Wire

/// Any message type of the contract in WireTestProtos or of Lauter's, without its static type.
struct AnyMessageType: Sendable {
  let name: String
  /// Decodes the bytes and encodes what came of them.
  let recode: @Sendable ([UInt8]) throws -> [UInt8]

  init<M: CodedMessage>(_ type: M.Type) {
    name = M.descriptor.name
    recode = { try bytes(of: M(bytes: $0)) }
  }

  static let features: [AnyMessageType] = [
    .init(TestV1.Scalars.self), .init(TestV1.Inner.self), .init(TestV1.Repeats.self),
    .init(TestV1.Maps.self), .init(TestV1.Choices.self), .init(TestV1.Node.self),
    .init(TestV1.Everything.self), .init(TestV1.Nothing.self),
  ]

  static let contracts: [AnyMessageType] = [
    .init(StoreV1.Dataset.self), .init(StoreV1.Record.self), .init(StoreV1.Suggestion.self),
    .init(StoreV1.Response.self), .init(StoreV1.ImportRecordsRequest.self),
    .init(StoreV1.ExportRecordsResponse.self), .init(StoreV1.Job.self), .init(StoreV1.Model.self),
    .init(StoreV1.Encoder.self), .init(StoreV1.UploadArtefactRequest.self),
    .init(StoreV1.CreateJobRequest.self), .init(StoreV1.FinishJobRequest.self),
    .init(LabellerV1.SuggestResponse.self), .init(TrainerV1.EvaluateResponse.self),
    .init(InferenceV1.PredictResponse.self), .init(InferenceV1.EmbedResponse.self),
    .init(HealthV1.HealthCheckResponse.self),
  ]
}

func bytes(of message: some Message) throws -> [UInt8] {
  var buffer = MessageBuffer()
  try message.serialize(into: &buffer)
  return buffer.withUnsafeBytes { Array($0) }
}

extension Message {
  init(bytes: [UInt8]) throws { self = try bytes.withUnsafeBytes { try Self(parsing: $0) } }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

extension TestV1.Everything {
  /// Something in every field, with every kind of value at its edge.
  static let sample = TestV1.Everything(
    scalars: .init(
      doubleValue: -1.5, floatValue: 3.25, int32Value: .min, int64Value: .min, uint32Value: .max,
      uint64Value: .max, sint32Value: -2, sint64Value: .min, fixed32Value: 7, fixed64Value: .max,
      sfixed32Value: -7, sfixed64Value: .min, boolValue: true, stringValue: "Grüße 👋",
      bytesValue: [0, 255], mood: .veryBad, kind: .kindOf),
    repeats: .init(
      doubles: [0, -0.5, .infinity], floats: [1, .leastNonzeroMagnitude], int32s: [-1, 0, 300],
      int64s: [.max], uint32s: [0, .max], uint64s: [.max, 1], sint32s: [.min, .max], sint64s: [-1],
      fixed32s: [1, 2], fixed64s: [3], sfixed32s: [-4], sfixed64s: [-5, 5],
      bools: [true, false, true], strings: ["", "a", "ß"], byteStrings: [[], [0], [1, 2]],
      moods: [.bad, .unspecified, .far, .unrecognized(77)],
      inners: [.init(kind: .kindOf, deeper: .init(class: "c", default: "d", init: 3, self_: true))],
      loose: [1, -1]),
    maps: .init(
      texts: ["b": "2", "a": "", "": "empty"], numbers: [-1: 0.5], blobs: [1: [9]],
      flags: [2: true], floats: [.max: 1], inners: [-3: .init(number: 4), 0: .init()],
      moods: [-1: .good], fixed: [5: 6], moreFixed: [7: -8], signedFixed: [-9: 10],
      moreSignedFixed: [11: -12], nodes: [true: .init(name: "yes"), false: .init(name: "no")]),
    choices: [
      .init(any: .doubleValue(0)), .init(any: .int64Value(-1)), .init(any: .sint32Value(-1)),
      .init(any: .fixed32Value(1)), .init(any: .boolValue(false)), .init(any: .stringValue("")),
      .init(any: .bytesValue([])), .init(any: .mood(.bad)), .init(any: .inner(.init())),
      .init(any: .choices(.init(any: .stringValue("deep")))), .init(),
      .init(
        score: 0, note: "", blob: [], flag: false, feeling: .unspecified, lonely: .only(0)),
    ],
    node: .init(
      next: .init(next: .init(name: "third"), name: "second"),
      children: [.init(), .init(name: "child")], name: "first"))
}
