import Domain
@testable import Secrets
import Testing

/// What is stored somewhere must stay readable: these values were made by another library.
struct SealTests {
    private let secret = ServiceSecret(bytes: Array(0..<32))
    private let sealed = "KyncdNBqMpUT3d0xDgLUARnu6XfQRpdWLLXceFNOqb7Esz9jGbURBvhJB_nXf3SfvA"

    @Test func `tokens, marks and digests are what they always were`() throws {
        let session = try #require(SessionID("1m8btgq22nvht9pf"))
        #expect(secret.token(session: session, fence: 7) == "9SRxB-eTLXzJ-WTzwqc-kcsFxQ2k-Ws2jLA7O0PN_A4")
        #expect(secret.mark("qwd", for: .form) == "40eflyP-MLjIbckAiQ49Yz_E7YQ-2KpGRS-v-KEaHHU")
        #expect(Fingerprint.of("qwd") == "5a4607f7c641eb1e0e450ae75a1216e0f1e20cf1d996f574a36dfde145f1b862")
        // RFC 2202, case 2, and FIPS 180, one of no bytes.
        let code = Digest.sha1.hmac(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(code.prefix(4) == [0xef, 0xfc, 0xdf, 0x6a])
        #expect(Digest.sha1.of([]).prefix(4) == [0xda, 0x39, 0xa3, 0xee])
        #expect(Digest.sha1.of([]).count == 20 && Digest.sha256.of([]).count == 32)
    }

    @Test func `a seal opens for the same purpose, context and service, and for no other`() {
        #expect(secret.unseal(sealed, for: .totp, beside: "alice")?.revealed == "a text that is sealed")
        #expect(secret.unseal(sealed, for: .totp, beside: "bob") == nil)
        #expect(secret.unseal(sealed, for: .totp, beside: "") == nil)
        #expect(secret.unseal(sealed, for: .code, beside: "alice") == nil)
        #expect(ServiceSecret(bytes: Array(1...32)).unseal(sealed, for: .totp, beside: "alice") == nil)
    }

    @Test(arguments: ["", "x", "a text", String(repeating: "\u{1F980}", count: 20_000)])
    func `what was sealed opens, and each seal is another one`(text: String) {
        for context in ["", "alice"] {
            let one = secret.seal(Secret(text), for: .mail, beside: context)
            #expect(secret.unseal(one, for: .mail, beside: context)?.revealed == text)
            #expect(one != secret.seal(Secret(text), for: .mail, beside: context))
        }
    }

    @Test func `no changed or shortened seal opens`() {
        let letters = Array(sealed)
        for place in letters.indices {
            var changed = letters
            // Two letters further, because the last one has bits that stand for nothing.
            changed[place] = letters[place] == "Q" ? "g" : "Q"
            #expect(secret.unseal(String(changed), for: .totp, beside: "alice") == nil, "\(place)")
            #expect(secret.unseal(String(letters.prefix(place)), for: .totp, beside: "alice") == nil, "\(place)")
        }
    }
}
