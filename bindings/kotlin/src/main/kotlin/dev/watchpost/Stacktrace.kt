package dev.watchpost

import java.util.Collections
import java.util.IdentityHashMap

/** Turns Throwables into events: oldest cause first, oldest call first. The app's in-app rules are the core's affair. */
internal object Stacktrace {
    private const val MAX_EXCEPTIONS = 50
    private const val MAX_FRAMES = 256
    private const val OWN = "dev.watchpost."
    private val PLATFORM = listOf(
        "java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "android.", "androidx.", "com.android.",
        "dalvik.", "org.junit.", "org.apache.maven.", "com.intellij.rt.", "dev.watchpost.ffi.",
    )

    fun event(thrown: Throwable, thread: Thread, mechanism: String, handled: Boolean): Map<String, Any?> {
        val values = chain(thrown).mapIndexed { index, one ->
            exception(one, thread, if (index == 0) outermost(mechanism, handled) else chained(index))
        }
        val event = LinkedHashMap<String, Any?>()
        if (!handled) event["level"] = Level.FATAL
        event["exception"] = mapOf("values" to values.asReversed())
        event["threads"] = mapOf("values" to listOf(threadOf(thread, crashed = !handled)))
        return event
    }

    /** A message with the stack of the calling thread, without this library's own calls. */
    fun message(text: String, level: Level, thread: Thread): Map<String, Any?> {
        val calls = thread.stackTrace.drop(1).dropWhile { it.className.startsWith(OWN) }
        val described = threadOf(thread, crashed = false) + ("stacktrace" to mapOf("frames" to frames(calls)))
        return mapOf("logentry" to mapOf("formatted" to text), "level" to level, "threads" to mapOf("values" to listOf(described)))
    }

    private fun exception(thrown: Throwable, thread: Thread, mechanism: Map<String, Any?>): Map<String, Any?> {
        val name = thrown.javaClass.name
        val exception = LinkedHashMap<String, Any?>()
        exception["type"] = name.substringAfterLast('.')
        messageOf(thrown)?.let { exception["value"] = it }
        name.substringBeforeLast('.', "").takeIf { it.isNotEmpty() }?.let { exception["module"] = it }
        @Suppress("DEPRECATION") // threadId() came with Java 19
        exception["thread_id"] = thread.id
        exception["mechanism"] = mechanism
        val frames = frames(thrown.stackTrace.asList())
        if (frames.isNotEmpty()) exception["stacktrace"] = mapOf("frames" to frames)
        return exception
    }

    // The outermost carries how it was caught; a cause points at what it caused.
    private fun outermost(mechanism: String, handled: Boolean): Map<String, Any?> =
        mapOf("type" to mechanism, "handled" to handled, "exception_id" to 0)

    private fun chained(index: Int): Map<String, Any?> =
        mapOf("type" to "chained", "source" to "cause", "exception_id" to index, "parent_id" to index - 1)

    @Suppress("DEPRECATION")
    private fun threadOf(thread: Thread, crashed: Boolean): Map<String, Any?> =
        mapOf("id" to thread.id, "name" to thread.name, "current" to true, "crashed" to crashed)

    private fun frames(calls: List<StackTraceElement>) = calls.take(MAX_FRAMES).map(::frame).asReversed()

    private fun frame(element: StackTraceElement): Map<String, Any?> {
        val frame = LinkedHashMap<String, Any?>()
        frame["module"] = element.className
        frame["function"] = element.methodName
        element.fileName?.let { frame["filename"] = it }
        if (element.lineNumber > 0) frame["lineno"] = element.lineNumber
        frame["in_app"] = PLATFORM.none { element.className.startsWith(it) }
        if (element.isNativeMethod) frame["native"] = true
        return frame
    }

    private fun chain(thrown: Throwable): List<Throwable> {
        val seen = Collections.newSetFromMap(IdentityHashMap<Throwable, Boolean>())
        val chain = ArrayList<Throwable>()
        var next: Throwable? = thrown
        while (next != null && seen.add(next) && chain.size < MAX_EXCEPTIONS) {
            chain.add(next)
            // Both getters are the app's code and may throw.
            next = try { next.cause } catch (_: Exception) { null }
        }
        return chain
    }

    private fun messageOf(thrown: Throwable): String? = try { thrown.message } catch (_: Exception) { null }
}
