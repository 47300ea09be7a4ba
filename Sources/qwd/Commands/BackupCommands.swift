import ArgumentParser
import Foundation
import Settings

/// Copies what a service can't make again.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the secret, the ledger, the queue, the configuration and the catalogue into a directory.",
        discussion: """
            A service may run meanwhile. Images, disks of sessions, and files that keys name (certificates, passwords) are not in it. \
            Whoever has the copy has the secret: keep it closed.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The directory, which is made, or is empty.", completion: .directory) var directory: String

    func run() async throws {
        let settings = try common.settings()
        let target = URL(filePath: directory).standardizedFileURL.path
        var writer = try BackupWriter(settings, configFile: common.file, directory: target)
        let manifest = try await writer.run()
        manifest.table { "\(target)/\($0.name)" }.print()
    }
}

/// Puts a backup back.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put the files of a backup back where they were.",
        discussion: """
            Refuses while a service runs, and where a sum is wrong. Sessions that ran when the backup was made end when their \
            hosts are back, unless their machines still run there.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The directory that 'qwd backup' has made.", completion: .directory) var directory: String
    @Flag(help: "Replace files that are there.") var force = false

    func run() async throws {
        let reader = try BackupReader(URL(filePath: directory).standardizedFileURL.path)
        try await reader.check(try common.settings(), isForced: force)
        try reader.restore()
        reader.manifest.table(\.path).print()
        Console.say("qwd: that is how it was at \(reader.manifest.at) (qwd \(reader.manifest.version))")
    }
}

extension BackupManifest {
    /// What is in it, each with a place.
    fileprivate func table(_ place: (Entry) -> String) -> Table {
        Table(headings: ["WHAT", "WHERE"], rows: entries.map { [$0.kind.title, place($0)] })
    }
}
