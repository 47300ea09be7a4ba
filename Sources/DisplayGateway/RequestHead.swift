/// The head of an HTTP/1 request, as far as the gateway needs it. Strict, because browsers and proxies write it right.
struct RequestHead: Sendable {
    struct Malformed: Error {}

    let method: String
    /// Without the query.
    let path: String
    /// Names in lower case.
    private let fields: [(name: String, value: String)]

    /// - Parameter bytes: All of the head, without the empty line at its end.
    init(_ bytes: some Sequence<UInt8>) throws(Malformed) {
        var lines = Array(bytes).split(separator: 10, omittingEmptySubsequences: false)[...]
        // Each line but the last, which lost its end, ends with CR.
        for place in lines.indices.dropLast() {
            guard lines[place].last == 13 else { throw Malformed() }
            lines[place].removeLast()
        }
        guard lines.allSatisfy({ $0.allSatisfy { $0 == 9 || $0 >= 32 && $0 != 127 } }), let first = lines.popFirst()
        else { throw Malformed() }
        let words = first.split(separator: 32, omittingEmptySubsequences: false)
        guard words.count == 3, words[0].allSatisfy(Self.isOfToken), !words[0].isEmpty, words[1].first == 47,
            words[1].allSatisfy({ $0 > 32 && $0 < 127 }), words[2].elementsEqual("HTTP/1.1".utf8)
        else { throw Malformed() }
        method = String(decoding: words[0], as: UTF8.self)
        path = String(decoding: words[1].prefix { $0 != 63 }, as: UTF8.self)
        var fields: [(String, String)] = []
        for line in lines {
            guard let colon = line.firstIndex(of: 58), colon > line.startIndex,
                line[..<colon].allSatisfy(Self.isOfToken)
            else { throw Malformed() }
            let blank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
            var value = line[(colon + 1)...].drop(while: blank)
            while let last = value.last, blank(last) { value.removeLast() }
            fields.append(
                (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self)))
        }
        self.fields = fields
    }

    /// The values of a field, in their order.
    func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// The value of a field that may come once.
    /// - Throws: If it comes twice: then two readers could take two different ones.
    func single(_ name: String) throws(Malformed) -> String? {
        let all = values(name)
        guard all.count <= 1 else { throw Malformed() }
        return all.first
    }

    /// The members of a field that is a list.
    func list(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { member in
            String(member.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
    }

    /// RFC 9110, section 5.6.2.
    private static func isOfToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
