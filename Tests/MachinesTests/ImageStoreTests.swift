@testable import Catalogue
import Foundation
@testable import ImageStore
import Processes
import Synchronization
import Testing
import TestSupport

/// Images from a real web server, whole or broken, and archives of each kind.
@Suite(.timeLimit(.minutes(5)), .enabled(if: access(ImageKitchen.disc, R_OK) == 0))
struct `Getting an image` {
    private let kitchen: ImageKitchen
    private let store: ImageStore
    private var machines: String { kitchen.path("machines") }

    init() throws {
        kitchen = try ImageKitchen()
        try FileManager.default.createDirectory(atPath: kitchen.path("machines"), withIntermediateDirectories: true)
        store = ImageStore(directory: kitchen.path("machines"))
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: machines).sorted() }
    private func disc() throws -> [UInt8] { try kitchen.bytes() }

    private func isDisc(_ path: String) throws -> Bool { try kitchen.bytes(path) == kitchen.bytes() }

    private func sum(_ path: String) throws -> String { try FileDigest.sha256(of: path) }

    @Test func `puts it in place whole, with its sum compared`() async throws {
        let server = try FileServer(try disc())
        let path = try await store.download(
            server.url, as: "grub.iso", sha256: try sum(ImageKitchen.disc)
        ) { _, _, _ in }
        #expect(try isDisc(path))
        #expect(try names() == ["grub.iso"])
    }

    @Test func `goes on where it broke, at every tenth of it`() async throws {
        let server = try FileServer(try disc(), breaksAfter: try disc().count / 10)
        let path = try await store.download(server.url, as: "grub.iso", sha256: nil) { _, _, _ in }
        #expect(try isDisc(path))
        #expect(server.requests >= 10)
        let length = try disc().count
        #expect(server.sent < 2 * length)
    }

    @Test func `that never gets further ends, and keeps what it can go on with alone`() async throws {
        // Each time it is another file, so each time it begins anew.
        let server = try FileServer(try disc(), breaksAfter: 1 << 20, renews: true)
        await #expect(throws: ImageStoreError.self) {
            try await store.download(server.url, as: "grub.iso", sha256: nil) { _, _, _ in }
        }
        #expect(server.requests < 20, "\(server.requests)")
    }

    @Test(arguments: ["/dev/zero", "/tmp", "fifo"])
    func `of what is no file is refused at once`(source: String) async throws {
        let path = source == "fifo" ? kitchen.path("fifo") : source
        if source == "fifo" { #expect(mkfifo(path, 0o600) == 0) }
        await #expect(throws: ImageStoreError.self) { try await store.add(path, as: "x.img") { _, _, _ in } }
        #expect(try names().isEmpty)
    }

    @Test func `of a file with another sum is refused`() async throws {
        await #expect(throws: ImageStoreError.self) {
            try await store.add(
                ImageKitchen.disc, as: "x.iso", sha256: String(repeating: "0", count: 64)
            ) { _, _, _ in }
        }
        #expect(try names().isEmpty)
    }

    @Test func `of another file by now begins anew`() async throws {
        let server = try FileServer(try disc(), breaksAfter: 1 << 20, changes: true)
        let path = try await store.download(server.url, as: "grub.iso", sha256: nil) { _, _, _ in }
        #expect(try isDisc(path))
    }

    @Test func `with a wrong sum changes nothing, and says which it is`() async throws {
        let server = try FileServer(try disc())
        try kitchen.write("machines/grub.iso", Array("old".utf8))
        let wrong = String(repeating: "0", count: 64)
        let error = await #expect(throws: ImageStoreError.self) {
            try await store.download(server.url, as: "grub.iso", sha256: wrong) { _, _, _ in }
        }
        let found = try sum(ImageKitchen.disc)
        #expect(error?.code == .wrongSum && error?.detail.contains(found) == true)
        #expect(try kitchen.bytes("\(machines)/grub.iso") == Array("old".utf8))
        #expect(try names() == ["grub.iso"])
    }

    @Test func `that the server does not have says so at once`() async throws {
        let server = try FileServer(try disc())
        let error = await #expect(throws: ImageStoreError.self) {
            try await store.download(server.url + "-not", as: "x.iso", sha256: nil) { _, _, _ in }
        }
        #expect(error?.code == .refused && error?.detail.contains("404") == true && server.requests == 1)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://a b/", "x"])
    func `from no web address is refused`(url: String) async throws {
        let error = await #expect(throws: ImageStoreError.self) {
            try await store.download(url, as: "x.iso", sha256: nil) { _, _, _ in }
        }
        #expect(error?.code == .badURL)
        #expect(try names().allSatisfy { $0.hasPrefix(".download-") })
    }

    private static let packed: [(String, String, [String])] = [
        ("x.iso.xz", "xz", ["-k", "-0", "x.iso"]), ("x.iso.gz", "gzip", ["-k", "-1", "x.iso"]),
        ("x.iso.zst", "zstd", ["-q", "-1", "x.iso"]), ("x.tar", "tar", ["-cf", "x.tar", "x.iso"]),
    ]

    @Test(arguments: packed)
    func `unpacks what it comes in`(name: String, program: String, words: [String]) async throws {
        try kitchen.write("x.iso", try disc())
        try kitchen.run(program, words)
        let path = try await store.add(kitchen.path(name), as: "grub.iso") { _, _, _ in }
        #expect(try isDisc(path))
        #expect(try names() == ["grub.iso"])
    }

    @Test(.enabled(if: Programs.find("unzip") != nil && Programs.find("zip") != nil, "zip isn't installed"))
    func `unpacks a zip with odd names`() async throws {
        try kitchen.write("a[1]*.iso", try disc())
        try kitchen.run("zip", ["-q", "x.zip", "a[1]*.iso"])
        let path = try await store.add(kitchen.path("x.zip"), as: "grub.iso") { _, _, _ in }
        #expect(try isDisc(path))
    }

    @Test func `of an archive with two disks, none, or a cut end leaves nothing`() async throws {
        try kitchen.write("x.iso", try disc())
        try kitchen.write("y.img", try disc())
        try kitchen.write("read.me", [1])
        try kitchen.run("tar", ["-cf", "two.tar", "x.iso", "y.img"])
        try kitchen.run("tar", ["-cf", "none.tar", "read.me"])
        try kitchen.run("xz", ["-k", "-0", "x.iso"])
        let whole = try kitchen.bytes(kitchen.path("x.iso.xz"))
        try kitchen.write("cut.xz", [UInt8](whole.prefix(whole.count / 2)))
        for (name, words) in [
            ("two.tar", "2 disks"), ("none.tar", "no disk"), ("cut.xz", "unpacked"), ("read.me", "does not begin"),
        ] {
            let error = await #expect(throws: ImageStoreError.self) {
                try await store.add(kitchen.path(name), as: "x.iso") { _, _, _ in }
            }
            #expect(error?.detail.contains(words) == true, "\(String(describing: error))")
        }
        #expect(try names() == [])
    }

    @Test func `is over when nobody has it open for writing any more`() async throws {
        let (partial, path) = ("\(machines)/.download-grub.iso", "\(machines)/grub.iso")
        // As a program has for a moment that is just being started elsewhere in the process.
        let (opened, isOpen) = AsyncStream.makeStream(of: Descriptor.self)
        let closer = Task {
            for await descriptor in opened {
                while !Files.exists(path) { await Task.yield() }
                #expect(try ImageFile(path: path).isOpenForWriting)
                try await Task.sleep(for: .milliseconds(100))
                close(descriptor.take())
            }
        }
        try await store.add(ImageKitchen.disc, as: "grub.iso") { step, _, _ in
            if step.hasPrefix("Looking") { isOpen.yield(Descriptor(open(partial, O_WRONLY | O_CLOEXEC))) }
        }
        #expect(try !ImageFile(path: path).isOpenForWriting)
        isOpen.finish()
        try await closer.value
    }

    @Test func `that unpacks to more than there is room for is stopped there`() async throws {
        let small = try kitchen.write("zeros", [], length: 64 << 20)
        try kitchen.run("gzip", ["-k", "-1", small])
        let archive = Archive([0x1F, 0x8B])
        let error = await #expect(throws: ImageStoreError.self) {
            try await archive?.unpack(kitchen.path("zeros.gz"), into: kitchen.path("out"), most: 8 << 20)
        }
        #expect(error?.code == .noSpace, "\(String(describing: error))")
        #expect(Files.size(kitchen.path("out")) <= 8 << 20)
    }
}

/// A web server of one file on loopback that may break off, or have another file by then.
private final class FileServer: Sendable {
    private struct State {
        var requests = 0
        var sent = 0
    }

    private let listener: TCPListener
    private let state = Mutex(State())
    let url: String

    var requests: Int { state.withLock { $0.requests } }
    var sent: Int { state.withLock { $0.sent } }

    init(_ file: [UInt8], breaksAfter limit: Int = .max, changes: Bool = false, renews: Bool = false) throws {
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        self.listener = listener
        url = "http://127.0.0.1:\(listener.port)/file"
        Thread.detachNewThread { [self] in
            while case let peer = accept(listener.descriptor.number, nil, nil), peer >= 0 {
                answer(peer, file, limit, changes, renews)
                close(peer)
            }
        }
    }

    deinit { shutdown(listener.descriptor.number, CInt(SHUT_RDWR)) }

    private func answer(_ peer: CInt, _ file: [UInt8], _ limit: Int, _ changes: Bool, _ renews: Bool) {
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = recv(peer, &buffer, buffer.count, 0)
        let head = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        let number = state.withLock { state in
            state.requests += 1
            return state.requests
        }
        guard head.hasPrefix("GET /file HTTP") else {
            return write(peer, Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        // The first answer is of a file that is another one from then on.
        let isOld = changes && number == 1
        let mark = renews ? "\"\(number)\"" : isOld ? "\"old\"" : "\"new\""
        let bytes = isOld ? file.map { ~$0 } : file
        var start = 0
        if let range = head.firstRange(of: "Range: bytes="), head.contains("If-Range: \(mark)") {
            start = Int(head[range.upperBound...].prefix { $0.isNumber }) ?? 0
        }
        let status = start > 0 ? "206 Partial Content" : "200 OK"
        let part = start > 0 ? "Content-Range: bytes \(start)-\(bytes.count - 1)/\(bytes.count)\r\n" : ""
        write(
            peer,
            Array(
                "HTTP/1.1 \(status)\r\nETag: \(mark)\r\n\(part)Content-Length: \(bytes.count - start)\r\n\r\n".utf8))
        let body = bytes[start...].prefix(changes && !isOld ? .max : limit)
        write(peer, Array(body))
        state.withLock { $0.sent += body.count }
    }

    private func write(_ peer: CInt, _ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(peer, $0.baseAddress.map { $0 + done }, bytes.count - done, CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            done += count
        }
    }
}
