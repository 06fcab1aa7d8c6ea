import Foundation
import Testing
import Transformer

@Suite struct SentenceEncoderTests {
  static let encoders = ProcessInfo.processInfo.environment["LAUTER_TEST_ENCODERS"]
  static let shared = ProcessInfo.processInfo.environment["LAUTER_TEST_SHARED"]

  private struct Golden: Decodable {
    struct Case: Decodable {
      let text: String
      let all_minilm_l6_v2: [Float]
      let paraphrase_minilm_l3_v2: [Float]
    }
    let cases: [Case]
  }

  /// PyTorch's embeddings of real and of hostile texts, from text to vector.
  @Test(
    .enabled(
      if: encoders != nil && shared != nil,
      "set LAUTER_TEST_ENCODERS and LAUTER_TEST_SHARED to compare with PyTorch"),
    arguments: ["all-MiniLM-L6-v2", "paraphrase-MiniLM-L3-v2"])
  func agreesWithPyTorch(name: String) throws {
    let file = URL(filePath: Self.shared!).appending(path: "golden/embeddings.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    let directory = try EncoderDirectory(URL(filePath: Self.encoders!).appending(path: name))
    let encoder = try SentenceEncoder(directory)
    let embeddings = encoder.embed(golden.cases.map(\.text))
    #expect(embeddings.count == golden.cases.count)
    for (index, item) in golden.cases.enumerated() {
      let expected =
        name == "all-MiniLM-L6-v2" ? item.all_minilm_l6_v2 : item.paraphrase_minilm_l3_v2
      #expect(maxDifference(embeddings[index], expected) < 1e-5, "case \(index)")
      #expect(cosine(embeddings[index], expected) > 0.99999, "case \(index)")
    }
    #expect(encoder.embed([golden.cases[3].text]).values == Array(embeddings[3]))
  }

  /// What bf16 and int8 cost in accuracy, on the same texts.
  @Test(
    .enabled(
      if: encoders != nil && shared != nil,
      "set LAUTER_TEST_ENCODERS and LAUTER_TEST_SHARED to compare with PyTorch"),
    arguments: ["all-MiniLM-L6-v2", "paraphrase-MiniLM-L3-v2"],
    [(Precision.bf16, 0.9999, 0.9999), (.int8, 0.995, 0.99)])
  func lowerPrecisionsStayClose(
    name: String, limit: (precision: Precision, mean: Double, worst: Double)
  ) throws {
    let file = URL(filePath: Self.shared!).appending(path: "golden/embeddings.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    let directory = try EncoderDirectory(URL(filePath: Self.encoders!).appending(path: name))
    let encoder = try SentenceEncoder(directory, precision: limit.precision)
    let embeddings = encoder.embed(golden.cases.map(\.text))
    var cosines: [Double] = []
    for (index, item) in golden.cases.enumerated() {
      let expected =
        name == "all-MiniLM-L6-v2" ? item.all_minilm_l6_v2 : item.paraphrase_minilm_l3_v2
      cosines.append(cosine(embeddings[index], expected))
    }
    let worst = cosines.min()!
    let mean = cosines.reduce(0, +) / Double(cosines.count)
    #expect(mean >= limit.mean)
    #expect(worst >= limit.worst, "case \(cosines.firstIndex(of: worst)!)")
    // It is another precision, not fp32 under its name.
    #expect(cosines.contains { $0 < 1 - 1e-7 })
  }

  private func encoder(
    _ configuration: EncoderConfiguration = TinyEncoder.configuration(),
    precision: Precision = .fp32, threads: Int = 1, kernels: String? = nil
  ) throws -> SentenceEncoder {
    try SentenceEncoder(
      configuration, precision: precision, pool: ComputePool(threads: threads), kernels: kernels,
      tensor: TinyEncoder.tensor)
  }

  @Test(arguments: supportedKernels, Precision.allCases)
  func aTextAloneYieldsTheSameBitsAsInAnyBatch(kernels: String, precision: Precision) throws {
    let texts = (0..<8).flatMap(TinyEncoder.batch)
    let one = try encoder(precision: precision, kernels: kernels)
    let all = one.embed(tokens: texts)
    for (index, text) in texts.enumerated() {
      #expect(one.embed(tokens: [text]).values == Array(all[index]))
    }
    let reversed = one.embed(tokens: texts.reversed())
    for index in texts.indices {
      #expect(reversed[texts.count - 1 - index].elementsEqual(all[index]))
    }
    for threads in [2, 3, 8] {
      let several = try encoder(precision: precision, threads: threads, kernels: kernels)
      #expect(several.embed(tokens: texts) == all)
      // A text alone is split over the threads.
      for index in 0..<5 {
        #expect(several.embed(tokens: [texts[index]]).values == Array(all[index]))
      }
    }
  }

  @Test func instructionSetsAgree() throws {
    let texts = TinyEncoder.batch(0)
    let expected = try encoder(kernels: supportedKernels.last!).embed(tokens: texts)
    for name in supportedKernels {
      let found = try encoder(kernels: name).embed(tokens: texts)
      #expect(maxDifference(found.values, expected.values) < 1e-6, "\(name)")
      for (precision, limit) in [(Precision.bf16, 0.9999), (.int8, 0.995)] {
        let found = try encoder(precision: precision, kernels: name).embed(tokens: texts)
        for text in texts.indices {
          #expect(cosine(found[text], expected[text]) > limit, "\(name) \(precision)")
        }
      }
    }
  }

  @Test func anEmptyBatchHasNoEmbeddings() throws {
    let embeddings = try encoder().embed(tokens: [])
    #expect(embeddings.count == 0)
    #expect(embeddings.dimensions == 64)
  }

  @Test func manyThreadsMayAskAtOnce() async throws {
    let encoder = try encoder(threads: 3)
    let texts = TinyEncoder.batch(1)
    let expected = encoder.embed(tokens: texts)
    await withTaskGroup(of: Embeddings.self) { group in
      for _ in 0..<20 { group.addTask { encoder.embed(tokens: texts) } }
      for await found in group { #expect(found == expected) }
    }
    // Each of them split over threads of which most are busy with another.
    let alone = encoder.embed(tokens: [texts[1]])
    await withTaskGroup(of: Embeddings.self) { group in
      for _ in 0..<50 { group.addTask { encoder.embed(tokens: [texts[1]]) } }
      for await found in group { #expect(found == alone) }
    }
  }
}

func cosine(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Double {
  var (dot, aa, bb) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    dot += Double(x) * Double(y)
    aa += Double(x) * Double(x)
    bb += Double(y) * Double(y)
  }
  return dot / (aa * bb).squareRoot()
}
