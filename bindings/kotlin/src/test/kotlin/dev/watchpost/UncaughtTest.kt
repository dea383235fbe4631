package dev.watchpost

import java.io.File
import java.nio.file.Files
import java.util.concurrent.TimeUnit
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** A process ends with the SDK exactly as it ends without it. */
class UncaughtTest {
    @Test
    fun anUncaughtExceptionLooksTheSame() = same("main", exit = 1) { "IllegalStateException: nobody" in it }

    @Test
    fun soItDoesOnAnotherThread() = same("thread", exit = 0) { "Exception in thread \"worker\"" in it }

    @Test
    fun theHandlerBeforeStillRuns() = same("chained", exit = 1) { it.trim() == "previous handler: nobody" }

    @Test
    fun theEventSaysThatNobodyCaughtIt() {
        Recorder().use {
            Watchpost.captureUncaught(Thread.currentThread(), IllegalStateException("nobody"))
            val event = it.events().single()
            assertEquals("fatal", event.at("level"))
            assertEquals(false, event.at("exception.values.0.mechanism.handled"))
            assertEquals("UncaughtExceptionHandler", event.at("exception.values.0.mechanism.type"))
        }
    }

    private fun same(mode: String, exit: Int, expected: (String) -> Boolean) {
        val (without, withSdk) = run(mode, sdk = false) to run(mode, sdk = true)
        assertEquals(exit, without.first)
        assertTrue(expected(without.second), without.second)
        assertEquals(without, withSdk)
    }

    private fun run(mode: String, sdk: Boolean): Pair<Int, String> {
        val folder = Files.createTempDirectory("watchpost").toFile()
        try {
            val java = File(System.getProperty("java.home"), "bin/java").path
            val classPath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
            val errors = File(folder, "stderr")
            val process = ProcessBuilder(java, "-cp", classPath, "dev.watchpost.UncaughtChild", mode, "$sdk", folder.path)
                .redirectError(errors).redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
            assertTrue(process.waitFor(60, TimeUnit.SECONDS).also { if (!it) process.destroyForcibly() }, "it hung")
            assertFalse(errors.readText().contains("watchpost:"), errors.readText())
            return process.exitValue() to errors.readText()
        } finally {
            folder.deleteRecursively()
        }
    }
}

object UncaughtChild {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (mode, sdk, folder) = arguments
        if (mode == "chained") {
            Thread.setDefaultUncaughtExceptionHandler { _, thrown -> System.err.println("previous handler: ${thrown.message}") }
        }
        if (sdk.toBoolean()) {
            // Nobody listens there; the event stays in the spool.
            Watchpost.init(dsn = "http://key@127.0.0.1:9/1") {
                it.storageDir = folder
                it.shutdownTimeoutMillis = 200
            }
        }
        if (mode == "thread") {
            Thread({ fail() }, "worker").apply { start() }.join()
        } else {
            fail()
        }
    }

    private fun fail(): Nothing = throw IllegalStateException("nobody")
}
