import Glibc
import GraphicsCards
@testable import GuestNetwork
@testable import Hypervisor
import Logging
@testable import Machines
import Processes

/// A hypervisor as the worker of this user would make it.
func makeHypervisor(
    _ paths: HostPaths, network options: GuestNetwork.Options = .init(), rate: DiskRate = .unlimited,
    cards: CardDiscovery = CardDiscovery(), windowsTools: String = WindowsService.directory
) -> QEMUHypervisor {
    let users = geteuid() == 0 ? UserRange(first: 300_200, last: 300_300) : nil
    let logger = Logger(label: "test")
    return QEMUHypervisor(
        paths: paths, accelerator: .tcg, users: users,
        network: GuestNetwork(paths: paths, options: options, users: users, logger: logger), rate: rate, cards: cards,
        appliance: DiskAppliance(path: LinuxGuest.appliance, windowsTools: windowsTools), logger: logger)
}
