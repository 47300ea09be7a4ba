import ArgumentParser
import Domain
import Foundation
import Logins
import Queue
import Redis
import Settings

/// Helps people who can't sign in, and ends the logins of those who should not be.
struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Sign people out; take a lost second factor away.",
        subcommands: [SignOut.self, ForgetSecondFactor.self])

    struct SignOut: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sign a person out everywhere.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "The person's user name.") var user: PersonName

        func run() async throws {
            try await act(common, user, "signed out everywhere") { logins in
                try await logins.closeAll(of: user)
                return true
            }
        }
    }

    struct ForgetSecondFactor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a person's authenticator app away; the next sign-in sets up a new one.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "The person's user name.") var user: PersonName

        func run() async throws {
            try await act(common, user, "second factor taken away") { try await $0.removeSecondFactor(of: user) }
        }
    }
}

/// Does something with a person's account and notes it.
private func act(
    _ common: CommonOptions, _ user: PersonName, _ words: String, _ body: @Sendable (LoginStore) async throws -> Bool
) async throws {
    let settings = try common.settings()
    let login = settings.auth.login
    try await Connection.withQueue(settings) { queue in
        let logins = LoginStore(redis: queue.redis, idle: login.idle, absolute: login.absolute)
        do {
            guard try await body(logins) else { throw Failure(.failed, "\(user.text) has no second factor.") }
        } catch let error as RedisError {
            throw Failure(.unavailable, "\(error)")
        }
        try await queue.note(
            .admin, who: PersonName.ofCommandLine.text, from: "command line", what: user.text, detail: words)
    }
}
