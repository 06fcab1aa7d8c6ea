public import Foundation

/// BERT's WordPiece tokenizer, id for id what the released Hugging Face `tokenizers` package gives.
///
/// A value: safe to share between threads.
public struct Tokenizer: Sendable {
  /// One past the highest token id.
  public let vocabularySize: Int
  /// Ids of the special tokens.
  public let classification: Int32
  public let separator: Int32
  public let padding: Int32
  public let unknown: Int32

  /// Whether "[SEP]" and the like in a text are taken as text. Off, as in the reference, they become the
  /// special tokens themselves, so that whoever writes the text can forge them.
  public var neutralizesSpecialTokens = false

  /// Put before every text; empty for none.
  public var prompt = ""

  let vocabulary: TokenizerVocabulary
  let normalizer: TokenizerNormalizer
  /// Recognised in the raw text, longest first.
  let addedTokens: [AddedToken]
  /// Longer words are unknown. In scalars, after normalisation.
  let maxWordScalars: Int

  struct AddedToken: Sendable {
    let text: [UInt8]
    let id: Int32
    /// Taken as text under `neutralizesSpecialTokens`.
    let isSpecial: Bool
  }

  /// Reads `tokenizer.json`, `vocab.txt` or both, which must then agree, and `tokenizer_config.json`.
  /// The truncation and padding in `tokenizer.json` are not part of the encoder and are ignored.
  ///
  /// - Throws: `EncoderError`.
  public init(directory: URL) throws {
    let files = try TokenizerFiles(directory)
    vocabulary = files.vocabulary
    normalizer = TokenizerNormalizer(files.normalizer)
    maxWordScalars = files.maxWordScalars
    addedTokens = files.addedTokens.sorted { $0.text.count > $1.text.count }
    vocabularySize = max(vocabulary.size, Int(addedTokens.map(\.id).max() ?? 0) + 1)
    let (vocabulary, addedTokens) = (self.vocabulary, self.addedTokens)
    func id(_ token: String) throws -> Int32 {
      let added = addedTokens.first { $0.text.elementsEqual(token.utf8) }?.id
      guard let id = added ?? vocabulary.id(of: token) else {
        throw EncoderError(directory, "the vocabulary has no '\(token)'")
      }
      return id
    }
    classification = try id(files.classification)
    separator = try id(files.separator)
    padding = try id(files.padding)
    unknown = try id(files.unknown)
  }

  /// The token ids of the prompt and the text between [CLS] and [SEP], cut to `maxTokens` with both counted.
  ///
  /// - Precondition: `maxTokens >= 2`.
  public func encode(_ text: String, maxTokens: Int) -> [Int32] {
    precondition(maxTokens >= 2, "[CLS] and [SEP] take two tokens")
    var text = prompt.isEmpty ? text : prompt + text
    return text.withUTF8 { bytes in
      vocabulary.withTrie { trie in
        normalizer.blocks.withUnsafeBufferPointer { blocks in
          normalizer.entries.withUnsafeBufferPointer { entries in
            let capacity = 4 * (maxWordScalars + 1)
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { word in
              var encoding = Encoding(
                tokenizer: self, trie: trie, blocks: blocks, entries: entries,
                word: word.baseAddress!, limit: maxTokens - 1)
              encoding.ids.reserveCapacity(min(maxTokens, bytes.count / 3 + 8))
              encoding.ids.append(classification)
              encoding.encode(bytes)
              if encoding.ids.count > maxTokens - 1 {
                encoding.ids.removeLast(encoding.ids.count - (maxTokens - 1))
              }
              encoding.ids.append(separator)
              return encoding.ids
            }
          }
        }
      }
    }
  }
}

/// One text on its way into ids.
private struct Encoding {
  let tokenizer: Tokenizer
  let trie: TokenizerVocabulary.Trie
  let blocks: UnsafeBufferPointer<UInt16>
  let entries: UnsafeBufferPointer<UInt32>
  /// The word so far, in UTF-8, as far as it is not too long.
  let word: UnsafeMutablePointer<UInt8>
  /// Nothing is added once there are so many ids.
  let limit: Int
  var ids: [Int32] = []
  var wordBytes = 0
  var wordScalars = 0

  private typealias Kind = TokenizerNormalizer.Kind

  mutating func encode(_ text: UnsafeBufferPointer<UInt8>) {
    var start = 0
    for added in AddedTokens(text, tokenizer) {
      encodeSegment(UnsafeBufferPointer(rebasing: text[start..<added.range.lowerBound]))
      if ids.count >= limit { return }
      ids.append(added.id)
      start = added.range.upperBound
    }
    encodeSegment(UnsafeBufferPointer(rebasing: text[start...]))
  }

  private mutating func encodeSegment(_ text: UnsafeBufferPointer<UInt8>) {
    let before = ids.count
    var i = 0
    while i < text.count {
      let scalar: UInt32
      let byte = text[i]
      if byte < 0x80 {
        scalar = UInt32(byte)
        i += 1
      } else if byte < 0xE0 {
        scalar = UInt32(byte & 0x1F) << 6 | UInt32(text[i + 1] & 0x3F)
        i += 2
      } else if byte < 0xF0 {
        let high = UInt32(byte & 0x0F) << 12 | UInt32(text[i + 1] & 0x3F) << 6
        scalar = high | UInt32(text[i + 2] & 0x3F)
        i += 3
      } else {
        let high = UInt32(byte & 0x07) << 18 | UInt32(text[i + 1] & 0x3F) << 12
        scalar = high | UInt32(text[i + 2] & 0x3F) << 6 | UInt32(text[i + 3] & 0x3F)
        i += 4
      }
      let entry = entries[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
      switch entry & Kind.mask {
      case Kind.word:
        let mapped = entry & Kind.scalar
        append(mapped == 0 ? scalar : mapped)
      case Kind.dropped:
        break
      case Kind.space:
        endWord()
        if ids.count >= limit { return }
      case Kind.isolated:
        let mapped = entry & Kind.scalar
        isolate(mapped == 0 ? scalar : mapped)
        if ids.count >= limit { return }
      case Kind.expansion:
        let first = Int(entry & Kind.scalar)
        for k in first..<first + Int(entry >> 21 & 0xFF) {
          appendEntry(tokenizer.normalizer.expansions[k])
        }
      case Kind.hangul:
        let index = scalar - 0xAC00
        append(0x1100 + index / 588)
        append(0x1161 + index % 588 / 28)
        if index % 28 != 0 { append(0x11A7 + index % 28) }
      default:
        // Start again, the general way.
        ids.removeLast(ids.count - before)
        (wordBytes, wordScalars) = (0, 0)
        for entry in tokenizer.normalizer.normalized(text) {
          appendEntry(entry)
          if ids.count >= limit { break }
        }
        endWord()
        return
      }
    }
    endWord()
  }

  /// An entry that holds its scalar.
  private mutating func appendEntry(_ entry: UInt32) {
    switch entry & Kind.mask {
    case Kind.word: append(entry & Kind.scalar)
    case Kind.isolated: isolate(entry & Kind.scalar)
    default: endWord()
    }
  }

  @inline(__always)
  private mutating func append(_ scalar: UInt32) {
    wordScalars += 1
    guard wordScalars <= tokenizer.maxWordScalars else { return }
    let out = word + wordBytes
    if scalar < 0x80 {
      out[0] = UInt8(truncatingIfNeeded: scalar)
      wordBytes += 1
    } else if scalar < 0x800 {
      out[0] = 0xC0 | UInt8(truncatingIfNeeded: scalar >> 6)
      out[1] = 0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F)
      wordBytes += 2
    } else if scalar < 0x1_0000 {
      out[0] = 0xE0 | UInt8(truncatingIfNeeded: scalar >> 12)
      out[1] = 0x80 | UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F)
      out[2] = 0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F)
      wordBytes += 3
    } else {
      out[0] = 0xF0 | UInt8(truncatingIfNeeded: scalar >> 18)
      out[1] = 0x80 | UInt8(truncatingIfNeeded: scalar >> 12 & 0x3F)
      out[2] = 0x80 | UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F)
      out[3] = 0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F)
      wordBytes += 4
    }
  }

  private mutating func isolate(_ scalar: UInt32) {
    endWord()
    append(scalar)
    endWord()
  }

  @inline(__always)
  private mutating func endWord() {
    guard wordScalars > 0 else { return }
    if wordScalars > tokenizer.maxWordScalars {
      ids.append(tokenizer.unknown)
    } else {
      trie.appendTokens(
        of: UnsafeBufferPointer(start: word, count: wordBytes), unknown: tokenizer.unknown, to: &ids
      )
    }
    (wordBytes, wordScalars) = (0, 0)
  }
}

/// The added tokens in a raw text, from the left, the longest where several begin.
private struct AddedTokens: Sequence, IteratorProtocol {
  let text: UnsafeBufferPointer<UInt8>
  let tokens: [Tokenizer.AddedToken]
  var at = 0

  init(_ text: UnsafeBufferPointer<UInt8>, _ tokenizer: Tokenizer) {
    self.text = text
    tokens =
      tokenizer.neutralizesSpecialTokens
      ? tokenizer.addedTokens.filter { !$0.isSpecial } : tokenizer.addedTokens
    if tokens.isEmpty { at = text.count }
  }

  mutating func next() -> (range: Range<Int>, id: Int32)? {
    while at < text.count {
      let byte = text[at]
      for token in tokens
      where token.text[0] == byte && text[at...].starts(with: token.text) {
        let range = at..<at + token.text.count
        at = range.upperBound
        return (range, token.id)
      }
      at += 1
    }
    return nil
  }
}
