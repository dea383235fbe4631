package dev.watchpost

import dev.watchpost.ffi.Client
import dev.watchpost.ffi.TestClock

/** A recording client behind the public API. */
internal class Recorder(configure: (Options) -> Unit = {}) : AutoCloseable {
    private val client: Client

    init {
        Scopes.reset()
        val options = Options()
        options.dsn = "https://key@errors.example.com/42"
        configure(options)
        client = Watchpost.started { Client.startTesting(toNative(options), hooksOf(options), TestClock(1767323045.0, 1u)) }
        Watchpost.install(client)
    }

    @Suppress("UNCHECKED_CAST")
    fun events(): List<Map<String, Any?>> = (Json.decode(client.takeRecorded()) as List<Map<String, Any?>>)
        .flatMap { it["items"] as List<Map<String, Any?>> }
        .map { it["payload"] as Map<String, Any?> }

    fun dropped(): Any? = Json.decode(client.takeDiscarded())

    override fun close() { Watchpost.install(null) }
}

/** What is at `path`, like `exception.values.0.type`. */
internal fun Any?.at(path: String): Any? = path.split('.').fold(this) { value, step ->
    when (value) {
        is Map<*, *> -> value[step]
        is List<*> -> value.getOrNull(if (step == "last") value.size - 1 else step.toInt())
        else -> null
    }
}

internal fun lost(reason: String) = listOf(mapOf("reason" to reason, "category" to "error", "quantity" to 1L))
