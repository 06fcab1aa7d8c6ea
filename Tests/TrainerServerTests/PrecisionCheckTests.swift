import Testing
import TrainerServer

@Suite struct PrecisionCheckTests {
  @Test(
    "McNemar's exact test",
    arguments: [(0, 0, 1.0), (5, 0, 0.0625), (0, 5, 0.0625), (10, 2, 0.03857421875), (7, 7, 1)])
  func signTest(a: Int, b: Int, expected: Double) {
    #expect(abs(PrecisionCheck.signTest(a, b) - expected) < 1e-12)
  }

  @Test("Thousands of texts do not underflow")
  func many() {
    let p = PrecisionCheck.signTest(1000, 900)
    #expect(p > 0.02 && p < 0.03)
    #expect(PrecisionCheck.signTest(2000, 100) < 1e-100)
  }
}
