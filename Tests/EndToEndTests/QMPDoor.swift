import Foundation
import Processes

/// The administrator's door to a machine: asks QEMU itself, beside the worker.
struct QMPDoor {
    private let descriptor: Descriptor
    private let file: FileHandle

    init(_ path: String) throws {
        descriptor = try UnixSocket.connect(to: path)
        file = FileHandle(fileDescriptor: descriptor.number, closeOnDealloc: false)
        _ = file.availableData
        _ = try ask("qmp_capabilities")
    }

    /// Returns when QEMU reports this event.
    func waitForEvent(_ name: String) throws {
        var text = ""
        while !text.contains("\"\(name)\"") {
            let chunk = file.availableData
            guard !chunk.isEmpty else { return }
            text += String(decoding: chunk, as: UTF8.self)
        }
    }

    /// Sends a command and answers the line of its reply.
    @discardableResult
    func ask(_ command: String, _ arguments: String = "{}") throws -> String {
        try file.write(contentsOf: Data(#"{"execute":"\#(command)","arguments":\#(arguments)}"#.utf8))
        var text = ""
        while true {
            let chunk = file.availableData
            guard !chunk.isEmpty else { return text }
            text += String(decoding: chunk, as: UTF8.self)
            if let line = text.split(separator: "\r\n").first(where: {
                $0.contains("\"return\"") || $0.contains("\"error\"")
            }) {
                return String(line)
            }
        }
    }
}
