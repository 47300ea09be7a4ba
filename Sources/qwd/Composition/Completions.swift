import ArgumentParser
import Catalogue
import Domain
import Foundation
import Glibc
import Processes
import Queue
import Settings

/// What a shell offers for an argument, as the service knows it now. Silent where there is none, and never slow: whoever presses a
/// key waits for it.
enum Completions {
    static let sessions = ofQueue { queue, _ in try await queue.sessions().map(\.id.text) }
    static let jobs = ofQueue { queue, _ in try await queue.jobs().map(\.id) }
    static let hosts = ofQueue { queue, settings in
        try await queue.hosts(lease: settings.scheduler.lease).map(\.name)
    }

    /// What the hosts offer, and what this host's catalogue has besides.
    static let offers = CompletionKind.custom { words, _, prefix in
        let offered = await answer(words) { queue, settings in
            try await queue.machines(lease: settings.scheduler.lease).map(\.name)
        }
        return fitting(offered + sections(words), prefix)
    }

    /// The sections of this host's catalogue.
    static let machines = CompletionKind.custom { words, _, prefix in fitting(sections(words), prefix) }

    /// Those that are comments.
    static let disabledMachines = CompletionKind.custom { words, _, prefix in
        let files = settings(words)?.machines.catalogue ?? []
        return fitting(files.flatMap { CatalogueFile($0).disabled() }, prefix)
    }

    /// Keys of the configuration, as `--set` takes them.
    static let keys = CompletionKind.custom { _, _, prefix in
        fitting(SettingsSchema.keys.map { "\($0.name)=" }, prefix)
    }

    private static func ofQueue(
        _ find: @escaping @Sendable (JobQueue, Settings) async throws -> [String]
    ) -> CompletionKind {
        .custom { words, _, prefix in fitting(await answer(words, find), prefix) }
    }

    private static func answer(
        _ words: [String], _ find: @escaping @Sendable (JobQueue, Settings) async throws -> [String]
    ) async -> [String] {
        guard let settings = settings(words) else { return [] }
        // There may be no service, which is no answer.
        return (try? await Connection.withQueue(settings) { try await find($0, settings) }) ?? []
    }

    private static func sections(_ words: [String]) -> [String] {
        guard let machines = settings(words)?.machines else { return [] }
        return SectionSummary.all(files: machines.catalogue, directory: machines.directory).map(\.name)
    }

    /// The configuration that the command which is being typed would have.
    private static func settings(_ words: [String]) -> Settings? {
        // Whatever hangs from here on, the shell gets its prompt back; nothing was printed by then.
        signal(SIGALRM) { _ in _exit(0) }
        alarm(1)
        func values(of option: String) -> [String] {
            words.indices.compactMap { index in
                if words[index].hasPrefix("\(option)=") { return String(words[index].dropFirst(option.count + 1)) }
                return words[index] == option && index + 1 < words.count ? words[index + 1] : nil
            }
        }
        let loaded = SettingsLoader.load(
            configFile: values(of: "--config").last, environment: ProcessInfo.processInfo.environment,
            overrides: values(of: "--set"))
        return try? loaded.get()
    }

    private static func fitting(_ words: [String], _ prefix: String) -> [String] {
        // A name that a shell would take apart is typed by hand.
        Set(words).filter { word in
            word.hasPrefix(prefix)
                && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-=:/@+".contains($0)) }
        }.sorted()
    }
}
