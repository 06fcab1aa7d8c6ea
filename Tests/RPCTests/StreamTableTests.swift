import RPC
import Testing

@Suite struct StreamTableTests {
  /// Held against a dictionary, with numbers that come in order, collide, and leave in any order.
  @Test(arguments: [2, 32, 64, 4096] as [Int32])
  func itHoldsWhatADictionaryHolds(_ step: Int32) {
    var random = SystemRandomNumberGenerator()
    var table = StreamTable<Int>()
    var expected: [Int32: Int] = [:]
    var next: Int32 = 1
    for turn in 0..<20_000 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0...1 where expected.count < 300:
        table[next] = turn
        expected[next] = turn
        next += step
      case 2:
        if let id = expected.keys.randomElement(using: &random) {
          #expect(table.update(id) { $0 += 1 } != nil)
          expected[id]! += 1
        }
      case 3:
        if let id = expected.keys.min() {
          #expect(table.remove(id) == expected.removeValue(forKey: id))
        }
      default:
        let id = expected.keys.randomElement(using: &random) ?? next
        #expect(table.remove(id) == expected.removeValue(forKey: id))
        #expect(!table.contains(id) && table[id] == nil)
      }
      #expect(table.count == expected.count)
    }
    #expect(table.all.sorted() == expected.values.sorted())
    for (id, value) in expected { #expect(table[id] == value) }
    #expect(table.update(next) { $0 = 0 } == nil)
  }
}
