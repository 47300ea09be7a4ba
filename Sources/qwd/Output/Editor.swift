import Foundation
import Processes

/// The editor of whoever runs a command.
enum Editor {
    /// Opens a file on the terminal and returns when the editor has ended.
    static func open(_ file: String) throws {
        let words = try command(ProcessInfo.processInfo.environment)
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = words.dropFirst() + [file]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(.failed, "\(words[0]) ended with \(process.terminationStatus). The draft is kept: \(file)")
        }
    }

    /// The words of $VISUAL or $EDITOR, which may have options; no shell reads them. Without both, what Debian calls an editor.
    private static func command(_ environment: [String: String]) throws(Failure) -> [String] {
        let chosen = ["VISUAL", "EDITOR"].compactMap { environment[$0] }.first { !$0.isEmpty }
        let words = (chosen ?? "").split(separator: " ").map(String.init)
        let names = words.first.map { [$0] } ?? ["sensible-editor", "editor", "vi"]
        guard let program = names.lazy.compactMap({ Programs.find($0) }).first else {
            throw Failure(
                .failed, "There is no editor \(names[0]). Set EDITOR, or install one: apt-get install nano")
        }
        return [program] + words.dropFirst()
    }
}
