import Foundation
import Testing

@testable import Watchpost

/// Runs every vector of tests/conformance/sdk through the public API. The format is in that folder's README.
extension All {
    @Suite(.serialized) struct ConformanceTests {
        @Test(arguments: Vectors.toRun)
        func vector(file: String) throws {
            Vectors.ran.value.insert(file)
            defer { WatchpostSDK.install(nil) }
            let text = try String(contentsOf: Vectors.folder.appendingPathComponent(file), encoding: .utf8)
            try Run(file: file, vector: JSON(parsing: text)).run()
        }

        /// Runs after the vectors: suites and tests are serialized, in the order of the source.
        @Test func zNothingWasLeftOut() {
            #expect(Vectors.files.count >= 40, "only \(Vectors.files.count) vectors in \(Vectors.folder)")
            #expect(Vectors.ran.value.union(Vectors.skipped) == Set(Vectors.files))
            print("conformance: \(Vectors.ran.value.count) vectors, \(Vectors.skipped.count) skipped")
        }
    }
}

enum Vectors {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../../tests/conformance").standardizedFileURL
    static let toRun = files.filter { !skipped.contains($0) }
    static let ran = Guarded<Set<String>>([])

    static let files: [String] = {
        let found = FileManager.default.enumerator(atPath: folder.appendingPathComponent("sdk").path)
        let names = found?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".json") }.map { "sdk/" + $0 }.sorted()
    }()

    static let skipped: Set<String> = {
        let text = (try? String(contentsOf: folder.appendingPathComponent("skips.toml"), encoding: .utf8)) ?? ""
        var skipped: Set<String> = []
        for section in text.components(separatedBy: "[[skip]]").dropFirst() {
            func field(_ name: String) -> String {
                let line = section.split(separator: "\n").first { $0.hasPrefix(name + " ") } ?? ""
                return line.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first.map(String.init) ?? ""
            }
            guard field("language") == "swift" else { continue }
            let wanted = field("file")
            // A name that ends in `/*` stands for all files of a folder.
            let hits = files.filter { wanted.hasSuffix("/*") ? $0.hasPrefix(wanted.dropLast()) : $0 == wanted }
            precondition(!hits.isEmpty, "stale skip: \(wanted)")
            precondition(!field("reason").isEmpty, "a skip without a reason: \(wanted)")
            skipped.formUnion(hits)
        }
        return skipped
    }()
}

private final class Run {
    private let file: String
    private let vector: JSON
    private var captured: [JSON] = []
    private var recorder: Recorder!

    init(file: String, vector: JSON) throws {
        self.file = file
        self.vector = expanded(vector)
    }

    func run() throws {
        let expect = vector["expect"]
        let variables = vector["given"]?["env"]?.object ?? [:]
        for (name, value) in variables { setenv(name, value.string!, 1) }
        defer { for name in variables.keys { unsetenv(name) } }
        if let refused = expect?["init_error"] {
            do {
                try start()
                Issue.record("\(file): init was to fail")
            } catch let error as WatchpostError {
                let text = error.description
                #expect(text.contains(camel(refused["option"]!.string!)) && text.contains(refused["contains"]!.string!), "\(text)")
            }
            return
        }
        try start()
        for call in vector["calls"]?.array ?? [] { try self.call(call) }
        if let wanted = expect?["captured"] { #expect(wanted == .array(captured), "\(file)") }
        let envelopes = try recorder.envelopes()
        if let wanted = expect?["envelopes"] { match(wanted, .array(envelopes), "envelopes") }
        if let wanted = expect?["bytes"] { #expect(wanted == envelopes.first?["bytes"], "\(file)") }
        if let wanted = expect?["dsn"] { match(wanted, try JSON(parsing: recorder.client.dsnFacts()), "dsn") }
        let dropped = try recorder.dropped().array ?? []
        if let wanted = expect?["dropped"]?.array { #expect(Set(wanted) == Set(dropped), "\(file)") }
    }

    private func start() throws {
        let given = vector["given"]
        recorder = try Recorder(now: given?["now"]?.double ?? 1_767_323_045, seed: UInt64(given?["seed"]?.int ?? 1)) { options in
            for (name, value) in given?["options"]?.object ?? [:] { try set(&options, name, value) }
            if let hook = vector["hooks"]?["before_send"]?.string { options.beforeSend = { try eventHook(hook, $0) } }
            if let hook = vector["hooks"]?["before_breadcrumb"]?.string {
                options.beforeBreadcrumb = { try breadcrumbHook(hook, $0) }
            }
        }
    }

    private func set(_ options: inout Options, _ name: String, _ value: JSON) throws {
        switch name {
        case "dsn": options.dsn = value.string
        case "release": options.release = value.string
        case "environment": options.environment = value.string
        case "dist": options.dist = value.string
        case "server_name": options.serverName = value.string
        case "sample_rate": options.sampleRate = value.double!
        case "max_breadcrumbs": options.maxBreadcrumbs = Int(value.int!)
        case "attach_stacktrace": options.attachStacktrace = value.bool!
        case "send_default_pii": options.sendDefaultPii = value.bool!
        case "send_client_reports": options.sendClientReports = value.bool!
        case "shutdown_timeout": options.shutdownTimeoutMillis = Int(value.double! * 1000)
        case "in_app_include": options.inAppInclude = texts(value)
        case "in_app_exclude": options.inAppExclude = texts(value)
        case "ignore_errors": options.ignoreErrors = texts(value)
        default: throw Unknown(what: "option \(name)")
        }
    }

    private func call(_ call: JSON) throws {
        let key = call["key"]?.string ?? ""
        let value = call["value"].flatMap { $0 == .null ? nil : $0 }
        let scope: Watchpost.Scope? =
            switch call["scope"]?.string {
            case "global": WatchpostSDK.globalScope
            case "isolation": WatchpostSDK.isolationScope
            case "current": WatchpostSDK.currentScope
            default: nil
            }
        let inner = { for call in call["calls"]?.array ?? [] { try self.call(call) } }
        switch call["do"]?.string {
        case "capture_event": captured.append(.bool(WatchpostSDK.capture(event: call["event"]!.object!) != nil))
        case "capture_message":
            let id = WatchpostSDK.capture(message: call["message"]!.string!, level: level(call["level"]))
            captured.append(.bool(id != nil))
        case "add_breadcrumb": WatchpostSDK.addBreadcrumb(breadcrumb(call["breadcrumb"]!))
        case "set_tag":
            if let scope { scope.setTag(key, value!.string!) } else { WatchpostSDK.setTag(key, value!.string!) }
        case "remove_tag": if let scope { scope.removeTag(key) } else { WatchpostSDK.removeTag(key) }
        case "set_extra": if let scope { scope.setExtra(key, value ?? .null) } else { WatchpostSDK.setExtra(key, value ?? .null) }
        case "set_context":
            if let scope { scope.setContext(key, value?.object) } else { WatchpostSDK.setContext(key, value?.object) }
        case "set_user":
            let given = call["user"].flatMap { $0 == .null ? nil : user($0) }
            if let scope { scope.setUser(given) } else { WatchpostSDK.setUser(given) }
        case "set_level":
            if let scope { scope.setLevel(level(call["level"])) } else { WatchpostSDK.setLevel(level(call["level"])) }
        case "set_fingerprint":
            let parts = texts(call["fingerprint"]!)
            if let scope { scope.setFingerprint(parts) } else { WatchpostSDK.setFingerprint(parts) }
        case "set_transaction_name":
            if let scope { scope.setTransaction(value?.string) } else { WatchpostSDK.setTransaction(value?.string) }
        case "add_event_processor":
            let hook = call["hook"]!.string!
            scope!.addEventProcessor { try eventHook(hook, $0) }
        case "clear": scope!.clear()
        case "clear_breadcrumbs": scope!.clearBreadcrumbs()
        case "new_scope": try WatchpostSDK.withScope { _ in try inner() }
        case "isolation_scope": try WatchpostSDK.withIsolationScope { _ in try inner() }
        case "repeat":
            for round in 0..<Int(call["times"]!.int!) {
                for call in call["calls"]!.array! { try self.call(numbered(call, round)) }
            }
        case "advance_clock": recorder.client.advanceClock(byMs: UInt64(call["seconds"]!.double! * 1000))
        case "flush": WatchpostSDK.flush(timeout: 0.1)
        case "close": WatchpostSDK.close(timeout: 0.1)
        case let verb: throw Unknown(what: "verb \(verb ?? "none")")
        }
    }

    private func match(_ expected: JSON, _ actual: JSON?, _ path: String) {
        switch expected {
        case "<any>": #expect(actual != nil && actual != .null, "\(file): \(path) is absent")
        case .null: #expect(actual == nil || actual == .null, "\(file): \(path)")
        case .object(let members): for (key, value) in members { match(value, actual?[key], "\(path).\(key)") }
        case .array(let items):
            guard let found = actual?.array, found.count == items.count else {
                Issue.record("\(file): \(path): \(items.count) wanted, found \(String(describing: actual))")
                return
            }
            for (index, item) in items.enumerated() { match(item, found[index], "\(path)[\(index)]") }
        case .int, .double: #expect(expected.double == actual?.double, "\(file): \(path)")
        default: #expect(expected == actual, "\(file): \(path)")
        }
    }
}

private struct Unknown: Error { let what: String }

private func eventHook(_ name: String, _ event: Event) throws -> Event? {
    var event = event
    switch name {
    case "echo": break
    case "drop": return nil
    case "throw": throw Unknown(what: "hook failed")
    case "bad_type": event["exception"] = 42
    case "set_tag": event["tags", default: [:]]["hook"] = "ran"
    case "set_fingerprint": event["fingerprint"] = ["hooked", "{{ default }}"]
    case "set_message": event["message"] = "hooked"
    case "shout":
        guard let message = event["message"]?.string else { throw Unknown(what: "event without a message") }
        event["message"] = .string(message.uppercased())
    case "capture": WatchpostSDK.capture(message: "from the hook")
    case "add_breadcrumb": WatchpostSDK.addBreadcrumb(Breadcrumb(message: "from the hook"))
    case "add_secret": event["extra", default: [:]]["password"] = "hush"
    case let mark where mark.hasPrefix("mark:"):
        let order = (event["tags"]?["order"]?.string ?? "") + String(mark.dropFirst("mark:".count))
        event["tags", default: [:]]["order"] = .string(order)
    default: throw Unknown(what: "hook \(name)")
    }
    return event
}

private func breadcrumbHook(_ name: String, _ crumb: Breadcrumb) throws -> Breadcrumb? {
    var crumb = crumb
    switch name {
    case "echo": break
    case "drop": return nil
    case "throw": throw Unknown(what: "hook failed")
    case "set_tag": crumb.data["hook"] = "ran"
    case "capture": WatchpostSDK.capture(message: "from the hook")
    case "add_breadcrumb": WatchpostSDK.addBreadcrumb(Breadcrumb(message: "from the hook"))
    case "add_secret": crumb.data["password"] = "hush"
    // `bad_type` cannot be written: a breadcrumb's data is a dictionary. See skips.toml.
    default: Issue.record("unknown hook \(name)")
    }
    return crumb
}

private func breadcrumb(_ json: JSON) -> Breadcrumb {
    Breadcrumb(
        message: json["message"]?.string, category: json["category"]?.string, level: level(json["level"]),
        type: json["type"]?.string, data: json["data"]?.object ?? [:], timestamp: json["timestamp"]?.double,
        origin: json["origin"]?.string)
}

private func user(_ json: JSON) -> User {
    var rest = json.object ?? [:]
    func take(_ key: String) -> String? { rest.removeValue(forKey: key).map { $0.string ?? $0.text } }
    let (id, email, name, address) = (take("id"), take("email"), take("username"), take("ip_address"))
    return User(id: id, email: email, username: name, ipAddress: address, data: rest)
}

private func level(_ json: JSON?) -> Level? { json?.string.flatMap(Level.init) }
private func texts(_ json: JSON) -> [String] { json.array!.map { $0.string! } }

private func numbered(_ json: JSON, _ round: Int) -> JSON {
    switch json {
    case .string(let text): .string(text.replacingOccurrences(of: "{i}", with: "\(round)"))
    case .array(let items): .array(items.map { numbered($0, round) })
    case .object(let members):
        .object(
            Dictionary(
                uniqueKeysWithValues: members.map {
                    ($0.key.replacingOccurrences(of: "{i}", with: "\(round)"), numbered($0.value, round))
                }))
    default: json
    }
}

/// `{"$repeat": x, "times": n, "from": 0, "then": y}` stands for `n` times `x` and then `y`; `{i}` is the round.
private func expanded(_ json: JSON) -> JSON {
    if case .array(let items) = json { return .array(items.map { expanded($0) }) }
    guard case .object(let members) = json else { return json }
    guard let part = members["$repeat"] else { return .object(members.mapValues { expanded($0) }) }
    let times = Int(members["times"]!.int!)
    let then = members["then"].map { expanded($0) }
    if let text = part.string, !text.contains("{i}") {
        return .string(String(repeating: text, count: times) + (then?.string ?? ""))
    }
    let from = Int(members["from"]?.int ?? 0)
    var rounds = (0..<times).map { expanded(numbered(part, from + $0)) }
    if let then { rounds.append(then) }
    switch rounds[0] {
    case .string: return .string(rounds.map { $0.string! }.joined())
    case .array: return .array(rounds.flatMap { $0.array! })
    default:
        var all: [String: JSON] = [:]
        for round in rounds { all.merge(round.object!) { _, last in last } }
        return .object(all)
    }
}

private func camel(_ name: String) -> String {
    let words = name.split(separator: "_").map(String.init)
    return words[0] + words.dropFirst().map(\.capitalized).joined()
}
