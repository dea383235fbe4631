package dev.watchpost

/** Reads one JSON document. Objects keep their order and are mutable, so that a hook can edit what it was given. */
internal class JsonReader(private val text: String) {
    private var at = 0

    fun document(): Any? {
        val value = value(0)
        space()
        if (at != text.length) fail("nothing more")
        return value
    }

    private fun value(depth: Int): Any? {
        if (depth > MAX_DEPTH) fail("less than $MAX_DEPTH levels")
        space()
        return when (peek()) {
            '{' -> objectValue(depth)
            '[' -> arrayValue(depth)
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun objectValue(depth: Int): MutableMap<String, Any?> {
        val map = LinkedHashMap<String, Any?>()
        at++
        space()
        if (peek() == '}') { at++; return map }
        while (true) {
            space()
            if (peek() != '"') fail("a key")
            val key = string()
            space()
            expect(':')
            map[key] = value(depth + 1)
            space()
            if (peek() == ',') { at++; continue }
            expect('}')
            return map
        }
    }

    private fun arrayValue(depth: Int): MutableList<Any?> {
        val list = ArrayList<Any?>()
        at++
        space()
        if (peek() == ']') { at++; return list }
        while (true) {
            list.add(value(depth + 1))
            space()
            if (peek() == ',') { at++; continue }
            expect(']')
            return list
        }
    }

    private fun string(): String {
        at++
        val start = at
        while (at < text.length && text[at] != '"' && text[at] != '\\') at++
        if (at < text.length && text[at] == '"') return text.substring(start, at++)
        val out = StringBuilder(text.substring(start, at))
        while (true) {
            when (val c = next()) {
                '"' -> return out.toString()
                '\\' -> out.append(escaped())
                else -> out.append(c)
            }
        }
    }

    private fun escaped(): Char = when (val c = next()) {
        '"', '\\', '/' -> c
        'b' -> '\b'
        'f' -> '\u000C'
        'n' -> '\n'
        'r' -> '\r'
        't' -> '\t'
        'u' -> {
            if (at + 4 > text.length) fail("four hex digits")
            val code = text.substring(at, at + 4).toIntOrNull(16) ?: fail("four hex digits")
            at += 4
            code.toChar()
        }
        else -> fail("an escape")
    }

    private fun number(): Number {
        val start = at
        while (at < text.length && text[at] in "+-0123456789.eE") at++
        val digits = text.substring(start, at)
        return digits.toLongOrNull() ?: digits.toDoubleOrNull() ?: fail("a value")
    }

    private fun <T> word(word: String, value: T): T {
        if (!text.startsWith(word, at)) fail(word)
        at += word.length
        return value
    }

    private fun space() { while (at < text.length && text[at] in " \t\r\n") at++ }
    private fun peek(): Char = if (at < text.length) text[at] else fail("a value")
    private fun next(): Char = if (at < text.length) text[at++] else fail("the end of a string")
    private fun expect(c: Char) { if (at < text.length && text[at] == c) at++ else fail("'$c'") }
    private fun fail(wanted: String): Nothing = throw IllegalArgumentException("JSON: expected $wanted at offset $at")

    private companion object {
        const val MAX_DEPTH = 512
    }
}
