import Dispatch
@testable import Frontend
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TestSupport

/// In which order a listening channel lets in what has come, on real sockets. The loop stands still until all have come.
@Suite(.timeLimit(.minutes(1)))
struct AcceptQueueHandlerTests {
    private static let crowd = 1000
    private static let addresses = 20

    /// - Parameter text: What each of the crowd sends.
    /// - Returns: How many were set up before the one who came last, and how many in the end.
    private func letIn(_ text: String, most: Int = 4096) async throws -> (before: Int?, all: Int) {
        Crowd.setDescriptorLimit()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let order = Mutex<[String]>([])
        let (doors, opened) = AsyncStream.makeStream(of: Void.self)
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.maxMessagesPerRead, value: UInt(AcceptQueueHandler.perRead))
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptQueueHandler(most: most))
                }
            }
            .bind(host: "127.0.0.1", port: 0, serverBackPressureStrategy: nil) { channel in
                let count = order.withLock {
                    $0.append(channel.remoteAddress?.ipAddress ?? "")
                    return $0.count
                }
                if count > Self.crowd { opened.yield() }
                return channel.eventLoop.makeSucceededFuture(channel)
            }
        let isComplete = DispatchSemaphore(value: 0)
        server.channel.eventLoop.execute { isComplete.wait() }
        let port = try #require(server.channel.localAddress?.port)
        let crowd = Crowd()
        try crowd.join(Self.crowd, port: port, addresses: Self.addresses)
        crowd.say(text)
        try crowd.join(1, port: port, first: 99)
        crowd.say("GET / HTTP/1.1\r\n\r\n", to: Self.crowd..<Self.crowd + 1)
        isComplete.signal()
        try await server.executeThenClose { children in
            let taken = Task { for try await _ in children {} }
            for await _ in doors { break }
            taken.cancel()
        }
        try await group.shutdownGracefully()
        return order.withLock { ($0.firstIndex(of: "127.0.0.99"), $0.count) }
    }

    @Test func `who has sent a request comes before all who are silent`() async throws {
        let (before, all) = try await letIn("")
        // Some are on their way when its request is noticed.
        let first = try #require(before)
        #expect(first < 3 * AcceptQueueHandler.batch, "\(first) were let in before")
        #expect(all == Self.crowd + 1)
    }

    @Test func `among those who have sent something addresses take turns`() async throws {
        let (before, all) = try await letIn("GET / HT")
        // At most a batch for each look at the socket, and then one of each address.
        let looks = Self.crowd / AcceptQueueHandler.perRead + 1
        #expect(try #require(before) < looks * AcceptQueueHandler.batch + Self.addresses + AcceptQueueHandler.batch)
        #expect(all == Self.crowd + 1)
    }

    @Test func `where few can be kept, all are let in all the same`() async throws {
        let (_, all) = try await letIn("", most: 16)
        #expect(all == Self.crowd + 1)
    }
}
