import Foundation

/// Turns an error and what lies under it into the `exception` interface: the oldest cause first.
///
/// Swift errors carry no stack, so the outermost gets the capturing call's.
enum ErrorChain {
    private static let maxErrors = 50

    static func event(_ error: Error, _ site: CallSite) -> JSON {
        var values: [JSON] = []
        var next: Error? = error
        while let one = next, values.count < maxErrors {
            values.append(exception(one, index: values.count))
            next = underlying(one)
        }
        values[0]["stacktrace"] = Stacktrace.current(site)
        return ["exception": ["values": .array(values.reversed())]]
    }

    /// A message with the capturing call's stack.
    static func message(_ text: String, _ level: Level, _ site: CallSite) -> JSON {
        let thread: JSON = ["id": 0, "current": true, "stacktrace": Stacktrace.current(site)]
        return ["logentry": ["formatted": .string(text)], "level": .string(level.rawValue), "threads": ["values": [thread]]]
    }

    private static func exception(_ error: Error, index: Int) -> JSON {
        let ns = error as NSError
        var mechanism: JSON = ["type": "generic", "handled": true, "exception_id": .int(Int64(index))]
        if index > 0 {
            mechanism["type"] = "chained"
            mechanism["handled"] = nil
            mechanism["parent_id"] = .int(Int64(index - 1))
            mechanism["source"] = "underlying"
        }
        mechanism["meta"] = ["ns_error": ["domain": .string(ns.domain), "code": .int(Int64(ns.code))]]
        if Swift.type(of: error) is NSError.Type {
            let text = "\(ns.localizedDescription) (Code: \(ns.code))"
            return ["type": .string(ns.domain), "value": .string(text), "mechanism": mechanism]
        }
        // `Module.Outer.Inner`; local types have an address in between, which would split groups.
        let name = String(reflecting: Swift.type(of: error))
        let module = name.prefix { $0 != "." }
        let local = String(describing: Swift.type(of: error))
        let type = name.contains("(") || module.count == name.count ? local : String(name.dropFirst(module.count + 1))
        return ["type": .string(type), "module": .string(String(module)), "value": .string(text(of: error)), "mechanism": mechanism]
    }

    private static func text(of error: Error) -> String {
        if let text = (error as? LocalizedError)?.errorDescription { return text }
        return String(describing: error)
    }

    /// What `NSUnderlyingErrorKey` says, else the first error that is stored in this one.
    private static func underlying(_ error: Error) -> Error? {
        if let declared = (error as NSError).userInfo[NSUnderlyingErrorKey] as? Error { return declared }
        if Swift.type(of: error) is AnyClass { return nil }
        for child in Mirror(reflecting: error).children {
            if let found = child.value as? Error { return found }
            let inner = Mirror(reflecting: child.value)
            guard inner.displayStyle == .tuple else { continue }
            if let found = inner.children.lazy.compactMap({ $0.value as? Error }).first { return found }
        }
        return nil
    }
}
