import FoundationEssentials
import Processes

extension CardBinding {
    /// Does what a plan says, one edit after the other.
    ///
    /// What was done is kept first, so that `planUnbind` takes back also what was interrupted in its middle.
    /// - Parameters:
    ///   - tell: Gets the lines of each edit before it is done.
    ///   - run: Runs a program to its end, and throws if it fails.
    ///   - write: Writes an attribute, in place of this host's sysfs.
    /// - Throws: `.changed` before anything was done, if a file has changed since the plan was made. Otherwise what failed; what
    ///   was done before stays.
    package func apply(
        _ plan: BindPlan, tell: @Sendable (String) -> Void = { _ in },
        run: @Sendable ([String]) async throws -> Void,
        write: (@Sendable (_ value: String, _ path: String) throws -> Void)? = nil
    ) async throws(GraphicsCardsError) {
        for edit in plan.fileEdits { try check(edit) }
        try plan.interim.write(recordPath)
        for edit in plan.edits {
            edit.lines.forEach(tell)
            do {
                switch edit {
                case .file(let edit):
                    // Again, because the programs in between take their time.
                    try check(edit)
                    try replace(edit)
                case .attribute(let path, let value):
                    if let write { try write(value, path) } else { try tree.write(value, toAttribute: path) }
                case .command(let words): try await run(words)
                }
            } catch {
                throw GraphicsCardsError(
                    (error as? GraphicsCardsError)?.code ?? .system,
                    "Stopped at \"\(edit.lines.first ?? "")\": \(error) What was done before stays;"
                        + " qwd gpu unbind \(plan.address) takes it back.", cause: error)
            }
        }
        if plan.record.cards.isEmpty {
            try HostTree(root: "").remove(recordPath)
        } else {
            try plan.record.write(recordPath)
        }
    }

    private func check(_ edit: FileEdit) throws(GraphicsCardsError) {
        guard try tree.content(edit.path) != edit.before else { return }
        throw GraphicsCardsError(
            .changed, "\(edit.path) was changed by somebody else just now. Look at it, and try again.")
    }

    private func replace(_ edit: FileEdit) throws(GraphicsCardsError) {
        if let after = edit.after {
            try tree.replace(edit.path, with: after)
        } else {
            try tree.remove(edit.path)
        }
    }
}
