import Processes
import Queue
import Testing
@testable import Worker

struct HostIdentityTests {
    @Test func `a host keeps its id wherever its directory goes, and a copy has another place`() throws {
        let directory = "/tmp/qwd-identity-\(UInt32.random(in: 0...UInt32.max))"
        defer { for path in [directory, directory + "-copy"] { Files.remove(path) } }
        let first = try HostIdentity.id(in: directory)
        #expect(first.count == 12)
        #expect(try HostIdentity.id(in: directory) == first)
        let place = HostIdentity.place(of: directory)
        #expect(HostIdentity.place(of: directory) == place)
        #expect(place.text.hasSuffix(":\(directory)"))
        try Files.makeDirectory(directory + "-copy")
        try Files.write(try #require(Files.read("\(directory)/host-id")), to: "\(directory)-copy/host-id")
        #expect(try HostIdentity.id(in: directory + "-copy") == first)
        #expect(HostIdentity.place(of: directory + "-copy").id != place.id)
        try Files.write("no id at all", to: "\(directory)/host-id")
        #expect(try HostIdentity.id(in: directory).count == 12)
    }
}
