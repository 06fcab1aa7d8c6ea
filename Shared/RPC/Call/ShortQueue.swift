import NIOCore

/// A queue that seldom holds more than one element, for which it allocates nothing.
struct ShortQueue<Element> {
  var first: Element?
  private var rest: CircularBuffer<Element>?

  var isEmpty: Bool { first == nil }

  mutating func append(_ element: Element) {
    if first == nil {
      first = element
    } else if rest == nil {
      rest = CircularBuffer(initialCapacity: 8)
      rest?.append(element)
    } else {
      rest?.append(element)
    }
  }

  mutating func popFirst() -> Element? {
    guard let element = first else { return nil }
    first = rest?.popFirst()
    return element
  }

  mutating func removeAll() { self = ShortQueue() }
}
