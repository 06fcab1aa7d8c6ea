// Made by scripts/generate-protos.sh from features.proto.
// swift-format-ignore-file

package import WireTestProtos
public import RPC
public import Wire

/// The contract `lauter.test.v1`.
public enum TestV1 {}

extension TestV1 {
  /// `features.proto`, for reflection.
  public static let featuresProto = ProtoFile(
    "features.proto", imports: [],
    descriptor: """
      Cg5mZWF0dXJlcy5wcm90bxIObGF1dGVyLnRlc3QudjEi9AQKB1NjYWxhcnMSIQoMZG91YmxlX3Zh\
      bHVlGAEgASgBUgtkb3VibGVWYWx1ZRIfCgtmbG9hdF92YWx1ZRgCIAEoAlIKZmxvYXRWYWx1ZRIf\
      CgtpbnQzMl92YWx1ZRgDIAEoBVIKaW50MzJWYWx1ZRIfCgtpbnQ2NF92YWx1ZRgEIAEoA1IKaW50\
      NjRWYWx1ZRIhCgx1aW50MzJfdmFsdWUYBSABKA1SC3VpbnQzMlZhbHVlEiEKDHVpbnQ2NF92YWx1\
      ZRgGIAEoBFILdWludDY0VmFsdWUSIQoMc2ludDMyX3ZhbHVlGAcgASgRUgtzaW50MzJWYWx1ZRIh\
      CgxzaW50NjRfdmFsdWUYCCABKBJSC3NpbnQ2NFZhbHVlEiMKDWZpeGVkMzJfdmFsdWUYCSABKAdS\
      DGZpeGVkMzJWYWx1ZRIjCg1maXhlZDY0X3ZhbHVlGAogASgGUgxmaXhlZDY0VmFsdWUSJQoOc2Zp\
      eGVkMzJfdmFsdWUYCyABKA9SDXNmaXhlZDMyVmFsdWUSJQoOc2ZpeGVkNjRfdmFsdWUYDCABKBBS\
      DXNmaXhlZDY0VmFsdWUSHQoKYm9vbF92YWx1ZRgNIAEoCFIJYm9vbFZhbHVlEiEKDHN0cmluZ192\
      YWx1ZRgOIAEoCVILc3RyaW5nVmFsdWUSHwoLYnl0ZXNfdmFsdWUYDyABKAxSCmJ5dGVzVmFsdWUS\
      KAoEbW9vZBgQIAEoDjIULmxhdXRlci50ZXN0LnYxLk1vb2RSBG1vb2QSMgoEa2luZBj/////ASAB\
      KA4yGi5sYXV0ZXIudGVzdC52MS5Jbm5lci5LaW5kUgRraW5kIoYCCgVJbm5lchIuCgRraW5kGAEg\
      ASgOMhoubGF1dGVyLnRlc3QudjEuSW5uZXIuS2luZFIEa2luZBI0CgZkZWVwZXIYAiABKAsyHC5s\
      YXV0ZXIudGVzdC52MS5Jbm5lci5EZWVwZXJSBmRlZXBlchIWCgZudW1iZXIYAyABKA1SBm51bWJl\
      chpgCgZEZWVwZXISFAoFY2xhc3MYASABKAlSBWNsYXNzEhgKB2RlZmF1bHQYAiABKAlSB2RlZmF1\
      bHQSEgoEaW5pdBgDIAEoBVIEaW5pdBISCgRzZWxmGAQgASgIUgRzZWxmIh0KBEtpbmQSCAoETk9O\
      RRAAEgsKB0tJTkRfT0YQASKPBAoHUmVwZWF0cxIYCgdkb3VibGVzGAEgAygBUgdkb3VibGVzEhYK\
      BmZsb2F0cxgCIAMoAlIGZmxvYXRzEhYKBmludDMycxgDIAMoBVIGaW50MzJzEhYKBmludDY0cxgE\
      IAMoA1IGaW50NjRzEhgKB3VpbnQzMnMYBSADKA1SB3VpbnQzMnMSGAoHdWludDY0cxgGIAMoBFIH\
      dWludDY0cxIYCgdzaW50MzJzGAcgAygRUgdzaW50MzJzEhgKB3NpbnQ2NHMYCCADKBJSB3NpbnQ2\
      NHMSGgoIZml4ZWQzMnMYCSADKAdSCGZpeGVkMzJzEhoKCGZpeGVkNjRzGAogAygGUghmaXhlZDY0\
      cxIcCglzZml4ZWQzMnMYCyADKA9SCXNmaXhlZDMycxIcCglzZml4ZWQ2NHMYDCADKBBSCXNmaXhl\
      ZDY0cxIUCgVib29scxgNIAMoCFIFYm9vbHMSGAoHc3RyaW5ncxgOIAMoCVIHc3RyaW5ncxIhCgxi\
      eXRlX3N0cmluZ3MYDyADKAxSC2J5dGVTdHJpbmdzEioKBW1vb2RzGBAgAygOMhQubGF1dGVyLnRl\
      c3QudjEuTW9vZFIFbW9vZHMSLQoGaW5uZXJzGBEgAygLMhUubGF1dGVyLnRlc3QudjEuSW5uZXJS\
      BmlubmVycxIYCgVsb29zZRgSIAMoBUICEABSBWxvb3NlIvkLCgRNYXBzEjUKBXRleHRzGAEgAygL\
      Mh8ubGF1dGVyLnRlc3QudjEuTWFwcy5UZXh0c0VudHJ5UgV0ZXh0cxI7CgdudW1iZXJzGAIgAygL\
      MiEubGF1dGVyLnRlc3QudjEuTWFwcy5OdW1iZXJzRW50cnlSB251bWJlcnMSNQoFYmxvYnMYAyAD\
      KAsyHy5sYXV0ZXIudGVzdC52MS5NYXBzLkJsb2JzRW50cnlSBWJsb2JzEjUKBWZsYWdzGAQgAygL\
      Mh8ubGF1dGVyLnRlc3QudjEuTWFwcy5GbGFnc0VudHJ5UgVmbGFncxI4CgZmbG9hdHMYBSADKAsy\
      IC5sYXV0ZXIudGVzdC52MS5NYXBzLkZsb2F0c0VudHJ5UgZmbG9hdHMSOAoGaW5uZXJzGAYgAygL\
      MiAubGF1dGVyLnRlc3QudjEuTWFwcy5Jbm5lcnNFbnRyeVIGaW5uZXJzEjUKBW1vb2RzGAcgAygL\
      Mh8ubGF1dGVyLnRlc3QudjEuTWFwcy5Nb29kc0VudHJ5UgVtb29kcxI1CgVmaXhlZBgIIAMoCzIf\
      LmxhdXRlci50ZXN0LnYxLk1hcHMuRml4ZWRFbnRyeVIFZml4ZWQSQgoKbW9yZV9maXhlZBgJIAMo\
      CzIjLmxhdXRlci50ZXN0LnYxLk1hcHMuTW9yZUZpeGVkRW50cnlSCW1vcmVGaXhlZBJICgxzaWdu\
      ZWRfZml4ZWQYCiADKAsyJS5sYXV0ZXIudGVzdC52MS5NYXBzLlNpZ25lZEZpeGVkRW50cnlSC3Np\
      Z25lZEZpeGVkElUKEW1vcmVfc2lnbmVkX2ZpeGVkGAsgAygLMikubGF1dGVyLnRlc3QudjEuTWFw\
      cy5Nb3JlU2lnbmVkRml4ZWRFbnRyeVIPbW9yZVNpZ25lZEZpeGVkEjUKBW5vZGVzGAwgAygLMh8u\
      bGF1dGVyLnRlc3QudjEuTWFwcy5Ob2Rlc0VudHJ5UgVub2Rlcxo4CgpUZXh0c0VudHJ5EhAKA2tl\
      eRgBIAEoCVIDa2V5EhQKBXZhbHVlGAIgASgJUgV2YWx1ZToCOAEaOgoMTnVtYmVyc0VudHJ5EhAK\
      A2tleRgBIAEoBVIDa2V5EhQKBXZhbHVlGAIgASgBUgV2YWx1ZToCOAEaOAoKQmxvYnNFbnRyeRIQ\
      CgNrZXkYASABKANSA2tleRIUCgV2YWx1ZRgCIAEoDFIFdmFsdWU6AjgBGjgKCkZsYWdzRW50cnkS\
      EAoDa2V5GAEgASgNUgNrZXkSFAoFdmFsdWUYAiABKAhSBXZhbHVlOgI4ARo5CgtGbG9hdHNFbnRy\
      eRIQCgNrZXkYASABKARSA2tleRIUCgV2YWx1ZRgCIAEoAlIFdmFsdWU6AjgBGlAKC0lubmVyc0Vu\
      dHJ5EhAKA2tleRgBIAEoEVIDa2V5EisKBXZhbHVlGAIgASgLMhUubGF1dGVyLnRlc3QudjEuSW5u\
      ZXJSBXZhbHVlOgI4ARpOCgpNb29kc0VudHJ5EhAKA2tleRgBIAEoElIDa2V5EioKBXZhbHVlGAIg\
      ASgOMhQubGF1dGVyLnRlc3QudjEuTW9vZFIFdmFsdWU6AjgBGjgKCkZpeGVkRW50cnkSEAoDa2V5\
      GAEgASgHUgNrZXkSFAoFdmFsdWUYAiABKARSBXZhbHVlOgI4ARo8Cg5Nb3JlRml4ZWRFbnRyeRIQ\
      CgNrZXkYASABKAZSA2tleRIUCgV2YWx1ZRgCIAEoElIFdmFsdWU6AjgBGj4KEFNpZ25lZEZpeGVk\
      RW50cnkSEAoDa2V5GAEgASgPUgNrZXkSFAoFdmFsdWUYAiABKANSBXZhbHVlOgI4ARpCChRNb3Jl\
      U2lnbmVkRml4ZWRFbnRyeRIQCgNrZXkYASABKBBSA2tleRIUCgV2YWx1ZRgCIAEoD1IFdmFsdWU6\
      AjgBGk4KCk5vZGVzRW50cnkSEAoDa2V5GAEgASgIUgNrZXkSKgoFdmFsdWUYAiABKAsyFC5sYXV0\
      ZXIudGVzdC52MS5Ob2RlUgV2YWx1ZToCOAEi+gQKB0Nob2ljZXMSIwoMZG91YmxlX3ZhbHVlGAEg\
      ASgBSABSC2RvdWJsZVZhbHVlEiEKC2ludDY0X3ZhbHVlGAIgASgDSABSCmludDY0VmFsdWUSIwoM\
      c2ludDMyX3ZhbHVlGAMgASgRSABSC3NpbnQzMlZhbHVlEiUKDWZpeGVkMzJfdmFsdWUYBCABKAdI\
      AFIMZml4ZWQzMlZhbHVlEh8KCmJvb2xfdmFsdWUYBSABKAhIAFIJYm9vbFZhbHVlEiMKDHN0cmlu\
      Z192YWx1ZRgGIAEoCUgAUgtzdHJpbmdWYWx1ZRIhCgtieXRlc192YWx1ZRgHIAEoDEgAUgpieXRl\
      c1ZhbHVlEioKBG1vb2QYCCABKA4yFC5sYXV0ZXIudGVzdC52MS5Nb29kSABSBG1vb2QSLQoFaW5u\
      ZXIYCSABKAsyFS5sYXV0ZXIudGVzdC52MS5Jbm5lckgAUgVpbm5lchIzCgdjaG9pY2VzGAogASgL\
      MhcubGF1dGVyLnRlc3QudjEuQ2hvaWNlc0gAUgdjaG9pY2VzEhYKBXNjb3JlGAsgASgBSAFSBXNj\
      b3JlEhQKBG5vdGUYDCABKAlIAlIEbm90ZRIUCgRibG9iGA0gASgMSANSBGJsb2ISFAoEZmxhZxgO\
      IAEoCEgEUgRmbGFnEjAKB2ZlZWxpbmcYDyABKA4yFC5sYXV0ZXIudGVzdC52MS5Nb29kSAVSB2Zl\
      ZWxpbmcSFAoEb25seRgQIAEoDUgGUgRvbmx5QgUKA2FueUIICgZzY29yZV9CBwoFbm90ZV9CBwoF\
      YmxvYl9CBwoFZmxhZ19CCgoIZmVlbGluZ19CCAoGbG9uZWx5InYKBE5vZGUSKAoEbmV4dBgBIAEo\
      CzIULmxhdXRlci50ZXN0LnYxLk5vZGVSBG5leHQSMAoIY2hpbGRyZW4YAiADKAsyFC5sYXV0ZXIu\
      dGVzdC52MS5Ob2RlUghjaGlsZHJlbhISCgRuYW1lGAMgASgJUgRuYW1lIvkBCgpFdmVyeXRoaW5n\
      EjEKB3NjYWxhcnMYASABKAsyFy5sYXV0ZXIudGVzdC52MS5TY2FsYXJzUgdzY2FsYXJzEjEKB3Jl\
      cGVhdHMYAiABKAsyFy5sYXV0ZXIudGVzdC52MS5SZXBlYXRzUgdyZXBlYXRzEigKBG1hcHMYAyAB\
      KAsyFC5sYXV0ZXIudGVzdC52MS5NYXBzUgRtYXBzEjEKB2Nob2ljZXMYBCADKAsyFy5sYXV0ZXIu\
      dGVzdC52MS5DaG9pY2VzUgdjaG9pY2VzEigKBG5vZGUYBSABKAsyFC5sYXV0ZXIudGVzdC52MS5O\
      b2RlUgRub2RlIgkKB05vdGhpbmcqcAoETW9vZBIUChBNT09EX1VOU1BFQ0lGSUVEEAASDQoJTU9P\
      RF9HT09EEAESFQoITU9PRF9CQUQQ////////////ARIaCg1NT09EX1ZFUllfQkFEEICAgID4////\
      /wESEAoITU9PRF9GQVIQ/////wcyggIKBEVjaG8SPwoFVW5hcnkSGi5sYXV0ZXIudGVzdC52MS5F\
      dmVyeXRoaW5nGhoubGF1dGVyLnRlc3QudjEuRXZlcnl0aGluZxJACgdDb2xsZWN0EhcubGF1dGVy\
      LnRlc3QudjEuU2NhbGFycxoaLmxhdXRlci50ZXN0LnYxLkV2ZXJ5dGhpbmcoARI/CgZTcHJlYWQS\
      Gi5sYXV0ZXIudGVzdC52MS5FdmVyeXRoaW5nGhcubGF1dGVyLnRlc3QudjEuQ2hvaWNlczABEjYK\
      BENoYXQSFC5sYXV0ZXIudGVzdC52MS5Ob2RlGhQubGF1dGVyLnRlc3QudjEuTm9kZSgBMAFiBnBy\
      b3RvMw==
      """)
}

extension TestV1 {
  public enum Mood: CodedEnum, Hashable, Sendable {
    case unspecified
    case good
    case bad
    case veryBad
    case far
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .good
      case -1: self = .bad
      case -2147483648: self = .veryBad
      case 2147483647: self = .far
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .good: 1
      case .bad: -1
      case .veryBad: -2147483648
      case .far: 2147483647
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension TestV1 {
  public struct Scalars: Message, Hashable, Sendable {
    public var doubleValue: Double
    public var floatValue: Float
    public var int32Value: Int32
    public var int64Value: Int64
    public var uint32Value: UInt32
    public var uint64Value: UInt64
    public var sint32Value: Int32
    public var sint64Value: Int64
    public var fixed32Value: UInt32
    public var fixed64Value: UInt64
    public var sfixed32Value: Int32
    public var sfixed64Value: Int64
    public var boolValue: Bool
    public var stringValue: String
    public var bytesValue: [UInt8]
    public var mood: TestV1.Mood
    /// A number far from the others, so that fields lie in several ranges.
    public var kind: TestV1.Inner.Kind

    public init(
      doubleValue: Double = 0,
      floatValue: Float = 0,
      int32Value: Int32 = 0,
      int64Value: Int64 = 0,
      uint32Value: UInt32 = 0,
      uint64Value: UInt64 = 0,
      sint32Value: Int32 = 0,
      sint64Value: Int64 = 0,
      fixed32Value: UInt32 = 0,
      fixed64Value: UInt64 = 0,
      sfixed32Value: Int32 = 0,
      sfixed64Value: Int64 = 0,
      boolValue: Bool = false,
      stringValue: String = "",
      bytesValue: [UInt8] = [],
      mood: TestV1.Mood = .unspecified,
      kind: TestV1.Inner.Kind = .none
    ) {
      self.doubleValue = doubleValue
      self.floatValue = floatValue
      self.int32Value = int32Value
      self.int64Value = int64Value
      self.uint32Value = uint32Value
      self.uint64Value = uint64Value
      self.sint32Value = sint32Value
      self.sint64Value = sint64Value
      self.fixed32Value = fixed32Value
      self.fixed64Value = fixed64Value
      self.sfixed32Value = sfixed32Value
      self.sfixed64Value = sfixed64Value
      self.boolValue = boolValue
      self.stringValue = stringValue
      self.bytesValue = bytesValue
      self.mood = mood
      self.kind = kind
    }
  }
}

extension TestV1.Scalars: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__scalars__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Scalars>) throws {
    self.doubleValue = c.pointee.double_value
    self.floatValue = c.pointee.float_value
    self.int32Value = c.pointee.int32_value
    self.int64Value = c.pointee.int64_value
    self.uint32Value = c.pointee.uint32_value
    self.uint64Value = c.pointee.uint64_value
    self.sint32Value = c.pointee.sint32_value
    self.sint64Value = c.pointee.sint64_value
    self.fixed32Value = c.pointee.fixed32_value
    self.fixed64Value = c.pointee.fixed64_value
    self.sfixed32Value = c.pointee.sfixed32_value
    self.sfixed64Value = c.pointee.sfixed64_value
    self.boolValue = c.pointee.bool_value != 0
    self.stringValue = String(cString: c.pointee.string_value)
    self.bytesValue = Decoded.bytes(c.pointee.bytes_value)
    self.mood = .init(rawValue: .init(truncatingIfNeeded: c.pointee.mood.rawValue))
    self.kind = .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Scalars>, _ arena: Arena) throws {
    lauter__test__v1__scalars__init(c)
    c.pointee.double_value = doubleValue
    try arena.keepNegativeZero(doubleValue, 1, &c.pointee.base)
    c.pointee.float_value = floatValue
    try arena.keepNegativeZero(floatValue, 2, &c.pointee.base)
    c.pointee.int32_value = int32Value
    c.pointee.int64_value = int64Value
    c.pointee.uint32_value = uint32Value
    c.pointee.uint64_value = uint64Value
    c.pointee.sint32_value = sint32Value
    c.pointee.sint64_value = sint64Value
    c.pointee.fixed32_value = fixed32Value
    c.pointee.fixed64_value = fixed64Value
    c.pointee.sfixed32_value = sfixed32Value
    c.pointee.sfixed64_value = sfixed64Value
    c.pointee.bool_value = boolValue ? 1 : 0
    c.pointee.string_value = try arena.string(stringValue, "lauter.test.v1.Scalars.string_value")
    c.pointee.bytes_value = try arena.bytes(bytesValue)
    c.pointee.mood = .init(rawValue: .init(truncatingIfNeeded: mood.rawValue))
    c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.rawValue))
  }
}

extension TestV1.Scalars: ViewedMessage {
  /// A `Scalars` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Scalars>

    package init(c: UnsafePointer<Lauter__Test__V1__Scalars>) { self.c = c }

    public var doubleValue: Double {
      c.pointee.double_value
    }

    public var floatValue: Float {
      c.pointee.float_value
    }

    public var int32Value: Int32 {
      c.pointee.int32_value
    }

    public var int64Value: Int64 {
      c.pointee.int64_value
    }

    public var uint32Value: UInt32 {
      c.pointee.uint32_value
    }

    public var uint64Value: UInt64 {
      c.pointee.uint64_value
    }

    public var sint32Value: Int32 {
      c.pointee.sint32_value
    }

    public var sint64Value: Int64 {
      c.pointee.sint64_value
    }

    public var fixed32Value: UInt32 {
      c.pointee.fixed32_value
    }

    public var fixed64Value: UInt64 {
      c.pointee.fixed64_value
    }

    public var sfixed32Value: Int32 {
      c.pointee.sfixed32_value
    }

    public var sfixed64Value: Int64 {
      c.pointee.sfixed64_value
    }

    public var boolValue: Bool {
      c.pointee.bool_value != 0
    }

    public var stringValue: UnsafeBufferPointer<UInt8> {
      Viewed.text(c.pointee.string_value)
    }

    public var bytesValue: UnsafeBufferPointer<UInt8> {
      Viewed.bytes(c.pointee.bytes_value)
    }

    public var mood: TestV1.Mood {
      .init(rawValue: .init(truncatingIfNeeded: c.pointee.mood.rawValue))
    }

    /// A number far from the others, so that fields lie in several ranges.
    public var kind: TestV1.Inner.Kind {
      .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
    }
  }
}

extension TestV1 {
  public struct Inner: Message, Hashable, Sendable {
    public var kind: TestV1.Inner.Kind
    public var deeper: TestV1.Inner.Deeper?
    public var number: UInt32

    public init(
      kind: TestV1.Inner.Kind = .none,
      deeper: TestV1.Inner.Deeper? = nil,
      number: UInt32 = 0
    ) {
      self.kind = kind
      self.deeper = deeper
      self.number = number
    }

    /// Does not repeat the enum's name, so the values keep theirs.
    public enum Kind: CodedEnum, Hashable, Sendable {
      case none
      case kindOf
      /// A value this program does not know yet.
      case unrecognized(Int32)

      public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .none
        case 1: self = .kindOf
        default: self = .unrecognized(rawValue)
        }
      }

      public var rawValue: Int32 {
        switch self {
        case .none: 0
        case .kindOf: 1
        case .unrecognized(let rawValue): rawValue
        }
      }
    }

    public struct Deeper: Message, Hashable, Sendable {
      public var `class`: String
      public var `default`: String
      public var `init`: Int32
      public var self_: Bool

      public init(
        `class`: String = "",
        `default`: String = "",
        `init`: Int32 = 0,
        self_: Bool = false
      ) {
        self.`class` = `class`
        self.`default` = `default`
        self.`init` = `init`
        self.self_ = self_
      }
    }
  }
}

extension TestV1.Inner: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__inner__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Inner>) throws {
    self.kind = .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
    self.deeper = try c.pointee.deeper.map { try .init(c: $0) }
    self.number = c.pointee.number
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Inner>, _ arena: Arena) throws {
    lauter__test__v1__inner__init(c)
    c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.rawValue))
    if let deeper { c.pointee.deeper = try arena.message(deeper) }
    c.pointee.number = number
  }
}

extension TestV1.Inner: ViewedMessage {
  /// A `Inner` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Inner>

    package init(c: UnsafePointer<Lauter__Test__V1__Inner>) { self.c = c }

    public var kind: TestV1.Inner.Kind {
      .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
    }

    public var deeper: TestV1.Inner.Deeper.View? {
      c.pointee.deeper.map { .init(c: $0) }
    }

    public var number: UInt32 {
      c.pointee.number
    }
  }
}

extension TestV1.Inner.Deeper: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__inner__deeper__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Inner__Deeper>) throws {
    self.`class` = String(cString: c.pointee.class_)
    self.`default` = String(cString: c.pointee.default_)
    self.`init` = c.pointee.`init`
    self.self_ = c.pointee.`self` != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Inner__Deeper>, _ arena: Arena) throws {
    lauter__test__v1__inner__deeper__init(c)
    c.pointee.class_ = try arena.string(`class`, "lauter.test.v1.Inner.Deeper.class")
    c.pointee.default_ = try arena.string(`default`, "lauter.test.v1.Inner.Deeper.default")
    c.pointee.`init` = `init`
    c.pointee.`self` = self_ ? 1 : 0
  }
}

extension TestV1.Inner.Deeper: ViewedMessage {
  /// A `Deeper` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Inner__Deeper>

    package init(c: UnsafePointer<Lauter__Test__V1__Inner__Deeper>) { self.c = c }

    public var `class`: UnsafeBufferPointer<UInt8> {
      Viewed.text(c.pointee.class_)
    }

    public var `default`: UnsafeBufferPointer<UInt8> {
      Viewed.text(c.pointee.default_)
    }

    public var `init`: Int32 {
      c.pointee.`init`
    }

    public var self_: Bool {
      c.pointee.`self` != 0
    }
  }
}

extension TestV1 {
  public struct Repeats: Message, Hashable, Sendable {
    public var doubles: [Double]
    public var floats: [Float]
    public var int32s: [Int32]
    public var int64s: [Int64]
    public var uint32s: [UInt32]
    public var uint64s: [UInt64]
    public var sint32s: [Int32]
    public var sint64s: [Int64]
    public var fixed32s: [UInt32]
    public var fixed64s: [UInt64]
    public var sfixed32s: [Int32]
    public var sfixed64s: [Int64]
    public var bools: [Bool]
    public var strings: [String]
    public var byteStrings: [[UInt8]]
    public var moods: [TestV1.Mood]
    public var inners: [TestV1.Inner]
    /// Not packed on the wire; a decoder takes both.
    public var loose: [Int32]

    public init(
      doubles: [Double] = [],
      floats: [Float] = [],
      int32s: [Int32] = [],
      int64s: [Int64] = [],
      uint32s: [UInt32] = [],
      uint64s: [UInt64] = [],
      sint32s: [Int32] = [],
      sint64s: [Int64] = [],
      fixed32s: [UInt32] = [],
      fixed64s: [UInt64] = [],
      sfixed32s: [Int32] = [],
      sfixed64s: [Int64] = [],
      bools: [Bool] = [],
      strings: [String] = [],
      byteStrings: [[UInt8]] = [],
      moods: [TestV1.Mood] = [],
      inners: [TestV1.Inner] = [],
      loose: [Int32] = []
    ) {
      self.doubles = doubles
      self.floats = floats
      self.int32s = int32s
      self.int64s = int64s
      self.uint32s = uint32s
      self.uint64s = uint64s
      self.sint32s = sint32s
      self.sint64s = sint64s
      self.fixed32s = fixed32s
      self.fixed64s = fixed64s
      self.sfixed32s = sfixed32s
      self.sfixed64s = sfixed64s
      self.bools = bools
      self.strings = strings
      self.byteStrings = byteStrings
      self.moods = moods
      self.inners = inners
      self.loose = loose
    }
  }
}

extension TestV1.Repeats: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__repeats__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Repeats>) throws {
    self.doubles = Decoded.scalars(c.pointee.doubles, c.pointee.n_doubles)
    self.floats = Decoded.scalars(c.pointee.floats, c.pointee.n_floats)
    self.int32s = Decoded.scalars(c.pointee.int32s, c.pointee.n_int32s)
    self.int64s = Decoded.scalars(c.pointee.int64s, c.pointee.n_int64s)
    self.uint32s = Decoded.scalars(c.pointee.uint32s, c.pointee.n_uint32s)
    self.uint64s = Decoded.scalars(c.pointee.uint64s, c.pointee.n_uint64s)
    self.sint32s = Decoded.scalars(c.pointee.sint32s, c.pointee.n_sint32s)
    self.sint64s = Decoded.scalars(c.pointee.sint64s, c.pointee.n_sint64s)
    self.fixed32s = Decoded.scalars(c.pointee.fixed32s, c.pointee.n_fixed32s)
    self.fixed64s = Decoded.scalars(c.pointee.fixed64s, c.pointee.n_fixed64s)
    self.sfixed32s = Decoded.scalars(c.pointee.sfixed32s, c.pointee.n_sfixed32s)
    self.sfixed64s = Decoded.scalars(c.pointee.sfixed64s, c.pointee.n_sfixed64s)
    self.bools = Decoded.flags(c.pointee.bools, c.pointee.n_bools)
    self.strings = Decoded.strings(c.pointee.strings, c.pointee.n_strings)
    self.byteStrings = Decoded.byteStrings(c.pointee.byte_strings, c.pointee.n_byte_strings)
    self.moods = Decoded.enums(c.pointee.moods, c.pointee.n_moods)
    self.inners = try Decoded.messages(c.pointee.inners, c.pointee.n_inners)
    self.loose = Decoded.scalars(c.pointee.loose, c.pointee.n_loose)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Repeats>, _ arena: Arena) throws {
    lauter__test__v1__repeats__init(c)
    c.pointee.n_doubles = doubles.count
    c.pointee.doubles = try arena.scalars(doubles)
    c.pointee.n_floats = floats.count
    c.pointee.floats = try arena.scalars(floats)
    c.pointee.n_int32s = int32s.count
    c.pointee.int32s = try arena.scalars(int32s)
    c.pointee.n_int64s = int64s.count
    c.pointee.int64s = try arena.scalars(int64s)
    c.pointee.n_uint32s = uint32s.count
    c.pointee.uint32s = try arena.scalars(uint32s)
    c.pointee.n_uint64s = uint64s.count
    c.pointee.uint64s = try arena.scalars(uint64s)
    c.pointee.n_sint32s = sint32s.count
    c.pointee.sint32s = try arena.scalars(sint32s)
    c.pointee.n_sint64s = sint64s.count
    c.pointee.sint64s = try arena.scalars(sint64s)
    c.pointee.n_fixed32s = fixed32s.count
    c.pointee.fixed32s = try arena.scalars(fixed32s)
    c.pointee.n_fixed64s = fixed64s.count
    c.pointee.fixed64s = try arena.scalars(fixed64s)
    c.pointee.n_sfixed32s = sfixed32s.count
    c.pointee.sfixed32s = try arena.scalars(sfixed32s)
    c.pointee.n_sfixed64s = sfixed64s.count
    c.pointee.sfixed64s = try arena.scalars(sfixed64s)
    c.pointee.n_bools = bools.count
    c.pointee.bools = try arena.scalars(bools.map { $0 ? 1 : 0 })
    c.pointee.n_strings = strings.count
    c.pointee.strings = try arena.strings(strings, "lauter.test.v1.Repeats.strings")
    c.pointee.n_byte_strings = byteStrings.count
    c.pointee.byte_strings = try arena.byteStrings(byteStrings)
    c.pointee.n_moods = moods.count
    c.pointee.moods = try arena.scalars(
      moods.map { .init(rawValue: .init(truncatingIfNeeded: $0.rawValue)) })
    c.pointee.n_inners = inners.count
    c.pointee.inners = try arena.messages(inners)
    c.pointee.n_loose = loose.count
    c.pointee.loose = try arena.scalars(loose)
  }
}

extension TestV1.Repeats: ViewedMessage {
  /// A `Repeats` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Repeats>

    package init(c: UnsafePointer<Lauter__Test__V1__Repeats>) { self.c = c }

    public var doubles: UnsafeBufferPointer<Double> {
      Viewed.scalars(c.pointee.doubles, c.pointee.n_doubles)
    }

    public var floats: UnsafeBufferPointer<Float> {
      Viewed.scalars(c.pointee.floats, c.pointee.n_floats)
    }

    public var int32s: UnsafeBufferPointer<Int32> {
      Viewed.scalars(c.pointee.int32s, c.pointee.n_int32s)
    }

    public var int64s: UnsafeBufferPointer<Int64> {
      Viewed.scalars(c.pointee.int64s, c.pointee.n_int64s)
    }

    public var uint32s: UnsafeBufferPointer<UInt32> {
      Viewed.scalars(c.pointee.uint32s, c.pointee.n_uint32s)
    }

    public var uint64s: UnsafeBufferPointer<UInt64> {
      Viewed.scalars(c.pointee.uint64s, c.pointee.n_uint64s)
    }

    public var sint32s: UnsafeBufferPointer<Int32> {
      Viewed.scalars(c.pointee.sint32s, c.pointee.n_sint32s)
    }

    public var sint64s: UnsafeBufferPointer<Int64> {
      Viewed.scalars(c.pointee.sint64s, c.pointee.n_sint64s)
    }

    public var fixed32s: UnsafeBufferPointer<UInt32> {
      Viewed.scalars(c.pointee.fixed32s, c.pointee.n_fixed32s)
    }

    public var fixed64s: UnsafeBufferPointer<UInt64> {
      Viewed.scalars(c.pointee.fixed64s, c.pointee.n_fixed64s)
    }

    public var sfixed32s: UnsafeBufferPointer<Int32> {
      Viewed.scalars(c.pointee.sfixed32s, c.pointee.n_sfixed32s)
    }

    public var sfixed64s: UnsafeBufferPointer<Int64> {
      Viewed.scalars(c.pointee.sfixed64s, c.pointee.n_sfixed64s)
    }

    public var bools: ViewList<Bool> {
      Viewed.flags(c.pointee.bools, c.pointee.n_bools)
    }

    public var strings: ViewList<UnsafeBufferPointer<UInt8>> {
      Viewed.texts(c.pointee.strings, c.pointee.n_strings)
    }

    public var byteStrings: ViewList<UnsafeBufferPointer<UInt8>> {
      Viewed.byteStrings(c.pointee.byte_strings, c.pointee.n_byte_strings)
    }

    public var moods: ViewList<TestV1.Mood> {
      Viewed.enums(c.pointee.moods, c.pointee.n_moods)
    }

    public var inners: ViewList<TestV1.Inner.View> {
      Viewed.messages(c.pointee.inners, c.pointee.n_inners)
    }

    /// Not packed on the wire; a decoder takes both.
    public var loose: UnsafeBufferPointer<Int32> {
      Viewed.scalars(c.pointee.loose, c.pointee.n_loose)
    }
  }
}

extension TestV1 {
  public struct Maps: Message, Hashable, Sendable {
    public var texts: [String: String]
    public var numbers: [Int32: Double]
    public var blobs: [Int64: [UInt8]]
    public var flags: [UInt32: Bool]
    public var floats: [UInt64: Float]
    public var inners: [Int32: TestV1.Inner]
    public var moods: [Int64: TestV1.Mood]
    public var fixed: [UInt32: UInt64]
    public var moreFixed: [UInt64: Int64]
    public var signedFixed: [Int32: Int64]
    public var moreSignedFixed: [Int64: Int32]
    public var nodes: [Bool: TestV1.Node]

    public init(
      texts: [String: String] = [:],
      numbers: [Int32: Double] = [:],
      blobs: [Int64: [UInt8]] = [:],
      flags: [UInt32: Bool] = [:],
      floats: [UInt64: Float] = [:],
      inners: [Int32: TestV1.Inner] = [:],
      moods: [Int64: TestV1.Mood] = [:],
      fixed: [UInt32: UInt64] = [:],
      moreFixed: [UInt64: Int64] = [:],
      signedFixed: [Int32: Int64] = [:],
      moreSignedFixed: [Int64: Int32] = [:],
      nodes: [Bool: TestV1.Node] = [:]
    ) {
      self.texts = texts
      self.numbers = numbers
      self.blobs = blobs
      self.flags = flags
      self.floats = floats
      self.inners = inners
      self.moods = moods
      self.fixed = fixed
      self.moreFixed = moreFixed
      self.signedFixed = signedFixed
      self.moreSignedFixed = moreSignedFixed
      self.nodes = nodes
    }
  }
}

extension TestV1.Maps: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__maps__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Maps>) throws {
    self.texts = try Decoded.map(c.pointee.texts, c.pointee.n_texts, "lauter.test.v1.Maps.texts") {
      entry in
      (String(cString: entry.pointee.key), String(cString: entry.pointee.value))
    }
    self.numbers = try Decoded.map(c.pointee.numbers, c.pointee.n_numbers, "lauter.test.v1.Maps.numbers") {
      entry in
      (entry.pointee.key, entry.pointee.value)
    }
    self.blobs = try Decoded.map(c.pointee.blobs, c.pointee.n_blobs, "lauter.test.v1.Maps.blobs") {
      entry in
      (entry.pointee.key, Decoded.bytes(entry.pointee.value))
    }
    self.flags = try Decoded.map(c.pointee.flags, c.pointee.n_flags, "lauter.test.v1.Maps.flags") {
      entry in
      (entry.pointee.key, entry.pointee.value != 0)
    }
    self.floats = try Decoded.map(c.pointee.floats, c.pointee.n_floats, "lauter.test.v1.Maps.floats") {
      entry in
      (entry.pointee.key, entry.pointee.value)
    }
    self.inners = try Decoded.map(c.pointee.inners, c.pointee.n_inners, "lauter.test.v1.Maps.inners") {
      entry in
      (entry.pointee.key, try entry.pointee.value.map { try .init(c: $0) } ?? .init())
    }
    self.moods = try Decoded.map(c.pointee.moods, c.pointee.n_moods, "lauter.test.v1.Maps.moods") {
      entry in
      (entry.pointee.key, .init(rawValue: .init(truncatingIfNeeded: entry.pointee.value.rawValue)))
    }
    self.fixed = try Decoded.map(c.pointee.fixed, c.pointee.n_fixed, "lauter.test.v1.Maps.fixed") {
      entry in
      (entry.pointee.key, entry.pointee.value)
    }
    self.moreFixed = try Decoded.map(c.pointee.more_fixed, c.pointee.n_more_fixed, "lauter.test.v1.Maps.more_fixed") {
      entry in
      (entry.pointee.key, entry.pointee.value)
    }
    self.signedFixed = try Decoded.map(c.pointee.signed_fixed, c.pointee.n_signed_fixed, "lauter.test.v1.Maps.signed_fixed") {
      entry in
      (entry.pointee.key, entry.pointee.value)
    }
    self.moreSignedFixed = try Decoded.map(c.pointee.more_signed_fixed, c.pointee.n_more_signed_fixed, "lauter.test.v1.Maps.more_signed_fixed") {
      entry in
      (entry.pointee.key, entry.pointee.value)
    }
    self.nodes = try Decoded.map(c.pointee.nodes, c.pointee.n_nodes, "lauter.test.v1.Maps.nodes") {
      entry in
      (entry.pointee.key != 0, try entry.pointee.value.map { try .init(c: $0) } ?? .init())
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Maps>, _ arena: Arena) throws {
    lauter__test__v1__maps__init(c)
    c.pointee.n_texts = texts.count
    c.pointee.texts = try arena.entries(texts) { entry, key, value in
      lauter__test__v1__maps__texts_entry__init(entry)
      entry.pointee.key = try arena.string(key, "lauter.test.v1.Maps.texts")
      entry.pointee.value = try arena.string(value, "lauter.test.v1.Maps.texts")
    }
    c.pointee.n_numbers = numbers.count
    c.pointee.numbers = try arena.entries(numbers) { entry, key, value in
      lauter__test__v1__maps__numbers_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = value
      try arena.keepNegativeZero(value, 2, &entry.pointee.base)
    }
    c.pointee.n_blobs = blobs.count
    c.pointee.blobs = try arena.entries(blobs) { entry, key, value in
      lauter__test__v1__maps__blobs_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = try arena.bytes(value)
    }
    c.pointee.n_flags = flags.count
    c.pointee.flags = try arena.entries(flags) { entry, key, value in
      lauter__test__v1__maps__flags_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = value ? 1 : 0
    }
    c.pointee.n_floats = floats.count
    c.pointee.floats = try arena.entries(floats) { entry, key, value in
      lauter__test__v1__maps__floats_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = value
      try arena.keepNegativeZero(value, 2, &entry.pointee.base)
    }
    c.pointee.n_inners = inners.count
    c.pointee.inners = try arena.entries(inners) { entry, key, value in
      lauter__test__v1__maps__inners_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = try arena.message(value)
    }
    c.pointee.n_moods = moods.count
    c.pointee.moods = try arena.entries(moods) { entry, key, value in
      lauter__test__v1__maps__moods_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = .init(rawValue: .init(truncatingIfNeeded: value.rawValue))
    }
    c.pointee.n_fixed = fixed.count
    c.pointee.fixed = try arena.entries(fixed) { entry, key, value in
      lauter__test__v1__maps__fixed_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = value
    }
    c.pointee.n_more_fixed = moreFixed.count
    c.pointee.more_fixed = try arena.entries(moreFixed) { entry, key, value in
      lauter__test__v1__maps__more_fixed_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = value
    }
    c.pointee.n_signed_fixed = signedFixed.count
    c.pointee.signed_fixed = try arena.entries(signedFixed) { entry, key, value in
      lauter__test__v1__maps__signed_fixed_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = value
    }
    c.pointee.n_more_signed_fixed = moreSignedFixed.count
    c.pointee.more_signed_fixed = try arena.entries(moreSignedFixed) { entry, key, value in
      lauter__test__v1__maps__more_signed_fixed_entry__init(entry)
      entry.pointee.key = key
      entry.pointee.value = value
    }
    c.pointee.n_nodes = nodes.count
    c.pointee.nodes = try arena.entries(nodes) { entry, key, value in
      lauter__test__v1__maps__nodes_entry__init(entry)
      entry.pointee.key = key ? 1 : 0
      entry.pointee.value = try arena.message(value)
    }
  }
}

extension TestV1.Maps: ViewedMessage {
  /// A `Maps` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Maps>

    package init(c: UnsafePointer<Lauter__Test__V1__Maps>) { self.c = c }

    public var texts: ViewList<(key: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>)> {
      Viewed.entries(c.pointee.texts, c.pointee.n_texts) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__TextsEntry>) in
        (Viewed.text(entry.pointee.key), Viewed.text(entry.pointee.value))
      }
    }

    public var numbers: ViewList<(key: Int32, value: Double)> {
      Viewed.entries(c.pointee.numbers, c.pointee.n_numbers) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__NumbersEntry>) in
        (entry.pointee.key, entry.pointee.value)
      }
    }

    public var blobs: ViewList<(key: Int64, value: UnsafeBufferPointer<UInt8>)> {
      Viewed.entries(c.pointee.blobs, c.pointee.n_blobs) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__BlobsEntry>) in
        (entry.pointee.key, Viewed.bytes(entry.pointee.value))
      }
    }

    public var flags: ViewList<(key: UInt32, value: Bool)> {
      Viewed.entries(c.pointee.flags, c.pointee.n_flags) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__FlagsEntry>) in
        (entry.pointee.key, entry.pointee.value != 0)
      }
    }

    public var floats: ViewList<(key: UInt64, value: Float)> {
      Viewed.entries(c.pointee.floats, c.pointee.n_floats) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__FloatsEntry>) in
        (entry.pointee.key, entry.pointee.value)
      }
    }

    public var inners: ViewList<(key: Int32, value: TestV1.Inner.View?)> {
      Viewed.entries(c.pointee.inners, c.pointee.n_inners) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__InnersEntry>) in
        (entry.pointee.key, entry.pointee.value.map { .init(c: $0) })
      }
    }

    public var moods: ViewList<(key: Int64, value: TestV1.Mood)> {
      Viewed.entries(c.pointee.moods, c.pointee.n_moods) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__MoodsEntry>) in
        (entry.pointee.key, .init(rawValue: .init(truncatingIfNeeded: entry.pointee.value.rawValue)))
      }
    }

    public var fixed: ViewList<(key: UInt32, value: UInt64)> {
      Viewed.entries(c.pointee.fixed, c.pointee.n_fixed) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__FixedEntry>) in
        (entry.pointee.key, entry.pointee.value)
      }
    }

    public var moreFixed: ViewList<(key: UInt64, value: Int64)> {
      Viewed.entries(c.pointee.more_fixed, c.pointee.n_more_fixed) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__MoreFixedEntry>) in
        (entry.pointee.key, entry.pointee.value)
      }
    }

    public var signedFixed: ViewList<(key: Int32, value: Int64)> {
      Viewed.entries(c.pointee.signed_fixed, c.pointee.n_signed_fixed) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__SignedFixedEntry>) in
        (entry.pointee.key, entry.pointee.value)
      }
    }

    public var moreSignedFixed: ViewList<(key: Int64, value: Int32)> {
      Viewed.entries(c.pointee.more_signed_fixed, c.pointee.n_more_signed_fixed) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__MoreSignedFixedEntry>) in
        (entry.pointee.key, entry.pointee.value)
      }
    }

    public var nodes: ViewList<(key: Bool, value: TestV1.Node.View?)> {
      Viewed.entries(c.pointee.nodes, c.pointee.n_nodes) {
        (entry: UnsafePointer<Lauter__Test__V1__Maps__NodesEntry>) in
        (entry.pointee.key != 0, entry.pointee.value.map { .init(c: $0) })
      }
    }
  }
}

extension TestV1 {
  public struct Choices: Message, Hashable, Sendable {
    public var any: TestV1.Choices.Any_?
    public var score: Double?
    public var note: String?
    public var blob: [UInt8]?
    public var flag: Bool?
    public var feeling: TestV1.Mood?
    /// One field under another name stays a choice.
    public var lonely: TestV1.Choices.Lonely?

    public init(
      any: TestV1.Choices.Any_? = nil,
      score: Double? = nil,
      note: String? = nil,
      blob: [UInt8]? = nil,
      flag: Bool? = nil,
      feeling: TestV1.Mood? = nil,
      lonely: TestV1.Choices.Lonely? = nil
    ) {
      self.any = any
      self.score = score
      self.note = note
      self.blob = blob
      self.flag = flag
      self.feeling = feeling
      self.lonely = lonely
    }

    public indirect enum Any_: Hashable, Sendable {
      case doubleValue(Double)
      case int64Value(Int64)
      case sint32Value(Int32)
      case fixed32Value(UInt32)
      case boolValue(Bool)
      case stringValue(String)
      case bytesValue([UInt8])
      case mood(TestV1.Mood)
      case inner(TestV1.Inner)
      case choices(TestV1.Choices)
    }

    public enum Lonely: Hashable, Sendable {
      case only(UInt32)
    }
  }
}

extension TestV1.Choices: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__choices__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Choices>) throws {
    switch c.pointee.any_case.rawValue {
    case 1: self.any = .doubleValue(c.pointee.double_value)
    case 2: self.any = .int64Value(c.pointee.int64_value)
    case 3: self.any = .sint32Value(c.pointee.sint32_value)
    case 4: self.any = .fixed32Value(c.pointee.fixed32_value)
    case 5: self.any = .boolValue(c.pointee.bool_value != 0)
    case 6: self.any = .stringValue(String(cString: c.pointee.string_value))
    case 7: self.any = .bytesValue(Decoded.bytes(c.pointee.bytes_value))
    case 8: self.any = .mood(.init(rawValue: .init(truncatingIfNeeded: c.pointee.mood.rawValue)))
    case 9: self.any = try .inner(TestV1.Inner(c: c.pointee.inner))
    case 10: self.any = try .choices(TestV1.Choices(c: c.pointee.choices))
    default: self.any = nil
    }
    self.score = c.pointee.score__case.rawValue == 11 ? c.pointee.score : nil
    self.note = c.pointee.note__case.rawValue == 12 ? String(cString: c.pointee.note) : nil
    self.blob = c.pointee.blob__case.rawValue == 13 ? Decoded.bytes(c.pointee.blob) : nil
    self.flag = c.pointee.flag__case.rawValue == 14 ? c.pointee.flag != 0 : nil
    self.feeling = c.pointee.feeling__case.rawValue == 15 ? .init(rawValue: .init(truncatingIfNeeded: c.pointee.feeling.rawValue)) : nil
    switch c.pointee.lonely_case.rawValue {
    case 16: self.lonely = .only(c.pointee.only)
    default: self.lonely = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Choices>, _ arena: Arena) throws {
    lauter__test__v1__choices__init(c)
    switch any {
    case .doubleValue(let value):
      c.pointee.any_case = .init(1)
      c.pointee.double_value = value
    case .int64Value(let value):
      c.pointee.any_case = .init(2)
      c.pointee.int64_value = value
    case .sint32Value(let value):
      c.pointee.any_case = .init(3)
      c.pointee.sint32_value = value
    case .fixed32Value(let value):
      c.pointee.any_case = .init(4)
      c.pointee.fixed32_value = value
    case .boolValue(let value):
      c.pointee.any_case = .init(5)
      c.pointee.bool_value = value ? 1 : 0
    case .stringValue(let value):
      c.pointee.any_case = .init(6)
      c.pointee.string_value = try arena.string(value, "lauter.test.v1.Choices.string_value")
    case .bytesValue(let value):
      c.pointee.any_case = .init(7)
      c.pointee.bytes_value = try arena.bytes(value)
    case .mood(let value):
      c.pointee.any_case = .init(8)
      c.pointee.mood = .init(rawValue: .init(truncatingIfNeeded: value.rawValue))
    case .inner(let value):
      c.pointee.any_case = .init(9)
      c.pointee.inner = try arena.message(value)
    case .choices(let value):
      c.pointee.any_case = .init(10)
      c.pointee.choices = try arena.message(value)
    case nil: break
    }
    if let score {
      c.pointee.score__case = .init(11)
      c.pointee.score = score
    }
    if let note {
      c.pointee.note__case = .init(12)
      c.pointee.note = try arena.string(note, "lauter.test.v1.Choices.note")
    }
    if let blob {
      c.pointee.blob__case = .init(13)
      c.pointee.blob = try arena.bytes(blob)
    }
    if let flag {
      c.pointee.flag__case = .init(14)
      c.pointee.flag = flag ? 1 : 0
    }
    if let feeling {
      c.pointee.feeling__case = .init(15)
      c.pointee.feeling = .init(rawValue: .init(truncatingIfNeeded: feeling.rawValue))
    }
    switch lonely {
    case .only(let value):
      c.pointee.lonely_case = .init(16)
      c.pointee.only = value
    case nil: break
    }
  }
}

extension TestV1.Choices: ViewedMessage {
  /// A `Choices` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Choices>

    package init(c: UnsafePointer<Lauter__Test__V1__Choices>) { self.c = c }

    public var any: Any_? {
      switch c.pointee.any_case.rawValue {
      case 1: .doubleValue(c.pointee.double_value)
      case 2: .int64Value(c.pointee.int64_value)
      case 3: .sint32Value(c.pointee.sint32_value)
      case 4: .fixed32Value(c.pointee.fixed32_value)
      case 5: .boolValue(c.pointee.bool_value != 0)
      case 6: .stringValue(Viewed.text(c.pointee.string_value))
      case 7: .bytesValue(Viewed.bytes(c.pointee.bytes_value))
      case 8: .mood(.init(rawValue: .init(truncatingIfNeeded: c.pointee.mood.rawValue)))
      case 9: .inner(.init(c: c.pointee.inner))
      case 10: .choices(.init(c: c.pointee.choices))
      default: nil
      }
    }

    public enum Any_ {
      case doubleValue(Double)
      case int64Value(Int64)
      case sint32Value(Int32)
      case fixed32Value(UInt32)
      case boolValue(Bool)
      case stringValue(UnsafeBufferPointer<UInt8>)
      case bytesValue(UnsafeBufferPointer<UInt8>)
      case mood(TestV1.Mood)
      case inner(TestV1.Inner.View)
      case choices(TestV1.Choices.View)
    }

    public var score: Double? {
      c.pointee.score__case.rawValue == 11 ? c.pointee.score : nil
    }

    public var note: UnsafeBufferPointer<UInt8>? {
      c.pointee.note__case.rawValue == 12 ? Viewed.text(c.pointee.note) : nil
    }

    public var blob: UnsafeBufferPointer<UInt8>? {
      c.pointee.blob__case.rawValue == 13 ? Viewed.bytes(c.pointee.blob) : nil
    }

    public var flag: Bool? {
      c.pointee.flag__case.rawValue == 14 ? c.pointee.flag != 0 : nil
    }

    public var feeling: TestV1.Mood? {
      c.pointee.feeling__case.rawValue == 15 ? .init(rawValue: .init(truncatingIfNeeded: c.pointee.feeling.rawValue)) : nil
    }

    /// One field under another name stays a choice.
    public var lonely: Lonely? {
      switch c.pointee.lonely_case.rawValue {
      case 16: .only(c.pointee.only)
      default: nil
      }
    }

    public enum Lonely {
      case only(UInt32)
    }
  }
}

extension TestV1 {
  /// Holds itself, directly and through a list.
  public struct Node: Message, Hashable, Sendable {
    public var next: TestV1.Node? {
      get { boxedNext.first }
      set { boxedNext = newValue.map { [$0] } ?? [] }
    }
    private var boxedNext: [TestV1.Node] = []
    public var children: [TestV1.Node]
    public var name: String

    public init(next: TestV1.Node? = nil, children: [TestV1.Node] = [], name: String = "") {
      self.boxedNext = next.map { [$0] } ?? []
      self.children = children
      self.name = name
    }
  }
}

extension TestV1.Node: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__node__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Node>) throws {
    self.boxedNext = try c.pointee.next.map { [try .init(c: $0)] } ?? []
    self.children = try Decoded.messages(c.pointee.children, c.pointee.n_children)
    self.name = String(cString: c.pointee.name)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Node>, _ arena: Arena) throws {
    lauter__test__v1__node__init(c)
    if let next { c.pointee.next = try arena.message(next) }
    c.pointee.n_children = children.count
    c.pointee.children = try arena.messages(children)
    c.pointee.name = try arena.string(name, "lauter.test.v1.Node.name")
  }
}

extension TestV1.Node: ViewedMessage {
  /// A `Node` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Node>

    package init(c: UnsafePointer<Lauter__Test__V1__Node>) { self.c = c }

    public var next: TestV1.Node.View? {
      c.pointee.next.map { .init(c: $0) }
    }

    public var children: ViewList<TestV1.Node.View> {
      Viewed.messages(c.pointee.children, c.pointee.n_children)
    }

    public var name: UnsafeBufferPointer<UInt8> {
      Viewed.text(c.pointee.name)
    }
  }
}

extension TestV1 {
  public struct Everything: Message, Hashable, Sendable {
    public var scalars: TestV1.Scalars?
    public var repeats: TestV1.Repeats?
    public var maps: TestV1.Maps?
    public var choices: [TestV1.Choices]
    public var node: TestV1.Node?

    public init(
      scalars: TestV1.Scalars? = nil,
      repeats: TestV1.Repeats? = nil,
      maps: TestV1.Maps? = nil,
      choices: [TestV1.Choices] = [],
      node: TestV1.Node? = nil
    ) {
      self.scalars = scalars
      self.repeats = repeats
      self.maps = maps
      self.choices = choices
      self.node = node
    }
  }
}

extension TestV1.Everything: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__everything__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Everything>) throws {
    self.scalars = try c.pointee.scalars.map { try .init(c: $0) }
    self.repeats = try c.pointee.repeats.map { try .init(c: $0) }
    self.maps = try c.pointee.maps.map { try .init(c: $0) }
    self.choices = try Decoded.messages(c.pointee.choices, c.pointee.n_choices)
    self.node = try c.pointee.node.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Everything>, _ arena: Arena) throws {
    lauter__test__v1__everything__init(c)
    if let scalars { c.pointee.scalars = try arena.message(scalars) }
    if let repeats { c.pointee.repeats = try arena.message(repeats) }
    if let maps { c.pointee.maps = try arena.message(maps) }
    c.pointee.n_choices = choices.count
    c.pointee.choices = try arena.messages(choices)
    if let node { c.pointee.node = try arena.message(node) }
  }
}

extension TestV1.Everything: ViewedMessage {
  /// A `Everything` that is only looked at: fields are read where they are, strings
  /// as UTF-8. The view and what it gives are gone after the call that was given the view; only
  /// copies may be kept.
  public struct View: MessageView {
    private let c: UnsafePointer<Lauter__Test__V1__Everything>

    package init(c: UnsafePointer<Lauter__Test__V1__Everything>) { self.c = c }

    public var scalars: TestV1.Scalars.View? {
      c.pointee.scalars.map { .init(c: $0) }
    }

    public var repeats: TestV1.Repeats.View? {
      c.pointee.repeats.map { .init(c: $0) }
    }

    public var maps: TestV1.Maps.View? {
      c.pointee.maps.map { .init(c: $0) }
    }

    public var choices: ViewList<TestV1.Choices.View> {
      Viewed.messages(c.pointee.choices, c.pointee.n_choices)
    }

    public var node: TestV1.Node.View? {
      c.pointee.node.map { .init(c: $0) }
    }
  }
}

extension TestV1 {
  public struct Nothing: Message, Hashable, Sendable {
    public init() {}
  }
}

extension TestV1.Nothing: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__test__v1__nothing__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Test__V1__Nothing>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Test__V1__Nothing>, _ arena: Arena) throws {
    lauter__test__v1__nothing__init(c)
  }
}

extension TestV1 {
  /// Serves `lauter.test.v1.Echo`.
  public protocol Echo: Sendable {
    func unary(
      _ request: TestV1.Everything, context: CallContext
    ) async throws -> TestV1.Everything

    func collect(
      _ requests: RequestStream<TestV1.Scalars>, context: CallContext
    ) async throws -> TestV1.Everything

    func spread(
      _ request: TestV1.Everything,
      responses: ResponseWriter<TestV1.Choices>,
      context: CallContext
    ) async throws

    func chat(
      _ requests: RequestStream<TestV1.Node>,
      responses: ResponseWriter<TestV1.Node>,
      context: CallContext
    ) async throws
  }
}

extension TestV1 {
  /// Methods of `Echo` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum EchoSynchronous {
    public protocol Unary: Sendable {
      func unary(_ request: TestV1.Everything, context: CallContext) throws -> TestV1.Everything
    }
  }
}

extension TestV1 {
  /// Methods of `Echo` that can be handled by looking at the request.
  ///
  /// Like `EchoSynchronous`, with a view in place of the request: no value is made of it.
  public enum EchoViewing {
    public protocol Unary: Sendable {
      func unary(
        _ request: TestV1.Everything.View, context: CallContext
      ) throws -> TestV1.Everything
    }
  }
}

extension TestV1.Echo {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.echo(_:)`.
  public var definition: ServiceDefinition { .echo(self) }
}

extension ServiceDefinition {
  /// `lauter.test.v1.Echo`, handled by `handlers`.
  public static func echo(_ handlers: some TestV1.Echo) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.test.v1.Echo", file: TestV1.featuresProto,
      methods: [
        .unary(
          "Unary", synchronous: (handlers as? any TestV1.EchoSynchronous.Unary)?.unary,
          viewing: viewing(
            TestV1.Everything.self, (handlers as? any TestV1.EchoViewing.Unary)?.unary)
        ) { try await handlers.unary($0, context: $1) },
        .clientStreaming("Collect") {
          try await handlers.collect($0, context: $1)
        },
        .serverStreaming("Spread") {
          try await handlers.spread($0, responses: $1, context: $2)
        },
        .bidirectional("Chat") {
          try await handlers.chat($0, responses: $1, context: $2)
        },
      ])
  }
}

extension TestV1 {
  /// Calls `lauter.test.v1.Echo`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct EchoClient: Sendable {
    private enum Method {
      static let unary = MethodDescriptor(
        service: "lauter.test.v1.Echo", method: "Unary")
      static let collect = MethodDescriptor(
        service: "lauter.test.v1.Echo", method: "Collect")
      static let spread = MethodDescriptor(
        service: "lauter.test.v1.Echo", method: "Spread")
      static let chat = MethodDescriptor(
        service: "lauter.test.v1.Echo", method: "Chat")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    public nonisolated(nonsending) func unary(
      _ request: TestV1.Everything, options: CallOptions = CallOptions()
    ) async throws -> TestV1.Everything {
      try await channel.unary(Method.unary, request, options: options)
    }

    public nonisolated(nonsending) func collect(
      options: CallOptions = CallOptions(),
      _ produce: nonisolated(nonsending) (RequestWriter<TestV1.Scalars>) async throws -> Void
    ) async throws -> TestV1.Everything {
      try await channel.clientStreaming(Method.collect, options: options, produce)
    }

    public nonisolated(nonsending) func spread<Result>(
      _ request: TestV1.Everything,
      options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<TestV1.Choices>) async throws -> Result
    ) async throws -> Result {
      try await channel.serverStreaming(Method.spread, request, options: options, handle)
    }

    public nonisolated(nonsending) func chat<Result>(
      options: CallOptions = CallOptions(),
      _ produce: @escaping @Sendable (RequestWriter<TestV1.Node>) async throws -> Void,
      _ handle: nonisolated(nonsending) (ResponseStream<TestV1.Node>) async throws -> Result
    ) async throws -> Result {
      try await channel.bidirectional(Method.chat, options: options, produce, handle)
    }
  }
}
