import Foundation
import Synchronization
import Testing
@testable import GraphicsCards

/// Does in a made-up sysfs what the kernel does when its attributes are written, and notes what is written and run.
final class MadeUpKernel: Sendable {
    struct Refusal: Error {}

    private let host: MadeUpHost
    private let log = Mutex<[String]>([])
    /// A word of the program or of the attribute that fails.
    private let failing: String?

    init(_ host: MadeUpHost, failing: String? = nil) {
        self.host = host
        self.failing = failing
    }

    var done: [String] { log.withLock { $0 } }

    func apply(_ plan: BindPlan) async throws {
        try await host.binding().apply(
            plan,
            run: { [self] words in
                log.withLock { $0.append(words.joined(separator: " ")) }
                try fail(words.joined(separator: " "))
            }, write: { [self] value, path in try write(value, path) })
    }

    private func fail(_ text: String) throws {
        if let failing, text.contains(failing) { throw Refusal() }
    }

    private func write(_ value: String, _ path: String) throws {
        log.withLock { $0.append("\(value == "\n" ? "" : value) > \(path)") }
        try fail(path)
        let words = path.split(separator: "/").map(String.init)
        switch words.last {
        case "driver_override":
            try host.put(path, value == "\n" ? "(null)\n" : "\(value)\n")
        case "unbind":
            try #require(host.driver(of: value) != nil)
            try host.remove("/sys/bus/pci/devices/\(value)/driver")
        case "bind":
            try bind(value, to: words[words.count - 2])
        case "drivers_probe":
            let override = host.text("/sys/bus/pci/devices/\(value)/driver_override") ?? ""
            if override != "(null)\n" { try bind(value, to: String(override.dropLast())) }
        default: throw Refusal()
        }
    }

    private func bind(_ address: String, to driver: String) throws {
        try #require(host.driver(of: address) == nil)
        try host.link("/sys/bus/pci/devices/\(address)/driver", "../../../bus/pci/drivers/\(driver)")
    }
}
