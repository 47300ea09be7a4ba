/// What binding or unbinding a card changes on this host, before any of it is done.
package struct BindPlan: Hashable, Sendable {
    package let address: PCIAddress
    /// In the order in which they are done.
    package let edits: [Edit]
    /// What a person should know or do besides.
    package let notes: [String]
    /// What is kept once all is done.
    let record: BindRecord
    /// What is kept meanwhile: enough to take back any part of it.
    let interim: BindRecord

    /// The plan as it is shown, line by line.
    package var lines: [String] { edits.flatMap(\.lines) + notes.map { "Note: \($0)" } }

    package var fileEdits: [FileEdit] {
        edits.compactMap { if case .file(let edit) = $0 { edit } else { nil } }
    }
}
