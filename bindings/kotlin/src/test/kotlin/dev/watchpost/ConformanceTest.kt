package dev.watchpost

import dev.watchpost.ffi.Client
import dev.watchpost.ffi.TestClock
import java.io.File
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows

/** Runs every vector of tests/conformance/sdk through the public API. The format is in that folder's README. */
class ConformanceTest {
    @TestFactory
    fun vectors(): List<DynamicTest> = files.filter { it !in skipped }.map { file ->
        DynamicTest.dynamicTest(file) {
            ran += file
            try {
                Vector(obj(expanded(Json.decode(File(folder, file).readText())))).run()
            } catch (failure: Throwable) {
                throw AssertionError("$file: $failure", failure)
            }
        }
    }

    companion object {
        private val folder = File(System.getProperty("watchpost.vectors"))
        private val files = File(folder, "sdk").walk().filter { it.extension == "json" }
            .map { it.relativeTo(folder).path }.sorted().toList()
        private val ran = HashSet<String>()

        private val skipped: Set<String> by lazy {
            val sections = File(folder, "skips.toml").readText().split("[[skip]]").drop(1)
            fun field(section: String, name: String) = Regex("$name\\s*=\\s*\"(.*)\"").find(section)!!.groupValues[1]
            sections.filter { field(it, "language") == "kotlin" }.flatMap {
                assertTrue(field(it, "reason").isNotBlank())
                val wanted = field(it, "file")
                // A name that ends in `/*` stands for all files of a folder.
                val hits = if (wanted.endsWith("/*")) files.filter { file -> file.startsWith(wanted.dropLast(1)) }
                else files.filter { file -> file == wanted }
                hits.also { assertTrue(hits.isNotEmpty(), "stale skip: $wanted") }
            }.toSet()
        }

        @JvmStatic
        @AfterAll
        fun nothingWasLeftOut() {
            assertTrue(files.size >= 40, "only ${files.size} vectors in $folder")
            assertEquals(files.toSet(), ran + skipped)
            println("conformance: ${ran.size} vectors, ${skipped.size} skipped")
        }
    }

    @AfterEach
    fun stop() { Watchpost.install(null) }
}

private class Vector(private val vector: Map<String, Any?>) {
    private val given = obj(vector["given"])
    private val hooks = obj(vector["hooks"])
    private val expect = obj(vector["expect"])
    private val captured = ArrayList<Any?>()
    private lateinit var client: Client

    fun run() {
        Scopes.reset()
        val error = expect["init_error"]?.let(::obj)
        if (error != null) {
            val text = assertThrows<IllegalArgumentException> { start() }.message!!
            assertTrue(camel(str(error["option"])) in text && str(error["contains"]) in text, text)
            return
        }
        start()
        list(vector["calls"]).forEach { call(obj(it), null) }
        expect["captured"]?.let { assertEquals(it, captured) }
        val envelopes = list(Json.decode(client.takeRecorded())).map(::obj)
        expect["envelopes"]?.let { match(it, envelopes, "envelopes") }
        expect["bytes"]?.let { assertEquals(it, envelopes.first()["bytes"]) }
        expect["dsn"]?.let { match(it, Json.decode(client.dsnFacts()), "dsn") }
        expect["dropped"]?.let { assertEquals(list(it).toSet(), list(Json.decode(client.takeDiscarded())).toSet()) }
    }

    private fun start() {
        val options = Options()
        options.dsn = "https://key@errors.example.com/42"
        obj(given["options"]).forEach { (name, value) -> set(options, name, value) }
        hooks["before_send"]?.let { options.beforeSend = eventHook(str(it)) }
        hooks["before_breadcrumb"]?.let { options.beforeBreadcrumb = breadcrumbHook(str(it)) }
        val clock = TestClock((given["now"] as Number? ?: 1767323045).toDouble(), (given["seed"] as Number? ?: 1).toLong().toULong())
        client = Watchpost.install(Watchpost.started { Client.startTesting(toNative(options), hooksOf(options), clock) })!!
    }

    private fun set(options: Options, name: String, value: Any?) = when (name) {
        "dsn" -> options.dsn = value as String?
        "release" -> options.release = value as String?
        "environment" -> options.environment = value as String?
        "dist" -> options.dist = value as String?
        "server_name" -> options.serverName = value as String?
        "sample_rate" -> options.sampleRate = (value as Number).toDouble()
        "max_breadcrumbs" -> options.maxBreadcrumbs = (value as Number).toInt()
        "attach_stacktrace" -> options.attachStacktrace = value as Boolean
        "send_default_pii" -> options.sendDefaultPii = value as Boolean
        "send_client_reports" -> options.sendClientReports = value as Boolean
        "shutdown_timeout" -> options.shutdownTimeoutMillis = ((value as Number).toDouble() * 1000).toLong()
        "in_app_include" -> options.inAppInclude = list(value).map(::str)
        "in_app_exclude" -> options.inAppExclude = list(value).map(::str)
        "ignore_errors" -> options.ignoreErrors = list(value).map(::str)
        else -> fail("unknown option $name")
    }

    private fun call(call: Map<String, Any?>, round: Int?) {
        val key by lazy { str(call["key"]) }
        val value = call["value"]
        val scope = when (call["scope"]) {
            null -> null
            "global" -> Watchpost.globalScope
            "isolation" -> Watchpost.isolationScope
            "current" -> Watchpost.currentScope
            else -> fail("unknown scope")
        }
        val inner = { list(call["calls"]).forEach { call(obj(it), round) } }
        when (val verb = call["do"]) {
            "capture_event" -> captured += Watchpost.captureEvent(obj(call["event"])) != null
            "capture_message" -> captured += Watchpost.captureMessage(str(call["message"]), level(call["level"])) != null
            "add_breadcrumb" -> Watchpost.addBreadcrumb(breadcrumb(obj(call["breadcrumb"])))
            "set_tag" -> scope?.setTag(key, str(value)) ?: Watchpost.setTag(key, str(value))
            "remove_tag" -> scope?.removeTag(key) ?: Watchpost.removeTag(key)
            "set_extra" -> scope?.setExtra(key, value) ?: Watchpost.setExtra(key, value)
            "set_context" -> value?.let(::obj).let { scope?.setContext(key, it) ?: Watchpost.setContext(key, it) }
            "set_user" -> call["user"]?.let { user(obj(it)) }.let { scope?.setUser(it) ?: Watchpost.setUser(it) }
            "set_level" -> level(call["level"]).let { scope?.setLevel(it) ?: Watchpost.setLevel(it) }
            "set_fingerprint" -> list(call["fingerprint"]).map(::str).let { scope?.setFingerprint(it) ?: Watchpost.setFingerprint(it) }
            "set_transaction_name" -> (value as String?).let { scope?.setTransaction(it) ?: Watchpost.setTransaction(it) }
            "add_event_processor" -> scope!!.addEventProcessor(eventHook(str(call["hook"])))
            "clear" -> scope!!.clear()
            "clear_breadcrumbs" -> scope!!.clearBreadcrumbs()
            "new_scope" -> Watchpost.withScope { inner() }
            "isolation_scope" -> Watchpost.withIsolationScope { inner() }
            "repeat" -> repeat((call["times"] as Number).toInt()) { i ->
                list(call["calls"]).forEach { call(obj(numbered(it, i)), i) }
            }
            "advance_clock" -> client.advanceClock(((call["seconds"] as Number).toDouble() * 1000).toLong().toULong())
            "flush" -> Watchpost.flush(100)
            "close" -> Watchpost.close(100)
            else -> fail("unknown verb $verb")
        }
    }

    private fun eventHook(name: String): (MutableMap<String, Any?>) -> Map<String, Any?>? = { event ->
        when (name) {
            "echo" -> event
            "drop" -> null
            "throw" -> throw IllegalStateException("hook failed")
            "bad_type" -> event.apply { put("exception", 42) }
            "set_tag" -> event.apply { put("tags", obj(event["tags"]) + ("hook" to "ran")) }
            "set_fingerprint" -> event.apply { put("fingerprint", listOf("hooked", "{{ default }}")) }
            "set_message" -> event.apply { put("message", "hooked") }
            "shout" -> event.apply { put("message", (event["message"] as String).uppercase()) }
            "capture" -> event.also { Watchpost.captureMessage("from the hook") }
            "add_breadcrumb" -> event.also { Watchpost.addBreadcrumb(Breadcrumb("from the hook")) }
            "add_secret" -> event.apply { put("extra", obj(event["extra"]) + ("password" to "hush")) }
            else -> event.apply {
                assertTrue(name.startsWith("mark:"), "unknown hook $name")
                val tags = obj(event["tags"])
                put("tags", tags + ("order" to (tags["order"] as String? ?: "") + name.removePrefix("mark:")))
            }
        }
    }

    private fun breadcrumbHook(name: String): (Breadcrumb) -> Breadcrumb? = { crumb ->
        when (name) {
            "echo" -> crumb
            "drop" -> null
            "throw" -> throw IllegalStateException("hook failed")
            "bad_type" -> crumb.copy(data = @Suppress("UNCHECKED_CAST") (42 as Any as Map<String, Any?>))
            "set_tag" -> crumb.copy(data = crumb.data + ("hook" to "ran"))
            "capture" -> crumb.also { Watchpost.captureMessage("from the hook") }
            "add_breadcrumb" -> crumb.also { Watchpost.addBreadcrumb(Breadcrumb("from the hook")) }
            "add_secret" -> crumb.copy(data = crumb.data + ("password" to "hush"))
            else -> fail("unknown hook $name")
        }
    }
}

private fun breadcrumb(map: Map<String, Any?>) = Breadcrumb(
    map["message"] as String?, map["category"] as String?, level(map["level"]), map["type"] as String?,
    obj(map["data"]), (map["timestamp"] as Number?)?.toDouble(), map["origin"] as String?,
)

private fun user(map: Map<String, Any?>): User {
    val named = setOf("id", "email", "username", "ip_address")
    val (id, email, username, address) = named.map { map[it]?.toString() }
    return User(id, email, username, address, map - named)
}

private fun match(expected: Any?, actual: Any?, path: String) {
    when {
        expected == "<any>" -> assertTrue(actual != null, "$path is absent")
        expected is Map<*, *> -> expected.forEach { (key, value) -> match(value, obj(actual)[key], "$path.$key") }
        expected is List<*> -> {
            assertEquals(expected.size, list(actual).size, "$path: $actual")
            expected.forEachIndexed { index, value -> match(value, list(actual)[index], "$path[$index]") }
        }
        expected is Number && actual is Number -> assertEquals(expected.toDouble(), actual.toDouble(), path)
        else -> assertEquals(expected, actual, path)
    }
}

private fun numbered(value: Any?, round: Int): Any? = when (value) {
    is String -> value.replace("{i}", round.toString())
    is Map<*, *> -> value.entries.associate { numbered(it.key, round) to numbered(it.value, round) }
    is List<*> -> value.map { numbered(it, round) }
    else -> value
}

/** `{"$repeat": x, "times": n, "from": 0, "then": y}` stands for `n` times `x` and then `y`; `{i}` is the round. */
private fun expanded(value: Any?): Any? = when {
    value is Map<*, *> && REPEAT in value -> {
        val part = value[REPEAT]
        val times = (value["times"] as Number).toInt()
        val then = listOfNotNull(expanded(value["then"]))
        if (part is String && "{i}" !in part) {
            part.repeat(times) + then.joinToString("")
        } else {
            val from = (value["from"] as Number? ?: 0).toInt()
            val rounds = (0 until times).map { expanded(numbered(part, from + it)) } + then
            when (rounds.first()) {
                is String -> rounds.joinToString("")
                is List<*> -> rounds.flatMap { list(it) }
                else -> LinkedHashMap<String, Any?>().apply { rounds.forEach { putAll(obj(it)) } }
            }
        }
    }
    value is Map<*, *> -> value.mapValues { expanded(it.value) }
    value is List<*> -> value.map { expanded(it) }
    else -> value
}

private const val REPEAT = "\$repeat"

private fun level(name: Any?) = (name as String?)?.let { Level.valueOf(it.uppercase()) }
private fun camel(name: String) = name.split('_').let { it.first() + it.drop(1).joinToString("") { word -> word.replaceFirstChar(Char::uppercase) } }
private fun str(value: Any?) = value as String
private fun list(value: Any?): List<Any?> = value as List<Any?>? ?: emptyList()
@Suppress("UNCHECKED_CAST")
private fun obj(value: Any?): Map<String, Any?> = value as Map<String, Any?>? ?: emptyMap()
