/// What belongs to each open stream of a connection, by the stream's number.
///
/// Streams are looked up a dozen times a call, and their numbers count up in twos, so a slot's place is
/// the number itself, cut: no hash function, and neighbours do not collide.
struct StreamTable<Value> {
  private var ids: [Int32]
  private var values: [Value?]
  private(set) var count = 0

  init() {
    ids = [Int32](repeating: 0, count: 16)
    values = [Value?](repeating: nil, count: 16)
  }

  var isEmpty: Bool { count == 0 }

  /// Every value, in no order.
  var all: [Value] { values.compactMap(\.self) }

  func contains(_ id: Int32) -> Bool { ids[place(of: id)] != 0 }

  /// Setting nil removes. Precondition: stream numbers are above 0.
  subscript(id: Int32) -> Value? {
    get { values[place(of: id)] }
    set {
      guard let newValue else {
        remove(id)
        return
      }
      if (count + 1) * 2 > ids.count { grow() }
      let place = place(of: id)
      if ids[place] == 0 {
        ids[place] = id
        count += 1
      }
      values[place] = newValue
    }
  }

  /// Changes the value in its place; nil when there is none.
  @discardableResult
  mutating func update<Result>(_ id: Int32, _ body: (inout Value) -> Result) -> Result? {
    let place = place(of: id)
    return ids[place] == 0 ? nil : body(&values[place]!)
  }

  @discardableResult
  mutating func remove(_ id: Int32) -> Value? {
    var hole = place(of: id)
    guard ids[hole] != 0 else { return nil }
    let value = values[hole]
    count -= 1
    // Later values whose way from their own place leads over the hole move into it.
    var next = hole
    let mask = ids.count - 1
    while true {
      next = (next + 1) & mask
      guard ids[next] != 0 else { break }
      let way = (next &- start(of: ids[next])) & mask
      guard way >= (next &- hole) & mask else { continue }
      ids[hole] = ids[next]
      values.swapAt(hole, next)
      hole = next
    }
    ids[hole] = 0
    values[hole] = nil
    return value
  }

  mutating func removeAll() { self = StreamTable() }

  private func start(of id: Int32) -> Int { Int(truncatingIfNeeded: id >> 1) & (ids.count - 1) }

  /// Where the stream is, or else where it would go.
  private func place(of id: Int32) -> Int {
    var place = start(of: id)
    while ids[place] != id, ids[place] != 0 { place = (place + 1) & (ids.count - 1) }
    return place
  }

  private mutating func grow() {
    let (oldIDs, oldValues) = (ids, values)
    ids = [Int32](repeating: 0, count: oldIDs.count * 2)
    values = [Value?](repeating: nil, count: oldIDs.count * 2)
    for (id, value) in zip(oldIDs, oldValues) where id != 0 {
      let place = place(of: id)
      ids[place] = id
      values[place] = value
    }
  }
}
