import Foundation
import Watchpost

func isSet(_ name: String) -> Bool { ProcessInfo.processInfo.environment[name] == "1" }

// The DSN comes from SENTRY_DSN.
try WatchpostSDK.start { options in
    options.release = "swift-cli@1.0.0"
    options.environment = "demo"
    options.inAppInclude = ["SwiftCli"]
    options.storageDir = ProcessInfo.processInfo.environment["WATCHPOST_STORAGE_DIR"]
}

if isSet("WATCHPOST_EXAMPLE_IDLE") {
    // Delivers what an earlier run left behind.
    let deadline = Date().addingTimeInterval(20)
    while !WatchpostSDK.flush(timeout: 1), Date() < deadline { Thread.sleep(forTimeInterval: 0.1) }
} else {
    let importer = Importer(stock: 12) { id, bug in
        FileHandle.standardOutput.write(Data("captured \(id ?? "nothing") \(bug)\n".utf8))
        if isSet("WATCHPOST_EXAMPLE_HOLD") { Thread.sleep(forTimeInterval: 60) }
    }
    let path = CommandLine.arguments.dropFirst().first ?? "orders.csv"
    try importer.run(path)
    WatchpostSDK.close()
}
