import ArgumentParser
import Settings

/// Checks and shows the configuration.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check or show the configuration.", subcommands: [Check.self, Show.self])

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

        func run() throws {
            Console.print(try common.settings().yaml())
        }
    }
}
