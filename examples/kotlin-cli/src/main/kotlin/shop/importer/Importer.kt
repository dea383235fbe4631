package shop.importer

import dev.watchpost.Level
import dev.watchpost.User
import dev.watchpost.Watchpost
import java.io.File

/** Imports what it can and reports the rest. */
class Importer(private var stock: Int, private val reported: (id: String?, bug: String) -> Unit) {
    fun import(file: File) {
        Watchpost.setTag("file", file.name)
        file.readLines().drop(1).forEachIndexed { index, text ->
            Watchpost.withIsolationScope { one(index + 2, text) }
        }
        if (stock < 10) {
            reported(Watchpost.captureMessage("the stock is running low", Level.WARNING), "low stock")
        }
    }

    private fun one(line: Int, text: String) {
        Watchpost.addBreadcrumb("read line $line", category = "import", data = mapOf("text" to text))
        try {
            val order = parse(line, text)
            Watchpost.setUser(User(username = order.customer))
            Watchpost.setContext("order", mapOf("number" to order.number, "quantity" to order.quantity))
            take(order)
        } catch (e: InvalidOrder) {
            reported(Watchpost.captureException(e), "price")
        } catch (e: OutOfStock) {
            reported(Watchpost.captureException(e) { it.setLevel(Level.WARNING) }, "stock")
        }
    }

    private fun take(order: Order) {
        if (order.quantity > stock) throw OutOfStock(order, stock)
        stock -= order.quantity
        Watchpost.addBreadcrumb("took ${order.quantity}", category = "stock", data = mapOf("left" to stock))
    }
}
