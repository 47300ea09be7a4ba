import ArgumentParser
import Foundation
import Settings

/// Checks, shows and edits the configuration.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check, show or edit the configuration.",
        subcommands: [Check.self, Show.self, Edit.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Name every error of the configuration.")
        @OptionGroup var common: CommonOptions

        func run() throws {
            let settings = try common.settings()
            if let problem = settings.signInProblem { throw Failure(.badConfiguration, problem) }
            let problems = settings.placeProblems
            if !problems.isEmpty {
                throw Failure(
                    .badConfiguration,
                    "The configuration names what is not right:\n"
                        + problems.map { "\($0.key): \($0.text)" }.joined(separator: "\n"))
            }
            for check in [DoctorCheck.signIn(settings), DoctorCheck.displays(settings)] where check.verdict == .degraded
            {
                Console.say("qwd: \(check.subject): \(check.finding)")
            }
            Console.say("qwd: the configuration is good")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the configuration in effect, with the place each value came from.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Print a file with every key as a comment, each with its default and its meaning.")
        var defaults = false

        func run() throws {
            if defaults {
                let environment = ProcessInfo.processInfo.environment
                return Console.print(Settings.template(hostEnvironment: HostEnvironment(environment: environment)))
            }
            Console.print(try common.settings().yaml())
        }
    }
}
