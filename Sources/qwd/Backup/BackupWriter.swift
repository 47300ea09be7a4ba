import Foundation
import Glibc
import Ledger
import Processes
import Settings

/// Copies what a service can't make again into a directory, while it runs.
struct BackupWriter {
    let settings: Settings
    /// The configuration's file.
    let configFile: String
    let directory: String
    private var manifest: BackupManifest

    init(_ settings: Settings, configFile: String, directory: String) throws(Failure) {
        self.settings = settings
        self.configFile = configFile
        self.directory = directory
        manifest = BackupManifest(
            at: Date().ISO8601Format(), stateDir: settings.stateDir, runtimeDir: settings.runtimeDir)
        guard Files.names(in: directory).isEmpty else {
            throw Failure(.failed, "\(directory) is not empty. Each backup has a directory of its own.")
        }
    }

    /// - Returns: What is in it. The list is written last: a directory without one is no backup.
    mutating func run() async throws -> BackupManifest {
        try Files.makeDirectory(directory)
        // In somebody else's the list could be exchanged, and it is obeyed when it is put back.
        guard Files.owner(of: directory) == geteuid(), chmod(directory, 0o700) == 0 else {
            throw Failure(.failed, "\(directory) belongs to somebody else. Each backup has a directory of its own.")
        }
        let secret = Roles.secretFile(settings)
        guard Files.exists(secret) else {
            throw Failure(.failed, "There is no \(secret): no service has run here, or with another state_dir.")
        }
        try copy(secret, .secret, as: "secret")
        // By it the queue knows whose the sessions were. A host of pages alone has none.
        let host = "\(settings.stateDir)/host-id"
        if Files.exists(host) { try copy(host, .host, as: "host-id") }
        try await copyLedger()
        try await copyQueue()
        for path in configurationFiles { try copy(path, .configuration, as: "configuration\(path)") }
        for path in settings.machines.catalogue where Files.exists(path) {
            try copy(path, .machines, as: "machines\(path)")
        }
        try manifest.write(to: directory)
        return manifest
    }

    /// The file and what wins over it.
    private var configurationFiles: [String] {
        let dropIns = "\(Files.directory(of: configFile))/qwd.d"
        let names = Files.names(in: dropIns).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted()
        return ([configFile] + names.map { "\(dropIns)/\($0)" }).filter { Files.exists($0) }
    }

    private mutating func copyLedger() async throws {
        let path = Roles.ledgerFile(settings)
        // A host without a scheduler has none.
        guard Files.exists(path) else { return }
        do throws(LedgerError) {
            let ledger = try await Ledger(reading: path)
            try await ledger.copy(to: "\(directory)/ledger.sqlite")
            try await ledger.close()
        } catch {
            throw Failure(.failed, "\(error)")
        }
        try note("ledger.sqlite", .ledger, path)
    }

    private mutating func copyQueue() async throws {
        guard settings.redis.url == nil || PrivateRedis.isBeside(settings) else {
            Console.say(
                "qwd: the queue is not in it: whoever looks after the Redis of redis.url backs that up (BGSAVE, and its dump.rdb)"
            )
            return
        }
        let redis = "\(settings.stateDir)/redis"
        let snapshot = RedisSnapshot(settings: settings)
        if await snapshot.isThere() {
            try await snapshot.copy(to: "\(directory)/redis.rdb")
            // Redis takes a snapshot for the beginning of its log where there is no other (src/aof.c, aofUpgradePrepare).
            return try note("redis.rdb", .redis, "\(redis)/appendonly.aof", like: redis)
        }
        let log = "\(redis)/appendonlydir"
        for name in Files.names(in: log).sorted() { try copy("\(log)/\(name)", .redis, as: "redis/\(name)") }
        if await snapshot.isThere() {
            throw Failure(
                .unavailable, "A service has started meanwhile, so the queue's log is not of one moment. Try again.")
        }
    }

    private mutating func copy(_ path: String, _ kind: BackupManifest.Kind, as name: String) throws {
        try Files.makeDirectory(Files.directory(of: "\(directory)/\(name)"))
        try Files.copy(path, to: "\(directory)/\(name)")
        try note(name, kind, path)
    }

    /// Adds a file that is in the directory to the list.
    /// - Parameter model: Whose owner it gets, where its own place has no file.
    private mutating func note(
        _ name: String, _ kind: BackupManifest.Kind, _ path: String, like model: String? = nil
    ) throws {
        guard let rights = FileRights(of: model ?? path) else {
            throw Failure(.failed, "Can't look at \(model ?? path): \(String(cString: strerror(errno)))")
        }
        manifest.entries.append(
            BackupManifest.Entry(
                kind: kind, name: name, path: path, mode: model == nil ? rights.mode : 0o600,
                owner: rights.userName, group: rights.groupName,
                sha256: try BackupManifest.sum(of: "\(directory)/\(name)")))
    }
}
