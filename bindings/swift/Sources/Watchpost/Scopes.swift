internal import WatchpostBinding

/// The isolation and the current scope of a piece of work.
struct ScopePair: Sendable {
    let isolation: Scope
    let current: Scope

    static func empty() -> ScopePair {
        ScopePair(isolation: Scope(WatchpostBinding.Scope()), current: Scope(WatchpostBinding.Scope()))
    }
}

/// Where scopes live: one global, one pair for the process, and a pair per task inside `withScope` and its like.
enum Scopes {
    static let global = Scope(WatchpostBinding.Scope.global())
    private static let root = Guarded(ScopePair.empty())
    @TaskLocal static var local: ScopePair?

    static var pair: ScopePair { local ?? root.value }

    static func withCurrentFork() -> ScopePair {
        let pair = pair
        return ScopePair(isolation: pair.isolation, current: pair.current.fork())
    }

    static func withIsolationFork() -> ScopePair {
        let pair = pair
        return ScopePair(isolation: Scope(pair.isolation.native.forkIsolation()), current: pair.current.fork())
    }

    /// For tests: as after the start of the process.
    static func reset() { root.value = .empty() }
}
