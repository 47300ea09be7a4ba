import Testing
@testable import GraphicsCards

struct GrubDefaultsTests {
    private let parameters = [
        KernelParameter(key: "intel_iommu", value: "on"), KernelParameter(key: "iommu", value: "pt"),
    ]

    @Test(arguments: [
        ("\"quiet splash\"", "\"quiet splash intel_iommu=on iommu=pt\""),
        ("'quiet'", "'quiet intel_iommu=on iommu=pt'"),
        ("\"\"", "\"intel_iommu=on iommu=pt\""),
        ("", "\"intel_iommu=on iommu=pt\""),
        ("quiet", "\"quiet intel_iommu=on iommu=pt\""),
        ("\"quiet \"   # a \"comment\"", "\"quiet intel_iommu=on iommu=pt\"   # a \"comment\""),
        ("\"intel_iommu=on\"", "\"intel_iommu=on iommu=pt\""),
        ("\"iommu=pt quiet intel_iommu=on,sm_on\"", "\"iommu=pt quiet intel_iommu=on,sm_on\""),
        ("\"intel_iommu=off quiet\"", "\"intel_iommu=on quiet iommu=pt\""),
        ("\"not_intel_iommu=on\"", "\"not_intel_iommu=on intel_iommu=on iommu=pt\""),
        ("'memmap=4G$0x100'", "'memmap=4G$0x100 intel_iommu=on iommu=pt'"),
    ])
    func `parameters come into the quotation marks, once`(value: String, result: String) throws {
        let variable = "GRUB_CMDLINE_LINUX_DEFAULT="
        let text = "# \(variable)\"no\"\nGRUB_TIMEOUT=5\n\(variable)\(value)\nGRUB_CMDLINE_LINUX=\"\"\n"
        let expected = "# \(variable)\"no\"\nGRUB_TIMEOUT=5\n\(variable)\(result)\nGRUB_CMDLINE_LINUX=\"\"\n"
        #expect(try GrubDefaults.add(parameters, to: text) == expected)
        // What is there already is not added again.
        #expect(try GrubDefaults.add(parameters, to: expected) == expected)
    }

    @Test(arguments: [
        "=\"quiet", "=\"a\"\"b\"", "=\"$(id)\"", "=\"$OTHER quiet\"", "=\"a\\\"b\"", "='it'\\''s'", "=\"a\"; reboot",
        "=a;b",
        "+=\" quiet\"", "=\"quiet\"\r", "=\"a\"#b", "=a\\ b", "=`id`", "=\"quiet\" next",
    ])
    func `what a shell would have to work out is left alone, with the line and the way out`(rest: String) {
        let text = "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT\(rest)\n"
        let error = #expect(throws: GraphicsCardsError.self) { try GrubDefaults.add(parameters, to: text) }
        #expect(error?.code == .unsupported)
        #expect(error?.detail.hasPrefix("/etc/default/grub, line 2:") == true)
        #expect(error?.detail.contains("intel_iommu=on iommu=pt") == true)
        #expect(error?.detail.contains("--no-boot-parameters") == true)
    }

    @Test func `the last of several assignments counts, as for a shell`() throws {
        let text = "GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\n  export GRUB_CMDLINE_LINUX_DEFAULT=\"b\""
        #expect(
            try GrubDefaults.add(parameters, to: text)
                == "GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\n  export GRUB_CMDLINE_LINUX_DEFAULT=\"b intel_iommu=on iommu=pt\""
        )
    }

    @Test(arguments: ["", "GRUB_TIMEOUT=5\n", "GRUB_TIMEOUT=5"])
    func `a file without the variable gets a line`(text: String) throws {
        let line = "GRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on iommu=pt\"\n"
        let end = text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
        #expect(try GrubDefaults.add(parameters, to: text) == text + end + line)
    }

    @Test func `other bytes of the file stay as they are`() throws {
        let text = "# Ümläut \r\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n\n\n# end\r\n"
        let result = try GrubDefaults.add(parameters, to: text)
        #expect(Array(result.utf8) == Array(text.replacing("quiet", with: "quiet intel_iommu=on iommu=pt").utf8))
    }
}
