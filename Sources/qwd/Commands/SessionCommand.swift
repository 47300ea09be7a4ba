import ArgumentParser
import Domain
import Foundation
import Logging
import Machines
import Processes
import QMP
import Queue
import Settings

/// Looks at a session's machine, on its host.
struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Look at a session's machine, on the host that it runs on.",
        subcommands: [Log.self, Screenshot.self])

    /// The files of a session that is on this host.
    static func files(_ text: String, _ settings: Settings) async throws -> SessionPaths {
        guard let id = SessionID(text) else {
            throw Failure(.usage, "“\(text)” is no id of a session. 'qwd status' shows them.")
        }
        let paths = HostPaths(runtime: settings.runtimeDir, state: settings.stateDir).session(id)
        if Files.exists(paths.run) { return paths }
        let session = try await Connection.withQueue(settings) { try await $0.session(id) }
        guard let session, session.state != .ended else {
            throw Failure(.failed, "There is no session \(id) that runs.")
        }
        throw Failure(.failed, "Session \(id) runs on \(session.hostName ?? "no host yet"). Look at it there.")
    }

    struct Log: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the last lines of a session's serial console, and of its BIOS.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Id of the session, as 'qwd status' shows it.", completion: Completions.sessions)
        var session: String

        func run() async throws {
            let files = try await SessionCommand.files(session, try common.settings())
            let text = Self.lines(Files.read(files.consoleLog) ?? "")
            // A guest may write what a terminal obeys.
            if text.isEmpty { Console.say("qwd: its console has said nothing yet") } else { Console.print(text) }
        }

        /// A console begins its lines with carriage returns, before or behind the line feed, or with them alone.
        static func lines(_ text: String) -> String {
            var lines = ""
            var returned = false
            for scalar in text.unicodeScalars {
                if returned, scalar != "\r", scalar != "\n", !lines.isEmpty, lines.last != "\n" { lines += "\n" }
                returned = scalar == "\r"
                if !returned { lines.unicodeScalars.append(scalar) }
            }
            return lines
        }
    }

    struct Screenshot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a picture of a session's screen as PNG.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Id of the session, as 'qwd status' shows it.", completion: Completions.sessions)
        var session: String
        @Argument(help: "The file that it goes to.", completion: .file()) var file: String

        func run() async throws {
            let files = try await SessionCommand.files(session, try common.settings())
            let partial = "\(file).partial"
            let picture: Descriptor
            do { picture = try Files.create(partial) } catch { throw Failure(.failed, error.detail) }
            do {
                try await take(files, into: picture)
            } catch {
                unlink(partial)
                throw Failure(.failed, "There is no picture of session \(session): \(error)")
            }
            guard Files.length(partial) > 0, rename(partial, file) == 0 else {
                let reason = String(cString: strerror(errno))
                unlink(partial)
                throw Failure(.failed, "Can't write \(file): \(reason)")
            }
            Console.print(file)
        }

        /// QEMU writes it, to a file that it is given: it can open none itself.
        private func take(_ files: SessionPaths, into picture: Descriptor) async throws {
            let socket = try UnixSocket.connect(to: files.monitor)
            try UnixSocket.send(picture, through: socket)
            let client = try await QMPClient.connect(
                descriptor: socket.take(), deadline: .seconds(10), logger: Logger(label: "qwd"))
            let set = 1_000
            // One that was left by a command which was interrupted.
            _ = try? await client.execute(RemoveFD(set: set))
            _ = try await client.execute(AddFD(set: set))
            do {
                _ = try await client.execute(Screendump(filename: "/dev/fdset/\(set)"))
            } catch {
                _ = try? await client.execute(RemoveFD(set: set))
                await client.close()
                throw error
            }
            _ = try await client.execute(RemoveFD(set: set))
            await client.close()
        }
    }
}
