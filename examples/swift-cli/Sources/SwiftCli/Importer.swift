import Foundation
import Watchpost

/// Imports what it can and reports the rest.
final class Importer {
    private var stock: Int
    private let reported: (_ id: String?, _ bug: String) -> Void

    init(stock: Int, reported: @escaping (String?, String) -> Void) {
        self.stock = stock
        self.reported = reported
    }

    func run(_ path: String) throws {
        WatchpostSDK.setTag("file", URL(fileURLWithPath: path).lastPathComponent)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for (index, row) in text.split(separator: "\n").enumerated().dropFirst() {
            WatchpostSDK.withIsolationScope { _ in one(index + 1, String(row)) }
        }
        if stock < 10 {
            reported(WatchpostSDK.capture(message: "the stock is running low", level: .warning), "low stock")
        }
    }

    private func one(_ line: Int, _ text: String) {
        WatchpostSDK.addBreadcrumb(message: "read line \(line)", category: "import", data: ["text": .string(text)])
        do {
            let order = try parse(line: line, text)
            WatchpostSDK.setUser(User(username: order.customer))
            WatchpostSDK.setContext("order", ["number": .int(Int64(order.number)), "quantity": .int(Int64(order.quantity))])
            try take(order)
        } catch ImportError.outOfStock(let wanted, let left) {
            stockIsOut(ImportError.outOfStock(wanted: wanted, left: left))
        } catch {
            reported(WatchpostSDK.capture(error: error), "price")
        }
    }

    private func stockIsOut(_ error: Error) {
        reported(WatchpostSDK.capture(error: error) { $0.setLevel(.warning) }, "stock")
    }

    private func take(_ order: Order) throws {
        guard order.quantity <= stock else { throw ImportError.outOfStock(wanted: order.quantity, left: stock) }
        stock -= order.quantity
        WatchpostSDK.addBreadcrumb(
            message: "took \(order.quantity)", category: "stock", data: ["left": .int(Int64(stock))])
    }
}
