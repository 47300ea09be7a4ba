import CCurl
import Domain
import Glibc
import Processes
import Synchronization

/// What libcurl's thread and the caller of a download share.
final class Transfer: Sendable {
    fileprivate struct State {
        var descriptor: CInt = -1
        var have = 0
        var written = 0
        /// Where the server's mark of the file is kept, and what it is; the status of the answer that it stands in.
        var mark = ""
        var etag: String?
        var status = 0
        var free = Int.max
        var isCancelled = false
        var problem: ImageStoreError?
        /// That an address may not be asked.
        var refusal: ImageStoreError?
    }

    /// Free space that stays for others. What is small takes none from them.
    private var reserve: Int { most == nil ? 1 << 30 : 0 }

    private let state = Mutex(State())
    private let most: Int?
    private let mayAsk: (@Sendable (ClientAddress) -> Bool)?
    private let progress: @Sendable (Int, Int) -> Void

    /// - Parameters:
    ///   - most: Bytes of the whole file; nil: as many as there is room for.
    ///   - mayAsk: Which addresses may be asked; nil: all.
    init(
        most: Int?, mayAsk: (@Sendable (ClientAddress) -> Bool)?, _ progress: @escaping @Sendable (Int, Int) -> Void
    ) {
        (self.most, self.mayAsk, self.progress) = (most, mayAsk, progress)
    }

    var problem: ImageStoreError? { state.withLock { $0.problem } }
    var refusal: ImageStoreError? { state.withLock { $0.refusal } }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.problem = ImageStoreError(
                .cancelled, "The download was interrupted. What came is kept: the next one goes on.")
        }
    }

    func begin(_ descriptor: CInt, have: Int, mark: String) {
        state.withLock { state in
            (state.descriptor, state.have, state.written, state.mark) = (descriptor, have, 0, mark)
            state.free =
                Files.space(of: Files.directory(of: mark))?.free ?? .max
        }
    }

    /// Lets libcurl call us.
    /// - Parameter data: This object, which lives until the transfer is over.
    func attach(to handle: UnsafeMutableRawPointer, _ data: UnsafeMutableRawPointer) -> Bool {
        ccurl_set_transfer(
            handle, CURLOPT_WRITEFUNCTION,
            { bytes, size, count, data in
                Transfer.of(data).write(bytes, size * count)
            }) == CURLE_OK && ccurl_set_pointer(handle, CURLOPT_WRITEDATA, data) == CURLE_OK
            && ccurl_set_transfer(
                handle, CURLOPT_HEADERFUNCTION,
                { bytes, size, count, data in
                    Transfer.of(data).header(bytes, size * count)
                    return size * count
                }) == CURLE_OK
            && ccurl_set_pointer(handle, CURLOPT_HEADERDATA, data) == CURLE_OK
            && ccurl_set_progress(
                handle,
                { data, all, come, _, _ in
                    Transfer.of(data).report(Int(come), Int(all)) ? 0 : 1
                }) == CURLE_OK
            && ccurl_set_pointer(handle, CURLOPT_XFERINFODATA, data) == CURLE_OK
    }

    /// Connects to nothing but what may be asked. libcurl asks for each address that it is about to connect to, when names are resolved
    /// and redirects are followed.
    func chooseAddresses(of handle: UnsafeMutableRawPointer) -> Bool {
        let data = Unmanaged.passUnretained(self).toOpaque()
        return ccurl_set_open_socket(
            handle,
            { data, _, address in
                guard let address else { return CURL_SOCKET_BAD }
                let family = address.pointee.family
                // It stands in the structure's tail, which is as long as it says.
                let place = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
                let bytes = Array(
                    UnsafeRawBufferPointer(
                        start: UnsafeRawPointer(address) + place, count: Int(address.pointee.addrlen)))
                guard Transfer.of(data).mayConnect(family, bytes) else { return CURL_SOCKET_BAD }
                return socket(family, address.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
            }) == CURLE_OK && ccurl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, data) == CURLE_OK
    }

    /// - Parameter bytes: A `sockaddr_in` (the address from its fourth byte on) or `sockaddr_in6` (from its eighth).
    private func mayConnect(_ family: CInt, _ bytes: [UInt8]) -> Bool {
        let address =
            switch family {
            case AF_INET where bytes.count >= 8: Array(bytes[4..<8])
            case AF_INET6 where bytes.count >= 24: Array(bytes[8..<24])
            default: [UInt8]()
            }
        let target = ClientAddress(bytes: address)
        if let target, let mayAsk, mayAsk(target) { return true }
        state.withLock { state in
            state.refusal = ImageStoreError(
                .refused, "It leads to \(target.map { "\($0)" } ?? "a socket"), which may not be asked.")
        }
        return false
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> Transfer {
        guard let data else { preconditionFailure("libcurl calls with what it was given") }
        return Unmanaged<Transfer>.fromOpaque(data).takeUnretainedValue()
    }

    private func write(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        state.withLock { state in
            // An answer that tells no length must not fill the disk either.
            if state.written + count > state.free - reserve {
                state.problem = ImageStoreError(
                    .noSpace, "There are only \(state.free >> 20) MiB free for it. What came is kept: free some space.")
                return 0
            }
            if let most, state.have + state.written + count > most {
                state.problem = ImageStoreError(.refused, "It has more than \(most) bytes.")
                return 0
            }
            if state.written == 0 { state.keepMark() }
            var done = 0
            while done < count {
                let written = Glibc.write(state.descriptor, bytes.map { $0 + done }, count - done)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else {
                    let isFull = errno == ENOSPC || errno == EDQUOT
                    state.problem = ImageStoreError(
                        isFull ? .noSpace : .system,
                        isFull
                            ? "The disk is full. What came is kept: free some space, and the next download goes on."
                            : "What came can't be written: \(String(cString: strerror(errno)))")
                    return 0
                }
                done += written
            }
            state.written += count
            return count
        }
    }

    /// Notes the server's mark of the file, by which an interrupted download knows it again (RFC 9110, 13.1.5).
    private func header(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) {
        guard let bytes, count < 512 else { return }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self).trimmed
        state.withLock { state in
            if line.hasPrefix("HTTP/") {
                // One of several answers: a redirect, then the file.
                state.status = Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
                state.etag = nil
            } else if line.lowercased().hasPrefix("etag:") {
                let mark = line.dropFirst(5).trimmed
                // A weak one says that bytes may differ.
                state.etag = mark.hasPrefix("\"") ? mark : nil
            }
        }
    }

    /// - Returns: Whether to go on.
    private func report(_ come: Int, _ all: Int) -> Bool {
        let (have, goesOn) = state.withLock { state in
            if all > 0, state.problem == nil, all > state.free - reserve {
                state.problem = ImageStoreError(
                    .noSpace,
                    "It has \(all >> 20) MiB, and only \(state.free >> 20) MiB are free there. Free some space.")
            }
            return (state.have, state.problem == nil)
        }
        if goesOn { progress(have + come, all > 0 ? have + all : 0) }
        return goesOn
    }
}

extension Transfer.State {
    /// Keeps the mark beside what comes now, or none: what came before was of that same file, or has been cut off.
    fileprivate func keepMark() {
        guard let etag, [200, 206].contains(status) else {
            unlink(mark)
            return
        }
        // Without it the next download begins anew.
        try? Files.write(etag, to: mark)
    }
}
