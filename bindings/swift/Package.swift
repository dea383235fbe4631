// swift-tools-version: 6.0
// `generated/` is filled by bindings/uniffi/generate.sh. The linker needs to know where the native library is:
// pass -Xlinker -L<folder> (see test.sh). No unsafe flags here, so the package can be a dependency.
import PackageDescription

let package = Package(
    name: "Watchpost",
    platforms: [.macOS(.v12), .iOS(.v15)],
    products: [.library(name: "Watchpost", targets: ["Watchpost"])],
    targets: [
        .target(name: "WatchpostFFI", path: "generated/WatchpostFFI"),
        .target(
            name: "WatchpostBinding",
            dependencies: ["WatchpostFFI"],
            path: "generated/WatchpostBinding",
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: [.linkedLibrary("watchpost_ffi")]
        ),
        .target(name: "Watchpost", dependencies: ["WatchpostBinding"]),
        .testTarget(name: "WatchpostTests", dependencies: ["Watchpost", "WatchpostBinding"]),
    ]
)
