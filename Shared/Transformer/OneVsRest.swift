extension LogisticRegression {
  /// Fits one logistic regression per label, that label against all else: scikit-learn's
  /// `OneVsRestClassifier(LogisticRegression())`.
  ///
  /// A label that every record has, or that none has, is predicted as it is found, whatever the text, unless
  /// a prior says what it looks like.
  ///
  /// - Parameters:
  ///   - embeddings: [records, hidden], row-major.
  ///   - likelihoods: [records, labels], row-major, of what is known of each record: how probable it is if the
  ///     record has the label, as a share of that and of how probable it is if not. 1 where the record
  ///     has the label, 0 where it has not.
  ///   - weights: [labels][records]: how much each record counts for each label; `nil` means 1 each.
  ///   - prior: a multi-label head: what is believed before any record is seen. The penalty is then on the
  ///     distance from its weights instead of from 0.
  ///   - pool: as `fit`'s.
  /// - Returns: a multi-label head whose thresholds are one half.
  /// - Throws: `HeadError`; `CancellationError` if the task is cancelled, within one evaluation.
  public func fitOneVsRest(
    _ embeddings: [Float], hidden: Int, likelihoods: [Double], labelCount: Int,
    weights: [[Double]]? = nil, prior: ClassificationHead? = nil, pool: ComputePool = .shared
  ) throws -> ClassificationHead {
    guard labelCount >= 2 else {
      throw HeadError("a head needs at least 2 labels, not \(labelCount)")
    }
    guard hidden > 0, !likelihoods.isEmpty, likelihoods.count % labelCount == 0,
      embeddings.count == likelihoods.count / labelCount * hidden,
      weights == nil || weights?.count == labelCount
    else {
      throw HeadError(
        "embeddings [\(embeddings.count)], likelihoods [\(likelihoods.count)] and weights for "
          + "\(weights?.count ?? labelCount) labels do not fit \(hidden) dimensions and "
          + "\(labelCount) labels")
    }
    if let prior, prior.labels != labelCount || prior.hidden != hidden || !prior.isMultiLabel {
      throw HeadError(
        "a prior of \(prior.labels) labels and \(prior.hidden) dimensions for \(labelCount) labels of "
          + "which a text may have several and \(hidden)")
    }
    let records = likelihoods.count / labelCount
    var (weight, bias): ([Float], [Float]) = ([], [])
    for label in 0..<labelCount {
      let has = (0..<records).map { likelihoods[$0 * labelCount + label] }
      let counted = weights.map { weights in has.indices.filter { weights[label][$0] > 0 } }
      let shares = counted.map { $0.map { has[$0] } } ?? has
      if prior == nil, let first = shares.first, first == 0 || first == 1,
        shares.allSatisfy({ $0 == first })
      {
        weight += [Float](repeating: 0, count: hidden)
        bias.append(first == 1 ? Self.certain : -Self.certain)
        continue
      }
      let fit = try fit(
        embeddings, hidden: hidden, likelihoods: has.flatMap { [1 - $0, $0] }, labelCount: 2,
        weights: weights?[label], prior: try prior.map { try $0.alone(label) },
        pool: pool)
      // Softmax of two rows is the sigmoid of their difference.
      weight += (0..<hidden).map { fit.head.weight[hidden + $0] - fit.head.weight[$0] }
      bias.append(fit.head.bias[1] - fit.head.bias[0])
    }
    return try ClassificationHead(
      labels: labelCount, hidden: hidden, weight: weight, bias: bias,
      thresholds: [Float](repeating: 0.5, count: labelCount))
  }

  /// A score whose sigmoid is 1 but for 1e-13.
  private static let certain: Float = 30
}

extension ClassificationHead {
  /// One label of a multi-label head against the rest, as a head of two labels.
  fileprivate func alone(_ label: Int) throws -> ClassificationHead {
    try ClassificationHead(
      labels: 2, hidden: hidden,
      weight: [Float](repeating: 0, count: hidden) + weight[label * hidden..<(label + 1) * hidden],
      bias: [0, bias[label]])
  }
}
