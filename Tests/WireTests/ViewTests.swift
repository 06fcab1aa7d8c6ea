// Views show what decoding makes a value of.

import RPC
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct ViewTests {
  @Test func everyFieldIsSeen() throws {
    #expect(try seen(bytes(of: TestV1.Everything.sample)) == .sample)
    #expect(try seen([]) == .init())
  }

  /// What decoding refuses has no view either, and with the same words.
  @Test func mutilatedMessagesLookAsTheyDecode() throws {
    let sample = try bytes(of: TestV1.Everything.sample)
    var generator = SeededGenerator(seed: 20_261_126)
    var accepted = 0
    for _ in 0..<20_000 {
      let bytes = mutated(sample, using: &generator)
      let decoded = Result { try TestV1.Everything(bytes: bytes) }
      let viewed = Result { try seen(bytes) }
      switch (decoded, viewed) {
      case (.success(let decoded), .success(let viewed)):
        accepted += 1
        // Not a number is not equal to itself; its bits are.
        #expect(try WireTests.bytes(of: decoded) == WireTests.bytes(of: viewed))
      case (.failure(let decoded as RPCError), .failure(let viewed as RPCError)):
        #expect(decoded.message == viewed.message)
      default:
        Issue.record("decoded: \(decoded), viewed: \(viewed)")
      }
    }
    #expect(accepted > 1000)
  }

  @Test func aMethodMayLookAtItsRequest() async throws {
    let server = RPCServer(services: [.echo(Looking())], interceptors: [{ try await $1($0) }])
    for server in [RPCServer(services: [.echo(Looking())]), server] {
      let channel = RPCChannel(inProcess: server)
      let client = TestV1.EchoClient(channel)
      #expect(try await client.unary(.sample) == .sample)
      await channel.close()
    }
  }

  /// Who inspects messages gets them whole.
  @Test func inspectorsSeeWhatIsOnlyLookedAt() async throws {
    let server = RPCServer(
      services: [.echo(Looking())],
      interceptors: [
        { context, next in
          var context = context
          context.onRequest { message in
            guard (message as? TestV1.Everything)?.node?.name != "first" else {
              throw RPCError(code: .failedPrecondition, message: "seen")
            }
          }
          try await next(context)
        }
      ])
    let channel = RPCChannel(inProcess: server)
    let client = TestV1.EchoClient(channel)
    let error = await #expect(throws: RPCError.self) { _ = try await client.unary(.sample) }
    #expect(error?.message == "seen")
    #expect(try await client.unary(.init()) == .init())
    await channel.close()
  }

  private func seen(_ bytes: [UInt8]) throws -> TestV1.Everything {
    let look = try #require(
      viewing(TestV1.Everything.self) { (view: TestV1.Everything.View, _) in view.copy })
    let context = CallContext(method: MethodDescriptor(service: "test", method: "Test"))
    return try bytes.withUnsafeBytes { try look($0, context) }
  }
}

/// Answers what it sees. Its async method, which must not be called, has nothing to say.
private struct Looking: TestV1.Echo, TestV1.EchoViewing.Unary {
  func unary(_ request: TestV1.Everything.View, context: CallContext) -> TestV1.Everything {
    request.copy
  }

  func unary(_ request: TestV1.Everything, context: CallContext) async throws -> TestV1.Everything {
    throw RPCError(code: .unimplemented, message: "not looked at")
  }

  func collect(
    _ requests: RequestStream<TestV1.Scalars>, context: CallContext
  ) async throws -> TestV1.Everything { .init() }

  func spread(
    _ request: TestV1.Everything, responses: ResponseWriter<TestV1.Choices>, context: CallContext
  ) async throws {}

  func chat(
    _ requests: RequestStream<TestV1.Node>, responses: ResponseWriter<TestV1.Node>,
    context: CallContext
  ) async throws {}
}

// MARK: Values of what is seen

private func text(_ utf8: UnsafeBufferPointer<UInt8>) -> String {
  String(decoding: utf8, as: UTF8.self)
}

private func map<Key: Hashable, Value, Result>(
  _ entries: ViewList<(key: Key, value: Value)>, _ convert: (Value) -> Result
) -> [Key: Result] {
  Dictionary(entries.map { ($0.key, convert($0.value)) }, uniquingKeysWith: { $1 })
}

extension TestV1.Everything.View {
  fileprivate var copy: TestV1.Everything {
    TestV1.Everything(
      scalars: scalars?.copy, repeats: repeats?.copy, maps: maps?.copy,
      choices: choices.map(\.copy),
      node: node?.copy)
  }
}

extension TestV1.Scalars.View {
  fileprivate var copy: TestV1.Scalars {
    TestV1.Scalars(
      doubleValue: doubleValue, floatValue: floatValue, int32Value: int32Value,
      int64Value: int64Value, uint32Value: uint32Value, uint64Value: uint64Value,
      sint32Value: sint32Value, sint64Value: sint64Value, fixed32Value: fixed32Value,
      fixed64Value: fixed64Value, sfixed32Value: sfixed32Value, sfixed64Value: sfixed64Value,
      boolValue: boolValue, stringValue: text(stringValue), bytesValue: Array(bytesValue),
      mood: mood, kind: kind)
  }
}

extension TestV1.Inner.View {
  fileprivate var copy: TestV1.Inner {
    TestV1.Inner(
      kind: kind,
      deeper: deeper.map {
        .init(class: text($0.class), default: text($0.default), init: $0.`init`, self_: $0.self_)
      },
      number: number)
  }
}

extension TestV1.Repeats.View {
  fileprivate var copy: TestV1.Repeats {
    TestV1.Repeats(
      doubles: Array(doubles), floats: Array(floats), int32s: Array(int32s), int64s: Array(int64s),
      uint32s: Array(uint32s), uint64s: Array(uint64s), sint32s: Array(sint32s),
      sint64s: Array(sint64s), fixed32s: Array(fixed32s), fixed64s: Array(fixed64s),
      sfixed32s: Array(sfixed32s), sfixed64s: Array(sfixed64s), bools: Array(bools),
      strings: strings.map(text), byteStrings: byteStrings.map { Array($0) }, moods: Array(moods),
      inners: inners.map(\.copy), loose: Array(loose))
  }
}

extension TestV1.Maps.View {
  fileprivate var copy: TestV1.Maps {
    TestV1.Maps(
      texts: Dictionary(
        texts.map { (text($0.key), text($0.value)) }, uniquingKeysWith: { $1 }),
      numbers: map(numbers) { $0 }, blobs: map(blobs) { Array($0) }, flags: map(flags) { $0 },
      floats: map(floats) { $0 }, inners: map(inners) { $0?.copy ?? .init() },
      moods: map(moods) { $0 }, fixed: map(fixed) { $0 }, moreFixed: map(moreFixed) { $0 },
      signedFixed: map(signedFixed) { $0 }, moreSignedFixed: map(moreSignedFixed) { $0 },
      nodes: map(nodes) { $0?.copy ?? .init() })
  }
}

extension TestV1.Choices.View {
  fileprivate var copy: TestV1.Choices {
    let any: TestV1.Choices.Any_? =
      switch self.any {
      case .doubleValue(let value): .doubleValue(value)
      case .int64Value(let value): .int64Value(value)
      case .sint32Value(let value): .sint32Value(value)
      case .fixed32Value(let value): .fixed32Value(value)
      case .boolValue(let value): .boolValue(value)
      case .stringValue(let value): .stringValue(text(value))
      case .bytesValue(let value): .bytesValue(Array(value))
      case .mood(let value): .mood(value)
      case .inner(let value): .inner(value.copy)
      case .choices(let value): .choices(value.copy)
      case nil: nil
      }
    let lonely: TestV1.Choices.Lonely? =
      switch self.lonely {
      case .only(let value): .only(value)
      case nil: nil
      }
    return TestV1.Choices(
      any: any, score: score, note: note.map(text), blob: blob.map { Array($0) }, flag: flag,
      feeling: feeling, lonely: lonely)
  }
}

extension TestV1.Node.View {
  fileprivate var copy: TestV1.Node {
    TestV1.Node(next: next?.copy, children: children.map(\.copy), name: text(name))
  }
}
