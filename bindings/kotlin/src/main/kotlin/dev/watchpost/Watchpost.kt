package dev.watchpost

import dev.watchpost.ffi.Client
import dev.watchpost.ffi.HostException
import kotlin.math.max

/**
 * Reports what goes wrong in an app.
 *
 * ```
 * Watchpost.init(dsn = "https://key@host/1") { it.release = "shop@1.2.3" }
 * try { checkout() } catch (e: Exception) { Watchpost.captureException(e) }
 * ```
 *
 * Only [init] throws. Everything else does its work or, when it cannot, nothing: an app is never worse off. When a
 * `capture` returns an id, the event is already on disk and will be delivered, by the next start if need be.
 */
object Watchpost {
    @Volatile private var client: Client? = null
    private val exitHook by lazy { Runtime.getRuntime().addShutdownHook(Thread({ close() }, "watchpost-exit")) }

    /**
     * Starts reporting; a second call replaces the first.
     *
     * @throws IllegalArgumentException when an option has a wrong value; the text names it and shows a right one
     * @throws UnsupportedOperationException when there is no native library for this platform
     */
    @JvmStatic
    @JvmOverloads
    fun init(dsn: String? = null, configure: (Options) -> Unit = {}) {
        val options = Options()
        options.dsn = dsn
        configure(options)
        init(options)
    }

    /** The same from ready-made options. */
    @JvmStatic
    fun init(options: Options) {
        install(started { Client.start(toNative(options), hooksOf(options), Host.identity(options)) })
        if (options.uncaughtExceptionHandler) UncaughtHandler.install() else UncaughtHandler.uninstall()
        quietly { exitHook }
    }

    /** True between [init] with a DSN and [close]. */
    @JvmStatic
    val isEnabled: Boolean get() = quietlyOr(false) { client?.isEnabled() ?: false }

    /** Reports a Throwable with its causes; the id of the event, or null if it was dropped. */
    @JvmStatic
    @JvmOverloads
    fun captureException(thrown: Throwable, configure: ((Scope) -> Unit)? = null): String? = scoped(configure) { client, pair ->
        val thread = Thread.currentThread()
        val event = Stacktrace.event(thrown, thread, mechanism = "generic", handled = true)
        client.captureEvent(Json.encode(event), pair.isolation.loaded, pair.current.loaded)
    }

    /** Reports a text; without a level it takes the scopes', else INFO. */
    @JvmStatic
    @JvmOverloads
    fun captureMessage(message: String, level: Level? = null, configure: ((Scope) -> Unit)? = null): String? =
        scoped(configure) { client, pair ->
            if (client.attachesStacktrace()) {
                val event = Stacktrace.message(message, level ?: Level.INFO, Thread.currentThread())
                client.captureEvent(Json.encode(event), pair.isolation.loaded, pair.current.loaded)
            } else {
                client.captureMessage(message, level?.let(::toNative), pair.isolation.loaded, pair.current.loaded)
            }
        }

    /** Reports an event of plain values, in the shape of the protocol. */
    @JvmStatic
    @JvmOverloads
    fun captureEvent(event: Map<String, Any?>, configure: ((Scope) -> Unit)? = null): String? =
        scoped(configure) { client, pair ->
            client.captureEvent(Json.encode(event), pair.isolation.loaded, pair.current.loaded)
        }

    /** Remembers what happened, for the next event of this isolation scope. */
    @JvmStatic
    fun addBreadcrumb(breadcrumb: Breadcrumb) = quietly { add(breadcrumb, Scopes.pair.isolation) }

    @JvmStatic
    @JvmOverloads
    fun addBreadcrumb(
        message: String,
        category: String? = null,
        level: Level? = null,
        data: Map<String, Any?> = emptyMap(),
    ) = addBreadcrumb(Breadcrumb(message, category, level, data = data))

    /** The setters without a scope write to the isolation scope: the request's, or the process's own. */
    @JvmStatic
    fun setTag(key: String, value: String) = quietly { isolationScope.setTag(key, value) }

    @JvmStatic
    fun removeTag(key: String) = quietly { isolationScope.removeTag(key) }

    @JvmStatic
    fun setUser(user: User?) = quietly { isolationScope.setUser(user) }

    @JvmStatic
    fun setContext(key: String, value: Map<String, Any?>?) = quietly { isolationScope.setContext(key, value) }

    @JvmStatic
    fun setExtra(key: String, value: Any?) = quietly { isolationScope.setExtra(key, value) }

    @JvmStatic
    fun removeExtra(key: String) = quietly { isolationScope.removeExtra(key) }

    @JvmStatic
    fun setLevel(level: Level?) = quietly { isolationScope.setLevel(level) }

    @JvmStatic
    fun setFingerprint(fingerprint: List<String>) = quietly { isolationScope.setFingerprint(fingerprint) }

    @JvmStatic
    fun setTransaction(name: String?) = quietly { isolationScope.setTransaction(name) }

    /** The scope of the whole process, of this request or task, and of this block of code. */
    @JvmStatic
    val globalScope: Scope get() = Scopes.global

    @JvmStatic
    val isolationScope: Scope get() = Scopes.pair.isolation

    @JvmStatic
    val currentScope: Scope get() = Scopes.pair.current

    /** Changes the current scope. */
    @JvmStatic
    fun configureScope(configure: (Scope) -> Unit) = configure(currentScope)

    /** Runs `block` with a fork of the current scope, on this thread; see [ScopeContext] for coroutines. */
    @JvmStatic
    fun <T> withScope(block: (Scope) -> T): T {
        val pair = Scopes.pair
        val forked = ScopePair(pair.isolation, pair.current.fork())
        return Scopes.with(forked) { block(forked.current) }
    }

    /** Runs `block` with forks of the isolation and the current scope: one request, one job. */
    @JvmStatic
    fun <T> withIsolationScope(block: (Scope) -> T): T {
        val forked = Scopes.pair.fork()
        return Scopes.with(forked) { block(forked.isolation) }
    }

    /** Waits until everything has left, for at most so long; true if it has. */
    @JvmStatic
    @JvmOverloads
    fun flush(timeoutMillis: Long? = null): Boolean =
        quietlyOr(false) { client?.flush(millis(timeoutMillis)) ?: true }

    /** Flushes and stops; later captures do nothing. What is left is delivered by the next start. */
    @JvmStatic
    @JvmOverloads
    fun close(timeoutMillis: Long? = null): Boolean =
        quietlyOr(false) { client?.shutdown(millis(timeoutMillis)) ?: true }

    internal fun add(breadcrumb: Breadcrumb, scope: Scope) = quietly {
        client?.addBreadcrumb(toNative(breadcrumb), scope.loaded)
    }

    internal fun captureUncaught(thread: Thread, thrown: Throwable) {
        val client = client ?: return
        val event = Stacktrace.event(thrown, thread, mechanism = "UncaughtExceptionHandler", handled = false)
        val pair = Scopes.pair
        client.captureEvent(Json.encode(event), pair.isolation.loaded, pair.current.loaded)
    }

    /** Puts a client in place, the recording one of the vectors too; the one before is stopped. */
    internal fun install(next: Client?): Client? {
        val before = synchronized(this) { client.also { client = next } }
        quietly { before?.shutdown(null) }
        Diagnostics.enabled = next?.isDebug() ?: false
        return next
    }

    internal fun started(start: () -> Client): Client =
        try {
            start()
        } catch (refused: HostException.InvalidOption) {
            throw IllegalArgumentException(refused.reason)
        } catch (missing: LinkageError) {
            val platform = System.getProperty("os.name") + " on " + System.getProperty("os.arch")
            throw UnsupportedOperationException("watchpost has no native library for $platform", missing)
        }

    private inline fun scoped(noinline configure: ((Scope) -> Unit)?, capture: (Client, ScopePair) -> String?): String? {
        val client = client ?: return null
        return quietlyOr(null) {
            var pair = Scopes.pair
            if (configure != null) {
                pair = ScopePair(pair.isolation, pair.current.fork())
                quietly { configure(pair.current) }
            }
            capture(client, pair)
        }
    }

    private fun millis(timeout: Long?): ULong? = timeout?.let { max(0, it).toULong() }
}
