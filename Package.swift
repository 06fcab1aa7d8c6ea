// swift-tools-version: 6.2
// Lauter, from the services down to C. Reading top to bottom follows the arrows of ARCHITECTURE.md:
// a target may depend on what stands below it, never on what stands above.
import PackageDescription

// Before the package: a manifest runs from top to bottom, and a global read too early is empty.
let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "lauter",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "lauter", targets: ["lauter"]),
    .executable(name: "lauter-store", targets: ["lauter-store"]),
    .executable(name: "lauter-labeller", targets: ["lauter-labeller"]),
    .executable(name: "lauter-trainer", targets: ["lauter-trainer"]),
    .executable(name: "lauter-inference", targets: ["lauter-inference"]),
    .library(
      name: "Shared",
      targets: ["Schema", "Transformer", "RPC", "Wire", "HTTP", "Artefacts", "Serving"]),
  ],
  dependencies: [
    // Each with the reason it is there in ARCHITECTURE.md, section "Dependencies".
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/stencilproject/Stencil", exact: "0.15.1"),
  ],
  targets: [
    // MARK: Services. They never import each other; they meet through Protos.

    service("lauter-store", folder: "Store", library: "StoreServer"),
    library(
      "StoreServer", path: "Services/Store/StoreServer",
      ["Schema", "RPC", "Wire", "Artefacts", "Serving", .grdb, .logging, .lifecycle]),

    service("lauter-labeller", folder: "Labeller", library: "LabellerServer"),
    library(
      "LabellerServer", path: "Services/Labeller/LabellerServer",
      ["Schema", "RPC", "Wire", "HTTP", "Serving", .stencil, .logging, .lifecycle]),

    service("lauter-trainer", folder: "Trainer", library: "TrainerServer"),
    library(
      "TrainerServer", path: "Services/Trainer/TrainerServer",
      ["Schema", "RPC", "Wire", "Artefacts", "Serving", "Transformer", .logging, .lifecycle]),

    service(
      "lauter-inference", folder: "Inference", library: "InferenceServer", ["Transformer"]),
    library(
      "InferenceServer", path: "Services/Inference/InferenceServer",
      ["Schema", "RPC", "Wire", "Artefacts", "Serving", "Transformer", .logging, .lifecycle]),

    .executableTarget(
      name: "lauter", dependencies: ["Commands"], path: "Services/CLI/Main",
      swiftSettings: swiftSettings),
    library(
      "Commands", path: "Services/CLI/Commands",
      [
        "Schema", "RPC", "Wire", "HTTP", "Artefacts", "Serving", "StrictJSON", "Descriptors",
        "DynamicMessages", .argumentParser, .logging,
      ]),

    // MARK: Shared

    // What every service has: flags and environment, logging, health, signals, the job worker.
    library(
      "Serving", path: "Shared/Serving",
      ["Schema", "RPC", "Wire", "Descriptors", .argumentParser, .logging, .lifecycle]),
    // Bytes by digest: hashing, folders as lists of files, the local cache.
    library("Artefacts", path: "Shared/Artefacts", ["Schema", "RPC", "Wire", "CCrypto"]),
    // Messages known by their descriptors alone, between the wire and JSON.
    library(
      "DynamicMessages", path: "Shared/DynamicMessages", ["Descriptors", "StrictJSON"]),
    // JSON that keeps what matters to data: order, spelling of numbers, no key twice.
    library("StrictJSON", path: "Shared/JSON", []),
    // HTTP towards the outside world, on libcurl.
    library("HTTP", path: "Shared/HTTP", ["CCurl"]),
    // The contracts in Swift: messages, clients, service protocols.
    library("Wire", path: "Shared/Wire", ["Schema", "RPC", "CProtos", "CProtobufC"]),
    // gRPC over HTTP/2: framing by nghttp2, bytes and TLS by SwiftNIO.
    .target(
      name: "RPC",
      dependencies: [
        "CNghttp2", "CZlib", .nioCore, .nioPosix, .nioTLS, .nioSSL, .logging, .metrics, .lifecycle,
      ],
      path: "Shared/RPC",
      // What belongs to a connection is confined to its loop, and the checks at run time that nobody
      // else is at it cost a tenth of a call; debug builds, and so the sanitizers', have them.
      swiftSettings: swiftSettings + [
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
      ]),
    // The sentence encoder, forward and backward: tokenizer, weight files, layers, heads, optimiser.
    library("Transformer", path: "Shared/Transformer", ["Kernels"]),
    // The field's values, and nothing else.
    library("Schema", path: "Shared/Schema", []),
    // SIMD kernels. Optimised in every configuration: a debug kernel is forty times slower.
    .target(
      name: "Kernels", path: "Shared/Kernels",
      cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
    // protoc-c's output, committed, and what stands around it: an arena, a check before unpacking.
    .target(
      name: "CProtos", dependencies: ["CProtobufC"], path: "Shared/CProtos",
      publicHeadersPath: "."),
    // Writes Shared/Wire/Generated; run by scripts/generate-protos.sh.
    .executableTarget(
      name: "wire-generator", dependencies: ["Descriptors"], path: "Shared/WireGenerator",
      swiftSettings: swiftSettings),
    // What a contract says of itself: files, messages, services, read from their descriptors.
    library("Descriptors", path: "Shared/Descriptors", []),

    // MARK: System libraries

    .systemLibrary(
      name: "CNghttp2", path: "Shared/System/CNghttp2", pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"]), .brew(["libnghttp2"])]),
    .systemLibrary(
      name: "CZlib", path: "Shared/System/CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CProtobufC", path: "Shared/System/CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]),
    .systemLibrary(
      name: "CCurl", path: "Shared/System/CCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    .systemLibrary(
      name: "CCrypto", path: "Shared/System/CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

    // MARK: Tests

    library("TestSupport", path: "Tests/TestSupport", ["Schema", "RPC", "Wire"]),
    tests("SchemaTests", ["Schema"]),
    tests("TransformerTests", ["Transformer", "Kernels"], exclude: ["Fixtures"]),
    tests("RPCTests", ["RPC", .metrics, .metricsTestKit]),
    tests(
      "WireTests",
      [
        "Wire", "RPC", "Schema", "CProtos", "CProtobufC", "WireTestProtos", "Descriptors",
        "DynamicMessages", "StrictJSON",
      ]),
    // A contract with every feature there is, for WireTests.
    .target(
      name: "WireTestProtos", dependencies: ["CProtobufC"], path: "Tests/WireTestProtos",
      exclude: ["features.proto", "peer.py"], publicHeadersPath: "."),
    tests("HTTPTests", ["HTTP"]),
    // gRPC's interoperability tests, both sides; Tests/InteropTests pairs them with stock peers.
    .executableTarget(
      name: "rpc-interop-server", dependencies: ["Interop", "RPC", "Serving", .argumentParser],
      path: "Tests/Interop/Server", swiftSettings: swiftSettings),
    .executableTarget(
      name: "rpc-interop-client", dependencies: ["Interop", "RPC", .argumentParser],
      path: "Tests/Interop/Client", swiftSettings: swiftSettings),
    library("Interop", path: "Tests/Interop/Service", ["RPC", "Wire", "InteropProtos"]),
    .target(
      name: "InteropProtos", dependencies: ["CProtobufC"], path: "Tests/Interop/Protos",
      exclude: ["grpc/testing/test.proto"], publicHeadersPath: "."),
    tests("ArtefactsTests", ["Artefacts", "Wire", "Schema", "RPC"]),
    tests(
      "ServingTests", ["Serving", "RPC", "Wire", "Descriptors", "Schema", .logging, .lifecycle]),
    tests("StoreServerTests", ["StoreServer", "Schema", "RPC", "Wire", "Artefacts", .grdb]),
    tests("LabellerServerTests", ["LabellerServer", "Schema", "RPC", "Wire", "HTTP"]),
    tests(
      "TrainerServerTests", ["TrainerServer", "Schema", "RPC", "Wire", "Artefacts", "Transformer"]),
    tests(
      "InferenceServerTests",
      ["InferenceServer", "Schema", "RPC", "Wire", "Artefacts", "Transformer"]),
    tests("CommandsTests", ["Commands", "Schema", "RPC", "Wire", "Serving", "StrictJSON"]),
    // Lauter's side of Tests/Benchmarks/rpc.py, and the contract it measures with.
    .executableTarget(
      name: "rpc-bench",
      dependencies: [
        "RPC", "Wire", "BenchmarkProtos", "CProtobufC", .nioCore, .logging, .metrics,
      ],
      path: "Tests/Benchmarks/rpc/lauter", swiftSettings: swiftSettings),
    .target(
      name: "BenchmarkProtos", dependencies: ["CProtobufC"], path: "Tests/Benchmarks/rpc/protos",
      exclude: ["bench.proto"], publicHeadersPath: "."),
    // Tests/EndToEndTests drives the real executables from outside, in Python with stock grpcio.
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)

// MARK: How a target looks

func library(_ name: String, path: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings)
}

func service(
  _ name: String, folder: String, library: String, _ others: [Target.Dependency] = []
) -> Target {
  .executableTarget(
    name: name,
    dependencies: [.init(stringLiteral: library), "Serving", .argumentParser] + others,
    path: "Services/\(folder)/Main", swiftSettings: swiftSettings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: ["TestSupport"] + dependencies, path: "Tests/\(name)",
    exclude: exclude, swiftSettings: swiftSettings)
}

extension Target.Dependency {
  static let nioCore = product(name: "NIOCore", package: "swift-nio")
  static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
  static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
  static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
  static let metrics = product(name: "CoreMetrics", package: "swift-metrics")
  static let metricsTestKit = product(name: "MetricsTestKit", package: "swift-metrics")
  static let logging = product(name: "Logging", package: "swift-log")
  static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
  static let grdb = product(name: "GRDB", package: "GRDB.swift")
  static let stencil = product(name: "Stencil", package: "Stencil")
}
