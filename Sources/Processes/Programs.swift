import Glibc

/// Finds programs as the kernel would, without asking a shell.
package enum Programs {
    /// The absolute path of a program, or nil if it is not installed.
    package static func find(_ name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        // An administrator's PATH may lack the sbin directories where Debian puts some of them.
        let directories: [Substring] = path.split(separator: ":") + ["/usr/sbin", "/sbin"]
        for directory in directories {
            let candidate = "\(directory)/\(name)"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        return nil
    }
}
