// swift-tools-version: 6.2
// The Swift peers of the RPC benchmark. A package of its own, so that nobody builds them for Lauter.
import PackageDescription

let package = Package(
  name: "peers",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
  ],
  targets: [
    // Sources/Messages is written by rpc.py with the plugins of these packages.
    .target(
      name: "Messages",
      dependencies: [
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .executableTarget(
      name: "grpc-swift-echo",
      dependencies: [
        "Messages",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
      ], path: "Sources/echo-server"),
    .executableTarget(
      name: "swift-protobuf-coding",
      dependencies: ["Messages", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Sources/coding"),
  ]
)
