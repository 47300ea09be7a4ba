import ArgumentParser
import Processes

/// Writes what a package installs beside the program, from what the program knows of itself.
struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write what a package installs beside the program.", shouldDisplay: false, subcommands: [Man.self])

    struct Man: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Write the manual pages into a directory.")
        @Argument(help: "The directory, which must be there.", completion: .directory) var directory: String

        func run() async throws {
            do {
                for page in try await ManualPage.all() {
                    try Files.write(page.text, to: "\(directory)/\(page.file)")
                    Console.print("\(directory)/\(page.file)")
                }
            } catch let error as ProcessError {
                throw Failure(.failed, "\(error)")
            }
        }
    }
}
