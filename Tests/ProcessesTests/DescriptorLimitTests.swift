import Processes
import Testing

struct DescriptorLimitTests {
    @Test(arguments: [(16, 16), (64, 32), (1024, 512), (2048, 1536), (4096, 3072), (1 << 20, 786_432)])
    func `strangers never get what the rest of the service needs`(descriptors: Int, share: Int) {
        #expect(DescriptorLimit(soft: descriptors, hard: descriptors).share == share)
        #expect(DescriptorLimit(soft: descriptors, hard: 1 << 20).share == share, "what we have now counts")
    }
}
