/// An event in the shape of the protocol: `event["tags", default: [:]]["a"] = "b"`.
public typealias Event = [String: JSON]

/// How Watchpost is set up. Names and defaults are those of the other languages.
///
/// What is `nil` comes from the environment (`SENTRY_DSN`, `SENTRY_RELEASE`, `SENTRY_ENVIRONMENT`,
/// `SENTRY_SAMPLE_RATE`, `SENTRY_DEBUG`, `SENTRY_KEEP_ALIVE`, `SENTRY_SPOTLIGHT`), else has its default.
///
/// Hooks run on the thread that captures, before anything is written or sent. `nil` drops the item; a hook that
/// throws drops it too, and the loss is counted. A capture from inside a hook is refused.
public struct Options: Sendable {
    /// Where events go, like `https://key@host/1`. Without one nothing is sent.
    public var dsn: String?
    /// The version of the app, like `shop@1.2.3`.
    public var release: String?
    /// Where it runs; `production` if unset.
    public var environment: String?
    /// The build of the release.
    public var dist: String?
    /// The name of the host.
    public var serverName: String?
    /// The share of errors that is sent, from 0 to 1; all, if unset.
    public var sampleRate: Double?
    /// How many breadcrumbs an event carries, 100 if unset; 0 keeps none.
    public var maxBreadcrumbs: Int?
    /// True adds the caller's stack trace to messages.
    public var attachStacktrace: Bool?
    /// True lets integrations collect personal data.
    public var sendDefaultPii: Bool?
    /// False keeps the counts of what was dropped to ourselves.
    public var sendClientReports: Bool?
    /// How long `close` and a normal exit may wait, in milliseconds; 2000 if unset.
    public var shutdownTimeoutMillis: Int?
    /// The folder that keeps events until they are delivered. Required on iOS; chosen by itself elsewhere.
    public var storageDir: String?
    /// False keeps events in memory only: what a killed process had is lost.
    public var spool: Bool?
    /// Swift modules that are the app's own; they win over `inAppExclude`.
    public var inAppInclude: [String] = []
    /// Swift modules that are not the app's own, beside the system's.
    public var inAppExclude: [String] = []
    /// Errors to drop: a type's full name, or text that occurs in `type: value` or in the message.
    public var ignoreErrors: [String] = []
    /// True says on standard error what the SDK does and why it dropped something.
    public var debug: Bool?
    /// Sees each event last: may change it, or drop it with `nil`.
    public var beforeSend: (@Sendable (Event) throws -> Event?)?
    /// Sees each breadcrumb first: may replace it, or drop it with `nil`.
    public var beforeBreadcrumb: (@Sendable (Breadcrumb) throws -> Breadcrumb?)?

    public init() {}
}
