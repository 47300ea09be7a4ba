import Domain
import Settings
import Testing

/// Who may read the measurements: whatever is wrong with the list, never more than were meant.
struct MonitoringTests {
    @Test func `where nobody is named it is this machine alone, and an empty list is nobody`() throws {
        let machine = ["127.0.0.0/8", "::1"].compactMap { IPNetwork($0) }
        #expect(try settings().frontend.monitoring == machine)
        for empty in ["frontend: { monitoring: [] }", "frontend:\n  monitoring: []"] {
            #expect(try ConfigurationDirectory(empty).load().get().frontend.monitoring == [])
        }
    }

    @Test(arguments: [
        "*", "all", "any", "localhost", "0.0.0.0/33", "10.0.0.1/8", "127.0.0.1 10.0.0.0/8", "127.0.0.1,*", ",", "/0",
        "::/129", "0/0",
    ])
    func `a list that can't be read ends the start`(list: String) throws {
        let found = try errors("frontend.monitoring=\(list)")
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.contains("frontend.monitoring") })
    }

    @Test(arguments: ["frontend: { monitoring: }", "frontend: { monitoring: ~ }", "frontend: { monitoring: '' }"])
    func `a key without a value names nobody new`(yaml: String) throws {
        switch try ConfigurationDirectory(yaml).load() {
        case .success(let loaded): #expect(loaded.frontend.monitoring.allSatisfy { $0 != IPNetwork("0.0.0.0/0") })
        case .failure(let errors): #expect("\(errors)".contains("frontend.monitoring"))
        }
    }
}
