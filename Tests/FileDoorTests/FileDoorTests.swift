import Foundation
import Glibc
import Processes
import Testing

@testable import FileDoor

/// A door with a real folder behind a real socket, and the other side of its protocol.
@Suite(.timeLimit(.minutes(1)))
final class FileDoorTests {
    private let root = "/tmp/qwd-door-\(UInt32.random(in: 0...UInt32.max))"
    private var limits: DoorLimits

    init() throws {
        try Files.makeDirectory(root)
        limits = DoorLimits(bytes: 1 << 20, reserve: 0)
        limits.patience = 5
    }

    deinit { Files.remove(root) }

    private final class Peer {
        let socket: Descriptor
        init(_ socket: Descriptor) { self.socket = socket }

        func send(_ text: String) { send(Array(text.utf8)) }
        func send(_ bytes: [UInt8]) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(socket.number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }

        func bytes(_ count: Int) -> [UInt8] {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while all.count < count {
                let read = recv(socket.number, &buffer, min(buffer.count, count - all.count), 0)
                guard read > 0 else { break }
                all += buffer[..<read]
            }
            return all
        }

        func answer() -> [String: Any] {
            var line: [UInt8] = []
            while let byte = bytes(1).first, byte != UInt8(ascii: "\n") { line.append(byte) }
            return (try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]) ?? [:]
        }

        func ask(_ text: String) -> [String: Any] {
            send(text + "\n")
            return answer()
        }
    }

    private func peer() throws -> Peer {
        let (ours, its) = try UnixSocket.pair()
        let directory = try #require(ExchangeDirectory(root))
        let limits = limits
        Thread.detachNewThread {
            var connection = DoorConnection(its, directory, limits)
            connection.serve()
        }
        return Peer(ours)
    }

    private func names() throws -> [String] {
        let files = try peer().ask(#"{"op":"list"}"#)["files"] as? [[String: Any]] ?? []
        return files.compactMap { $0["name"] as? String }.sorted()
    }

    @Test func `a file comes, is told of, goes, and is removed`() throws {
        let peer = try peer()
        #expect(peer.ask(#"{"op":"put","name":"../a b.txt","size":5,"id":"x1"}"#)["offset"] as? Int == 0)
        peer.send("hello")
        #expect(peer.answer()["name"] as? String == "a b.txt")
        #expect(Files.read("\(root)/a b.txt") == "hello")
        let list = peer.ask(#"{"op":"list"}"#)
        #expect((list["files"] as? [[String: Any]])?.first?["size"] as? Int == 5 && list["limit"] as? Int == 1 << 20)
        let got = peer.ask(#"{"op":"get","name":"a b.txt","offset":1,"length":100}"#)
        #expect(got["size"] as? Int == 5 && got["length"] as? Int == 4)
        #expect(peer.bytes(4) == Array("ello".utf8))
        #expect(peer.ask(#"{"op":"remove","name":"a b.txt"}"#).isEmpty)
        #expect(try names() == [])
    }

    @Test func `an empty file, and a second one of a name`() throws {
        let peer = try peer()
        for (id, name) in [("a", "x.txt"), ("b", "x (2).txt"), ("c", "x (3).txt")] {
            #expect(peer.ask(#"{"op":"put","name":"x.txt","size":0,"id":"\#(id)"}"#)["offset"] as? Int == 0)
            #expect(peer.answer()["name"] as? String == name)
        }
    }

    @Test func `what was broken off goes on, and is not there before it is whole`() throws {
        let first = try peer()
        _ = first.ask(#"{"op":"put","name":"big","size":300000,"id":"part1"}"#)
        first.send([UInt8](repeating: 1, count: 100_000))
        shutdown(first.socket.number, CInt(SHUT_RDWR))
        // The door has read all when it ends.
        var offset = 0
        let second = try peer()
        while offset != 100_000 {
            let list = try #require(second.ask(#"{"op":"list"}"#)["files"] as? [Any])
            #expect(list.isEmpty)
            var status = stat()
            if stat("\(root)/\(ExchangeDirectory.partPrefix)part1", &status) == 0 { offset = Int(status.st_size) }
        }
        #expect(second.ask(#"{"op":"put","name":"big","size":300000,"id":"part1"}"#)["offset"] as? Int == 100_000)
        second.send([UInt8](repeating: 2, count: 200_000))
        #expect(second.answer()["name"] as? String == "big")
        let data = try Data(contentsOf: URL(filePath: "\(root)/big"))
        #expect(data.count == 300_000 && data[99_999] == 1 && data[100_000] == 2)
    }

    @Test func `who asks is told how much has come, and nobody else`() throws {
        limits.bytes = 8 << 20
        let size = 5 << 20
        let peer = try peer()
        let begun = peer.ask(#"{"op":"put","name":"told","size":\#(size),"id":"told","tell":true}"#)
        #expect(begun["tells"] as? Bool == true)
        var told = 0
        let piece = [UInt8](repeating: 7, count: 256 << 10)
        for _ in 0..<(size / piece.count - 1) { peer.send(piece) }
        while told < 4 << 20 {
            let at = try #require(peer.answer()["at"] as? Int)
            #expect(at > told)
            told = at
        }
        peer.send(piece)
        #expect(peer.answer()["name"] as? String == "told")
        let silent = try self.peer()
        let other = silent.ask(#"{"op":"put","name":"untold","size":2097152,"id":"untold"}"#)
        #expect(other["offset"] as? Int == 0 && other["tells"] == nil)
        for _ in 0..<8 { silent.send(piece) }
        #expect(silent.answer()["name"] as? String == "untold")
    }

    @Test func `more than the folder may have is refused, before and on the way`() throws {
        let peer = try peer()
        #expect(peer.ask(#"{"op":"put","name":"a","size":1048577,"id":"a"}"#)["error"] as? String == "limit")
        limits.reserve = .max / 2
        #expect(try self.peer().ask(#"{"op":"put","name":"a","size":1,"id":"b"}"#)["error"] as? String == "full")
        #expect(Files.names(in: root).isEmpty)
        limits.reserve = 0
        limits.bytes = 64 << 20
        let slow = try self.peer()
        _ = slow.ask(#"{"op":"put","name":"a","size":33554432,"id":"c"}"#)
        slow.send([UInt8](repeating: 0, count: 1 << 20))
        try Data(count: 50 << 20).write(to: URL(filePath: "\(root)/guests"))
        Thread.detachNewThread { [socket = slow.socket] in
            let piece = [UInt8](repeating: 0, count: 1 << 20)
            for _ in 0..<31 { _ = Glibc.send(socket.number, piece, piece.count, CInt(MSG_NOSIGNAL)) }
        }
        #expect(slow.answer()["error"] as? String == "limit")
        #expect(slow.bytes(1).isEmpty)
        // What has no room is not kept where nobody sees it.
        #expect(Files.names(in: root) == ["guests"])
    }

    @Test func `nothing but plain files of the folder is told of, read or replaced`() throws {
        let secret = "/tmp/qwd-door-secret-\(UInt32.random(in: 0...UInt32.max))"
        try Files.write("secret", to: secret)
        defer { Files.remove(secret) }
        try Files.link("\(root)/link", to: secret)
        try Files.link("\(root)/up", to: "/tmp")
        mkfifo("\(root)/pipe", 0o600)
        try Files.link("\(root)/\(ExchangeDirectory.partPrefix)y", to: secret)
        try Files.makeDirectory("\(root)/sub")
        try Files.write("inner", to: "\(root)/sub/inner")
        let (raw, name) = ([0x61, 0xFF, 0] as [UInt8], root)
        raw.withUnsafeBufferPointer { bytes in
            let bad = Array(name.utf8) + [UInt8(ascii: "/")] + bytes
            close(open(bad.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600))
        }
        #expect(try names() == ["sub/inner"])
        let peer = try peer()
        for name in [
            "link", "up/\(secret.dropFirst(5))", "pipe", "../\(secret.dropFirst(5))", "sub/../../x", secret, "sub", "",
            ".", "none",
            "\(ExchangeDirectory.partPrefix)y", "sub/",
        ] {
            let answer = peer.ask(#"{"op":"get","name":"\#(name)","offset":0,"length":10}"#)
            #expect(["missing", "name", "refused"].contains(answer["error"] as? String ?? ""), "\(name)")
        }
        #expect(peer.ask(#"{"op":"put","name":"x","size":3,"id":"y"}"#)["error"] as? String == "refused")
        #expect(peer.ask(#"{"op":"remove","name":"../x"}"#)["error"] as? String == "name")
        #expect(peer.ask(#"{"op":"remove","name":"link"}"#).isEmpty)
        #expect(Files.read(secret) == "secret")
        // A second name of a file that is brought.
        try Files.write("guest's", to: "\(root)/theirs")
        link("\(root)/theirs", "\(root)/\(ExchangeDirectory.partPrefix)z")
        #expect(peer.ask(#"{"op":"put","name":"x","size":3,"id":"z"}"#)["error"] as? String == "refused")
    }

    @Test(arguments: [
        "", "x", "{}", #"{"op":"eat"}"#, #"{"op":"get","name":"a"}"#,
        #"{"op":"get","name":"a","offset":-1,"length":1}"#,
        #"{"op":"put","name":"a","size":-1,"id":"a"}"#, #"{"op":"put","name":"a","size":1,"id":"../a"}"#,
        String(repeating: "x", count: 9000),
    ])
    func `what is no request ends the connection`(line: String) throws {
        let peer = try peer()
        peer.send(line + "\n")
        let answer = peer.answer()
        #expect(answer["error"] as? String == "request" || answer.isEmpty)
        #expect(peer.bytes(1).isEmpty)
    }

    @Test func `the archive has all plain files`() throws {
        try Files.makeDirectory("\(root)/sub")
        for (name, text) in [("-rf", "a"), ("sub/b", "b"), ("@x", "c")] { try Files.write(text, to: "\(root)/\(name)") }
        let peer = try peer()
        #expect(peer.ask(#"{"op":"archive"}"#).isEmpty)
        let (all, end) = (peer.bytes(10 << 20), Array("{\"done\":true}\n".utf8))
        #expect(all.suffix(end.count) == end[...])
        let bytes = all.dropLast(end.count)
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/tar")
        tar.arguments = ["--list", "--file=-"]
        let (input, output) = (Pipe(), Pipe())
        (tar.standardInput, tar.standardOutput) = (input, output)
        try tar.run()
        try input.fileHandleForWriting.write(contentsOf: Data(bytes))
        try input.fileHandleForWriting.close()
        let listed = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        tar.waitUntilExit()
        #expect(Set(listed.split(separator: "\n")) == ["./-rf", "./sub/b", "./@x"])
    }

    @Test func `a door nobody comes to ends`() throws {
        let path = "\(root)/socket"
        let listener = try UnixSocket.listen(at: path)
        limits.patience = 1
        let directory = try #require(ExchangeDirectory(root))
        let peer = Peer(try UnixSocket.connect(to: path))
        let (limits, done) = (limits, DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            FileDoor.serve(listener, directory, limits)
            done.signal()
        }
        #expect(peer.ask(#"{"op":"list"}"#)["used"] != nil)
        done.wait()
    }

    @Test func `all there is counts, whatever it is called, and however deep`() throws {
        let before = try #require(ExchangeDirectory(root)).usage.bytes
        let bad = Array("\(root)/a".utf8) + [0xFF, 0]
        mkdir(bad.map { CChar(bitPattern: $0) }, 0o700)
        let inner = bad.dropLast() + Array("/x".utf8) + [0]
        let file = Descriptor(open(inner.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600))
        let block = [UInt8](repeating: 1, count: 1 << 20)
        #expect(write(file.number, block, block.count) == block.count)
        let deep = root + String(repeating: "/d", count: 30)
        try Files.makeDirectory(deep)
        try Files.write(String(repeating: "x", count: 1 << 20), to: "\(deep)/x")
        let directory = try #require(ExchangeDirectory(root))
        #expect(directory.usage.bytes - before >= 2 << 20 && !directory.usage.isBeyond)
        #expect(directory.content.files.isEmpty && directory.content.hasMore)
        #expect(try peer().ask(#"{"op":"put","name":"a","size":1,"id":"a"}"#)["error"] as? String == "limit")
        try Files.makeDirectory(root + String(repeating: "/d", count: 120))
        #expect(directory.usage.isBeyond)
        // One without rights is no place to hide.
        chmod("\(root)/d", 0)
        #expect(directory.usage.bytes - before >= 2 << 20)
    }

    @Test func `all of it is removed at once`() throws {
        var place = root
        for _ in 0..<10 {
            place += "/" + String(repeating: "d", count: 200)
            try Files.makeDirectory(place)
            try Files.write("x", to: "\(place)/x")
        }
        try Files.link("\(root)/link", to: "/usr")
        chmod("\(root)/\(String(repeating: "d", count: 200))", 0o555)
        #expect(try peer().ask(#"{"op":"clear"}"#).isEmpty)
        #expect(Files.names(in: root).isEmpty && Files.isDirectory("/usr/bin"))
    }

    @Test func `what broke off long ago is given up`() throws {
        for name in ["old", "new"] { try Files.write("x", to: "\(root)/\(ExchangeDirectory.partPrefix)\(name)") }
        try Files.write("x", to: "\(root)/file")
        var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
        for name in ["\(ExchangeDirectory.partPrefix)old", "file"] { utimes("\(root)/\(name)", &times) }
        let directory = try #require(ExchangeDirectory(root))
        directory.forgetParts()
        #expect(Set(Files.names(in: root)) == ["file", "\(ExchangeDirectory.partPrefix)new"])
        directory.forgetParts(all: true)
        #expect(Files.names(in: root) == ["file"])
    }

    @Test func `two archives are made at one time, and no third`() throws {
        let archives = limits.archives
        #expect(archives.begin() && archives.begin())
        #expect(try peer().ask(#"{"op":"archive"}"#)["error"] as? String == "refused")
        archives.end()
        #expect(try peer().ask(#"{"op":"archive"}"#).isEmpty)
    }
}
