import Catalogue
import Domain
import Hypervisor
import Machines
import Testing

struct SimulatedHypervisorTests {
    @Test func `an older claim may not touch what a newer one made, as with real machines`() async throws {
        let hypervisor = SimulatedHypervisor()
        let id = SessionID(milliseconds: 1_000)
        let machine = Machine(name: "grub.iso", description: "", path: "/dev/null", kind: .iso, format: .raw)
        func specify(_ fence: Int) -> MachineSpecification {
            MachineSpecification(
                session: id, fence: fence, machine: machine, cpu: 1, memoryMiB: 128, diskGiB: 1)
        }
        let (old, new) = (specify(4), specify(5))
        try await hypervisor.makeSnapshot(new)
        let steps: [@Sendable () async throws -> Void] = [
            { try await hypervisor.makeSnapshot(old) }, { try await hypervisor.launch(old) },
            { try await hypervisor.connectNetwork(old.ref) }, { try await hypervisor.switchOn(old.ref) },
        ]
        for step in steps {
            let error = await #expect(throws: MachineError.self) { try await step() }
            #expect(error?.code == .stale)
        }
        try await hypervisor.launch(new)
        try await hypervisor.tearDown(old.ref)
        #expect(await hypervisor.living() == [new.session])
        try await hypervisor.switchOn(new.ref)
        try await hypervisor.tearDown(new.ref)
        #expect(await hypervisor.living() == [])
    }
}
