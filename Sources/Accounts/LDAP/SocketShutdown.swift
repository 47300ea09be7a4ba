import Glibc

/// Ends a connection from another thread, so that whoever waits on it is free.
final class SocketShutdown: Sendable {
    private let descriptor: CInt

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    func shutDown() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    deinit { close(descriptor) }
}
