/// Why an image was not built, for a person at a terminal.
package struct ImageBuildError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// There is no machine of that name to build.
        case unknownMachine
        /// Programs that the build calls are not installed on this host.
        case missingPrograms
        /// This user may not do what the build needs.
        case notAllowed
        /// Not enough free disk space.
        case noSpace
        /// The host's package sources can't be used.
        case noSources
        /// The same machine is being built by another process.
        case busy
        /// A program failed, or a file could not be written.
        case failed
        case cancelled
    }

    package var code: Code
    /// What was being done, in the words of `BuildProgress`.
    package var step: String
    package var detail: String
    /// The way out.
    package var advice: String
    /// File with everything that the called programs said. Kept only when the build failed while they ran.
    package var log: String?

    package init(_ code: Code, step: String, detail: String, advice: String = "", log: String? = nil) {
        self.code = code
        self.step = step
        self.detail = detail
        self.advice = advice
        self.log = log
    }

    package var description: String {
        var text = "\(step): \(detail)"
        if !advice.isEmpty { text += "\n\(advice)" }
        if let log { text += "\nAll output: \(log)" }
        return text
    }
}
