/// Requests with a few bytes changed, taken out, doubled or put in, the same ones for the same seed.
package struct MutatedRequests: Sendable {
    private let seed: UInt64
    private let session: String

    /// - Parameter session: The id of one that is there.
    package init(seed: UInt64, session: String) {
        self.seed = seed
        self.session = session
    }

    package func request(_ number: Int) -> String {
        var random = SplitMix(state: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        let form = "machine=grub&cpu=1&user=ada"
        let originals = [
            "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nCookie: qwd-form=abc; x=y\r\n\r\n",
            "GET /sessions/\(session) HTTP/1.1\r\nHost: localhost:8080\r\nX-Forwarded-For: 203.0.113.9:77\r\n\r\n",
            "POST /sessions HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                + "Content-Length: \(form.utf8.count)\r\nOrigin: http://[::1]\r\n\r\n\(form)",
            "POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n12\r\n{\"machine\":\"grub\"}\r\n0\r\n\r\n",
            "GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /readyz HTTP/1.0\r\n\r\n",
            "HEAD /manage HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n",
            "POST /sessions/\(session)/extend HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                + "Content-Length: 61\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"seen\"\r\n\r\n1\r\n--x--",
        ]
        var bytes = Array(originals[Int(random.next() % UInt64(originals.count))].utf8)
        for _ in 0...random.next() % 3 {
            let place = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 5 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(bytes[place], at: place)
            case 3:
                bytes.insert(contentsOf: ["\r\n", ":", "\u{0}", "%00", "\t", "ü", "999999"][place % 7].utf8, at: place)
            default: bytes.swapAt(place, Int(random.next() % UInt64(bytes.count)))
            }
            if bytes.isEmpty { bytes = [0] }
        }
        // As text it may change once more, which is just as well.
        return String(decoding: bytes, as: UTF8.self)
    }

    private struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
