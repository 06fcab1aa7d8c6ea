import Artefacts
import Foundation
import InferenceServer
import RPC
import TestSupport
import Testing
import Transformer
import Wire

@Suite("Inference server")
struct InferenceServerTests {
  @Test("Predicts with the latest version and says which; an unknown model is NOT_FOUND with names")
  func predicts() async throws {
    try await Scene.run { scene in
      try await scene.publish("reviews", version: 1, favours: 0)
      try await scene.publish("reviews", version: 2, favours: 1)
      let latest = try await scene.inference.predict(.init(model: "reviews", texts: ["a b", "c"]))
      #expect(latest.model == "reviews" && latest.version == 2)
      #expect(latest.labels == ["negative", "positive"])
      #expect(latest.predictions.map(\.label) == ["positive", "positive"])
      for prediction in latest.predictions {
        #expect(abs(prediction.probabilities.reduce(0, +) - 1) < 1e-5)
        #expect(prediction.score == prediction.probabilities.max())
      }
      let first = try await scene.inference.predict(
        .init(model: "reviews", version: 1, texts: ["a b"]))
      #expect(first.version == 1 && first.predictions[0].label == "negative")
      await #expect {
        _ = try await scene.inference.predict(.init(model: "none", texts: ["a"]))
      } throws: { error in
        guard let error = error as? RPCError else { return false }
        return error.code == .notFound && error.message.contains("reviews")
      }
      let loaded = try await scene.inference.listLoaded(.init()).loaded
      #expect(loaded.map(\.version) == [1, 2] && loaded.allSatisfy { $0.kind == "model" })
    }
  }

  @Test("Many first requests load once")
  func loadsOnce() async throws {
    try await Scene.run { scene in
      try await scene.publish("reviews", version: 1, favours: 0)
      let versions = try await withThrowingTaskGroup(of: UInt64.self) { group in
        for _ in 0..<20 {
          group.addTask {
            try await scene.inference.predict(.init(model: "reviews", texts: ["a"])).version
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(versions == Array(repeating: 1, count: 20))
      let digests = scene.store.downloads.map(\.digest)
      #expect(Set(digests).count == digests.count)
    }
  }

  @Test("A new version takes over under load without a failed request")
  func takesOver() async throws {
    try await Scene.run { scene in
      try await scene.publish("reviews", version: 1, favours: 0)
      _ = try await scene.inference.predict(.init(model: "reviews", texts: ["a"]))
      let last = try await withThrowingTaskGroup(of: UInt64.self) { group in
        for _ in 0..<4 {
          group.addTask {
            var version: UInt64 = 1
            while version == 1 {
              let answer = try await scene.inference.predict(
                .init(model: "reviews", texts: ["a b c"]),
                options: CallOptions(timeout: .seconds(60)))
              version = answer.version
              #expect(answer.predictions[0].label == (version == 1 ? "negative" : "positive"))
            }
            return version
          }
        }
        try await scene.publish("reviews", version: 2, favours: 1)
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(last == [2, 2, 2, 2])
      let loaded = try await scene.inference.listLoaded(.init()).loaded
      #expect(loaded.map(\.version) == [2])
    }
  }

  @Test("While the store is away, what is loaded answers and the rest is UNAVAILABLE")
  func withoutStore() async throws {
    try await Scene.run { scene in
      try await scene.publish("reviews", version: 1, favours: 0)
      try await scene.publish("others", version: 1, favours: 0)
      try await scene.register("small")
      _ = try await scene.inference.predict(.init(model: "reviews", texts: ["a"]))
      let embedded = try await scene.inference.embed(.init(texts: ["a"]))
      await scene.stopStore()
      let answer = try await scene.inference.predict(.init(model: "reviews", texts: ["a"]))
      #expect(answer.version == 1)
      #expect(try await scene.inference.embed(.init(texts: ["a"])) == embedded)
      await #expect {
        _ = try await scene.inference.predict(.init(model: "reviews", version: 7, texts: ["a"]))
      } throws: { error in
        guard let error = error as? RPCError else { return false }
        return error.code == .unavailable && error.message.contains("the store at 127.0.0.1")
      }
    }
  }

  @Test("Embeddings do not depend on what else is asked at the same time")
  func embeds() async throws {
    try await Scene.run { scene in
      try await scene.register("small")
      let texts = (0..<150).map { "\(["a", "b c", "c a b"][$0 % 3]) \($0 % 7 == 0 ? "a" : "b")" }
      let whole = try await scene.inference.embed(.init(source: .encoder("small"), texts: texts))
      #expect(whole.dimensions == 64 && whole.values.count == 150 * 64)
      let single = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
        for (index, text) in texts.enumerated() {
          group.addTask {
            (
              index,
              try await scene.inference.embed(.init(source: .encoder(""), texts: [text])).values
            )
          }
        }
        return try await group.reduce(into: [Int: [Float]]()) { $0[$1.0] = $1.1 }
      }
      for index in texts.indices {
        #expect(single[index] == Array(whole.values[index * 64..<(index + 1) * 64]))
      }
    }
  }

  @Test("Requests over the limits are refused with the limit")
  func limits() async throws {
    try await Scene.run { scene in
      try await scene.register("small")
      for (texts, says) in [
        (Array(repeating: "a", count: 1025), "1024"),
        (["a", String(repeating: "a ", count: 200_000)], "texts[1]"),
      ] {
        await #expect {
          _ = try await scene.inference.embed(.init(texts: texts))
        } throws: { error in
          guard let error = error as? RPCError else { return false }
          return error.code == .invalidArgument && error.message.contains(says)
        }
      }
      #expect(try await scene.inference.embed(.init()).values.isEmpty)
      let full = try await scene.inference.embed(.init(texts: Array(repeating: "a", count: 1024)))
      #expect(full.values.count == 1024 * 64)
    }
  }

  @Test("Only so many stay loaded, the latest used")
  func evicts() async throws {
    try await Scene.run(maxLoaded: 2) { scene in
      for name in ["x", "y", "z"] {
        try await scene.publish(name, version: 1, favours: 0)
      }
      for name in ["x", "y", "x", "z"] {
        _ = try await scene.inference.predict(.init(model: name, texts: ["a"]))
      }
      let loaded = try await scene.inference.listLoaded(.init()).loaded
      #expect(loaded.map(\.name) == ["z", "x"])
      let again = try await scene.inference.predict(.init(model: "y", texts: ["a"]))
      #expect(again.version == 1)
    }
  }

  @Test("The precision is what a model was measured to bear, or what the flag says, and is told")
  func precisions() async throws {
    let borne = [Precision.bf16, .int8].map {
      MeasuredPrecision(
        $0, split: "test", accuracy: 1, lost: 0, won: 0, pValue: 1,
        cosines: [Double](repeating: 1, count: 100))
    }
    let fastest = PrecisionChoice.auto.precision(measured: borne)
    for (choice, expected) in [(PrecisionChoice.auto, fastest), (.fixed(.bf16), .bf16)] {
      try await Scene.run(precision: choice) { scene in
        try await scene.publish("reviews", version: 1, favours: 0, precisions: borne)
        try await scene.publish("plain", version: 1, favours: 0)
        try await scene.register("small")
        let predicted = try await scene.inference.predict(.init(model: "reviews", texts: ["a b"]))
        #expect(predicted.precision == expected.rawValue)
        #expect(predicted.predictions[0].label == "negative")
        // Nobody measured these.
        let unmeasured = choice == .auto ? Precision.fp32 : expected
        let plain = try await scene.inference.predict(.init(model: "plain", texts: ["a b"]))
        let embedded = try await scene.inference.embed(.init(texts: ["a b"]))
        #expect(plain.precision == unmeasured.rawValue)
        #expect(embedded.precision == unmeasured.rawValue)
        let loaded = try await scene.inference.listLoaded(.init()).loaded
        #expect(loaded.first { $0.name == "reviews" }?.precision == expected.rawValue)
      }
    }
  }

  @Test("A model that cannot be used is FAILED_PRECONDITION with the file")
  func broken() async throws {
    try await Scene.run { scene in
      try await scene.publish("reviews", version: 1, favours: 0, leavingOut: "vocab.txt")
      await #expect {
        _ = try await scene.inference.predict(.init(model: "reviews", texts: ["a"]))
      } throws: { error in
        guard let error = error as? RPCError else { return false }
        return error.code == .failedPrecondition && error.message.contains("vocab.txt")
      }
    }
  }
}

/// A store in memory, an inference server on it and a client, all on loopback.
private struct Scene: Sendable {
  let store: MemoryStore
  let inference: InferenceV1.InferenceServiceClient
  let stopStore: @Sendable () async -> Void
  let folder: URL

  static func run(
    maxLoaded: Int = 8, precision: PrecisionChoice = .auto,
    _ body: @escaping @Sendable (Scene) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "lauter-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = MemoryStore()
    try await store.serving { address, stop in
      let inference = try Inference(
        store: address, cache: folder.appending(path: "cache", directoryHint: .isDirectory),
        threads: 2, maxLoaded: maxLoaded, precision: precision)
      let server = RPCServer(services: inference.services)
      let own = try await server.start()
      let channel = RPCChannel(target: "\(own)")
      let background = inference.background
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        for service in background { group.addTask { try await service.run() } }
        let scene = Scene(
          store: store, inference: InferenceV1.InferenceServiceClient(channel), stopStore: stop,
          folder: folder)
        let result: Result<Void, any Error>
        do { result = .success(try await body(scene)) } catch { result = .failure(error) }
        await channel.close()
        group.cancelAll()
        try? await group.waitForAll()
        await inference.close()
        try result.get()
      }
    }
  }

  /// Publishes a model of random weights whose head always answers the label `favours`.
  func publish(
    _ name: String, version: UInt64, favours: Int, leavingOut: String = "",
    precisions: [MeasuredPrecision]? = nil
  ) async throws {
    let source = try makeEncoder("\(name)-\(version)", seed: version)
    var bias: [Float] = [0, 0]
    bias[favours] = 50
    try ClassificationHead(
      labels: 2, hidden: 64, weight: [Float](repeating: 0.01, count: 128), bias: bias
    ).write(to: source)
    var description = ModelManifest(
      labels: ["negative", "positive"], dataset: "reviews", encoder: "small", maxLength: 16)
    description.precisions = precisions
    try description.write(to: source)
    if !leavingOut.isEmpty {
      try FileManager.default.removeItem(at: source.appending(path: leavingOut))
    }
    let manifest = try put(source)
    store.publish(
      StoreV1.Model(
        name: name, version: version, dataset: "reviews", labels: ["negative", "positive"],
        digest: manifest.digest.description, files: manifest.messages))
  }

  /// Registers an encoder of random weights as the default.
  func register(_ name: String) async throws {
    let manifest = try put(try makeEncoder(name, seed: 99))
    store.register(
      StoreV1.Encoder(
        name: name, digest: manifest.digest.description, files: manifest.messages, isDefault: true))
  }

  private func put(_ source: URL) throws -> FileManifest {
    let manifest = try FileManifest(folder: source)
    for file in manifest.files {
      store.put(
        Array(try Data(contentsOf: source.appending(path: file.path))),
        digest: file.digest.description)
    }
    return manifest
  }

  private func makeEncoder(_ name: String, seed: UInt64) throws -> URL {
    let source = folder.appending(path: "source-\(name)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(
      at: source.appending(path: "1_Pooling"), withIntermediateDirectories: true)
    func write(_ text: String, _ path: String) throws {
      try Data(text.utf8).write(to: source.appending(path: path))
    }
    try write(
      """
      {"model_type": "bert", "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 2,
       "num_hidden_layers": 1, "max_position_embeddings": 32, "type_vocab_size": 2, "vocab_size": 8}
      """, "config.json")
    try write(#"{"pooling_mode": "mean", "embedding_dimension": 64}"#, "1_Pooling/config.json")
    try write(
      """
      [{"path": "", "type": "sentence_transformers.models.Transformer"},
       {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
      """, "modules.json")
    try write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n", "vocab.txt")
    var state = seed
    func tensor(_ name: String, _ shape: [Int]) -> (name: String, shape: [Int], values: [Float]) {
      let values = (0..<shape.reduce(1, *)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 24) - 0.5
      }
      return (name, shape, values)
    }
    var tensors = [
      tensor("embeddings.word_embeddings.weight", [8, 64]),
      tensor("embeddings.position_embeddings.weight", [32, 64]),
      tensor("embeddings.token_type_embeddings.weight", [2, 64]),
    ]
    let layer = "encoder.layer.0"
    for (name, out, width) in [
      ("\(layer).attention.self.query", 64, 64), ("\(layer).attention.self.key", 64, 64),
      ("\(layer).attention.self.value", 64, 64), ("\(layer).attention.output.dense", 64, 64),
      ("\(layer).intermediate.dense", 128, 64), ("\(layer).output.dense", 64, 128),
    ] {
      tensors += [tensor("\(name).weight", [out, width]), tensor("\(name).bias", [out])]
    }
    for name in [
      "embeddings.LayerNorm", "\(layer).attention.output.LayerNorm", "\(layer).output.LayerNorm",
    ] {
      tensors += [tensor("\(name).weight", [64]), tensor("\(name).bias", [64])]
    }
    try Safetensors.write(tensors: tensors, to: source.appending(path: "model.safetensors"))
    return source
  }
}
