/// A JSON object that keeps the order of its members and says `null` where there is nothing.
struct JSONObject: Sendable {
    private var members: [String] = []

    mutating func add(_ name: String, _ value: String?) {
        members.append("\(Self.quote(name)):\(value.map(Self.quote) ?? "null")")
    }

    mutating func add(_ name: String, _ value: Int?) {
        members.append("\(Self.quote(name)):\(value.map { "\($0)" } ?? "null")")
    }

    mutating func add(_ name: String, _ value: JSONObject) {
        members.append("\(Self.quote(name)):\(value.text)")
    }

    var text: String { "{" + members.joined(separator: ",") + "}" }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
