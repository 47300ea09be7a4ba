/// Prints figures: `name value unit (what it is compared with)`, one a line.
enum Figure {
    enum Limit: Sendable {
        case below(Double)
        case atLeast(Double)
    }

    /// - Parameters:
    ///   - limit: What the figure is compared with; a miss is part of the line.
    ///   - note: How it was measured, or how the limit comes about.
    static func print(_ name: String, _ value: Double, _ unit: String, limit: Limit? = nil, note: String = "") {
        var words = note.isEmpty ? [] : [note]
        switch limit {
        case .below(let most): words.append("limit \(text(most)): \(value < most ? "pass" : "MISS")")
        case .atLeast(let least): words.append("limit \(text(least)): \(value >= least ? "pass" : "MISS")")
        case nil: break
        }
        let tail = words.isEmpty ? "" : " (\(words.joined(separator: "; ")))"
        Swift.print("\(name) \(text(value)) \(unit)\(tail)")
    }

    /// A number with as many digits as mean something.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "none" }
        let digits = abs(value) >= 100 || value == value.rounded() ? 0 : abs(value) >= 10 ? 1 : 2
        let scale = [1, 10, 100][digits]
        let units = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && units > 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(units)" }
        return "\(sign)\(units / scale).\(String(scale + units % scale).dropFirst())"
    }
}
