package shop.importer

import java.math.BigDecimal

data class Order(val number: Int, val customer: String, val quantity: Int, val price: BigDecimal)

class InvalidOrder(line: Int, cause: Throwable) : Exception("line $line is no order", cause)

class OutOfStock(order: Order, left: Int) : Exception("${order.quantity} wanted, $left left")

fun parse(line: Int, text: String): Order {
    val fields = text.split(',', limit = 4)
    try {
        return Order(fields[0].toInt(), fields[1], fields[2].toInt(), price(fields[3]))
    } catch (e: IllegalArgumentException) {
        throw InvalidOrder(line, e)
    }
}

// The bug: prices come in as people type them.
private fun price(text: String): BigDecimal =
    text.toBigDecimalOrNull() ?: throw IllegalArgumentException("\"$text\" is no price")
