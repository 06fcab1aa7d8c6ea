/// What BERT's normalizer and pre-tokenizer do with each Unicode scalar, worked out once for a set of
/// options and looked up in a two-level table. They run in this order: cleaning, spaces round Chinese,
/// NFD and dropping of accents, lower case, splitting at white space and round punctuation. All but NFD's
/// reordering of marks is the same for a scalar wherever it stands.
struct TokenizerNormalizer: Sendable {
  struct Options: Sendable, Hashable {
    var cleansText = true
    var handlesChinese = true
    var stripsAccents = true
    var lowercases = true
  }

  /// An entry's low 21 bits hold the scalar it becomes (0: itself), or, of an `expansion`, where in
  /// `expansions` its entries begin; the bits above say what it is.
  enum Kind {
    static let mask: UInt32 = 7 << 29
    /// Part of a word.
    static let word: UInt32 = 0 << 29
    static let dropped: UInt32 = 1 << 29
    /// Ends a word.
    static let space: UInt32 = 2 << 29
    /// A word of its own.
    static let isolated: UInt32 = 3 << 29
    /// Becomes several; the count is in bits 21 to 26.
    static let expansion: UInt32 = 4 << 29
    /// Becomes two or three jamo, by Unicode's arithmetic.
    static let hangul: UInt32 = 5 << 29
    /// The text must be normalised as a whole, because marks that are kept may have to change places.
    static let reorders: UInt32 = 6 << 29
    static let scalar: UInt32 = 0x1F_FFFF
  }

  let options: Options
  /// By scalar >> 8: the block in `entries`.
  let blocks: [UInt16]
  let entries: [UInt32]
  let expansions: [UInt32]

  private static let bert = TokenizerNormalizer(building: Options())

  init(_ options: Options) {
    self = options == Options() ? Self.bert : TokenizerNormalizer(building: options)
  }

  private init(building options: Options) {
    self.options = options
    let tables = UnicodeProperties.shared
    var flat = [UInt32](repeating: 0, count: 0x11_0000)
    var expansions: [UInt32] = []

    func entry(_ scalar: UInt32, after: UInt32) -> UInt32 {
      let kind = tables.punctuation.contains(scalar) ? Kind.isolated : Kind.word
      return kind | (scalar == after ? 0 : scalar)
    }
    // Scalars that become other scalars.
    var changing = Set<UInt32>()
    if options.lowercases { changing.formUnion(tables.lowercase.keys) }
    if options.stripsAccents {
      changing.formUnion(tables.decompositions.keys)
      for syllable in UnicodeProperties.hangul { flat[Int(syllable)] = Kind.hangul }
    }
    for scalar in tables.punctuation { flat[Int(scalar)] = Kind.isolated }
    for scalar in changing {
      let outputs = Self.normalized([scalar], options, tables)
      switch outputs.count {
      case 0: flat[Int(scalar)] = Kind.dropped
      case 1: flat[Int(scalar)] = entry(outputs[0], after: scalar)
      default:
        flat[Int(scalar)] = Kind.expansion | UInt32(outputs.count) << 21 | UInt32(expansions.count)
        expansions += outputs.map { entry($0, after: 0) }
      }
    }
    if options.stripsAccents {
      for scalar in tables.marks { flat[Int(scalar)] = Kind.dropped }
      for scalar in tables.combiningClasses.keys where !tables.marks.contains(scalar) {
        flat[Int(scalar)] = Kind.reorders
      }
      for (scalar, parts) in tables.decompositions
      where parts.contains(where: { flat[Int($0)] == Kind.reorders }) {
        flat[Int(scalar)] = Kind.reorders
      }
    }
    if options.handlesChinese {
      for scalar in tables.ideographs {
        let kept = flat[Int(scalar)]
        precondition(kept & Kind.mask == Kind.word, "an ideograph becomes one scalar")
        flat[Int(scalar)] = Kind.isolated | kept
      }
    }
    for scalar in tables.separators { flat[Int(scalar)] = Kind.space }
    if options.cleansText {
      for scalar in tables.controls { flat[Int(scalar)] = Kind.dropped }
      for scalar in tables.spaces { flat[Int(scalar)] = Kind.space }
    }
    (blocks, entries) = Self.compressed(flat)
    self.expansions = expansions
  }

  private static func compressed(_ flat: [UInt32]) -> (blocks: [UInt16], entries: [UInt32]) {
    var blocks: [UInt16] = []
    var entries: [UInt32] = []
    var known: [ArraySlice<UInt32>: UInt16] = [:]
    for start in stride(from: 0, to: flat.count, by: 256) {
      let block = flat[start..<start + 256]
      if let index = known[block] {
        blocks.append(index)
      } else {
        let index = UInt16(entries.count / 256)
        known[block] = index
        blocks.append(index)
        entries += block
      }
    }
    return (blocks, entries)
  }

  /// The general way, for texts in which marks change places and for building the table: NFD as a whole,
  /// accents dropped, lower case. Cleaning and Chinese are the caller's.
  private static func normalized(
    _ scalars: [UInt32], _ options: Options, _ tables: UnicodeProperties
  ) -> [UInt32] {
    var out = scalars
    if options.stripsAccents {
      out = scalars.flatMap { tables.decomposition(of: $0) }
      // Canonical ordering: a stable sort by class of each run of scalars that have one.
      var i = 0
      while i < out.count {
        guard tables.combiningClasses[out[i]] != nil else {
          i += 1
          continue
        }
        var end = i
        while end < out.count, tables.combiningClasses[out[end]] != nil { end += 1 }
        for k in i + 1..<max(end, i + 1) {
          var j = k
          while j > i, tables.combiningClasses[out[j - 1]]! > tables.combiningClasses[out[j]]! {
            out.swapAt(j - 1, j)
            j -= 1
          }
        }
        i = end
      }
      out.removeAll(where: tables.marks.contains)
    }
    guard options.lowercases else { return out }
    return out.flatMap { tables.lowercased($0) }
  }

  /// The entries of a text normalised as a whole, each a `word`, `space` or `isolated` with its scalar.
  func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt32] {
    let tables = UnicodeProperties.shared
    var scalars: [UInt32] = []
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let value = scalar.value
      if options.cleansText {
        if tables.controls.contains(value) { continue }
        if tables.spaces.contains(value) {
          scalars.append(0x20)
          continue
        }
      }
      if options.handlesChinese, tables.ideographs.contains(value) {
        scalars += [0x20, value, 0x20]
      } else {
        scalars.append(value)
      }
    }
    return Self.normalized(scalars, options, tables).map { scalar in
      let kind =
        tables.separators.contains(scalar)
        ? Kind.space : tables.punctuation.contains(scalar) ? Kind.isolated : Kind.word
      return kind | scalar
    }
  }
}

/// `UnicodeTables` parsed.
struct UnicodeProperties: Sendable {
  static let shared = UnicodeProperties()
  static let hangul: Range<UInt32> = 0xAC00..<0xAC00 + 11172

  let controls: Set<UInt32>
  let spaces: Set<UInt32>
  let separators: Set<UInt32>
  let ideographs: Set<UInt32>
  let marks: Set<UInt32>
  let punctuation: Set<UInt32>
  /// Without U+0130.
  let lowercase: [UInt32: UInt32]
  /// Only those that are not 0.
  let combiningClasses: [UInt32: UInt8]
  /// Full, without Hangul.
  let decompositions: [UInt32: [UInt32]]

  private init() {
    func scalars(_ text: Substring) -> [UInt32] {
      text.split(whereSeparator: { $0 == " " || $0 == "," }).flatMap {
        item -> ClosedRange<UInt32> in
        let ends = item.split(separator: "-").map { UInt32($0, radix: 16)! }
        return ends[0]...ends[ends.count - 1]
      }
    }
    controls = Set(scalars(UnicodeTables.controls[...]))
    spaces = Set(scalars(UnicodeTables.spaces[...]))
    separators = Set(scalars(UnicodeTables.separators[...]))
    ideographs = Set(scalars(UnicodeTables.ideographs[...]))
    marks = Set(scalars(UnicodeTables.nonspacingMarks[...]))
    punctuation = Set(scalars(UnicodeTables.punctuation[...]))

    var lowercase: [UInt32: UInt32] = [:]
    for run in UnicodeTables.lowercase.split(separator: " ") {
      let mark = run.firstIndex { $0 == "/" || $0 == ":" }!
      let ends = run[..<mark].split(separator: "-").map { UInt32($0, radix: 16)! }
      let distance = Int32(run[run.index(after: mark)...])!
      for scalar in stride(from: ends[0], through: ends[1], by: run[mark] == "/" ? 1 : 2) {
        lowercase[scalar] = UInt32(Int32(scalar) + distance)
      }
    }
    self.lowercase = lowercase

    var classes: [UInt32: UInt8] = [:]
    for item in UnicodeTables.combiningClasses.split(separator: " ") {
      let parts = item.split(separator: "=")
      for scalar in scalars(parts[1]) { classes[scalar] = UInt8(parts[0])! }
    }
    combiningClasses = classes

    var decompositions: [UInt32: [UInt32]] = [:]
    for item in UnicodeTables.decompositions.split(separator: " ") {
      let parts = item.split(separator: "=")
      decompositions[UInt32(parts[0], radix: 16)!] =
        parts[1].split(separator: ",").map { UInt32($0, radix: 16)! }
    }
    self.decompositions = decompositions
  }

  func decomposition(of scalar: UInt32) -> [UInt32] {
    if Self.hangul.contains(scalar) {
      let index = scalar - Self.hangul.lowerBound
      let pair = [0x1100 + index / 588, 0x1161 + index % 588 / 28]
      return index % 28 == 0 ? pair : pair + [0x11A7 + index % 28]
    }
    return decompositions[scalar] ?? [scalar]
  }

  func lowercased(_ scalar: UInt32) -> [UInt32] {
    scalar == 0x130 ? [0x69, 0x307] : [lowercase[scalar] ?? scalar]
  }
}
