@testable import DisplayGateway
import Processes
import Testing

/// What a worker is told of its viewers.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct ViewerReportTests {
    private func line(_ worker: Peer) throws -> String {
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") { line += try worker.take(1) }
        return String(decoding: line.dropLast(), as: UTF8.self)
    }

    @Test func `the first viewer and the last one are told, and nothing else`() async throws {
        let gateway = try await GatewayFixture()
        let worker = try gateway.worker()
        #expect(try line(worker) == "all")
        // Strangers are none.
        #expect(try gateway.answer(GatewayFixture.upgrade(String(repeating: "c", count: 43))).contains(" 403 "))
        let first = try gateway.open()
        #expect(try line(worker) == "watched \(gateway.token)")
        let second = try gateway.open()
        let other = try gateway.open(GatewayFixture.tokens[1])
        #expect(try line(worker) == "watched \(GatewayFixture.tokens[1])")
        for viewer in [first.viewer, second.viewer] { viewer.end() }
        #expect(try line(worker) == "left \(gateway.token)")
        other.display.end()
        #expect(try line(worker) == "left \(GatewayFixture.tokens[1])")
        try await gateway.close()
    }

    @Test func `who comes back learns what was missed, and nothing of displays that have ended`() async throws {
        let gateway = try await GatewayFixture()
        let first = try gateway.worker()
        #expect(try line(first) == "all")
        let (viewer, display) = try gateway.open()
        let gone = try gateway.open(GatewayFixture.tokens[1])
        for token in GatewayFixture.tokens { #expect(try line(first) == "watched \(token)") }
        first.end()
        gone.viewer.end()
        Files.remove("\(gateway.directory)/tokens/\(GatewayFixture.tokens[1])")
        #expect(try gone.display.rest().isEmpty)
        let second = try gateway.worker()
        #expect(try line(second) == "watched \(gateway.token)")
        #expect(try line(second) == "all")
        viewer.end()
        #expect(try line(second) == "left \(gateway.token)")
        let third = try gateway.worker()
        #expect(try line(third) == "left \(gateway.token)")
        #expect(try line(third) == "all")
        withExtendedLifetime(display) {}
        try await gateway.close()
    }
}
