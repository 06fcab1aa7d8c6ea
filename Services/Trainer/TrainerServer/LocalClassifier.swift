package import Foundation
package import Transformer

/// A model's folder, loaded to predict with. A value: safe to share between threads.
package struct LocalClassifier: Sendable {
  package let manifest: ModelManifest
  private let encoder: SentenceEncoder
  private let tokenizer: Tokenizer
  package let head: ClassificationHead

  /// - Throws: `EncoderError`, also where body, head and description do not fit each other.
  package init(folder: URL, pool: ComputePool = .shared) throws {
    head = try ClassificationHead(directory: folder)
    manifest = try ModelManifest(directory: folder)
    let directory = try EncoderDirectory(folder)
    guard head.labels == manifest.labels.count, head.hidden == directory.configuration.hidden else {
      throw EncoderError(
        folder.appending(path: ClassificationHead.fileName),
        "has \(head.labels) labels of \(head.hidden) dimensions; the model has "
          + "\(manifest.labels.count) of \(directory.configuration.hidden)")
    }
    encoder = try SentenceEncoder(directory, pool: pool)
    tokenizer = try directory.tokenizer()
  }

  /// How probable each label is for each text: [texts][labels], in the order of `manifest.labels`.
  ///
  /// - Throws: `CancellationError` within a chunk of the task's cancellation.
  package func probabilities(_ texts: [String]) throws -> [[Float]] {
    let maxTokens = min(manifest.maxLength, encoder.configuration.positions)
    var probabilities: [[Float]] = []
    probabilities.reserveCapacity(texts.count)
    let tokens = try texts.map {
      try Task.checkCancellation()
      return tokenizer.encode($0, maxTokens: maxTokens)
    }
    for places in Training.chunks(tokens.map(\.count)) {
      try Task.checkCancellation()
      probabilities += head.probabilities(rows: encoder.embed(tokens: Array(tokens[places])).values)
    }
    return probabilities
  }
}
