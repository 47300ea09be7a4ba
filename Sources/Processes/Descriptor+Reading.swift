import Dispatch
import Glibc

extension Descriptor {
    /// What there is to read, as soon as there is something: at most 64 KiB. Nothing at the end, or when the task is cancelled.
    package func nextBytes() async -> [UInt8] {
        guard await isReadable() else { return [] }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(number, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            if count < 0, errno == EINTR { continue }
            return Array(buffer.prefix(max(0, count)))
        }
    }

    /// Waits until there is something to read, or somebody to accept. False when the task is cancelled.
    package func isReadable() async -> Bool {
        let (ready, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let source = DispatchSource.makeReadSource(fileDescriptor: number, queue: .global())
        source.setEventHandler {
            continuation.yield()
            continuation.finish()
        }
        // It must stay open until Dispatch has let go of it, which is later than `cancel()`.
        source.setCancelHandler { withExtendedLifetime(self) {} }
        source.resume()
        defer { source.cancel() }
        return await ready.first { _ in true } != nil
    }
}
