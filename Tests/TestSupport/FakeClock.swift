internal import Foundation

/// A clock for one Redis server, and for it alone, that a test sets (libfaketime around the server).
///
/// It runs on as every clock does, from where it was set. What the server measures for itself, such as the time of a
/// blocking wait, goes by the true one.
package struct FakeClock: Sendable {
    private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    private static let libc = "/lib/x86_64-linux-gnu/libc.so.6"
    private let file: String

    /// - Parameter directory: Where its file lies; the server's own is a good place.
    init(in directory: String) throws {
        guard FileManager.default.fileExists(atPath: Self.library) else {
            throw RedisServer.Failure(description: "\(Self.library) is not there. Install Debian's libfaketime.")
        }
        file = directory + "/clock"
        try set(.zero)
    }

    /// Entries of the server's environment.
    var environment: [String] {
        [
            // With libc's malloc in place of jemalloc, which asks for the time before the library can say it.
            "LD_PRELOAD=\(Self.library):\(Self.libc)", "FAKETIME_TIMESTAMP_FILE=\(file)", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        ]
    }

    /// Sets it so far ahead of the true time, or behind it.
    package func set(_ offset: Duration) throws {
        // Renamed into its place: the server reads it whenever it asks for the time.
        let seconds = offset.components.seconds
        try Data("\(seconds < 0 ? "" : "+")\(seconds)".utf8).write(to: URL(filePath: file), options: .atomic)
    }
}
