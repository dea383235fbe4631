package shop.importer

import dev.watchpost.Watchpost
import java.io.File

fun main(arguments: Array<String>) {
    // The DSN comes from SENTRY_DSN.
    Watchpost.init {
        it.release = "kotlin-cli@1.0.0"
        it.environment = "demo"
        it.inAppInclude = listOf("shop")
        it.storageDir = System.getenv("WATCHPOST_STORAGE_DIR")
    }
    if (isSet("WATCHPOST_EXAMPLE_IDLE")) {
        // Delivers what an earlier run left behind.
        val deadline = System.nanoTime() + 20_000_000_000
        while (!Watchpost.flush(1_000) && System.nanoTime() < deadline) Thread.sleep(100)
        return
    }
    val importer = Importer(stock = 12) { id, bug ->
        println("captured $id $bug")
        System.out.flush()
        if (isSet("WATCHPOST_EXAMPLE_HOLD")) Thread.sleep(60_000)
    }
    importer.import(File(arguments.firstOrNull() ?: "orders.csv"))
    Watchpost.close()
}

private fun isSet(name: String) = System.getenv(name) == "1"
