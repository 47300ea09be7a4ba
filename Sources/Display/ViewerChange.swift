import NIOCore
import NIOPosix

/// What the gateway tells of the viewers of this host's displays.
enum ViewerChange: Sendable, Hashable {
    /// Somebody looks at the display of this token.
    case watched(String)
    /// Its last viewer has left.
    case left(String)
    /// What was so before is told; all that follows is new.
    case known
    /// Nothing is known until it is told anew.
    case unknown

    /// - Parameter line: Without its end.
    init?(line: some StringProtocol) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        switch (words.first, words.count) {
        case ("watched", 2): self = .watched(String(words[1]))
        case ("left", 2): self = .left(String(words[1]))
        case ("all", 1): self = .known
        default: return nil
        }
    }

    /// Longest line: a word and a token.
    private static let longestLine = 256

    /// Calls `take` for each change in its order, until the gateway ends or the task is cancelled.
    static func follow(socket: String, _ take: @Sendable (ViewerChange) async -> Void) async throws {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound in
            var rest = ""
            for try await buffer in inbound {
                rest += String(buffer: buffer)
                let lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
                rest = String(lines.last ?? "")
                for change in lines.dropLast().compactMap({ ViewerChange(line: $0) }) { await take(change) }
                if rest.utf8.count > longestLine { return }
            }
        }
    }
}
