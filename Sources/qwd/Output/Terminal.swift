import Foundation
import Glibc

/// The person at the terminal, if there is one.
enum Terminal {
    static var hasPerson: Bool { isatty(STDIN_FILENO) == 1 }

    /// Asks whether something shall be done; anything but a yes is a no.
    static func agrees(to question: String) -> Bool {
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        return ["y", "yes"].contains(readLine()?.lowercased())
    }
}
