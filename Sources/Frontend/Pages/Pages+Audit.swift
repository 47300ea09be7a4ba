import Domain

extension Pages {
    /// - Parameter entries: The newest first.
    func audit(_ entries: [AuditEntry]) -> String {
        render(
            "audit",
            [
                "entries": entries.map { entry -> Templates.Model in
                    [
                        "at": HTML.time(entry.at), "who": entry.who, "act": entry.act.rawValue, "detail": entry.story,
                        "what": entry.what, "from": entry.from,
                    ]
                }
            ])
    }
}
