import Processes

/// The mark by which a host remembers the highest claim that ever acted for a session.
package enum FenceFile {
    /// Reads the mark; zero if there is none.
    package static func read(_ paths: SessionPaths) -> Int {
        Files.read(paths.fence).flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }

    /// - Throws: `.stale` if a higher one than `fence` was here.
    package static func check(_ paths: SessionPaths, _ fence: Int) throws(MachineError) {
        let known = read(paths)
        guard known <= fence else {
            throw MachineError(.stale, "Claim \(known) has taken over from claim \(fence).")
        }
    }

    /// Writes `fence` before anything is done in its name.
    /// - Throws: `.stale` if a higher one was here.
    package static func raise(_ paths: SessionPaths, to fence: Int) throws(MachineError) {
        try check(paths, fence)
        try MachineError.translating { () throws(ProcessError) in try Files.write("\(fence)\n", to: paths.fence) }
    }
}
