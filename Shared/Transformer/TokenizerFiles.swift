import Foundation

/// What the tokenizer's files in an encoder's folder say, checked against each other.
struct TokenizerFiles {
  private(set) var vocabulary = TokenizerVocabulary()
  var addedTokens: [Tokenizer.AddedToken] = []
  var normalizer = TokenizerNormalizer.Options()
  var continuationPrefix = "##"
  var maxWordScalars = 100
  var classification = "[CLS]"
  var separator = "[SEP]"
  var padding = "[PAD]"
  var unknown = "[UNK]"
  var mask = "[MASK]"

  init(_ folder: URL) throws {
    let json = folder.appending(path: "tokenizer.json")
    let lines = folder.appending(path: "vocab.txt")
    let config = folder.appending(path: "tokenizer_config.json")
    guard exists(json) || exists(lines) else {
      throw EncoderError(folder, "has neither tokenizer.json nor vocab.txt")
    }
    let settings = exists(config) ? try readJSON(config) : .object([])
    try readNames(settings, config)
    if exists(json) { try readTokenizer(json) }
    if exists(lines) {
      let tokens = try readVocabulary(lines)
      if exists(json) {
        try checkAgreement(tokens, lines)
      } else {
        vocabulary = TokenizerVocabulary(tokens, continuationPrefix: continuationPrefix)
        addSpecialTokens()
      }
    }
    try readNormalizer(settings, config, overrides: !exists(json))
  }

  // MARK: tokenizer_config.json

  private mutating func readNames(_ settings: JSON, _ file: URL) throws {
    func name(_ key: String, _ fallback: String) throws -> String {
      guard let value = settings[key], !value.isNull else { return fallback }
      // A string, or an object as transformers writes added tokens.
      guard let name = value.stringValue ?? value["content"]?.stringValue, !name.isEmpty else {
        throw EncoderError(file, "'\(key)' is not a token")
      }
      return name
    }
    classification = try name("cls_token", classification)
    separator = try name("sep_token", separator)
    padding = try name("pad_token", padding)
    unknown = try name("unk_token", unknown)
    mask = try name("mask_token", mask)
  }

  /// Transformers lets these settings override the ones in tokenizer.json; where they differ it is not
  /// clear what the encoder was trained with, so that is an error.
  private mutating func readNormalizer(_ settings: JSON, _ file: URL, overrides: Bool) throws {
    func flag(_ key: String) throws -> Bool? {
      guard let value = settings[key], !value.isNull else { return nil }
      guard let flag = value.boolValue else {
        throw EncoderError(file, "'\(key)' is not a boolean")
      }
      return flag
    }
    var told = normalizer
    if let value = try flag("do_lower_case") { told.lowercases = value }
    if let value = try flag("tokenize_chinese_chars") { told.handlesChinese = value }
    if let value = try flag("strip_accents") {
      told.stripsAccents = value
    } else if overrides {
      told.stripsAccents = told.lowercases
    }
    if overrides {
      normalizer = told
    } else if told != normalizer {
      throw EncoderError(
        file,
        "disagrees with tokenizer.json about do_lower_case, tokenize_chinese_chars or "
          + "strip_accents; set them to what the encoder was trained with in both")
    }
  }

  // MARK: tokenizer.json

  private mutating func readTokenizer(_ file: URL) throws {
    let json = try readJSON(file, tokens: "vocab")
    func type(_ part: String) -> String { json[part]?["type"]?.stringValue ?? "none" }
    for (part, supported) in [
      ("normalizer", "BertNormalizer"), ("pre_tokenizer", "BertPreTokenizer"),
      ("model", "WordPiece"),
    ] where type(part) != supported {
      // Some older files leave the model's type out.
      if part == "model", json["model"]?["type"] == nil, json["model"]?["merges"] == nil {
        continue
      }
      throw EncoderError(file, "the \(part) '\(type(part))' is not supported; '\(supported)' is")
    }
    let options = json["normalizer"]
    normalizer.cleansText = options?["clean_text"]?.boolValue ?? true
    normalizer.handlesChinese = options?["handle_chinese_chars"]?.boolValue ?? true
    normalizer.lowercases = options?["lowercase"]?.boolValue ?? true
    normalizer.stripsAccents = options?["strip_accents"]?.boolValue ?? normalizer.lowercases

    guard let model = json["model"], let tokens = model["vocab"]?.tokensValue else {
      throw EncoderError(file, "has no vocabulary")
    }
    continuationPrefix = model["continuing_subword_prefix"]?.stringValue ?? continuationPrefix
    unknown = model["unk_token"]?.stringValue ?? unknown
    if let limit = model["max_input_chars_per_word"] {
      guard let count = limit.intValue, (1...10_000).contains(count) else {
        throw EncoderError(file, "'max_input_chars_per_word' is not a number from 1 to 10000")
      }
      maxWordScalars = count
    }
    if let index = tokens.firstSharedID {
      throw EncoderError(file, "the token '\(tokens.text(index))' has no id of its own")
    }
    vocabulary = TokenizerVocabulary(tokens, continuationPrefix: continuationPrefix)
    guard vocabulary.count == tokens.count else {
      throw EncoderError(file, "a token occurs twice in the vocabulary")
    }
    try readAddedTokens(json["added_tokens"]?.arrayValue ?? [], file)
    try readTemplate(json["post_processor"], file)
  }

  private mutating func readAddedTokens(_ tokens: [JSON], _ file: URL) throws {
    for token in tokens {
      guard let text = token["content"]?.stringValue, !text.isEmpty,
        let value = token["id"]?.intValue, let id = Int32(exactly: value), id >= 0
      else { throw EncoderError(file, "has an added token without content and id") }
      // White space beside a token splits words all the same, so lstrip and rstrip change nothing.
      for flag in ["single_word", "normalized"] where token[flag]?.boolValue == true {
        throw EncoderError(file, "the added token '\(text)' is '\(flag)', which is not supported")
      }
      addedTokens.append(
        .init(text: Array(text.utf8), id: id, isSpecial: token["special"]?.boolValue ?? false))
    }
  }

  /// [CLS] text [SEP], whichever way it is spelled.
  private mutating func readTemplate(_ template: JSON?, _ file: URL) throws {
    switch template?["type"]?.stringValue {
    case "BertProcessing":
      guard let cls = template?["cls"]?.arrayValue?.first?.stringValue,
        let sep = template?["sep"]?.arrayValue?.first?.stringValue
      else { throw EncoderError(file, "the post_processor names no cls and sep") }
      (classification, separator) = (cls, sep)
    case "TemplateProcessing":
      let parts = template?["single"]?.arrayValue ?? []
      guard parts.count == 3, let cls = parts[0]["SpecialToken"]?["id"]?.stringValue,
        parts[1]["Sequence"] != nil, let sep = parts[2]["SpecialToken"]?["id"]?.stringValue
      else {
        throw EncoderError(file, "the post_processor's template is not [CLS] text [SEP]")
      }
      (classification, separator) = (cls, sep)
    case let type:
      throw EncoderError(
        file,
        "the post_processor '\(type ?? "none")' is not supported; 'TemplateProcessing' and "
          + "'BertProcessing' are")
    }
  }

  // MARK: vocab.txt

  /// A token per line, the line's number from 0 its id. Of a token that occurs twice the last id counts.
  private func readVocabulary(_ file: URL) throws -> TokenList {
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw EncoderError(file, "cannot be read: \(error)")
    }
    return try data.withUnsafeBytes { bytes in
      var tokens = TokenList()
      tokens.reserve(bytes: bytes.count)
      var start = 0
      while start < bytes.count {
        var end = start
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        let line = UnsafeRawBufferPointer(
          rebasing: bytes[start..<(end > start && bytes[end - 1] == 0x0D ? end - 1 : end)])
        tokens.append(line, id: Int32(tokens.count))
        start = end + 1
      }
      if let index = tokens.firstInvalid {
        throw EncoderError(file, "line \(index + 1) is not UTF-8")
      }
      return tokens
    }
  }

  private func checkAgreement(_ lines: TokenList, _ file: URL) throws {
    var agreeing = 0
    for line in 0..<lines.count {
      let id = vocabulary.id(of: lines[line])
      if id == Int32(line) {
        agreeing += 1
        continue
      }
      // A line whose token a later line has again does not count.
      guard let id, id > line, id < lines.count, lines[Int(id)].elementsEqual(lines[line]) else {
        throw EncoderError(
          file, "line \(line + 1) is not the token with id \(line) in tokenizer.json")
      }
    }
    guard agreeing == vocabulary.count else {
      throw EncoderError(
        file, "has \(agreeing) tokens, tokenizer.json \(vocabulary.count)")
    }
  }

  private mutating func addSpecialTokens() {
    for name in [padding, unknown, classification, separator, mask] {
      // Only the mask may be missing: nothing here needs it.
      guard let id = vocabulary.id(of: name) else { continue }
      addedTokens.append(.init(text: Array(name.utf8), id: id, isSpecial: true))
    }
  }
}

/// Tokens with their ids, the tokens' bytes one after another in one array: a vocabulary has tens of
/// thousands, and a string for each would be most of the time it takes to read it.
struct TokenList: Sendable {
  private var bytes: [UInt8] = []
  /// Where each token ends in `bytes`.
  private var ends: [Int] = []
  private(set) var ids: [Int32] = []

  var count: Int { ends.count }

  mutating func reserve(bytes count: Int) { bytes.reserveCapacity(count) }

  mutating func append(_ token: some Collection<UInt8>, id: Int32) {
    bytes.append(contentsOf: token)
    ends.append(bytes.count)
    ids.append(id)
  }

  subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

  /// The first token that is not UTF-8.
  var firstInvalid: Int? {
    // All of them at once, which is quick; then one by one, as two halves may make a whole.
    if String(validating: bytes, as: UTF8.self) != nil, ends.allSatisfy(isBoundary) { return nil }
    return (0..<count).first { String(validating: self[$0], as: UTF8.self) == nil }
  }

  private func isBoundary(_ end: Int) -> Bool { end == bytes.count || bytes[end] & 0xC0 != 0x80 }

  /// The first token whose id is below 0 or that of a token before it.
  var firstSharedID: Int? {
    var seen = [Bool](repeating: false, count: count)
    var beyond = Set<Int32>()
    for (index, id) in ids.enumerated() {
      if id < 0 { return index }
      if Int(id) >= count {
        if !beyond.insert(id).inserted { return index }
      } else if seen[Int(id)] {
        return index
      } else {
        seen[Int(id)] = true
      }
    }
    return nil
  }

  /// Calls `body` with all bytes, where each token ends in them, and its id.
  func withTokens<R>(
    _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<Int>, UnsafeBufferPointer<Int32>) -> R
  ) -> R {
    bytes.withUnsafeBufferPointer { bytes in
      ends.withUnsafeBufferPointer { ends in
        ids.withUnsafeBufferPointer { ids in body(bytes, ends, ids) }
      }
    }
  }
}
