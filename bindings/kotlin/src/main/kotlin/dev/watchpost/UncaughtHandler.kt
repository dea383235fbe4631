package dev.watchpost

import java.lang.Thread.UncaughtExceptionHandler

/** Reports what nobody caught, then lets happen what would have happened without it. */
internal class UncaughtHandler private constructor(private val previous: UncaughtExceptionHandler?) : UncaughtExceptionHandler {
    override fun uncaughtException(thread: Thread, thrown: Throwable) {
        try {
            Watchpost.captureUncaught(thread, thrown)
        } catch (_: Throwable) {
            // The process may be out of memory or stack: the application's own ending matters more.
        }
        if (previous != null) previous.uncaughtException(thread, thrown) else likeTheJvm(thread, thrown)
    }

    // What ThreadGroup does when there is no default handler.
    private fun likeTheJvm(thread: Thread, thrown: Throwable) {
        System.err.print("Exception in thread \"" + thread.name + "\" ")
        thrown.printStackTrace(System.err)
    }

    companion object {
        @Synchronized
        fun install() {
            val previous = Thread.getDefaultUncaughtExceptionHandler()
            if (previous !is UncaughtHandler) Thread.setDefaultUncaughtExceptionHandler(UncaughtHandler(previous))
        }

        /** Takes ours away again, unless somebody else has chained theirs on top. */
        @Synchronized
        fun uninstall() {
            val current = Thread.getDefaultUncaughtExceptionHandler()
            if (current is UncaughtHandler) Thread.setDefaultUncaughtExceptionHandler(current.previous)
        }
    }
}
