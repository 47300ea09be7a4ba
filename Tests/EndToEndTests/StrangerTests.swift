import Domain
import Foundation
import Processes
import Queue
import Testing
import TestSupport
import Viewer

/// Strangers who hold connections of a whole service that began with the usual soft limit of 1024 descriptors.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct StrangerTests {
    @Test func `the service lives and works whatever its pages suffer`() async throws {
        // Children inherit it.
        Crowd.setDescriptorLimit(1024)
        let service = try RunningService()
        let started = await Result { try await service.start() }
        Crowd.setDescriptorLimit()
        try started.get()
        let limits = Files.read("/proc/\(service.pid)/limits")?.split(separator: "\n")
        let line = try #require(limits?.first { $0.hasPrefix("Max open files") }).split(separator: " ")
        #expect(line[3] == line[4], "the soft limit is the hard one")
        let descriptors = { Files.names(in: "/proc/\(service.pid)/fd").count }

        let before = try await service.create()
        #expect(try await service.settled(before).state == .running)
        let quiet = descriptors()
        let crowd = Crowd()
        try crowd.join(1500, port: service.httpPort, addresses: 30)
        crowd.say("GET / HTTP/1.1\r\nHost: ", to: 0..<300)
        // Also from where everybody else comes from here.
        try crowd.join(400, port: service.httpPort, first: 1)
        var worst = Duration.zero
        for _ in 0..<10 {
            let start = ContinuousClock.now
            let page = try await service.get("/")
            worst = max(worst, start.duration(to: .now))
            #expect(page.contains("grub.iso"), "no machine vanishes from the form")
        }
        print("strangers: \(crowd.open) connections, the slowest of ten pages took \(worst)")
        #expect(worst < .seconds(1))
        #expect(try await service.stopped(before).reason == .stopped)
        let during = try await service.create()
        #expect(try await service.settled(during).state == .running, "worker and scheduler go on")
        #expect(crowd.open > 1000)
        // Their time for a request's head is over, and a heartbeat of the host later all is as before.
        while crowd.open > 0 { try await Task.sleep(for: .milliseconds(100)) }
        #expect(try await service.get("/").contains("grub.iso"))
        #expect(try await service.stopped(during).reason == .stopped)
        #expect(try await service.leftovers() == [])
        crowd.leave()
        // Connections that the pages were looked at with are closed by their client when it likes.
        #expect(descriptors() <= quiet + 8)
        await service.shutDown()
    }

    @Test func `where there can't be more than 1024 descriptors there are fewer connections, and all else goes on`()
        async throws
    {
        Crowd.setDescriptorLimit()
        let service = try RunningService()
        try await service.start(descriptors: 1024)
        let limits = Files.read("/proc/\(service.pid)/limits")?.split(separator: "\n")
        let line = try #require(limits?.first { $0.hasPrefix("Max open files") }).split(separator: " ")
        #expect(line[3] == "1024" && line[4] == "1024")
        #expect(service.log.contains("Fewer connections than frontend.connections"))
        // Half of them, but for what waits to be let in.
        #expect(service.log.contains("http.connections=448"))

        let before = try await service.create()
        #expect(try await service.settled(before).state == .running)
        let crowd = Crowd()
        try crowd.join(1500, port: service.httpPort, addresses: 30)
        crowd.say("GET / HTTP/1.1\r\nHost: ", to: 0..<300)
        try crowd.join(600, port: service.displayPort, addresses: 30)
        for _ in 0..<10 { #expect(try await service.get("/").contains("grub.iso")) }
        #expect(Files.names(in: "/proc/\(service.pid)/fd").count < 1024)
        let during = try await service.create()
        #expect(try await service.settled(during).state == .running)
        let viewer = try await Viewer.connect(webSocket: try await service.display(of: during))
        _ = try await viewer.frame()
        await viewer.close()
        for id in [before, during] { #expect(try await service.stopped(id).reason == .stopped) }
        #expect(try await service.leftovers() == [])
        crowd.leave()
        await service.shutDown()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
