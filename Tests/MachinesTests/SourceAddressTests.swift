import Domain
@testable import GuestNetwork
import Testing

struct SourceAddressTests {
    @Test func `every session has addresses of its own, in the networks that are routed nowhere`() throws {
        let networks = try SourceAddress.networks.map { try #require(IPNetwork($0)) }
        var found: Set<ClientAddress> = []
        for number in 0..<SourceAddress.count {
            let texts = SourceAddress(number: number).addresses
            for (text, network) in zip(texts, networks) {
                let address = try #require(ClientAddress(text), "\(text)")
                #expect(network.contains(address), "\(text)")
                found.insert(address)
            }
        }
        #expect(found.count == 2 * SourceAddress.count)
        // The hashes of ids are larger.
        for number in [SourceAddress.count, 0xFFFF_FFFF] {
            for text in SourceAddress(number: number).addresses {
                #expect(found.contains(try #require(ClientAddress(text))))
            }
        }
    }
}
