import Foundation

/// Why `start` refused: an option has a wrong value. The text names it and shows a right one.
public struct WatchpostError: LocalizedError, CustomStringConvertible, Sendable {
    /// The option, as it is written in ``Options``.
    public let option: String
    public let description: String
    public var errorDescription: String? { description }
}
