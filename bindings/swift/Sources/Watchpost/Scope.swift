internal import WatchpostBinding

/// Data for the events of a piece of work. Safe to use from several threads and tasks.
public final class Scope: Sendable {
    let native: WatchpostBinding.Scope

    init(_ native: WatchpostBinding.Scope) { self.native = native }

    public func setTag(_ key: String, _ value: String) { native.setTag(key: key, value: value) }
    public func removeTag(_ key: String) { native.removeTag(key: key) }
    public func setExtra(_ key: String, _ value: JSON) { quietly { try native.setExtra(key: key, json: value.text) } }
    public func removeExtra(_ key: String) { native.removeExtra(key: key) }

    /// Replaces the whole object under `contexts.<key>`; `nil` removes it.
    public func setContext(_ key: String, _ value: [String: JSON]?) {
        quietly { try native.setContext(key: key, json: value.map { JSON.object($0).text } ?? "null") }
    }

    /// Replaces the user; `nil` forgets it.
    public func setUser(_ user: User?) { quietly { try native.setUser(user: user?.native) } }

    /// Overrides the level of events that have none of their own.
    public func setLevel(_ level: Level?) { native.setLevel(level: level?.native) }

    /// Overrides the grouping; an empty list takes it back.
    public func setFingerprint(_ fingerprint: [String]) { native.setFingerprint(parts: fingerprint) }

    /// Names the route, task or screen.
    public func setTransaction(_ name: String?) { native.setTransaction(name: name) }

    /// Adds a breadcrumb to this scope, through the `beforeBreadcrumb` hook.
    public func addBreadcrumb(_ breadcrumb: Breadcrumb) { WatchpostSDK.add(breadcrumb, to: self) }

    /// Sees each event of this scope before `beforeSend` does: may change it, or drop it with `nil`.
    public func addEventProcessor(_ processor: @escaping @Sendable (Event) throws -> Event?) {
        native.addEventProcessor(hook: EventFunction(processor))
    }

    public func clearBreadcrumbs() { native.clearBreadcrumbs() }

    /// Forgets everything but the processors.
    public func clear() { native.clear() }

    func fork() -> Scope { Scope(native.fork()) }
}
