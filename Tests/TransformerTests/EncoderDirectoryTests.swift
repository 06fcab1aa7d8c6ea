import Foundation
import Testing
import Transformer

@Suite("Encoder directory")
struct EncoderDirectoryTests {
  private func write(_ text: String, _ path: String, _ folder: URL) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  static let config = """
    {"model_type": "bert", "hidden_act": "gelu", "hidden_size": 8, "intermediate_size": 32,
     "layer_norm_eps": 1e-12, "max_position_embeddings": 64, "num_attention_heads": 2,
     "num_hidden_layers": 1, "type_vocab_size": 2, "vocab_size": 100}
    """

  private func layout(before6 folder: URL) throws {
    try write(Self.config, "config.json", folder)
    try write(
      #"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},{"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]"#,
      "modules.json", folder)
    try write(
      #"{"max_seq_length": 48, "do_lower_case": false}"#, "sentence_bert_config.json", folder)
    try write(
      #"{"word_embedding_dimension":8,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true}"#,
      "1_Pooling/config.json", folder)
    try write(#"{"model_max_length": 64}"#, "tokenizer_config.json", folder)
  }

  private func layout(from6 folder: URL) throws {
    try write(Self.config, "config.json", folder)
    try write(
      #"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.base.modules.transformer.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.sentence_transformer.modules.pooling.Pooling"}]"#,
      "modules.json", folder)
    try write(#"{"transformer_task": "feature-extraction"}"#, "sentence_bert_config.json", folder)
    try write(
      #"{"embedding_dimension":8,"pooling_mode":"cls","include_prompt":true}"#,
      "1_Pooling/config.json", folder)
    try write(
      #"{"model_max_length": 1000000000000000019884624838656}"#, "tokenizer_config.json", folder)
  }

  @Test("Both layouts of sentence-transformers")
  func layouts() throws {
    try TestFolders.withTemporary { folder in
      try layout(before6: folder)
      let configuration = try EncoderDirectory(folder).configuration
      #expect(
        configuration
          == EncoderConfiguration(
            layers: 1, hidden: 8, heads: 2, intermediate: 32, vocabulary: 100, positions: 64,
            pooling: .mean, normalizes: true, maxTokens: 48))
    }
    try TestFolders.withTemporary { folder in
      try layout(from6: folder)
      let configuration = try EncoderDirectory(folder).configuration
      #expect(configuration.pooling == .cls && !configuration.normalizes)
      #expect(configuration.maxTokens == 64)
      try write(#"{"model_max_length": 32}"#, "tokenizer_config.json", folder)
      #expect(try EncoderDirectory(folder).configuration.maxTokens == 32)
    }
  }

  @Test("A bare transformer is mean-pooled")
  func bare() throws {
    try TestFolders.withTemporary { folder in
      try write(Self.config, "config.json", folder)
      let configuration = try EncoderDirectory(folder).configuration
      #expect(configuration.pooling == .mean && !configuration.normalizes)
      #expect(configuration.maxTokens == 64)
    }
  }

  @Test(
    "What cannot be computed is refused by name",
    arguments: [
      ("config.json", #""bert""#, #""mpnet""#, "architecture 'mpnet'"),
      ("config.json", #""gelu""#, #""gelu_new""#, "activation 'gelu_new'"),
      (
        "config.json", #""model_type""#,
        #""position_embedding_type": "relative_key", "model_type""#, "'relative_key'"
      ),
      ("config.json", #""num_attention_heads": 2"#, #""num_attention_heads": 3"#, "not a multiple"),
      ("config.json", #""hidden_size": 8"#, #""hidden_size": 0"#, "'hidden_size'"),
      ("config.json", #""hidden_size": 8"#, #""hidden_size": 16"#, "width 8"),
      ("config.json", "}", "", "not valid JSON"),
      (
        "modules.json", ".models.Normalize", ".models.Dense",
        "module 'sentence_transformers.models.Dense'"
      ),
      ("modules.json", "1_Pooling", "../1_Pooling", "inside the folder"),
      (
        "1_Pooling/config.json", #""pooling_mode_mean_tokens""#, #""pooling_mode_max_tokens""#,
        "pooling 'max'"
      ),
      (
        "1_Pooling/config.json", #""pooling_mode_cls_token":false"#,
        #""pooling_mode_cls_token":true"#, "pooling 'cls+mean'"
      ),
      ("sentence_bert_config.json", "48", "0", "'max_seq_length'"),
    ])
  func refused(_ file: String, _ old: String, _ new: String, _ says: String) throws {
    try TestFolders.withTemporary { folder in
      try layout(before6: folder)
      _ = try EncoderDirectory(folder)
      let url = folder.appending(path: file)
      let text = try String(contentsOf: url, encoding: .utf8)
      try write(text.replacing(old, with: new, maxReplacements: 1), file, folder)
      #expect { try EncoderDirectory(folder) } throws: { "\($0)".contains(says) }
    }
  }

  @Test("Prompts by name, and the default one")
  func prompts() throws {
    try TestFolders.withTemporary { folder in
      try layout(before6: folder)
      let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", ":", "a"]
      try write(vocabulary.joined(separator: "\n") + "\n", "vocab.txt", folder)
      #expect(try EncoderDirectory(folder).prompts.isEmpty)
      #expect(try EncoderDirectory(folder).tokenizer().encode("a", maxTokens: 9) == [2, 7, 3])
      func configure(_ prompts: String, _ name: String) throws {
        try write(
          #"{"prompts": \#(prompts), "default_prompt_name": \#(name)}"#,
          "config_sentence_transformers.json", folder)
      }
      try configure(#"{"query": "query: ", "passage": ""}"#, "null")
      var directory = try EncoderDirectory(folder)
      #expect(directory.defaultPrompt == nil)
      #expect(try directory.tokenizer().encode("a", maxTokens: 9) == [2, 7, 3])
      #expect(
        try directory.tokenizer(prompt: "query").encode("a", maxTokens: 9) == [2, 5, 6, 7, 3])
      #expect(throws: EncoderError.self) { try directory.tokenizer(prompt: "title") }
      #expect {
        try directory.tokenizer(prompt: "title")
      } throws: { "\($0)".contains("no prompt 'title'; there is 'passage', 'query'") }
      try configure(#"{"query": "query: ", "passage": ""}"#, #""query""#)
      directory = try EncoderDirectory(folder)
      #expect(directory.defaultPrompt == "query")
      #expect(try directory.tokenizer().encode("a", maxTokens: 9) == [2, 5, 6, 7, 3])
      #expect(try directory.tokenizer(prompt: "passage").encode("a", maxTokens: 9) == [2, 7, 3])
      // The prompt counts when a text is cut.
      #expect(try directory.tokenizer().encode("a a a", maxTokens: 5) == [2, 5, 6, 7, 3])

      let pooling = #"{"embedding_dimension":8,"pooling_mode":"mean","include_prompt":false}"#
      try write(pooling, "1_Pooling/config.json", folder)
      #expect { try EncoderDirectory(folder) } throws: { "\($0)".contains("include_prompt") }
      try configure(#"{"query": "query: "}"#, #""title""#)
      #expect { try EncoderDirectory(folder) } throws: {
        "\($0)".contains("default_prompt_name")
      }
      try configure(#"{"query": 7}"#, "null")
      #expect { try EncoderDirectory(folder) } throws: { "\($0)".contains("'query'") }
    }
  }

  @Test("A missing file and a pickle are refused with what to do")
  func others() throws {
    try TestFolders.withTemporary { folder in
      #expect { try EncoderDirectory(folder) } throws: {
        "\($0)".hasSuffix("config.json: is missing")
      }
      try layout(before6: folder)
      #expect { try EncoderDirectory(folder).weights() } throws: {
        "\($0)".contains("model.safetensors")
      }
      try write("", "pytorch_model.bin", folder)
      #expect { try EncoderDirectory(folder).weights() } throws: { "\($0)".contains("pickle") }
    }
  }

  @Test("A real encoder", .enabled(if: TestFolders.hasMinilm, "LAUTER_TEST_ENCODERS is not set"))
  func real() throws {
    let directory = try EncoderDirectory(TestFolders.minilm!)
    #expect(
      directory.configuration
        == EncoderConfiguration(
          layers: 6, hidden: 384, heads: 12, intermediate: 1536, vocabulary: 30522,
          normalizes: true, maxTokens: 256))
    #expect(try directory.tokenizer().vocabularySize == 30522)
    let weights = try directory.weights()
    #expect(try weights.shape(of: "embeddings.word_embeddings.weight") == [30522, 384])
    let values = try weights.floats("embeddings.LayerNorm.weight")
    #expect(values.count == 384 && values.allSatisfy(\.isFinite))
  }
}
