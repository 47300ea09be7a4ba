import FoundationEssentials
package import Subprocess

/// What programs that we start get to know of our environment: a short list of names. Ours may hold passwords
/// (`QWD_REDIS_URL`), tokens and paths that are nobody else's business.
package enum ChildEnvironment {
    private static let names = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", testMark]
    /// By this a test finds whatever its service has started.
    private static let testMark = "QWDTEST_ROOT"
    /// For programs that fetch packages: how they get out of this network.
    private static let proxyNames = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy"].flatMap {
        [$0, $0.uppercased()]
    }

    package static var variables: [String: String] {
        ProcessInfo.processInfo.environment.filter { names.contains($0.key) }
    }

    static var proxyVariables: [String: String] {
        ProcessInfo.processInfo.environment.filter { proxyNames.contains($0.key) }
    }
}

extension Environment {
    /// The environment of every program.
    package static var forPrograms: Environment { custom(ChildEnvironment.variables) }

    /// The environment of programs that fetch packages from Debian's servers.
    package static var forDownloads: Environment {
        custom(ChildEnvironment.variables.merging(ChildEnvironment.proxyVariables) { own, _ in own })
    }

    private static func custom(_ variables: [String: String]) -> Environment {
        .custom(Dictionary(uniqueKeysWithValues: variables.map { (Key(stringLiteral: $0), $1) }))
    }
}
