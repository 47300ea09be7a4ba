import Domain
import Foundation
import Machines
import Processes
import Queue
import Testing

/// Work on a machine's own disk, and images that are in no catalogue.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct OwnDiskTests {
    /// A disk whose boot sector writes itself to the second one, says so on the serial line, and powers off when a key is
    /// pressed.
    private static let disk: Data = {
        let code: [UInt8] = [
            0x31, 0xC0, 0x8E, 0xC0, 0x8E, 0xD8,  // xor ax, ax; mov es, ax; mov ds, ax
            0xBB, 0x00, 0x7C, 0xB8, 0x01, 0x03,  // mov bx, 0x7c00; mov ax, 0x0301
            0xB9, 0x02, 0x00, 0xBA, 0x80, 0x00, 0xCD, 0x13,  // mov cx, 2; mov dx, 0x80; int 0x13
            0xBA, 0xF8, 0x03, 0xB0, 0x21, 0xEE,  // mov dx, 0x3f8; mov al, '!'; out dx, al
            0xB4, 0x00, 0xCD, 0x16,  // mov ah, 0; int 0x16
            0xBA, 0x04, 0x06, 0xB8, 0x00, 0x20, 0xEF,  // mov dx, 0x604; mov ax, 0x2000; out dx, ax
            0xF4, 0xEB, 0xFD,  // hlt; jmp
        ]
        var bytes = Data(count: 1 << 20)
        bytes.replaceSubrange(0..<code.count, with: code)
        bytes.replaceSubrange(510..<512, with: [0x55, 0xAA])
        return bytes
    }()

    private static func isWritten(_ path: String) throws -> Bool {
        let bytes = try Data(contentsOf: URL(filePath: path))
        return bytes[512..<1024] == bytes[0..<512]
    }

    private static func session(_ answer: (code: Int32, output: String, errors: String)) throws -> SessionID {
        try #require(
            answer.output.split(separator: "/").dropLast().last.flatMap { SessionID(String($0)) }, "\(answer)")
    }

    /// Waits until the guest has written.
    private static func hasSpoken(_ id: SessionID, _ service: RunningService) async throws {
        while try await !service.answer(to: ["session", "log", id.text]).output.contains("!") {
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test func `what is changed on a machine's own disk stays, and nobody has it meanwhile`() async throws {
        let service = try RunningService()
        let path = "\(service.machines)/own.img"
        try Self.disk.write(to: URL(filePath: path))
        try Files.write(
            (Files.read("\(service.machines)/machines.conf") ?? "") + "[own.img]\ntitle=Own\n",
            to: "\(service.machines)/machines.conf")
        try await service.start()
        let options = ["--snapshot_alloc_mem=0.125", "--wait", "60s"]

        // On top of it first: nothing stays.
        let over = try Self.session(try await service.answer(to: ["start", "own.img", "--keep"] + options))
        try await Self.hasSpoken(over, service)
        let refused = try await service.answer(to: ["start", "own.img", "--use-master"] + options)
        #expect(refused.code == 1 && refused.errors.contains("Session \(over) uses the disk"), "\(refused)")
        #expect(try await service.answer(to: ["stop", over.text]).code == 0)
        #expect(try !Self.isWritten(path))

        let started = try await service.answer(to: ["start", "own.img", "--snapshot_use_master=1"] + options)
        #expect(started.errors.contains("stays"), "\(started)")
        let own = try Self.session(started)
        try await Self.hasSpoken(own, service)
        let second = try await service.answer(to: ["start", "own.img", "--use-master"] + options)
        #expect(second.code == 1 && second.errors.contains("Session \(own) uses the disk"), "\(second)")
        let waits = try await service.answer(to: ["start", "own.img", "--wait", "2s"])
        #expect(waits.code != 0 && waits.errors.contains("somebody works on the disk"), "\(waits)")
        let dry = try await service.answer(to: ["start", "own.img", "--dry-run"])
        #expect(dry.code != 0 && dry.output.contains("--use-master"), "\(dry)")
        #expect(try await service.answer(to: ["machine", "remove", "own.img", "--yes"]).code == 1)

        let door = try QMPDoor(HostPaths(runtime: service.runtime, state: "").session(own).monitor)
        try door.ask("send-key", #"{"keys":[{"type":"qcode","data":"a"}]}"#)
        let ended = try await service.wait(for: own) { $0.state == .ended }
        #expect(ended.reason == .poweredOff)
        #expect(try Self.isWritten(path))
        let again = try Self.session(try await service.answer(to: ["start", "own.img", "--keep"] + options))
        #expect(try await service.answer(to: ["stop", again.text]).code == 0)
        await service.shutDown()
    }

    @Test func `a file is started where it is, and by those alone who know the secret`() async throws {
        let service = try RunningService()
        let home = "\(service.root)/a home"
        try Files.makeOwnDirectory(home)
        let path = "\(home)/some disk.img"
        try Self.disk.write(to: URL(filePath: path))
        try await service.start()
        let id = try Self.session(
            try await service.answer(to: ["start", path, "--keep", "--snapshot_alloc_mem=0.125", "--wait", "60s"]))
        try await Self.hasSpoken(id, service)
        let session = try await service.wait(for: id) { _ in true }
        #expect(session.request.machine == "image" && session.request.image == path)
        #expect(try await service.answer(to: ["stop", id.text]).code == 0)
        #expect(try !Self.isWritten(path))

        // Whoever may write to the queue chooses no file.
        var request = session.request
        // The last one is a good one, of another session.
        for seal in ["", String(request.seal?.reversed() ?? []), request.seal ?? ""] {
            request.seal = seal
            let forged = SessionID(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            _ = try await service.queue.enqueue(request, limits: .none, id: forged, job: JobID(forged.text) ?? forged)
            let end = try await service.wait(for: forged) { $0.state == .ended }
            #expect(end.detail?.contains("Nobody who knows the service's secret") == true)
        }
        for (words, advice) in [
            (["start", "\(home)/none.img"], "There is no file"),
            (["start", "/etc/hostname", "--wait", "20s"], "it is a text"),
            (["start", path, "--use-master"], "machine enable"),
            (["start", path, "--host", "elsewhere"], "No host elsewhere"),
            (["start", home, "--wait", "20s"], "can't be started"),
        ] {
            let answer = try await service.answer(to: words)
            #expect(answer.code != 0 && answer.errors.contains(advice), "\(words): \(answer)")
        }
        await service.shutDown()
    }
}
