import Catalogue
import Domain
import ImageStore
import Machines
import Processes

/// Gets a boot script by HTTP or HTTPS, in five tries at most.
struct BootScriptDownload {
    private let url: String
    private let sources: BootScriptSources
    private let isAdministrators: Bool
    /// Of one try: a few kilobytes, for which somebody waits.
    private static let limit = Duration.seconds(5)

    /// - Parameter isAdministrators: Whether an administrator has named it, who may name what is in this host's own networks.
    init(_ url: String, sources: BootScriptSources, isAdministrators: Bool) {
        (self.url, self.sources, self.isAdministrators) = (url, sources, isAdministrators)
    }

    /// Without what stands behind a question mark, which may be a secret.
    static func shown(_ url: String) -> String { SectionSummary.shown(url: url) }

    func text() async throws(MachineError) -> String {
        let shown = Self.shown(url)
        if !isAdministrators, !Self.isBelow(sources.urls, url) {
            throw MachineError(
                .badImage,
                "The boot script \(shown) is none of those that may be named here. Ask the administrator to add it (scripts.urls)."
            )
        }
        let file = "\(sources.directory)/boot-script-\(UInt64.random(in: 0...UInt64.max))"
        defer { for name in [file, "\(file).etag"] { Files.remove(name) } }
        var download = Download(url: url, partial: file, proxy: sources.proxy, silence: Self.limit)
        download.most = sources.mostBytes
        download.limit = Self.limit
        if !isAdministrators {
            let own = OwnNetworks()
            download.mayAsk = { $0.isPublic && !own.contain($0) }
        }
        do throws(ImageStoreError) {
            try await download.run { _, _ in }
        } catch {
            let why = error.code == .network ? "\(Download.tries) tries brought nothing." : error.detail
            // Another host, or the same a moment later, may have more luck with what is not the address's fault.
            let code: MachineError.Code =
                switch error.code {
                case .network, .system, .cancelled: .system
                case .noSpace: .noSpace
                default: .badImage
                }
            throw MachineError(code, "The boot script \(shown) can't be had. \(why)")
        }
        return try MachineError.translating { () throws(ProcessError) in try sources.contents(file) }
    }

    /// Whether an address lies below one of some others: of the same server, and in the same directory or deeper. What a server could
    /// read as the way out of it does not.
    static func isBelow(_ places: [String], _ url: String) -> Bool {
        guard let wanted = URLParts(url), let server = wanted.authority, wanted.userInfo == nil else { return false }
        let path = wanted.path.lowercased()
        let isPlain = !path.contains("%2e") && !path.contains("%2f") && !path.contains("%5c") && !path.contains("\\")
        guard isPlain, !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else { return false }
        return places.compactMap { URLParts($0) }.contains { place in
            guard let other = place.authority, place.scheme == wanted.scheme, other.host == server.host,
                other.port(of: place.scheme) == server.port(of: wanted.scheme)
            else { return false }
            return wanted.path == place.path || wanted.path.hasPrefix(place.path + "/")
        }
    }
}
