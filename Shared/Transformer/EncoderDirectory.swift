public import Foundation

/// The shape of a BERT-family sentence encoder and how it is used.
public struct EncoderConfiguration: Sendable, Hashable {
  /// How token embeddings become one sentence embedding.
  public enum Pooling: String, Sendable, Hashable {
    /// The mean over all tokens, [CLS] and [SEP] included.
    case mean
    /// The first token's.
    case cls
  }

  public var layers: Int
  public var hidden: Int
  public var heads: Int
  /// The width of the feed-forward layer.
  public var intermediate: Int
  public var vocabulary: Int
  /// The longest sequence there are position embeddings for.
  public var positions: Int
  /// Token types (segments).
  public var types: Int
  public var layerNormEpsilon: Float
  /// Dropout on embeddings and after each block, in training.
  public var hiddenDropout: Float
  /// Dropout on attention probabilities, in training.
  public var attentionDropout: Float
  public var pooling: Pooling
  /// Whether sentence embeddings are scaled to length 1.
  public var normalizes: Bool
  /// Texts are cut to so many tokens, [CLS] and [SEP] included.
  public var maxTokens: Int

  public init(
    layers: Int, hidden: Int, heads: Int, intermediate: Int, vocabulary: Int, positions: Int = 512,
    types: Int = 2, layerNormEpsilon: Float = 1e-12, hiddenDropout: Float = 0.1,
    attentionDropout: Float = 0.1, pooling: Pooling = .mean, normalizes: Bool = false,
    maxTokens: Int = 512
  ) {
    self.layers = layers
    self.hidden = hidden
    self.heads = heads
    self.intermediate = intermediate
    self.vocabulary = vocabulary
    self.positions = positions
    self.types = types
    self.layerNormEpsilon = layerNormEpsilon
    self.hiddenDropout = hiddenDropout
    self.attentionDropout = attentionDropout
    self.pooling = pooling
    self.normalizes = normalizes
    self.maxTokens = maxTokens
  }
}

/// An encoder as sentence-transformers saves it: a folder of configuration, tokenizer and weights, in
/// the layout of versions before 6 or from 6 on. What cannot be computed exactly is refused by name.
public struct EncoderDirectory: Sendable {
  public let url: URL
  public let configuration: EncoderConfiguration
  /// What may be put before a text, by name, such as "query".
  public let prompts: [String: String]
  /// The prompt that is put before every text unless another is asked for.
  public let defaultPrompt: String?
  private let poolsPrompt: Bool
  /// Where the transformer module's own files are: `url`, or a folder in it.
  let transformer: URL

  /// Reads and checks the configuration files; tokenizer and weights are read when asked for.
  ///
  /// - Throws: `EncoderError`.
  public init(_ url: URL) throws {
    self.url = url
    let modules = try Modules(url)
    transformer = modules.transformer
    let file = transformer.appending(path: "config.json")
    let config = try readJSON(file)
    try Self.checkArchitecture(config, file)

    func int(_ key: String) throws -> Int {
      guard let value = config[key]?.intValue, (1...Int(Int32.max)).contains(value) else {
        throw EncoderError(file, "'\(key)' is missing or not a whole number from 1")
      }
      return value
    }
    func fraction(_ key: String, default fallback: Float) throws -> Float {
      guard let value = config[key], !value.isNull else { return fallback }
      guard let number = value.doubleValue, (0..<1).contains(number) else {
        throw EncoderError(file, "'\(key)' is not a number from 0 to 1")
      }
      return Float(number)
    }
    let positions = try int("max_position_embeddings")
    configuration = EncoderConfiguration(
      layers: try int("num_hidden_layers"), hidden: try int("hidden_size"),
      heads: try int("num_attention_heads"), intermediate: try int("intermediate_size"),
      vocabulary: try int("vocab_size"), positions: positions,
      types: config["type_vocab_size"] == nil ? 2 : try int("type_vocab_size"),
      layerNormEpsilon: try fraction("layer_norm_eps", default: 1e-12),
      hiddenDropout: try fraction("hidden_dropout_prob", default: 0.1),
      attentionDropout: try fraction("attention_probs_dropout_prob", default: 0.1),
      pooling: modules.pooling, normalizes: modules.normalizes,
      maxTokens: try Self.maxTokens(transformer, positions: positions))
    guard configuration.hidden % configuration.heads == 0 else {
      throw EncoderError(
        file,
        "hidden_size \(configuration.hidden) is not a multiple of "
          + "num_attention_heads \(configuration.heads)")
    }
    if let width = modules.poolingWidth, width != configuration.hidden {
      throw EncoderError(
        url, "pools embeddings of width \(width), but hidden_size is \(configuration.hidden)")
    }
    (prompts, defaultPrompt) = try Self.readPrompts(url)
    poolsPrompt = modules.poolsPrompt
    // Found out now rather than when the first text comes.
    _ = try text(ofPrompt: nil)
  }

  /// The tokenizer, which puts a prompt before every text.
  ///
  /// - Parameter prompt: the prompt's name; nil for the default one, if there is one.
  /// - Throws: `EncoderError` if the tokenizer is not BERT WordPiece or its files disagree, or if there is
  ///   no such prompt.
  public func tokenizer(prompt: String? = nil) throws -> Tokenizer {
    var tokenizer = try Tokenizer(directory: transformer)
    tokenizer.prompt = try text(ofPrompt: prompt)
    guard tokenizer.vocabularySize <= configuration.vocabulary else {
      throw EncoderError(
        transformer,
        "its vocabulary has \(tokenizer.vocabularySize) tokens, "
          + "but the weights only \(configuration.vocabulary) rows (vocab_size)")
    }
    return tokenizer
  }

  /// - Throws: `EncoderError` if there is no valid `model.safetensors`.
  public func weights() throws -> SafetensorsFile {
    let file = transformer.appending(path: "model.safetensors")
    if !exists(file) {
      if exists(transformer.appending(path: "model.safetensors.index.json")) {
        throw EncoderError(file, "the weights are split over several files; save them as one")
      }
      if exists(transformer.appending(path: "pytorch_model.bin")) {
        throw EncoderError(
          file,
          "is missing, and pytorch_model.bin is a pickle, which is not read because it can run "
            + "code; save the encoder with safe_serialization=True")
      }
    }
    return try SafetensorsFile(file)
  }

  private static func checkArchitecture(_ config: JSON, _ file: URL) throws {
    let type = config["model_type"]?.stringValue ?? "none"
    guard type == "bert" else {
      throw EncoderError(
        file, "the architecture '\(type)' is not supported; encoders of model_type 'bert' are")
    }
    let activation = config["hidden_act"]?.stringValue ?? "gelu"
    guard activation == "gelu" else {
      throw EncoderError(file, "the activation '\(activation)' is not supported; 'gelu' is")
    }
    let position = config["position_embedding_type"]?.stringValue ?? "absolute"
    guard position == "absolute" else {
      throw EncoderError(
        file, "'\(position)' position embeddings are not supported; 'absolute' are")
    }
    for flag in ["is_decoder", "add_cross_attention"] where config[flag]?.boolValue == true {
      throw EncoderError(file, "'\(flag)' is set: a decoder is not a sentence encoder")
    }
  }

  /// `max_seq_length` where it is given (before version 6), else the tokenizer's `model_max_length`,
  /// never more than there are positions.
  private static func maxTokens(_ folder: URL, positions: Int) throws -> Int {
    for (name, key) in [
      ("sentence_bert_config.json", "max_seq_length"),
      ("tokenizer_config.json", "model_max_length"),
    ] {
      let file = folder.appending(path: name)
      guard exists(file), let value = try readJSON(file)[key], !value.isNull else { continue }
      // Transformers writes "no limit" as 1e30.
      guard let length = value.doubleValue, length >= 3 else {
        throw EncoderError(file, "'\(key)' is not a number of tokens from 3")
      }
      return Int(min(length, Double(positions)))
    }
    return positions
  }

  private static let promptsFile = "config_sentence_transformers.json"

  private static func readPrompts(_ url: URL) throws -> ([String: String], String?) {
    let file = url.appending(path: promptsFile)
    guard exists(file) else { return ([:], nil) }
    let config = try readJSON(file)
    var prompts: [String: String] = [:]
    for prompt in config["prompts"]?.objectValue ?? [] {
      guard let text = prompt.value.stringValue else {
        throw EncoderError(file, "the prompt '\(prompt.key)' is not a string")
      }
      prompts[prompt.key] = text
    }
    guard let name = config["default_prompt_name"], !name.isNull else { return (prompts, nil) }
    guard let name = name.stringValue, prompts[name] != nil else {
      throw EncoderError(file, "'default_prompt_name' is not the name of one of its prompts")
    }
    return (prompts, name)
  }

  private func text(ofPrompt name: String?) throws -> String {
    guard let name = name ?? defaultPrompt else { return "" }
    let file = url.appending(path: Self.promptsFile)
    guard let text = prompts[name] else {
      let known = prompts.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
      throw EncoderError(
        file,
        "has no prompt '\(name)'; " + (known.isEmpty ? "it has none" : "there is \(known)"))
    }
    guard text.isEmpty || poolsPrompt else {
      throw EncoderError(
        file,
        "puts the prompt '\(name)' before texts and leaves its tokens out of the pooling "
          + "(include_prompt is false), which is not supported")
    }
    return text
  }
}

/// What `modules.json` lists: Transformer, Pooling and perhaps Normalize.
private struct Modules {
  var transformer: URL
  var pooling = EncoderConfiguration.Pooling.mean
  var poolingWidth: Int?
  var normalizes = false
  /// Whether a prompt's tokens are pooled with the text's.
  var poolsPrompt = true

  init(_ url: URL) throws {
    transformer = url
    let file = url.appending(path: "modules.json")
    // Without the file sentence-transformers takes a plain transformer with mean pooling.
    guard exists(file) else { return }
    guard let modules = try readJSON(file).arrayValue else {
      throw EncoderError(file, "is not a list of modules")
    }
    var kinds: [String] = []
    for module in modules {
      guard let type = module["type"]?.stringValue, let path = module["path"]?.stringValue,
        !path.split(separator: "/").contains(".."), !path.hasPrefix("/")
      else {
        throw EncoderError(file, "has a module without a type and a path inside the folder")
      }
      let kind = String(type.split(separator: ".").last ?? "")
      let folder = path.isEmpty ? url : url.appending(path: path, directoryHint: .isDirectory)
      kinds.append(kind)
      switch kind {
      case "Transformer": transformer = folder
      case "Pooling": try readPooling(folder.appending(path: "config.json"))
      case "Normalize": normalizes = true
      default:
        throw EncoderError(
          file, "the module '\(type)' is not supported; Transformer, Pooling and Normalize are")
      }
    }
    guard kinds == ["Transformer", "Pooling"] || kinds == ["Transformer", "Pooling", "Normalize"]
    else {
      throw EncoderError(
        file,
        "the modules \(kinds.joined(separator: ", ")) are not supported; Transformer, Pooling "
          + "and, optionally, Normalize, in this order, are")
    }
  }

  /// Before version 6 one flag per mode, from 6 on `pooling_mode`.
  private mutating func readPooling(_ file: URL) throws {
    let config = try readJSON(file)
    poolsPrompt = config["include_prompt"]?.boolValue ?? true
    poolingWidth = (config["embedding_dimension"] ?? config["word_embedding_dimension"])?.intValue
    let modes: [String]
    if let mode = config["pooling_mode"] {
      modes = mode.stringValue.map { [$0] } ?? (mode.arrayValue ?? []).compactMap(\.stringValue)
    } else {
      let flags = [
        "pooling_mode_cls_token": "cls", "pooling_mode_mean_tokens": "mean",
        "pooling_mode_max_tokens": "max",
        "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens": "weightedmean",
        "pooling_mode_lasttoken": "lasttoken",
      ]
      let set = (config.objectValue ?? []).filter { $0.value.boolValue == true }
      let named = set.compactMap { flags[$0.key] }
      modes = named.isEmpty ? ["mean"] : named
    }
    guard modes.count == 1, let mode = EncoderConfiguration.Pooling(rawValue: modes[0]) else {
      throw EncoderError(
        file, "the pooling '\(modes.joined(separator: "+"))' is not supported; 'mean' and 'cls' are"
      )
    }
    pooling = mode
  }
}

func exists(_ file: URL) -> Bool {
  FileManager.default.fileExists(atPath: file.path(percentEncoded: false))
}

/// - Throws: `EncoderError` that names the file.
func readJSON(_ file: URL, tokens: String? = nil) throws -> JSON {
  let data: Data
  do {
    data = try Data(contentsOf: file)
  } catch {
    throw EncoderError(file, exists(file) ? "cannot be read: \(error)" : "is missing")
  }
  do {
    return try data.withUnsafeBytes { bytes throws(JSON.SyntaxError) in
      try JSON(parsing: bytes, tokens: tokens)
    }
  } catch {
    throw EncoderError(file, "is \(error)")
  }
}
