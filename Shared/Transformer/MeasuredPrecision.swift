/// What a precision cost a trained model, as measured when it was published, against fp32 on the same
/// texts; and whether that is little enough to serve the model in it.
public struct MeasuredPrecision: Sendable, Hashable, Codable {
  public var precision: Precision
  /// "test" for records held back from training, "train" where there were none.
  public var split: String
  public var texts: Int
  /// The share of the texts whose label is predicted as people gave it.
  public var accuracy: Double
  /// Texts that fp32 labels rightly and this precision does not, and the other way round.
  public var lost: Int
  public var won: Int
  /// McNemar's exact test of `lost` against `won`, two-sided.
  public var pValue: Double
  /// The cosine to the embedding in fp32 that 99% of the texts reach.
  public var cosine: Double
  /// The rule's verdict, by which "auto" decides.
  public var isWithinTolerance: Bool

  /// Below this p-value a loss is significant.
  public static let significance = 0.05
  /// 99% of texts must reach it.
  public static let leastCosine = 0.995
  /// Fewer texts show nothing.
  public static let fewestTexts = 50

  private enum CodingKeys: String, CodingKey {
    case precision, split, texts, accuracy, lost, won
    case pValue = "p_value"
    case cosine = "cosine_p01"
    case isWithinTolerance = "within_tolerance"
  }

  /// - Parameter cosines: one for each text.
  public init(
    _ precision: Precision, split: String, accuracy: Double, lost: Int, won: Int, pValue: Double,
    cosines: [Double]
  ) {
    precondition(!cosines.isEmpty, "a precision is measured on at least one text")
    self.precision = precision
    self.split = split
    texts = cosines.count
    self.accuracy = accuracy
    self.lost = lost
    self.won = won
    self.pValue = pValue
    cosine = cosines.sorted()[cosines.count / 100]
    isWithinTolerance =
      texts >= Self.fewestTexts && cosine >= Self.leastCosine
      && !(lost > won && pValue < Self.significance)
  }
}

/// Which precision texts are computed in.
public enum PrecisionChoice: Sendable, Hashable {
  /// The fastest on this processor among those a model was measured to bear; fp32 where nobody measured.
  case auto
  case fixed(Precision)

  /// "auto" or a precision's name.
  public init?(_ name: String) {
    if name == "auto" {
      self = .auto
    } else if let precision = Precision(rawValue: name) {
      self = .fixed(precision)
    } else {
      return nil
    }
  }

  /// - Parameter instructionSet: as `ComputePool.instructionSet` names it.
  public func precision(
    measured: [MeasuredPrecision], instructionSet: String = ComputePool.instructionSet
  ) -> Precision {
    if case .fixed(let precision) = self { return precision }
    return Precision.faster(on: instructionSet).first { precision in
      measured.contains { $0.precision == precision && $0.isWithinTolerance }
    } ?? .fp32
  }
}

extension Precision {
  /// The precisions that are faster than fp32 on processors with this instruction set, fastest first.
  /// Without dot product instructions of its own, AVX2 multiplies bytes twice as fast as floats; bf16 is
  /// slower there than fp32.
  static func faster(on instructionSet: String) -> [Precision] {
    switch instructionSet {
    case "avx512bf16": [.int8, .bf16]
    case "avx512vnni", "avx512", "avx2", "neon-dot": [.int8]
    default: []
    }
  }
}
