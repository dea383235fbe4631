package dev.watchpost

import dev.watchpost.ffi.Scope as NativeScope

/** Data for the events of a piece of work. Safe to use from several threads. No method throws. */
class Scope internal constructor(create: () -> NativeScope) {
    /** Absent where there is no native library: then the SDK is off, and so is this scope. */
    internal val native: NativeScope? = quietlyOr(null, create)

    fun setTag(key: String, value: String) = quietly { native?.setTag(key, value) }
    fun removeTag(key: String) = quietly { native?.removeTag(key) }
    fun setExtra(key: String, value: Any?) = quietly { native?.setExtra(key, Json.encode(value)) }
    fun removeExtra(key: String) = quietly { native?.removeExtra(key) }

    /** Replaces the whole object under `contexts.<key>`; `null` removes it. */
    fun setContext(key: String, value: Map<String, Any?>?) = quietly {
        native?.setContext(key, Json.encode(value))
    }

    /** Replaces the user; `null` forgets it. */
    fun setUser(user: User?) = quietly { native?.setUser(user?.let(::toNative)) }

    /** Overrides the level of events that have none of their own. */
    fun setLevel(level: Level?) = quietly { native?.setLevel(level?.let(::toNative)) }

    /** Overrides the grouping; an empty list takes it back. */
    fun setFingerprint(fingerprint: List<String>) = quietly { native?.setFingerprint(fingerprint) }

    /** Names the route, task or screen. */
    fun setTransaction(name: String?) = quietly { native?.setTransaction(name) }

    /** Adds a breadcrumb to this scope, through the `beforeBreadcrumb` hook. */
    fun addBreadcrumb(breadcrumb: Breadcrumb) = Watchpost.add(breadcrumb, this)

    /** Sees each event of this scope before `beforeSend` does: may change it, or drop it with `null`. */
    fun addEventProcessor(processor: (event: MutableMap<String, Any?>) -> Map<String, Any?>?) = quietly {
        native?.addEventProcessor(eventHook(processor))
    }

    fun clearBreadcrumbs() = quietly { native?.clearBreadcrumbs() }

    /** Forgets everything but the processors. */
    fun clear() = quietly { native?.clear() }

    internal fun fork(): Scope = Scope { loaded.fork() }

    internal fun forkIsolation(): Scope = Scope { loaded.forkIsolation() }

    internal val loaded: NativeScope get() = native ?: throw IllegalStateException("no native library")
}
