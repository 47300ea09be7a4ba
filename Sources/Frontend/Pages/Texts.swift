package import Domain
import FoundationEssentials

/// The words that people read in one language, on pages and from commands, from `Resources/<language>.json`.
package struct Texts: Sendable {
    private let words: [String: String]

    init(json: [UInt8]) throws {
        words = try JSONDecoder().decode([String: String].self, from: Data(json))
    }

    package static func english() throws -> Texts { try Texts(json: PackageResources.en_json) }

    var keys: Set<String> { Set(words.keys) }

    /// The text of a key, or nil where this language leaves it to the caller.
    func find(_ key: String) -> String? { words[key] }

    /// The text of a key with `{name}` replaced by the values. A key that is missing shows itself.
    func callAsFunction(_ key: String, _ values: [String: String] = [:]) -> String {
        guard let text = words[key] else { return key }
        return values.isEmpty ? text : Self.filled(text, values)
    }

    /// In one pass, so that braces in a value mean nothing. Pages have dozens of such texts, and thousands of readers.
    private static func filled(_ text: String, _ values: [String: String]) -> String {
        var filled = ""
        var rest = text[...]
        while let start = rest.utf8.firstIndex(of: UInt8(ascii: "{")),
            let end = rest[start...].utf8.firstIndex(of: UInt8(ascii: "}"))
        {
            let after = rest.utf8.index(after: end)
            filled += rest[..<start]
            filled += values[String(rest[rest.utf8.index(after: start)..<end])] ?? String(rest[start..<after])
            rest = rest[after...]
        }
        return filled + rest
    }

    package func title(of step: SessionStep) -> String { self("step.\(step.rawValue)") }

    package func sentence(for reason: EndReason) -> String { self("reason.\(reason.rawValue)") }

    /// What stands in Redis about a session or a job, in words: it is a code with a parameter (`host-silent:desk2`), or a text of
    /// a worker, which stays as it is.
    package func detail(_ text: String) -> String {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let code = parts.first, let words = words["detail.\(code)"] else { return text }
        return Self.filled(words, ["what": parts.count > 1 ? parts[1] : ""])
    }

    /// The text for a number of things, from `<key>.one` or `<key>.other`.
    func count(_ key: String, _ number: Int) -> String {
        self(number == 1 ? "\(key).one" : "\(key).other", ["count": "\(number)"])
    }
}

extension Texts {
    /// A span of time as its one or two largest units: `4 days`, `1 day 3 h`, `12 min`.
    func duration(seconds: Int) -> String {
        let minutes = seconds / 60
        let hours = minutes / 60
        let days = hours / 24
        if days > 0 {
            let rest = hours % 24
            return rest == 0 ? count("unit.days", days) : count("unit.days", days) + " " + count("unit.h", rest)
        }
        if hours > 0 {
            let rest = minutes % 60
            return rest == 0 ? count("unit.hours", hours) : count("unit.h", hours) + " " + count("unit.min", rest)
        }
        if minutes > 0 { return count("unit.minutes", minutes) }
        return count("unit.seconds", max(seconds, 0))
    }

    /// How long something took: `0.24 s`, `3.1 s`, `42 s`, `2 min 5 s`.
    func elapsed(milliseconds: Int) -> String {
        let tenths = (milliseconds + 50) / 100
        switch milliseconds {
        case ..<995:
            let hundredths = (max(milliseconds, 0) + 5) / 10
            return self("unit.s", ["count": "0.\(hundredths < 10 ? "0" : "")\(hundredths)"])
        case ..<9950: return self("unit.s", ["count": "\(tenths / 10).\(tenths % 10)"])
        case ..<60_000: return self("unit.s", ["count": "\(milliseconds / 1000)"])
        default:
            let seconds = milliseconds / 1000
            return count("unit.min", seconds / 60) + " " + self("unit.s", ["count": "\(seconds % 60)"])
        }
    }

    /// An amount of memory: `512 MiB`, `4 GiB`, `1.5 GiB`.
    func memory(mib: Int) -> String {
        if mib < 1024 { return self("unit.mib", ["count": "\(mib)"]) }
        let tenths = (mib * 10 + 512) / 1024
        let number = tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        return self("unit.gib", ["count": number])
    }
}
