import Schema
import StoreServer
import Testing

@Suite struct HoldBackTests {
  let folder = try! ScratchFolder()

  private func records(_ count: Int, labels: [String?], prefix: String = "r") throws -> [NewRecord]
  {
    let check = ImportCheck(try reviews())
    return try (0..<count).map { number in
      var record = draft("\(prefix)\(number)", ["text": "text \(number)"])
      if let label = labels[number % labels.count] {
        record.responses = [Response(user: "gold", label: label, status: .submitted)]
      }
      var new = try check.check(record)
      new.split = nil
      return new
    }
  }

  /// Places held back.
  private func heldBack(_ records: [NewRecord], share: Double) -> [Int] {
    var holdBack = HoldBack(share: share)
    let places = records.indices.filter { place in
      let split = holdBack.split(of: records[place])
      holdBack.count(records[place], in: split)
      return split == .test
    }
    #expect(holdBack.held == places.count)
    return places
  }

  @Test(arguments: [0, 0.07, 0.2, 0.3, 0.5, 0.8, 0.95, 1])
  func ofEachLabelTheShareIsHeldBackToWithinOneRecord(share: Double) throws {
    // A rare label among the others, and records that nobody has answered.
    let labels: [String?] = ["positive", "positive", nil, "negative", "positive", "neutral", nil]
    let records = try records(1003, labels: labels)
    let places = heldBack(records, share: share)
    for stratum in Set(labels) {
      let all = records.indices.filter { labels[$0 % labels.count] == stratum }
      let held = places.filter { labels[$0 % labels.count] == stratum }
      #expect(abs(Double(held.count) - share * Double(all.count)) < 1 + 1e-9, "\(stratum ?? "-")")
    }
    #expect(places == heldBack(records, share: share), "the same each time")
  }

  @Test func whichOnesIsLeftToChance() throws {
    let places = heldBack(try records(5000, labels: ["positive"]), share: 0.2)
    var atPosition = [Int](repeating: 0, count: 5)
    for place in places { atPosition[place % 5] += 1 }
    // 200 expected of each place among five; six standard deviations.
    #expect(atPosition.allSatisfy { abs($0 - 200) < 76 }, "\(atPosition)")
  }

  @Test func importsOfOneRecordEachHoldTheShareBackTogether() throws {
    let held = try records(2000, labels: ["positive"]).filter {
      HoldBack(share: 0.2).split(of: $0) == .test
    }
    // 400 expected; six standard deviations.
    #expect(abs(held.count - 400) < 108)
  }

  @Test(arguments: [Double.leastNonzeroMagnitude, 1e-30])
  func aShareTooSmallForAnyRecordIsNoTrap(share: Double) throws {
    #expect(heldBack(try records(50, labels: ["positive", nil]), share: share) == [])
  }

  @Test func whatIsThereStays() async throws {
    let database = try Database(path: folder.database)
    let dataset = try await database.create(try reviews())
    let labels = ["positive", "negative"]
    let all = try records(400, labels: labels)
    func held() async throws -> [Int64] {
      try await database.records(in: dataset, matching: RecordFilter(split: .test), limit: 1000)
        .records.map(\.record.id)
    }
    // Imported once with nothing held back, then grown, then as it is and in another order.
    _ = try await database.add(Array(all[..<40]), to: dataset)
    var holdBack = HoldBack(share: 0.25)
    let outcomes = try await database.add(Array(all[..<200]), to: dataset, holdBack: &holdBack)
    #expect(outcomes.prefix(40).allSatisfy { $0 == .unchanged })
    #expect(holdBack.held == 40, "of the 160 that are new")
    let first = try await held()
    #expect(first.count == 40)
    #expect(first.allSatisfy { $0 > 40 }, "what was in training is not tested on")

    var again = HoldBack(share: 0.25)
    _ = try await database.add(Array(all.reversed()), to: dataset, holdBack: &again)
    #expect(again.held == 50)
    let second = try await held()
    #expect(second.count == 90)
    #expect(Set(first).isSubset(of: second), "none is moved")

    var without = HoldBack(share: 0)
    let unchanged = try await database.add(all, to: dataset, holdBack: &without)
    #expect(unchanged.allSatisfy { $0 == .unchanged }, "no conflict where no split is named")
    #expect(try await held() == second)
  }

  @Test func aSplitThatARecordNamesIsKept() async throws {
    let database = try Database(path: folder.database)
    let dataset = try await database.create(try reviews())
    var records = try records(10, labels: ["positive"])
    for place in records.indices { records[place].split = .train }
    var holdBack = HoldBack(share: 1)
    _ = try await database.add(records, to: dataset, holdBack: &holdBack)
    #expect(holdBack.held == 0)
    #expect(try await database.counts(dataset).records(split: .train) == 10)
  }
}
