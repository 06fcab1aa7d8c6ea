/// A vocabulary as a trie over UTF-8 bytes, so that the longest token at a place is found in one walk and
/// without comparing strings. The edges are in one open-addressing table keyed by node and byte.
struct TokenizerVocabulary: Sendable {
  /// Different tokens.
  let count: Int
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

  /// Of a token that occurs twice the last id counts.
  init(_ tokens: TokenList = TokenList(), continuationPrefix: String = "") {
    var builder = Builder()
    tokens.withTokens { bytes, ends, ids in
      builder.reserve(bytes: bytes.count)
      var start = 0
      for index in ends.indices {
        builder.insert(UnsafeBufferPointer(rebasing: bytes[start..<ends[index]]), id: ids[index])
        start = ends[index]
      }
    }
    count = builder.tokens
    size = Int(builder.ids.max() ?? -1) + 1
    (edges, shift, ids) = (builder.edges, builder.shift, builder.ids)
    var prefix: UInt32 = Self.root
    for byte in continuationPrefix.utf8 {
      let key = prefix << 8 | UInt32(byte)
      prefix = edges.withUnsafeBufferPointer { [shift] in Self.child($0, shift, key) }
      if prefix == 0 { break }
    }
    continuation = continuationPrefix.isEmpty ? Self.root : prefix == 0 ? nil : prefix
  }

  private struct Builder {
    var edges = [UInt64](repeating: 0, count: 1024)
    var shift: UInt64 = 54
    var ids: [Int32] = [-1]
    var tokens = 0

    /// At most a node per byte, usually a third; the table stays under half full in any case.
    mutating func reserve(bytes: Int) {
      while edges.count < bytes { grow() }
      ids.reserveCapacity(bytes / 2)
    }

    mutating func insert(_ token: UnsafeBufferPointer<UInt8>, id: Int32) {
      var node = TokenizerVocabulary.root
      for byte in token {
        let key = node << 8 | UInt32(byte)
        let found = edges.withUnsafeBufferPointer { TokenizerVocabulary.child($0, shift, key) }
        if found != 0 {
          node = found
          continue
        }
        if ids.count * 2 >= edges.count { grow() }
        precondition(ids.count < 1 << 24, "a vocabulary of over 16 million bytes")
        node = UInt32(ids.count)
        place(UInt64(key) << 32 | UInt64(node))
        ids.append(-1)
      }
      if ids[Int(node)] < 0 { tokens += 1 }
      ids[Int(node)] = id
    }

    private mutating func place(_ edge: UInt64) {
      let mask = edges.count - 1
      var slot = TokenizerVocabulary.slot(UInt32(truncatingIfNeeded: edge >> 32), shift)
      while edges[slot] != 0 { slot = (slot + 1) & mask }
      edges[slot] = edge
    }

    private mutating func grow() {
      let old = edges
      edges = [UInt64](repeating: 0, count: old.count * 2)
      shift -= 1
      for edge in old where edge != 0 { place(edge) }
    }
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
  func id(of token: String) -> Int32? { id(of: token.utf8) }

  func id(of token: some Sequence<UInt8>) -> Int32? {
    withTrie { trie in
      var node = Self.root
      for byte in token {
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
