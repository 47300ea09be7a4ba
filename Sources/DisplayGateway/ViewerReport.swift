import NIOCore
import NIOPosix
import Synchronization

/// Tells the worker of this host who looks at which display, by a socket of its own.
///
/// Who connects is told the state of every display that ever had a viewer, then the line `all`, and from then on each
/// change. A display is named by its token: `watched TOKEN`, `left TOKEN`. The gateway outlives its workers, so a worker
/// that comes back learns what it has missed.
final class ViewerReport: Sendable {
    private struct State {
        /// Whether somebody looks now, by token.
        var displays: [String: Bool] = [:]
        var readers: [ObjectIdentifier: any Channel] = [:]
        /// So many are looked through for those that have ended.
        var limit = 256
    }

    private let tokens: TokenDirectory
    private let state = Mutex(State())

    init(tokens: String) {
        self.tokens = TokenDirectory(path: tokens)
    }

    /// Serves on a socket that listens already.
    func listen(descriptor: CInt, group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reader(report: self))
                }
            }
            .withBoundSocket(descriptor).get()
    }

    /// The first viewer of a display has come, or the last one has left.
    func changed(_ token: String, isWatched: Bool) {
        let readers = state.withLock { state in
            state.displays[token] = isWatched
            if state.displays.count >= state.limit { forgetEnded(&state) }
            return Array(state.readers.values)
        }
        // Here and not above: a reader that is sent away comes back to us.
        for reader in readers { Self.send(Self.line(token, isWatched), to: reader) }
    }

    /// A worker's connection.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let report: ViewerReport

        init(report: ViewerReport) {
            self.report = report
        }

        func channelActive(context: ChannelHandlerContext) { report.begin(context.channel) }
        func channelInactive(context: ChannelHandlerContext) { report.end(context.channel) }
    }

    private func begin(_ reader: any Channel) {
        let displays = state.withLock { state in
            forgetEnded(&state)
            state.readers[ObjectIdentifier(reader)] = reader
            return state.displays
        }
        Self.send(displays.map { Self.line($0.key, $0.value) }.joined() + "all\n", to: reader)
    }

    private func end(_ reader: any Channel) {
        state.withLock { $0.readers[ObjectIdentifier(reader)] = nil }
    }

    /// Displays that have been taken away are of no interest any more.
    private func forgetEnded(_ state: inout State) {
        state.displays = state.displays.filter { $0.value || tokens.socket(of: $0.key) != nil }
        state.limit = max(256, 2 * state.displays.count)
    }

    private static func line(_ token: String, _ isWatched: Bool) -> String {
        "\(isWatched ? "watched" : "left") \(token)\n"
    }

    /// One that does not read is sent away: when it comes again it is told all that is so then.
    private static func send(_ text: String, to reader: any Channel) {
        guard reader.isWritable else { return reader.close(promise: nil) }
        reader.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }
}
