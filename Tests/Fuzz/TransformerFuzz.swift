// What libFuzzer calls with bytes of its own making: texts into the tokenizer, weight files and configuration
// files into their readers. Whatever comes must end in a value or in an EncoderError. Built by
// scripts/fuzz.sh together with the module's sources.
import Foundation

private let folder: URL = {
  let url = FileManager.default.temporaryDirectory.appending(
    path: "lauter-fuzz-\(ProcessInfo.processInfo.processIdentifier)", directoryHint: .isDirectory)
  try! FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  let letters = "abcdefghijklmnopqrstuvwxyz0123456789.,:!é東".map { "\($0)\n##\($0)\n" }.joined()
  let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n##ing\n\(letters)"
  try! Data(vocabulary.utf8).write(to: url.appending(path: "vocab.txt"))
  return url
}()

private let tokenizer = try! Tokenizer(directory: folder)
private var neutral: Tokenizer {
  var neutral = tokenizer
  neutral.neutralizesSpecialTokens = true
  return neutral
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let bytes = UnsafeBufferPointer(start: start + 1, count: count - 1)
  switch start[0] % 4 {
  case 0: encode(String(decoding: bytes, as: UTF8.self))
  case 1: readWeights(Data(bytes))
  case 2: read(Data(bytes), "config.json") { _ = try? EncoderDirectory(folder) }
  default: read(Data(bytes), "tokenizer.json") { _ = try? Tokenizer(directory: folder) }
  }
  return 0
}

private func encode(_ text: String) {
  for tokenizer in [tokenizer, neutral] {
    for most in [2, 7, 512] {
      let ids = tokenizer.encode(text, maxTokens: most)
      precondition((2...most).contains(ids.count))
      precondition(ids.first == tokenizer.classification && ids.last == tokenizer.separator)
      precondition(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
    }
  }
}

private func readWeights(_ data: Data) {
  read(data, "model.safetensors") {
    guard let file = try? SafetensorsFile(folder.appending(path: "model.safetensors")) else {
      return
    }
    for name in file.names {
      guard let shape = try? file.shape(of: name) else { continue }
      guard let values = try? file.floats(name) else { continue }
      precondition(values.count == shape.reduce(1, *))
    }
  }
}

/// Calls `body` while the file is there.
private func read(_ data: Data, _ name: String, _ body: () -> Void) {
  let file = folder.appending(path: name)
  try! data.write(to: file)
  body()
  try! FileManager.default.removeItem(at: file)
}
