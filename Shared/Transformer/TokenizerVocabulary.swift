/// A vocabulary as a trie over UTF-8 bytes, so that the longest token at a place is found in one walk and
/// without comparing strings. The edges are in one open-addressing table keyed by node and byte.
struct TokenizerVocabulary: Sendable {
  /// One past the highest id.
  let size: Int
  /// Where the walk begins at a word's start.
  static let root: UInt32 = 0
  /// Where it begins inside a word: behind "##". `nil` if no token starts so.
  let continuation: UInt32?

  /// key << 32 | child, key = node << 8 | byte; 0 is an empty slot (no child is node 0).
  private let edges: [UInt64]
  private let shift: UInt64
  /// By node: the id of the token that ends there, or -1.
  private let ids: [Int32]

  init(_ tokens: [(token: String, id: Int32)], continuationPrefix: String) {
    var nodes = 1
    let bytes = tokens.reduce(0) { $0 + $1.token.utf8.count }
    // At most a node per byte, usually a third; the table stays under half full in any case.
    var capacity = 1024
    while capacity < bytes { capacity *= 2 }
    var edges = [UInt64](repeating: 0, count: capacity)
    var shift = UInt64(64 - capacity.trailingZeroBitCount)
    var ids: [Int32] = [-1]
    ids.reserveCapacity(bytes / 2)

    func insert(_ key: UInt32, _ child: UInt32) {
      let mask = edges.count - 1
      var slot = Self.slot(key, shift)
      while edges[slot] != 0 { slot = (slot + 1) & mask }
      edges[slot] = UInt64(key) << 32 | UInt64(child)
    }
    for (token, id) in tokens {
      var node = Self.root
      for byte in token.utf8 {
        let key = node << 8 | UInt32(byte)
        let found = edges.withUnsafeBufferPointer { Self.child($0, shift, key) }
        if found != 0 {
          node = found
          continue
        }
        if nodes * 2 >= edges.count {
          let old = edges
          edges = [UInt64](repeating: 0, count: old.count * 2)
          shift -= 1
          for edge in old where edge != 0 {
            insert(UInt32(truncatingIfNeeded: edge >> 32), UInt32(truncatingIfNeeded: edge))
          }
        }
        let child = UInt32(nodes)
        precondition(nodes < 1 << 24, "a vocabulary of over 16 million bytes")
        insert(key, child)
        nodes += 1
        ids.append(-1)
        node = child
      }
      ids[Int(node)] = id
    }
    size = Int(tokens.map(\.id).max() ?? -1) + 1
    var prefix: UInt32 = Self.root
    for byte in continuationPrefix.utf8 {
      let key = prefix << 8 | UInt32(byte)
      prefix = edges.withUnsafeBufferPointer { Self.child($0, shift, key) }
      if prefix == 0 { break }
    }
    continuation = continuationPrefix.isEmpty ? Self.root : prefix == 0 ? nil : prefix
    self.edges = edges
    self.shift = shift
    self.ids = ids
  }

  /// Calls `body` with the trie open for walking.
  func withTrie<R>(_ body: (Trie) -> R) -> R {
    edges.withUnsafeBufferPointer { edges in
      ids.withUnsafeBufferPointer { ids in
        body(Trie(edges: edges, shift: shift, ids: ids, continuation: continuation))
      }
    }
  }

  /// The token's id, or `nil`.
  func id(of token: String) -> Int32? {
    withTrie { trie in
      var node = Self.root
      for byte in token.utf8 {
        node = trie.child(of: node, byte)
        if node == 0 { return nil }
      }
      let id = trie.ids[Int(node)]
      return id >= 0 ? id : nil
    }
  }

  /// Valid inside `withTrie` only.
  struct Trie {
    let edges: UnsafeBufferPointer<UInt64>
    let shift: UInt64
    let ids: UnsafeBufferPointer<Int32>
    let continuation: UInt32?

    /// 0 if there is none.
    @inline(__always)
    func child(of node: UInt32, _ byte: UInt8) -> UInt32 {
      TokenizerVocabulary.child(edges, shift, node << 8 | UInt32(byte))
    }

    /// Appends the word's tokens: the longest that fits, from the left; if a place has none, the whole
    /// word is `unknown`.
    @inline(__always)
    func appendTokens(
      of word: UnsafeBufferPointer<UInt8>, unknown: Int32, to tokens: inout [Int32]
    ) {
      let before = tokens.count
      var start = 0
      while start < word.count {
        var id: Int32 = -1
        var end = start
        if var node = start == 0 ? TokenizerVocabulary.root : continuation {
          var i = start
          while i < word.count {
            node = child(of: node, word[i])
            if node == 0 { break }
            i += 1
            let candidate = ids[Int(node)]
            if candidate >= 0 { (id, end) = (candidate, i) }
          }
        }
        if id < 0 {
          tokens.removeLast(tokens.count - before)
          tokens.append(unknown)
          return
        }
        tokens.append(id)
        start = end
      }
    }
  }

  @inline(__always)
  private static func slot(_ key: UInt32, _ shift: UInt64) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  @inline(__always)
  private static func child(
    _ edges: UnsafeBufferPointer<UInt64>, _ shift: UInt64, _ key: UInt32
  ) -> UInt32 {
    let mask = edges.count - 1
    var slot = slot(key, shift)
    while true {
      let edge = edges[slot]
      if edge == 0 { return 0 }
      if UInt32(truncatingIfNeeded: edge >> 32) == key { return UInt32(truncatingIfNeeded: edge) }
      slot = (slot + 1) & mask
    }
  }
}
