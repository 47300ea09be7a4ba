import Domain

extension ValueFormat {
    /// Several values, each one once: a list in YAML, separated by commas in a variable or a flag.
    static func list<Element: Equatable>(
        of format: ValueFormat<Element>, atLeast least: Int = 0
    ) -> Self where Value == [Element] {
        let expected = "a list in brackets, each " + format.expected
        return ValueFormat(
            expected: expected,
            read: { (raw) throws(Mismatches) in
                guard let items = raw.items else { throw Mismatches(raw, expected: expected) }
                guard items.count >= least else {
                    throw Mismatches(raw, found: "an empty list", expected: expected, advice: "name one at least")
                }
                var values: [Element] = []
                var mismatches: [ValueError] = []
                for item in items {
                    do throws(Mismatches) {
                        let value = try format.read(item)
                        if values.contains(value) {
                            throw Mismatches(item, found: item.found() + " twice", expected: "each value once")
                        }
                        values.append(value)
                    } catch { mismatches += error.all }
                }
                if !mismatches.isEmpty { throw Mismatches(mismatches) }
                return values
            },
            write: { "[" + $0.map(format.write).joined(separator: ", ") + "]" },
            writeRedacted: { "[" + $0.map(format.writeRedacted).joined(separator: ", ") + "]" })
    }
}

extension RawValue {
    /// The members of a list; nil if this is none.
    fileprivate var items: [RawValue]? {
        switch content {
        case .list(let items):
            return items
        case .argument(let text):
            var list = text[...]
            if list.hasPrefix("["), list.hasSuffix("]") { list = list.dropFirst().dropLast() }
            if list.allSatisfy(\.isWhitespace) { return [] }
            return list.splitOutsideBraces.map { RawValue(content: .argument($0.trimmed)) }
        case .plain, .quoted, .section, .null, .tagged:
            return nil
        }
    }
}

extension Substring {
    /// The pieces between commas, but for those within braces.
    fileprivate var splitOutsideBraces: [Substring] {
        var depth = 0
        var pieces: [Substring] = []
        var start = startIndex
        for place in indices {
            switch self[place] {
            case "{": depth += 1
            case "}": depth -= 1
            case "," where depth <= 0:
                pieces.append(self[start..<place])
                start = index(after: place)
            default: break
            }
        }
        return pieces + [self[start...]]
    }
}
