// What libFuzzer calls with bytes of its own making: wire format into every message of the contracts and of the
// contract that has every feature, JSON and descriptors into what stands behind `lauter call`. Built by
// scripts/fuzz.sh, which lists the messages (`AnyMessageType.all`).
//
// Whatever comes ends in a value or in a typed error, and a value is the same after a round trip.
import Descriptors
import DynamicMessages
import Foundation
import RPC
import StrictJSON
import Wire

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let type = AnyMessageType.all[Int(start[1]) % AnyMessageType.all.count]
  let input = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
  switch start[0] % 4 {
  case 0, 1: readMessage(input, type)
  case 2: readJSON(input, type.name)
  default: readDescriptor(input)
  }
  return 0
}

/// Bytes worth beginning with, each a file in the folder that `LAUTER_FUZZ_SEEDS` names.
@_cdecl("LLVMFuzzerInitialize")
public func writeSeeds(
  _ count: UnsafeMutablePointer<CInt>?,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
  guard let path = ProcessInfo.processInfo.environment["LAUTER_FUZZ_SEEDS"] else { return 0 }
  let folder = URL(filePath: path)
  func write(_ name: String, _ bytes: [UInt8]) {
    try! Data(bytes).write(to: folder.appending(path: name))
  }
  let everything = UInt8(
    AnyMessageType.all.firstIndex { $0.name == "lauter.test.v1.Everything" }!)
  let sample = try! bytes(of: TestV1.Everything.sample)
  write("seed-message", [0, everything] + sample)
  let json = try! types.decode(sample, as: "lauter.test.v1.Everything")
  write("seed-json", [2, everything] + json.text.utf8)
  for file in files { write("seed-\(file.package)", [3, 0] + file.bytes) }
  return 0
}

private let protos = [
  HealthV1.healthProto, InferenceV1.inferenceProto, LabellerV1.labellerProto,
  ReflectionV1.reflectionProto, ReflectionV1alpha.reflectionProto, StoreV1.storeProto,
  TrainerV1.trainerProto, TestV1.featuresProto,
]
private let files = protos.map { try! File($0.descriptor[...]) }
private let types = MessageTypes(files)

private func readMessage(_ input: [UInt8], _ type: AnyMessageType) {
  guard let once = try? type.recode(input) else { return }
  // What was read can be written, and reads as the same.
  precondition(try! type.recode(once) == once, "\(type.name) changes when it is read again")
  // The reader that knows no generated code reads the same: there and back through JSON.
  let json = try! types.decode(once, as: type.name)
  let dynamic = try! types.encode(json, as: type.name)
  precondition(try! types.decode(dynamic, as: type.name) == json, "\(type.name) as JSON")
  _ = try! type.recode(dynamic)
}

private func readJSON(_ input: [UInt8], _ name: String) {
  guard let json = try? JSON(parsing: input) else { return }
  precondition(try! JSON(parsing: json.text.utf8) == json, "JSON changes when it is read again")
  guard let bytes = try? types.encode(json, as: name) else { return }
  let decoded = try! types.decode(bytes, as: name)
  precondition(try! types.decode(types.encode(decoded, as: name), as: name) == decoded)
}

private func readDescriptor(_ input: [UInt8]) {
  guard let file = try? File(input[...]) else { return }
  let types = MessageTypes([file])
  for message in file.messages.prefix(4) {
    _ = try? types.decode(input, as: message.fullName)
    _ = try? types.encode(.object([]), as: message.fullName)
  }
}
