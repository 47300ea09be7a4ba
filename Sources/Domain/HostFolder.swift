/// A directory of workers' hosts that guests get, as an administrator writes it.
package struct HostFolder: Sendable, Hashable {
    /// Absolute. `{user}` in it stands for the name of the session's owner.
    package var path: String
    /// Under which name a guest finds it.
    package var tag: String
    package var isReadOnly = true
    /// Who may have it, by name or by group; `*` is everybody.
    package var users = ["*"]
    package var groups: [String] = []
    /// The number of the user in the guest to whom the person's files belong there.
    package var guestUser: UInt32 = 1000

    package static let userSymbol = "{user}"
    /// virtio (5.11.4) has 36 bytes for a tag.
    package static let longestTag = 36

    package init(path: String, tag: String? = nil) {
        self.path = path
        // The last word that is the same for all.
        let words = path.split(separator: "/").filter { !$0.contains(Self.userSymbol) }
        self.tag = tag ?? "host_\(words.last ?? "root")"
    }

    /// Whether each person has another one.
    package var isPersonal: Bool { path.contains(Self.userSymbol) }

    /// Whether a person may have it.
    /// - Parameters:
    ///   - groups: As the way to sign in tells them.
    ///   - isKnown: Whether the person has shown who he is. Who has not can only have what is for everybody, and the same for all.
    package func isFor(_ person: PersonName, groups: [String], isKnown: Bool) -> Bool {
        if users.contains("*"), isKnown || !isPersonal { return true }
        guard isKnown else { return false }
        return person.isAmong(users) || GroupName.isAny(of: self.groups, in: groups)
    }

    /// Where guests that mount it by our script have it.
    package static func place(of tag: String) -> String { "/mnt/\(tag.trimmingPrefix("host_"))" }

    /// Its place for a person; nil if the name can't be that of a directory.
    package func path(for person: PersonName) -> String? {
        guard isPersonal else { return path }
        let name = person.text
        guard name != ".", name != "..", !name.contains("/"), name.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            return nil
        }
        return path.replacing(Self.userSymbol, with: name)
    }
}

/// What became of a folder in a session.
package struct SessionFolder: Sendable, Hashable {
    package var tag: String
    package var isReadOnly: Bool
    /// Why the session has not got it; nil if it has.
    package var problem: String?

    package init(tag: String, isReadOnly: Bool, problem: String? = nil) {
        self.tag = tag
        self.isReadOnly = isReadOnly
        self.problem = problem
    }

    /// On one line, as the queue keeps it.
    package var text: String { "\(tag) \(isReadOnly ? "ro" : "rw")" + (problem.map { " \($0)" } ?? "") }

    package init?(_ text: Substring) {
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count >= 2 else { return nil }
        self.init(
            tag: String(words[0]), isReadOnly: words[1] == "ro", problem: words.count > 2 ? String(words[2]) : nil)
    }
}

/// The folder through which files come into a session's guest and out of it.
package enum ExchangeFolder {
    /// Under which name a guest finds it.
    package static let tag = "exchange"
    /// Whose files it has in the guest: those of the first user of most systems.
    package static let guestUser: UInt32 = 1000
}

/// What a guest may do in its exchange folder.
package enum ExchangeGrowth: Sendable, Hashable {
    /// Anything, up to the folder's limit for each file.
    case free
    /// No file grows; what is there can be made smaller or removed.
    case full
    /// Nothing: there are more files than are looked after. The machine stands still until some are removed from outside.
    case stopped
}
