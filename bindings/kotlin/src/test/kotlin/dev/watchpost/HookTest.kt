package dev.watchpost

import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class HookTest {
    @Test
    fun anErrorOfTheVmInAHookLosesTheEventOnly() {
        for (thrown in listOf(StackOverflowError(), AssertionError("no"), NoClassDefFoundError("gone"), InterruptedException())) {
            Recorder { it.beforeSend = { throw thrown } }.use { recorder ->
                assertNull(Watchpost.captureMessage("x"), "$thrown")
                assertEquals(lost("before_send"), recorder.dropped())
                assertEquals(emptyList<Any>(), recorder.events())
            }
        }
    }

    @Test
    fun valuesThatAreNoJsonBecomeText() {
        class Odd { override fun toString(): String = throw IllegalStateException("no text") }
        Recorder { it.beforeSend = { event -> event + ("extra" to mapOf("odd" to Odd(), "nan" to Double.NaN, "half" to "\uD800")) } }.use {
            assertNotNull(Watchpost.captureMessage("x"))
            val extra = it.events().single().at("extra")
            assertTrue((extra.at("odd") as String).contains("Odd"))
            assertEquals("NaN", extra.at("nan"))
            assertEquals("\uFFFD", extra.at("half"))
        }
    }

    @Test
    fun aValueThatHoldsItselfEnds() {
        val loop = HashMap<String, Any?>()
        loop["self"] = loop
        Recorder().use {
            Watchpost.setExtra("loop", loop)
            assertNotNull(Watchpost.captureMessage("x"))
            assertNotNull(it.events().single().at("extra.loop.self"))
        }
    }

    @Test
    fun aHookRunsOnTheCapturingThread() {
        var seen: Thread? = null
        Recorder { it.beforeSend = { event -> seen = Thread.currentThread(); event } }.use {
            val worker = thread { Watchpost.captureMessage("x") }
            worker.join()
            assertSame(worker, seen)
        }
    }

    @Test
    fun aHookThatWaitsForAnotherThreadsCaptureDoesNotLock() {
        Recorder {
            it.beforeSend = { event ->
                if (event["message"] == "outer") {
                    val inner = CountDownLatch(1)
                    thread { Watchpost.captureMessage("inner"); inner.countDown() }
                    assertTrue(inner.await(10, TimeUnit.SECONDS))
                }
                event
            }
        }.use {
            assertNotNull(Watchpost.captureMessage("outer"))
            assertEquals(listOf("inner", "outer"), it.events().map { event -> event.at("logentry.formatted") })
        }
    }

    @Test
    fun aThrowingConfigureStillSendsTheEvent() {
        Recorder().use {
            assertNotNull(Watchpost.captureMessage("x") { scope -> scope.setTag("a", "b"); error("mine") })
            assertEquals("b", it.events().single().at("tags.a"))
        }
    }
}
