import ArgumentParser
import Domain
import Foundation

extension PersonName: ExpressibleByArgument {
    /// A name on the command line.
    package init?(argument: String) {
        guard let name = try? PersonName(argument) else { return nil }
        self = name
    }

    /// Whoever runs this command.
    static var ofCommandLine: PersonName {
        // The host's name of the account, whatever it has in it: nobody else has given it.
        (try? PersonName(NSUserName())) ?? PersonName(recorded: NSUserName())
    }
}
