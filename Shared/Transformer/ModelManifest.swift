public import Foundation

/// `lauter.json`: what makes a sentence-transformers folder with a head in it a published model.
public struct ModelManifest: Sendable, Hashable, Codable {
  public static let fileName = "lauter.json"
  public static let currentVersion = 1

  public var formatVersion: Int
  /// In the order of the head's rows.
  public var labels: [String]
  /// Whose records it was trained on.
  public var dataset: String
  /// What it was fine-tuned from.
  public var encoder: String
  /// Tokens per text, special tokens included; longer texts are cut.
  public var maxLength: Int
  /// What the head's scores were divided by when it was trained, and are no longer to be; nil where nobody knows.
  public var temperature: Double?
  /// What each precision but fp32 costs this model; nil where nobody measured.
  public var precisions: [MeasuredPrecision]?

  private enum CodingKeys: String, CodingKey {
    case formatVersion = "format_version"
    case labels, dataset, encoder, temperature, precisions
    case maxLength = "max_length"
  }

  public init(
    labels: [String], dataset: String, encoder: String, maxLength: Int, temperature: Double? = nil
  ) {
    formatVersion = Self.currentVersion
    self.labels = labels
    self.dataset = dataset
    self.encoder = encoder
    self.maxLength = maxLength
    self.temperature = temperature
  }

  /// Reads a model folder's `lauter.json`.
  ///
  /// - Throws: `EncoderError` that names the file, also where a later version wrote it.
  public init(directory: URL) throws {
    let file = directory.appending(path: Self.fileName, directoryHint: .notDirectory)
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw EncoderError(file, "cannot be read; is this the folder of a trained model?")
    }
    do {
      self = try JSONDecoder().decode(ModelManifest.self, from: data)
    } catch {
      throw EncoderError(file, "is not a model's description: \(error)")
    }
    guard formatVersion == Self.currentVersion else {
      throw EncoderError(
        file, "has format_version \(formatVersion); this program reads \(Self.currentVersion)")
    }
    guard labels.count >= 2, maxLength >= 3 else {
      throw EncoderError(file, "needs at least 2 labels and a max_length of at least 3")
    }
    guard Set(labels).count == labels.count else {
      throw EncoderError(
        file, "has a label twice; labels that differ in normalisation alone are one")
    }
  }

  /// Writes it into a model's folder.
  public func write(to directory: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(self)
    data.append(UInt8(ascii: "\n"))
    try data.write(
      to: directory.appending(path: Self.fileName, directoryHint: .notDirectory), options: .atomic)
  }
}
