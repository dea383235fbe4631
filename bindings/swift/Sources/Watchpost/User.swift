/// Who was using the app. `data` takes anything beyond the named fields.
public struct User: Sendable, Hashable {
    public var id: String?
    public var email: String?
    public var username: String?
    public var ipAddress: String?
    public var data: [String: JSON]

    public init(
        id: String? = nil, email: String? = nil, username: String? = nil, ipAddress: String? = nil,
        data: [String: JSON] = [:]
    ) {
        self.id = id
        self.email = email
        self.username = username
        self.ipAddress = ipAddress
        self.data = data
    }
}
