package import Domain
import Glibc

/// A program of the administrator's own.
///
/// It gets the user's name and the password on standard input, a line each, no arguments and an empty environment but
/// `PATH`. Exit code 0 admits, 1 refuses; everything else (another code, a signal, no end in time) lets nobody in.
///
/// A program that does not mind how a name is spelt prints on its standard output how it is spelt, one line: that is who
/// comes in. One that prints nothing says that it is spelt as it was typed. Anything else printed lets nobody in.
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
    private let pool: BlockingPool

    package init(_ options: Options) {
        self.options = options
        pool = BlockingPool("Sign-in program \(options.path)")
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
        guard accepts(credentials), let typed = credentials.name else { return nil }
        try check()
        let options = options
        let end = try await pool.run(limit: options.timeout) { call throws(AccountsError) in
            let program = try SignInProgram(
                options.path, input: "\(credentials.user)\n\(credentials.password.revealed)\n")
            return try program.end(by: call.deadline)
        }
        switch end {
        case .exited(0, let output):
            let user = try spelling(output) ?? typed
            return Person(name: user, email: EmailAddress(user.text)?.text, method: name)
        case .exited(1, _): return nil
        case .exited(let code, _):
            throw AccountsError(.system, "\(options.path) ended with code \(code), neither yes (0) nor no (1).")
        case .killed(let signal): throw AccountsError(.system, "\(options.path) was ended by signal \(signal).")
        }
    }

    /// The name that the program has printed, or nil if it printed nothing.
    private func spelling(_ output: [UInt8]) throws(AccountsError) -> PersonName? {
        let line = output.last == UInt8(ascii: "\n") ? output.dropLast() : output[...]
        if line.isEmpty { return nil }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw AccountsError(.badConfiguration, "\(options.path) printed what is no UTF-8 in place of a name.")
        }
        return try PersonName(spelling: text, by: "\(options.path) (on its standard output)")
    }
}
