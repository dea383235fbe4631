package dev.watchpost

/**
 * How Watchpost is set up. Names and defaults are those of the other languages.
 *
 * What is `null` comes from the environment (`SENTRY_DSN`, `SENTRY_RELEASE`, `SENTRY_ENVIRONMENT`,
 * `SENTRY_SAMPLE_RATE`, `SENTRY_DEBUG`, `SENTRY_KEEP_ALIVE`, `SENTRY_SPOTLIGHT`), else has its default.
 *
 * Hooks run on the thread that captures, before anything is written or sent. `null` drops the item; a hook that
 * throws drops it too, and the loss is counted. A capture from inside a hook is refused.
 */
class Options {
    /** Where events go, like `https://key@host/1`. Without one nothing is sent. */
    var dsn: String? = null

    /** The version of the app, like `shop@1.2.3`. */
    var release: String? = null

    /** Where it runs; `production` if unset. */
    var environment: String? = null

    /** The build of the release. */
    var dist: String? = null

    /** The name of the host. */
    var serverName: String? = null

    /** The share of errors that is sent, from 0 to 1; all, if unset. */
    var sampleRate: Double? = null

    /** How many breadcrumbs an event carries, 100 if unset; 0 keeps none. */
    var maxBreadcrumbs: Int? = null

    /** True adds the caller's stack trace to messages. */
    var attachStacktrace: Boolean? = null

    /** True lets integrations collect personal data. */
    var sendDefaultPii: Boolean? = null

    /** False keeps the counts of what was dropped to ourselves. */
    var sendClientReports: Boolean? = null

    /** How long `close` and a normal exit may wait, in milliseconds; 2000 if unset. */
    var shutdownTimeoutMillis: Long? = null

    /** The folder that keeps events until they are delivered. Required on Android; chosen by itself elsewhere. */
    var storageDir: String? = null

    /** False keeps events in memory only: what a killed process had is lost. */
    var spool: Boolean? = null

    /** Package prefixes that are the app's own, like `com.example`; they win over [inAppExclude]. */
    var inAppInclude: List<String> = emptyList()

    /** Package prefixes that are not the app's own, beside the platform's. */
    var inAppExclude: List<String> = emptyList()

    /** Errors to drop: a type's full name, or text that occurs in `type: value` or in the message. */
    var ignoreErrors: List<String> = emptyList()

    /** True says on stderr what the SDK does and why it dropped something. */
    var debug: Boolean? = null

    /** True reports exceptions that nobody caught; the handler that was there before still runs. */
    var uncaughtExceptionHandler: Boolean = true

    /** Sees each event last: may change it, or drop it with `null`. */
    var beforeSend: ((event: MutableMap<String, Any?>) -> Map<String, Any?>?)? = null

    /** Sees each breadcrumb first: may replace it, or drop it with `null`. */
    var beforeBreadcrumb: ((breadcrumb: Breadcrumb) -> Breadcrumb?)? = null
}
