import ArgumentParser
import FileDoor
import Glibc
import Processes

/// What a worker starts for a session's exchange folder when somebody comes. It ends when nobody has come for a while.
struct FileDoorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file-door", abstract: "Carry files to and from a session's folder; workers start it.",
        shouldDisplay: false)

    @Option(help: "The session, for who looks at processes.") var session: String
    @Option(help: "Bytes that the folder may have.") var bytes: Int
    @Option(help: "Bytes of the disk that stay free.") var reserve: Int
    @Argument(help: "The folder.") var directory: String

    func run() throws {
        // It is process 1 of its namespace, which signals without a handler do not reach.
        signal(SIGTERM) { _ in _exit(0) }
        guard let folder = ExchangeDirectory(directory) else {
            throw Failure(.failed, "\(directory): \(String(cString: strerror(errno)))")
        }
        // Descriptor 0 listens.
        FileDoor.serve(Descriptor(STDIN_FILENO), folder, DoorLimits(bytes: bytes, reserve: reserve))
    }
}
