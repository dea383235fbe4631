extension JSON {
    /// The value as JSON text, members sorted by key.
    public var text: String {
        var out = ""
        write(to: &out)
        return out
    }

    private func write(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .int(let value): out += String(value)
        // JSON has no NaN and no infinity; their names say more than null.
        case .double(let value): if value.isFinite { out += "\(value)" } else { JSON.quote("\(value)", to: &out) }
        case .string(let value): JSON.quote(value, to: &out)
        case .array(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                item.write(to: &out)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { out += "," }
                JSON.quote(member.key, to: &out)
                out += ":"
                member.value.write(to: &out)
            }
            out += "}"
        }
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }

    /// Parses one JSON document.
    ///
    /// - Throws: ``JSONSyntaxError`` with the offset, in bytes, of what was not understood.
    public init(parsing text: String) throws {
        var parser = JSONParser(bytes: Array(text.utf8))
        self = try parser.document()
    }
}

/// Text that is not JSON.
public struct JSONSyntaxError: Error, CustomStringConvertible {
    public let expected: String
    public let offset: Int
    public var description: String { "JSON: expected \(expected) at offset \(offset)" }
}

private struct JSONParser {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws -> JSON {
        let value = try value(depth: 0)
        space()
        guard at == bytes.count else { throw wanted("nothing more") }
        return value
    }

    private mutating func value(depth: Int) throws -> JSON {
        guard depth < 512 else { throw wanted("fewer levels") }
        space()
        guard at < bytes.count else { throw wanted("a value") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(_ depth: Int) throws -> JSON {
        var members: [String: JSON] = [:]
        at += 1
        space()
        if take("}") { return .object(members) }
        while true {
            space()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw wanted("a key") }
            let key = try string()
            space()
            guard take(":") else { throw wanted("a colon") }
            members[key] = try value(depth: depth + 1)
            space()
            if take(",") { continue }
            guard take("}") else { throw wanted("a closing brace") }
            return .object(members)
        }
    }

    private mutating func array(_ depth: Int) throws -> JSON {
        var items: [JSON] = []
        at += 1
        space()
        if take("]") { return .array(items) }
        while true {
            items.append(try value(depth: depth + 1))
            space()
            if take(",") { continue }
            guard take("]") else { throw wanted("a closing bracket") }
            return .array(items)
        }
    }

    private mutating func string() throws -> String {
        at += 1
        var out: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: out, as: UTF8.self) }
            if byte != UInt8(ascii: "\\") { out.append(byte); continue }
            out.append(contentsOf: String(try escape()).utf8)
        }
        throw wanted("the end of a string")
    }

    private mutating func escape() throws -> Character {
        guard at < bytes.count else { throw wanted("an escape") }
        at += 1
        switch bytes[at - 1] {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try unicode())
        case let other where "\"\\/".utf8.contains(other): return Character(Unicode.Scalar(other))
        default: throw wanted("an escape")
        }
    }

    private mutating func unicode() throws -> Unicode.Scalar {
        let first = try hex()
        if (0xD800..<0xDC00).contains(first), bytes[at...].starts(with: "\\u".utf8) {
            let before = at
            at += 2
            let second = try hex()
            if (0xDC00..<0xE000).contains(second) {
                return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
            }
            at = before
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }

    private mutating func hex() throws -> UInt32 {
        guard at + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw wanted("four hex digits") }
        at += 4
        return code
    }

    private mutating func number() throws -> JSON {
        let start = at
        while at < bytes.count, "+-0123456789.eE".utf8.contains(bytes[at]) { at += 1 }
        let digits = String(decoding: bytes[start..<at], as: UTF8.self)
        if let int = Int64(digits) { return .int(int) }
        if let double = Double(digits) { return .double(double) }
        at = start
        throw wanted("a value")
    }

    private mutating func word(_ word: String, _ value: JSON) throws -> JSON {
        guard bytes[at...].starts(with: word.utf8) else { throw wanted(word) }
        at += word.utf8.count
        return value
    }

    private mutating func space() {
        while at < bytes.count, bytes[at] == 0x20 || (0x09...0x0D).contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: scalar) else { return false }
        at += 1
        return true
    }

    private func wanted(_ expected: String) -> JSONSyntaxError { JSONSyntaxError(expected: expected, offset: at) }
}
