package dev.watchpost

/** Runs a piece of the SDK: whatever goes wrong in it stays in it, said on stderr only with the `debug` option. */
internal inline fun quietly(block: () -> Unit) = quietlyOr(Unit, block)

internal inline fun <T> quietlyOr(default: T, block: () -> T): T =
    try {
        block()
    } catch (failure: Exception) {
        Diagnostics.say("failed inside the SDK: $failure")
        default
    } catch (failure: LinkageError) {
        Diagnostics.say("the native library cannot be used: $failure")
        default
    }

/** The SDK's words about itself. */
internal object Diagnostics {
    @Volatile var enabled = false

    fun say(line: String) {
        if (enabled) System.err.println("watchpost: $line")
    }
}
