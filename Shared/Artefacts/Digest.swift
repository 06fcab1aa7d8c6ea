// Artefacts: bytes by digest. What a file or folder is called by its content, how folders of encoders
// and models travel to and from the store, and the local cache that lets a replica start with nothing
// but the store's address. The one user of OpenSSL's libcrypto.
import CCrypto
public import Foundation
import RPC

/// The SHA-256 of some bytes, written `sha256:` and 64 lower-case hexadecimal digits.
public struct Digest: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Big-endian, so that their order is the bytes' order. (A 32-byte SIMD vector would be the natural
  /// storage, but over-aligned values crash the task allocator of Swift 6.3's debug builds.)
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// `nil` unless `text` is spelled exactly as `description` spells it.
  public init?(_ text: String) {
    let prefix = "sha256:"
    let units = Array(text.utf8)
    guard units.count == prefix.utf8.count + 64, units.starts(with: prefix.utf8) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    for i in 0..<64 {
      let digit: UInt8
      switch units[prefix.utf8.count + i] {
      case let unit where unit >= 0x30 && unit <= 0x39: digit = unit - 0x30
      case let unit where unit >= 0x61 && unit <= 0x66: digit = unit - 0x61 + 10
      default: return nil
      }
      bytes[i / 2] = bytes[i / 2] << 4 | digit
    }
    self.init(bytes: bytes)
  }

  /// Of some bytes in memory.
  public init(of bytes: some Sequence<UInt8>) {
    var hasher = Hasher()
    if bytes.withContiguousStorageIfAvailable({ hasher.update(UnsafeRawBufferPointer($0)) }) == nil
    {
      hasher.update(Array(bytes))
    }
    self = hasher.finalize()
  }

  /// Of a file's content, read in pieces. Blocks.
  ///
  /// - Throws: `RPCError` that names the file if it cannot be read.
  public init(ofFile url: URL) throws {
    let file = try OpenFile(reading: url)
    var hasher = Hasher()
    try file.readAll { hasher.update($0) }
    self = hasher.finalize()
  }

  /// - Precondition: 32 bytes.
  fileprivate init(bytes: [UInt8]) {
    precondition(bytes.count == 32)
    func word(_ index: Int) -> UInt64 {
      bytes[8 * index..<8 * index + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// The 64 digits.
  public var hex: String {
    func digits(_ word: UInt64) -> String {
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
    return digits(words.0) + digits(words.1) + digits(words.2) + digits(words.3)
  }

  public var description: String { "sha256:" + hex }

  public static func == (a: Digest, b: Digest) -> Bool { a.words == b.words }

  public static func < (a: Digest, b: Digest) -> Bool { a.words < b.words }

  public func hash(into hasher: inout Swift.Hasher) {
    // Its bits are as good as random.
    hasher.combine(words.0)
  }

  /// Takes bytes piece by piece. For one thread at a time.
  public struct Hasher: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    public init() {
      context = EVP_MD_CTX_new()!
      precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "libcrypto has no SHA-256")
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
      precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1)
    }

    public mutating func update(_ bytes: [UInt8]) {
      bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of everything so far; more may follow.
    public func finalize() -> Digest {
      let copy = EVP_MD_CTX_new()!
      defer { EVP_MD_CTX_free(copy) }
      var out = [UInt8](repeating: 0, count: 32)
      let done =
        EVP_MD_CTX_copy_ex(copy, context) == 1 && EVP_DigestFinal_ex(copy, &out, nil) == 1
      precondition(done, "libcrypto cannot finish a SHA-256")
      return Digest(bytes: out)
    }
  }
}
