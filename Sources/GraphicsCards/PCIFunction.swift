/// One function of a PCI device, as sysfs showed it.
package struct PCIFunction: Hashable, Sendable {
    package let address: PCIAddress
    package let identifier: PCIIdentifier
    /// Class, subclass and programming interface: 0x030000 is a VGA controller.
    package let classCode: UInt32
    package let driver: String?
    /// Devices of one IOMMU group can reach each other's memory, so they go to one guest or to none. Nil without an IOMMU.
    package let group: Int?

    /// Its driver for guests.
    static let guestDriver = "vfio-pci"

    /// VGA, 3D and other display controllers (the classes of the PCI code and ID assignment specification).
    package var isGraphics: Bool { [0x0300, 0x0302, 0x0380].contains(classCode >> 8) }
    /// A bridge between buses, also a semi-transparent one. It stays with this host, also where it is in the group of a card.
    package var isBridge: Bool { [0x0604, 0x0609].contains(classCode >> 8) }
    package var isForGuests: Bool { driver == Self.guestDriver }

    /// Whether the kernel gives its group to a guest while this driver has it: none, or one that moves no data by itself.
    var leavesGroupFree: Bool { isBridge || driver == nil || isForGuests || driver == "pci-stub" }

    /// In words for a person.
    package var kind: String {
        switch classCode >> 8 {
        case 0x0300: "VGA controller"
        case 0x0302: "3D controller"
        case 0x0380: "display controller"
        case 0x0403: "audio"
        case 0x0604, 0x0609: "bridge"
        case 0x0c03: "USB controller"
        case 0x0c80: "serial bus controller"
        default: "device of class 0x\(Hexadecimal.text(classCode >> 8, digits: 4))"
        }
    }
}

extension PCIFunction {
    /// Nil if it has gone, or if what stands there is no PCI device.
    init?(_ address: PCIAddress, in sysfs: Sysfs) {
        let place = Sysfs.place(of: address)
        guard
            let vendor: UInt16 = sysfs.hexadecimal("\(place)/vendor"),
            let device: UInt16 = sysfs.hexadecimal("\(place)/device"),
            let classCode: UInt32 = sysfs.hexadecimal("\(place)/class")
        else { return nil }
        self.address = address
        self.classCode = classCode
        identifier = PCIIdentifier(vendor: vendor, device: device)
        driver = sysfs.link("\(place)/driver")
        group = sysfs.link("\(place)/iommu_group").flatMap { Int($0) }
    }
}
