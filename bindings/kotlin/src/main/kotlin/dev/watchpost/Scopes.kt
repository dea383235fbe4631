package dev.watchpost

import dev.watchpost.ffi.Scope as NativeScope

/** The isolation and the current scope of a piece of work. */
internal class ScopePair(val isolation: Scope, val current: Scope) {
    fun fork() = ScopePair(isolation.forkIsolation(), current.fork())
}

/** Where scopes live: one global, one pair for the process, and a pair per thread inside `withScope` and its like. */
internal object Scopes {
    val global: Scope by lazy { Scope { NativeScope.global() } }
    @Volatile private var root = emptyPair()
    private val local = ThreadLocal<ScopePair?>()

    val pair: ScopePair get() = local.get() ?: root

    /** Puts `pair` in place for this thread and returns what was there. */
    fun swap(pair: ScopePair?): ScopePair? {
        val before = local.get()
        if (pair == null) local.remove() else local.set(pair)
        return before
    }

    inline fun <T> with(pair: ScopePair, block: () -> T): T {
        val before = swap(pair)
        try {
            return block()
        } finally {
            swap(before)
        }
    }

    /** For tests: as after the start of the process. */
    fun reset() {
        swap(null)
        root = emptyPair()
    }

    private fun emptyPair() = ScopePair(Scope { NativeScope() }, Scope { NativeScope() })
}
