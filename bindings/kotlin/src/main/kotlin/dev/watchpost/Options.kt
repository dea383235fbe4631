package dev.watchpost

/**
 * How Watchpost is set up. Names and defaults are those of the other languages.
 *
 * Hooks run on the thread that captures, before anything is written or sent. `null` drops the item; a hook that
 * throws drops it too, and the loss is counted. A capture from inside a hook is refused.
 */
class Options {
    /** Where events go, like `https://key@host/1`. Without one (nor `SENTRY_DSN` in the environment) nothing is sent. */
    var dsn: String? = System.getenv("SENTRY_DSN")

    /** The version of the app, like `shop@1.2.3`. */
    var release: String? = System.getenv("SENTRY_RELEASE")

    /** Where it runs; `production` if unset. */
    var environment: String? = System.getenv("SENTRY_ENVIRONMENT")

    /** The build of the release. */
    var dist: String? = null

    /** The name of the host. */
    var serverName: String? = null

    /** The share of errors that is sent, from 0 to 1. */
    var sampleRate: Double = 1.0

    /** How many breadcrumbs an event carries; 0 keeps none. */
    var maxBreadcrumbs: Int = 100

    /** True adds the caller's stack trace to messages. */
    var attachStacktrace: Boolean = false

    /** True lets integrations collect personal data. */
    var sendDefaultPii: Boolean = false

    /** False keeps the counts of what was dropped to ourselves. */
    var sendClientReports: Boolean = true

    /** How long `close` and a normal exit may wait, in milliseconds. */
    var shutdownTimeoutMillis: Long = 2_000

    /** The folder that keeps events until they are delivered. Required on Android; chosen by itself elsewhere. */
    var storageDir: String? = null

    /** Package prefixes that are the app's own, like `com.example`; they win over [inAppExclude]. */
    var inAppInclude: List<String> = emptyList()

    /** Package prefixes that are not the app's own, beside the platform's. */
    var inAppExclude: List<String> = emptyList()

    /** Errors to drop: a type's full name, or text that occurs in `type: value` or in the message. */
    var ignoreErrors: List<String> = emptyList()

    /** True says on stderr what the SDK does and why it dropped something. */
    var debug: Boolean = false

    /** True reports exceptions that nobody caught; the handler that was there before still runs. */
    var uncaughtExceptionHandler: Boolean = true

    /** Sees each event last: may change it, or drop it with `null`. */
    var beforeSend: ((event: MutableMap<String, Any?>) -> Map<String, Any?>?)? = null

    /** Sees each breadcrumb first: may replace it, or drop it with `null`. */
    var beforeBreadcrumb: ((breadcrumb: Breadcrumb) -> Breadcrumb?)? = null
}
