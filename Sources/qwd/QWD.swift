import ArgumentParser
import Foundation
import Glibc
import Processes
import Settings

/// The command line of qwd.
@main
struct QWD: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qwd",
        abstract: "Virtual machines in the browser, as a job queue.",
        discussion: """
            Data goes to standard output, messages to standard error. Exit codes: 0 ok, \
            \(FailureCode.allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: ", ")).
            """,
        version: "qwd \(Version.text)",
        subcommands: [DisplayGatewayCommand.self, TrafficShaperCommand.self, FileDoorCommand.self, Generate.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Services:", subcommands: [Up.self, FrontendRole.self, WorkerRole.self, SchedulerRole.self]),
            CommandGroup(name: "Sessions:", subcommands: [Start.self, Stop.self, Status.self, SessionCommand.self]),
            CommandGroup(
                name: "Administration:",
                subcommands: [
                    MachineCommand.self, JobCommand.self, HostCommand.self, GPUCommand.self, AccountCommand.self,
                    Audit.self,
                    ConfigCommand.self, Doctor.self, Health.self, ImportReference.self, Backup.self, Restore.self,
                    SelfTest.self,
                    VersionCommand.self,
                ]),
        ])

    static func main() async {
        // A peer that goes away must be an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        DescriptorLimit.raise()
        do {
            var command = try await asyncParseAsRoot(try words())
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let anew as BeginsAnew {
            anew.become()
        } catch let failure as Failure {
            Console.say("qwd: \(failure.message)")
            Glibc.exit(failure.code.rawValue)
        } catch {
            // ArgumentParser's own errors are about usage; help and version come this way too, with code 0.
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code == .success { Console.print(message) } else if !message.isEmpty { Console.say(message) }
            if !isQwdctl, let meant = suggestion() { Console.say("Did you mean 'qwd \(meant)'?") }
            Glibc.exit(code == .success ? 0 : code == .validationFailure ? FailureCode.usage.rawValue : code.rawValue)
        }
    }
}

extension QWD {
    private static var isQwdctl: Bool { Qwdctl.isCalled(CommandLine.arguments.first ?? "") }

    /// What was typed, behind the program's name.
    private static func words() throws -> [String] {
        let words = Array(CommandLine.arguments.dropFirst())
        guard isQwdctl else { return try CommonOptions.behindCommand(words) }
        if QwdctlVerb(word: words.first ?? "") == .help { throw CleanExit.message(Qwdctl.help) }
        return try Qwdctl.translate(words, environment: ProcessInfo.processInfo.environment)
    }

    /// The command that somebody may have meant by the first word, if that is none.
    private static func suggestion() -> String? {
        let commands = configuration.groupedSubcommands.flatMap(\.subcommands).compactMap {
            $0.configuration.commandName ?? "\($0)".lowercased()
        }
        guard let word = (try? words())?.first, !word.hasPrefix("-"), !commands.contains(word) else {
            return nil
        }
        return Spelling.nearest(to: word, among: commands)
    }
}

enum Version {
    static let text = "0.1.0"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() {
        Console.print("qwd \(Version.text)")
    }
}
