/// Something that happened before an event.
public struct Breadcrumb: Sendable, Hashable {
    public var message: String?
    public var category: String?
    public var level: Level?
    public var type: String?
    public var data: [String: JSON]
    /// Seconds since 1970; now, if absent.
    public var timestamp: Double?
    /// What made it, if not the app.
    public var origin: String?

    public init(
        message: String? = nil, category: String? = nil, level: Level? = nil, type: String? = nil,
        data: [String: JSON] = [:], timestamp: Double? = nil, origin: String? = nil
    ) {
        self.message = message
        self.category = category
        self.level = level
        self.type = type
        self.data = data
        self.timestamp = timestamp
        self.origin = origin
    }
}
