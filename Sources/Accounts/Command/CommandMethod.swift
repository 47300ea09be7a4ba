package import Domain
import Glibc

/// A program of the administrator's own.
///
/// It gets the user's name and the password on standard input, a line each, no arguments and an empty environment but
/// `PATH`. Exit code 0 admits, 1 refuses; everything else (another code, a signal, no end in time) lets nobody in.
package struct CommandMethod: SignInMethod {
    package struct Options: Sendable {
        /// Absolute.
        package var path: String
        /// Longest run of the program, which is killed then with all it started.
        package var timeout: Duration = .seconds(5)

        package init(path: String) {
            self.path = path
        }
    }

    package let name = "command"
    private let options: Options
    private let lane: Lane

    package init(_ options: Options) {
        self.options = options
        lane = Lane("Sign-in program \(options.path)")
    }

    package func check() throws(AccountsError) {
        guard options.path.hasPrefix("/"), !options.path.utf8.contains(0) else {
            throw AccountsError(.badConfiguration, "command.path should be the absolute path of a program.")
        }
        guard access(options.path, X_OK) == 0 else {
            throw AccountsError(.badConfiguration, "command.path: \(options.path) is no program that can be run.")
        }
    }

    package func person(for credentials: Credentials) async throws(AccountsError) -> Person? {
        guard accepts(credentials) else { return nil }
        try check()
        let options = options
        let end = try await lane.run(limit: options.timeout) { call throws(AccountsError) in
            let program = try SignInProgram(
                options.path, input: "\(credentials.user)\n\(credentials.password.revealed)\n")
            return try program.end(by: call.deadline)
        }
        switch end {
        case .exited(0):
            return Person(name: credentials.user, email: EmailAddress(credentials.user)?.text, method: name)
        case .exited(1): return nil
        case .exited(let code):
            throw AccountsError(.system, "\(options.path) ended with code \(code), neither yes (0) nor no (1).")
        case .killed(let signal): throw AccountsError(.system, "\(options.path) was ended by signal \(signal).")
        }
    }
}
