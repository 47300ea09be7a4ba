import Dispatch
import Foundation
import Glibc

/// What has started this service and wants to know how it is: systemd, where it says so by NOTIFY_SOCKET (sd_notify(3)).
struct ServiceManager: Sendable {
    private let socket: String?
    /// How often it wants a sign of life, halved; nil if it wants none.
    let watchdog: Duration?

    init(environment: [String: String] = ProcessInfo.processInfo.environment, process: pid_t = getpid()) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        watchdog = isMeant ? environment["WATCHDOG_USEC"].flatMap { Int64($0) }.map { .microseconds($0 / 2) } : nil
    }

    func tell(_ assignments: String...) {
        guard let socket else { return }
        let text = assignments.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }.joined(
            separator: "\n")
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socket.utf8)
        let isAbstract = path.first == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 }
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.count < room else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let number = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        defer { close(number) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count + (isAbstract ? 0 : 1))
        let bytes = Array(text.utf8)
        // Who can't be told has no less of a service.
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(number, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    /// The service begins anew; it says when it is ready again.
    func tellReloading() {
        // Of CLOCK_MONOTONIC, as sd_notify(3) wants it.
        tell("RELOADING=1", "MONOTONIC_USEC=\(DispatchTime.now().uptimeNanoseconds / 1000)")
    }
}
