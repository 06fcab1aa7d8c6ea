import Foundation
import Testing
import Transformer

@Suite struct MeasuredPrecisionTests {
  private func measured(
    _ precision: Precision = .int8, lost: Int = 0, won: Int = 0, pValue: Double = 1,
    cosines: [Double] = [Double](repeating: 0.999, count: 100)
  ) -> MeasuredPrecision {
    MeasuredPrecision(
      precision, split: "test", accuracy: 0.9, lost: lost, won: won, pValue: pValue,
      cosines: cosines)
  }

  @Test func aLossThatIsSignificantIsNotBorne() {
    #expect(measured(lost: 8, won: 0, pValue: 0.008).isWithinTolerance == false)
    #expect(measured(lost: 0, won: 8, pValue: 0.008).isWithinTolerance)
    #expect(measured(lost: 3, won: 1, pValue: 0.6).isWithinTolerance)
  }

  @Test func oneTextInAHundredMayBeFarOff() {
    let near = [Double](repeating: 0.999, count: 99)
    #expect(measured(cosines: near + [0.5]).isWithinTolerance)
    #expect(measured(cosines: Array(near.dropLast()) + [0.5, 0.5]).isWithinTolerance == false)
    #expect(measured(cosines: near + [0.5]).cosine == 0.999)
  }

  @Test func fewTextsShowNothing() {
    let few = [Double](repeating: 1, count: MeasuredPrecision.fewestTexts - 1)
    #expect(measured(cosines: few).isWithinTolerance == false)
    #expect(measured(cosines: few + [1]).isWithinTolerance)
  }

  @Test func autoTakesTheFastestThatIsBorneWhereItIsFaster() {
    let both = [measured(.bf16), measured(.int8)]
    let refused = [measured(.bf16), measured(.int8, lost: 9, pValue: 0.004)]
    let auto = PrecisionChoice.auto
    #expect(auto.precision(measured: both, instructionSet: "avx512bf16") == .int8)
    #expect(auto.precision(measured: both, instructionSet: "avx512vnni") == .int8)
    #expect(auto.precision(measured: refused, instructionSet: "avx512bf16") == .bf16)
    #expect(auto.precision(measured: refused, instructionSet: "avx512vnni") == .fp32)
    #expect(auto.precision(measured: [], instructionSet: "avx512bf16") == .fp32)
    // bf16 is slower there than fp32.
    for bytes in ["avx512", "avx2"] {
      #expect(auto.precision(measured: both, instructionSet: bytes) == .int8)
      #expect(auto.precision(measured: refused, instructionSet: bytes) == .fp32)
    }
    for plain in ["baseline", "neon"] {
      #expect(auto.precision(measured: both, instructionSet: plain) == .fp32)
    }
    #expect(PrecisionChoice("bf16")?.precision(measured: [], instructionSet: "avx2") == .bf16)
    #expect(PrecisionChoice("fp16") == nil)
  }

  @Test func aManifestKeepsWhatWasMeasured() throws {
    try TestFolders.withTemporary { folder in
      var manifest = ModelManifest(
        labels: ["a", "b"], dataset: "reviews", encoder: "small", maxLength: 16)
      try manifest.write(to: folder)
      #expect(try ModelManifest(directory: folder).precisions == nil)
      manifest.precisions = [measured(.int8, lost: 1, cosines: [0.99, 1])]
      try manifest.write(to: folder)
      #expect(try ModelManifest(directory: folder) == manifest)
      let text = try String(
        contentsOf: folder.appending(path: ModelManifest.fileName), encoding: .utf8)
      #expect(text.contains("\"within_tolerance\" : false"))
      // The same letter in two normalisations.
      manifest.labels = ["caf\u{E9}", "cafe\u{301}"]
      try manifest.write(to: folder)
      #expect(throws: EncoderError.self) { try ModelManifest(directory: folder) }
    }
  }
}
