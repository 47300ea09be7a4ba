/// Names of groups, as directories spell them.
package enum GroupName {
    /// Whether a group is the one that was meant.
    /// - Parameter group: A name, or a whole DN of which the first part is a name.
    package static func isSame(_ wanted: String, _ group: String) -> Bool {
        if wanted.utf8.elementsEqual(group.utf8) { return true }
        guard let first = group.split(separator: ",").first, let equals = first.firstIndex(of: "=") else {
            return false
        }
        return first[first.index(after: equals)...].utf8.elementsEqual(wanted.utf8)
    }

    /// Whether one of the groups is one of those that were meant.
    package static func isAny(of wanted: [String], in groups: [String]) -> Bool {
        wanted.contains { name in groups.contains { isSame(name, $0) } }
    }
}
