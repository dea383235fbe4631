import Foundation
internal import WatchpostBinding

/// What is known about the machine and the runtime without being told.
enum Host {
    static var identity: Identity {
        Identity(
            sdkName: "watchpost.swift", package: "swift:watchpost", integrations: [], platform: "cocoa",
            serverName: name, contextsJson: contexts.text)
    }

    private static var contexts: JSON {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        let number = "\(version.majorVersion).\(version.minorVersion).\(version.patchVersion)"
        return [
            "os": ["name": .string(system), "version": .string(number)],
            "runtime": ["name": "swift", "version": .string(swift)],
            "device": ["arch": .string(architecture)],
        ]
    }

    // `ProcessInfo.hostName` may ask a name server, and start must not wait for one.
    private static var name: String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    #if os(Linux)
        private static let system = "Linux"
    #elseif os(macOS)
        private static let system = "macOS"
    #else
        private static let system = "iOS"
    #endif

    #if arch(x86_64)
        private static let architecture = "x86_64"
    #elseif arch(arm64)
        private static let architecture = "arm64"
    #else
        private static let architecture = "unknown"
    #endif

    #if swift(>=6.2)
        private static let swift = "6.2"
    #elseif swift(>=6.1)
        private static let swift = "6.1"
    #else
        private static let swift = "6.0"
    #endif
}
