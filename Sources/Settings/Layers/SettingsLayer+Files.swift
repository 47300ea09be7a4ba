import FoundationEssentials

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension SettingsLayer {
    /// The file, then `qwd.d/*.yaml` beside it in the order of their names, byte by byte.
    /// - Parameter mustExist: Whether it is an error that there is no such file.
    static func files(from path: String, mustExist: Bool) -> [SettingsLayer] {
        let slash = path.lastIndex(of: "/")
        let directory = (slash.map { String(path[...$0]) } ?? "") + "qwd.d"
        var layers = [file(at: path, mustExist: mustExist)]
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            layers +=
                names
                .filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                .map { file(at: directory + "/" + $0, mustExist: true) }
        } catch {
            if !error.isMissingFile { layers.append(.unreadable(directory, error)) }
        }
        return layers
    }

    private static func file(at path: String, mustExist: Bool) -> SettingsLayer {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            return error.isMissingFile && !mustExist ? SettingsLayer() : .unreadable(path, error)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            let valid = String(decoding: data, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
            return SettingsLayer(errors: [
                SettingsError(
                    origin: .file(path: path, line: valid.count { $0.isNewline } + 1), key: "",
                    found: "bytes that are no text", expected: "a file in UTF-8")
            ])
        }
        return YAMLReader.layer(of: text, path: path)
    }

    private static func unreadable(_ path: String, _ error: any Error) -> SettingsLayer {
        SettingsLayer(errors: [
            SettingsError(
                origin: .file(path: path, line: nil), key: "",
                found: error.isMissingFile ? "no such file" : "what can't be read (\(error.reason))",
                expected: "a readable YAML file")
        ])
    }
}

extension Error {
    fileprivate var isMissingFile: Bool {
        let code = (self as? CocoaError)?.code
        return code == .fileReadNoSuchFile || code == .fileNoSuchFile
    }

    /// The words of the system where it says why.
    fileprivate var reason: String {
        guard let cocoa = self as? CocoaError else { return "\(self)" }
        if let posix = cocoa.underlying as? POSIXError { return String(cString: strerror(posix.code.rawValue)) }
        return cocoa.code == .fileReadNoPermission ? "no permission" : "error \(cocoa.code.rawValue)"
    }
}
