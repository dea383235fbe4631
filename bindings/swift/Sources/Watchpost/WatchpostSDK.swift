import Foundation
internal import WatchpostBinding

/// Reports what goes wrong in an app.
///
/// ```swift
/// try WatchpostSDK.start(dsn: "https://key@host/1") { options in options.release = "shop@1.2.3" }
/// do { try checkout() } catch { WatchpostSDK.capture(error: error) }
/// ```
///
/// Only ``start(dsn:configure:)`` throws. Everything else does its work or, when it cannot, nothing: an app is never
/// worse off. When a `capture` returns an id, the event is already on disk and will be delivered, by the next start
/// if need be. A trap (`fatalError`, index out of range, an error thrown out of `main`) ends the process by a signal
/// and is not reported.
public enum WatchpostSDK {
    private static let client = Guarded<Client?>(nil)
    private static let exitHook: Void = { atexit { WatchpostSDK.close() } }()

    /// Starts reporting; a second call replaces the first.
    ///
    /// - Throws: ``WatchpostError`` when an option has a wrong value; the text names it and shows a right one.
    public static func start(dsn: String? = nil, configure: (inout Options) -> Void = { _ in }) throws {
        var options = Options()
        options.dsn = dsn
        configure(&options)
        try start(options: options)
    }

    /// The same from ready-made options.
    public static func start(options: Options) throws {
        install(try started { try Client.start(settings: options.native, hooks: options.hooks, identity: Host.identity) })
        _ = exitHook
    }

    /// True between `start` with a DSN and `close`.
    public static var isEnabled: Bool { client.value?.isEnabled() ?? false }

    /// Reports an error with what lies under it; the id of the event, or `nil` if it was dropped.
    @discardableResult
    public static func capture(
        error: Error, file: String = #fileID, line: UInt = #line, function: String = #function,
        configure: ((Scope) -> Void)? = nil
    ) -> String? {
        scoped(configure) { client, pair in
            let event = ErrorChain.event(error, CallSite(file: file, line: line, function: function))
            return try client.captureEvent(eventJson: event.text, isolation: pair.isolation.native, current: pair.current.native)
        }
    }

    /// Reports a text; without a level it takes the scopes', else `info`.
    @discardableResult
    public static func capture(
        message: String, level: Level? = nil, file: String = #fileID, line: UInt = #line, function: String = #function,
        configure: ((Scope) -> Void)? = nil
    ) -> String? {
        scoped(configure) { client, pair in
            let (isolation, current) = (pair.isolation.native, pair.current.native)
            guard client.attachesStacktrace() else {
                return try client.captureMessage(message: message, level: level?.native, isolation: isolation, current: current)
            }
            let site = CallSite(file: file, line: line, function: function)
            let event = ErrorChain.message(message, level ?? .info, site)
            return try client.captureEvent(eventJson: event.text, isolation: isolation, current: current)
        }
    }

    /// Reports an event in the shape of the protocol.
    @discardableResult
    public static func capture(event: Event, configure: ((Scope) -> Void)? = nil) -> String? {
        scoped(configure) { client, pair in
            try client.captureEvent(
                eventJson: JSON.object(event).text, isolation: pair.isolation.native, current: pair.current.native)
        }
    }

    /// Remembers what happened, for the next event of this isolation scope.
    public static func addBreadcrumb(_ breadcrumb: Breadcrumb) { add(breadcrumb, to: isolationScope) }

    public static func addBreadcrumb(
        message: String, category: String? = nil, level: Level? = nil, data: [String: JSON] = [:]
    ) {
        addBreadcrumb(Breadcrumb(message: message, category: category, level: level, data: data))
    }

    // The setters without a scope write to the isolation scope: the request's, or the process's own.
    public static func setTag(_ key: String, _ value: String) { isolationScope.setTag(key, value) }
    public static func removeTag(_ key: String) { isolationScope.removeTag(key) }
    public static func setUser(_ user: User?) { isolationScope.setUser(user) }
    public static func setContext(_ key: String, _ value: [String: JSON]?) { isolationScope.setContext(key, value) }
    public static func setExtra(_ key: String, _ value: JSON) { isolationScope.setExtra(key, value) }
    public static func removeExtra(_ key: String) { isolationScope.removeExtra(key) }
    public static func setLevel(_ level: Level?) { isolationScope.setLevel(level) }
    public static func setFingerprint(_ fingerprint: [String]) { isolationScope.setFingerprint(fingerprint) }
    public static func setTransaction(_ name: String?) { isolationScope.setTransaction(name) }

    /// The scope of the whole process.
    public static var globalScope: Scope { Scopes.global }
    /// The scope of this request or job.
    public static var isolationScope: Scope { Scopes.pair.isolation }
    /// The scope of this block of code.
    public static var currentScope: Scope { Scopes.pair.current }

    /// Changes the current scope.
    public static func configureScope(_ configure: (Scope) -> Void) { configure(currentScope) }

    /// Runs `body` with a fork of the current scope; tasks started inside keep it.
    public static func withScope<T>(_ body: (Scope) throws -> T) rethrows -> T {
        let forked = Scopes.withCurrentFork()
        return try Scopes.$local.withValue(forked) { try body(forked.current) }
    }

    /// The same for asynchronous work.
    public static func withScope<T>(_ body: (Scope) async throws -> T) async rethrows -> T {
        let forked = Scopes.withCurrentFork()
        return try await Scopes.$local.withValue(forked) { try await body(forked.current) }
    }

    /// Runs `body` with forks of the isolation and the current scope: one request, one job.
    public static func withIsolationScope<T>(_ body: (Scope) throws -> T) rethrows -> T {
        let forked = Scopes.withIsolationFork()
        return try Scopes.$local.withValue(forked) { try body(forked.isolation) }
    }

    /// The same for asynchronous work.
    public static func withIsolationScope<T>(_ body: (Scope) async throws -> T) async rethrows -> T {
        let forked = Scopes.withIsolationFork()
        return try await Scopes.$local.withValue(forked) { try await body(forked.isolation) }
    }

    /// Waits until everything has left, for at most so long; true if it has.
    @discardableResult
    public static func flush(timeout: TimeInterval? = nil) -> Bool {
        client.value?.flush(timeoutMs: millis(timeout)) ?? true
    }

    /// Flushes and stops; later captures do nothing. What is left is delivered by the next start.
    @discardableResult
    public static func close(timeout: TimeInterval? = nil) -> Bool {
        client.value?.shutdown(timeoutMs: millis(timeout)) ?? true
    }

    static func add(_ breadcrumb: Breadcrumb, to scope: Scope) {
        guard let client = client.value else { return }
        quietly { try client.addBreadcrumb(breadcrumb: breadcrumb.native, scope: scope.native) }
    }

    /// Puts a client in place, the recording one of the vectors too; the one before is stopped.
    static func install(_ next: Client?) {
        let before = client.swap(next)
        _ = before?.shutdown(timeoutMs: nil)
        Diagnostics.enabled.value = next?.isDebug() ?? false
    }

    static func started(_ start: () throws -> Client) throws -> Client {
        do {
            return try start()
        } catch HostError.InvalidOption(let option, let reason) {
            throw WatchpostError(option: option, description: reason)
        }
    }

    private static func scoped(
        _ configure: ((Scope) -> Void)?, _ capture: (Client, ScopePair) throws -> String?
    ) -> String? {
        guard let client = client.value else { return nil }
        let pair = configure == nil ? Scopes.pair : Scopes.withCurrentFork()
        configure?(pair.current)
        do {
            return try capture(client, pair)
        } catch {
            Diagnostics.say("failed inside the SDK: \(error)")
            return nil
        }
    }

    private static func millis(_ timeout: TimeInterval?) -> UInt64? {
        timeout.map { UInt64(min(max(0, $0), 86_400) * 1000) }
    }
}
