/// Why a secret was not read from its file. It never holds a part of the file.
package struct SecretFileError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable {
        case missing
        /// A directory or a device, for example.
        case notAFile
        /// Others than its owner can read or write it.
        case exposed
        /// It belongs to somebody else, who may change or know it.
        case foreign
        case empty
        /// Bytes that are no UTF-8, a NUL among them, or far too many.
        case notText
        case unreadable
    }

    package var path: String
    package var code: Code
    /// The words of the system, or the mode.
    package var detail: String

    package init(path: String, code: Code, detail: String = "") {
        self.path = path
        self.code = code
        self.detail = detail
    }

    /// The file, what is wrong with it, and the way out.
    package var description: String {
        switch code {
        case .missing:
            "\(path): there is no such file; write the secret into it and run: chmod 600 \(path)"
        case .notAFile: "\(path): this is no file; name a file that holds the secret alone"
        case .exposed: "\(path): others can read the secret (\(detail)); run: chmod 600 \(path)"
        case .foreign:
            "\(path): the file belongs to \(detail); if you trust what is in it, run: chown root \(path), or chown it to us"
        case .empty: "\(path): the file is empty; write the secret into it"
        case .notText: "\(path): this is no secret in UTF-8; write it as text, alone in its file"
        case .unreadable: "\(path): the file can't be read (\(detail)); give it to the user that runs qwd"
        }
    }
}
