package enum DiskFormat: String, Sendable, Hashable { case qcow2, raw }
package struct Machine: Sendable, Hashable {
    package enum Kind: String, Sendable { case disk, iso }
    package var name: String
    package var description: String
    package var path: String
    package var kind: Kind
    package var format: DiskFormat
    package var architecture: String
    package var cpu: Int?
    package var memoryMiB: Int?
}
package struct CatalogueWarning: Sendable, CustomStringConvertible { package var description: String }
package struct Catalogue: Sendable {
    package var machines: [Machine]
    package var warnings: [CatalogueWarning]
    package func machine(named name: String) -> Machine? { machines.first { $0.name == name } }
}
package enum Accelerator: String, Sendable, Codable { case kvm, tcg }
import FoundationEssentials
package import Logging
package enum AcceleratorChoice: String, Sendable { case auto, kvm, tcg }
package struct AcceleratorReport: Sendable { package var accelerator: Accelerator; package var reason: String }
package struct AcceleratorProbe: Sendable {
    package init(cache: String, logger: Logger) {}
    package func run(_ wanted: AcceleratorChoice) async throws -> AcceleratorReport { AcceleratorReport(accelerator: .tcg, reason: "stub") }
}
extension Catalogue {
    package static func load(files: [String], directory: String) -> Catalogue {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return Catalogue(machines: names.sorted().filter { $0.hasSuffix(".iso") || $0.hasSuffix(".qcow2") }.map {
            Machine(name: $0, description: $0, path: directory + "/" + $0, kind: $0.hasSuffix(".iso") ? .iso : .disk, format: $0.hasSuffix(".iso") ? .raw : .qcow2, architecture: "x86_64", cpu: nil, memoryMiB: nil)
        }, warnings: [])
    }
}
