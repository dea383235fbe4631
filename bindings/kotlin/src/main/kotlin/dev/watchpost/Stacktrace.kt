package dev.watchpost

import java.util.Collections
import java.util.IdentityHashMap

/** Turns a Throwable and its causes into the `exception` interface: oldest cause first, oldest call first. */
internal class Stacktrace(private val include: List<String>, private val exclude: List<String>) {
    fun exceptions(thrown: Throwable, mechanism: String, handled: Boolean, threadId: Long): List<Map<String, Any?>> {
        val chain = chain(thrown)
        return chain.mapIndexed { index, one ->
            exception(one, threadId, mechanism(one, index, mechanism, handled))
        }.asReversed()
    }

    /** The frames of the calling thread without this library's own, for messages. */
    fun current(): Map<String, Any?> {
        val frames = Thread.currentThread().stackTrace.drop(1).dropWhile { it.className.startsWith(OWN) }
        return mapOf("frames" to frames(frames.toTypedArray()))
    }

    private fun exception(thrown: Throwable, threadId: Long, mechanism: Map<String, Any?>): Map<String, Any?> {
        val name = thrown.javaClass.name
        val exception = LinkedHashMap<String, Any?>()
        exception["type"] = name.substringAfterLast('.')
        messageOf(thrown)?.let { exception["value"] = it }
        name.substringBeforeLast('.', "").takeIf { it.isNotEmpty() }?.let { exception["module"] = it }
        exception["thread_id"] = threadId
        exception["mechanism"] = mechanism
        val frames = frames(thrown.stackTrace)
        if (frames.isNotEmpty()) exception["stacktrace"] = mapOf("frames" to frames)
        return exception
    }

    // The outermost carries how it was caught; a cause points at what it caused.
    private fun mechanism(thrown: Throwable, index: Int, outermost: String, handled: Boolean): Map<String, Any?> =
        if (index == 0) {
            mapOf("type" to outermost, "handled" to handled, "exception_id" to 0)
        } else {
            mapOf("type" to "chained", "source" to "cause", "exception_id" to index, "parent_id" to index - 1)
        }

    private fun frames(elements: Array<StackTraceElement>): List<Map<String, Any?>> =
        elements.take(MAX_FRAMES).map(::frame).asReversed()

    private fun frame(element: StackTraceElement): Map<String, Any?> {
        val frame = LinkedHashMap<String, Any?>()
        frame["module"] = element.className
        frame["function"] = element.methodName
        element.fileName?.let { frame["filename"] = it }
        if (element.lineNumber > 0) frame["lineno"] = element.lineNumber
        frame["in_app"] = inApp(element.className)
        if (element.isNativeMethod) frame["native"] = true
        return frame
    }

    /** The app's own prefixes win over the platform's. */
    private fun inApp(module: String): Boolean = when {
        include.any { under(it, module) } -> true
        exclude.any { under(it, module) } -> false
        else -> PLATFORM.none { module.startsWith(it) }
    }

    private fun under(prefix: String, module: String) = module == prefix || module.startsWith(prefix.removeSuffix(".") + ".")

    private companion object {
        const val MAX_EXCEPTIONS = 50
        const val MAX_FRAMES = 256
        const val OWN = "dev.watchpost."
        val PLATFORM = listOf(
            "java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "android.", "androidx.",
            "com.android.", "dalvik.", "org.junit.", "org.apache.maven.", "com.intellij.rt.",
            "dev.watchpost.ffi.", "com.sun.jna.",
        )

        // getMessage is the app's code and may throw.
        fun messageOf(thrown: Throwable): String? = try { thrown.message } catch (_: Exception) { null }

        fun chain(thrown: Throwable): List<Throwable> {
            val seen = Collections.newSetFromMap(IdentityHashMap<Throwable, Boolean>())
            val chain = ArrayList<Throwable>()
            var next: Throwable? = thrown
            while (next != null && seen.add(next) && chain.size < MAX_EXCEPTIONS) {
                chain.add(next)
                next = try { next.cause } catch (_: Exception) { null }
            }
            return chain
        }
    }
}
