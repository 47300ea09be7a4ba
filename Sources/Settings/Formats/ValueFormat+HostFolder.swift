import Domain

extension ValueFormat where Value == HostFolder {
    static var hostFolder: Self {
        let form =
            "{ path: DIRECTORY, tag: NAME, read_only: true or false, users: [NAME], groups: [NAME], guest_user: NUMBER, type: virtiofs }"
        return ValueFormat(
            expected: form,
            read: { (raw) throws(Mismatches) in
                guard let members = raw.members else { throw Mismatches(raw, expected: form) }
                guard let place = members.first(where: { $0.name == "path" }) else {
                    throw Mismatches(raw, found: "no path", expected: form)
                }
                var folder = HostFolder(path: try ValueFormat<String>.absolutePath.read(place.value))
                for (member, value) in members {
                    if members.count(where: { $0.name == member }) > 1 {
                        throw Mismatches(value, found: "\(member) twice", expected: "each key once")
                    }
                    switch member {
                    case "path": break
                    case "tag": folder.tag = try ValueFormat<String>.name.read(value)
                    case "read_only": folder.isReadOnly = try ValueFormat<Bool>.boolean.read(value)
                    case "users": folder.users = try ValueFormat<[String]>.list(of: .text).read(value)
                    case "groups": folder.groups = try ValueFormat<[String]>.list(of: .text).read(value)
                    case "type":
                        // A key for what there is one of: whoever wants 9p is told why there is none.
                        if try ValueFormat<String>.text.read(value) != "virtiofs" {
                            throw Mismatches(
                                value, expected: "virtiofs",
                                advice: "QEMU's 9p would serve everybody's files as the machine's own user")
                        }
                    case "guest_user":
                        folder.guestUser = UInt32(try ValueFormat<Int>.integer(0...Int(UInt32.max - 1)).read(value))
                    default:
                        let names = ["path", "tag", "read_only", "users", "groups", "guest_user", "type"]
                        throw Mismatches(
                            value, found: member.quotedForMessage, expected: form,
                            advice: Spelling.nearest(to: member, among: names).map { "did you mean \($0)?" })
                    }
                }
                // Who is named is not everybody else too.
                if members.contains(where: { $0.name == "groups" }), !members.contains(where: { $0.name == "users" }) {
                    folder.users = []
                }
                if let problem = folder.problem { throw Mismatches(place.value, expected: problem) }
                return folder
            },
            write: { folder in
                let lists = [("users", folder.users), ("groups", folder.groups)].map { name, values in
                    "\(name): [\(values.map(\.yamlText).joined(separator: ", "))]"
                }
                return "{ path: \(folder.path.yamlText), tag: \(folder.tag.yamlText), read_only: \(folder.isReadOnly), "
                    + lists.joined(separator: ", ") + ", guest_user: \(folder.guestUser) }"
            })
    }
}

extension HostFolder {
    /// What a folder has to be that it is not; nil for one that is in order.
    fileprivate var problem: String? {
        let words = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if words.contains(where: { $0 == "." || $0 == ".." }) { return "a path without dots" }
        if words.contains(where: \.isEmpty) { return "a directory, and not the whole host" }
        // Else a name could end in the middle of another one's.
        if words.contains(where: { $0.contains(Self.userSymbol) && $0 != Self.userSymbol }) {
            return "{user} as a whole word of the path"
        }
        if tag.utf8.count > Self.longestTag { return "a tag of at most \(Self.longestTag) letters, or a shorter path" }
        if Self.place(of: tag) == Self.place(of: ExchangeFolder.tag) {
            return "another tag than that of the sessions' own folder"
        }
        if Self.place(of: tag) == "/mnt/" { return "a tag with a word behind host_" }
        // It stands in QEMU's options and in the guest's script.
        let isPlain = tag.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        return isPlain ? nil : "a tag of letters, digits, \".\", \"_\" and \"-\" besides"
    }
}
