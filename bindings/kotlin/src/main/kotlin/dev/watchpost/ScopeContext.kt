package dev.watchpost

import kotlin.coroutines.AbstractCoroutineContextElement
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.ThreadContextElement

/**
 * Gives a coroutine scopes of its own, wherever it is resumed: `launch(ScopeContext()) { ... }`.
 *
 * They start with what the scopes hold when the element is made. Needs kotlinx-coroutines on the class path.
 */
class ScopeContext : ThreadContextElement<Any?>, AbstractCoroutineContextElement(Key) {
    private val pair: ScopePair? = quietlyOr(null) { Scopes.pair.fork() }

    override fun updateThreadContext(context: CoroutineContext): Any? = Scopes.swap(pair)

    override fun restoreThreadContext(context: CoroutineContext, oldState: Any?) {
        Scopes.swap(oldState as ScopePair?)
    }

    companion object Key : CoroutineContext.Key<ScopeContext>
}
