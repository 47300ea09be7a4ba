import Certificates
import HummingbirdCore
package import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The certificate and key of the pages. SIGHUP, or a look every minute, takes new ones from the files; connections that
/// are open go on with the old ones, and wrong files change nothing.
package final class Certificate: Service, Sendable {
    private let files: CertificateFiles
    private static let protocols = ["http/1.1"]
    private let logger: Logger
    private let current: Mutex<NIOSSLContext>
    private let seen: Mutex<[FileStamp]>

    /// - Throws: What is wrong with the files, by name.
    package init(chain: String, key: String, logger: Logger) throws {
        files = CertificateFiles(chain: chain, key: key)
        self.logger = logger
        current = Mutex(try files.context(protocols: Self.protocols))
        seen = Mutex(files.stamps)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            let signals = await UnixSignalsSequence(trapping: .sighup)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in signals { self.reload() } }
                group.addTask {
                    while !Task.isCancelled {
                        // Tools that renew certificates tell nobody; ends early by cancellation, and then the loop ends.
                        try? await Task.sleep(for: .seconds(60))
                        if self.hasChanged() { self.reload() }
                    }
                }
            }
        }
    }

    private func hasChanged() -> Bool {
        let now = files.stamps
        return seen.withLock { seen in
            defer { seen = now }
            return seen != now
        }
    }

    func reload() {
        do {
            let context = try files.context(protocols: Self.protocols)
            current.withLock { $0 = context }
            logger.notice("certificate read again", metadata: ["tls.certificate": "\(files.chain)"])
        } catch {
            logger.error("certificate not taken, the old one stays", metadata: ["error": "\(error)"])
        }
    }

    /// A channel that speaks TLS with the certificate of the moment.
    func secured<Base: ServerChildChannel>(_ base: Base) -> some ServerChildChannel {
        SecuredChannel(base: base, certificate: self)
    }

    fileprivate var context: NIOSSLContext { current.withLock { $0 } }
}

/// TLS around the channel of a connection.
private struct SecuredChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let certificate: Certificate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let context = certificate.context
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
