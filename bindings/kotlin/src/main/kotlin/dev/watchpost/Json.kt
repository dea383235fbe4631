package dev.watchpost

import java.lang.reflect.Array as Arrays
import java.time.temporal.Temporal

/**
 * JSON text and plain Kotlin values: `Map<String, Any?>`, `List<Any?>`, String, Long, Double, Boolean, null.
 *
 * Open shapes (event, contexts, extra) cross into the native core as text, so both directions are needed;
 * written here because a library would be one more version that an app has to agree with.
 */
internal object Json {
    /** Deeper values are replaced by their text, which also ends cycles. */
    private const val MAX_DEPTH = 32

    fun encode(value: Any?): String = StringBuilder().also { write(it, value, 0) }.toString()

    /** @throws IllegalArgumentException for text that is not one JSON value */
    fun decode(text: String): Any? = JsonReader(text).document()

    private fun write(out: StringBuilder, value: Any?, depth: Int) {
        when {
            value == null -> out.append("null")
            value is String -> quote(out, value)
            value is Boolean -> out.append(value)
            value is Double || value is Float -> number(out, (value as Number).toDouble())
            value is Number -> out.append(value.toString())
            depth >= MAX_DEPTH -> quote(out, text(value))
            value is Map<*, *> -> writeMap(out, value, depth)
            value is Iterable<*> -> writeList(out, value.iterator(), depth)
            value.javaClass.isArray -> {
                val items = (0 until Arrays.getLength(value)).asSequence().map { Arrays.get(value, it) }
                writeList(out, items.iterator(), depth)
            }
            value is Level -> quote(out, value.wire)
            else -> quote(out, text(value))
        }
    }

    private fun writeMap(out: StringBuilder, map: Map<*, *>, depth: Int) {
        out.append('{')
        var first = true
        for ((key, item) in map) {
            if (!first) out.append(',')
            first = false
            quote(out, key.toString())
            out.append(':')
            write(out, item, depth + 1)
        }
        out.append('}')
    }

    private fun writeList(out: StringBuilder, items: Iterator<*>, depth: Int) {
        out.append('[')
        var first = true
        for (item in items) {
            if (!first) out.append(',')
            first = false
            write(out, item, depth + 1)
        }
        out.append(']')
    }

    // JSON has no NaN and no infinity; their names say more than null.
    private fun number(out: StringBuilder, value: Double) {
        if (value.isFinite()) out.append(value) else quote(out, value.toString())
    }

    private fun text(value: Any): String = when (value) {
        is Enum<*> -> value.name
        is Map<*, *>, is Iterable<*> -> "<${value.javaClass.simpleName}>"
        is Temporal, is CharSequence, is Char -> value.toString()
        // An app's own toString may throw; a value of it is never worth the event.
        else -> try { value.toString() } catch (_: Exception) { "<${value.javaClass.name}>" }
    }

    private fun quote(out: StringBuilder, text: String) {
        out.append('"')
        for (index in text.indices) {
            val c = text[index]
            when {
                c == '"' -> out.append("\\\"")
                c == '\\' -> out.append("\\\\")
                c == '\n' -> out.append("\\n")
                c == '\r' -> out.append("\\r")
                c == '\t' -> out.append("\\t")
                c < ' ' -> escape(out, c)
                // Half of a surrogate pair cannot be written as UTF-8.
                c.isHighSurrogate() && !(index + 1 < text.length && text[index + 1].isLowSurrogate()) -> out.append('\uFFFD')
                c.isLowSurrogate() && !(index > 0 && text[index - 1].isHighSurrogate()) -> out.append('\uFFFD')
                else -> out.append(c)
            }
        }
        out.append('"')
    }

    private fun escape(out: StringBuilder, c: Char) {
        out.append("\\u").append(c.code.toString(16).padStart(4, '0'))
    }
}
