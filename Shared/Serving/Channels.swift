public import RPC

/// How Lauter's programs call Lauter's services: the one place for what a channel is told.
extension RPCChannel.Configuration {
  /// - Parameters:
  ///   - tls: nil is cleartext.
  ///   - healthService: the service a replica must report as SERVING to be called; nil calls them all.
  public static func lauter(
    tls: ChannelTLS?, healthService: String? = nil
  ) -> RPCChannel.Configuration {
    var configuration = RPCChannel.Configuration()
    configuration.tls = tls
    configuration.healthService = healthService
    // A page of long texts is larger than gRPC's usual limit.
    configuration.maxReceiveMessageSize = 64 << 20
    // A service that comes back is wanted soon.
    configuration.maxBackoff = .seconds(2)
    // A peer whose machine is gone says nothing, and TCP waits for a quarter of an hour.
    configuration.keepalive = RPCChannel.Keepalive(interval: .seconds(30), timeout: .seconds(10))
    configuration.retryPolicy = { method in
      // `lauter call` speaks to anybody's server, of whose methods nothing is known.
      method.service.hasPrefix("lauter.") && repeatable.contains(method.method)
        ? RetryPolicy(
          maxAttempts: 5, initialBackoff: .milliseconds(200), maxBackoff: .seconds(2))
        : .never
    }
    return configuration
  }

  /// The calls that may be made twice: those that only read, and those that ARCHITECTURE.md's table of
  /// contracts says are safe to repeat. The workers' own calls repeat themselves, within their lease.
  private static let repeatable: Set<String> = [
    "GetDataset", "ListDatasets", "GetRecord", "ListRecords", "ExportRecords", "ListQueue",
    "GetJob", "ListJobs", "WatchJob", "DownloadArtefact", "FindArtefacts", "GetEncoder",
    "ListEncoders", "GetModel", "ListModels", "WatchModels", "DescribeTrainer", "Evaluate",
    "Predict", "Embed", "ListLoaded", "DescribeAgent", "RenderPrompt",
    "ImportRecords", "WriteSuggestions", "WriteResponses", "UploadArtefact",
  ]
}
