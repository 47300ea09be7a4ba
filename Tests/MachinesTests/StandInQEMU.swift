import Foundation
import Processes

/// The machine protocol of a QEMU in a state that a real one can't be brought into: it answers every question with that
/// state, and says what it is told to say.
final class StandInQEMU: @unchecked Sendable {
    // Proof: both are set by the only thread before `say` can be called, as nobody is connected earlier.
    private let listener: Descriptor
    private var peer: FileHandle?
    private let greeted = DispatchSemaphore(value: 0)

    init(at path: String, runState: String) throws {
        listener = try UnixSocket.listen(at: path)
        Thread.detachNewThread { [self] in
            let peer = FileHandle(fileDescriptor: accept(listener.number, nil, nil), closeOnDealloc: true)
            self.peer = peer
            write(
                #"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}"#
            )
            greeted.signal()
            while case let data = peer.availableData, !data.isEmpty {
                for line in data.split(separator: UInt8(ascii: "\n")) {
                    guard let asked = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
                        let id = asked["id"]
                    else { continue }
                    let result =
                        asked["execute"] as? String == "query-status" ? ["status": runState, "running": false] : [:]
                    let reply = try? JSONSerialization.data(withJSONObject: ["return": result, "id": id])
                    write(String(decoding: reply ?? Data(), as: UTF8.self))
                }
            }
        }
    }

    func say(_ line: String) {
        greeted.wait()
        write(line)
    }

    private func write(_ line: String) {
        // A peer that is gone already is no matter of this side.
        try? peer?.write(contentsOf: Data((line + "\r\n").utf8))
    }
}
