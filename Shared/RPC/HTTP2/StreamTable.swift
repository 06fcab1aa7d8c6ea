/// What belongs to each open stream of a connection, by the stream's number.
///
/// Streams are looked up a dozen times a call, and their numbers count up in twos, so a slot's place
/// is the number itself, cut: no hash function, and neighbours do not collide.
package struct StreamTable<Value> {
  private var ids: [Int32]
  private var values: [Value?]
  package private(set) var count = 0

  package init() {
    ids = [Int32](repeating: 0, count: 16)
    values = [Value?](repeating: nil, count: 16)
  }

  package var isEmpty: Bool { count == 0 }

  /// Every value, in no order.
  package var all: [Value] { values.compactMap(\.self) }

  package func contains(_ id: Int32) -> Bool { ids[place(of: id)] != 0 }

  /// Setting nil removes. Precondition: stream numbers are above 0.
  package subscript(id: Int32) -> Value? {
    get { values[place(of: id)] }
    set {
      guard let newValue else {
        remove(id)
        return
      }
      let place = place(of: id)
      if ids[place] == id {
        values[place] = newValue
      } else {
        if (count + 1) * 2 > ids.count { grow() }
        insert(id, newValue)
        count += 1
      }
    }
  }

  /// Changes the value in its place; nil when there is none.
  @discardableResult
  package mutating func update<Result>(_ id: Int32, _ body: (inout Value) -> Result) -> Result? {
    let place = place(of: id)
    return ids[place] == 0 ? nil : body(&values[place]!)
  }

  @discardableResult
  package mutating func remove(_ id: Int32) -> Value? {
    var hole = place(of: id)
    guard ids[hole] != 0 else { return nil }
    let value = values[hole]
    count -= 1
    // Those that had to make way move back, up to the first that is in its own place.
    let mask = ids.count - 1
    var next = (hole + 1) & mask
    while ids[next] != 0, start(of: ids[next]) != next {
      ids[hole] = ids[next]
      values.swapAt(hole, next)
      hole = next
      next = (next + 1) & mask
    }
    ids[hole] = 0
    values[hole] = nil
    return value
  }

  package mutating func removeAll() { self = StreamTable() }

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
    for (id, value) in zip(oldIDs, oldValues) {
      if let value { insert(id, value) }
    }
  }

  /// Puts a new one in its place or behind it. On the way, whoever is nearer to its own place makes way
  /// (Robin Hood hashing), so that ``remove(_:)`` knows where to stop.
  private mutating func insert(_ id: Int32, _ value: Value) {
    var id = id
    var value = Optional(value)
    let mask = ids.count - 1
    var place = start(of: id)
    while ids[place] != 0 {
      let distance = (place &- start(of: id)) & mask
      if (place &- start(of: ids[place])) & mask < distance {
        swap(&id, &ids[place])
        swap(&value, &values[place])
      }
      place = (place + 1) & mask
    }
    ids[place] = id
    values[place] = value
  }
}
