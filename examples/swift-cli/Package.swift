// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "swift-cli",
    platforms: [.macOS(.v12)],
    dependencies: [.package(name: "Watchpost", path: "../../bindings/swift")],
    targets: [
        .executableTarget(name: "SwiftCli", dependencies: [.product(name: "Watchpost", package: "Watchpost")])
    ]
)
