import Domain
import Glibc
import Machines
import Processes

/// The process that serves a folder to a machine (virtiofsd). It sees of the host its folder and nothing else, and is on the host
/// whom the files belong to: what it may read and write there, and whose a new file is, the kernel decides, on any file
/// system. It knows itself as the guest's user and nobody else, so no other user of the guest, root included, makes files.
enum FileServer {
    /// Where Debian's qemu-system-common has it.
    static let program = "/usr/lib/qemu/virtiofsd"
    static let package = "qemu-system-common"
    /// The listening socket that it inherits.
    private static let listener = 3

    /// A text that stands in the command line of each file server of a session, and of its guard.
    static func mark(_ session: SessionID) -> String { "source=/folder-\(session)-" }

    /// Starts one.
    /// - Parameters:
    ///   - place: Its folder's, among those of the session.
    ///   - account: The session's own user.
    /// - Returns: The process, and QEMU's end of the connection to it.
    static func start(
        _ folder: SharedFolder, _ place: Int, of session: SessionID, _ paths: SessionPaths, account: Account?
    ) async throws(ProcessError) -> (process: ProcessHandle, connection: Descriptor) {
        let seen = "/folder-\(session)-\(folder.tag)"
        var command = Program(
            program,
            [
                "--fd=\(listener)", "-f", "--rlimit-nofile=0", "-o", "source=\(seen)", "-o", "sandbox=chroot", "-o",
                "log_level=err",
            ], package: package)
        command.account = folder.account ?? account
        command.knownAs = folder.guestUser
        command.fileBytes = folder.mostBytes
        command.survivesFileLimit = folder.mostBytes != nil
        var sandbox = Sandbox()
        sandbox.processes = .itselfInProc
        let mount = Sandbox.Mount(folder.path, at: seen)
        sandbox.filter = .noReservedRoom
        if folder.isReadOnly { sandbox.readOnly = [mount] } else { sandbox.writable = [mount] }
        command.sandbox = sandbox
        let socket = "\(paths.run)/folder\(place)"
        let its = try UnixSocket.listen(at: socket)
        defer { Files.remove(socket) }
        let ours = try UnixSocket.connect(to: socket)
        let process = try await DetachedProcess.start(command, inherited: [its], log: paths.folderLog)
        return (process, ours)
    }

    /// The one that serves a folder of a session; nil if there is none any more.
    static func find(_ session: SessionID, tag: String) -> ProcessHandle? {
        ProcessHandle.find(program, mark: "\(mark(session))\(tag) ")
    }

    /// What files take of a folder's disk, in bytes, that have no name any more and that the guest still has open.
    static func unnamedBytes(_ server: ProcessHandle, in folder: FileIdentity) -> Int {
        let place = "/proc/\(server.pid)/fd"
        var seen: Set<FileIdentity> = []
        return Files.names(in: place).reduce(0) { sum, name in
            var status = stat()
            // One that was closed meanwhile takes nothing.
            guard stat("\(place)/\(name)", &status) == 0, status.st_nlink == 0 else { return sum }
            let file = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
            guard folder.isOnSameDisk(as: file), seen.insert(file).inserted else { return sum }
            // An empty one takes a place of the disk's too.
            return sum + max(Int(status.st_blocks) * 512, 4096)
        }
    }

    /// Says how the files of a folder may grow. Kernels let only root with all rights, or the same user, change a limit of another
    /// process, so it is the session's user who does it.
    /// - Parameters:
    ///   - bytes: How large a file may become.
    ///   - account: The session's own user.
    /// - Returns: Whether it is so now.
    static func limit(_ server: ProcessHandle, to growth: ExchangeGrowth, bytes: Int, account: Account?) async -> Bool {
        var command = Program(
            "prlimit", ["--pid", "\(server.pid)", "--fsize=\(growth == .free ? bytes : 0):"], package: "util-linux")
        command.account = account
        let limiting = command
        return (try? await ForegroundProcess.run(limiting, limit: .seconds(5)))?.isSuccess == true
    }

    /// What a file server that has begun to serve has got: its root is its folder then. Somebody may have put a link, or another
    /// directory, in its place since it was looked at.
    static func hasRightFolder(_ process: ProcessHandle, _ folder: SharedFolder) -> Bool {
        FileIdentity("/proc/\(process.pid)/root") == folder.identity
    }
}
