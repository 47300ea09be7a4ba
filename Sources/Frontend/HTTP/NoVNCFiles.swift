import Foundation
import Hummingbird

/// The part of noVNC that a viewer's page loads: its modules, read once and kept, compressed too.
///
/// Their address has their version in it, so browsers keep them for a year. Nothing but these files is ever served, and
/// no file is looked for by what somebody asks.
struct NoVNCFiles: Sendable {
    /// The directories that `core/rfb.js` and what it imports are in.
    private static let directories = ["core", "vendor"]
    /// Many times the largest there is.
    private static let largestFile = 1 << 20

    private let files: [String: Assets.Asset]
    private let version: String

    /// - Parameter directory: noVNC as its package installs it. Without noVNC in it there is nothing to serve.
    init(directory: String) {
        var files: [String: Assets.Asset] = [:]
        let root = URL(filePath: directory).resolvingSymlinksInPath().path
        for name in Self.directories {
            // An absent directory has no files.
            let found = FileManager.default.enumerator(atPath: "\(root)/\(name)")?.compactMap { $0 as? String } ?? []
            for path in found where path.hasSuffix(".js") {
                guard let bytes = Self.read("\(root)/\(name)/\(path)", below: root) else { continue }
                files["\(name)/\(path)"] = Assets.Asset("\(name)/\(path)", "text/javascript; charset=utf-8", bytes)
            }
        }
        self.files = files
        let all = files.sorted { $0.key < $1.key }.flatMap { Array("\($0.key) \($0.value.version)\n".utf8) }
        version = Assets.version(of: all)
    }

    /// What is served, in order.
    var paths: [String] { files.keys.sorted() }

    /// Whether viewers' pages can't show anything.
    var isMissing: Bool { files["core/rfb.js"] == nil }

    /// The module that a viewer's page loads.
    func address(base: String) -> String { "\(base)/novnc/\(version)/core/rfb.js" }

    func response(to request: Request, version: String, path: String) throws(FrontendError) -> Response {
        guard let file = files[path] else { throw FrontendError(code: .notFound) }
        return file.response(to: request, isCurrent: version == self.version)
    }

    /// A regular file that is in the directory, also where links lead.
    private static func read(_ path: String, below root: String) -> [UInt8]? {
        let url = URL(filePath: path).resolvingSymlinksInPath()
        guard url.path.hasPrefix("\(root)/"),
            let values = try? url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey]),
            values.isRegularFile == true, (values.fileSize ?? .max) <= largestFile
        else { return nil }
        // A file that can't be read is one that is not there.
        return (try? Data(contentsOf: url)).map(Array.init)
    }
}
