import Foundation
internal import WatchpostBinding

/// The calling thread's stack as frames of the protocol: oldest call first.
enum Stacktrace {
    private static let maxFrames: UInt32 = 128
    private static let own = ["Watchpost", "WatchpostBinding"]
    private static let system = ["Swift", "Foundation", "FoundationEssentials", "Dispatch", "XCTest", "Testing"] + own

    /// The app's calls, without this library's own on top. `site` is where the app called, known even in a binary
    /// without debug information.
    static func current(_ site: CallSite) -> JSON {
        let native = walkStack(max: maxFrames)
        var frames = native.drop { isOwn($0) }.filter { !isThunk($0) }.map(frame)
        if frames.isEmpty { frames = [["function": .string(site.function)]] }
        if frames[0]["lineno"] == nil {
            frames[0]["filename"] = .string(site.file)
            frames[0]["lineno"] = .int(Int64(site.line))
        }
        return ["frames": .array(frames.reversed().map(JSON.object))]
    }

    private static func isOwn(_ frame: NativeFrame) -> Bool {
        if let symbol = frame.symbol, let module = module(ofMangled: symbol) { return own.contains(module) }
        guard let image = frame.image else { return false }
        return image.contains("libwatchpost_ffi") || image.contains("libswift")
    }

    // Glue that the compiler put between two calls of the source: it says nothing and splits groups.
    private static func isThunk(_ frame: NativeFrame) -> Bool { frame.file == "<compiler-generated>" }

    private static func frame(_ native: NativeFrame) -> [String: JSON] {
        var frame: [String: JSON] = ["instruction_addr": .string(hex(native.address)), "in_app": .bool(isInApp(native))]
        if let symbol = native.symbol {
            let module = module(ofMangled: symbol)
            frame["function"] = .string(readable(symbol, module: module))
            if let module {
                frame["module"] = .string(module)
                frame["raw_function"] = .string(symbol)
            }
        }
        if let image = native.image {
            frame["package"] = .string(image)
            frame["image_addr"] = .string(hex(native.imageAddress))
        }
        if let file = native.file {
            frame["abs_path"] = .string(file)
            frame["filename"] = .string(file.split(separator: "/").last.map(String.init) ?? file)
        }
        if let line = native.line, line > 0 { frame["lineno"] = .int(Int64(line)) }
        return frame
    }

    // The app is what is neither the system's nor a well-known module linked into the app's own binary.
    private static func isInApp(_ frame: NativeFrame) -> Bool {
        guard let image = frame.image else { return false }
        if ["/usr/", "/lib/", "/lib64/", "/System/"].contains(where: image.hasPrefix) { return false }
        if image.contains("libswift") || image.contains("libwatchpost_ffi") { return false }
        guard let symbol = frame.symbol else { return true }
        guard let module = module(ofMangled: symbol) else { return symbol == "main" || symbol.hasSuffix("_main") }
        return !system.contains(module)
    }

    /// The module of a mangled Swift name: `$s`, the length, the name.
    static func module(ofMangled symbol: String) -> String? {
        guard let prefix = ["$s", "_$s", "$S"].first(where: symbol.hasPrefix) else { return nil }
        let rest = symbol.dropFirst(prefix.count)
        if rest.first == "s" { return "Swift" }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard let length = Int(digits), length > 0 else { return rest.first == "S" ? "Swift" : nil }
        return String(rest.dropFirst(digits.count).prefix(length))
    }

    /// `Shop.Cart.add(Swift.Int) throws -> ()` becomes `Cart.add(Int)`.
    static func readable(_ symbol: String, module: String?) -> String {
        var text = demangle(symbol) ?? symbol
        for noise in [" -> ", " throws", " async"] {
            if let at = text.range(of: noise, options: .backwards), !text[at.lowerBound...].contains(" in ") {
                text = String(text[..<at.lowerBound])
            }
        }
        // A private name carries a hash of its file: `(add in _0123...)`.
        text = text.replacingOccurrences(
            of: #"\((\w+) in _[0-9A-F]{32}\)"#, with: "$1", options: .regularExpression)
        for module in [module, "Swift"].compactMap({ $0 }) { text = text.replacingOccurrences(of: module + ".", with: "") }
        return text
    }

    private static func hex(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }
}

/// Where the app called the SDK.
struct CallSite {
    let file: String
    let line: UInt
    let function: String
}

@_silgen_name("swift_demangle")
private func swiftDemangle(
    _ name: UnsafePointer<CChar>, _ length: UInt, _ out: UnsafeMutablePointer<CChar>?,
    _ size: UnsafeMutablePointer<UInt>?, _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?

private func demangle(_ symbol: String) -> String? {
    guard let text = swiftDemangle(symbol, UInt(symbol.utf8.count), nil, nil, 0) else { return nil }
    defer { free(text) }
    return String(cString: text)
}
