import Glibc
import Logging
import Machines
import Processes

/// Removes exchange folders that nobody needs any more, whatever guests have put into them: many files, directories deeper than any path
/// may be long, names that are no text. They get another name at once and go beside all else; what is left when we are killed goes
/// with the next start.
struct ExchangeRemoval: Sendable {
    /// Where the folders are.
    var directory: String
    var logger: Logger

    /// - Returns: Whether the folder has no name any more that a session's could be.
    static func take(_ folder: String) -> Bool {
        let parent = Files.directory(of: folder)
        return rename(folder, "\(parent)/\(HostPaths.removed)\(UInt64.random(in: 0...UInt64.max))") == 0
    }

    /// Removes what there is, until cancelled.
    func run() async {
        var said = ""
        while !Task.isCancelled {
            var problem = ""
            for name in Files.names(in: directory) where name.hasPrefix(HostPaths.removed) && !Task.isCancelled {
                do throws(ProcessError) { try await remove("\(directory)/\(name)") } catch { problem = "\(error)" }
            }
            if problem != said, !problem.isEmpty, !Task.isCancelled {
                logger.error("an exchange folder can't be removed", metadata: ["error": "\(problem)"])
            }
            said = problem
            // What could not be removed now may be later; nothing tells when.
            try? await Task.sleep(for: problem.isEmpty ? .seconds(1) : .seconds(60))
        }
    }

    private func remove(_ folder: String) async throws(ProcessError) {
        // A guest may have taken every right from a directory, which binds everybody but root.
        if geteuid() != 0 { _ = try await run("chmod", ["--recursive", "--silent", "u+rwx", folder]) }
        let result = try await run("rm", ["--recursive", "--force", "--one-file-system", folder])
        guard result.isSuccess else {
            throw ProcessError(.system, "\(folder): \(result.message.suffix(500)). Remove it by hand.")
        }
    }

    private func run(_ program: String, _ arguments: [String]) async throws(ProcessError) -> ForegroundProcess.Result {
        try await ForegroundProcess.run(Program(program, arguments, package: "coreutils"), limit: .seconds(3600))
    }
}
