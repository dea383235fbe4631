import Foundation
import Testing

@testable import Watchpost
@testable import WatchpostBinding

/// All tests share the process's client, so they run one after another.
@Suite(.serialized) struct All {}

/// A recording client behind the public API.
struct Recorder {
    let client: Client

    init(now: Double = 1_767_323_045, seed: UInt64 = 1, _ configure: (inout Options) throws -> Void = { _ in }) throws {
        Scopes.reset()
        var options = Options()
        options.dsn = "https://key@errors.example.com/42"
        try configure(&options)
        let clock = TestClock(nowSeconds: now, seed: seed)
        let ready = options
        client = try WatchpostSDK.started {
            try Client.startTesting(settings: ready.native, hooks: ready.hooks, clock: clock)
        }
        WatchpostSDK.install(client)
    }

    func envelopes() throws -> [JSON] { try JSON(parsing: client.takeRecorded()).array ?? [] }
    func events() throws -> [JSON] { try envelopes().flatMap { $0["items"]?.array ?? [] }.compactMap { $0["payload"] } }
    func dropped() throws -> JSON { try JSON(parsing: client.takeDiscarded()) }
}

extension JSON {
    /// What is at `path`, like `exception.values.0.type`.
    func at(_ path: String) -> JSON? {
        path.split(separator: ".").reduce(Optional(self)) { value, step in
            guard let items = value?.array else { return value?[String(step)] }
            if step == "last" { return items.last }
            return Int(step).flatMap { items.indices.contains($0) ? items[$0] : nil }
        }
    }
}

func lost(_ reason: String) -> JSON { [["reason": .string(reason), "category": "error", "quantity": 1]] }
