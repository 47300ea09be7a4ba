import Processes
import Testing
@testable import Worker

struct HostIdentityTests {
    @Test func `a host keeps its id, and a copy of it gets another one`() throws {
        let directory = "/tmp/qwd-identity-\(UInt32.random(in: 0...UInt32.max))"
        let first = try HostIdentity.id(in: directory, machine: "abc\n")
        #expect(first.count == 12)
        #expect(try HostIdentity.id(in: directory, machine: "abc\n") == first)
        // Where the host does not say who it is, nothing says that it is another one.
        #expect(try HostIdentity.id(in: directory, machine: "") == first)
        let copy = try HostIdentity.id(in: directory, machine: "def\n")
        #expect(copy != first)
        #expect(try HostIdentity.id(in: directory, machine: "def\n") == copy)
        try Files.write("no id at all", to: "\(directory)/host-id")
        #expect(try HostIdentity.id(in: directory, machine: "def\n").count == 12)
        Files.remove(directory)
    }
}
