struct Order {
    let number: Int
    let customer: String
    let quantity: Int
    let price: Double
}

enum ImportError: Error {
    case invalidOrder(line: Int, underlying: Error)
    case outOfStock(wanted: Int, left: Int)
}

struct FieldError: Error {
    let field: String
    let text: String
}

func parse(line: Int, _ text: String) throws -> Order {
    let fields = text.split(separator: ",", maxSplits: 3).map(String.init)
    do {
        return Order(
            number: try number("number", fields[0]), customer: fields[1], quantity: try number("quantity", fields[2]),
            price: try price(fields[3]))
    } catch {
        throw ImportError.invalidOrder(line: line, underlying: error)
    }
}

private func number(_ field: String, _ text: String) throws -> Int {
    guard let number = Int(text) else { throw FieldError(field: field, text: text) }
    return number
}

// The bug: prices come in as people type them.
private func price(_ text: String) throws -> Double {
    guard let price = Double(text) else { throw FieldError(field: "price", text: text) }
    return price
}
