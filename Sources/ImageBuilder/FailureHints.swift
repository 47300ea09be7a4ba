/// The way out of failures that are seen often.
enum FailureHints {
    private static let known = [
        (
            ["Temporary failure resolving", "Could not resolve", "Could not connect", "Network is unreachable"],
            "The package server can't be reached: check the network, or set a proxy (http_proxy)."
        ),
        (["No space left on device"], "Free some space or choose another directory."),
        (["is not valid yet", "has expired", "Release file for"], "Check this host's clock."),
        (
            ["Hash Sum mismatch", "Failed to fetch"],
            "The package server is being updated: apt-get update, then build again."
        ),
        (
            ["GPG error", "NO_PUBKEY", "is not signed"],
            "Install the keys anew: apt-get install --reinstall debian-archive-keyring"
        ),
    ]

    /// - Parameter lines: What the failed program said last.
    static func find(_ lines: [String]) -> String {
        for (marks, advice) in known where lines.contains(where: { line in marks.contains { line.contains($0) } }) {
            return advice
        }
        return "Build again; if it fails at the same place, the log tells more."
    }
}
