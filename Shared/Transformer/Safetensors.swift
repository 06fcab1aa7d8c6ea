// Weight files in the safetensors format: eight bytes of header length (little-endian), a JSON header,
// then the tensors' bytes, row-major and packed
// (https://github.com/huggingface/safetensors#format). Reading is as strict as the reference library:
// what it rejects is rejected here.
public import Foundation

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What is wrong with an encoder's, model's or weight file, and what to do.
public struct EncoderError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file or folder it is about.
  public let file: String
  public let message: String
  public var description: String { "\(file): \(message)" }

  package init(_ file: URL, _ message: String) {
    self.file = file.path(percentEncoded: false)
    self.message = message
  }
}

/// A safetensors file, memory-mapped and checked as a whole when it is opened.
///
/// Safe to share between threads: the mapping is read-only. The file must not be changed in place while
/// it is open (replacing it by renaming another over it is fine).
public final class SafetensorsFile: Sendable {
  /// Of a tensor's elements, as the format spells it.
  public enum DType: String, Sendable, Hashable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3 = "F8_E4M3"
    case int16 = "I16"
    case uint16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case uint32 = "U32"
    case float32 = "F32"
    case float64 = "F64"
    case int64 = "I64"
    case uint64 = "U64"

    /// Bytes per element.
    public var size: Int {
      switch self {
      case .bool, .uint8, .int8, .float8E5M2, .float8E4M3: 1
      case .int16, .uint16, .float16, .bfloat16: 2
      case .int32, .uint32, .float32: 4
      case .float64, .int64, .uint64: 8
      }
    }
  }

  /// The reference library's limit for the header, in bytes.
  public static let headerLimit = 100_000_000

  struct Entry: Sendable {
    let dtype: DType
    let shape: [Int]
    /// Bytes from the start of the file.
    let range: Range<Int>
  }

  public let url: URL
  /// `__metadata__`.
  public let metadata: [String: String]
  /// The tensors' names as the file spells them, in the order of their bytes.
  public let names: [String]
  private let entries: [ByteKey: Entry]
  nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer

  /// - Throws: `EncoderError` if the file cannot be read or is not valid in every part.
  public init(_ url: URL) throws {
    let bytes = try Self.map(url)
    do {
      let header = try Self.parseHeader(bytes, url)
      self.url = url
      self.bytes = bytes
      (metadata, names, entries) = (header.metadata, header.names, header.entries)
    } catch {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
      throw error
    }
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }

  /// Whether there is a tensor of that name, or of that name behind a prefix that encoders are saved
  /// with: `bert.` or `0.auto_model.`.
  public func contains(_ name: String) -> Bool { entry(name) != nil }

  /// - Throws: `EncoderError` if there is no such tensor.
  public func shape(of name: String) throws -> [Int] { try require(name).shape }

  /// - Throws: `EncoderError` if there is no such tensor.
  public func dtype(of name: String) throws -> DType { try require(name).dtype }

  /// A tensor's values, row-major. F16 and BF16 are widened, which is exact.
  ///
  /// - Throws: `EncoderError` if there is no such tensor or it does not hold F32, F16 or BF16.
  public func floats(_ name: String) throws -> [Float] {
    let entry = try require(name)
    let source = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
    let count = source.count / entry.dtype.size
    switch entry.dtype {
    case .float32:
      return [Float](unsafeUninitializedCapacity: count) { out, initialized in
        UnsafeMutableRawBufferPointer(out).copyMemory(from: source)
        initialized = count
      }
    case .float16:
      return widen(source, count, floatBits(ofHalf:))
    case .bfloat16:
      return widen(source, count) { UInt32($0) << 16 }
    default:
      throw EncoderError(
        url, "tensor '\(name)' holds \(entry.dtype.rawValue); F32, F16 or BF16 is needed here")
    }
  }

  /// Calls `body` with a tensor's values, row-major: in the file's own memory where they are F32.
  ///
  /// - Throws: as `floats`.
  func withFloats(_ name: String, _ body: (UnsafePointer<Float>) -> Void) throws {
    if let values = try floatsInPlace(name) { return body(values) }
    try floats(name).withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// A tensor's values in the file's own memory, valid as long as this object; `nil` if they are not
  /// F32 there, or not aligned.
  func floatsInPlace(_ name: String) throws -> UnsafePointer<Float>? {
    let entry = try require(name)
    guard entry.dtype == .float32, !entry.range.isEmpty else { return nil }
    let start = bytes.baseAddress! + entry.range.lowerBound
    guard UInt(bitPattern: start) % UInt(MemoryLayout<Float>.alignment) == 0 else { return nil }
    return start.assumingMemoryBound(to: Float.self)
  }

  /// Copies a tensor's values, row-major, and lets go of the file's memory as it goes.
  ///
  /// - Throws: as `floats`.
  func copyFloats(_ name: String, to destination: UnsafeMutablePointer<Float>) throws {
    guard let values = try floatsInPlace(name) else {
      let values = try floats(name)
      return destination.update(from: values, count: values.count)
    }
    let range = try require(name).range
    let slice = 1 << 20
    for first in stride(from: 0, to: range.count / 4, by: slice) {
      let count = min(slice, range.count / 4 - first)
      (destination + first).update(from: values + first, count: count)
      forget(range.lowerBound + first * 4..<range.lowerBound + (first + count) * 4)
    }
  }

  /// Where a tensor's first value is that is not a finite number, row-major; nil where all are. Lets go of the
  /// file's memory as it goes.
  ///
  /// - Throws: as `floats`.
  func firstNonFinite(_ name: String) throws -> Int? {
    guard let values = try floatsInPlace(name) else {
      defer { forget(name) }
      return try floats(name).firstIndex { !$0.isFinite }
    }
    let range = try require(name).range
    let slice = 1 << 20
    for first in stride(from: 0, to: range.count / 4, by: slice) {
      let part = UnsafeBufferPointer(
        start: values + first, count: min(slice, range.count / 4 - first))
      // An exponent of ones, and no other, carries into the sign.
      let carried = part.reduce(UInt32(0)) { $0 | (($1.bitPattern & 0x7F80_0000) &+ 0x0080_0000) }
      if carried >> 31 == 1 { return first + part.firstIndex { !$0.isFinite }! }
      forget(range.lowerBound + first * 4..<range.lowerBound + (first + part.count) * 4)
    }
    return nil
  }

  /// Takes a tensor that was read, and will not be soon, out of this process's memory; it stays readable.
  func forget(_ name: String) {
    if let entry = entry(name) { forget(entry.range) }
  }

  private func forget(_ range: Range<Int>) {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let start = UInt(bitPattern: bytes.baseAddress!) + UInt(range.lowerBound)
    let end = start + UInt(range.count)
    // Pages that hold nothing else.
    let (first, last) = ((start + page - 1) / page * page, end / page * page)
    guard last > first, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
    madvise(address, Int(last - first), MADV_DONTNEED)
  }

  private func entry(_ name: String) -> Entry? {
    for prefix in ["", "bert.", "0.auto_model."] {
      if let entry = entries[ByteKey(prefix + name)] { return entry }
    }
    return nil
  }

  private func require(_ name: String) throws -> Entry {
    if let entry = entry(name) { return entry }
    let shown = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    throw EncoderError(
      url, "there is no tensor '\(name)' among its \(names.count) (\(shown), ...)")
  }

  // MARK: Opening

  private static func map(_ url: URL) throws -> UnsafeRawBufferPointer {
    let path = url.path(percentEncoded: false)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw EncoderError(url, "cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw EncoderError(url, "is not a regular file")
    }
    let count = Int(status.st_size)
    guard count >= 8 else {
      throw EncoderError(url, "has \(count) bytes; a safetensors file has at least 8")
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw EncoderError(url, "cannot be mapped: \(String(cString: strerror(errno)))")
    }
    return UnsafeRawBufferPointer(start: address, count: count)
  }

  private static func parseHeader(
    _ bytes: UnsafeRawBufferPointer, _ url: URL
  ) throws -> (metadata: [String: String], names: [String], entries: [ByteKey: Entry]) {
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= headerLimit else {
      throw EncoderError(
        url, "its header would be \(length) bytes, over the \(headerLimit) allowed")
    }
    let start = 8 + Int(length)
    guard start <= bytes.count else {
      throw EncoderError(
        url, "is cut short: its header ends at \(start), the file at \(bytes.count)")
    }
    let header: JSON
    do {
      header = try JSON(parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<start]))
    } catch {
      throw EncoderError(url, "its header is \(error)")
    }
    guard let members = header.objectValue else {
      throw EncoderError(url, "its header is not a JSON object")
    }
    var metadata: [String: String] = [:]
    var entries: [ByteKey: Entry] = [:]
    var order: [(name: String, range: Range<Int>)] = []
    for member in members {
      if member.key == "__metadata__" {
        for pair in member.value.objectValue ?? [] {
          guard let value = pair.value.stringValue else {
            throw EncoderError(url, "its metadata '\(pair.key)' is not a string")
          }
          metadata[pair.key] = value
        }
        guard member.value.objectValue != nil else {
          throw EncoderError(url, "its __metadata__ is not a JSON object")
        }
        continue
      }
      let entry = try parseEntry(member, dataStart: start, url)
      entries[ByteKey(member.key)] = entry
      order.append((member.key, entry.range))
    }
    order.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = start
    for (name, range) in order {
      guard range.lowerBound == end else {
        let what = range.lowerBound < end ? "overlaps the one before" : "leaves a hole before it"
        throw EncoderError(
          url,
          "tensor '\(name)' starts at \(range.lowerBound - start), which \(what) (\(end - start))")
      }
      end = range.upperBound
    }
    guard end == bytes.count else {
      let what = end > bytes.count ? "is cut short" : "has bytes that belong to no tensor"
      throw EncoderError(url, "\(what): its tensors end at \(end), the file at \(bytes.count)")
    }
    return (metadata, order.map(\.name), entries)
  }

  private static func parseEntry(
    _ member: JSON.Member, dataStart: Int, _ url: URL
  ) throws -> Entry {
    func problem(_ message: String) -> EncoderError {
      EncoderError(url, "tensor '\(member.key)' \(message)")
    }
    guard let fields = member.value.objectValue else { throw problem("is not a JSON object") }
    if let unknown = fields.first(where: { !["dtype", "shape", "data_offsets"].contains($0.key) }) {
      throw problem("has an unknown field '\(unknown.key)'")
    }
    guard let typeName = member.value["dtype"]?.stringValue else { throw problem("has no dtype") }
    guard let dtype = DType(rawValue: typeName) else {
      throw problem("has the unknown dtype '\(typeName)'")
    }
    guard let dimensions = member.value["shape"]?.arrayValue else { throw problem("has no shape") }
    var shape: [Int] = []
    var size = dtype.size
    for dimension in dimensions {
      guard let count = dimension.intValue, count >= 0 else {
        throw problem("has a dimension that is not a whole number from 0")
      }
      let (product, overflow) = size.multipliedReportingOverflow(by: count)
      guard !overflow else { throw problem("has a shape too large to count") }
      size = product
      shape.append(count)
    }
    guard let offsets = member.value["data_offsets"]?.arrayValue, offsets.count == 2,
      let begin = offsets[0].intValue, let end = offsets[1].intValue,
      begin >= 0, end >= begin, end <= Int.max - dataStart
    else { throw problem("has no valid data_offsets") }
    guard end - begin == size else {
      throw problem(
        "takes \(size) bytes by its shape \(shape) and dtype, \(end - begin) by its offsets")
    }
    return Entry(dtype: dtype, shape: shape, range: dataStart + begin..<dataStart + end)
  }
}

/// Writing weight files.
public enum Safetensors {
  /// Writes F32 tensors, in the order given, so that the file is there whole or not at all: into a
  /// temporary file beside it, flushed to disk, then renamed over `url`.
  ///
  /// - Throws: `EncoderError` if a name occurs twice, a shape does not fit its values, or writing fails.
  public static func write(
    tensors: [(name: String, shape: [Int], values: [Float])],
    metadata: [String: String] = [:], to url: URL
  ) throws {
    let header = try header(tensors, metadata, url)
    let folder = url.deletingLastPathComponent()
    let temporary = folder.appending(
      path: ".\(url.lastPathComponent).\(UUID().uuidString)", directoryHint: .notDirectory
    ).path(percentEncoded: false)
    func failure(_ what: String) -> EncoderError {
      EncoderError(url, "cannot be \(what): \(String(cString: strerror(errno)))")
    }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("created") }
    do {
      defer { close(descriptor) }
      func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
          let written = writeSome(descriptor, rest)
          guard written > 0 else { throw failure("written") }
          rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
      }
      try header.withUnsafeBytes(append)
      for tensor in tensors { try tensor.values.withUnsafeBytes(append) }
      guard fsync(descriptor) == 0 else { throw failure("flushed to disk") }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, url.path(percentEncoded: false)) == 0 else {
      let error = failure("put in place")
      unlink(temporary)
      throw error
    }
    // The rename itself is on disk once the folder is.
    let directory = open(folder.path(percentEncoded: false), O_RDONLY | O_CLOEXEC)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
  }

  private static func header(
    _ tensors: [(name: String, shape: [Int], values: [Float])], _ metadata: [String: String],
    _ url: URL
  ) throws -> [UInt8] {
    var text = "{"
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      text += "\"__metadata__\":{\(pairs.joined(separator: ","))}"
    }
    var seen = Set<ByteKey>()
    var offset = 0
    for (name, shape, values) in tensors {
      guard name != "__metadata__", seen.insert(ByteKey(name)).inserted else {
        throw EncoderError(url, "the tensor name '\(name)' cannot be used, or not twice")
      }
      guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == values.count else {
        throw EncoderError(
          url, "tensor '\(name)' of shape \(shape) cannot hold \(values.count) values")
      }
      let end = offset + values.count * 4
      if text.utf8.count > 1 { text += "," }
      let dimensions = shape.map(String.init).joined(separator: ",")
      text +=
        "\(quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(dimensions)],\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    text += "}"
    var json = Array(text.utf8)
    // So that the tensors start at a multiple of eight.
    while json.count % 8 != 0 { json.append(0x20) }
    guard json.count <= SafetensorsFile.headerLimit else {
      throw EncoderError(url, "its header would be over \(SafetensorsFile.headerLimit) bytes")
    }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

/// `write(2)`, repeated where a signal interrupts it.
private func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  while true {
    let written = write(descriptor, bytes.baseAddress, bytes.count)
    if written >= 0 || errno != EINTR { return written }
  }
}

private func widen(
  _ source: UnsafeRawBufferPointer, _ count: Int, _ bits: (UInt16) -> UInt32
) -> [Float] {
  [Float](unsafeUninitializedCapacity: count) { out, initialized in
    for i in 0..<count {
      let half = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
      out[i] = Float(bitPattern: bits(half))
    }
    initialized = count
  }
}

/// An IEEE 754 half as a single's bits, exact, subnormals and NaN included. Not through `Float16`, which
/// Swift does not have on every platform.
private func floatBits(ofHalf half: UInt16) -> UInt32 {
  let sign = UInt32(half & 0x8000) << 16
  let magnitude = UInt32(half & 0x7FFF)
  if magnitude >= 0x7C00 { return sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13 }
  // The exponent's bias is 127 instead of 15; multiplying by 2^112 also renormalises subnormals.
  return sign | (Float(bitPattern: magnitude << 13) * 0x1p112).bitPattern
}
