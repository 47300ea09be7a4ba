import Catalogue
import Glibc
import Processes
import Synchronization

/// Brings images into the machines directory: from an address or a file, checked, unpacked, looked at, and then at once in place.
/// What is half there has a name that no catalogue reads.
package struct ImageStore: Sendable {
    package var directory: String
    package var proxy: String

    /// How far it is: what is done, and the share of it, if that is known.
    package typealias Progress = @Sendable (_ step: String, _ done: Int, _ all: Int) -> Void

    /// Space of the disk that stays for others.
    private static let reserve = 1 << 30

    package init(directory: String, proxy: String = "") {
        self.directory = directory
        self.proxy = proxy
    }

    /// Gets an image from an address.
    /// - Parameters:
    ///   - name: The file's name in the directory.
    ///   - sha256: What the bytes that come must come to, packed as they are; nil: whatever comes.
    ///   - converts: Whether a disk of another format becomes a qcow2.
    /// - Returns: Path of the image.
    @discardableResult
    package func download(
        _ url: String, as name: String, sha256: String?, converts: Bool = false, progress: @escaping Progress
    ) async throws(ImageStoreError) -> String {
        try await alone(name) { partial throws(ImageStoreError) in
            try await download(url, to: partial, as: name, sha256, converts, progress)
        }
    }

    private func download(
        _ url: String, to partial: String, as name: String, _ sha256: String?, _ converts: Bool,
        _ progress: @escaping Progress
    ) async throws(ImageStoreError) -> String {
        let download = Download(url: url, partial: partial, proxy: proxy)
        do throws(ImageStoreError) {
            try await download.run { progress("Downloading \(name)", $0, $1) }
        } catch {
            // Of what never began nothing is kept.
            if Files.length(partial) == 0 || !Files.exists("\(partial).etag") { forget(partial) }
            throw error
        }
        do throws(ImageStoreError) {
            try await compare(partial, sha256, name, progress)
            return try await place(partial, as: name, converts, progress: progress)
        } catch {
            // It would be the same file again.
            if [.wrongSum, .badArchive, .badImage].contains(error.code) { forget(partial) }
            throw error
        }
    }

    /// Takes an image from a file of this host, which stays as it is.
    @discardableResult
    package func add(
        _ file: String, as name: String, sha256: String? = nil, converts: Bool = false, progress: @escaping Progress
    ) async throws(ImageStoreError) -> String {
        progress("Copying \(name)", 0, 0)
        guard Files.exists(file) else {
            throw ImageStoreError(.refused, "\(file) is not there. Check the name, or put the file there.")
        }
        var status = stat()
        guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ImageStoreError(
                .refused, "\(file) is no file. A disk of this host can be named by path= in a section.")
        }
        let size = Files.length(file)
        guard size < space else {
            throw ImageStoreError(
                .noSpace, "\(file) has \(size >> 20) MiB, and only \(space >> 20) MiB are free in \(directory).")
        }
        return try await alone(name) { partial throws(ImageStoreError) in
            try await copy(file, to: partial, as: name, sha256, converts, progress)
        }
    }

    private func copy(
        _ file: String, to partial: String, as name: String, _ sha256: String?, _ converts: Bool,
        _ progress: @escaping Progress
    ) async throws(ImageStoreError) -> String {
        do throws(ImageStoreError) {
            let isCancelled = Flag()
            let copied = await withTaskCancellationHandler {
                await onFileThread {
                    Result { () throws(ProcessError) in
                        try Files.copy(file, to: partial) { isCancelled.isSet }
                    }
                }
            } onCancel: {
                isCancelled.set()
            }
            if Task.isCancelled { throw ImageStoreError(.cancelled, "Interrupted. Nothing of it is kept.") }
            if case .failure(let error) = copied { throw ImageStoreError(.system, "\(error)") }
            try await compare(partial, sha256, name, progress)
            return try await place(partial, as: name, converts, progress: progress)
        } catch {
            forget(partial)
            throw error
        }
    }

    /// Something that is said once, to whoever looks.
    private final class Flag: Sendable {
        private let state = Atomic(false)
        var isSet: Bool { state.load(ordering: .relaxed) }
        func set() { state.store(true, ordering: .relaxed) }
    }

    /// - Parameter sum: What was promised; nil: nothing.
    private func compare(
        _ partial: String, _ sum: String?, _ name: String, _ progress: Progress
    ) async throws(ImageStoreError) {
        guard let sum else { return }
        progress("Comparing its sum", 0, 0)
        let found = try await onFileThread {
            Result { () throws(ImageStoreError) in try FileDigest.sha256(of: partial) }
        }
        .get()
        guard found == sum else {
            throw ImageStoreError(
                .wrongSum,
                "\(name) is not what its section promises: its SHA-256 is \(found), and sha256=\(sum). Nothing was changed. "
                    + "Ask where it comes from, and correct the one that is wrong.")
        }
    }

    private var space: Int { max(0, (Files.space(of: directory)?.free ?? .max) - Self.reserve) }

    /// Unpacks what came, looks at it, and puts it in place.
    private func place(
        _ partial: String, as name: String, _ converts: Bool, progress: @escaping Progress
    ) async throws(ImageStoreError) -> String {
        let (unpacked, converted) = ("\(partial).image", "\(partial).converted")
        defer {
            unlink(unpacked)
            unlink(converted)
        }
        var source = partial
        if let archive = Archive(Self.head(of: partial)) {
            progress("Unpacking \(name)", 0, 0)
            try await archive.unpack(partial, into: unpacked, most: space)
            source = unpacked
        }
        progress("Looking at \(name)", 0, 0)
        // The name that it will have may promise what it is not yet.
        let found = try await look(at: source, as: converts ? "" : name)
        if converts, found.kind == .disk, found.format != .qcow2 {
            progress("Converting \(name)", 0, 0)
            try await Conversion.run(source, found, into: converted, most: space)
            let made = try await look(at: converted, as: name)
            guard made.format == .qcow2, made.virtualSizeBytes >= found.virtualSizeBytes else {
                throw ImageStoreError(.badImage, "\(name): what was made of it is smaller than it is.")
            }
            source = converted
        }
        let path = "\(directory)/\(name)"
        // What is kept of a download goes before its name is free for another one.
        if source == partial { unlink("\(partial).etag") }
        // Whole on the disk before it has its name: desktops that run go on with the file that was there.
        guard chmod(source, 0o644) == 0, Self.sync(source), rename(source, path) == 0, Self.sync(directory) else {
            throw ImageStoreError(.system, "Can't put \(path) in place: \(String(cString: strerror(errno)))")
        }
        if source != partial { forget(partial) }
        return path
    }

    /// Makes an image of a file that no other process gets meanwhile, and waits until nobody writes to it.
    private func alone(
        _ name: String, _ make: (_ partial: String) async throws(ImageStoreError) -> String
    ) async throws(ImageStoreError) -> String {
        let partial = "\(directory)/.download-\(name)"
        let path: String
        do {
            let lock = try hold(partial)
            defer { close(lock.take()) }
            path = try await make(partial)
        }
        await settle(path)
        return path
    }

    /// Waits until nobody has an image open for writing: a program that another thread is just starting has our descriptors for a
    /// moment, and no machine is made of a file that somebody writes to.
    private func settle(_ path: String) async {
        for _ in 0..<200 {
            guard (try? ImageFile(path: path).isOpenForWriting) == true else { return }
            // Nothing tells when a file is closed.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func look(at path: String, as name: String) async throws(ImageStoreError) -> DiskImage {
        let found = await onFileThread { Result { () throws(ImageError) in try DiskImage(file: path, named: name) } }
        do throws(ImageError) { return try found.get() } catch {
            throw ImageStoreError(.badImage, "\(name): \(error.text)")
        }
    }

    private static let ends = [".etag", ".image", ".converted"]

    private func forget(_ partial: String) {
        for end in [""] + Self.ends { unlink(partial + end) }
    }

    /// One process gets a file at a time. The lock goes with the file, so nothing is left of it.
    private func hold(_ partial: String) throws(ImageStoreError) -> Descriptor {
        while true {
            let number = open(partial, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard number >= 0 else {
                throw ImageStoreError(.system, "Can't write in \(directory): \(String(cString: strerror(errno)))")
            }
            let lock = Descriptor(number)
            guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
                throw ImageStoreError(.system, "Another command gets it just now. Wait for that one.")
            }
            // Its last owner may have put the file in place since it was opened.
            var (held, named) = (stat(), stat())
            if fstat(number, &held) == 0, stat(partial, &named) == 0, held.st_ino == named.st_ino { return lock }
        }
    }

    /// Names of downloads that were broken off, and that nobody goes on with just now.
    package var leftovers: [String] {
        Files.names(in: directory).filter { name in
            guard name.hasPrefix(".download-") else { return false }
            let partial = Self.ends.reduce(name) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
            let number = open("\(directory)/\(partial)", O_RDWR | O_CLOEXEC)
            // What belongs to none is left of one.
            guard number >= 0 else { return errno == ENOENT }
            defer { close(number) }
            return flock(number, LOCK_EX | LOCK_NB) == 0
        }
    }

    private static func head(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &buffer, buffer.count)
        return Array(buffer.prefix(max(0, count)))
    }

    private static func sync(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}
