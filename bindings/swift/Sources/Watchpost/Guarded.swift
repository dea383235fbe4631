import Foundation

/// A value behind a lock that is held for a read or a write only.
final class Guarded<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var held: Value

    init(_ value: Value) { held = value }

    var value: Value {
        get { lock.withLock { held } }
        set { lock.withLock { held = newValue } }
    }

    func swap(_ next: Value) -> Value {
        lock.withLock {
            let before = held
            held = next
            return before
        }
    }
}

/// Runs a piece of the SDK: whatever goes wrong in it stays in it, said on standard error only with `debug`.
func quietly(_ block: () throws -> Void) {
    do { try block() } catch { Diagnostics.say("failed inside the SDK: \(error)") }
}

/// The SDK's words about itself.
enum Diagnostics {
    static let enabled = Guarded(false)

    static func say(_ line: String) {
        guard enabled.value else { return }
        FileHandle.standardError.write(Data("[watchpost] \(line)\n".utf8))
    }
}
