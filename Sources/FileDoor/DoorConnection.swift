import CLinux
import FoundationEssentials
import Glibc
import Processes

/// One connection: a line is read, done and answered, then the next one. Blocks, on a thread of its own.
struct DoorConnection {
    let socket: Descriptor
    let directory: ExchangeDirectory
    let limits: DoorLimits
    private var buffered: [UInt8] = []
    private var scratch = [UInt8](repeating: 0, count: 1 << 18)

    private static let longestLine = 8192
    /// After so many bytes of a file it is looked again whether there is room for the rest.
    private static let stride = 8 << 20
    /// After so many it is told how much has come. A sixteenth of what a page lets be on its way, so it is never waited for.
    private static let told = 1 << 20

    /// The other side has ended, or does not read.
    private struct Ended: Error {}

    init(_ socket: Descriptor, _ directory: ExchangeDirectory, _ limits: DoorLimits) {
        self.socket = socket
        self.directory = directory
        self.limits = limits
        // Who neither asks nor reads for so long has gone.
        var patience = timeval(tv_sec: limits.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket.number, SOL_SOCKET, option, &patience, size)
        }
    }

    mutating func serve() {
        while let line = nextLine(), line.count <= Self.longestLine {
            do {
                guard let request = try? JSONDecoder().decode(DoorRequest.self, from: Data(line)) else {
                    throw DoorError.request
                }
                try answer(request)
            } catch let error as DoorError {
                guard (try? send(DoorAnswer(error: error))) != nil else { return }
                // What was to follow would be taken for a line.
                if error == .request { return }
            } catch {
                return
            }
        }
    }

    private mutating func answer(_ request: DoorRequest) throws {
        switch request.op {
        case .list:
            let content = directory.content
            try send(
                DoorAnswer(
                    files: content.files, used: content.usage.bytes, limit: limits.bytes,
                    more: content.hasMore ? true : nil))
        case .get: try get(request)
        case .put: try put(request)
        case .remove:
            guard let name = request.name else { throw DoorError.request }
            try directory.remove(name)
            try send(DoorAnswer())
        case .clear: try clear()
        case .archive: try archive()
        }
    }

    private mutating func get(_ request: DoorRequest) throws {
        guard let name = request.name, let offset = request.offset, let most = request.length, offset >= 0, most >= 0
        else { throw DoorError.request }
        let (file, size) = try directory.read(name)
        let length = min(most, max(0, size - offset))
        try send(DoorAnswer(size: size, length: length))
        var place = offset
        while place < offset + length {
            let count = pread(file.number, &scratch, min(scratch.count, offset + length - place), off_t(place))
            // It became shorter: so many bytes were promised.
            guard count > 0 else { throw Ended() }
            try send(scratch[..<count])
            place += count
        }
    }

    private mutating func put(_ request: DoorRequest) throws {
        guard let name = request.name, let id = request.id, let size = request.size, size >= 0 else {
            throw DoorError.request
        }
        var (file, offset) = try directory.part(id)
        if offset > size {
            ftruncate(file.number, 0)
            offset = 0
        }
        do { try checkRoom(for: size - offset) } catch {
            // Nothing of it has come: nothing is left.
            if offset == 0 { directory.forget(part: id) }
            throw error
        }
        let tells = request.tell == true
        try send(DoorAnswer(offset: offset, tells: tells ? true : nil))
        do {
            try receive(size, from: offset, into: file, tells: tells)
            try send(DoorAnswer(name: try directory.place(part: id, as: name)))
        } catch let error as DoorError {
            // What does not fit is not kept; the rest is on its way and would be taken for lines.
            directory.forget(part: id)
            try send(DoorAnswer(error: error))
            throw Ended()
        }
    }

    /// Takes the bytes of a file from an offset on.
    private mutating func receive(
        _ size: Int, from start: Int, into file: Descriptor, tells: Bool
    ) throws {
        var (offset, checked, told) = (start, start, start)
        while offset < size {
            let piece = try nextBytes(atMost: min(scratch.count, size - offset))
            var written = 0
            while written < piece.count {
                let count = piece.withUnsafeBytes { bytes in
                    pwrite(
                        file.number, bytes.baseAddress.map { $0 + written }, piece.count - written,
                        off_t(offset + written))
                }
                guard count > 0 else { throw errno == ENOSPC || errno == EDQUOT ? DoorError.full : DoorError.refused }
                written += count
            }
            offset += piece.count
            if tells, offset - told >= Self.told, offset < size {
                told = offset
                try send(DoorAnswer(at: offset))
            }
            if offset - checked >= Self.stride {
                checked = offset
                try checkRoom(for: size - offset)
            }
        }
    }

    private func checkRoom(for bytes: Int) throws(DoorError) {
        let usage = directory.usage
        if usage.isBeyond || limits.bytes - usage.bytes < bytes { throw .limit }
        if directory.free - limits.reserve < bytes { throw .full }
    }

    /// All files as tar(1) writes them, by their names of now, and a line behind them that says that this was all. What a guest puts
    /// in the place of one meanwhile is stored as what it is; one that goes meanwhile is left out.
    private mutating func archive() throws {
        guard limits.archives.begin() else { throw DoorError.refused }
        defer { limits.archives.end() }
        let names = directory.content.files.map { "./\($0.name)\0" }.joined()
        // Whatever it is that this host has no room for, there is no archive.
        guard let list = try? Descriptor.memory(Array(names.utf8)) else { throw DoorError.refused }
        try send(DoorAnswer())
        let status = try run(
            "tar",
            [
                "--create", "--format=posix", "--file=-", "--directory=\(directory.path)", "--no-recursion", "--null",
                "--verbatim-files-from", "--files-from=-", "--ignore-failed-read", "--owner=0", "--group=0",
            ], input: list, output: socket)
        // tar(1): one, because a file was changed while it was read.
        if status <= 1 { try send(DoorAnswer(done: true)) }
        throw Ended()
    }

    /// Removes all there is, however deep.
    private func clear() throws {
        // Directories that may not be written, as some tools make them; the guest's files are ours.
        _ = try run(
            "chmod", ["--recursive", "--silent", "u+rwx", directory.path], input: try Self.nothing(O_RDONLY),
            output: try Self.nothing(O_WRONLY))
        let status = try run(
            "find", [directory.path, "-mindepth", "1", "-delete"], input: try Self.nothing(O_RDONLY),
            output: try Self.nothing(O_WRONLY))
        guard status == 0 else { throw DoorError.refused }
        try send(DoorAnswer())
    }

    private static func nothing(_ mode: CInt) throws(ProcessError) -> Descriptor {
        try Files.open("/dev/null", writable: mode == O_WRONLY)
    }

    /// - Returns: What the program says at its end; 128 if it was ended by a signal.
    private func run(
        _ program: String, _ arguments: [String], input: Descriptor, output: Descriptor
    ) throws -> CInt {
        guard let path = Programs.find(program) else { throw DoorError.refused }
        let pid = try Spawn.start(
            [path] + arguments, descriptors: [input, output, try Self.nothing(O_WRONLY)])
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        // WIFEXITED and WEXITSTATUS, which are macros.
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128
    }

    /// Up to the end of a line, without it; nil at the end.
    private mutating func nextLine() -> [UInt8]? {
        while true {
            if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffered[..<end])
                buffered.removeFirst(end + 1)
                return line
            }
            guard buffered.count <= Self.longestLine, receive() else { return nil }
        }
    }

    private mutating func nextBytes(atMost count: Int) throws -> ArraySlice<UInt8> {
        if buffered.isEmpty, !receive() { throw Ended() }
        let piece = buffered.prefix(count)
        buffered.removeFirst(piece.count)
        return piece
    }

    private mutating func receive() -> Bool {
        while true {
            let count = recv(socket.number, &scratch, scratch.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            buffered += scratch[..<count]
            return true
        }
    }

    private func send(_ answer: DoorAnswer) throws {
        let line = try JSONEncoder().encode(answer)
        try send(ArraySlice(line) + [UInt8(ascii: "\n")])
    }

    private func send(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket.number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Ended() }
            rest = rest.dropFirst(count)
        }
    }
}
