/// A VNC viewer without a screen, for tests and measurements: it sees what a person would see, through the same doors.
///
/// It speaks RFB 3.8 with QEMU directly, or through a display's gateway as noVNC does. It knows no passwords, no other encoding
/// than raw, and no pointer.
///
/// It has a thread of its own on which it blocks. Its calls run one after the other; each ends at its deadline, and
/// within a tenth of a second after its task was cancelled, while it connects by TLS within a second.
package actor Viewer {
    private nonisolated let thread = BlockingThread(label: "qwd.viewer")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private var session: RFBSession?
    /// The picture that was answered last.
    private var seen: Frame?

    private init() {}

    /// Looks at the display behind a VNC server's Unix socket.
    package static func connect(
        unixSocket path: String, deadline: Duration = .seconds(10)
    ) async throws(ViewerError) -> Viewer {
        let viewer = Viewer()
        try await viewer.open(deadline) { before throws(ViewerError) in
            ByteStream(try StreamSocket.connect(unixSocket: path, before: before))
        }
        return viewer
    }

    /// Looks at a display through its gateway.
    /// - Parameter ca: For TLS, a file in PEM of certificates that are trusted beside those that the host trusts.
    /// - Throws: `ViewerError` `.refused` where the gateway does not know the token.
    package static func connect(
        webSocket address: DisplayAddress, trusting ca: String? = nil, deadline: Duration = .seconds(10)
    ) async throws(ViewerError) -> Viewer {
        let viewer = Viewer()
        try await viewer.open(deadline) { before throws(ViewerError) in
            let (host, port) = (address.host, address.port)
            var stream =
                if address.isTLS {
                    ByteStream(try TLSSocket(host: host, port: port, trusting: ca, before: before))
                } else {
                    ByteStream(try StreamSocket.connect(host: host, port: port, before: before))
                }
            try stream.upgrade(address, before: before)
            return stream
        }
        return viewer
    }

    /// The first picture that the guest has drawn and that is not all black; QEMU's own text before it does not count.
    package func firstFrame(deadline: Duration = .seconds(30)) throws(ViewerError) -> Frame {
        let before = ContinuousClock.now + deadline
        return try withSession { session throws(ViewerError) in
            while session.frame.isBlank || session.frame.isPlaceholder { try Self.follow(&session, before) }
        }
    }

    /// The whole picture as it is now.
    package func frame(deadline: Duration = .seconds(10)) throws(ViewerError) -> Frame {
        let before = ContinuousClock.now + deadline
        return try withSession { session throws(ViewerError) in
            try session.request(everything: true)
            while true {
                let update = try session.nextUpdate(before: before)
                if update.pixels >= session.frame.width * session.frame.height { return }
                // The answer to an earlier request came between, or a new size.
                try session.request(everything: true)
            }
        }
    }

    /// Waits until the picture is another one than the last that was answered. Changes that came in between count.
    package func nextChange(deadline: Duration = .seconds(30)) throws(ViewerError) -> Frame {
        let before = ContinuousClock.now + deadline
        let known = seen
        return try withSession { session throws(ViewerError) in
            while session.frame == known { try Self.follow(&session, before) }
        }
    }

    /// Presses a key and lets it go.
    /// - Parameter keysym: Its X11 keysym: the character's code for Latin letters, 0xff0d for Return.
    package func press(_ keysym: UInt32) throws(ViewerError) {
        guard let session else { throw Self.closed }
        try session.press(keysym)
    }

    /// Leaves. A viewer that nobody holds any more leaves by itself.
    package func close() {
        session = nil
    }
}

extension Viewer {
    private static let closed = ViewerError(.closed, "The viewer was closed.")

    private func open(
        _ deadline: Duration, _ connect: @Sendable (ByteStream.Deadline) throws(ViewerError) -> ByteStream
    ) throws(ViewerError) {
        let before = ContinuousClock.now + deadline
        session = try RFBSession(try connect(before), before: before)
    }

    /// Reads one update and asks for it first, if that was not done.
    private static func follow(_ session: inout RFBSession, _ before: ByteStream.Deadline) throws(ViewerError) {
        if !session.isWaiting { try session.request(everything: false) }
        // Only what changes is sent, and after a change of size that is everything.
        if try session.nextUpdate(before: before).isResized { try session.request(everything: true) }
    }

    private func withSession(
        _ body: (inout RFBSession) throws(ViewerError) -> Void
    ) throws(ViewerError) -> Frame {
        guard var session else { throw Self.closed }
        // Else the picture would be copied with its first change.
        self.session = nil
        do {
            try body(&session)
        } catch {
            self.session = [.timedOut, .cancelled].contains(error.code) ? session : nil
            throw error
        }
        self.session = session
        seen = session.frame
        return session.frame
    }
}
