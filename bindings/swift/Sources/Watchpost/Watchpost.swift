internal import WatchpostBinding

public func nativeVersion() -> String { version() }
