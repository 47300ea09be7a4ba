import ArgumentParser
import Domain
import Foundation
import Queue
import Settings
import Viewer

/// Goes the whole way of a person, from the request to a picture, and says how long each part took.
struct SelfTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "self-test", abstract: "Start a session, wait for a picture of its desktop, and end it.",
        discussion: "Says how long each part took. Fails, and says why, where no picture came.")

    @OptionGroup var common: CommonOptions
    @Argument(
        help: "Name of the machine; without it, the one that the form chooses at first.",
        completion: Completions.offers)
    var machine: String?
    @Option(help: ArgumentHelp("How long to wait for a picture, behind the start.", valueName: "seconds"))
    var seconds = 30
    @Option(
        help: ArgumentHelp(
            "What signs the displays' certificate, in PEM, where this host does not trust it. Otherwise tls.certificate.",
            valueName: "file"), completion: .file())
    var ca: String?
    @Option(help: ArgumentHelp("How long to wait for room and the start.", valueName: "duration")) var wait = "60s"

    func validate() throws {
        guard (1...86400).contains(seconds) else { throw ValidationError("--seconds: from 1 to 86400.") }
    }

    func run() async throws {
        let settings = try common.settings()
        let words = [try await chosen(settings), "--wait", wait, "--no-folders"] + common.words
        let start = try await Start.asyncParse(words)
        // Ctrl-C ends the session too.
        try await cancelOnSignal {
            let clock = ContinuousClock()
            let began = clock.now
            let (session, url) = try await start.session(settings)
            tell("started", clock.now - began)
            Console.print(url)
            do throws(Failure) {
                let begunToLook = clock.now
                let frame = try await picture(of: session, url, settings)
                tell("picture of \(frame.width)x\(frame.height)", clock.now - begunToLook)
            } catch {
                // In a task of its own, which nobody cancels: the session must not stay behind.
                await Task { _ = try? await end(session.id) }.value
                throw error
            }
            let begunToEnd = clock.now
            try await end(session.id)
            tell("ended", clock.now - begunToEnd)
        }
    }

    private func tell(_ what: String, _ time: Duration) {
        let (seconds, attoseconds) = time.components
        let tenths = attoseconds / 100_000_000_000_000_000
        Console.print("\(what) after \(seconds).\(tenths) s")
    }

    private func chosen(_ settings: Settings) async throws -> String {
        if let name = machine ?? settings.defaults.machine { return name }
        let offers = try await Connection.withQueue(settings) { try await $0.machines(lease: settings.scheduler.lease) }
        guard let first = offers.first else {
            throw Failure(.failed, "No host offers a machine. 'qwd machine list' says what this host has.")
        }
        return first.name
    }

    /// What a person would see, by the same door as their browser.
    private func picture(of session: Session, _ url: String, _ settings: Settings) async throws(Failure) -> Frame {
        let token = url.split(separator: "#").last.map(String.init) ?? ""
        let socket = DisplayLink.webSocket(base: session.displayURL ?? "") ?? ""
        guard let address = DisplayAddress(webSocketURL: socket, token: token) else {
            throw Failure(.failed, "The host publishes no address of its displays that can be reached: \(socket)")
        }
        let viewer: Viewer
        do throws(ViewerError) {
            viewer = try await Viewer.connect(webSocket: address, trusting: ca ?? settings.tls.certificate)
        } catch {
            switch error.code {
            case .cancelled: throw Failure(.interrupted, "Interrupted; the session was ended.")
            case .untrusted:
                throw Failure(
                    .failed,
                    "\(error). Of another authority than those that this host trusts, name its certificate: --ca FILE.")
            case .timedOut:
                throw Failure(.failed, "Nothing answers at \(socket), where the display is. Is a firewall before it?")
            default: throw Failure(.failed, "No picture came: the display can't be reached. \(error)")
            }
        }
        do throws(ViewerError) {
            let frame = try await viewer.firstFrame(deadline: .seconds(seconds))
            await viewer.close()
            return frame
        } catch {
            if error.code == .cancelled { throw Failure(.interrupted, "Interrupted; the session was ended.") }
            let why = error.code == .timedOut ? "the guest has drawn nothing" : "\(error)"
            throw Failure(
                .failed,
                "No picture came within \(seconds) s: \(why). 'qwd session log' of a session that stays says more.")
        }
    }

    private func end(_ session: SessionID) async throws {
        let stop = try await Stop.asyncParse([session.text] + common.words)
        try await stop.run()
    }
}
