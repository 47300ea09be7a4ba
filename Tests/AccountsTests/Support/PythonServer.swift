import Foundation

/// One of the servers in `Servers`, written in Python.
final class PythonServer: Sendable {
    private let scratch: Scratch
    private let process: HeldProcess
    private let ports: [String: Int]

    init(_ script: String) async throws {
        let certificates = try await Certificates.shared
        scratch = try Scratch()
        let directory = scratch.path
        process = try HeldProcess(
            directory: directory,
            command: [Tools.python, Tools.script(script), directory, certificates.certificate, certificates.key],
            log: directory + "/log")
        let deadline = ContinuousClock.now + .seconds(30)
        while scratch.read("ports.json").isEmpty {
            guard process.isRunning, ContinuousClock.now < deadline else { throw ServerFailure(scratch.read("log")) }
            try await Task.sleep(for: .milliseconds(10))
        }
        ports = try JSONDecoder().decode([String: Int].self, from: Data(scratch.read("ports.json").utf8))
    }

    func port(_ behaviour: String) throws -> Int {
        guard let port = ports[behaviour] else { throw ServerFailure("There is no server \(behaviour).") }
        return port
    }

    /// The mails it got, in their order.
    func mails() throws -> [KeptMail] {
        var mails: [KeptMail] = []
        while case let file = "\(mails.count + 1).mail",
            FileManager.default.fileExists(atPath: "\(scratch.path)/\(file)")
        {
            mails.append(try KeptMail(Data(contentsOf: URL(filePath: "\(scratch.path)/\(file)"))))
        }
        return mails
    }
}

/// A mail as the server got it.
struct KeptMail {
    struct Facts: Decodable, Equatable {
        var way: String
        var tls: Bool
        var sender: String
        var recipients: [String]
        var authenticated: Bool
    }

    let facts: Facts
    let bytes: Data

    init(_ file: Data) throws {
        guard let end = file.firstIndex(of: UInt8(ascii: "\n")) else {
            throw ServerFailure("A mail has no first line.")
        }
        facts = try JSONDecoder().decode(Facts.self, from: file[..<end])
        bytes = Data(file[(end + 1)...])
    }
}
