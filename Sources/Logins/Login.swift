package import Domain

/// Somebody who is signed in at one browser: one `qwd:login:<id>` hash. Times are milliseconds since the epoch by Redis'
/// clock.
package struct Login: Sendable, Hashable, Identifiable {
    /// The SHA-256 of the browser's token, as 64 hexadecimal digits: the token itself is stored nowhere.
    package let id: String
    package var person: Person
    /// The address that it was made from.
    package var from: String
    package var createdAt: Int64
    /// When it was used last, to the minute.
    package var seenAt: Int64
    /// When it is over, however much it is used.
    package var endsAt: Int64

    static let fields = ["user", "email", "method", "groups", "from", "created_at", "seen_at", "ends_at"]

    init?(id: String, values: [String?]) {
        guard values.count == Self.fields.count, let user = values[0], !user.isEmpty,
            let created = values[5].flatMap({ Int64($0) }), let seen = values[6].flatMap({ Int64($0) }),
            let ends = values[7].flatMap({ Int64($0) })
        else { return nil }
        self.id = id
        person = Person(
            name: PersonName(recorded: user), email: values[1].flatMap { $0.isEmpty ? nil : $0 },
            groups: GroupList.read(values[3] ?? ""),
            method: values[2] ?? "")
        from = values[4] ?? ""
        createdAt = created
        seenAt = seen
        endsAt = ends
    }
}

/// Names of groups as one text, a line each: no directory has line breaks in them.
enum GroupList {
    static func text(_ groups: [String]) -> String {
        groups.filter { !$0.contains(where: \.isNewline) }.joined(separator: "\n")
    }

    static func read(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
}
