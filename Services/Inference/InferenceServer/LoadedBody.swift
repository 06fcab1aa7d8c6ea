import Foundation
import Transformer
import Wire

/// How texts are computed, whatever the model.
struct ComputeSettings: Sendable {
  var pool: ComputePool
  var precision = PrecisionChoice.auto
  var neutralize = false
}

/// An encoder, or a model's body and head, in memory. Immutable: requests use it while newer ones load.
final class LoadedBody: Sendable {
  enum Kind: String, Sendable {
    case model, encoder
  }

  let kind: Kind
  let name: String
  /// 0 for an encoder.
  let version: UInt64
  /// Names the content, as the store does.
  let digest: String
  /// `nil` for an encoder.
  let classifier: Classifier?
  /// The embeddings' width.
  let dimensions: Int

  struct Classifier: Sendable {
    /// In the order of the head's rows.
    let labels: [String]
    let head: ClassificationHead
  }

  /// What its matrix products are computed in.
  let precision: Precision

  private let encoder: SentenceEncoder
  private let tokenizer: Tokenizer
  private let maxTokens: Int

  /// Blocks while it reads and packs the weights.
  ///
  /// - Parameters:
  ///   - precision: `auto` goes by what was measured when a model was published; encoders are fp32 then.
  ///   - neutralize: whether "[SEP]" and the like in a text are taken as text.
  /// - Throws: `EncoderError`, also where body, head and description do not fit each other.
  init(
    _ kind: Kind, name: String, version: UInt64 = 0, digest: String, folder: URL,
    settings: ComputeSettings
  ) throws {
    let directory = try EncoderDirectory(folder)
    let configuration = directory.configuration
    var maxTokens = configuration.maxTokens
    var classifier: Classifier?
    var measured: [MeasuredPrecision] = []
    if kind == .model {
      let manifest = try ModelManifest(directory: folder)
      let head = try ClassificationHead(directory: folder)
      guard head.labels == manifest.labels.count, head.hidden == configuration.hidden else {
        throw EncoderError(
          folder.appending(path: ClassificationHead.fileName),
          "has \(head.labels) labels of \(head.hidden) dimensions; the model has "
            + "\(manifest.labels.count) of \(configuration.hidden)")
      }
      maxTokens = min(manifest.maxLength, configuration.positions)
      measured = manifest.precisions ?? []
      classifier = Classifier(labels: manifest.labels, head: head)
    }
    self.kind = kind
    self.name = name
    self.version = version
    self.digest = digest
    self.maxTokens = maxTokens
    self.classifier = classifier
    dimensions = configuration.hidden
    precision = settings.precision.precision(measured: measured)
    encoder = try SentenceEncoder(directory, precision: precision, pool: settings.pool)
    guard var tokenizer = encoder.tokenizer else { preconditionFailure("read from a folder") }
    tokenizer.neutralizesSpecialTokens = settings.neutralize
    self.tokenizer = tokenizer
  }

  /// Blocks while it computes.
  func embed(_ texts: [String]) -> Embeddings {
    encoder.embed(tokens: texts.map { tokenizer.encode($0, maxTokens: maxTokens) })
  }

  var message: InferenceV1.Loaded {
    InferenceV1.Loaded(
      kind: kind.rawValue, name: name, version: version, digest: digest,
      precision: precision.rawValue)
  }
}
