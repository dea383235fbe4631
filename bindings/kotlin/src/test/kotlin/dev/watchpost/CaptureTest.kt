package dev.watchpost

import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class CaptureTest {
    @Test
    fun causesComeOldestFirstWithTheirFrames() {
        Recorder { it.inAppInclude = listOf("dev.watchpost") }.use {
            val thrown = IllegalStateException("outer", NumberFormatException("inner"))
            assertNotNull(Watchpost.captureException(thrown))
            val event = it.events().single()
            assertEquals(listOf("NumberFormatException", "IllegalStateException"), listOf(event.at("exception.values.0.type"), event.at("exception.values.1.type")))
            assertEquals("java.lang", event.at("exception.values.0.module"))
            assertEquals("inner", event.at("exception.values.0.value"))
            assertEquals("chained", event.at("exception.values.0.mechanism.type"))
            assertEquals(true, event.at("exception.values.1.mechanism.handled"))
            val frame = event.at("exception.values.1.stacktrace.frames.last")
            assertEquals("dev.watchpost.CaptureTest", frame.at("module"))
            assertEquals("causesComeOldestFirstWithTheirFrames", frame.at("function"))
            assertEquals("CaptureTest.kt", frame.at("filename"))
            assertEquals(thrown.stackTrace[0].lineNumber.toLong(), frame.at("lineno"))
            assertEquals(true, frame.at("in_app"))
            val library = event.at("exception.values.1.stacktrace.frames") as List<*>
            assertTrue(library.any { one -> (one.at("module") as String).startsWith("org.junit.") && one.at("in_app") == false })
        }
    }

    @Test
    fun aCauseThatIsItsOwnCauseEnds() {
        class Odd : RuntimeException("odd") {
            override val cause: Throwable get() = this
            override val message: String get() = error("no message")
        }
        Recorder().use {
            assertNotNull(Watchpost.captureException(Odd()))
            assertEquals(1, (it.events().single().at("exception.values") as List<*>).size)
        }
    }

    @Test
    fun messagesCarryTheStackWhenAsked() {
        Recorder { it.attachStacktrace = true }.use {
            assertNotNull(Watchpost.captureMessage("x", Level.WARNING))
            val event = it.events().single()
            assertEquals("warning", event.at("level"))
            assertEquals("x", event.at("logentry.formatted"))
            assertNotNull(event.at("threads.values.0.stacktrace.frames.last.function"))
        }
    }

    @Test
    fun threadsHaveScopesOfTheirOwn() {
        val failures = ConcurrentLinkedQueue<Throwable>()
        Recorder().use { recorder ->
            val threads = (0 until 8).map { number ->
                thread {
                    try {
                        repeat(50) { round ->
                            Watchpost.withIsolationScope {
                                Watchpost.setTag("worker", "$number")
                                Watchpost.withScope { scope ->
                                    scope.setTag("round", "$round")
                                    assertNotNull(Watchpost.captureMessage("$number/$round"))
                                }
                            }
                        }
                    } catch (failure: Throwable) {
                        failures += failure
                    }
                }
            }
            threads.forEach(Thread::join)
            assertEquals(emptyList<Throwable>(), failures.toList())
            val events = recorder.events()
            assertEquals(400, events.size)
            assertEquals(400, events.map { it["event_id"] }.toSet().size)
            for (event in events) assertEquals(event.at("logentry.formatted"), "${event.at("tags.worker")}/${event.at("tags.round")}")
        }
    }

    @Test
    fun coroutinesKeepTheirScopes() {
        Recorder().use { recorder ->
            runBlocking(Dispatchers.Default) {
                repeat(20) { number ->
                    launch(ScopeContext()) {
                        Watchpost.setTag("job", "$number")
                        delay(5)
                        assertNotNull(Watchpost.captureMessage("$number"))
                    }
                }
            }
            val events = recorder.events()
            assertEquals(20, events.size)
            for (event in events) assertEquals(event.at("logentry.formatted"), event.at("tags.job"))
            Watchpost.captureMessage("outside")
            assertNull(recorder.events().single().at("tags.job"))
        }
    }

    @Test
    fun withScopeGivesBackWhatTheBlockGivesOrThrows() {
        Recorder().use {
            assertEquals(3, Watchpost.withScope { 3 })
            val before = Watchpost.currentScope
            assertThrows<IllegalStateException> { Watchpost.withScope<Unit> { error("mine") } }
            assertTrue(before === Watchpost.currentScope)
        }
    }

    @Test
    fun initNamesTheOptionAndARightOne() {
        for ((configure, option, example) in listOf<Triple<(Options) -> Unit, String, String>>(
            Triple({ it.dsn = "nonsense" }, "dsn", "https://"),
            Triple({ it.sampleRate = 1.5 }, "sampleRate", "0.25"),
            Triple({ it.sampleRate = Double.NaN }, "sampleRate", "0.25"),
            Triple({ it.maxBreadcrumbs = -1 }, "maxBreadcrumbs", "100"),
            Triple({ it.shutdownTimeoutMillis = -1 }, "shutdownTimeout", "2000"),
        )) {
            val refused = assertThrows<IllegalArgumentException> { Watchpost.init(configure = configure) }
            assertTrue(option in refused.message!! && example in refused.message!!, refused.message)
        }
        assertFalse(Watchpost.isEnabled)
    }

    @Test
    fun withoutInitNothingHappens() {
        Watchpost.install(null)
        assertNull(Watchpost.captureMessage("x"))
        assertNull(Watchpost.captureException(RuntimeException()))
        Watchpost.addBreadcrumb("x")
        Watchpost.setTag("a", "b")
        assertTrue(Watchpost.flush(10))
        assertTrue(Watchpost.close(10))
    }
}
